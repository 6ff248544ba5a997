"""Planted faults: each is found, and called by its name."""

import numpy as np
import pytest
from scipy.special import ndtr

from calvaria import Mesh, extract_surface, phantom
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
from overlay_bodies import ball, ball_mesh, grid_about, image, places

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


def test_a_hole_in_the_mesh_is_lost_surface_of_its_size():
    volume = ball(12.0, 0.6, 0.5)
    mesh = ball_mesh(12.0)
    x, y, z = (mesh.vertices[mesh.faces].mean(axis=1) - mesh.vertices.mean(axis=0)).T
    holed = Mesh(vertices=mesh.vertices, faces=mesh.faces[~((z > 0) & (np.hypot(x, y) < 4.0))])
    lost = find_lost_surface(holed, volume, distance_mm=1.0)
    # What lies within a millimetre of the rim counts as there.
    assert np.pi * 2.6**2 < lost.lost_mm2 < np.pi * 3.2**2
    assert len(lost.places) == 1
    assert find_lost_surface(mesh, volume).lost_mm2 == 0.0
