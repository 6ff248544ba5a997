"""Bars found and measured: in scans of simulated prints, in CT, among other things, or not at all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import calvaria
from bar_prints import ball, scan_of_print, turned
from calvaria import CalvariaWarning, Mesh, check_bars, make_bar, measure_bar, phantom
from calvaria.bar import (
    attach_bar,
    make_bar_set,
    make_feature_plate,
    measure_bars,
    measure_gauges,
    measure_rods,
)
from calvaria.bar.planes import fit_plane
from calvaria.errors import BarError, BarNotFoundError
from calvaria.mesh import transform_mesh
from calvaria.printability import block_mesh
from thread_counts import outputs_of

SMALL = phantom.Scanner(
    columns=128, rows=128, spacing_xy_mm=(0.6, 0.6), slice_thickness_mm=1.0, slice_increment_mm=1.0
)


@pytest.mark.parametrize("seed", range(6))
def test_a_bar_is_measured_in_any_pose_noisy_and_with_holes(seed):
    scan = scan_of_print(
        make_bar().mesh,
        seed=seed,
        scale=(0.996, 1.0, 1.0),
        noise=0.05,
        gone=2.0,
        without_bottom=True,
    )
    found = measure_bar(scan)
    assert found.axis == "x"
    assert found.reading_mm == pytest.approx(49.8, abs=0.015)
    assert abs(found.reading_mm - 49.8) < 4 * max(found.uncertainty_mm, 0.002)
    assert found.flatness_mm == pytest.approx(0.05, rel=0.3)


@pytest.mark.parametrize(
    ("unit", "mm"), [("cm", 10.0), ("inch", 25.4), ("m", 1000.0), ("um", 0.001)]
)
def test_a_scan_in_another_unit_is_understood(unit, mm):
    scan = scan_of_print(make_bar(axis="y").mesh, seed=1, noise=0.02, unit_mm=mm)
    assert measure_bar(scan).reading_mm == pytest.approx(50.0, abs=0.01)
    assert measure_bar(scan, unit=unit).reading_mm == pytest.approx(50.0, abs=0.01)
    with pytest.raises(BarNotFoundError, match="mm"):
        measure_bar(scan, unit="mm")


@pytest.mark.slow
def test_a_simulated_set_gives_back_scale_offset_and_skew():
    """The issue's promise: scale within 0.05 %, offset within 0.02 mm."""
    scan = scan_of_print(
        make_bar_set(with_features=False).mesh,
        seed=11,
        scale=(0.996, 0.998, 1.002),
        offset=(0.1, 0.1, -0.05),
        skew=0.003,
        noise=0.04,
        step=1.3,
        gone=2.5,
    )
    readings = measure_bars(scan)
    assert [one.bar for one in readings] == [
        *("20X", "50X", "100X", "50XY", "20Y", "50Y", "100Y", "50YX", "20Z", "50Z", "100Z")
    ]
    found = check_bars(readings, profile="planning", part_size_mm=180)
    assert found.scale_percent == {
        "x": pytest.approx(-0.4, abs=0.05),
        "y": pytest.approx(-0.2, abs=0.05),
        "z": pytest.approx(0.2, abs=0.05),
    }
    assert found.offset_mm == {
        "x": pytest.approx(0.1, abs=0.02),
        "y": pytest.approx(0.1, abs=0.02),
        "z": pytest.approx(-0.05, abs=0.02),
    }
    (square,) = found.squareness
    assert square.skew_mm_per_100_mm == pytest.approx(0.3, abs=0.03)
    assert found.projections[0].error_mm == pytest.approx(-0.004 * 180 + 0.1, abs=0.05)


@pytest.mark.parametrize(
    ("scale", "verdict"), [(0.9815, "PASS"), (0.9804, "UNPROVEN"), (0.9798, "FAIL")]
)
def test_the_verdict_is_right_around_the_limit(scale, verdict):
    scan = scan_of_print(make_bar(axis="y").mesh, seed=3, scale=(1, scale, 1), noise=0.03)
    assert check_bars(measure_bar(scan), profile="planning").verdict.name == verdict


