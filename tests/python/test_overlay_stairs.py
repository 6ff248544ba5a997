"""Thick slices are told from the mesh alone, after resampling, smoothing and loss of the header."""

import numpy as np
import pytest

from calvaria import Grid, Mesh, Volume, extract_surface, phantom, resample_to_grid, smooth_mesh
from calvaria.errors import MeshError
from calvaria.overlay import measure_stairs
from mesh_shapes import icosphere

PIXEL = 0.8


def turned(rng):
    """A head that lies in the scanner anyhow, up to 25 degrees about each axis."""
    turn = np.eye(3)
    for axis, angle in enumerate(np.radians(rng.uniform(-25, 25, 3))):
        one = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        one[a, a] = one[b, b] = np.cos(angle)
        one[a, b], one[b, a] = -np.sin(angle), np.sin(angle)
        turn = one @ turn
    return (*turn[:, 0], *turn[:, 1])


def bare_mesh(slice_mm, orientation, *, size_mm=110.0, seed=0):
    """A smoothed mesh of a head, made from slices interpolated to 0.5 mm, in the scanner's axes."""
    n = int(size_mm / PIXEL)
    scanner = phantom.Scanner(
        columns=n,
        rows=n,
        spacing_xy_mm=(PIXEL, PIXEL),
        slice_thickness_mm=slice_mm,
        slice_increment_mm=slice_mm,
        n_slices=int(size_mm / slice_mm),
        centre_lps_mm=(0.0, -20.0, 40.0),
        orientation=orientation,
        seed=seed,
    )
    values = phantom.scan(phantom.head(), scanner=scanner).values
    own = np.diag([PIXEL, PIXEL, slice_mm, 1.0])
    image = Volume(values=values, grid=Grid(dims_ijk=values.shape[::-1], lps_from_ijk=own))
    fine = Grid(
        dims_ijk=(n, n, int((len(values) - 1) * slice_mm / 0.5)),
        lps_from_ijk=np.diag([PIXEL, PIXEL, 0.5, 1.0]),
    )
    mesh = smooth_mesh(extract_surface(resample_to_grid(image, grid=fine), iso_hu=500.0)).mesh
    return Mesh(vertices=mesh.vertices.astype(np.float32), faces=mesh.faces, kinds=mesh.kinds)


def test_the_step_is_the_distance_of_the_slices():
    orientation = turned(np.random.default_rng(7))
    steps = [measure_stairs(bare_mesh(mm, orientation)) for mm in (0.5, 1.0, 1.25, 2.0)]
    # The pixels of 0.8 mm are coarser than slices of 0.5 mm.
    for found, expected in zip(steps, (0.8, 1.0, 1.25, 2.0), strict=True):
        assert found.step_mm == pytest.approx(expected, abs=0.06)
    assert steps[0].axis in "xy"
    assert steps[3].axis == "z"


def test_slices_that_lie_aslant_are_told_across_their_own_grid():
    mesh = bare_mesh(2.0, turned(np.random.default_rng(8)))
    turn = np.array(turned(np.random.default_rng(9))).reshape(2, 3)
    turn = np.stack([*turn, np.cross(*turn)])
    aslant = Mesh(vertices=mesh.vertices @ turn.T, faces=mesh.faces, kinds=mesh.kinds)
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([PIXEL, PIXEL, 2.0])
    found = measure_stairs(aslant, grid=Grid(dims_ijk=(9, 9, 9), lps_from_ijk=affine))
    assert found.step_mm == pytest.approx(2.0, abs=0.06)
    assert found.axis == "k"


