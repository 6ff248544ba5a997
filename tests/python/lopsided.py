"""One lopsided, oblique, anisotropic volume for every test of an axis order."""

import numpy as np

from calvaria import Finding, Grid, Verdict, Volume

DIMS_IJK = (11, 7, 5)
SPACING = np.array([0.4, 0.7, 1.9])
ORIGIN = np.array([-31.25, 12.5, 470.125])
FINDING = Finding(code="slice_gap", verdict=Verdict.FAIL, message="A slice is missing.")


def rotation(seed=3):
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def affine(kind):
    steps = rotation() * SPACING
    if kind == "left-handed":
        steps[:, 2] *= -1
    if kind == "sheared":
        steps[:, 2] += 0.6 * steps[:, 1]
    made = np.eye(4)
    made[:3, :3], made[:3, 3] = steps, ORIGIN
    return made


def lopsided(kind):
    """A value that names its own index: 100 i + 10 j + k + 1, so that no flip can hide."""
    k, j, i = np.indices(DIMS_IJK[::-1])
    values = (1000 * i + 50 * j + k + 1 - 3000).astype(np.int16)
    return Volume(
        values=values,
        grid=Grid(dims_ijk=DIMS_IJK, lps_from_ijk=affine(kind)),
        findings=(FINDING,),
    )


def same(a, b, *, tolerance_mm=1e-9):
    assert a.grid.is_close(b.grid, tolerance_mm=tolerance_mm)
    assert a.values.dtype == b.values.dtype
    np.testing.assert_array_equal(a.values, b.values)
