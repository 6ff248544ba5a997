"""Ten holes of known size and cause in a shell of bone: all found, measured, and explained."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr

from calvaria import Grid, Volume
from calvaria.overlay import find_wall_holes

SPACING, OUTER, INNER = 0.5, 30.0, 27.0
# Diameter, direction, value in the hole, cause.
SEEDED = (
    (2.5, (1, 0, 0), 40.0, "opening"),
    (3.0, (-1, 0, 0), -600.0, "metal"),
    (4.0, (0, 1, 0), 330.0, "thin bone"),
    (5.0, (0, -1, 0), 40.0, "opening"),
    (6.0, (0, 0, 1), 350.0, "thin bone"),
    (7.0, (0, 0, -1), 40.0, "opening"),
    (8.0, (1, 1, 1), 320.0, "thin bone"),
    (10.0, (-1, -1, 1), -500.0, "metal"),
    (12.0, (1, -1, -1), 40.0, "opening"),
    (15.0, (-1, 1, -1), -550.0, "metal"),
)


@pytest.fixture(scope="module")
def shell():
    n = int(2 * (OUTER + 6) / SPACING)
    affine = np.diag([SPACING] * 3 + [1.0])
    affine[:3, 3] = -(n - 1) / 2 * SPACING + 0.07
    grid = Grid(dims_ijk=(n, n, n), lps_from_ijk=affine)
    axis = affine[0, 3] + SPACING * np.arange(n)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    r = np.sqrt(x**2 + y**2 + z**2)
    wall = (r < OUTER) & (r > INNER)
    hu = np.where(wall, 1200.0, 40.0)
    metal = np.zeros_like(wall)
    for diameter, direction, value, cause in SEEDED:
        u = np.array(direction) / np.linalg.norm(direction)
        along = x * u[0] + y * u[1] + z * u[2]
        beside = np.sqrt(np.maximum(r**2 - along**2, 0))
        hu = np.where(wall & (along > 0) & (beside < diameter / 2), value, hu)
        if cause == "metal":
            side = np.cross(u, [0.3, 0.5, 0.8])
            at = u * 20.0 + 3 * side / np.linalg.norm(side)
            metal |= (x - at[0]) ** 2 + (y - at[1]) ** 2 + (z - at[2]) ** 2 < 2.0**2
    hu = gaussian_filter(hu, 0.5 / SPACING)
    hu = np.where(metal, 3071.0, hu) + np.random.default_rng(5).normal(0, 10, hu.shape)
    return Volume(values=np.clip(hu, -1024, 3071).astype(np.int16), grid=grid)


def test_ten_seeded_holes_are_found_measured_and_explained(shell):
    found = [hole for hole in find_wall_holes(shell, iso_hu=620.0) if hole.kind == "through"]
    n_right = 0
    for diameter, direction, _, cause in SEEDED:
        u = np.array(direction) / np.linalg.norm(direction)
        here = [
            hole
            for hole in found
            if np.linalg.norm(np.array(hole.centre_lps_mm) - u * 28.5) < max(2.0, diameter / 4)
        ]
        assert len(here) == 1, (diameter, here)
        assert abs(here[0].diameter_mm - diameter) <= 0.5, here[0]
        n_right += here[0].cause == cause
    assert n_right >= 9
    assert len(found) == len(SEEDED)


def test_a_closed_shell_has_no_holes_but_its_hollow_is_too_wide():
    axis = np.arange(48) * 0.8 - 19.0
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    r = np.sqrt(x**2 + y**2 + z**2)
    hu = 40.0 + 1160.0 * (ndtr((15 - r) / 0.5) - ndtr((11 - r) / 0.5))
    grid = Grid(dims_ijk=(48, 48, 48), lps_from_ijk=np.diag([0.8, 0.8, 0.8, 1.0]))
    volume = Volume(values=hu.astype(np.int16), grid=grid)
    assert find_wall_holes(volume, iso_hu=620.0) == ()
    (hollow,) = find_wall_holes(volume, iso_hu=620.0, max_diameter_mm=30.0)
    assert hollow.kind == "hollow"
    assert hollow.diameter_mm == pytest.approx(22.0, abs=0.8)
