"""Bodies whose blurred image is known in closed form, and their exact surfaces."""

import numpy as np
from scipy.special import ndtr

from calvaria import Grid, Mesh, Volume

OBLIQUE = np.array([[0.96, -0.20, 0.17], [0.15, 0.95, 0.27], [-0.22, -0.24, 0.95]])
CENTRE = np.array([3.13, -7.27, 40.11])


def grid_about(size_mm, spacing, *, turn=None, shear=0.0, is_left=False):
    """A grid of about that many mm whose middle lies off every voxel centre."""
    spacing = np.broadcast_to(spacing, 3)
    u, _, vt = np.linalg.svd(np.eye(3) if turn is None else turn)
    sheared = np.eye(3)
    sheared[1, 2] = shear
    steps = u @ vt @ sheared @ np.diag(spacing)
    if is_left:
        steps[:, 2] *= -1
    dims = tuple(int(np.ceil(size_mm / one)) for one in spacing)
    affine = np.eye(4)
    affine[:3, :3] = steps
    affine[:3, 3] = CENTRE - steps @ ((np.array(dims) - 1) / 2 + 0.21)
    return Grid(dims_ijk=dims, lps_from_ijk=affine)


def places(grid):
    k, j, i = np.indices(grid.shape_kji)
    return grid.lps_mm_from_ijk(np.stack([i, j, k], axis=-1).reshape(-1, 3)) - CENTRE


def blurred_ball(points, radius, sigma):
    """A ball blurred by a Gaussian: exact."""
    r = np.maximum(np.linalg.norm(points, axis=1), 1e-6)
    rim = np.exp(-((radius - r) ** 2) / 2 / sigma**2) - np.exp(-((radius + r) ** 2) / 2 / sigma**2)
    return (
        ndtr((radius - r) / sigma)
        - ndtr((-radius - r) / sigma)
        - sigma / (r * np.sqrt(2 * np.pi)) * rim
    )


def image(grid, shares, *, noise=0.0, seed=3, high=1000.0, low=0.0):
    """HU of shares between 0 and 1."""
    values = low + (high - low) * shares
    if noise:
        values = values + np.random.default_rng(seed).normal(0.0, noise, values.shape)
    return Volume(values=np.rint(values).astype(np.int16).reshape(grid.shape_kji), grid=grid)


def ball(radius, sigma, spacing, *, noise=0.0, **of_grid):
    grid = grid_about(2 * radius + 14, spacing, **of_grid)
    return image(grid, blurred_ball(places(grid), radius, sigma), noise=noise)


def ball_mesh(radius, n=80, *, is_inverted=False):
    """A ball of triangles whose corners lie on it."""
    theta = np.linspace(0, np.pi, n + 1)[1:-1]
    phi = np.arange(2 * n) * np.pi / n
    t, p = np.meshgrid(theta, phi, indexing="ij")
    ring = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1).reshape(-1, 3)
    vertices = np.vstack([ring, [[0, 0, 1], [0, 0, -1]]])
    index = np.arange((n - 1) * 2 * n).reshape(n - 1, 2 * n)
    after = np.roll(index, -1, axis=1)
    a, b, c, d = index[:-1].ravel(), after[:-1].ravel(), index[1:].ravel(), after[1:].ravel()
    top, bottom = len(vertices) - 2, len(vertices) - 1
    faces = np.vstack(
        [
            np.column_stack([a, c, b]),
            np.column_stack([b, c, d]),
            np.column_stack([np.full(2 * n, top), index[0], after[0]]),
            np.column_stack([np.full(2 * n, bottom), after[-1], index[-1]]),
        ]
    )
    # The chords of triangles lie inside the ball; a little larger, and the area is that of the ball.
    size = radius * (1 + (np.pi / n) ** 2 / 12)
    if is_inverted:
        faces = faces[:, ::-1]
    return Mesh(vertices=vertices * size + CENTRE, faces=faces.astype(np.int32))
