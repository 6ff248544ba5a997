"""A label on thin parts: nothing behind them, nothing through them."""

import numpy as np
import pytest

from calvaria.errors import MeshError
from calvaria.material import load_processes
from calvaria.mesh import combine_meshes, measure_mesh, measure_topology, split_mesh
from calvaria.printability import block_mesh, emboss_label, rod_mesh
from calvaria.printability.glyphs import dots_of
from mesh_shapes import icosphere
from printed_bodies import minus, union

pytest.importorskip("manifold3d")

FLAT = {"point_lps_mm": (0, 0, 0), "normal_lps": (0, 0, 1), "up": (0, 1, 0), "process": "fdm"}
RELIEF_MM = 0.6
# What fdm prints at least, below a text that is sunk in.
WALL_MM = 0.8


def plate(thickness):
    return block_mesh(size_mm=(40, 20, thickness), centre_lps_mm=(0, 0, -thickness / 2))


def volume_mm3(mesh):
    return measure_mesh(mesh).volume_mm3 if len(mesh.faces) else 0.0


def is_one_sound_body(mesh):
    topology = measure_topology(mesh)
    return (
        topology.is_closed
        and topology.is_manifold
        and topology.is_oriented
        and len(split_mesh(mesh)) == 1
    )


def ink_mm3(text, depth):
    """Dots of 1 mm overlap by 8 %, a little less where they have no neighbour."""
    return dots_of(text).sum() * depth, dots_of(text).sum() * 1.08**2 * depth


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize("thickness", [0.2, 0.8, 1.2, 1.8, 5.0])
def test_a_raised_text_never_comes_out_behind_a_plate(thickness, follow):
    part = plate(thickness)
    made = emboss_label(part, text="R 12", follow=follow, **FLAT)
    assert is_one_sound_body(made.mesh)
    assert made.mesh.vertices[:, 2].min() == -thickness
    assert made.mesh.vertices[:, 2].max() == pytest.approx(RELIEF_MM, abs=1e-12)
    behind = block_mesh(size_mm=(90, 90, 9), centre_lps_mm=(0, 0, -thickness - 4.5))
    assert volume_mm3(combine_meshes(made.mesh, behind, method="intersection")) == 0
    least, most = ink_mm3("R 12", RELIEF_MM)
    assert least < volume_mm3(made.mesh) - volume_mm3(part) < most
    # The part itself is all there.
    assert volume_mm3(combine_meshes(part, made.mesh, method="difference")) < 1e-9


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize("thickness", [0.5, 0.8, 1.2, 1.39, 1.4, 1.8, 5.0])
def test_a_sunk_text_leaves_a_wall_or_is_refused(thickness, follow):
    part = plate(thickness)
    if thickness < RELIEF_MM + WALL_MM:
        with pytest.raises(
            MeshError,
            match=rf"at least 1\.4 mm of the part expected .* found {thickness:.2f} mm",
        ):
            emboss_label(part, text="R 12", sink=True, follow=follow, **FLAT)
        return
    made = emboss_label(part, text="R 12", sink=True, follow=follow, **FLAT)
    assert is_one_sound_body(made.mesh)
    least, most = ink_mm3("R 12", RELIEF_MM)
    assert least < volume_mm3(part) - volume_mm3(made.mesh) < most
    floor = block_mesh(
        size_mm=(40, 20, thickness - RELIEF_MM),
        centre_lps_mm=(0, 0, -(thickness + RELIEF_MM) / 2),
    )
    assert volume_mm3(combine_meshes(floor, made.mesh, method="difference")) < 1e-6


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize("thickness", [0.8, 1.2, 1.8, 5.0])
@pytest.mark.parametrize("way", [(0, 0, 1), (0.36, -0.48, 0.8)], ids=["along z", "slanting"])
def test_a_raised_text_leaves_the_hollow_of_a_shell_alone(thickness, way, follow):
    radius, way = 40.0, np.array(way)
    hollow = icosphere(radius - thickness, 24)
    shell = minus(icosphere(radius, 24), hollow)
    # Facets lie a little within the sphere.
    on = way * (radius - 0.02)
    made = emboss_label(
        shell, text="R 1", point_lps_mm=on, normal_lps=way, up=(1, 0, 0), process="fdm",
        follow=follow,
    )  # fmt: skip
    topology = measure_topology(made.mesh)
    assert topology.is_closed
    assert topology.is_manifold
    inner = [
        one
        for one in split_mesh(made.mesh)
        if np.linalg.norm(one.vertices, axis=1).max() < radius - thickness / 2
    ]
    assert len(inner) == 1
    assert np.array_equal(np.unique(inner[0].vertices, axis=0), np.unique(hollow.vertices, axis=0))
    assert volume_mm3(made.mesh) > volume_mm3(shell) + ink_mm3("R 1", 0.9 * RELIEF_MM)[0]


