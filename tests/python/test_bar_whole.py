"""A whole print against its mesh: the map, the dimensions, Bland and Altman."""

import json

import numpy as np
import pytest

from bar_prints import ball, scan_of_print
from calvaria import make_bar
from calvaria.bar import compare_print
from calvaria.errors import BarError, BarNotFoundError
from calvaria.mesh import Mesh, closest_points
from mesh_shapes import bumpy

PLACES = {"left": (60, 0, 0), "right": (-60, 0, 0), "front": (0, -60, 0), "top": (0, 0, 60)}


def test_a_print_in_any_pose_is_mapped_and_its_dimensions_found():
    model = ball()
    points = {name: closest_points(model, [at]).points_lps_mm[0] for name, at in PLACES.items()}
    scan = scan_of_print(model, seed=4, scale=(0.99, 0.99, 0.99), noise=0.05, step=3.0, gone=8.0)
    found = compare_print(
        scan, nominal=model, tolerance_mm=1.0, landmarks=points,
        dimensions={"width": ("left", "right"), "height": ("top", "left"), "depth": ("front", "top")},
    )  # fmt: skip
    assert found.scale_percent == pytest.approx(-1.0, abs=0.03)
    for one, (a, b) in zip(
        found.dimensions, (("left", "right"), ("top", "left"), ("front", "top")), strict=True
    ):
        true = np.linalg.norm(points[a] - points[b])
        assert one.nominal_mm == pytest.approx(true)
        assert one.actual_mm == pytest.approx(0.99 * true, abs=0.1)
    assert found.dimensions[0].verdict.name == "FAIL", "1.2 mm on 120 mm"
    assert found.verdict.name == "FAIL"
    assert 0.9 < found.covered_fraction <= 1.0
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["verdict"] == "FAIL"
    assert "width" in found._repr_html_()


def test_walls_moved_out_are_seen_in_the_map():
    bar = make_bar(length_mm=100, label="").mesh
    scan = scan_of_print(bar, seed=1, offset=(0.6, 0.6, 0.6), noise=0.02)
    found = compare_print(scan, nominal=bar, tolerance_mm=0.5)
    assert found.mean_mm == pytest.approx(0.26, abs=0.05)
    assert found.rms_mm < 0.5
    assert found.verdict.name == "PASS"
    assert compare_print(scan, nominal=bar, tolerance_mm=0.2).verdict.name == "FAIL"


def test_bland_and_altman_is_that_of_its_formula():
    model = ball()
    points = {name: closest_points(model, [at]).points_lps_mm[0] for name, at in PLACES.items()}
    scan = scan_of_print(model, seed=6, scale=(0.995, 1.0, 1.004), noise=0.03, step=3.0)
    found = compare_print(scan, nominal=model, tolerance_mm=1.0, landmarks=points)
    assert len(found.dimensions) == 6
    differences = np.array([one.deviation_mm for one in found.dimensions])
    assert found.agreement.bias == pytest.approx(differences.mean(), abs=1e-9)
    limit = differences.mean() + 1.959963984540054 * differences.std(ddof=1)
    assert found.agreement.upper == pytest.approx(limit, abs=1e-9)


def test_what_cannot_be_compared_is_said():
    model, bar = ball(), make_bar(label="").mesh
    with pytest.raises(BarNotFoundError, match="fits the nominal mesh within 2 mm"):
        compare_print(
            bar,
            nominal=scan_of_print(model, seed=0, noise=0, step=20, scale=(1, 0.4, 1)),
            tolerance_mm=1.0,
        )
    with pytest.raises(BarError, match="'off' on the nominal surface"):
        compare_print(
            model, nominal=model, tolerance_mm=1.0, landmarks={"off": (0, 0, 0), "b": (0, 0, 60)}
        )
    with pytest.raises(BarError, match="found 'c'"):
        compare_print(
            model,
            nominal=model,
            tolerance_mm=1.0,
            landmarks={"a": (0, 0, 60)},
            dimensions={"x": ("a", "c")},
        )
    with pytest.raises(ValueError, match="tolerance_mm"):
        compare_print(model, nominal=model, tolerance_mm=0.0)


@pytest.mark.parametrize("factor", [0.1, 10.0, 1 / 25.4])
def test_a_scan_in_another_unit_is_no_scale_error(factor):
    nominal = bumpy()
    scan = Mesh(vertices=nominal.vertices * factor, faces=nominal.faces)
    with pytest.raises(BarNotFoundError, match="in mm, expected"):
        compare_print(scan, nominal=nominal, tolerance_mm=0.5)
