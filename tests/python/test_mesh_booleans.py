"""Holes drilled into plates by the thousand: none fails, none is lost."""

import numpy as np
import pytest

from calvaria.mesh import combine_meshes, measure_mesh, measure_topology, transform_mesh
from calvaria.printability import block_mesh, rod_mesh
from printed_bodies import turned

pytest.importorskip("manifold3d")


def drilled(seed):
    """A plate in any pose with a hole in it, and the volume it must have."""
    rng = np.random.default_rng(seed)
    size = rng.uniform((10, 10, 1), (60, 40, 8))
    radius = rng.uniform(0.3, 4.0)
    room = np.maximum(size[:2] / 2 - radius - 0.05, 0.01)
    x, y = rng.uniform(-room, room)
    # Every fourth drill ends level with both sides of the plate, where booleans use to fail.
    reach = size[2] / 2 + (0.0 if seed % 4 == 0 else rng.uniform(0.1, 5))
    matrix = turned(seed)
    matrix[:3, 3] = rng.uniform(-100, 100, 3)
    plate, drill = (
        transform_mesh(mesh, matrix=matrix)
        for mesh in (
            block_mesh(size_mm=tuple(size)),
            rod_mesh(start_lps_mm=(x, y, -reach), end_lps_mm=(x, y, reach), radius_mm=radius),
        )
    )
    circle = 24 * radius**2 * np.sin(2 * np.pi / 48)  # rods have 48 sides
    return combine_meshes(plate, drill, method="difference"), (size[0] * size[1] - circle) * size[2]


def faults(seeds):
    found = []
    for seed in seeds:
        mesh, volume = drilled(seed)
        topology = measure_topology(mesh)
        if not (len(mesh.faces) and topology.is_closed and topology.is_manifold):
            found.append((seed, "not closed or not manifold"))
        elif abs(measure_mesh(mesh).volume_mm3 / volume - 1) > 0.005:
            found.append((seed, measure_mesh(mesh).volume_mm3 / volume))
    return found


def test_plates_drilled_at_random_are_whole():
    assert faults(range(100)) == []


@pytest.mark.slow
def test_a_thousand_plates_drilled_at_random_are_whole():
    assert faults(range(100, 1000)) == []
