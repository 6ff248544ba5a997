"""Remeshing: even triangles on the same surface; lines stay, closed stays closed, nothing turns over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mesh_shapes as shapes
from calvaria import compare_meshes, phantom
from calvaria.errors import MeshError
from calvaria.findings import Finding, Verdict
from calvaria.mesh import FaceKind, Mesh, closest_points, find_self_intersections, remesh_mesh
from calvaria.surface import extract_surface
from thread_counts import outputs_of


def edge_lengths(mesh):
    faces = mesh.faces
    ends = np.sort(np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    ends = np.unique(ends, axis=0)
    return np.linalg.norm(mesh.vertices[ends[:, 0]] - mesh.vertices[ends[:, 1]], axis=1)


def smallest_angles(mesh):
    corners = mesh.vertices[mesh.faces]
    found = []
    for k in range(3):
        p, q = corners[:, (k + 1) % 3] - corners[:, k], corners[:, (k + 2) % 3] - corners[:, k]
        cosine = (p * q).sum(1) / np.linalg.norm(p, axis=1) / np.linalg.norm(q, axis=1)
        found.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return np.min(found, axis=0)


def normals(mesh):
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    return np.cross(b - a, c - a)


def is_even(result, length, *, least=0.9, angle=25.0):
    lengths, angles = edge_lengths(result.mesh), smallest_angles(result.mesh)
    even = np.mean((lengths >= 0.8 * length) & (lengths <= 4 / 3 * length))
    assert result.even_fraction == pytest.approx(even, abs=1e-9)
    assert result.mean_edge_mm == pytest.approx(lengths.mean())
    assert result.min_angle_deg == pytest.approx(angles.min(), abs=1e-6)
    assert result.mean_min_angle_deg == pytest.approx(angles.mean())
    assert even > least, even
    assert angles.min() > angle, angles.min()


def cylinder(radius=5.0, height=12.0, n=24, *, open_ended=False):
    """Sides in long thin triangles, ends as fans; every rim an edge of 90 degrees."""
    turn = 2 * np.pi * np.arange(n) / n
    ring = np.c_[radius * np.cos(turn), radius * np.sin(turn)]
    vertices = np.vstack([np.c_[ring, np.zeros(n)], np.c_[ring, np.full(n, height)],
                          [[0, 0, 0], [0, 0, height]]])  # fmt: skip
    i, j = np.arange(n), (np.arange(n) + 1) % n
    sides = np.vstack([np.c_[i, j, j + n], np.c_[i, j + n, i + n]])
    ends = np.vstack([np.c_[j, i, np.full(n, 2 * n)], np.c_[i + n, j + n, np.full(n, 2 * n + 1)]])
    if open_ended:
        return Mesh(vertices=vertices[: 2 * n], faces=sides)
    return Mesh(
        vertices=vertices,
        faces=np.vstack([sides, ends]),
        kinds=[0] * 2 * n + [FaceKind.CUT] * 2 * n,
    )


@pytest.mark.parametrize(("n", "length"), [(40, 2.0), (8, 1.0), (25, 0.9)])
def test_a_sphere_made_coarser_or_finer_or_as_it_was_is_even_and_stays_itself(n, length):
    sphere = shapes.icosphere(10.0, n)
    result = remesh_mesh(sphere, edge_length_mm=length)
    is_even(result, length)
    shapes.assert_closed(result.mesh)
    assert (
        np.einsum("ij,ij->i", normals(result.mesh), result.mesh.vertices[result.mesh.faces[:, 0]])
        > 0
    ).all()
    # Vertices lie on the old faces: inside the sphere by no more than those do.
    inner = 10.0 - np.linalg.norm(sphere.vertices[sphere.faces].mean(1), axis=1).min()
    away = 10.0 - np.linalg.norm(result.mesh.vertices, axis=1)
    assert away.min() > -1e-9
    assert away.max() < 1.01 * inner
    # The middle of a face of edge l lies l^2 / 6 r below the sphere, and the old faces are below it too.
    assert result.max_error_mm < 1.25 * ((4 / 3 * length) ** 2 / 60 + inner)
    assert result.n_crossings == 0
    area = 4 * np.pi * 100
    assert result.n_faces == pytest.approx(area / (3**0.5 / 4 * length**2), rel=0.15)


def test_the_drift_of_the_volume_is_that_of_chords():
    result = remesh_mesh(shapes.icosphere(10.0, 40), edge_length_mm=1.0)
    drift = 100 * (
        shapes.signed_volume(result.mesh) / shapes.signed_volume(shapes.icosphere(10.0, 40)) - 1
    )
    assert result.volume_drift_percent == pytest.approx(drift, abs=1e-9)
    # Faces of edge l lie l^2 / 8 r below the sphere in the mean.
    assert -1.3 * 300 / 800 < drift < 0


def test_the_edges_of_a_box_stay_sharp_and_its_kinds_where_they_are():
    box = shapes.box(size=(20.0, 30.0, 40.0), n=3, kind_of_top=FaceKind.CAP)
    finding = Finding(code="x", verdict=Verdict.PASS, message="")
    result = remesh_mesh(
        Mesh(vertices=box.vertices, faces=box.faces, kinds=box.kinds, findings=(finding,)),
        edge_length_mm=1.5,
    )
    made = result.mesh
    shapes.assert_closed(made)
    is_even(result, 1.5)
    assert result.max_error_mm < 1e-9
    assert abs(result.volume_drift_percent) < 1e-9
    assert made.findings == (finding,)
    # Every face lies in a side of the box, corners are there, the lid is the top.
    corners = made.vertices[made.faces]
    low, high = np.zeros(3), np.array([20.0, 30.0, 40.0])
    in_side = (np.abs(corners - low) < 1e-9).all(1) | (np.abs(corners - high) < 1e-9).all(1)
    assert (in_side.sum(1) == 1).all()
    for corner in np.stack(np.meshgrid(*zip(low, high, strict=True)), -1).reshape(-1, 3):
        assert np.linalg.norm(made.vertices - corner, axis=1).min() == 0
    top = np.abs(corners[:, :, 2] - 40).max(1) < 1e-9
    assert np.array_equal(top, made.kinds == FaceKind.CAP)
    area = np.linalg.norm(normals(made), axis=1) / 2
    assert area[top].sum() == pytest.approx(600, abs=1e-9)


def test_a_cylinder_keeps_its_rims():
    result = remesh_mesh(cylinder(), edge_length_mm=0.8)
    made = result.mesh
    shapes.assert_closed(made)
    is_even(result, 0.8, least=0.85)
    # An edge over one of the 24 corners cuts at most so much of it.
    assert result.max_error_mm < 4 / 3 * 0.8 / 2 * np.tan(np.pi / 24)
    rim = np.unique(made.faces[made.kinds == FaceKind.CUT])
    assert (
        np.minimum(np.abs(made.vertices[rim, 2]), np.abs(made.vertices[rim, 2] - 12)) < 1e-9
    ).all()
    # The rim is a 24-gon: its vertices lie on its sides.
    at_rim = np.intersect1d(rim, made.faces[made.kinds == FaceKind.SURFACE])
    found = closest_points(cylinder(open_ended=True), made.vertices[at_rim])
    assert np.abs(found.distances_mm).max() < 1e-9


def test_an_open_disc_keeps_its_border_and_its_corners():
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(0, 10, 31), np.linspace(0, 10, 31)))
    at = np.array([i for i in range(30 * 31) if i % 31 < 30])
    sheet = Mesh(
        vertices=np.c_[x, y, 0.3 * np.sin(x) * np.cos(y)],
        faces=np.vstack([np.c_[at, at + 1, at + 32], np.c_[at, at + 32, at + 31]]),
    )
    result = remesh_mesh(sheet, edge_length_mm=0.7)
    made = result.mesh
    counts, is_oriented = shapes.edge_counts(made)
    assert is_oriented
    assert set(counts.tolist()) == {1, 2}
    assert shapes.is_manifold_vertex_everywhere(made)
    assert result.volume_drift_percent is None
    is_even(result, 0.7)
    assert (normals(made)[:, 2] > 0).all()
    flat = np.c_[made.vertices[:, :2], np.zeros(len(made.vertices))]
    area = np.linalg.norm(normals(Mesh(vertices=flat, faces=made.faces)), axis=1).sum() / 2
    assert area == pytest.approx(100, abs=1e-6)
    for corner in ([0, 0], [0, 10], [10, 0], [10, 10]):
        assert np.abs(made.vertices[:, :2] - corner).max(1).min() == 0


def test_the_distance_that_is_reported_is_the_one_between_the_surfaces():
    bone = shapes.noisy_bone(n=32)
    result = remesh_mesh(bone, edge_length_mm=0.8)
    shapes.assert_closed(result.mesh)
    assert shapes.n_without_area(result.mesh) == 0
    there = closest_points(result.mesh, bone.vertices).distances_mm
    # Points all over the new faces, none of them a corner.
    weights = np.random.default_rng(0).dirichlet(np.ones(3), (len(result.mesh.faces), 8))
    dots = np.einsum("fkc,fcx->fkx", weights, result.mesh.vertices[result.mesh.faces]).reshape(
        -1, 3
    )
    back = closest_points(bone, dots).distances_mm
    # What lies between the places looked at is no farther than from the corner of a piece to its middle.
    assert there.max() <= result.max_error_mm + 1e-12
    assert back.max() <= result.max_error_mm + 0.8 / 8 / np.sqrt(3)
    assert max(there.max(), back.max()) > 0.6 * result.max_error_mm
    assert result.rms_error_mm == pytest.approx(np.sqrt(np.mean(there**2)))
    assert result.mean_error_mm == pytest.approx(there.mean())
    assert result.n_crossings == len(find_self_intersections(result.mesh))


def test_a_bound_makes_edges_shorter_where_it_is_needed():
    body = shapes.bumpy(radius=20.0, n=40, height=0.8)
    free = remesh_mesh(body, edge_length_mm=3.0)
    bound = remesh_mesh(body, edge_length_mm=3.0, max_error_mm=0.15)
    assert free.max_error_mm > 0.15
    assert free.reached
    assert bound.reached
    assert bound.max_error_mm <= 0.15
    assert free.n_faces < bound.n_faces
    shapes.assert_closed(bound.mesh)
    away = closest_points(bound.mesh, body.vertices).distances_mm
    assert away.max() <= 0.15
    impossible = remesh_mesh(body, edge_length_mm=8.0, max_error_mm=1e-4, passes=2)
    assert not impossible.reached
    assert impossible.max_error_mm > 1e-4


def test_a_phantom_skull_becomes_even_and_stays_closed():
    scanner = phantom.Scanner(
        columns=64,
        rows=64,
        spacing_xy_mm=(3.3, 3.3),
        slice_thickness_mm=3.0,
        slice_increment_mm=3.0,
    )
    mesh = extract_surface(phantom.scan(phantom.head(), scanner=scanner), iso_hu=400.0)
    result = remesh_mesh(mesh, edge_length_mm=3.0)
    shapes.assert_closed(result.mesh)
    assert result.even_fraction > 0.85
    assert result.even_fraction > result.even_fraction_before + 0.2
    assert result.min_angle_deg > result.min_angle_before_deg
    assert result.mean_min_angle_deg > 45 > result.mean_min_angle_before_deg
    assert abs(result.volume_drift_percent) < 2
    # Walls and spikes narrower than an edge lose their tips, and the result owns up to how much.
    assert compare_meshes(result.mesh, reference=mesh, tolerance_mm=1.0).hausdorff_mm <= (
        result.max_error_mm + 0.05
    )
    assert result.rms_error_mm < 3.0 / 10
    for kind in FaceKind:
        assert (result.mesh.kinds == kind).any() == (mesh.kinds == kind).any()


@pytest.mark.parametrize("seed", range(3))
def test_a_bone_in_grain_stays_closed_and_turns_nowhere_over(seed):
    bone = shapes.noisy_bone(seed=seed, n=28)
    for length in (0.3, 1.0, 3.0):
        result = remesh_mesh(bone, edge_length_mm=length, passes=4)
        shapes.assert_closed(result.mesh)
        assert shapes.n_without_area(result.mesh) == 0
        assert shapes.signed_volume(result.mesh) > 0


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 6),
    length=st.floats(0.15, 4.0),
    noise=st.floats(0, 0.15),
    angle=st.sampled_from([20.0, 60.0, 180.0]),
    torn=st.floats(0, 0.6),
)
def test_whatever_comes_in_manifold_comes_out_manifold(seed, n, length, noise, angle, torn):
    rng = np.random.default_rng(seed)
    sphere = shapes.icosphere(1.0, n)
    kinds = rng.integers(0, 4, len(sphere.faces)) if seed % 2 else np.zeros(len(sphere.faces), int)
    mesh = Mesh(
        vertices=sphere.vertices + rng.normal(0, noise, sphere.vertices.shape) * 0.3,
        faces=sphere.faces,
        kinds=kinds,
    )
    if torn > 0.3:
        stays = rng.random(len(mesh.faces)) > torn - 0.3
        mesh = Mesh(vertices=mesh.vertices, faces=mesh.faces[stays], kinds=kinds[stays])
    try:
        result = remesh_mesh(mesh, edge_length_mm=length, passes=3, feature_angle_deg=angle)
    except MeshError:
        assert torn > 0.3
        assert not shapes.is_manifold_vertex_everywhere(mesh)
        return
    counts, is_oriented = shapes.edge_counts(result.mesh)
    assert is_oriented
    assert len(counts) == 0 or counts.max() <= 2
    assert shapes.is_manifold_vertex_everywhere(result.mesh)
    if torn <= 0.3:
        assert (counts == 2).all()
    assert set(np.unique(result.mesh.kinds)) <= set(np.unique(mesh.kinds))
    assert shapes.n_without_area(result.mesh) <= shapes.n_without_area(mesh)
    used = np.unique(result.mesh.faces)
    assert np.array_equal(used, np.arange(len(result.mesh.vertices)))
    euler = lambda m: len(np.unique(m.faces)) - len(shapes.edge_counts(m)[0]) + len(m.faces)  # noqa: E731
    assert euler(result.mesh) == euler(mesh)


SCRIPT = """
import hashlib
import mesh_shapes
from calvaria.mesh import remesh_mesh
made = remesh_mesh(mesh_shapes.noisy_bone(n=32), edge_length_mm=0.7, max_error_mm=0.3)
print(hashlib.sha256(made.mesh.vertices.tobytes() + made.mesh.faces.tobytes()).hexdigest(), made.to_dict())
"""


def test_the_same_bits_for_any_number_of_threads():
    assert len(outputs_of(SCRIPT)) == 1


def test_what_cannot_be_is_refused_by_name():
    sphere = shapes.icosphere(10.0, 4)
    for name, options in (
        ("edge_length_mm", {"edge_length_mm": 0.0}),
        ("edge_length_mm", {"edge_length_mm": np.nan}),
        ("max_error_mm", {"edge_length_mm": 1.0, "max_error_mm": -1.0}),
        ("passes", {"edge_length_mm": 1.0, "passes": 0}),
        ("feature_angle_deg", {"edge_length_mm": 1.0, "feature_angle_deg": 0.0}),
        ("max_faces", {"edge_length_mm": 1.0, "max_faces": 0}),
    ):
        with pytest.raises(ValueError, match=name):
            remesh_mesh(sphere, **options)
    with pytest.raises(
        ValueError, match=r"at most 20000000 faces expected, 0\.001 mm would make 28\d{8}"
    ):
        remesh_mesh(sphere, edge_length_mm=0.001)
    with pytest.raises(ValueError, match="at most 100 faces"):
        remesh_mesh(sphere, edge_length_mm=1.0, max_faces=100)
    three = Mesh(
        vertices=np.random.default_rng(0).random((5, 3)), faces=[[0, 1, 2], [1, 0, 3], [0, 1, 4]]
    )
    with pytest.raises(MeshError, match="found 1 edges and 0 vertices"):
        remesh_mesh(three, edge_length_mm=1.0)
    tips = Mesh(vertices=np.random.default_rng(0).random((5, 3)), faces=[[0, 1, 2], [0, 3, 4]])
    with pytest.raises(MeshError, match="found 0 edges and 1 vertices"):
        remesh_mesh(tips, edge_length_mm=1.0)


def test_nothing_stays_nothing_and_what_is_unused_goes():
    empty = Mesh(vertices=np.zeros((0, 3)), faces=np.zeros((0, 3), int))
    assert remesh_mesh(empty, edge_length_mm=1.0).n_faces == 0
    sphere = shapes.icosphere(10.0, 4)
    loose = Mesh(
        vertices=np.vstack([[[99, 99, 99]], sphere.vertices]),
        faces=np.vstack([sphere.faces + 1, [[1, 1, 2]]]),
    )
    result = remesh_mesh(loose, edge_length_mm=2.0)
    shapes.assert_closed(result.mesh)
    assert result.mesh.vertices.max() < 11


def test_the_record_is_plain_and_short():
    result = remesh_mesh(shapes.icosphere(10.0, 4), edge_length_mm=2.0)
    assert "mesh" not in result.to_dict()
    assert result.to_dict()["n_faces"] == result.n_faces
    assert repr(result).startswith("RemeshingResult(320 to ")
    assert "remeshing" in result._repr_html_()


def test_it_is_as_even_as_meshlab_makes_it():
    pymeshlab = pytest.importorskip("pymeshlab")
    bone = shapes.noisy_bone(n=32)
    ours = remesh_mesh(bone, edge_length_mm=0.8)
    meshes = pymeshlab.MeshSet()
    meshes.add_mesh(pymeshlab.Mesh(bone.vertices, bone.faces))
    meshes.meshing_isotropic_explicit_remeshing(
        iterations=10, targetlen=pymeshlab.PureValue(0.8), featuredeg=60
    )
    made = meshes.current_mesh()
    theirs = Mesh(vertices=made.vertex_matrix(), faces=made.face_matrix())
    lengths = edge_lengths(theirs)
    assert ours.even_fraction > np.mean((lengths >= 0.64) & (lengths <= 0.8 * 4 / 3)) - 0.02
    assert ours.mean_min_angle_deg > smallest_angles(theirs).mean() - 1.0


def test_vertices_that_no_face_names_are_left_out():
    lone = Mesh(vertices=[[0, 0, 0], [2, 0, 0], [0, 2, 0], [9, 9, 9]], faces=[[0, 1, 2]])
    made = remesh_mesh(lone, edge_length_mm=2.0).mesh
    assert set(np.unique(made.faces)) == set(range(len(made.vertices)))
    assert made.vertices.max() < 2.5
