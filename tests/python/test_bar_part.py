"""Bars as bodies: exact, closed, the same after a file; and fused to a model where they harm nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bar_prints import ball
from calvaria import Verdict, check_printability
from calvaria.bar import attach_bar, make_bar, make_bar_set, make_feature_plate, measure_bars
from calvaria.bar.lettering import _STROKES, letter_pixels
from calvaria.errors import BarError, MeshError
from calvaria.mesh import (
    Mesh,
    find_self_intersections,
    measure_mesh,
    measure_topology,
    read_mesh,
    signed_distance_mm,
    transform_mesh,
    write_mesh,
)

AXES = ("x", "y", "z", "xy", "yx", "xz", "zx", "yz", "zy")


def is_sound(mesh):
    found = measure_topology(mesh)
    return found.is_closed and found.is_manifold and found.is_oriented


def face_distance(mesh, gauge):
    """Distance of the outermost faces along a gauge, and the area of each."""
    direction = np.array(gauge.direction)
    along = mesh.vertices @ direction
    low, high = along.min(), along.max()
    corners = mesh.vertices[mesh.faces]
    areas = (
        np.linalg.norm(
            np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
        )
        / 2
    )
    on = [np.abs(corners @ direction - end).max(axis=1) < 1e-9 for end in (low, high)]
    return high - low, [float(areas[which].sum()) for which in on]


@pytest.mark.parametrize("axis", AXES)
def test_a_bar_is_50_mm_between_flats_and_sound(axis):
    bar = make_bar(axis=axis)
    length, areas = face_distance(bar.mesh, bar.gauges[0])
    assert length == pytest.approx(50.0, abs=1e-9)
    assert min(areas) > 50, "room for jaws"
    assert is_sound(bar.mesh)
    assert len(find_self_intersections(bar.mesh)) == 0
    assert bar.mesh.vertices[:, 2].min() == pytest.approx(0, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(length=st.floats(20, 300), axis=st.sampled_from(AXES), height=st.floats(6, 30))
def test_any_length_is_exact(length, axis, height):
    bar = make_bar(length_mm=length, axis=axis, height_mm=height, label="")
    assert face_distance(bar.mesh, bar.gauges[0])[0] == pytest.approx(length, abs=1e-6)
    ends = np.subtract(bar.gauges[0].second_lps_mm, bar.gauges[0].first_lps_mm)
    assert np.linalg.norm(ends) == pytest.approx(length, abs=1e-9)
    assert is_sound(bar.mesh)
    assert measure_mesh(bar.mesh).volume_mm3 > 0


@pytest.mark.parametrize("suffix", [".stl", ".3mf", ".ply", ".obj"])
def test_lengths_survive_files(tmp_path, suffix):
    trimesh = pytest.importorskip("trimesh")
    bars = make_bar_set(with_features=False)
    path = tmp_path / f"set{suffix}"
    write_mesh(bars.mesh, path)
    back = read_mesh(path, unit="mm", space="LPS")
    assert is_sound(back)
    found = {reading.bar: reading.reading_mm for reading in measure_bars(back)}
    assert found == {gauge.bar: pytest.approx(gauge.nominal_mm, abs=1e-3) for gauge in bars.gauges}
    other = trimesh.load(path, force="mesh")
    other.merge_vertices()
    assert other.is_watertight
    assert other.is_winding_consistent
    assert other.volume == pytest.approx(measure_mesh(bars.mesh).volume_mm3, rel=1e-5)


def test_letters_print_and_tell_each_other_apart():
    seen = {}
    for letter in _STROKES:
        if letter == " ":
            continue
        pixels = letter_pixels(letter)
        key = pixels.tobytes()
        # 0 and O are the same stroke, as on many a ruler.
        assert key not in seen or {letter, seen[key]} == {"0", "O"}
        seen[key] = letter
        a, b, c, d = pixels[:-1, :-1], pixels[1:, 1:], pixels[:-1, 1:], pixels[1:, :-1]
        assert not (a & b & ~c & ~d).any() and not (c & d & ~a & ~b).any()
        # Every pixel is in a stroke of two by two: 0.8 mm, two lines of a nozzle.
        block = a & b & c & d
        thick = np.zeros_like(pixels)
        for di in (0, 1):
            for dj in (0, 1):
                thick[di : di + block.shape[0], dj : dj + block.shape[1]] |= block
        assert (pixels & ~thick).sum() <= 2


def test_features_have_their_sizes():
    plate = make_feature_plate()
    assert is_sound(plate.mesh)
    assert len(find_self_intersections(plate.mesh)) == 0
    kinds = [feature.kind for feature in plate.features]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "hole": 6, "slot": 6, "wall": 6, "step": 6, "wedge": 1,
    }  # fmt: skip
    for feature in plate.features:
        x, y, z = feature.centre_lps_mm
        if feature.kind == "hole":
            far = signed_distance_mm(plate.mesh, [[x, y, 1.5]])[0]
            assert far == pytest.approx(feature.nominal_mm / 2, abs=0.01)
        elif feature.kind == "slot":
            assert signed_distance_mm(plate.mesh, [[x, y, 1.5]])[0] == pytest.approx(
                feature.nominal_mm / 2
            )
        elif feature.kind == "wall":
            assert signed_distance_mm(plate.mesh, [[x, y, 5.0]])[0] == pytest.approx(
                -feature.nominal_mm / 2
            )
        elif feature.kind == "step":
            assert signed_distance_mm(plate.mesh, [[x, y, z + 1.0]])[0] == pytest.approx(1.0)
            assert z - 3.0 == pytest.approx(feature.nominal_mm)
    volume = sum(np.pi * d**2 / 4 * 3 for d in (1, 1.5, 2, 3, 4, 5))
    no_holes = make_feature_plate(holes_mm=())
    assert measure_mesh(no_holes.mesh).volume_mm3 - measure_mesh(
        plate.mesh
    ).volume_mm3 == pytest.approx(volume, rel=1e-9)


def test_a_set_on_a_plate_is_one_body_and_fits_a_small_bed():
    pytest.importorskip("manifold3d")
    bars = make_bar_set(on_plate=True, with_features=False)
    assert measure_topology(bars.mesh).n_components == 1
    assert is_sound(bars.mesh)
    assert [gauge.nominal_mm for gauge in bars.gauges] == [20, 50, 100] * 3 + [50, 50]
    for gauge in bars.gauges:
        for end, way in ((gauge.first_lps_mm, -1), (gauge.second_lps_mm, 1)):
            out = np.array(gauge.direction) * (1 if gauge.is_step else way)
            here, there = signed_distance_mm(bars.mesh, [np.array(end), np.array(end) + out])
            assert abs(here) < 1e-9 and there == pytest.approx(1.0)
    for made in (make_bar_set(), bars, make_bar_set(on_plate=True)):
        assert (np.ptp(made.mesh.vertices, axis=0)[:2] <= 200 + 1e-9).all()


@pytest.mark.parametrize(
    ("bed", "more"),
    [
        ((180, 180), {"on_plate": True}),
        ((180, 180), {}),
        ((145, 145), {"with_features": False}),
        ((145, 145), {"with_features": False, "with_diagonals": False, "on_plate": True}),
    ],
)
def test_a_set_is_laid_out_for_the_bed_of_a_printer(bed, more):
    if more.get("on_plate"):
        pytest.importorskip("manifold3d")
    bars = make_bar_set(bed_mm=bed, **more)
    assert (np.ptp(bars.mesh.vertices, axis=0)[:2] <= np.add(bed, 1e-6)).all()
    assert {gauge.bar for gauge in bars.gauges} >= {"20X", "50X", "100X", "20Z", "50Z", "100Z"}


def test_a_set_that_does_not_fit_the_bed_says_so():
    with pytest.raises(
        BarError, match=r"bed_mm: at least .* for 12 bodies expected, found 145 x 145"
    ):
        make_bar_set(bed_mm=(145, 145))
    for wrong in ((145,), (0, 100), (100, float("nan"))):
        with pytest.raises(ValueError, match="bed_mm"):
            make_bar_set(bed_mm=wrong)
    with pytest.raises(ValueError, match="lengths_mm: each one once"):
        make_bar_set(lengths_mm=(50, 50.0000001))


def test_bars_of_a_set_stand_apart_for_the_jaws():
    bars = make_bar_set()
    part = measure_topology(bars.mesh).component_of_face
    boxes = []
    for n in range(part.max() + 1):
        points = bars.mesh.vertices[bars.mesh.faces[part == n]].reshape(-1, 3)
        boxes.append((points.min(axis=0)[:2], points.max(axis=0)[:2]))
    for n, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:n]:
            assert np.maximum(low - other_high, other_low - high).max() >= 14 - 1e-9


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_the_bar_itself_prints_well_letters_and_all(axis):
    report = check_printability(
        make_bar(axis=axis).mesh,
        profile="education",
        process="fdm",
        material="pla",
        printer="desktop-fdm",
    )
    assert report.verdict is Verdict.PASS


def test_a_bar_is_fused_to_a_model_on_its_lid_away_from_what_matters():
    pytest.importorskip("manifold3d")
    model = transform_mesh(ball(), matrix=np.diag([1.0, -1.0, -1.0, 1.0]))  # its lid is on top
    assert is_sound(model)
    face = np.array([[0.0, -60.0, 0.0]])
    made = attach_bar(model, axis="y", keep_away_lps_mm=face)
    assert made.is_on_lid
    assert is_sound(made.part.mesh)
    assert measure_topology(made.part.mesh).n_components == 1
    gauge = made.part.gauges[0]
    assert np.abs(gauge.direction) == pytest.approx([0, 1, 0], abs=1e-12)
    assert np.linalg.norm(np.subtract(gauge.second_lps_mm, gauge.first_lps_mm)) == pytest.approx(50)
    assert made.distance_to_kept_mm >= 15
    bar = make_bar(axis="y")
    clear = signed_distance_mm(model, [gauge.first_lps_mm, gauge.second_lps_mm])
    assert (clear > 3).all(), "the ends stand free"
    assert made.added_mm3 > 0.95 * measure_mesh(bar.mesh).volume_mm3
    # The surface of the model is as it was, but for the post.
    far = np.linalg.norm(model.vertices - made.anchor_lps_mm, axis=1) > 10
    assert np.abs(signed_distance_mm(made.part.mesh, model.vertices[far])).max() < 1e-6
    picture = made.draw(n_pixels=200)
    blue = (picture[:, :, 2].astype(int) - picture[:, :, 0]) > 40
    assert blue.sum() > 200, "the bar is seen"


@pytest.mark.parametrize("axis", "xy")
def test_no_bar_hangs_below_the_foot_of_a_model(axis):
    """A cut neck is a lid, and the model stands on it: a bar there would be what it stands on."""
    pytest.importorskip("manifold3d")
    model = ball()
    made = attach_bar(model, axis=axis, keep_away_lps_mm=[[0.0, -60.0, 0.0]])
    assert made.part.mesh.vertices[:, 2].min() == pytest.approx(model.vertices[:, 2].min(), abs=0.1)
    assert made.distance_to_kept_mm >= 15
    assert is_sound(made.part.mesh)


def test_a_fit_test_of_an_implant_bears_its_mark():
    pytest.importorskip("manifold3d")
    made = attach_bar(ball(), axis="x", label="test")
    plain = attach_bar(ball(), axis="x", label="")
    assert len(made.bar.mesh.faces) > len(plain.bar.mesh.faces) + 100


def test_no_place_is_an_error_that_says_so():
    model = transform_mesh(make_bar(label="").mesh, matrix=np.eye(4))
    with pytest.raises(BarError, match="a place for a bar of 100 mm along z"):
        attach_bar(
            model, axis="z", length_mm=100.0, keep_away_lps_mm=[[0, 0, 0]], least_distance_mm=500
        )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: make_bar(axis="q"), "axis"),
        (lambda: make_bar(length_mm=2), "length_mm"),
        (lambda: make_bar(label="50 \u00e4"), "label"),
        (lambda: make_bar(length_mm=20, label="TOO LONG FOR IT"), "letters that fit"),
        (lambda: make_bar(letter_mm=3.0), "strokes do not print"),
        (lambda: make_bar_set(lengths_mm=()), "lengths_mm"),
        (lambda: make_bar_set(lengths_mm=(50, 50)), "lengths_mm: each one once"),
        (lambda: make_bar_set(axes=("x", "x")), "axes: each one once"),
        (lambda: make_feature_plate(holes_mm=(9.0,)), "holes_mm"),
        (lambda: make_feature_plate(wedge_mm=(0.2, 2.0)), "wedge_mm"),
        (lambda: attach_bar(make_bar().mesh, axis="xy"), "axis"),
        (lambda: attach_bar(make_bar().mesh, keep_away_lps_mm=[1, 2]), "keep_away_lps_mm"),
    ],
)
def test_mistakes_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_model_without_faces_is_refused():
    with pytest.raises(MeshError, match="at least one face"):
        attach_bar(Mesh(vertices=np.zeros((0, 3)), faces=np.zeros((0, 3), int)))


def test_a_bar_too_small_for_letters_bears_none():
    assert make_bar(length_mm=10).mesh.vertices[:, 2].max() == pytest.approx(10.0)
    with pytest.raises(ValueError, match="label: letters that fit"):
        make_bar(length_mm=10, label="10X")
    with pytest.raises(ValueError, match="label: text"):
        make_bar(label=5)
