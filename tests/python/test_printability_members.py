"""Bridges, necks and pins on bodies whose sections are known on paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calvaria.mesh import Mesh, transform_mesh
from calvaria.printability import block_mesh, find_slender_members, measure_thickness, rod_mesh
from mesh_shapes import icosphere
from printed_bodies import fine, turned, union

pytest.importorskip("manifold3d")

WIDTHS = (0.4, 0.7, 1.0, 1.3, 1.6, 2.0)


def bridged(turn=None):
    parts = [block_mesh(size_mm=(60, 8, 8), centre_lps_mm=(0, y, 0)) for y in (-9, 9)]
    for place, width in enumerate(WIDTHS):
        x = -25 + 10 * place
        if place == 5:
            parts.append(
                rod_mesh(start_lps_mm=(x, -6, 0), end_lps_mm=(x, 6, 0), radius_mm=width / 2)
            )
        else:
            high = width * (1.0, 1.5)[place % 2]
            parts.append(block_mesh(size_mm=(width, 12, high), centre_lps_mm=(x, 0, 0)))
    body = union(*parts)
    return body if turn is None else transform_mesh(body, matrix=turn)


def test_six_bridges_are_found_with_width_and_length():
    found = find_slender_members(
        measure_thickness(fine(bridged(), 0.6), longest_mm=4.0), below_mm=2.5
    )
    assert [one.kind for one in found] == ["bridge"] * 6
    for one, width, x in zip(found, WIDTHS, range(-25, 30, 10), strict=True):
        assert one.width_mm == pytest.approx(width, abs=0.1)
        assert one.length_mm == pytest.approx(10.0, abs=0.5)
        assert one.place_lps_mm[0] == pytest.approx(x, abs=0.3)
    # All below the rule, none above it.
    rule = find_slender_members(
        measure_thickness(fine(bridged(), 0.6), longest_mm=4.0), below_mm=1.15
    )
    assert [round(one.width_mm, 1) for one in rule] == [0.4, 0.7, 1.0]


@given(
    sides=st.tuples(st.floats(0.4, 2.0), st.floats(0.4, 2.0)),
    is_round=st.booleans(),
    is_bridge=st.booleans(),
    limit=st.sampled_from(["broad", "just above broad", "just above narrow", "between"]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=12, deadline=None)
def test_a_bar_on_a_body_is_found_at_a_limit_by_either_of_its_sides(
    sides, is_round, is_bridge, limit, seed
):
    narrow, broad = sorted(sides)
    if is_round:
        broad = narrow
    broad = min(broad, 3.5 * narrow)  # broader is a sheet
    long = max(8 * narrow, 4 * broad)
    bodies = [icosphere(3.0, 6) if seed % 2 else block_mesh(size_mm=(4, 5, 6))]
    if is_bridge:
        bodies.append(block_mesh(size_mm=(5, 4, 4), centre_lps_mm=(0, 0, 3 + long + 2)))
    start, end = 2.5, 3 + long + (0.5 if is_bridge else 0.0)
    if is_round:
        bar = rod_mesh(start_lps_mm=(0, 0, start), end_lps_mm=(0, 0, end), radius_mm=narrow / 2)
    else:
        middle = (0, 0, (start + end) / 2)
        bar = block_mesh(size_mm=(broad, narrow, end - start), centre_lps_mm=middle)
    part = transform_mesh(union(*bodies, bar), matrix=turned(seed))
    below = {
        "broad": broad,
        "just above broad": broad * 1.001,
        "just above narrow": narrow * 1.02,
        "between": (narrow + broad) / 2,
    }[limit]
    below = max(below, narrow * 1.02)
    thickness = measure_thickness(
        fine(part, max(narrow / 3, 0.2)), method="both", longest_mm=1.25 * below
    )
    found = find_slender_members(thickness, below_mm=below)
    assert [one.kind for one in found] == ["bridge" if is_bridge else "pin"]
    assert found[0].width_mm == pytest.approx(narrow, abs=0.1)
    assert found[0].breadth_mm == pytest.approx(broad, abs=0.2)
    assert find_slender_members(thickness, below_mm=0.9 * narrow) == ()


def test_a_plate_of_3_mm_has_no_bridge():
    plate = measure_thickness(fine(block_mesh(size_mm=(40, 30, 3)), 0.8))
    assert find_slender_members(plate, below_mm=2.9) == ()
    assert find_slender_members(plate, below_mm=3.5) == ()


@pytest.mark.parametrize(
    ("size", "step", "below"),
    [
        ((30, 20, 0.4), 0.4, 3.0),
        ((30, 20, 0.5), 0.4, 3.0),
        ((20, 20, 1.0), 0.7, 3.0),
        ((8, 8, 1.0), 0.7, 3.0),
        ((12, 12, 1.2), 0.7, 3.0),
        ((12, 8, 0.4), 0.4, 3.0),
        ((1, 1, 1), 0.4, 3.0),
        ((28.639137197051642, 18.400851354349026, 0.8261049883458667), 0.4, 3.0),
    ],
)
def test_a_thin_plate_is_a_wall_and_no_member(size, step, below):
    plate = measure_thickness(fine(block_mesh(size_mm=size), step), method="both", longest_mm=3.75)
    assert find_slender_members(plate, below_mm=below) == ()


def test_a_neck_is_as_wide_as_its_waist_and_a_pin_is_a_pin():
    waist = rod_mesh(start_lps_mm=(0, 0, -3), end_lps_mm=(0, 0, 3), radius_mm=0.6)
    ball = icosphere(5.0, 14)
    neck = union(
        *(Mesh(vertices=ball.vertices + np.array([0, 0, z]), faces=ball.faces) for z in (-7, 7)),
        waist,
    )
    found = find_slender_members(measure_thickness(fine(neck, 0.5), longest_mm=3.0), below_mm=2.0)
    assert [one.kind for one in found] == ["bridge"]
    assert found[0].width_mm == pytest.approx(1.2, abs=0.05)
    spike = union(ball, rod_mesh(start_lps_mm=(0, 0, 0), end_lps_mm=(0, 0, 10), radius_mm=0.5))
    pins = find_slender_members(measure_thickness(fine(spike, 0.4), longest_mm=3.0), below_mm=2.0)
    assert [one.kind for one in pins] == ["pin"]
    assert pins[0].width_mm == pytest.approx(1.0, abs=0.05)
    assert pins[0].length_mm == pytest.approx(5.0, abs=0.5)