@pytest.mark.parametrize("error", [-1.3, 1.3])
def test_a_short_bar_that_is_out_of_its_limit_is_found_and_fails(error):
    scan = scan_of_print(
        make_bar(length_mm=20).mesh, seed=7, scale=(1 + error / 20, 1, 1), step=0.8
    )
    found = measure_bars(scan)
    assert [one.bar for one in found] == ["20X"]
    assert found[0].deviation_mm == pytest.approx(error, abs=0.015)
    assert check_bars(found, profile="planning").verdict.name == "FAIL"
    with pytest.raises(BarNotFoundError):
        measure_bar(scan, nominal_mm=20, tolerance_fraction=0.05)


@given(
    error=st.floats(-1.2, 1.2),
    seed=st.integers(0, 10_000),
    length=st.sampled_from([20.0, 50.0, 100.0]),
    axis=st.sampled_from("xyz"),
    noise=st.floats(0.0, 0.08),
    gone=st.sampled_from([0.0, 2.0]),
    unit=st.sampled_from(["mm", "cm", "m", "inch", "um"]),
    split=st.floats(-0.3, 0.3),
)
@settings(max_examples=12, deadline=None)
def test_the_verdict_on_any_print_is_that_of_its_true_error(
    error, seed, length, axis, noise, gone, unit, split
):
    """Scale and offset add up to the error, in any pose and unit, noisy, with holes."""
    n = "xyz".index(axis)
    scale, offset = [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
    scale[n], offset[n] = 1 + (error - split) / length, split
    scan = scan_of_print(
        make_bar(length_mm=length, axis=axis).mesh, seed=seed, scale=scale, offset=offset,
        noise=noise, gone=gone, unit_mm={"mm": 1, "cm": 10, "m": 1000, "inch": 25.4, "um": 1e-3}[unit],
    )  # fmt: skip
    reading = measure_bar(scan, nominal_mm=length, unit=unit)
    assert reading.deviation_mm == pytest.approx(error, abs=0.02)
    found = check_bars(reading, profile="planning")
    guard = found.headline.budget.guard_mm
    if abs(abs(error) - 1) > 0.02 and abs(abs(error) + guard - 1) > 0.02:
        right = "FAIL" if abs(error) >= 1 else "PASS" if abs(error) + guard < 1 else "UNPROVEN"
        assert found.verdict.name == right


@pytest.mark.slow
def test_bars_of_a_plated_set_are_measured_by_their_mesh():
    pytest.importorskip("manifold3d")
    bars = make_bar_set(on_plate=True, with_features=False, lengths_mm=(20, 50))
    scan = scan_of_print(
        bars.mesh, seed=5, scale=(0.995, 0.995, 1.004), step=2.0, without_bottom=True
    )
    found = {one.bar: one for one in measure_gauges(scan, part=bars)}
    assert set(found) == {gauge.bar for gauge in bars.gauges}
    for name in ("20X", "50X", "20Y", "50Y", "50XY", "50YX"):
        assert found[name].reading_mm == pytest.approx(0.995 * found[name].nominal_mm, abs=0.015)
    for name in ("20Z", "50Z"):
        assert (
            abs(found[name].reading_mm - 1.004 * found[name].nominal_mm)
            < 3 * found[name].uncertainty_mm
        )
        assert found[name].uncertainty_mm < 0.06


@pytest.mark.slow
def test_a_bar_on_a_head_is_found_with_and_without_the_printed_mesh():
    pytest.importorskip("manifold3d")
    head = phantom.scan(
        phantom.head(),
        scanner=phantom.Scanner(columns=96, rows=96, spacing_xy_mm=(2.6, 2.6),
                                slice_thickness_mm=2.6, slice_increment_mm=2.6, noise_hu=0.0),
    )  # fmt: skip
    model = calvaria.mesh.keep_largest_part(calvaria.extract_surface(head, iso_hu=300.0))
    made = attach_bar(model, axis="x")
    scan = scan_of_print(made.part.mesh, seed=9, scale=(0.99, 0.99, 0.99), noise=0.03, step=2.0)
    (by_mesh,) = measure_gauges(scan, part=made.part)
    alone = measure_bar(scan, axis="x")
    assert by_mesh.reading_mm == pytest.approx(49.5, abs=0.015)
    assert alone.reading_mm == pytest.approx(49.5, abs=0.015)


@pytest.mark.slow
def test_a_bar_on_a_model_is_found_with_and_without_the_printed_mesh():
    pytest.importorskip("manifold3d")
    made = attach_bar(ball(), axis="x")
    scan = scan_of_print(made.part.mesh, seed=9, scale=(0.99, 0.99, 0.99), noise=0.03, step=1.5)
    (by_mesh,) = measure_gauges(scan, part=made.part)
    alone = measure_bar(scan, axis="x")
    assert by_mesh.reading_mm == pytest.approx(49.5, abs=0.015)
    assert alone.reading_mm == pytest.approx(49.5, abs=0.015)


def test_among_several_bars_the_axis_chooses():
    bars = make_bar_set(lengths_mm=(50,), with_features=False, with_diagonals=False).mesh
    assert measure_bar(bars, axis="y").bar == "50Y"
    with pytest.raises(BarError, match="chooses among 3 bars of 50 mm"):
        measure_bar(bars)
    with pytest.raises(BarNotFoundError, match="found axes"):
        measure_bar(bars, axis="xy")


@pytest.mark.parametrize(
    "mesh",
    [
        block_mesh(size_mm=(5, 1, 1)),
        make_bar(length_mm=20).mesh,
        make_bar(length_mm=100).mesh,
        make_feature_plate().mesh,
    ],
)
def test_edges_of_letters_and_plates_are_no_bars(mesh):
    with pytest.raises(BarNotFoundError):
        measure_bar(mesh)


@pytest.mark.parametrize("seed", [3, 5])
def test_a_bar_with_an_end_cut_off_is_not_found(seed):
    whole = scan_of_print(make_bar().mesh, seed=seed, noise=0.03)
    # Pose-free: what lies within 1 mm of one end along its longest direction is gone.
    middle = whole.vertices.mean(axis=0)
    along = np.linalg.svd(whole.vertices - middle, full_matrices=False)[2][0]
    place = (whole.vertices - middle) @ along
    kept = (place < place.max() - 1)[whole.faces].all(axis=1)
    with pytest.raises(BarNotFoundError, match="give unit"):
        measure_bar(Mesh(vertices=whole.vertices, faces=whole.faces[kept]))


def _end(mesh, seed):
    """Faces of the end at high x, in a scan of that seed."""
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    return normals @ turned(np.random.default_rng(seed))[:, 0] > 0.9


@pytest.mark.parametrize(
    "spoilt", ["inside out", "a few faces turned", "gaps", "islands", "doubled", "faces of no area"]
)
def test_what_scanners_do_to_a_mesh_is_no_matter(spoilt):
    mesh = scan_of_print(make_bar().mesh, seed=4, scale=(0.99, 1, 1), step=0.8)
    rng, faces, vertices = np.random.default_rng(1), mesh.faces, mesh.vertices
    if spoilt == "inside out":
        faces = faces[:, ::-1]
    elif spoilt == "a few faces turned":
        faces = np.where(rng.random(len(faces))[:, None] < 0.05, faces[:, ::-1], faces)
    elif spoilt == "gaps":
        faces = faces[rng.random(len(faces)) > 0.3]
    elif spoilt == "islands":
        n = len(vertices)
        places = vertices.mean(axis=0) + rng.normal(0, 30, (200, 1, 3))
        vertices = np.vstack([vertices, (places + rng.normal(0, 0.5, (200, 3, 3))).reshape(-1, 3)])
        faces = np.vstack([faces, n + np.arange(600).reshape(-1, 3)])
    elif spoilt == "doubled":
        faces = np.vstack([faces, faces])
    else:
        faces = np.vstack([faces, np.zeros((500, 3), int)])
    found = measure_bar(Mesh(vertices=vertices, faces=np.ascontiguousarray(faces, np.int32)))
    assert found.reading_mm == pytest.approx(49.5, abs=0.01)
    assert found.axis == "x"


def test_a_bar_without_its_sides_asks_for_the_unit():
    mesh = scan_of_print(make_bar().mesh, seed=4, step=0.8, unit_mm=10.0)
    either = _end(mesh, 4) | _end(
        Mesh(vertices=-mesh.vertices, faces=mesh.faces[:, ::-1].copy()), 4
    )
    ends = Mesh(vertices=mesh.vertices, faces=mesh.faces[either])
    assert measure_bar(ends, unit="cm").reading_mm == pytest.approx(50.0, abs=0.015)
    with pytest.raises(
        BarNotFoundError, match="cm: 2 flat patches, two opposite, but not the sides"
    ):
        measure_bar(ends)


def test_an_end_turned_inside_is_no_end():
    mesh = scan_of_print(make_bar().mesh, seed=4, step=0.8)
    faces = np.where(_end(mesh, 4)[:, None], mesh.faces[:, ::-1], mesh.faces)
    with pytest.raises(BarNotFoundError, match="no two opposite"):
        measure_bar(Mesh(vertices=mesh.vertices, faces=faces))
    with pytest.raises(BarNotFoundError, match=r"1 flat patch,|0 flat patches,"):
        measure_bar(
            Mesh(vertices=mesh.vertices, faces=mesh.faces[_end(mesh, 4)]), unit="mm", nominal_mm=10
        )


def test_a_scan_of_loose_triangles_is_welded():
    scan = scan_of_print(make_bar().mesh, seed=2, noise=0.03)
    soup = Mesh(
        vertices=scan.vertices[scan.faces].reshape(-1, 3),
        faces=np.arange(3 * len(scan.faces)).reshape(-1, 3),
    )
    assert measure_bar(soup).reading_mm == pytest.approx(measure_bar(scan).reading_mm, abs=1e-3)


def test_what_is_not_a_bar_is_not_found():
    lump = make_bar(length_mm=20, label="").mesh
    with pytest.raises(
        BarNotFoundError, match=r"50 mm apart expected, found none \(mm: .* flat patches"
    ):
        measure_bar(transform_mesh(lump, matrix=np.diag([2.2, 2.2, 2.2, 1.0])), unit="mm")
    with pytest.raises(BarNotFoundError, match="at least one face"):
        measure_bar(Mesh(vertices=np.zeros((0, 3)), faces=np.zeros((0, 3), int)))
    plate = make_bar(width_mm=200, length_mm=50, label="").mesh
    with pytest.raises(BarNotFoundError):
        measure_bar(plate)
    empty = phantom.scan(phantom.sphere(radius_mm=12.0), scanner=SMALL)
    with pytest.raises(BarNotFoundError, match="at level"):
        measure_bar(empty)
    with pytest.raises(TypeError, match="Mesh or a Volume"):
        measure_bar("bar.stl")
    with pytest.raises(ValueError, match="unit"):
        measure_bar(lump, unit="mile")
    with pytest.raises(BarNotFoundError, match="both faces of a gauge|fits the nominal"):
        measure_gauges(ball(radius=30.0), part=make_bar_set(with_features=False))


@pytest.mark.parametrize("turn", [(20.0, -15.0, 10.0), (0.0, 0.0, 0.0), (5.0, 40.0, 60.0)])
@pytest.mark.parametrize("length", [50.0, 49.2])
def test_a_bar_in_a_ct_is_measured_far_below_a_voxel(turn, length):
    volume = phantom.scan(phantom.bar(size_mm=(10.0, 10.0, length), turn_deg=turn), scanner=SMALL)
    found = measure_bar(volume, axis="z")
    assert found.source == "volume"
    assert found.reading_mm == pytest.approx(length, abs=0.03)
    assert abs(found.reading_mm - length) < 4 * max(found.uncertainty_mm, 0.003)


def test_slices_too_coarse_for_the_bar_are_said():
    scanner = phantom.Scanner(
        columns=200,
        rows=200,
        spacing_xy_mm=(0.4, 0.4),
        slice_thickness_mm=3.0,
        slice_increment_mm=3.0,
    )
    volume = phantom.scan(phantom.bar(size_mm=(10.0, 10.0, 49.3)), scanner=scanner)
    with pytest.warns(CalvariaWarning, match="coarse for a bar about"):
        found = measure_bar(volume)
    assert found.uncertainty_mm >= 0.5
    assert abs(found.reading_mm - 49.3) < 2 * found.uncertainty_mm
    assert check_bars(found, profile="planning").verdict.name != "PASS"


def test_rods_of_a_phantom_do_not_depend_on_where_they_lie_among_the_pixels():
    scanner = phantom.Scanner(
        columns=96,
        rows=96,
        spacing_xy_mm=(0.8, 0.8),
        slice_thickness_mm=2.0,
        slice_increment_mm=2.0,
    )
    rng = np.random.default_rng(3)
    for apart in (50.0, 49.4):
        for _ in range(3):
            centre = (*rng.uniform(-0.4, 0.4, 2), 0.0)
            body = phantom.rods(apart_mm=apart, length_mm=8.0, centre_lps_mm=centre)
            found = measure_rods(phantom.scan(body, scanner=scanner))
            assert found.mean_mm == pytest.approx(apart, abs=0.005)
            assert max(abs(one.reading_mm - apart) for one in found.sides) < 0.01
            assert abs(found.diagonal_difference_mm) < 0.02
    nothing = phantom.scan(phantom.sphere(radius_mm=30.0), scanner=scanner)
    with pytest.raises(BarNotFoundError, match="four rods of 3 mm, 50 mm apart"):
        measure_rods(nothing)
    with pytest.raises(ValueError, match="two pixels"):
        measure_rods(nothing, diameter_mm=1.0)


@pytest.mark.filterwarnings("ignore::calvaria.CalvariaWarning")
def test_rods_of_a_catphan_are_50_mm_apart_within_0_1_mm(calvaria_data):
    volume = calvaria.load_series(calvaria_data / "catphan504" / "catphan504_obi_cbct.zip")
    found = measure_rods(volume)
    assert found.deviation_mm == pytest.approx(0.0, abs=0.1)
    assert all(abs(one.deviation_mm) < 0.1 for one in found.sides)
    assert abs(found.diagonal_difference_mm) < 0.1
    assert sorted(one.axis for one in found.sides) == ["x", "x", "y", "y"]
    assert check_bars(found.sides, profile="planning").verdict.name == "PASS"


def test_a_plane_is_not_pulled_by_a_tenth_of_outliers():
    rng = np.random.default_rng(0)
    xy = rng.uniform(-5, 5, (600, 2))
    z = 1.0 + 0.1 * xy[:, 0] + rng.normal(0, 0.02, 600)
    z[:60] += rng.uniform(0.3, 2.0, 60)
    found = fit_plane(np.column_stack([xy, z]), outwards=np.array([0.0, 0, 1]))
    at = found.point_lps_mm
    assert at[2] == pytest.approx(1.0 + 0.1 * at[0], abs=0.004)
    assert np.degrees(np.arccos(found.normal @ np.array([-0.1, 0, 1]) / np.hypot(0.1, 1))) < 0.05


def test_the_stated_uncertainty_of_a_plane_is_that_of_repeats():
    stated, found = [], []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        points = np.column_stack([rng.uniform(-4, 4, (150, 2)), rng.normal(0, 0.05, 150)])
        plane = fit_plane(points, outwards=np.array([0.0, 0, 1]))
        at = plane.point_lps_mm
        found.append(at @ plane.normal)
        stated.append(plane.uncertainty_mm)
    assert np.median(stated) == pytest.approx(np.std(found), rel=0.3)


def test_the_same_scan_gives_the_same_bits_for_any_number_of_threads():
    code = (
        "from bar_prints import scan_of_print; from calvaria.bar import make_bar, measure_bar;"
        "print(measure_bar(scan_of_print(make_bar().mesh, seed=2)).reading_mm.hex())"
    )
    assert len(outputs_of(code, counts=(1, 3))) == 1
