"""What is measured before a print, on parts whose truth is known on paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calvaria.errors import CalvariaWarning, MeshError
from calvaria.material import load_printers
from calvaria.mesh import Mesh, combine_meshes, measure_mesh, measure_topology, transform_mesh
from calvaria.printability import (
    block_mesh,
    cusp_rms_mm,
    estimate_print,
    find_orientations,
    find_pools,
    find_round_holes,
    find_thin_regions,
    measure_hole_distance,
    measure_overhangs,
    measure_thickness,
    plan_layers,
    refine_mesh,
    rod_mesh,
)
from mesh_shapes import icosphere, torus
from printed_bodies import fine, union

pytest.importorskip("manifold3d")
BOTH = ("ray", "sphere")


def shell(outer, inner, n=40, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    bodies = []
    for radius in (outer, inner):
        ball = icosphere(radius, n)
        out = ball.vertices / np.linalg.norm(ball.vertices, axis=1, keepdims=True)
        bodies.append((ball.vertices + out * rng.normal(0, noise, (len(out), 1)), ball.faces))
    (a, f), (b, g) = bodies
    return Mesh(vertices=np.vstack([a, b]), faces=np.vstack([f, g[:, ::-1] + len(a)]))


def wedge(angle_deg, length=30.0, width=12.0):
    """A wedge with its edge along y at x = 0, one side in the plane z = 0."""
    high = length * np.tan(np.radians(angle_deg))
    points = [[0, 0, 0], [0, width, 0], [length, 0, 0], [length, width, 0], [length, 0, high],
              [length, width, high]]  # fmt: skip
    faces = [[0, 1, 3], [0, 3, 2], [0, 4, 5], [0, 5, 1], [2, 3, 5], [2, 5, 4], [0, 2, 4], [1, 5, 3]]
    return Mesh(vertices=np.array(points, float), faces=faces)


# ------------------------------------------------------------------------------- thickness


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize("thick", [0.4, 1.0, 2.7])
def test_a_plate_is_as_thick_as_it_is_also_at_its_rim(method, thick):
    plate = fine(block_mesh(size_mm=(16, 12, thick)), 0.7)
    found = measure_thickness(plate, method=method)
    assert found.min_mm == pytest.approx(thick, rel=4e-3)
    flat = np.abs(plate.vertices[:, 2]) > thick / 2 - 1e-9
    inner = flat & (np.abs(plate.vertices[:, 0]) < 7.9) & (np.abs(plate.vertices[:, 1]) < 5.9)
    np.testing.assert_allclose(found.mm[inner], thick, rtol=4e-3)


@pytest.mark.parametrize("method", BOTH)
def test_a_tube_has_its_wall_and_its_bore(method):
    tube = combine_meshes(
        rod_mesh(start_lps_mm=(0, 0, 0), end_lps_mm=(0, 0, 12), radius_mm=5, n_sides=96),
        rod_mesh(start_lps_mm=(0, 0, -1), end_lps_mm=(0, 0, 13), radius_mm=3.8, n_sides=96),
        method="difference",
    )
    tube = fine(tube, 0.9)
    walls = measure_thickness(tube, method=method)
    assert np.median(walls.mm) == pytest.approx(1.2, abs=0.02)
    assert walls.min_mm == pytest.approx(1.2, abs=0.05)
    bore = measure_thickness(tube, method=method, side="outside")
    radius = np.linalg.norm(tube.vertices[:, :2], axis=1)
    inner = (radius < 3.9) & (tube.vertices[:, 2] > 1) & (tube.vertices[:, 2] < 11)
    # A ball that touches a flat facet beside its middle is a little smaller than the bore.
    assert np.median(bore.mm[inner]) == pytest.approx(7.6, abs=0.05 if method == "ray" else 0.15)
    assert np.isinf(bore.mm[radius > 4.9]).all()


@pytest.mark.parametrize("angle", [10.0, 25.0, 40.0])
def test_a_wedge_grows_by_its_law(angle):
    body = fine(wedge(angle), 0.7)
    x, y, z = body.vertices.T
    on_side = (z == 0) & (x > 3) & (x < 15) & (y > 3) & (y < 9)
    distance, turned = x[on_side], np.radians(angle)
    ball = measure_thickness(body, method="sphere").mm[on_side]
    ray = measure_thickness(body, method="ray").mm[on_side]
    np.testing.assert_allclose(ball, 2 * distance * np.tan(turned / 2), rtol=4e-3)
    np.testing.assert_allclose(ray, distance * np.tan(turned), atol=0.01)


def test_a_ball_and_a_ring_by_both_methods():
    for body, truth in ((icosphere(9.0, 24), 18.0), (torus(10.0, 2.0, 120, 60), 4.0)):
        for method in BOTH:
            found = measure_thickness(body, method=method)
            assert np.median(found.mm) == pytest.approx(truth, rel=4e-3)
            assert found.min_mm == pytest.approx(truth, rel=6e-3)


@pytest.mark.parametrize("method", BOTH)
def test_a_clean_wall_of_6_mm_has_no_false_minimum(method):
    found = measure_thickness(shell(46, 40, 40, noise=0.03), method=method)
    assert found.min_mm >= 5.7
    assert found.mm.min() >= 5.5  # not even a single vertex is far off
    assert np.median(found.mm) == pytest.approx(6.0, abs=0.05)


def test_a_thin_patch_of_4_mm2_is_found_and_noise_of_0_2_mm2_is_not():
    plate = block_mesh(size_mm=(30, 20, 3))
    # The floor of the pit leaves 0.8 mm.
    pit = block_mesh(size_mm=(2, 2, 4), centre_lps_mm=(6, 2, -1.5 + 0.8 + 2))
    part = fine(combine_meshes(plate, pit, method="difference"), 0.25)
    found = measure_thickness(part, method="both")
    assert found.min_mm == pytest.approx(0.8, abs=0.05)
    regions = find_thin_regions(found, below_mm=1.0)
    assert len(regions) == 2  # the floor, and the side across
    for region in regions:
        assert region.min_mm == pytest.approx(0.8, abs=0.05)
        assert region.area_mm2 == pytest.approx(4.0, abs=0.9)
        np.testing.assert_allclose(region.centre_lps_mm[:2], (6, 2), atol=0.2)
    # From below a ball of 1 mm meets the floor up to 0.4 mm beside it.
    by_ball = find_thin_regions(measure_thickness(part), below_mm=1.0)[0].area_mm2
    assert by_ball == pytest.approx(4 + 4 * 2 * 0.4 + np.pi * 0.4**2, abs=0.9)
    # A needle hole: 0.45 mm wide, so its floor has 0.2 mm2.
    needle = block_mesh(size_mm=(0.45, 0.45, 4), centre_lps_mm=(-6, 2, -1.5 + 0.8 + 2))
    pricked = fine(combine_meshes(plate, needle, method="difference"), 0.25)
    quiet = measure_thickness(pricked, method="both")
    assert find_thin_regions(quiet, below_mm=1.0) == ()
    assert quiet.min_mm == pytest.approx(3.0, abs=0.05)


def test_a_narrow_gap_is_measured_outside():
    pair = union(
        block_mesh(size_mm=(10, 10, 10), centre_lps_mm=(-5.15, 0, 0)),
        block_mesh(size_mm=(10, 10, 10), centre_lps_mm=(5.15, 0, 0)),
        block_mesh(size_mm=(20.3, 10, 2), centre_lps_mm=(0, 0, -6)),
    )
    found = measure_thickness(fine(pair, 0.5), side="outside", longest_mm=3.0)
    assert found.min_mm == pytest.approx(0.3, abs=0.02)
    region = find_thin_regions(found, below_mm=0.4)[0]
    assert region.min_mm == pytest.approx(0.3, abs=0.02)
    assert sum(r.area_mm2 for r in find_thin_regions(found, below_mm=0.4)) == pytest.approx(
        200, rel=0.15
    )


@settings(max_examples=12, deadline=None)
@given(
    scale=st.floats(0.3, 5.0),
    turn=st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1), st.floats(0.1, 1)),
    shift=st.floats(-800, 800),
)
def test_thickness_moves_and_scales_with_the_body(scale, turn, shift):
    body = torus(6.0, 1.5, 24, 12)
    q = np.array(turn) / np.linalg.norm(turn)
    x, y, z, w = q
    matrix = np.eye(4)
    matrix[:3, :3] = scale * np.array(
        [[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
         [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
         [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]]
    )  # fmt: skip
    matrix[:3, 3] = shift
    moved = transform_mesh(body, matrix=matrix)
    for method in BOTH:
        before, after = (measure_thickness(m, method=method).mm for m in (body, moved))
        np.testing.assert_allclose(after, scale * before, rtol=7e-3)


def test_thickness_is_the_same_by_looking_at_every_face():
    """An oracle without a tree: all faces, one vertex at a time."""
    body = torus(5.0, 1.2, 20, 10)
    rng = np.random.default_rng(4)
    body = Mesh(vertices=body.vertices + rng.normal(0, 0.05, body.vertices.shape), faces=body.faces)
    found = measure_thickness(body, method="ray").mm
    a, b, c = body.vertices[body.faces].transpose(1, 0, 2)
    cross = np.cross(b - a, c - a)
    unit = cross / np.linalg.norm(cross, axis=1, keepdims=True)
    normal = np.zeros_like(body.vertices)
    for k in range(3):
        p, q, r = (body.vertices[body.faces[:, (k + n) % 3]] for n in range(3))
        u, v = q - p, r - p
        angle = np.arctan2(np.linalg.norm(np.cross(u, v), axis=1), (u * v).sum(axis=1))
        np.add.at(normal, body.faces[:, k], unit * angle[:, None])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    for vertex in range(0, len(body.vertices), 7):
        origin, way = body.vertices[vertex], -normal[vertex]
        h = np.cross(way, c - a)
        det = ((b - a) * h).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = ((origin - a) * h).sum(axis=1) / det
            s = np.cross(origin - a, b - a)
            v = (s * way).sum(axis=1) / det
            t = ((c - a) * s).sum(axis=1) / det
        hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t >= 0) & (cross @ way > 0)
        hit &= ~(body.faces == vertex).any(axis=1)
        expected = t[hit].min() if hit.any() else np.inf
        assert found[vertex] == pytest.approx(expected, abs=1e-6)


def test_wrong_questions_are_refused_with_names():
    plate = block_mesh(size_mm=(3, 3, 1))
    with pytest.raises(ValueError, match="method: one of sphere, ray, both"):
        measure_thickness(plate, method="cone")
    with pytest.raises(ValueError, match="longest_mm: a finite number above 0"):
        measure_thickness(plate, longest_mm=-1.0)
    with pytest.raises(MeshError, match="at least one face"):
        measure_thickness(Mesh(vertices=np.empty((0, 3)), faces=np.empty((0, 3), int)))
    with pytest.raises(TypeError, match="Mesh expected, found str"):
        measure_thickness("plate")


# ------------------------------------------------------------------------------- holes


def drilled(holes, size=(40, 30, 3)):
    plate = block_mesh(size_mm=size)
    for x, y, radius in holes:
        drill = rod_mesh(start_lps_mm=(x, y, -9), end_lps_mm=(x, y, 9), radius_mm=radius)
        plate = combine_meshes(plate, drill, method="difference")
    return plate


def test_holes_and_their_edges_are_measured():
    holes = [(-12.0, -8.0, 1.0), (5.0, 3.0, 2.0), (11.0, 3.0, 1.5)]
    edges = [6.0, 10.0, 7.5]
    found = sorted(find_round_holes(drilled(holes)), key=lambda hole: hole.centre_lps_mm[0])
    assert len(found) == 3
    for hole, (x, y, radius), edge in zip(found, holes, edges, strict=True):
        assert hole.diameter_mm == pytest.approx(2 * radius, abs=0.01)
        np.testing.assert_allclose(hole.centre_lps_mm, (x, y, 0), atol=0.01)
        np.testing.assert_allclose(hole.axis, (0, 0, 1), atol=1e-3)
        assert hole.depth_mm == pytest.approx(3.0, abs=1e-3)
        assert hole.edge_distance_mm == pytest.approx(edge, abs=0.05)
        assert hole.is_through
    assert found[1].hole_distance_mm == pytest.approx(2.5, abs=0.05)
    assert found[2].hole_distance_mm == pytest.approx(2.5, abs=0.05)


@settings(max_examples=8, deadline=None)
@given(x=st.floats(-17.5, 17.5), radius=st.floats(0.5, 2.0), angle=st.floats(0, 3.1))
def test_the_edge_of_a_turned_plate_is_right(x, radius, angle):
    plate = drilled([(x, 0.0, radius)])
    matrix = np.eye(4)
    c, s = np.cos(angle), np.sin(angle)
    matrix[:3, :3] = [[c, 0, s], [s * s, c, -s * c], [-s * c, s, c * c]]
    matrix[:3, 3] = (40, -90, 7)
    (hole,) = find_round_holes(transform_mesh(plate, matrix=matrix))
    assert hole.edge_distance_mm == pytest.approx(min(20 - abs(x), 15.0) - radius, abs=0.05)


def test_a_blind_hole_a_pin_and_a_slot():
    blind = combine_meshes(
        block_mesh(size_mm=(20, 20, 8)),
        rod_mesh(start_lps_mm=(0, 0, 0), end_lps_mm=(0, 0, 9), radius_mm=2),
        method="difference",
    )
    (hole,) = find_round_holes(blind)
    assert not hole.is_through
    assert hole.depth_mm == pytest.approx(4.0, abs=0.01)
    pin = union(
        block_mesh(size_mm=(20, 20, 2)),
        rod_mesh(start_lps_mm=(0, 0, 0), end_lps_mm=(0, 0, 9), radius_mm=2),
    )
    assert find_round_holes(pin) == ()
    slot = combine_meshes(
        block_mesh(size_mm=(20, 20, 4)), block_mesh(size_mm=(9, 3, 9)), method="difference"
    )
    assert find_round_holes(slot) == ()


def test_the_distance_of_a_drill_to_a_nerve():
    (hole,) = find_round_holes(drilled([(0.0, 0.0, 1.0)]))
    nerve = rod_mesh(start_lps_mm=(6, -20, 0), end_lps_mm=(6, 20, 0), radius_mm=1.5)
    found = measure_hole_distance(hole, structure=nerve)
    assert found.distance_mm == pytest.approx(6 - 1.5 - 1.0, abs=0.02)
    assert found.nearest_lps_mm[0] == pytest.approx(4.5, abs=0.02)
    below = icosphere(2.0, 12, centre=(0, 0, -12))
    assert measure_hole_distance(hole, structure=below).distance_mm == pytest.approx(
        10 - 1.5, abs=0.05
    )
    deep = measure_hole_distance(hole, structure=below, reach_mm=5.0)
    assert deep.distance_mm == pytest.approx(3.5, abs=0.05)


# ------------------------------------------------------------------------------- overhangs


def test_a_ball_hangs_over_where_geometry_says():
    radius = 20.0
    found = measure_overhangs(icosphere(radius, 60), up=(0.2, -1.0, 0.4), steepest_deg=45.0)
    truth = 2 * np.pi * radius**2 * (1 - np.sin(np.pi / 4))
    assert found.area_mm2 == pytest.approx(truth, rel=0.01)
    assert found.cusp_factor == pytest.approx(1 / np.sqrt(3), abs=1e-3)
    assert found.height_mm == pytest.approx(2 * radius, abs=0.05)
    # Space under the cap: heights above the plate over its shadow, a disc of radius R sin(45 deg).
    b = radius * np.sin(np.pi / 4)
    volume = np.pi * b**2 * radius - 2 / 3 * np.pi * (radius**3 - (radius**2 - b**2) ** 1.5)
    assert found.volume_mm3 == pytest.approx(volume, rel=0.02)


def test_supports_on_what_matters_are_told():
    bore = drilled([(0.0, 0.0, 3.0)], size=(20, 20, 12))
    side = measure_overhangs(fine(bore, 0.8), up=(1, 0, 0))
    assert side.on_part_mm2 > 0
    body = fine(bore, 0.8)
    middle = body.vertices[body.faces].mean(axis=1)
    is_bore = np.linalg.norm(middle[:, :2], axis=1) < 3.1
    lying = measure_overhangs(body, up=(1, 0, 0), matters=is_bore)
    standing = measure_overhangs(body, up=(0, 0, 1), matters=is_bore)
    # The upper quarter of the bore, and most of the lower one, which carries its supports.
    assert lying.touched_mm2 == pytest.approx(2 * 2 * np.pi * 3 * 12 / 4, rel=0.15)
    assert standing.touched_mm2 == 0
    with pytest.raises(ValueError, match="matters: bool of shape"):
        measure_overhangs(body, up=(0, 0, 1), matters=[True])


def test_the_best_way_up_is_the_flat_one_and_fits():
    table = union(
        block_mesh(size_mm=(40, 30, 3), centre_lps_mm=(0, 0, 20)),
        *(block_mesh(size_mm=(4, 4, 20), centre_lps_mm=(x, y, 9)) for x in (-17, 17) for y in (-12, 12)),
    )  # fmt: skip
    best = find_orientations(table, build_mm=(60, 60, 60))[0]
    np.testing.assert_allclose(best.up, (0, 0, -1), atol=1e-6)
    assert best.overhang_mm2 == pytest.approx(0, abs=1e-6)
    assert best.footprint_mm == pytest.approx((40, 30), abs=1e-6)
    assert best.fits
    # A rod of 100 mm fits a cube of 80 mm along none of its axes.
    rod = block_mesh(size_mm=(2, 2, 100))
    leaning = find_orientations(rod, build_mm=(80, 80, 80))[0]
    assert leaning.fits
    assert find_orientations(rod, build_mm=(40, 40, 40))[0].fits is False
    again = find_orientations(table, build_mm=(60, 60, 60))
    assert [one.up for one in again] == [
        one.up for one in find_orientations(table, build_mm=(60,) * 3)
    ]


# ------------------------------------------------------------------------------- pools


def test_a_cup_a_void_and_a_drained_void():
    outer = block_mesh(size_mm=(20, 20, 20))
    cup = combine_meshes(
        outer, block_mesh(size_mm=(14, 14, 17), centre_lps_mm=(0, 0, 1.55)), method="difference"
    )
    (pool,) = find_pools(cup, up=(0, 0, 1))
    assert not pool.is_closed
    assert pool.volume_mm3 == pytest.approx(14 * 14 * 17, rel=0.03)
    assert find_pools(cup, up=(0, 0, -1)) == ()
    assert find_pools(cup, up=(1, 0, 0)) == ()
    hollow = combine_meshes(outer, block_mesh(size_mm=(12, 12, 12)), method="difference")
    (void,) = find_pools(hollow, up=(0, 0, 1))
    assert void.is_closed
    assert void.volume_mm3 == pytest.approx(12**3, rel=0.03)
    np.testing.assert_allclose(void.centre_lps_mm, 0, atol=0.2)
    drained = combine_meshes(
        hollow,
        rod_mesh(start_lps_mm=(0, 0, -15), end_lps_mm=(0, 0, 0), radius_mm=1.5),
        method="difference",
    )
    assert find_pools(drained, up=(0, 0, 1)) == ()


# ------------------------------------------------------------------------------- layers


def test_cusps_layers_and_notes():
    assert cusp_rms_mm(0.1) == pytest.approx(0.029, abs=5e-4)
    assert cusp_rms_mm(0.2) == pytest.approx(0.058, abs=5e-4)
    assert cusp_rms_mm(0.2, cosine=0.0) == 0
    built = measure_overhangs(block_mesh(size_mm=(20, 20, 30.05)), up=(0, 0, 1))
    plan = plan_layers(built, volume_mm3=12020, area_mm2=3204, printer="desktop-fdm")
    by_height = {one.layer_mm: one for one in plan.options}
    assert by_height[0.1].layers == 301
    assert by_height[0.2].layers == 151
    assert by_height[0.05].note == "finer than needed"
    assert by_height[0.3].verdict == "BORDERLINE"
    times = [one.time_h for one in plan.options]
    cusps = [one.worst_cusp_mm for one in plan.options]
    assert times == sorted(times, reverse=True)
    assert cusps == sorted(cusps)
    assert plan.chosen.layer_mm == 0.2
    strict = plan_layers(
        built, volume_mm3=12020, area_mm2=3204, printer="desktop-fdm", max_error_mm=0.045
    )
    assert strict.chosen.layer_mm == 0.15


def test_mass_time_and_cost_follow_from_the_inputs():
    from calvaria.material import load_printers

    printer = load_printers()["desktop-fdm"]
    made = estimate_print(
        volume_mm3=100_000, area_mm2=20_000, height_mm=50, printer=printer, density_g_cm3=1.24,
        price_per_kg=20.0, price_per_h=2.0,
    )  # fmt: skip
    material = 24_000 + 76_000 * 0.2
    seconds = 250 * 3.0 + material / 8.0
    assert made.layers == 250
    assert made.material_mm3 == pytest.approx(material)
    assert made.mass_g == pytest.approx(material / 1000 * 1.24)
    assert made.time_h == pytest.approx(seconds / 3600)
    assert made.cost == pytest.approx(made.mass_g / 1000 * 20 + made.time_h * 2)
    bare = estimate_print(
        volume_mm3=1000, area_mm2=600, height_mm=10, printer=printer, density_g_cm3=1.24
    )
    assert bare.cost is None


def test_refining_keeps_below_its_cap_and_says_so():
    made = refine_mesh(block_mesh(size_mm=(20, 20, 20)), longest_mm=0.3, most_faces=5000)
    assert len(made.mesh.faces) <= 5000
    assert not made.is_complete
    assert "longer than 0.3 mm left" in repr(made)


def test_long_thin_faces_give_as_many_as_area_and_edges_ask_for():
    """The wall of a tube of few faces, each 30 mm long and half a millimetre wide."""
    tube = combine_meshes(
        rod_mesh(start_lps_mm=(0, 0, 0), end_lps_mm=(0, 0, 30), radius_mm=10.0),
        rod_mesh(start_lps_mm=(0, 0, -1), end_lps_mm=(0, 0, 31), radius_mm=9.4),
        method="difference",
    )
    facts = measure_mesh(tube)
    for longest in (1.0, 0.3):
        made = refine_mesh(tube, longest_mm=longest)
        assert made.is_complete
        assert len(made.mesh.faces) < 6 * facts.area_mm2 / (0.433 * longest**2)
        edges = np.diff(made.mesh.vertices[made.mesh.faces[:, [0, 1, 2, 0]]], axis=1)
        assert np.linalg.norm(edges, axis=2).max() <= longest * (1 + 1e-7)
        again = measure_mesh(made.mesh)
        assert again.area_mm2 == pytest.approx(facts.area_mm2, rel=1e-12)
        assert again.volume_mm3 == pytest.approx(facts.volume_mm3, rel=1e-12)
        topology = measure_topology(made.mesh)
        assert topology.is_closed and topology.is_manifold and topology.is_oriented


@given(seed=st.integers(0, 1000), longest=st.floats(0.05, 3.0))
@settings(max_examples=20, deadline=None)
def test_any_mesh_is_refined_without_a_gap(seed, longest):
    rng = np.random.default_rng(seed)
    ball = icosphere(1.0, 2)
    mesh = Mesh(vertices=ball.vertices * rng.uniform(0.05, 4, 3), faces=ball.faces)
    made = refine_mesh(mesh, longest_mm=longest, most_faces=60_000)
    topology = measure_topology(made.mesh)
    assert topology.is_closed and topology.is_manifold and topology.is_oriented
    assert measure_mesh(made.mesh).volume_mm3 == pytest.approx(
        measure_mesh(mesh).volume_mm3, rel=1e-9
    )
    assert (made.parents >= 0).all() and (np.bincount(made.parents) > 0).all()
    if made.is_complete:
        edges = np.diff(made.mesh.vertices[made.mesh.faces[:, [0, 1, 2, 0]]], axis=1)
        assert np.linalg.norm(edges, axis=2).max() <= longest * (1 + 1e-7)


@pytest.mark.parametrize("method", ["sphere", "ray", "both"])
def test_of_a_mesh_of_corners_only_the_least_is_that_of_a_finer_one(method):
    with pytest.warns(CalvariaWarning, match="refine_mesh first"):
        found = measure_thickness(block_mesh(size_mm=(10, 10, 10)), method=method)
    assert found.min_mm == pytest.approx(10.0, rel=3e-3)


def test_no_way_up_is_listed_twice():
    for size in ((20, 12, 2), (10, 10, 10)):
        ups = np.array([one.up for one in find_orientations(block_mesh(size_mm=size), most=8)])
        assert (np.triu(ups @ ups.T, 1) < np.cos(np.radians(0.5))).all()


def test_an_estimate_takes_the_code_of_a_printer_and_no_negative_price():
    asked = {"volume_mm3": 8000, "area_mm2": 2400, "height_mm": 20, "density_g_cm3": 1.2}
    by_code = estimate_print(**asked, printer="desktop-fdm")
    assert by_code == estimate_print(**asked, printer=load_printers()["desktop-fdm"])
    for price in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="price_per_kg"):
            estimate_print(**asked, printer="desktop-fdm", price_per_kg=price)
    with pytest.raises(ValueError, match="cosine"):
        cusp_rms_mm(0.1, cosine=5)
