"""Smoothing and decimation: closed stays closed, nothing shrinks, the bound is kept."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mesh_shapes as shapes
from calvaria.errors import CalvariaWarning
from calvaria.mesh import FaceKind, Mesh, decimate_mesh, fill_holes, measure_mesh, smooth_mesh
from thread_counts import outputs_of

METHODS = ["windowed_sinc", "taubin"]


@pytest.fixture(scope="module")
def bone():
    return shapes.noisy_bone()


@pytest.mark.parametrize("method", METHODS)
def test_smoothing_takes_the_noise_and_leaves_the_volume(method):
    clean, noisy = shapes.bumpy(), shapes.bumpy(noise=0.05)
    result = smooth_mesh(noisy, method=method)
    before = np.abs(np.linalg.norm(noisy.vertices, axis=1) - np.linalg.norm(clean.vertices, axis=1))
    after = np.abs(
        np.linalg.norm(result.mesh.vertices, axis=1) - np.linalg.norm(clean.vertices, axis=1)
    )
    assert after.mean() < 0.6 * before.mean()
    assert abs(result.volume_drift_percent) < 0.1
    drift = 100 * (shapes.signed_volume(result.mesh) / shapes.signed_volume(noisy) - 1)
    assert result.volume_drift_percent == pytest.approx(drift, abs=1e-9)
    way = np.linalg.norm(result.mesh.vertices - noisy.vertices, axis=1)
    assert result.max_displacement_mm == pytest.approx(way.max())
    assert result.mean_displacement_mm == pytest.approx(way.mean())


@pytest.mark.parametrize("method", METHODS)
def test_a_sphere_keeps_its_radius(method):
    result = smooth_mesh(shapes.icosphere(50.0, 30), method=method)
    assert np.abs(np.linalg.norm(result.mesh.vertices, axis=1) - 50).max() < 0.02


def test_taubin_agrees_with_the_formula_in_64_bits(bone):
    from scipy.sparse import coo_matrix, diags

    f = bone.faces
    ends = np.vstack([f[:, [0, 1]], f[:, [1, 2]], f[:, [2, 0]]])
    n = len(bone.vertices)
    joined = coo_matrix(
        (np.ones(len(ends) * 2), (np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]])),
        (n, n),
    ).tocsr()
    joined.data[:] = 1
    mean = diags(1 / np.asarray(joined.sum(axis=1)).ravel()) @ joined
    x = bone.vertices.copy()
    for step in (0.5, 1 / (0.1 - 2)) * 5:
        x = x - step * (x - mean @ x)
    found = smooth_mesh(bone, method="taubin", iterations=10).mesh.vertices
    assert np.abs(found - x).max() < 1e-5


def test_the_windowed_sinc_damps_as_vtk_does(bone):
    vtk = pytest.importorskip("vtk")
    from vtk.util import numpy_support

    data, points, cells = vtk.vtkPolyData(), vtk.vtkPoints(), vtk.vtkCellArray()
    points.SetData(numpy_support.numpy_to_vtk(bone.vertices.copy()))
    offsets = np.arange(0, 3 * len(bone.faces) + 1, 3)
    cells.SetData(
        numpy_support.numpy_to_vtkIdTypeArray(offsets, deep=True),
        numpy_support.numpy_to_vtkIdTypeArray(bone.faces.astype(np.int64).ravel(), deep=True),
    )
    data.SetPoints(points)
    data.SetPolys(cells)
    smoother = vtk.vtkWindowedSincPolyDataFilter()
    smoother.SetInputData(data)
    smoother.SetNumberOfIterations(20)
    smoother.SetPassBand(0.1)
    smoother.NormalizeCoordinatesOn()
    smoother.BoundarySmoothingOff()
    smoother.FeatureEdgeSmoothingOff()
    if hasattr(smoother, "SetWindowFunctionToHamming"):
        smoother.SetWindowFunctionToHamming()
    smoother.Update()
    theirs = numpy_support.vtk_to_numpy(smoother.GetOutput().GetPoints().GetData())
    ours = smooth_mesh(bone, iterations=20, passband=0.1).mesh.vertices
    # The same filter but for its scale at frequency 0, which is exactly 1 here.
    assert (
        np.linalg.norm(ours - theirs, axis=1).mean()
        < 0.25 * np.linalg.norm(theirs - bone.vertices, axis=1).mean()
    )


def test_boundaries_stay_and_lids_stay_flat():
    mesh = shapes.box(n=10, kind_of_top=FaceKind.CAP)
    result = smooth_mesh(mesh, iterations=40, passband=0.02).mesh
    lid = np.unique(mesh.faces[mesh.kinds == FaceKind.CAP])
    assert np.abs(result.vertices[lid, 2] - 4.0).max() < 1e-12
    opened = Mesh(vertices=mesh.vertices, faces=mesh.faces[mesh.kinds == 0])
    moved = smooth_mesh(opened)
    rim = lid[
        (np.abs(mesh.vertices[lid, 2] - 4) < 1e-9)
        & ~((mesh.vertices[lid, :2] % [2, 3]).all(axis=1))
    ]
    assert np.array_equal(moved.mesh.vertices[rim], opened.vertices[rim])
    assert moved.volume_drift_percent is None


@pytest.mark.parametrize("fraction", [0.5, 0.1, 0.02])
def test_decimation_keeps_what_is_closed_closed(bone, fraction):
    shapes.assert_closed(bone)
    result = decimate_mesh(bone, target_fraction=fraction)
    shapes.assert_closed(result.mesh)
    assert n_new_without_area(bone, result.mesh) == 0
    assert result.n_faces == len(result.mesh.faces)
    assert result.reached == (result.n_faces <= int(len(bone.faces) * fraction))
    if fraction >= 0.1:
        assert result.reached
        assert result.reason == "target"


def n_new_without_area(before, after):
    return max(0, shapes.n_without_area(after) - shapes.n_without_area(before))


@pytest.mark.parametrize("bound", [0.05, 0.2])
def test_the_bound_is_kept_and_reported(bone, bound):
    result = decimate_mesh(bone, max_error_mm=bound)
    shapes.assert_closed(result.mesh)
    assert result.reached
    assert result.max_error_mm <= bound
    assert result.n_faces < (0.7 if bound < 0.1 else 0.35) * len(bone.faces)
    assert sampled_distance(bone, result.mesh) <= bound


def sampled_distance(first, second, n=4000):
    """Largest distance both ways at random points, by trimesh."""
    trimesh = pytest.importorskip("trimesh")
    pytest.importorskip("rtree")
    largest = 0.0
    rng = np.random.default_rng(0)
    for source, target in ((first, second), (second, first)):
        corners = source.vertices[source.faces[rng.integers(0, len(source.faces), n)]]
        weights = rng.dirichlet([1, 1, 1], n)
        points = (corners * weights[..., None]).sum(axis=1)
        mesh = trimesh.Trimesh(target.vertices, target.faces, process=False)
        largest = max(largest, trimesh.proximity.closest_point(mesh, points)[1].max())
    return largest


def test_decimation_measures_what_it_moved(bone):
    result = decimate_mesh(bone, target_fraction=0.15)
    assert sampled_distance(bone, result.mesh) <= result.max_error_mm * 1.05
    assert 0 < result.mean_error_mm < result.rms_error_mm < result.max_error_mm


def test_a_box_becomes_twelve_triangles_and_keeps_its_lid():
    mesh = shapes.box(n=10, kind_of_top=FaceKind.CAP)
    result = decimate_mesh(mesh, max_error_mm=0.001)
    shapes.assert_closed(result.mesh)
    assert result.n_faces <= 40
    assert measure_mesh(result.mesh).volume_mm3 == pytest.approx(24.0, abs=52 * 0.001)
    lid = result.mesh.faces[result.mesh.kinds == FaceKind.CAP]
    a, b, c = result.mesh.vertices[lid].transpose(1, 0, 2)
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 == pytest.approx(
        6.0, abs=10 * 0.001
    )
    assert np.abs(result.mesh.vertices[lid][..., 2] - 4).max() < 1e-9


def test_an_open_edge_stays_where_it_is():
    mesh = shapes.box(n=12, kind_of_top=FaceKind.CAP)
    opened = Mesh(vertices=mesh.vertices, faces=mesh.faces[mesh.kinds == 0])
    result = decimate_mesh(opened, max_error_mm=0.01).mesh
    counts, _ = shapes.edge_counts(result)
    assert set(counts) == {1, 2}
    top = result.vertices[np.abs(result.vertices[:, 2] - 4) < 1e-6]
    assert top[:, :2].min(axis=0) == pytest.approx([0, 0], abs=0.01)
    assert top[:, :2].max(axis=0) == pytest.approx([2, 3], abs=0.01)


def test_what_topology_forbids_is_said():
    result = decimate_mesh(shapes.torus(n=24, m=12), target_faces=2)
    assert not result.reached
    assert result.reason == "topology"
    shapes.assert_closed(result.mesh)
    assert len(np.unique(result.mesh.faces)) - len(result.mesh.faces) / 2 == 0  # still a torus


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), fraction=st.floats(0.03, 0.9), n=st.integers(8, 16))
def test_noise_of_any_kind_stays_closed(seed, fraction, n):
    mesh = shapes.noisy_bone(seed=seed, n=n, noise=400.0)
    counts, _ = shapes.edge_counts(mesh)
    if not (counts == 2).all():
        return
    result = decimate_mesh(mesh, target_fraction=fraction)
    shapes.assert_closed(result.mesh, fans=shapes.is_manifold_vertex_everywhere(mesh))


THREADS = """
import hashlib
import mesh_shapes
from calvaria.mesh import decimate_mesh, smooth_mesh, signed_distance_mm
mesh = mesh_shapes.bumpy(n=70, noise=0.05)
made = [smooth_mesh(mesh).mesh, decimate_mesh(mesh, target_fraction=0.2).mesh]
digest = hashlib.sha256(b"".join(m.vertices.tobytes() + m.faces.tobytes() for m in made))
digest.update(signed_distance_mm(mesh, mesh.vertices[::3] * 1.01).tobytes())
print(digest.hexdigest())
"""


def test_the_same_bits_for_any_number_of_threads():
    assert len(outputs_of(THREADS)) == 1


def test_what_is_asked_wrongly_is_named():
    mesh = shapes.icosphere()
    for wrong, name in [
        (lambda: smooth_mesh(mesh, iterations=0), "iterations"),
        (lambda: smooth_mesh(mesh, method="taubin", iterations=3), "iterations"),
        (lambda: smooth_mesh(mesh, passband=3.0), "passband"),
        (lambda: smooth_mesh(mesh, method="laplace"), "method"),
        (lambda: decimate_mesh(mesh), "max_error_mm"),
        (lambda: decimate_mesh(mesh, max_error_mm=-1), "max_error_mm"),
        (lambda: decimate_mesh(mesh, target_fraction=1.5), "target_fraction"),
        (lambda: decimate_mesh(mesh, target_faces=5, target_fraction=0.5), "target_faces"),
        (lambda: fill_holes(mesh, max_diameter_mm=0), "max_diameter_mm"),
    ]:
        with pytest.raises(ValueError, match=name):
            wrong()


def test_an_empty_mesh_stays_empty():
    empty = Mesh(vertices=np.zeros((0, 3)), faces=np.zeros((0, 3), int))
    assert len(smooth_mesh(empty).mesh.vertices) == 0
    assert decimate_mesh(empty, max_error_mm=0.1).n_faces == 0


@pytest.mark.parametrize("opening", [0.35, 0.9])
def test_a_hole_in_a_sphere_is_filled_like_a_sphere(opening):
    sphere = shapes.icosphere(30.0, 24)
    centre = sphere.vertices[sphere.faces].mean(axis=1)
    kept = centre[:, 2] < 30 * np.cos(opening)
    result = fill_holes(
        Mesh(vertices=sphere.vertices, faces=sphere.faces[kept]), max_diameter_mm=100
    )
    shapes.assert_closed(Mesh(vertices=result.mesh.vertices, faces=result.mesh.faces))
    filled = np.unique(result.mesh.faces[result.mesh.kinds == FaceKind.FILLED])
    error = np.abs(np.linalg.norm(result.mesh.vertices[filled], axis=1) - 30)
    sagitta = 30 * (1 - np.cos(opening))
    assert error.max() < 0.35 * sagitta  # a flat patch would be off by the whole
    (hole,) = result.holes
    assert hole.is_filled
    assert hole.diameter_mm == pytest.approx(2 * 30 * np.sin(opening), rel=0.15)
    assert hole.centre_lps_mm[2] == pytest.approx(30 * np.cos(opening), abs=1.5)


def test_wide_holes_stay_open_and_are_recorded():
    sphere = shapes.icosphere(30.0, 12)
    centre = sphere.vertices[sphere.faces].mean(axis=1)
    kept = (centre[:, 2] < 24) & (centre[:, 2] > -29)
    opened = Mesh(vertices=sphere.vertices, faces=sphere.faces[kept])
    result = fill_holes(opened, max_diameter_mm=20)
    assert [hole.is_filled for hole in result.holes].count(True) == 1
    assert len(result.holes) == 2
    counts, _ = shapes.edge_counts(result.mesh)
    assert (counts == 1).sum() == max(hole.n_edges for hole in result.holes)


def test_a_small_share_of_a_large_mesh_is_chosen_from_all_of_it():
    # Nine patches: what lies between them must not stay at the cost of what lies inside.
    ball = shapes.icosphere(40.0, 120)
    made = decimate_mesh(ball, target_faces=3000)
    assert made.n_faces == 3000
    # Even triangles of this area lie so deep; half of it inside and half outside would be best.
    side2 = 4 * np.pi * 40.0**2 / 3000 / (np.sqrt(3) / 4)
    assert made.max_error_mm < 2.5 * side2 / (6 * 40.0)
    corner = made.mesh.vertices[made.mesh.faces]
    area = np.linalg.norm(
        np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1
    )
    assert area.min() > area.mean() / 6


def test_a_target_that_costs_millimetres_is_not_silent():
    # Two hundred small balls and a large one: few faces are left for the large one.
    large, small = shapes.icosphere(30.0, 30), shapes.icosphere(1.0, 4)
    at = np.stack(np.meshgrid(*[np.arange(6.0) * 3] * 3), axis=-1).reshape(-1, 3)[:200] + 50
    vertices = np.vstack([large.vertices, *(small.vertices + place for place in at)])
    n = len(large.vertices)
    faces = [large.faces, *(small.faces + n + len(small.vertices) * k for k in range(200))]
    mixed = Mesh(vertices=vertices, faces=np.vstack(faces))
    with pytest.warns(CalvariaWarning, match=r"moved by up to \d+\.\d mm .*max_error_mm"):
        made = decimate_mesh(mixed, target_faces=820)
    assert made.max_error_mm > 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decimate_mesh(mixed, target_fraction=0.5)


@pytest.mark.parametrize("n", [100, 300, 1000])
def test_the_fans_and_needles_of_a_drawn_cylinder_are_no_trouble(n):
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    ring = np.stack([20 * np.cos(angle), 20 * np.sin(angle), np.zeros(n)], axis=1)
    i, j = np.arange(n), (np.arange(n) + 1) % n
    sides = [
        (i, j, j + n),
        (i, j + n, i + n),
        (j, i, 0 * i + 2 * n),
        (i + n, j + n, 0 * i + 2 * n + 1),
    ]
    drawn = Mesh(
        vertices=np.vstack([ring, np.add(ring, (0, 0, 10)), [[0, 0, 0], [0, 0, 10]]]),
        faces=np.vstack([np.stack(side, axis=1) for side in sides]),
    )
    few = decimate_mesh(drawn, target_faces=50)
    assert len(few.mesh.faces) == 50
    shapes.assert_closed(few.mesh)
    bound = decimate_mesh(drawn, max_error_mm=0.05)
    shapes.assert_closed(bound.mesh)
    assert len(bound.mesh.faces) < 250
    assert bound.max_error_mm <= 0.05
    # Between the old facets and the new ones, and on a circle, as far as the facets may be.
    middle = bound.mesh.vertices[bound.mesh.faces].mean(axis=1)
    is_side = (middle[:, 2] > 1) & (middle[:, 2] < 9)
    assert np.hypot(*middle[is_side, :2].T).min() > 20 - 0.05 - 20 * (1 - np.cos(np.pi / n)) - 1e-9


def sheet(n, *, bend=0.0, hole=False):
    """A square sheet of n by n squares, bent up at its middle by a part of its size."""
    x, y = np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0), indexing="ij")
    z = bend * n * np.sin(np.pi * x / n) * np.sin(np.pi * y / n)
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    i, j = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    a, b = i * (n + 1) + j, (i + 1) * (n + 1) + j
    faces = np.concatenate([np.stack([a, b, b + 1], 1), np.stack([a, b + 1, a + 1], 1)])
    if hole:
        middle = vertices[faces].mean(axis=1)[:, :2] - n / 2
        faces = faces[np.abs(middle).max(axis=1) > 1]
    return Mesh(vertices=vertices, faces=faces)


def soup(mesh):
    corners = mesh.vertices[mesh.faces]
    return Mesh(vertices=corners.reshape(-1, 3), faces=np.arange(len(corners) * 3).reshape(-1, 3))


@pytest.mark.parametrize(
    "mesh",
    [
        Mesh(vertices=[[0, 0, 0], [3, 0, 0], [0, 3, 1]], faces=[[0, 1, 2]]),
        sheet(1),
        sheet(6),
        soup(shapes.icosphere(5.0, 3)),
    ],
    ids=["lone triangle", "square", "sheet", "soup"],
)
def test_what_is_flat_is_not_filled_with_its_own_back(mesh):
    result = fill_holes(mesh, max_diameter_mm=np.inf)
    assert np.array_equal(result.mesh.faces, mesh.faces)
    assert np.array_equal(result.mesh.vertices, mesh.vertices)
    assert result.n_filled == 0
    assert result.holes
    assert all(not hole.is_filled and hole.area_mm2 == 0 for hole in result.holes)


def test_a_hole_in_a_sheet_is_filled_and_its_outline_is_not():
    result = fill_holes(sheet(8, hole=True), max_diameter_mm=np.inf)
    (filled,) = [hole for hole in result.holes if hole.is_filled]
    assert filled.n_edges == 8
    assert filled.area_mm2 == pytest.approx(4)
    assert len(result.holes) == 2
    assert measure_mesh(result.mesh).area_mm2 == pytest.approx(64)


def test_the_outline_of_a_dome_gets_a_lid():
    result = fill_holes(sheet(8, bend=0.3), max_diameter_mm=np.inf)
    assert result.n_filled == 1
    shapes.assert_closed(result.mesh)
    assert abs(shapes.signed_volume(result.mesh)) > 20
