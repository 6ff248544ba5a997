"""Which way a part comes off the bone: plugs whose cones and undercuts are known on paper."""

import numpy as np
import pytest

from calvaria.errors import MeshError
from calvaria.mesh import Mesh, transform_mesh
from calvaria.printability import block_mesh, find_insertion, rod_mesh
from printed_bodies import minus, turned, union

pytest.importorskip("manifold3d")

SIDES = 48


def frustum(below_mm, above_mm, low, high):
    """A cone cut off at both ends, of as many sides as it takes to be round."""
    turn = np.arange(SIDES) * 2 * np.pi / SIDES
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    vertices = np.vstack(
        [
            np.column_stack([below_mm * ring, np.full(SIDES, low)]),
            np.column_stack([above_mm * ring, np.full(SIDES, high)]),
            [(0, 0, low), (0, 0, high)],
        ]
    )
    a = np.arange(SIDES)
    b = (a + 1) % SIDES
    faces = np.vstack(
        [
            np.stack([a, b, b + SIDES], 1),
            np.stack([a, b + SIDES, a + SIDES], 1),
            np.stack([b, a, np.full(SIDES, 2 * SIDES)], 1),
            np.stack([a + SIDES, b + SIDES, np.full(SIDES, 2 * SIDES + 1)], 1),
        ]
    )
    return Mesh(vertices=vertices, faces=faces.astype(np.int32))


@pytest.mark.parametrize(("taper_deg", "seed"), [(6.0, 1), (20.0, 3)])
def test_a_tapered_plug_comes_off_within_its_taper(taper_deg, seed):
    """Side walls lean by the taper: any direction that leans less comes off."""
    wide = 4.0 + 6.0 * np.tan(np.radians(taper_deg))
    plug = frustum(4.0, wide, -2.0, 4.0)
    bone = minus(block_mesh(size_mm=(30, 30, 8)), plug)
    matrix = turned(seed)
    part, body = (transform_mesh(mesh, matrix=matrix) for mesh in (plug, bone))
    found = find_insertion(part, bone=body)
    assert found.is_free
    off = np.degrees(np.arccos(np.clip(np.array(found.way) @ matrix[:3, 2], -1, 1)))
    assert off < 2.5
    assert found.cone_deg + off == pytest.approx(taper_deg, abs=5.0)
    assert found.cone_deg == pytest.approx(taper_deg, abs=5.0)
    assert found.free_mm is None or found.blocked_mm2 < 1.0
    straight = find_insertion(part, bone=body, way=matrix[:3, 2])
    assert straight.cone_deg == pytest.approx(taper_deg, abs=1.5)
    assert not straight.is_blocked.any()


@pytest.mark.parametrize("seed", [5])
def test_a_flange_under_a_rim_is_an_undercut_of_its_area(seed):
    stem = rod_mesh(start_lps_mm=(0, 0, -1), end_lps_mm=(0, 0, 6), radius_mm=4.0)
    flange = rod_mesh(start_lps_mm=(0, 0, -4), end_lps_mm=(0, 0, -1), radius_mm=6.0)
    plug = union(stem, flange)
    bone = minus(block_mesh(size_mm=(30, 30, 12)), plug)
    matrix = turned(seed)
    part, body = (transform_mesh(mesh, matrix=matrix) for mesh in (plug, bone))
    found = find_insertion(part, bone=body)
    assert not found.is_free
    assert found.cone_deg == 0
    along = find_insertion(part, bone=body, way=matrix[:3, 2])
    ring = np.pi * (36 - 16) * np.sinc(2 / 48)  # rods have 48 sides
    assert along.blocked_mm2 == pytest.approx(ring, rel=0.05)
    assert along.free_mm == pytest.approx(0.0, abs=0.02)
    assert found.blocked_mm2 <= along.blocked_mm2 + 1e-6


def test_how_far_a_part_moves_before_it_touches():
    """A block in a chamber with 2.5 mm above it."""
    chamber = block_mesh(size_mm=(12, 12, 8.5), centre_lps_mm=(0, 0, 0.25))
    bone = minus(block_mesh(size_mm=(30, 30, 30)), chamber)
    part = block_mesh(size_mm=(6, 6, 6), centre_lps_mm=(0, 0, -1.0))
    found = find_insertion(part, bone=bone, way=(0, 0, 3))
    assert found.free_mm == pytest.approx(2.5, abs=1e-6)
    assert found.blocked_mm2 == pytest.approx(36.0, rel=1e-6)
    assert "held back by 36.0 mm2 after 2.5 mm" in repr(found)


def test_a_part_beside_a_bone_comes_off_away_from_it():
    bone = block_mesh(size_mm=(30, 30, 10))
    part = block_mesh(size_mm=(10, 10, 3), centre_lps_mm=(0, 0, 6.5))
    found = find_insertion(part, bone=bone)
    assert found.is_free
    assert found.way[2] > 0.95
    assert found.cone_deg == pytest.approx(88, abs=2)


def test_wrong_questions_are_refused():
    block = block_mesh(size_mm=(5, 5, 5))
    with pytest.raises(ValueError, match="way: three finite numbers"):
        find_insertion(block, bone=block, way=(0, 0, 0))
    with pytest.raises(ValueError, match="min_area_mm2"):
        find_insertion(block, bone=block, min_area_mm2=0)
    with pytest.raises(MeshError, match="at least one face"):
        find_insertion(block, bone=Mesh(vertices=np.zeros((0, 3)), faces=np.zeros((0, 3), int)))
