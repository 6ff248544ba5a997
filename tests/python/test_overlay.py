"""Offsets of a mesh from the edges in its image, against bodies that are known in closed form."""

import dataclasses

import numpy as np
import pytest
from scipy.special import ndtr

from calvaria import FaceKind, Grid, Mask, Mesh, Volume, compare_to_image, extract_surface, phantom
from calvaria.errors import MeshError
from calvaria.overlay import EdgeStatus
from overlay_bodies import (
    CENTRE,
    OBLIQUE,
    ball,
    ball_mesh,
    blurred_ball,
    grid_about,
    image,
    places,
)
from thread_counts import outputs_of

N = 4000
GRIDS = {
    "straight": {},
    "oblique": {"turn": OBLIQUE},
    "sheared": {"turn": OBLIQUE, "shear": 0.3},
    "left-handed": {"is_left": True, "shear": -0.25},
}


@pytest.mark.parametrize("edge", ["half_maximum", "gradient_maximum"])
@pytest.mark.parametrize("of_grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize(("spacing", "allowed"), [(0.5, 0.02), (1.0, 0.05)])
def test_a_shift_along_the_normals_is_recovered_on_any_grid(edge, of_grid, spacing, allowed):
    volume = ball(12.0, 0.55, spacing, noise=12.0, **of_grid)
    for shift in (0.0, 0.05, 0.2, 0.5, 1.0, -0.5):
        found = compare_to_image(ball_mesh(12.0 + shift), volume, edge=edge, n_samples=N)
        assert found.summary.measured_fraction > 0.99
        assert abs(found.summary.mean_mm - shift) < allowed, shift
        assert abs(found.summary.median_mm - shift) < allowed, shift


@pytest.mark.parametrize("edge", ["half_maximum", "gradient_maximum"])
@pytest.mark.parametrize("radius", [4.0, 8.0, 16.0])
def test_blur_moves_a_curved_edge_as_theory_says_and_is_taken_out(edge, radius):
    volume = ball(radius, 0.7, 0.5, turn=OBLIQUE)
    mesh = ball_mesh(radius)
    raw = compare_to_image(mesh, volume, edge=edge, n_samples=N, correct_curvature=False)
    assert raw.summary.mean_mm == pytest.approx(0.7**2 / radius, rel=0.15, abs=0.003)
    corrected = compare_to_image(mesh, volume, edge=edge, n_samples=N)
    assert abs(corrected.summary.mean_mm) < 0.012
    assert corrected.blur_in_plane_mm == pytest.approx(0.7, rel=0.05)


@pytest.mark.parametrize("noise", [15.0, 40.0])
def test_the_uncertainty_says_how_far_samples_scatter(noise):
    found = compare_to_image(ball_mesh(12.0), ball(12.0, 0.6, 0.5, noise=noise), n_samples=N)
    in_sigmas = found.offset_mm / found.uncertainty_mm
    assert 0.6 < np.nanstd(in_sigmas) < 1.5


def shell(thickness, *, sigma=0.5, spacing=0.5, marrow=0.0):
    """A ball of radius 12 with a wall, and what is inside it."""
    grid = grid_about(40.0, spacing)
    r = places(grid)
    wall = blurred_ball(r, 12.0, sigma) - (1 - marrow) * blurred_ball(r, 12.0 - thickness, sigma)
    # A solid knob besides, so that there is bone whose plateau is reached.
    knob = blurred_ball(r - [15.5, 0.0, 0.0], 4.0, sigma)
    return image(grid, np.maximum(wall, knob), noise=8.0)


@pytest.mark.parametrize(("thickness", "marrow"), [(3.0, 0.0), (1.5, 0.3), (1.1, 0.0)])
def test_the_other_side_of_a_thin_wall_does_not_move_the_edge(thickness, marrow):
    volume = shell(thickness, marrow=marrow)
    found = compare_to_image(ball_mesh(12.0), volume, n_samples=N)
    away = found.points_lps_mm[:, 0] < CENTRE[0] + 6.0
    summary = found.summarise(away)
    assert summary.measured_fraction > 0.97
    assert abs(summary.median_mm) < 0.025
    # Midway between what is reached would lie outside by this much.
    if thickness < 1.5:
        reached = 2 * ndtr(thickness / 2 / 0.5) - 1
        assert 0.5 * np.sqrt(2 * np.pi) * (1 - reached) / 2 > 0.05


@pytest.fixture(scope="module")
def vault():
    """A piece of the vault of the head phantom: its true surface, and scans of it."""
    head = phantom.head()
    low, spacing, dims = np.array([-24.0, -72.0, 84.0]), 0.5, (52, 48, 40)
    affine = np.diag([spacing] * 3 + [1.0])
    affine[:3, 3] = low
    grid = Grid(dims_ijk=dims, lps_from_ijk=affine)
    distance = head.signed_distance_mm("skull", places(grid) + CENTRE)
    field = Volume(
        values=-distance.astype(np.float32).reshape(grid.shape_kji), grid=grid, quantity="arbitrary"
    )
    return head, extract_surface(field, iso_hu=0.0, close_border=False), low + 0.25 * np.array(dims)


@pytest.mark.parametrize(
    ("spacing", "tilt", "allowed"), [(0.5, 0.0, 0.02), (0.5, 18.0, 0.02), (1.0, 0.0, 0.05)]
)
@pytest.mark.parametrize("edge", ["half_maximum", "gradient_maximum"])
def test_a_perfect_mesh_of_the_head_reads_zero(vault, spacing, tilt, allowed, edge):
    head, mesh, middle = vault
    n = int(42 / spacing)
    scanner = phantom.Scanner(
        columns=n,
        rows=n,
        spacing_xy_mm=(spacing, spacing),
        slice_thickness_mm=spacing,
        slice_increment_mm=spacing,
        n_slices=int(36 / spacing),
        centre_lps_mm=tuple(middle),
        gantry_tilt_deg=tilt,
    )
    found = compare_to_image(mesh, phantom.scan(head, scanner=scanner), n_samples=N, edge=edge)
    assert found.summary.measured_fraction > 0.97
    assert abs(found.summary.mean_mm) < allowed
    if spacing == 0.5 and edge == "half_maximum":
        assert found.summary.p95_mm <= 0.1  # R47


def test_what_has_no_edge_is_said_not_dropped():
    volume = ball(8.0, 0.6, 0.5)
    in_air = compare_to_image(ball_mesh(10.8), volume, n_samples=500, search_mm=1.0)
    assert in_air.status_fractions["flat"] == 1.0
    assert np.isnan(in_air.summary.mean_mm)
    assert in_air.to_dict()["summary"]["mean_mm"] is None
    beyond = compare_to_image(ball_mesh(30.0), volume, n_samples=500)
    assert beyond.status_fractions["outside"] == 1.0
    inverted = compare_to_image(ball_mesh(8.0, is_inverted=True), volume, n_samples=500)
    assert inverted.status_fractions["reversed"] == 1.0
    assert sum(inverted.status_fractions.values()) == pytest.approx(1.0)


def test_metal_is_no_edge_of_bone():
    grid = grid_about(34.0, 0.5)
    metal = image(grid, blurred_ball(places(grid), 8.0, 0.6), high=9000.0, low=-1000.0)
    clipped = Volume(values=np.minimum(metal.values, 3071), grid=grid)
    found = compare_to_image(ball_mesh(8.0), clipped, n_samples=500)
    assert found.status_fractions["saturated"] > 0.95


def test_lids_are_counted_but_not_measured():
    volume = ball(8.0, 0.6, 0.5)
    half = Volume(
        values=volume.values[: volume.grid.dims_ijk[2] // 2],
        grid=Grid(
            dims_ijk=(*volume.grid.dims_ijk[:2], volume.grid.dims_ijk[2] // 2),
            lps_from_ijk=volume.grid.lps_from_ijk,
        ),
    )
    mesh = extract_surface(half, iso_hu=500.0)
    found = compare_to_image(mesh, half, n_samples=1000)
    assert found.excluded_mm2["cap"] == pytest.approx(np.pi * 64, rel=0.03)
    assert (mesh.kinds[found.faces] == FaceKind.SURFACE).all()


def test_tolerance_slices_regions_and_places_agree_with_the_samples():
    mesh = ball_mesh(12.0)
    out = (mesh.vertices - CENTRE) / 12.0
    bump = np.where(out[:, 2:] > 0.9, 0.6, 0.0)
    dented = Mesh(vertices=mesh.vertices + bump * out, faces=mesh.faces)
    volume = ball(12.0, 0.6, 0.5, noise=5.0)
    labels = np.where(places(volume.grid).reshape(*volume.grid.shape_kji, 3)[..., 0] > 0, 2, 1)
    regions = Mask(values=labels.astype(np.uint8), grid=volume.grid, names={1: "right", 2: "left"})
    found = compare_to_image(dented, volume, tolerance_mm=0.3, n_samples=N, regions=regions)
    cap = 2 * np.pi * 12.6**2 * (1 - 0.9) / 100
    assert found.summary.outside_cm2 == pytest.approx(cap, rel=0.08)
    (worst,) = found.worst_places(beyond_mm=0.3)
    assert np.linalg.norm(np.array(worst.centre_lps_mm) - CENTRE - [0, 0, 12.6]) < 1.0
    assert worst.mean_mm == pytest.approx(0.6, abs=0.05)
    axial = found.by_slice("axial")
    assert [one.index for one in axial] == sorted(one.index for one in axial)
    assert axial[-1].mean_mm > 0.4
    assert abs(axial[len(axial) // 2].mean_mm) < 0.05
    assert sum(one.n_measured for one in found.by_slice("sagittal")) > 0.98 * N
    regional = found.by_region()
    assert set(regional) == {"left", "right"}
    assert sum(one.n_samples for one in regional.values()) == N
    assert abs(regional["left"].n_samples - N / 2) < N / 20
    by_face = compare_to_image(
        mesh, volume, n_samples=500, regions=np.arange(len(mesh.faces)) % 2, names={1: "odd"}
    )
    assert set(by_face.by_region()) == {"elsewhere", "odd"}


def test_the_level_of_the_mesh_is_read_from_the_image():
    volume = ball(12.0, 0.6, 0.5)
    low = compare_to_image(extract_surface(volume, iso_hu=226.0), volume, n_samples=1000)
    assert low.mesh_level == pytest.approx(226.0, abs=8.0)
    assert low.summary.mean_mm == pytest.approx(0.6 * 0.752 - 0.6**2 / 12.0, abs=0.02)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"edge": "canny"}, ValueError),
        ({"n_samples": 5}, ValueError),
        ({"tolerance_mm": -1.0}, ValueError),
        ({"search_mm": np.nan}, ValueError),
        ({"search_mm": 51.0}, ValueError),
        ({"tolerance_mm": "a"}, ValueError),
        ({"least_contrast": "x"}, ValueError),
        ({"level": np.nan}, ValueError),
        ({"n_samples": 1000.5}, ValueError),
        ({"volume": 3}, TypeError),
        ({"regions": np.zeros(112)}, MeshError),
        ({"regions": [1, 2]}, MeshError),
    ],
)
def test_what_cannot_be_is_refused_by_name(change, error):
    with pytest.raises(error, match=next(iter(change))):
        compare_to_image(**({"mesh": ball_mesh(8.0, n=8), "volume": ball(8.0, 0.6, 1.0)} | change))


@pytest.mark.parametrize("search_mm", [31.0, 40.0, 50.0])
def test_a_far_search_finds_the_same_edge(search_mm):
    volume = ball(10.0, 0.7, 1.0)
    found = compare_to_image(ball_mesh(10.3), volume, n_samples=500, search_mm=search_mm)
    assert found.summary.measured_fraction > 0.9
    assert found.summary.median_mm == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize("radius", [3.0, 5.0, 10.0, 14.0])
def test_a_perfect_mesh_of_a_phantom_reads_zero(radius):
    n = int((2 * radius + 10) / 0.5)
    scanner = phantom.Scanner(
        columns=n,
        rows=n,
        n_slices=n,
        spacing_xy_mm=(0.5, 0.5),
        slice_thickness_mm=0.5,
        slice_increment_mm=0.5,
        noise_hu=5.0,
    )
    centre = (0.1, 0.13, 0.21)
    volume = phantom.scan(phantom.sphere(centre_lps_mm=centre, radius_mm=radius), scanner=scanner)
    mesh = ball_mesh(radius)
    mesh = Mesh(vertices=mesh.vertices - CENTRE + centre, faces=mesh.faces)
    found = compare_to_image(mesh, volume, n_samples=2000)
    assert abs(found.summary.mean_mm) < 0.02


@pytest.mark.parametrize("edge", ["half_maximum", "gradient_maximum"])
def test_a_blurry_scan_is_measured_with_its_own_blur_though_the_mesh_lies_a_millimetre_off(edge):
    grid = grid_about(48.0, 0.6, turn=OBLIQUE)
    volume = image(grid, blurred_ball(places(grid), 14.0, 1.35), high=1300.0, noise=15.0)
    found = compare_to_image(ball_mesh(15.0), volume, edge=edge, n_samples=N)
    assert found.n_blur_edges > 0
    assert found.blur_in_plane_mm == pytest.approx(1.35, rel=0.12)
    assert found.summary.measured_fraction > 0.95
    assert abs(found.summary.median_mm - 1.0) < 0.03


def test_edges_without_the_shift_of_blur_are_measured_without_its_correction():
    grid = grid_about(32.0, 0.5)
    distance = np.linalg.norm(places(grid), axis=1) - 10.0
    volume = image(grid, ndtr(-distance / 0.5))
    raw = compare_to_image(ball_mesh(10.0), volume, n_samples=2000, correct_curvature=False)
    assert abs(raw.summary.mean_mm) < 0.005
    both = compare_to_image(ball_mesh(10.0), volume, n_samples=2000)
    assert both.summary.mean_mm == pytest.approx(-(0.5**2) / 10.0, abs=0.006)


def test_a_mask_of_0_and_1_that_says_hu_is_measured_all_the_same():
    grid = grid_about(28.0, 0.7)
    shares = blurred_ball(places(grid), 8.0, 0.6).astype(np.float32).reshape(grid.shape_kji)
    found = compare_to_image(ball_mesh(8.0), Volume(values=shares, grid=grid), n_samples=500)
    assert found.summary.measured_fraction > 0.99
    assert abs(found.summary.mean_mm) < 0.02


def test_slices_without_an_edge_are_told_and_all_samples_are_somewhere():
    volume = ball(10.0, 0.6, 1.0)
    values = volume.values.copy()
    values[13:19] = 500
    flat = Volume(values=values, grid=volume.grid)
    mesh = ball_mesh(10.0)
    names = {1: "jaw", 2: "jaw", 3: "elsewhere"}
    regions = np.arange(len(mesh.faces)) % 4
    found = compare_to_image(mesh, flat, n_samples=4000, regions=regions, names=names)
    slices = {one.index: one for one in found.by_slice("axial")}
    for index in (15, 16):
        assert slices[index].n_samples >= 10
        assert slices[index].unmeasured_fraction > 0.9
    assert all(one.n_measured <= one.n_samples for one in slices.values())
    by_name = found.by_region()
    assert set(by_name) == {"jaw", "elsewhere", "elsewhere (no name)"}
    assert sum(one.n_samples for one in by_name.values()) == 4000
    assert by_name["jaw"].n_samples == (found.labels % 3 > 0).sum()
    with pytest.raises(ValueError, match="chosen"):
        found.summarise(np.ones(5, dtype=bool))


def test_a_mesh_without_imaged_faces_is_refused():
    mesh = ball_mesh(8.0, n=8)
    lids = dataclasses.replace(mesh, kinds=np.full(len(mesh.faces), FaceKind.CAP, np.uint8))
    with pytest.raises(MeshError, match="imaged"):
        compare_to_image(lids, ball(8.0, 0.6, 1.0))


def test_the_same_bits_for_any_number_of_threads():
    program = (
        "import hashlib\n"
        "from overlay_bodies import ball, ball_mesh; from calvaria import compare_to_image\n"
        "found = compare_to_image(ball_mesh(8.0), ball(8.0, 0.6, 0.6, noise=9.0), n_samples=3000)\n"
        "print(hashlib.sha256(found.offset_mm.tobytes() + found.status.tobytes()).hexdigest())"
    )
    assert len(outputs_of(program, counts=(1, 3))) == 1


def test_statuses_are_documented_and_results_print():
    found = compare_to_image(ball_mesh(8.0, n=20), ball(8.0, 0.6, 0.6), n_samples=500)
    assert "mean" in repr(found)
    assert "<table" in found._repr_html_()
    assert set(found.to_dict()["status_fractions"]) == {one.name.lower() for one in EdgeStatus}
    with pytest.raises(ValueError, match="plane"):
        found.by_slice("oblique")