def turned_anyhow(mesh, rng):
    """The mesh in axes that have nothing to do with those of the scanner, and the slices' normal there."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn[:, 0] *= np.linalg.det(turn)
    vertices = (mesh.vertices @ turn.T).astype(np.float32)
    return Mesh(vertices=vertices, faces=mesh.faces, kinds=mesh.kinds), turn[:, 2]


def test_slices_in_any_direction_are_told_from_the_mesh_alone():
    rng = np.random.default_rng(21)
    orientation = turned(rng)
    thick, across = turned_anyhow(bare_mesh(2.0, orientation, size_mm=70.0), rng)
    found = measure_stairs(thick)
    assert found.step_mm == pytest.approx(2.0, abs=0.04)
    assert found.axis == "aslant"
    # Within half a degree, either way round.
    assert abs(np.dot(found.direction, across)) > np.cos(np.radians(0.5))
    assert 0.001 < found.height_mm < 0.02
    thin, _ = turned_anyhow(bare_mesh(0.5, orientation, size_mm=70.0), rng)
    assert measure_stairs(thin).step_mm < 1.0


def test_pixels_finer_than_the_cells_of_the_search_do_not_come_back_as_longer_waves():
    mesh = bare_mesh(0.5, turned(np.random.default_rng(7)), size_mm=70.0)
    assert measure_stairs(mesh).step_mm < 1.0


def test_a_wave_of_a_known_direction_and_length_is_found_and_noise_is_not():
    rng = np.random.default_rng(5)
    across = np.array([0.48, -0.6, 0.64])
    ball = icosphere(28.0, 100)
    for size, expected in ((0.03, 1.6), (0.0, 0.0)):
        vertices = ball.vertices + rng.normal(0, 0.01, ball.vertices.shape)
        place = vertices @ across
        vertices += size * np.sin(2 * np.pi * place / 1.6)[:, None] * across
        found = measure_stairs(Mesh(vertices=vertices, faces=ball.faces))
        assert found.step_mm == pytest.approx(expected, abs=0.03), found
        if size:
            assert abs(np.dot(found.direction, across)) > 0.9999


def test_a_smooth_body_has_no_stairs():
    n = 120
    theta, phi = np.meshgrid(
        np.linspace(0, np.pi, n), np.linspace(0, 2 * np.pi, 2 * n), indexing="ij"
    )
    ring = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1)
    rng = np.random.default_rng(1)
    points = 30.0 * ring.reshape(-1, 3) + rng.normal(0, 0.01, (2 * n * n, 3))
    at = np.arange(2 * n * n).reshape(n, 2 * n)
    a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]
    faces = np.stack([a, c, b, b, c, d], -1).reshape(-1, 3)
    tilted = points @ np.array([[0.8, 0.36, -0.48], [0.0, 0.8, 0.6], [0.6, -0.48, 0.64]])
    found = measure_stairs(Mesh(vertices=tilted, faces=faces))
    assert found.step_mm < 1.0 or found.height_mm < 1e-3


@pytest.mark.parametrize(("slice_mm", "expected"), [(0.5, 0.0), (2.0, 2.0)])
def test_a_fine_scan_of_a_smooth_ball_has_none_and_a_thick_one_has(slice_mm, expected):
    scanner = phantom.Scanner(
        columns=80,
        rows=80,
        n_slices=int(48 / slice_mm),
        spacing_xy_mm=(0.6, 0.6),
        slice_thickness_mm=slice_mm,
        slice_increment_mm=slice_mm,
    )
    body = phantom.sphere(centre_lps_mm=(0.1, 0.13, 0.21), radius_mm=20.0)
    found = measure_stairs(extract_surface(phantom.scan(body, scanner=scanner), iso_hu=0.0))
    assert found.step_mm == pytest.approx(expected, abs=0.25)


def test_a_mesh_that_is_not_in_millimetres_is_refused():
    with pytest.raises(MeshError, match="mesh: at most 3000 mm"):
        measure_stairs(icosphere(1e6, 4))
    assert measure_stairs(icosphere(1000.0, 4)).step_mm >= 0.0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [5, 29])
def test_two_millimetres_are_told_from_half_a_millimetre_on_forty_meshes_turned_anyhow(seed):
    rng = np.random.default_rng(seed)
    thick, thin = [], []
    for n in range(20):
        orientation = turned(rng)
        for slice_mm, steps in ((2.0, thick), (0.5, thin)):
            mesh = bare_mesh(slice_mm, orientation, size_mm=80.0, seed=100 * seed + n)
            steps.append(measure_stairs(turned_anyhow(mesh, rng)[0]).step_mm)
    wins = np.subtract.outer(thick, thin)
    auc = ((wins > 0) + 0.5 * (wins == 0)).mean()
    assert auc >= 0.95, (thick, thin)
    # And the number is right, not only larger.
    assert np.mean(np.abs(np.array(thick) - 2.0) < 0.06) >= 0.9
    assert np.mean(np.array(thin) < 1.0) >= 0.9


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("poses", [3, 17])
def test_two_millimetres_are_told_from_half_a_millimetre_on_forty_meshes(poses):
    rng = np.random.default_rng(poses)
    thick, thin = [], []
    for seed in range(20):
        orientation = turned(rng)
        thick.append(measure_stairs(bare_mesh(2.0, orientation, seed=100 * poses + seed)).step_mm)
        thin.append(measure_stairs(bare_mesh(0.5, orientation, seed=100 * poses + seed)).step_mm)
    wins = np.subtract.outer(thick, thin)
    auc = ((wins > 0) + 0.5 * (wins == 0)).mean()
    assert auc >= 0.95, (thick, thin)
