"""Meshes moved, mirrored, combined, taken apart and laid on each other."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mesh_shapes as shapes
from calvaria.errors import NonManifoldError
from calvaria.mesh import (
    FaceKind,
    Mesh,
    align_icp,
    align_landmarks,
    combine_meshes,
    flip_mesh,
    keep_largest_part,
    mirror_mesh,
    split_mesh,
    transform_mesh,
)


def rotation(axis, degrees):
    from scipy.spatial.transform import Rotation

    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(
        np.asarray(axis) / np.linalg.norm(axis) * np.radians(degrees)
    ).as_matrix()
    return matrix


def test_a_mirror_image_is_turned_outwards_and_comes_back():
    mesh = shapes.bumpy(n=8)
    there = mirror_mesh(mesh, point_lps_mm=[3, 0, 0], normal_lps=[2, 1, 0])
    assert shapes.signed_volume(there) == pytest.approx(shapes.signed_volume(mesh))
    shapes.assert_closed(there)
    back = mirror_mesh(there, point_lps_mm=[3, 0, 0], normal_lps=[2, 1, 0])
    assert np.abs(back.vertices - mesh.vertices).max() < 1e-12
    assert np.array_equal(back.faces, mesh.faces)


def test_a_transform_that_is_none_is_refused():
    for wrong in (np.zeros((4, 4)), np.eye(3), np.diag([1, 1, 0, 1]), np.diag([1, 1, 1, 2])):
        with pytest.raises(ValueError, match="matrix"):
            transform_mesh(shapes.icosphere(), matrix=wrong)


def test_parts_are_split_and_the_largest_is_kept():
    big, small = shapes.icosphere(5.0, 6), shapes.icosphere(2.0, 3, centre=(20, 0, 0))
    both = Mesh(
        vertices=np.vstack([small.vertices, big.vertices]),
        faces=np.vstack([small.faces, big.faces + len(small.vertices)]),
        kinds=np.r_[np.full(len(small.faces), FaceKind.CUT), np.zeros(len(big.faces))].astype(int),
    )
    parts = split_mesh(both)
    assert [len(part.faces) for part in parts] == [len(big.faces), len(small.faces)]
    assert (parts[1].kinds == FaceKind.CUT).all()
    assert np.array_equal(keep_largest_part(both).vertices, big.vertices)
    assert split_mesh(Mesh(vertices=np.zeros((0, 3)), faces=np.zeros((0, 3), int))) == ()


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    n=st.integers(3, 20),
    degrees=st.floats(-170, 170),
    scale=st.floats(0.2, 5),
)
def test_landmarks_find_the_motion_that_was_made(seed, n, degrees, scale):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 3)) * 40
    matrix = rotation(rng.normal(size=3), degrees)
    matrix[:3, :3] *= scale
    matrix[:3, 3] = rng.normal(size=3) * 100
    moved = points @ matrix[:3, :3].T + matrix[:3, 3]
    found = align_landmarks(points, moved, allow_scale=True)
    assert np.abs(found.matrix - matrix).max() < 1e-6
    assert found.scale == pytest.approx(scale)
    assert found.rotation_deg == pytest.approx(abs(degrees), abs=1e-4)
    rigid = align_landmarks(points, moved)
    assert np.linalg.det(rigid.matrix[:3, :3]) == pytest.approx(1)


def test_landmarks_agree_with_scipy_under_noise():
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(4)
    points, moved = rng.normal(size=(2, 12, 3))
    p, q = points - points.mean(axis=0), moved - moved.mean(axis=0)
    theirs, _ = Rotation.align_vectors(q, p)
    found = align_landmarks(points, moved)
    assert np.abs(found.matrix[:3, :3] - theirs.as_matrix()).max() < 1e-9
    rest = moved - (points @ found.matrix[:3, :3].T + found.matrix[:3, 3])
    assert found.rms_mm == pytest.approx(np.sqrt((rest**2).sum(axis=1).mean()))


def test_landmarks_on_a_line_are_refused():
    line = np.outer(np.arange(4.0), [1, 2, 3])
    with pytest.raises(ValueError, match="line"):
        align_landmarks(line, line)
    with pytest.raises(ValueError, match="fixed"):
        align_landmarks(np.eye(3), np.vstack([np.eye(3), [[1, 1, 1]]]))


def test_icp_finds_a_small_motion():
    fixed = shapes.bumpy(radius=40, n=30, height=3.0)
    matrix = rotation([1, 2, 3], 8)
    matrix[:3, 3] = [2, -1.5, 1]
    moving = transform_mesh(fixed, matrix=np.linalg.inv(matrix))
    found = align_icp(moving, fixed, kept_fraction=1.0)
    assert found.is_settled
    assert np.abs(found.matrix - matrix).max() < 1e-3
    assert found.rms_mm < 1e-3


def test_icp_lives_with_a_missing_part_and_a_start():
    fixed = shapes.bumpy(radius=40, n=30, height=3.0)
    matrix = rotation([0, 0, 1], 50)
    moving = transform_mesh(fixed, matrix=np.linalg.inv(matrix))
    torn = Mesh(
        vertices=fixed.vertices,
        faces=fixed.faces[fixed.vertices[fixed.faces][..., 2].mean(axis=1) < 20],
    )
    found = align_icp(
        moving, torn, start=rotation([0, 0, 1], 46), kept_fraction=0.6, max_iterations=300
    )
    assert np.abs(found.matrix - matrix).max() < 5e-3
    with pytest.raises(ValueError, match="start"):
        align_icp(moving, fixed, start=np.diag([2, 1, 1, 1]))


def test_bodies_are_combined_and_faces_keep_their_kinds():
    pytest.importorskip("manifold3d")
    first = shapes.box((10.0, 10.0, 10.0), n=3, kind_of_top=FaceKind.CAP)
    ball = shapes.icosphere(4.0, 12, centre=(5, 5, 10))
    second = Mesh(
        vertices=ball.vertices, faces=ball.faces, kinds=np.full(len(ball.faces), FaceKind.CUT)
    )
    volumes = {}
    for method in ("union", "intersection", "difference"):
        made = combine_meshes(first, second, method=method)
        shapes.assert_closed(made)
        volumes[method] = shapes.signed_volume(made)
        is_top = np.abs(made.vertices[made.faces][..., 2] - 10).max(axis=1) < 1e-9
        away = np.abs(np.linalg.norm(made.vertices[made.faces] - [5, 5, 10], axis=2) - 4)
        on_ball = (away.max(axis=1) < 0.05) & ~is_top
        assert ((made.kinds == FaceKind.CUT) == on_ball).all()
        if method != "intersection":
            assert is_top.any()
            assert (made.kinds[is_top] == FaceKind.CAP).all()
    half = shapes.signed_volume(ball) / 2
    assert volumes["union"] == pytest.approx(1000 + half, rel=1e-6)
    assert volumes["intersection"] == pytest.approx(half, rel=1e-6)
    assert volumes["difference"] == pytest.approx(1000 - half, rel=1e-6)


def test_drilled_plates_are_whole():
    pytest.importorskip("manifold3d")
    plate = shapes.box((40.0, 30.0, 3.0), n=3)
    rng = np.random.default_rng(0)
    corners = np.array(
        [[np.cos(a), np.sin(a)] for a in np.linspace(0, 2 * np.pi, 48, endpoint=False)]
    )
    for _ in range(40):
        radius, x, y = rng.uniform(0.5, 4), rng.uniform(6, 34), rng.uniform(6, 24)
        low, high = (np.c_[corners * radius + [x, y], np.full(48, z)] for z in (-2.0, 5.0))
        i = np.arange(48)
        j = (i + 1) % 48
        faces = np.vstack([np.c_[i, j, j + 48], np.c_[i, j + 48, i + 48],
                           np.c_[np.full(48, 96), j, i], np.c_[np.full(48, 97), i + 48, j + 48]])  # fmt: skip
        drill = Mesh(vertices=np.vstack([low, high, [[x, y, -2.0]], [[x, y, 5.0]]]), faces=faces)
        made = combine_meshes(plate, drill, method="difference")
        shapes.assert_closed(made, fans=False)
        hole = 48 / 2 * radius**2 * np.sin(2 * np.pi / 48) * 3
        assert shapes.signed_volume(made) == pytest.approx(3600 - hole, rel=1e-6)


def test_what_is_no_body_is_refused():
    pytest.importorskip("manifold3d")
    sphere = shapes.icosphere()
    with pytest.raises(NonManifoldError, match="second"):
        combine_meshes(
            sphere, Mesh(vertices=sphere.vertices, faces=sphere.faces[1:]), method="union"
        )
    with pytest.raises(NonManifoldError, match="outwards"):
        combine_meshes(flip_mesh(sphere), sphere, method="union")
    with pytest.raises(ValueError, match="method"):
        combine_meshes(sphere, sphere, method="xor")


def test_a_missing_library_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "manifold3d", None)
    with pytest.raises(ImportError, match=r"calvaria\[mesh\]"):
        combine_meshes(shapes.icosphere(), shapes.icosphere(), method="union")


def joined(first, second):
    return Mesh(
        vertices=np.vstack([first.vertices, second.vertices]),
        faces=np.vstack([first.faces, second.faces + len(first.vertices)]),
    )


def with_a_lump():
    """Three unlike extents, symmetric to half a turn but for a lump of a twentieth of its points."""
    body = shapes.icosphere(1.0, 24)
    body = Mesh(vertices=body.vertices * [30, 20, 12], faces=body.faces)
    return joined(body, shapes.icosphere(3.0, 5, centre=(22, 9, 9)))


@pytest.mark.parametrize("degrees", [0, 95, 180])
def test_icp_far_off_finds_which_way_a_nearly_symmetric_shape_is_turned(degrees):
    fixed = with_a_lump()
    matrix = rotation([1, -2, 3], degrees)
    matrix[:3, 3] = [500, -20, 60]
    moving = transform_mesh(fixed, matrix=np.linalg.inv(matrix))
    found = align_icp(moving, fixed)
    assert np.abs(found.matrix - matrix)[:3, :3].max() < 1e-4
    assert np.abs(found.matrix - matrix).max() < 0.02
    assert found.rms_all_mm < 1e-3
    assert found.findings == ()


def test_icp_far_off_turns_a_body_with_two_like_extents():
    ring = shapes.icosphere(1.0, 20)
    ring = Mesh(vertices=ring.vertices * [30, 30, 12], faces=ring.faces)
    fixed = joined(ring, shapes.icosphere(4.0, 6, centre=(27, 3, 9)))
    matrix = rotation([1, 1, 3], 140)
    matrix[:3, 3] = [-300, 0, 200]
    found = align_icp(transform_mesh(fixed, matrix=np.linalg.inv(matrix)), fixed)
    assert found.rms_all_mm < 0.01
    assert np.abs(found.matrix - matrix)[:3, :3].max() < 1e-3


def test_icp_says_when_another_pose_fits_as_well():
    brick = shapes.box((10.0, 20.0, 30.0), n=4)
    moving = transform_mesh(brick, matrix=rotation([0, 0, 1], 3))
    found = align_icp(moving, brick)
    assert found.rotation_deg == pytest.approx(3, abs=0.01)  # the nearest of the four wins
    (told,) = found.findings
    assert told.code == "alignment_ambiguous"
    assert told.measured == pytest.approx(180, abs=0.1)
    assert told.message in repr(found)
    assert found.to_dict()["findings"][0]["verdict"] == "UNPROVEN"


def test_icp_says_when_the_points_left_out_are_far_off():
    fixed = with_a_lump()
    wrong = align_icp(fixed, fixed, start=rotation([0, 0, 1], 180))
    assert wrong.rms_mm < 0.01
    assert wrong.rms_all_mm > 0.3
    assert [told.code for told in wrong.findings] == ["alignment_left_out"]


def test_several_starts_leave_a_near_pose_in_peace_where_surfaces_overlap_in_part():
    fixed = shapes.bumpy(radius=40, n=30, height=3.0)
    matrix = rotation([1, 2, 3], 6)
    moving = transform_mesh(fixed, matrix=np.linalg.inv(matrix))
    upper = Mesh(
        vertices=moving.vertices,
        faces=moving.faces[moving.vertices[moving.faces][..., 2].mean(axis=1) > -5],
    )
    found = align_icp(upper, fixed, max_iterations=300)
    assert np.abs(found.matrix - matrix).max() < 5e-3