@pytest.mark.parametrize("follow", [False, True])
def test_a_thin_place_under_one_letter_counts(follow):
    """A pocket from behind leaves 0.7 mm under the last letter alone."""
    pocket = block_mesh(size_mm=(5, 8, 3), centre_lps_mm=(6, 0, -0.7 - 1.5))
    part = minus(plate(3.0), pocket)
    made = emboss_label(part, text="L 1", follow=follow, **FLAT)
    assert is_one_sound_body(made.mesh)
    assert volume_mm3(combine_meshes(made.mesh, pocket, method="intersection")) == 0
    with pytest.raises(MeshError, match=r"found 0\.70 mm"):
        emboss_label(part, text="L 1", sink=True, follow=follow, **FLAT)


@pytest.mark.parametrize("follow", [False, True])
def test_a_wall_behind_a_gap_is_left_alone(follow):
    """Walls of 0.8 mm and a gap of 0.4 mm: three reliefs would reach across."""
    gap = block_mesh(size_mm=(38, 18, 0.4), centre_lps_mm=(0, 0, -1.0))
    box = minus(plate(2.0), gap)
    made = emboss_label(box, text="R 12", follow=follow, **FLAT)
    assert volume_mm3(combine_meshes(made.mesh, gap, method="intersection")) < 1e-12
    with pytest.raises(MeshError, match=r"found 0\.80 mm"):
        emboss_label(box, text="R 12", sink=True, follow=follow, **FLAT)


def test_a_sunk_text_that_follows_leaves_the_wall_behind_alone():
    """The text falls by 3 mm to its sides; below its middle another wall lies that deep."""
    rod = rod_mesh(start_lps_mm=(0, -20, -14), end_lps_mm=(0, 20, -14), radius_mm=14, n_sides=96)
    gap = block_mesh(size_mm=(6, 18, 0.4), centre_lps_mm=(0, 0, -2.0))
    part = minus(rod, gap)
    made = emboss_label(part, text="R12", sink=True, follow=True, **FLAT)
    below = block_mesh(size_mm=(6, 18, 3), centre_lps_mm=(0, 0, -3.7))
    left = combine_meshes(below, made.mesh, method="intersection")
    assert volume_mm3(left) == pytest.approx(6 * 18 * 3, abs=1e-9)


def test_a_flat_text_on_a_surface_that_falls_away_is_refused():
    rod = rod_mesh(start_lps_mm=(0, -20, -10), end_lps_mm=(0, 20, -10), radius_mm=10, n_sides=96)
    with pytest.raises(MeshError, match="follow=True"):
        emboss_label(rod, text="R12", **FLAT)
    made = emboss_label(rod, text="R", **FLAT)
    assert is_one_sound_body(made.mesh)


@pytest.mark.parametrize("sink", [False, True])
def test_a_text_buried_in_the_part_is_refused(sink):
    step = union(plate(5.0), block_mesh(size_mm=(12, 20, 8), centre_lps_mm=(14, 0, 3)))
    with pytest.raises(MeshError, match=r"found it 7\.0 mm above"):
        emboss_label(step, text="TEST", sink=sink, **FLAT)


def test_a_text_past_the_edge_is_refused():
    with pytest.raises(MeshError, match="dots past the edge"):
        emboss_label(plate(5.0), text="PAST THE EDGE", **FLAT)


@pytest.mark.parametrize("process", sorted(load_processes()))
def test_every_process_says_which_wall_it_leaves(process):
    """A slab of 20 mm takes a sunk text in any process, and a foil of 0.05 mm in none."""
    ask = FLAT | {"process": process}
    assert emboss_label(plate(20.0), text="I", sink=True, **ask).is_sunk
    with pytest.raises(MeshError, match=r"found 0\.05 mm"):
        emboss_label(plate(0.05), text="I", sink=True, **ask)
