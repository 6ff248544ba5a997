"""Meshes against each other: analytic truth, brute force, an independent library, properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calvaria.comparison import (
    DeviationMap,
    DeviationStatus,
    ErrorPart,
    compare_meshes,
    error_budget,
    measure_deviation,
)
from calvaria.errors import MeshError
from calvaria.mesh import Mesh, align_icp, align_landmarks, flip_mesh, mirror_mesh, transform_mesh
from mesh_shapes import box, bumpy, icosphere, torus
from thread_counts import outputs_of


def moved(mesh, shift, turn_deg=0.0):
    a = math.radians(turn_deg)
    matrix = np.eye(4)
    matrix[:2, :2] = [[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]
    matrix[:3, 3] = shift
    return transform_mesh(mesh, matrix=matrix)


def compared(mesh, reference, tolerance_mm=0.5, **asked):
    return compare_meshes(mesh, reference=reference, tolerance_mm=tolerance_mm, **asked)


def test_two_spheres_of_one_centre():
    """Truth: the difference in radius; the polyhedra lie inside by their sagitta, below 0.004 mm."""
    sag = 0.004
    found = compared(icosphere(21.0, 48), icosphere(20.0, 48), 1.0 + 2 * sag, step_mm=0.3)
    for name in ("hausdorff_mm", "hd95_directed_mm", "hd95_pooled_mm", "assd_mm", "masd_mm"):
        assert getattr(found, name) == pytest.approx(1.0, abs=2 * sag), name
    assert found.hausdorff_mm <= found.hausdorff_bound_mm < found.hausdorff_mm + 0.005
    assert found.surface_dice == 1.0
    assert found.surface_dice_at(1.0 - 2 * sag) == 0.0
    assert found.sampling_error_mm < 1e-3
    assert found.dice == pytest.approx(2 * 20**3 / (20**3 + 21**3), abs=5e-4)
    assert found.sensitivity == pytest.approx(1.0, abs=1e-6)
    assert found.precision == pytest.approx((20 / 21) ** 3, abs=5e-4)
    assert found.volume_error_percent < 0.05


@pytest.mark.parametrize("gap", [0.0, 7.0, 25.0])
def test_two_balls_that_overlap_share_their_lens(gap):
    radius = 15.0
    found = compared(
        icosphere(radius, 40, (gap, 0.3, -2)), icosphere(radius, 40, (0, 0.3, -2)), step_mm=2.0
    )
    lens = math.pi * (4 * radius + gap) * (2 * radius - gap) ** 2 / 12
    ball = 4 / 3 * math.pi * radius**3
    assert found.dice == pytest.approx(lens / ball, abs=1e-3)
    assert found.jaccard == pytest.approx(lens / (2 * ball - lens), abs=1e-3)
    assert found.volumetric_similarity == pytest.approx(1.0, abs=1e-12)


def test_the_common_volume_is_that_of_a_boolean():
    manifold = pytest.importorskip("manifold3d")
    first, second = torus(20.0, 6.0, 80, 40), moved(torus(20.0, 6.0, 80, 40), (5, 3, 2), 31.0)
    found = compared(second, first, step_mm=1.0)
    bodies = [
        manifold.Manifold(manifold.Mesh(m.vertices.astype(np.float32), m.faces.astype(np.uint32)))
        for m in (first, second)
    ]
    both = abs((bodies[0] ^ bodies[1]).volume())
    dice = 2 * both / sum(abs(body.volume()) for body in bodies)
    assert found.dice == pytest.approx(dice, abs=2e-3)
    assert compared(flip_mesh(second), first, step_mm=1.0).dice == pytest.approx(
        found.dice, abs=1e-9
    )


def test_the_largest_distance_lies_between_the_vertices():
    """A plate under a roof: the farthest point of the plate is in the middle of a face."""
    plate = Mesh(
        vertices=[[0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 0]], faces=[[0, 1, 2], [0, 2, 3]]
    )
    roof = Mesh(
        vertices=[[0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 0], [5, 5, 4.0]],
        faces=[[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]],
    )
    found = compared(roof, plate, step_mm=0.7)
    assert found.to_reference.max_mm <= 4.0 <= found.hausdorff_bound_mm
    assert found.hausdorff_mm == pytest.approx(4.0, abs=0.0015)
    assert found.farthest_lps_mm == pytest.approx((5, 5, 4), abs=0.01)
    # The height over a pyramid has a mean of a third of its tip.
    assert found.to_reference.mean_mm == pytest.approx(4 / 3, abs=2e-4)
    assert found.to_reference.total == pytest.approx(4 * 5 * math.hypot(4, 5))
    # From the middle of the plate the roof's side is tip * cos(slope) away.
    assert found.from_reference.max_mm == pytest.approx(4 * 5 / math.hypot(4, 5), abs=0.06)
    assert found.dice is None and found.volume_mm3 is None


def test_shares_do_not_depend_on_how_finely_a_part_is_triangulated():
    """Half the box is off; its vertices are few, its area is not."""
    coarse, fine = box((4.0, 4.0, 4.0), 2), box((4.0, 4.0, 4.0), 16)
    one, two = (compared(moved(m, (0, 0, 1.0)), m, 0.25, step_mm=0.04) for m in (coarse, fine))
    for name in ("assd_mm", "surface_dice", "hausdorff_mm", "hd95_pooled_mm"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), abs=2e-3), name
    # Truth: of an area of 96, one lid (16) is 1 mm outside the other box; the other lid is inside it,
    # and off by more than 0.25 but for a rim along the walls; four walls stand out by 0 to 1 mm.
    assert one.hausdorff_mm == pytest.approx(1.0, abs=0.002)
    far = 16 + 3.5**2 + 4 * 4 * 0.75
    assert one.surface_dice == pytest.approx(1 - far / 96, abs=0.01)


def test_brute_force_agrees_point_by_point():
    first, second = (
        bumpy(20.0, 8, seed=1),
        moved(bumpy(20.0, 9, noise=0.05, seed=2), (0.4, 0, 0.2), 3),
    )
    found = compared(second, first, step_mm=50.0)
    middles = first.vertices[first.faces].mean(axis=1)
    a, b, c = second.vertices[second.faces].transpose(1, 0, 2)
    truth = np.array([_to_triangles(p, a, b, c) for p in middles])
    assert found.from_reference.n_elements == len(middles)
    np.testing.assert_allclose(found.from_reference.distances_mm, np.sort(truth), atol=1e-9)


def _to_triangles(p, a, b, c):
    """The distance of a point to many triangles, by a way of its own: planes, then edges."""
    n = np.cross(b - a, c - a)
    n /= np.linalg.norm(n, axis=1)[:, None]
    height = ((p - a) * n).sum(axis=1)
    foot = p - height[:, None] * n
    inside = np.all(
        [(np.cross(v - u, foot - u) * n).sum(axis=1) >= 0 for u, v in ((a, b), (b, c), (c, a))],
        axis=0,
    )
    best = np.where(inside, np.abs(height), np.inf)
    for u, v in ((a, b), (b, c), (c, a)):
        t = np.clip(((p - u) * (v - u)).sum(axis=1) / ((v - u) ** 2).sum(axis=1), 0, 1)
        best = np.minimum(best, np.linalg.norm(p - u - t[:, None] * (v - u), axis=1))
    return best.min()


def test_meshes_without_faces_have_their_own_answers():
    some, none = box(), Mesh(vertices=np.zeros((0, 3)), faces=np.zeros((0, 3), int))
    lost, added, both = compared(none, some), compared(some, none), compared(none, none)
    for name in ("hausdorff_mm", "hd95_pooled_mm", "hd95_directed_mm", "assd_mm", "masd_mm"):
        assert getattr(lost, name) == getattr(added, name) == math.inf
        assert math.isnan(getattr(both, name))
    assert lost.hausdorff_bound_mm == math.inf
    assert lost.surface_dice == added.surface_dice == lost.reference_overlap == 0.0
    assert math.isnan(both.surface_dice) and math.isnan(lost.overlap)
    assert lost.dice is None and lost.farthest_lps_mm is None
    with pytest.raises(MeshError, match="reference: at least one face"):
        measure_deviation(some, reference=none, tolerance_mm=1.0)
    for asked in ({"tolerance_mm": -1.0}, {"step_mm": 0.0}):
        with pytest.raises(ValueError, match=next(iter(asked))):
            compare_meshes(some, reference=some, **({"tolerance_mm": 1.0} | asked))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 3.0))
def test_symmetry_and_order_of_the_measures(seed, shift):
    first = bumpy(10.0, 4, seed=seed % 7)
    second = moved(bumpy(10.0, 5, noise=0.1, seed=seed), (shift, 0, 0))
    there, back = (compared(*two, step_mm=1.0) for two in ((first, second), (second, first)))
    for name in ("dice", "hausdorff_mm", "hd95_pooled_mm", "assd_mm", "masd_mm", "surface_dice"):
        assert getattr(there, name) == pytest.approx(getattr(back, name), abs=1e-9)
    assert there.hd95_pooled_mm <= there.hausdorff_mm <= there.hausdorff_bound_mm
    same = compared(first, first, step_mm=1.0)
    assert same.hausdorff_mm < 1e-9 and same.dice == pytest.approx(1.0, abs=1e-12)
    assert same.surface_dice_at(1e-6) == 1.0


def test_a_deviation_has_its_sign_and_its_size():
    sphere = icosphere(20.0, 24)
    for radius, sign in ((20.5, 1), (19.3, -1)):
        found = measure_deviation(icosphere(radius, 24), reference=sphere, tolerance_mm=0.55)
        assert found.mean_mm == pytest.approx(radius - 20.0, abs=0.02)
        assert np.sign(found.offset_mm).mean() == sign
        assert found.sd_mm < 0.02
        assert found.max_mm == pytest.approx(abs(radius - 20), abs=0.03)
        assert found.percent_within == pytest.approx(100.0 if sign > 0 else 0.0)
    trimesh = pytest.importorskip("trimesh")
    first, second = bumpy(20.0, 10, seed=3), moved(bumpy(20.0, 7, seed=4), (0.5, 0, 0))
    found = measure_deviation(second, reference=first, tolerance_mm=0.5)
    body = trimesh.Trimesh(first.vertices, first.faces, process=False)
    theirs = -trimesh.proximity.signed_distance(body, second.vertices)
    np.testing.assert_allclose(found.offset_mm, theirs, atol=1e-6)


def test_a_part_that_was_moved_reads_right_after_its_alignment():
    plan = bumpy(20.0, 24, seed=5)
    bulge = plan.vertices.copy()
    is_bulge = np.linalg.norm(plan.vertices - plan.vertices[100], axis=1) < 3
    bulge[is_bulge] *= 1.05
    made = moved(Mesh(vertices=bulge, faces=plan.faces), (3, -2, 1), 8.0)
    raw = measure_deviation(made, reference=plan, tolerance_mm=0.1)
    fit = align_icp(made, plan)
    found = measure_deviation(made, reference=plan, tolerance_mm=0.1, alignment=fit)
    assert raw.percent_within < 50
    assert 97 < found.percent_within < 100
    assert found.alignment.rms_mm == fit.rms_mm < 0.02
    assert found.to_dict()["alignment"]["rms_mm"] == fit.rms_mm
    worst = found.worst_places(3, apart_mm=8.0)
    assert worst[0].offset_mm == pytest.approx(1.0, abs=0.15)
    assert np.linalg.norm(np.array(worst[0].lps_mm) - plan.vertices[100]) < 3.5
    marks = [0, 500, 1500, 3000]
    fit = align_landmarks(made.vertices[marks], plan.vertices[marks])
    again = measure_deviation(made, reference=plan, tolerance_mm=0.1, alignment=fit)
    assert again.mean_mm == pytest.approx(found.mean_mm, abs=0.05)
    mirrored = measure_deviation(
        mirror_mesh(plan, point_lps_mm=[0, 0, 0], normal_lps=[1, 0, 0]),
        reference=plan,
        tolerance_mm=0.1,
    )
    assert mirrored.percent_within < 60


def test_the_rim_of_an_open_reference_is_not_measured():
    sphere = icosphere(20.0, 16)
    is_low = (sphere.vertices[sphere.faces][:, :, 2] < 5).all(axis=1)
    shell = Mesh(vertices=sphere.vertices, faces=sphere.faces[is_low])
    found = measure_deviation(icosphere(20.4, 16), reference=shell, tolerance_mm=0.5)
    beyond = found.status == DeviationStatus.BEYOND_EDGE
    high = found.mesh.vertices[:, 2] > 6.5
    assert beyond[high].all() and not beyond[found.mesh.vertices[:, 2] < 2].any()
    assert found.n_measured + found.n_beyond_edge == len(beyond)
    assert found.mean_mm == pytest.approx(0.4, abs=0.03)
    assert found.max_mm < 0.5


def test_triangles_that_do_not_know_of_each_other_are_joined():
    sphere, larger = icosphere(20.0, 16), icosphere(20.4, 16)
    soup = Mesh(
        vertices=sphere.vertices[sphere.faces].reshape(-1, 3),
        faces=np.arange(3 * len(sphere.faces)).reshape(-1, 3),
    )
    found = measure_deviation(larger, reference=soup, tolerance_mm=0.5)
    expected = measure_deviation(larger, reference=sphere, tolerance_mm=0.5)
    assert found.n_beyond_edge == 0
    np.testing.assert_allclose(found.offset_mm, expected.offset_mm, atol=1e-12)
    both = compare_meshes(soup, reference=soup, tolerance_mm=0.1)
    assert both.dice == pytest.approx(1.0)
    assert both.volume_mm3 == pytest.approx(sphere_volume(sphere), rel=1e-9)


def sphere_volume(mesh):
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    return (a * np.cross(b, c)).sum() / 6


def test_faces_without_an_area_are_no_surface():
    flat = Mesh(vertices=[[1, 2, 3]] * 3, faces=[[0, 1, 2]])
    sphere = icosphere(20.0, 4)
    one = compare_meshes(flat, reference=sphere, tolerance_mm=1.0)
    assert one.surface_dice == 0.0 and math.isinf(one.hausdorff_mm)
    assert math.isnan(compare_meshes(flat, reference=flat, tolerance_mm=1.0).surface_dice)
    for mesh, reference, name in ((flat, sphere, "mesh"), (sphere, flat, "reference")):
        with pytest.raises(MeshError, match=f"{name}: at least one face with an area"):
            measure_deviation(mesh, reference=reference, tolerance_mm=1.0)


def test_what_cannot_be_compared_is_refused_by_name():
    sphere = icosphere(20.0, 4)
    for asked in ({"tolerance_mm": "a"}, {"tolerance_mm": None}, {"step_mm": 0.0}):
        with pytest.raises(ValueError, match=next(iter(asked))):
            compare_meshes(sphere, reference=sphere, **({"tolerance_mm": 1.0} | asked))
    with pytest.raises(TypeError, match="reference: a Mesh expected, found ndarray"):
        compare_meshes(sphere, reference=sphere.vertices, tolerance_mm=1.0)
    with pytest.raises(ValueError, match="n: a whole number"):
        measure_deviation(sphere, reference=sphere, tolerance_mm=1.0).worst_places(-1)
    with pytest.raises(TypeError, match="parts: ErrorPart expected, found int"):
        error_budget([1], length_mm=100, bar="none")
    huge = ErrorPart(name="huge", stage="imaging", systematic_mm=1e200)
    budget = error_budget([huge], length_mm=100, bar="none")
    assert budget.rss_mm == budget.blind_rss_mm == 1e200
    assert budget.share_of_variance["imaging"] == 1.0


def test_shares_within_a_tolerance_are_those_of_the_known_distribution():
    """R80: the published 95.17 % within tolerance, from offsets made to have it."""
    sphere = icosphere(20.0, 80)
    rng = np.random.default_rng(1)
    tolerance = 0.7
    sd = tolerance / stats.norm.ppf((1 + 0.9517) / 2)
    n = len(sphere.vertices)
    made = DeviationMap(
        mesh=sphere,
        offset_mm=rng.normal(0, sd, n),
        status=np.zeros(n, np.uint8),
        weights_mm2=np.full(n, 0.1),
        tolerance_mm=tolerance,
        alignment=None,
    )
    for found in (made.percent_within, made.percent_points_within):
        assert found == pytest.approx(95.17, abs=3 * 100 * math.sqrt(0.9517 * 0.0483 / n))
    assert made.sd_mm == pytest.approx(sd, rel=0.02)
    assert made.p95_mm == pytest.approx(1.96 * sd, rel=0.03)
    assert made.area_outside_tolerance_mm2 == pytest.approx(0.1 * n * (1 - made.share_within))


PARTS = (
    ErrorPart(name="spacing", stage="imaging", random_sd_mm=0.1, scale_percent=0.1),
    ErrorPart(name="level", stage="segmentation", systematic_mm=0.3, random_sd_mm=0.05),
    ErrorPart(name="smoothing", stage="editing", systematic_mm=-0.05),
    ErrorPart(name="printer", stage="printing", systematic_mm=0.1, random_sd_mm=0.08, scale_percent=-0.2),
)  # fmt: skip


def test_a_budget_adds_up_by_hand_and_by_trial():
    budget = error_budget(PARTS, length_mm=150.0, bar="printed")
    sizes = [0.15, 0.3, -0.05, 0.1 - 0.3]
    assert budget.systematic_mm == pytest.approx(sum(sizes))
    assert budget.random_sd_mm == pytest.approx(math.sqrt(0.1**2 + 0.05**2 + 0.08**2))
    assert budget.rss_mm == pytest.approx(
        math.sqrt(sum(s * s for s in sizes) + budget.random_sd_mm**2)
    )
    assert budget.worst_case_mm == pytest.approx(sum(map(abs, sizes)) + 2 * 0.23)
    rng = np.random.default_rng(0)
    trial = sum(
        s + rng.normal(0, p.random_sd_mm, 200_000) for s, p in zip(sizes, PARTS, strict=True)
    )
    assert trial.mean() == pytest.approx(budget.systematic_mm, abs=0.001)
    assert trial.std() == pytest.approx(budget.random_sd_mm, rel=0.01)
    assert np.mean(np.abs(trial) <= budget.expanded_mm) > 0.95
    assert np.abs(trial).max() < budget.worst_case_mm * 1.2
    assert sum(budget.share_of_variance.values()) == pytest.approx(1.0)


def test_a_bar_sees_the_printer_and_nothing_else():
    budget = error_budget(PARTS, length_mm=150.0, bar="printed")
    seen = {stage for stage, what in budget.seen_by_bar.items() if what}
    assert seen == {"printing"}
    others = [part for part in PARTS if part.stage != "printing"]
    assert budget.blind_rss_mm == pytest.approx(
        error_budget(others, length_mm=150.0, bar="none").rss_mm
    )
    text = " ".join(budget.notes)
    assert "does not see segmentation" in text and "sees of printing: scale and offset" in text
    none = error_budget(PARTS, length_mm=150.0, bar="none")
    assert none.blind_rss_mm == pytest.approx(none.rss_mm)
    both = error_budget(PARTS[1:], length_mm=150.0, bar="scanned and printed")
    assert "sees of imaging" in " ".join(both.notes)
    assert "Nothing is stated for imaging." in both.notes
    assert both.to_dict()["parts"][0]["stage"] == "segmentation"
    for asked in ({"length_mm": 0.0}, {"coverage": -1.0}, {"bar": "wooden"}):
        with pytest.raises(ValueError, match=next(iter(asked))):
            error_budget(PARTS, **({"length_mm": 10.0, "bar": "none"} | asked))
    with pytest.raises(ValueError, match="at least one"):
        error_budget([], length_mm=10.0, bar="none")
    with pytest.raises(ValueError, match="stage"):
        ErrorPart(name="x", stage="shipping")


def test_the_number_of_threads_changes_no_bit():
    script = (
        "import hashlib, json, numpy as np\n"
        "from calvaria import Grid, Mask, compare_masks, compare_meshes, measure_deviation\n"
        "from mesh_shapes import bumpy\n"
        "rng = np.random.default_rng(0)\n"
        "grid = Grid(dims_ijk=(70, 40, 30), lps_from_ijk=np.diag([0.5, 0.7, 2.0, 1.0]))\n"
        "a, b = (Mask(values=rng.random((30, 40, 70)) < p, grid=grid) for p in (0.02, 0.01))\n"
        "one, two = bumpy(20.0, 12, seed=1), bumpy(20.0, 11, noise=0.1, seed=2)\n"
        "found = [compare_masks(b, reference=a, tolerance_mm=1.0, elements=e) for e in ('disk', 'voxel')]\n"
        "found += [compare_meshes(two, reference=one, tolerance_mm=0.1, step_mm=0.5)]\n"
        "found += [measure_deviation(two, reference=one, tolerance_mm=0.1)]\n"
        "print(json.dumps([one.to_dict() for one in found], sort_keys=True))\n"
    )
    made = outputs_of(script, counts=(1, 3))
    assert len(made) == 1 and len(made.pop()) > 1000
