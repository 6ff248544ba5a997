"""Bodies with sharp edges, and thin plates, blurred in closed form: the stated uncertainty covers the error."""

import numpy as np
import pytest
from scipy.special import ndtr

from calvaria import Mesh, compare_to_image
from overlay_bodies import CENTRE, OBLIQUE, grid_about, image, places

U, _, VT = np.linalg.svd(OBLIQUE)
TURN = U @ VT
HALF = np.array([7.0, 6.0, 5.0])


def sheet(axis, height, half, n=24):
    """One side of a box about the origin, looking towards the sign of its height."""
    u, v = (axis + 1) % 3, (axis + 2) % 3
    a, b = np.meshgrid(np.linspace(-1, 1, n + 1), np.linspace(-1, 1, n + 1), indexing="ij")
    points = np.zeros((a.size, 3))
    points[:, axis], points[:, u], points[:, v] = height, a.ravel() * half[u], b.ravel() * half[v]
    at = np.arange(a.size).reshape(n + 1, n + 1)
    p, q, r, s = (part.ravel() for part in (at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]))
    faces = np.vstack([np.column_stack([p, q, r]), np.column_stack([p, r, s])])
    return points, faces if height > 0 else faces[:, ::-1]


def mesh_of(sheets):
    points = np.vstack([one for one, _ in sheets])
    starts = np.cumsum([0, *(len(one) for one, _ in sheets)])
    faces = np.vstack([one + start for (_, one), start in zip(sheets, starts, strict=False)])
    places_of, number = np.unique(np.round(points, 6), axis=0, return_inverse=True)
    return Mesh(vertices=places_of @ TURN.T + CENTRE, faces=number.ravel()[faces])


def slab(points, half, sigma):
    return ndtr((half - points) / sigma) - ndtr((-half - points) / sigma)


def in_units(found):
    return (found.offset_mm / found.uncertainty_mm)[found.is_measured]


@pytest.mark.parametrize("noise", [0.0, 30.0])
@pytest.mark.parametrize("spacing", [0.5, 1.0])
@pytest.mark.parametrize("sigma", [0.4, 0.7, 1.0, 1.4, 1.6])
def test_the_uncertainty_of_a_box_covers_its_edges(sigma, spacing, noise):
    grid = grid_about(28, spacing)
    points = places(grid) @ TURN
    share = np.prod([slab(points[:, n], HALF[n], sigma) for n in range(3)], axis=0)
    box = mesh_of([sheet(axis, side * HALF[axis], HALF) for axis in range(3) for side in (-1, 1)])
    found = compare_to_image(box, image(grid, share, noise=noise), n_samples=2000)
    assert np.mean(np.abs(in_units(found)) <= 2) > (0.91 if sigma < 1.5 else 0.86)
    # The middle of the sides, as far from the edges as the image is read blurred, is as exact as ever.
    read = np.hypot(sigma, found.smoothed_mm)
    inside = np.sort(HALF - np.abs((found.points_lps_mm - CENTRE) @ TURN), axis=1)[:, 1]
    if sigma > 1.5:
        # So blurred, a body of 10 mm has no plateau left; the uncertainty covers that.
        return
    assert abs(found.summary.mean_mm) < 0.1 * read
    middle = found.offset_mm[found.is_measured & (inside > 3.5 * read)]
    assert not len(middle) or abs(middle.mean()) < 0.05


@pytest.mark.parametrize("ratio", [8, 20])
@pytest.mark.parametrize("thickness", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("sigma", [0.4, 0.9])
def test_a_thin_plate_is_read_right_or_said_to_be_too_thin(thickness, sigma, ratio):
    grid = grid_about(26, 0.5)
    share = slab((places(grid) @ TURN)[:, 2], thickness / 2, sigma)
    share = share + np.random.default_rng(5).normal(0, 1 / ratio, len(share))
    half = (7.0, 7.0, 1.0)
    plate = mesh_of([sheet(2, side * thickness / 2, half, n=28) for side in (-1, 1)])
    found = compare_to_image(plate, image(grid, share, high=1040, low=40), n_samples=1000)
    codes = {one.code for one in found.findings}
    assert abs(found.summary.mean_mm) < 0.07 or codes & {"overlay_thin", "overlay_noise"}
