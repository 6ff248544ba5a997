"""Holes of known size and cause in a skull-sized shell of bone: all found, measured, and explained."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from calvaria import Grid, Mesh, Volume, extract_surface, phantom
from calvaria.errors import MeshError
from calvaria.overlay import HoleCause, check_overlay, find_holes, measure_overlay

WALL_HU, SOFT_HU, BLUR_MM = 1200.0, 40.0, 0.6
# Halfway is 620 HU; the level stands somewhat above, as a wrong one does.
LEVEL_HU = 720.0
OPENING, THIN, METAL = HoleCause.OPENING, HoleCause.THIN_BONE, HoleCause.METAL_VOID
# Diameter, direction, value in the hole, cause.
SEEDED = (
    (2.0, (1, 0.1, 0), 40.0, OPENING),
    (3.0, (-1, 0, 0.2), -600.0, METAL),
    (4.0, (0, 1, 0.1), 330.0, THIN),
    (5.0, (0.1, -1, 0), -1024.0, HoleCause.SATURATION),
    (6.0, (0.15, 0, 1), 360.0, THIN),
    (7.0, (0.2, 0.9, -0.7), 676.0, HoleCause.WRONG_LEVEL),
    (8.5, (1, 1, 1), 320.0, THIN),
    (10.0, (-1, -1, 1), -500.0, METAL),
    (12.0, (1, -1, -1), 40.0, OPENING),
    (15.0, (-1, 1, -0.8), -450.0, METAL),
)


def shell(seeds, *, outer, wall, spacing, noise=10.0, seed=5, cut_mm=None):
    """A shell with cylinders out of it, metal beside those that metal made, blurred, with noise."""
    n = int(2 * (outer + 5) / spacing)
    affine = np.diag([spacing] * 3 + [1.0])
    affine[:3, 3] = -(n - 1) / 2 * spacing + 0.07
    axis = affine[0, 3] + spacing * np.arange(n)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij", sparse=True)
    # Drawn at a third of a voxel along each axis by its own distance: edges are soft before the blur.
    r = np.sqrt(x**2 + y**2 + z**2)
    share = np.clip((outer - r) / spacing + 0.5, 0, 1) * np.clip(
        (r - outer + wall) / spacing + 0.5, 0, 1
    )
    hu = SOFT_HU + (WALL_HU - SOFT_HU) * share
    metal = np.zeros(hu.shape, dtype=bool)
    for diameter, direction, value, cause in seeds:
        u = np.array(direction) / np.linalg.norm(direction)
        along = x * u[0] + y * u[1] + z * u[2]
        beside = np.sqrt(np.maximum(r**2 - along**2, 0))
        hole = share * np.clip((diameter / 2 - beside) / spacing + 0.5, 0, 1) * (along > 0)
        hu = hu + hole * (value - WALL_HU)
        if cause in {METAL, HoleCause.SATURATION}:
            at = u * (outer - wall - 12.0)
            metal |= (x - at[0]) ** 2 + (y - at[1]) ** 2 + (z - at[2]) ** 2 < 3.0**2
    hu = gaussian_filter(hu, BLUR_MM / spacing)
    hu = np.where(metal, 4000.0, hu) + np.random.default_rng(seed).normal(0, noise, hu.shape)
    for diameter, direction, value, _ in seeds:
        if value <= -1024:  # a scanner that ends at its lowest number has no noise there
            u = np.array(direction) / np.linalg.norm(direction)
            along = x * u[0] + y * u[1] + z * u[2]
            inner = (r**2 - along**2 < (diameter / 2 - 0.8) ** 2) & (share > 0) & (along > 0)
            hu = np.where(inner, -2000.0, hu)
    if cut_mm is not None:
        hu = hu[:, :, : int(np.searchsorted(axis, cut_mm))]
    grid = Grid(dims_ijk=hu.shape[::-1], lps_from_ijk=affine)
    return Volume(values=np.clip(np.rint(hu), -1024, 3071).astype(np.int16), grid=grid)


def found_at(holes, direction, radius, diameter):
    u = np.array(direction) / np.linalg.norm(direction)
    off = max(1.0, diameter / 8)
    return [
        one
        for one in holes
        if np.linalg.norm(np.array(one.centre_lps_mm) - u * radius) < off + radius * 0.01
    ]


@pytest.mark.slow
@pytest.mark.parametrize("spacing", [0.8, 1.0])
def test_ten_seeded_holes_in_a_skull_are_found_measured_and_explained(spacing):
    volume = shell(SEEDED, outer=65.0, wall=5.0, spacing=spacing)
    mesh = extract_surface(volume, iso_hu=LEVEL_HU)
    found = find_holes(mesh, volume, iso_hu=LEVEL_HU)
    n_right = 0
    for diameter, direction, _, cause in SEEDED:
        here = found_at(found, direction, 62.5, diameter)
        assert len(here) == 1, (diameter, found)
        assert abs(here[0].diameter_mm - diameter) <= 0.5, here[0]
        assert here[0].is_open
        n_right += here[0].cause is cause
    assert n_right >= 9
    assert len(found) == len(SEEDED), found


@pytest.fixture(scope="module")
def small():
    seeds = (
        (4.0, (1, 0.2, 0.1), 330.0, THIN),
        (5.0, (0, -1, 0.1), 40.0, OPENING),
        (6.0, (-0.1, 0.2, 1), -500.0, METAL),
    )
    volume = shell(seeds, outer=24.0, wall=3.0, spacing=0.8)
    return seeds, volume, extract_surface(volume, iso_hu=620.0)


def test_holes_of_a_small_shell_are_judged_and_told_apart(small):
    seeds, volume, mesh = small
    overlay = measure_overlay(mesh, volume, iso_hu=620.0, n_samples=20_000)
    assert len(overlay.holes) == len(seeds)
    for diameter, direction, _, cause in seeds:
        (hole,) = found_at(overlay.holes, direction, 22.5, diameter)
        assert hole.diameter_mm == pytest.approx(diameter, abs=0.25)
        assert hole.area_mm2 == pytest.approx(np.pi * hole.diameter_mm**2 / 4)
        assert hole.cause is cause
        assert hole.kind == "through"
        assert hole.is_open
        assert hole.wall_mm == pytest.approx(3.0, abs=0.5)
        u = np.array(direction) / np.linalg.norm(direction)
        assert abs(np.dot(hole.normal, u)) > 0.99
    finding = check_overlay(overlay, profile="education")["overlay_holes"]
    assert finding.verdict.name == "FAIL"  # the void is 6 mm wide
    assert finding.measured == pytest.approx(6.0, abs=0.25)
    assert "metal-artefact-reduction void" in finding.message
    assert finding.details["n_openings"] == 1
    assert overlay.to_dict()["holes"][0]["cause"] == "metal-artefact-reduction void"


def test_a_hole_that_the_mesh_closes_is_told(small):
    seeds, volume, _ = small
    closed = shell((), outer=24.0, wall=3.0, spacing=0.8)
    found = find_holes(extract_surface(closed, iso_hu=620.0), volume, iso_hu=620.0)
    assert len(found) == len(seeds)
    assert not any(hole.is_open for hole in found)


def test_a_whole_shell_has_no_holes_and_wide_openings_are_left_out():
    whole = shell((), outer=24.0, wall=3.0, spacing=1.0)
    mesh = extract_surface(whole, iso_hu=620.0)
    assert find_holes(mesh, whole, iso_hu=620.0) == ()
    assert (
        check_overlay(
            measure_overlay(mesh, whole, iso_hu=620.0, n_samples=5000), profile="implant"
        )["overlay_holes"].verdict.name
        == "PASS"
    )
    seeds = ((20.0, (0, 0, 1), 40.0, OPENING), (4.0, (1, 0, 0), 40.0, OPENING))
    volume = shell(seeds, outer=24.0, wall=3.0, spacing=1.0)
    (hole,) = find_holes(extract_surface(volume, iso_hu=620.0), volume, iso_hu=620.0)
    assert hole.diameter_mm == pytest.approx(4.0, abs=0.3)


def test_a_wall_thinner_than_two_voxels_hides_no_hole():
    volume = shell(((6.0, (0.3, 1, 0.2), 40.0, OPENING),), outer=24.0, wall=1.6, spacing=0.8)
    mesh = extract_surface(volume, iso_hu=500.0)
    (hole,) = find_holes(mesh, volume, iso_hu=500.0)
    assert hole.diameter_mm == pytest.approx(6.0, abs=0.4)
    assert hole.cause is OPENING


def test_a_hole_at_the_border_of_the_image_is_cut_by_it():
    # Its middle lies 1 mm inside the border.
    volume = shell(
        ((7.0, (0, 1, 0), 40.0, OPENING),), outer=24.0, wall=3.0, spacing=0.8, cut_mm=1.0
    )
    mesh = extract_surface(volume, iso_hu=620.0)
    holes = [h for h in find_holes(mesh, volume, iso_hu=620.0) if h.kind == "through"]
    (hole,) = holes
    assert hole.cause is HoleCause.FIELD_OF_VIEW
    assert hole.diameter_mm == pytest.approx(7.0, abs=0.5)


def test_open_rims_of_a_mesh_are_measured_and_explained():
    volume = shell((), outer=24.0, wall=3.0, spacing=0.8, cut_mm=-20.0)
    mesh = extract_surface(volume, iso_hu=620.0, close_border=False)
    found = find_holes(mesh, volume, iso_hu=620.0, max_diameter_mm=40.0)
    rims = sorted(hole.diameter_mm for hole in found if hole.kind == "boundary")
    last = volume.grid.lps_mm_from_ijk([[volume.grid.dims_ijk[0] - 1, 0, 0]])[0, 0]
    truth = [2 * np.sqrt(radius**2 - last**2) for radius in (21.0, 24.0)]
    assert rims == pytest.approx(truth, abs=0.5)
    assert {hole.cause for hole in found} == {HoleCause.FIELD_OF_VIEW}


def test_diameters_in_the_wrong_order_are_refused(small):
    _, volume, mesh = small
    with pytest.raises(ValueError, match=r"max_diameter_mm.*found 5 and 4"):
        find_holes(mesh, volume, iso_hu=620.0, min_diameter_mm=5.0, max_diameter_mm=4.0)


def test_a_mesh_beside_the_image_and_a_level_that_is_none_are_refused():
    ball = phantom.scan(
        phantom.sphere(radius_mm=12.0), scanner=phantom.Scanner(columns=64, rows=64, n_slices=40)
    )
    mesh = extract_surface(ball, iso_hu=0.0)
    away = Mesh(vertices=mesh.vertices + 1000.0, faces=mesh.faces)
    with pytest.raises(MeshError, match="within the image"):
        find_holes(away, ball)
    for wrong in ({"iso_hu": np.inf}, {"iso_hu": 0.0, "soft_hu": np.nan}):
        with pytest.raises(ValueError, match="finite"):
            find_holes(mesh, ball, **wrong)
