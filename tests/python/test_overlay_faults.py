"""Planted faults: each is found, and called by its name."""

import warnings

import numpy as np
import pytest
from scipy.special import ndtr

from calvaria import Grid, Mesh, Volume, extract_surface, phantom
from calvaria.errors import CalvariaWarning
from calvaria.mesh import flip_mesh, transform_mesh
from calvaria.overlay import (
    check_overlay,
    find_lost_surface,
    fit_pose,
    identify_frame,
    measure_overlay,
    measure_threshold_bias,
)
from calvaria.segment import bone_level
from overlay_bodies import CENTRE, ball, ball_mesh, blurred_ball, grid_about, image, places

N = 8000


def placed(*, factors=(1, 1, 1), shift=(0, 0, 0)):
    matrix = np.diag([*factors, 1.0]).astype(float)
    matrix[:3, 3] = shift
    return matrix


@pytest.fixture(scope="module")
def head():
    scanner = phantom.Scanner(
        columns=152,
        rows=184,
        spacing_xy_mm=(1.25, 1.25),
        slice_thickness_mm=1.25,
        slice_increment_mm=1.25,
    )
    volume = phantom.scan(phantom.head(), scanner=scanner)
    return extract_surface(volume, iso_hu=bone_level(volume).level_hu), volume


def judged(mesh, volume):
    report = check_overlay(
        measure_overlay(mesh, volume, n_samples=N), profile="planning", anatomy="skull"
    )
    return {finding.code: finding for finding in report}


def test_a_mesh_of_the_image_itself_is_where_it_belongs(head):
    found = judged(*head)
    for code in ("frame", "shift", "rotation", "scale", "unmeasured", "lost"):
        assert found[f"overlay_{code}"].verdict.name == "PASS", code


def test_half_a_jaw_that_is_cut_off_is_missed_with_its_side(head):
    mesh, volume = head
    x, y, z = mesh.vertices[mesh.faces].mean(axis=1).T
    kept = ~((x < 0) & (y < -20) & (z < -35))
    cut = Mesh(vertices=mesh.vertices, faces=mesh.faces[kept])
    found = judged(cut, volume)["overlay_lost"]
    assert found.verdict.name == "FAIL"
    assert "right" in found.message
    assert "low" in found.message
    gone = np.linalg.norm(np.cross(*_edges(mesh, ~kept)), axis=1).sum() / 2
    # What lies within one and a half voxels of the rim counts as there.
    assert 0.8 * gone / 100 < found.measured <= gone / 100


def _edges(mesh, chosen):
    a, b, c = (mesh.vertices[mesh.faces[chosen, n]] for n in range(3))
    return b - a, c - a


def test_half_a_millimetre_of_shift_is_found_with_its_direction(head):
    mesh, volume = head
    found = judged(transform_mesh(mesh, matrix=placed(shift=(0.3, -0.4, 0.0))), volume)
    shift = found["overlay_shift"]
    assert shift.verdict.name == "FAIL"
    assert shift.measured == pytest.approx(0.5, abs=0.03)
    assert np.allclose(shift.details["shift_lps_mm"], (0.3, -0.4, 0.0), atol=0.03)
    assert "to the left" in shift.message
    assert "to anterior" in shift.message
    assert found["overlay_lost"].verdict.name == "PASS"


def test_one_percent_of_scale_is_found_and_is_no_loss(head):
    mesh, volume = head
    found = judged(transform_mesh(mesh, matrix=placed(factors=(1.01, 1.01, 1.01))), volume)
    scale = found["overlay_scale"]
    assert scale.verdict.name == "FAIL"
    assert scale.measured == pytest.approx(1.0, abs=0.12)
    assert "larger" in scale.message
    assert found["overlay_lost"].verdict.name == "PASS"


