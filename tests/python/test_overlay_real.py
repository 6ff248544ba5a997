"""One plastic head, scanned upright with a bone kernel and tilted with a soft one."""

import warnings

import numpy as np
import pytest

import calvaria
from calvaria import compare_to_image, extract_surface
from calvaria.errors import CalvariaWarning
from calvaria.mesh import align_icp, transform_mesh
from calvaria.overlay import fit_pose, measure_threshold_bias
from calvaria.segment import bone_level, keep_largest, threshold

N = 20_000


@pytest.fixture(scope="module")
def scans(calvaria_data):
    folder = calvaria_data / "philips_head_phantom"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalvariaWarning)
        return {
            "upright": calvaria.load_series(folder / "bone_1mm_tilt0_S2030.zip"),
            "tilted": calvaria.load_series(folder / "mixed_folder_tilt-18.5_S21610.zip"),
        }


def drawn(volume, level):
    return extract_surface(
        volume, iso_hu=level, within=keep_largest(threshold(volume, lower_hu=level))
    )


def laid_on(mesh, volume, other):
    """The mesh of one scan laid on the other: surface on surface, then on the imaged edges."""
    moved = transform_mesh(mesh, matrix=align_icp(mesh, other, kept_fraction=0.7).matrix)
    pose = fit_pose(moved, volume, n_samples=N)
    return moved, pose


def test_the_mesh_of_the_upright_scan_fits_the_edges_of_the_tilted_one(scans):
    level = bone_level(scans["upright"]).level_hu
    mesh = drawn(scans["upright"], level)
    own = compare_to_image(mesh, scans["upright"], n_samples=N).summary
    assert abs(own.mean_mm) < 0.02
    assert own.p95_mm < 0.15
    moved, pose = laid_on(mesh, scans["tilted"], drawn(scans["tilted"], level))
    # Surfaces at one level were aligned; the edges agree with that to a sixth of a pixel.
    assert pose.shift_mm < 0.1
    assert pose.rotation_deg < 0.1
    assert abs(pose.scale_percent) < 0.1
    assert abs(pose.thickening_mm) < 0.06
    found = compare_to_image(moved, scans["tilted"], n_samples=N)
    # The tilted scan shows 122 of the 140 mm, in slices of 2.5 mm.
    assert found.summary.measured_fraction > 0.85
    assert abs(found.summary.median_mm) < 0.05
    assert found.summary.sd_mm < 0.3


def test_one_level_moves_the_surface_of_a_soft_kernel_more_than_that_of_a_sharp_one(scans):
    """226 HU lies 330 HU above midway between this plastic and air: both walls come out too thin."""
    meshes = {name: drawn(one, 226.0) for name, one in scans.items()}
    bias = {
        name: measure_threshold_bias(one, iso_hu=226.0, mesh=meshes[name], n_samples=N)
        for name, one in scans.items()
    }
    for one in bias.values():
        assert one.measured_wall_mm == pytest.approx(one.predicted_wall_mm, rel=0.25)
        assert one.measured_wall_mm < -0.2
    worth = bias["upright"].measured_wall_mm - bias["tilted"].measured_wall_mm
    predicted = bias["upright"].predicted_wall_mm - bias["tilted"].predicted_wall_mm
    assert worth == pytest.approx(predicted, abs=0.2)
    assert worth > 0.4
    # The same is seen with the eyes of the other scan: its edges owe nothing to this level.
    _, pose = laid_on(meshes["upright"], scans["tilted"], meshes["tilted"])
    assert 2 * pose.thickening_mm == pytest.approx(bias["upright"].measured_wall_mm, abs=0.1)
    assert np.isfinite(pose.thickening_error_mm)
