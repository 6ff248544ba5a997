"""Parts to print, put together from simple bodies."""

from functools import reduce

import numpy as np

from calvaria.mesh import combine_meshes
from calvaria.printability import refine_mesh


def union(*parts):
    return reduce(lambda a, b: combine_meshes(a, b, method="union"), parts)


def minus(body, tool):
    return combine_meshes(body, tool, method="difference")


def fine(mesh, longest_mm=0.6):
    return refine_mesh(mesh, longest_mm=longest_mm).mesh


def turned(seed):
    """A random rotation."""
    q = np.random.default_rng(seed).normal(size=4)
    w, x, y, z = q / np.linalg.norm(q)
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return matrix