@pytest.mark.parametrize(
    ("matrix", "name"),
    [
        (placed(factors=(-1, -1, 1)), "RAS mm"),
        (placed(factors=(-1, 1, 1)), "mirrored left-right"),
        (placed(factors=(1, -1, 1)), "mirrored front-back"),
        (placed(factors=(0.1, 0.1, 0.1)), "LPS centimetres"),
        (placed(factors=(1e-3, 1e-3, 1e-3)), "LPS metres"),
        (placed(factors=(1e3, 1e3, 1e3)), "LPS micrometres"),
        (placed(factors=(-1 / 25.4, -1 / 25.4, 1 / 25.4)), "RAS inches"),
        (placed(shift=(300, 200, -100)), "moved"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_frame_or_unit_is_named_and_put_right(head, matrix, name):
    mesh, volume = head
    given = transform_mesh(mesh, matrix=matrix)
    match = identify_frame(given, volume)
    assert match.name == name
    assert match.fraction > match.as_given_fraction + 0.2
    # Moved onto the middle of the bone it lies within the noise of that.
    allowed = 1.5 if name == "moved" else 1e-6
    assert np.abs(match.applied(given).vertices - mesh.vertices).max() < allowed


def test_a_mesh_turned_inside_out_is_named(head):
    mesh, volume = head
    match = identify_frame(flip_mesh(mesh), volume)
    assert match.name == "turned inside out"
    assert np.array_equal(np.sort(match.applied(flip_mesh(mesh)).faces), np.sort(mesh.faces))


def test_a_mesh_mirrored_point_by_point_is_put_right_with_its_faces(head):
    mesh, volume = head
    mirrored = Mesh(vertices=mesh.vertices * [1, -1, 1], faces=mesh.faces)
    match = identify_frame(mirrored, volume)
    assert match.name == "mirrored front-back"
    assert match.is_inside_out
    right = match.applied(mirrored)
    assert np.allclose(right.vertices, mesh.vertices)
    assert identify_frame(right, volume).is_as_given


def test_a_mesh_of_nothing_in_the_image_is_unknown(head):
    _, volume = head
    assert identify_frame(ball_mesh(15.0), volume).name == "unknown"


BALLS = (((25, -15, 10), 9), ((38, -4, 22), 7), ((22, 4, 26), 6))


@pytest.fixture(scope="module")
def three_balls():
    """A body without any symmetry, off the origin."""
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = (8, -30, -5)
    grid = Grid(dims_ijk=(44, 48, 46), lps_from_ijk=affine)
    k, j, i = np.indices(grid.shape_kji)
    points = grid.lps_mm_from_ijk(np.stack([i, j, k], axis=-1).reshape(-1, 3))
    shares = np.max([blurred_ball(points - np.array(at), r, 0.6) for at, r in BALLS], axis=0)
    volume = image(grid, shares)
    return extract_surface(volume, iso_hu=500.0), volume


def test_a_frame_is_not_named_on_weak_evidence(three_balls):
    mesh, volume = three_balls
    assert identify_frame(mesh, volume).is_as_given
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    for vertices, faces in (
        (mesh.vertices @ quarter.T, mesh.faces),
        (mesh.vertices[:, [0, 2, 1]], mesh.faces[:, ::-1]),
    ):
        found = identify_frame(Mesh(vertices=vertices, faces=faces), volume)
        assert found.name == "unknown", found
        assert np.array_equal(found.matrix, np.eye(4))


def test_a_mesh_that_half_fits_is_not_called_right(head):
    mesh, volume = head
    turn = np.eye(4)
    turn[:2, :2] = [[0.966, -0.259], [0.259, 0.966]]
    found = judged(transform_mesh(mesh, matrix=turn), volume)["overlay_frame"]
    assert found.verdict.name in {"UNPROVEN", "FAIL"}
    assert "The mesh is in LPS millimetres" not in found.message
    # Half a voxel off, or a little too large, is not another frame.
    for matrix in (placed(shift=(0.6, 0, 0)), placed(factors=(1.01, 1.01, 1.01))):
        found = judged(transform_mesh(mesh, matrix=matrix), volume)["overlay_frame"]
        assert found.verdict.name == "PASS", found.message


def test_how_far_a_mesh_was_moved_is_said(three_balls):
    mesh, volume = three_balls
    found = judged(transform_mesh(mesh, matrix=placed(shift=(30, 0, -10))), volume)
    assert "moved by about 31." in found["overlay_frame"].message
    assert "lies 31.6 mm off, LPS (30.0, " in found["overlay_shift"].message
    assert found["overlay_frame"].verdict.name == "FAIL"


def test_ras_is_told_from_lps_on_a_body_that_is_nearly_symmetric():
    volume = ball(9.0, 0.6, 0.5)
    for off, given, name, rival in (
        ((0.4, -0.3, 0.0), 1, "LPS mm", None),
        ((0.4, -0.3, 0.0), -1, "RAS mm", None),
        ((0.0, 0.0, 0.0), 1, "LPS mm", "RAS mm"),
    ):
        affine = volume.grid.lps_from_ijk.copy()
        affine[:3, 3] += np.array(off) - CENTRE
        moved = Volume(
            values=volume.values, grid=Grid(dims_ijk=volume.grid.dims_ijk, lps_from_ijk=affine)
        )
        mesh = ball_mesh(9.0, n=40)
        vertices = (mesh.vertices - CENTRE + np.array(off)) * [given, given, 1]
        found = identify_frame(Mesh(vertices=vertices, faces=mesh.faces), moved)
        assert (found.name, found.rival) == (name, rival), found


@pytest.mark.parametrize("what", ["too large", "not a number", "one slice", "holed", "even"])
def test_a_mesh_that_is_not_on_the_image_fails_and_does_not_raise(what):
    volume = ball(8.0, 0.6, 1.0)
    mesh = ball_mesh(1000.0, n=20) if what == "too large" else ball_mesh(8.0, n=20)
    values = volume.values.astype(np.float32)
    if what == "not a number":
        values[:] = np.nan
    elif what == "holed":
        values.reshape(-1)[::7] = np.nan
    elif what == "even":
        values[:] = 5.0
    grid = volume.grid
    if what == "one slice":
        ni, nj, _ = grid.dims_ijk
        grid = Grid(dims_ijk=(ni, nj, 1), lps_from_ijk=grid.lps_from_ijk)
        values = values[:1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalvariaWarning)
        found = measure_overlay(mesh, Volume(values=values, grid=grid), n_samples=500)
    assert found.frame.name == "unknown"
    report = check_overlay(found, profile="planning")
    assert report["overlay_frame"].verdict.name == "FAIL"
    assert report["overlay_lost"].verdict.name == "UNPROVEN"
    assert found.to_dict()["lost"]["structure_mm2"] == 0.0


@pytest.mark.parametrize(
    "asked",
    [
        {"distance_mm": -1},
        {"distance_mm": np.nan},
        {"n_samples": 0},
        {"n_samples": -1},
        {"iso_hu": np.inf},
    ],
)
def test_lost_surface_refuses_what_cannot_be(asked):
    with pytest.raises(ValueError, match=next(iter(asked))):
        find_lost_surface(ball_mesh(8.0, n=8), ball(8.0, 0.6, 1.0), **asked)
    if "n_samples" in asked:
        with pytest.raises(ValueError, match="n_samples"):
            fit_pose(ball_mesh(8.0, n=8), ball(8.0, 0.6, 1.0), **asked)


def test_scale_and_thickening_are_told_apart(head):
    mesh, volume = head
    base = fit_pose(mesh, volume, n_samples=N)
    grown = Mesh(vertices=mesh.vertices + 0.2 * _normals(mesh), faces=mesh.faces)
    found = fit_pose(grown, volume, n_samples=N)
    assert found.thickening_mm - base.thickening_mm == pytest.approx(0.2, abs=0.03)
    assert abs(found.scale_percent - base.scale_percent) < 0.05


def _normals(mesh):
    sums = np.zeros_like(mesh.vertices)
    for corner in range(3):
        np.add.at(sums, mesh.faces[:, corner], np.cross(*_edges(mesh, slice(None))))
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)


@pytest.fixture(scope="module")
def wall():
    """An eighth of the shell of R49: radii 40 and 46 mm, bone of 1000 on 0 HU, slices of 1 mm."""
    grid = grid_about(46.0, (0.5, 0.5, 1.0))
    shares = np.zeros(grid.dims_ijk[::-1]).ravel()
    for dz in (np.arange(8) + 0.5) / 8 - 0.5:
        x, y, z = (places(grid) + np.array([26.0, 26.0, 26.0 + dz])).T
        # A slice through a ball is a disc; blurred in its plane alone it is all but a step along r.
        for radius, sign in ((46.0, 1), (40.0, -1)):
            disc = np.sqrt(np.maximum(radius**2 - z**2, 0.0))
            inside = ndtr((disc - np.hypot(x, y)) / 0.4)
            shares += sign * np.where(disc > 0, inside, 0.0) / 8
    return image(grid, shares)


@pytest.mark.parametrize(("iso_hu", "expected"), [(226.0, 0.59), (350.0, 0.31), (662.0, -0.33)])
def test_the_level_thickens_a_wall_by_what_was_published_for_it(wall, iso_hu, expected):
    found = measure_threshold_bias(wall, iso_hu=iso_hu, n_samples=6000)
    assert found.predicted_wall_mm == pytest.approx(expected, abs=0.1)
    assert found.measured_wall_mm == pytest.approx(expected, abs=0.1)
    assert np.sign(found.measured_wall_mm) == np.sign(expected)
    assert found.half_maximum_hu == pytest.approx(500.0, abs=10.0)


def area(mesh):
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def test_a_hole_in_the_mesh_is_lost_surface_of_its_size():
    volume = ball(12.0, 0.6, 0.5)
    mesh = ball_mesh(12.0)
    x, y, z = (mesh.vertices[mesh.faces].mean(axis=1) - mesh.vertices.mean(axis=0)).T
    holed = Mesh(vertices=mesh.vertices, faces=mesh.faces[~((z > 0) & (np.hypot(x, y) < 4.1))])
    # Holes along a ring of the mesh, so that their rim is smooth.
    lost = find_lost_surface(holed, volume, distance_mm=1.0)
    assert lost.lost_mm2 == pytest.approx(area(mesh) - area(holed), rel=0.1)
    assert len(lost.places) == 1
    small = Mesh(vertices=mesh.vertices, faces=mesh.faces[~((z > 0) & (np.hypot(x, y) < 1.8))])
    lost = find_lost_surface(small, volume, distance_mm=1.0)
    assert lost.lost_mm2 == pytest.approx(area(mesh) - area(small), rel=0.2)
    assert find_lost_surface(mesh, volume).lost_mm2 == 0.0
