"""Phantoms and their scanner against sizes known on paper and against brute force."""

import itertools

import numpy as np
import pytest
from scipy import ndimage, special

from calvaria import phantom
from calvaria.errors import CalvariaError
from calvaria.phantom import Scanner, scan
from thread_counts import outputs_of

AIR = -1000.0


def small(**settings):
    """A scanner of 64 mm without noise."""
    spacing = settings.pop("spacing_mm", 1.0)
    n = round(64 / spacing)
    defaults = {
        "columns": n,
        "rows": n,
        "spacing_xy_mm": (spacing, spacing),
        "slice_thickness_mm": spacing,
        "slice_increment_mm": spacing,
        "noise_hu": 0.0,
        "sigma_mm": 0.5,
    }
    return Scanner(**{**defaults, **settings})


def volume_mm3(volume, hu):
    """Volume of a body in air from the sum of its partial volumes."""
    parts = (volume.values.astype(np.float64) - AIR) / (hu - AIR)
    return parts.sum() * volume.grid.voxel_volume_mm3


BODIES = {
    "sphere": (
        phantom.sphere(centre_lps_mm=(0.3, -0.2, 0.1), radius_mm=20.0),
        4 / 3 * np.pi * 20**3,
    ),
    "cylinder": (
        phantom.cylinder(start_lps_mm=(-8, -5, -15), end_lps_mm=(8, 5, 15), radius_mm=12.0),
        np.pi * 12**2 * np.sqrt(16**2 + 10**2 + 30**2),
    ),
    "bar": (phantom.bar(size_mm=(10, 12, 40), hu=1000.0), 10 * 12 * 40),
}


@pytest.mark.parametrize("name", BODIES)
def test_volume_of_a_body_is_that_on_paper_and_the_error_shrinks_with_spacing(name):
    body, expected = BODIES[name]
    errors = []
    # A sharp edge is rounded by the model of a flat surface: a bar loses or gains up to a percent.
    bounds = (2e-2, 1.2e-2, 6e-3) if name == "bar" else (1e-2, 4e-3, 2e-3)
    for spacing, bound in zip((2.0, 1.0, 0.5), bounds, strict=True):
        measured = volume_mm3(scan(body, scanner=small(spacing_mm=spacing)), 1000.0)
        errors.append(abs(measured / expected - 1))
        assert errors[-1] < bound, f"{spacing} mm: {errors[-1]:.2e}"
    assert errors[2] < max(errors[0], 5e-4)


@pytest.mark.parametrize("kernel", ["soft", "sharp"])
def test_edge_of_a_sphere_lies_at_half_maximum(kernel):
    # A blur of sigma moves the half-maximum of a ball inwards by sigma^2 / radius (two curvatures,
    # in-plane blur acts on one of them and a half on average): 0.008 mm here.
    body = phantom.sphere(radius_mm=24.0)
    volume = scan(body, scanner=small(spacing_mm=0.5, kernel=kernel, sigma_mm=None))
    middle = np.argmin(
        np.abs(
            volume.grid.lps_mm_from_ijk([[0, 0, k] for k in range(volume.grid.dims_ijk[2])])[:, 2]
        )
    )
    z = volume.grid.lps_mm_from_ijk([[0, 0, middle]])[0, 2]
    radius = np.sqrt(24.0**2 - z**2)
    for angle in np.linspace(0, 2 * np.pi, 37):
        along = np.arange(20.0, 28.0, 0.02)
        points = np.stack(
            [along * np.cos(angle), along * np.sin(angle), np.full_like(along, z)], axis=1
        )
        ijk = volume.grid.ijk_from_lps_mm(points)
        profile = ndimage.map_coordinates(volume.values.astype(float), ijk[:, ::-1].T, order=3)
        crossing = along[np.argmin(np.abs(profile))]
        assert abs(crossing - radius) < 0.06


def brute_force(body, volume, *, sigma_mm, thickness_mm, fine_mm):
    """HU of the middle slice by a fine raster, a box over the thickness and a Gaussian in it."""
    grid = volume.grid
    spacing = grid.spacing_xyz_mm[0]
    per = round(spacing / fine_mm)
    n_height = round(thickness_mm / fine_mm)
    k = grid.dims_ijk[2] // 2
    corner = grid.lps_mm_from_ijk([[-0.5, -0.5, k]])[0]
    across = (np.arange(grid.dims_ijk[0] * per) + 0.5) * fine_mm
    total = np.zeros((len(across), len(across)))
    for height in (np.arange(n_height) + 0.5) * fine_mm - thickness_mm / 2:
        x, y = np.meshgrid(corner[0] + across, corner[1] + across)
        points = np.stack([x.ravel(), y.ravel(), np.full(x.size, corner[2] + height)], axis=1)
        total += body.hu_at(points).reshape(x.shape)
    blurred = ndimage.gaussian_filter(total / n_height, sigma_mm / fine_mm, truncate=5)
    # Pixel centres fall between fine samples when `per` is even.
    at = (np.arange(grid.dims_ijk[0]) + 0.5) * per - 0.5
    return ndimage.map_coordinates(blurred, np.meshgrid(at, at, indexing="ij"), order=1), k


@pytest.mark.parametrize("thickness_mm", [0.5, 2.0])
@pytest.mark.parametrize(
    "body",
    [
        phantom.sphere(centre_lps_mm=(0.4, -0.3, 0.2), radius_mm=6.0),
        phantom.cylinder(start_lps_mm=(-5, -3, -5), end_lps_mm=(5, 3, 5), radius_mm=4.0),
        phantom.bar(size_mm=(3.0, 12.0, 12.0), turn_deg=(10.0, 25.0, 15.0), hu=1000.0),
    ],
    ids=["sphere", "cylinder", "wall"],
)
def test_scanner_agrees_with_brute_force_convolution(body, thickness_mm):
    scanner = small(
        columns=32,
        rows=32,
        spacing_xy_mm=(0.6, 0.6),
        slice_thickness_mm=thickness_mm,
        slice_increment_mm=0.5,
        n_slices=3,
    )
    volume = scan(body, scanner=scanner)
    expected, k = brute_force(body, volume, sigma_mm=0.5, thickness_mm=thickness_mm, fine_mm=0.05)
    error = volume.values[k] - expected
    contrast = 2000.0
    rms, worst = np.sqrt((error**2).mean()) / contrast, np.abs(error).max() / contrast
    # Curved surfaces are true to second order; the edges and corners of a block are no surfaces.
    is_block = body.name == "bar"
    assert rms < (0.006 if is_block else 0.0015), rms
    assert worst < (0.08 if is_block else 0.006), worst


def test_slice_is_averaged_over_its_thickness():
    # A slab with its upper face at z = 0 covers a slice of 2 mm centred at z by (1 - z) / 2.
    body = phantom.bar(
        size_mm=(200, 200, 40), turn_deg=(0, 0, 0), centre_lps_mm=(0, 0, -20), hu=0.0
    )
    scanner = small(
        columns=8,
        rows=8,
        slice_thickness_mm=2.0,
        slice_increment_mm=0.25,
        n_slices=17,
        centre_lps_mm=(0.0, 0.0, 0.0),
    )
    volume = scan(body, scanner=scanner)
    z = volume.grid.lps_mm_from_ijk([[4, 4, k] for k in range(17)])[:, 2]
    expected = AIR + 1000.0 * np.clip((1 - z) / 2, 0, 1)
    assert np.abs(volume.values[:, 4, 4] - expected).max() < 12


def test_overlapping_and_spaced_slices_show_the_same_thing():
    body = phantom.sphere(radius_mm=15.0)
    thick = small(slice_thickness_mm=2.0)
    dense = scan(
        body, scanner=Scanner(**{**thick.to_dict(), "slice_increment_mm": 0.5, "n_slices": 41})
    )
    sparse = scan(
        body, scanner=Scanner(**{**thick.to_dict(), "slice_increment_mm": 4.0, "n_slices": 5})
    )
    both = {round(z, 6) for z in (np.arange(5) - 2) * 4.0}
    rows = [k for k in range(41) if round((k - 20) * 0.5, 6) in both]
    assert np.array_equal(dense.values[rows[0]], sparse.values[(rows[0] - 20) // 8 + 2])
    assert len(rows) == 5


@pytest.mark.parametrize("tilt_deg", [20.0, -14.0])
def test_tilt_shears_the_grid_and_leaves_the_body_in_place(tilt_deg):
    body = phantom.sphere(centre_lps_mm=(2, -3, 4), radius_mm=18.0)
    volume = scan(body, scanner=small(spacing_mm=0.8, gantry_tilt_deg=tilt_deg, is_reversed=False))
    assert volume.grid.shear_deg == pytest.approx(abs(tilt_deg), abs=1e-9)
    parts = (volume.values - AIR) / 2000.0
    k, j, i = np.nonzero(parts > 0.01)
    points = volume.grid.lps_mm_from_ijk(np.stack([i, j, k], axis=1))
    centre = np.average(points, axis=0, weights=parts[k, j, i])
    assert np.abs(centre - (2, -3, 4)).max() < 0.02
    spread = np.average((points - centre) ** 2, axis=0, weights=parts[k, j, i])
    # Second moment of a ball is r^2 / 5; blur adds its own variance.
    assert np.abs(np.sqrt(5 * spread) - 18.0).max() < 0.08


@pytest.mark.parametrize(
    "orientation", ["axial", "sagittal", "coronal", (0.8, 0.6, 0, -0.36, 0.48, 0.8)]
)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_any_orientation_shows_the_same_body(orientation, is_reversed):
    body = phantom.cylinder(start_lps_mm=(-8, -5, -15), end_lps_mm=(8, 5, 15), radius_mm=7.0)
    volume = scan(body, scanner=small(orientation=orientation, is_reversed=is_reversed))
    assert volume.grid.is_left_handed is is_reversed
    rng = np.random.default_rng(5)
    ijk = rng.integers(4, 44, (4000, 3))
    ijk[:, 2] = rng.integers(0, volume.grid.dims_ijk[2], 4000)
    points = volume.grid.lps_mm_from_ijk(ijk)
    distance = body.signed_distance_mm("cylinder", points)
    seen = volume.values[ijk[:, 2], ijk[:, 1], ijk[:, 0]]
    assert np.abs(seen[distance < -2.5] - 1000).max() <= 1
    assert np.abs(seen[distance > 2.5] + 1000).max() <= 1
    assert (distance < -2.5).sum() > 50


def test_thread_count_and_repetition_do_not_change_a_bit():
    code = (
        "import hashlib; from calvaria import phantom as p;"
        "s = p.Scanner(columns=96, rows=96, spacing_xy_mm=(2.6, 2.6), slice_increment_mm=9.0);"
        "v = p.scan(p.head(metal_radius_mm=3.0), scanner=s);"
        "print(hashlib.sha256(v.values.tobytes()).hexdigest())"
    )
    assert len(outputs_of(code)) == 1


def test_noise_depends_on_the_seed_and_has_the_size_asked_for():
    body = phantom.sphere(radius_mm=10.0, hu=-1000.0 + 1e-9)
    images = [
        scan(
            body, scanner=small(noise_hu=8.0, seed=seed, n_slices=8, centre_lps_mm=(0, 0, 0))
        ).values.astype(float)
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(images[0], images[1])
    # Air at -1000 is clipped at -1024, three deviations down.
    assert images[0].std() == pytest.approx(8.0, rel=0.02)
    assert abs(np.corrcoef(images[0].ravel(), images[2].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(images[0][0].ravel(), images[0][1].ravel())[0, 1]) < 0.05


def test_sharp_kernel_overshoots_and_soft_does_not():
    body = phantom.bar(size_mm=(20, 200, 200), turn_deg=(0, 0, 0), hu=1000.0)
    lines = {
        kernel: scan(
            body, scanner=small(kernel=kernel, sigma_mm=None, n_slices=1, spacing_mm=0.5)
        ).values[0, 64]
        for kernel in ("soft", "sharp")
    }
    assert lines["soft"].max() <= 1000
    assert 1020 < lines["sharp"].max() < 1200
    # Both are the sums of normal integrals that their terms say.
    x = (np.arange(128) - 63.5) * 0.5
    for kernel, line in lines.items():
        terms = small(kernel=kernel, sigma_mm=None).kernel_terms
        edge = sum(w * (special.ndtr((x + 10) / s) - special.ndtr((x - 10) / s)) for w, s in terms)
        # The scanner clips at -1024, so the undershoot in air is cut.
        assert np.abs(line - np.maximum(AIR + 2000 * edge, -1024)).max() <= 2


def test_circle_of_reconstruction_holds_the_padding_value():
    scanner = small(circle_diameter_mm=40.0, padding_hu=-2000, n_slices=1)
    values = scan(phantom.sphere(radius_mm=25.0), scanner=scanner).values[0]
    x = np.arange(64) - 31.5
    outside = np.hypot(*np.meshgrid(x, x)) > 20.0
    assert (values[outside] == -2000).all()
    assert (values[~outside] > -1001).all()


def test_an_uneven_stack_is_no_volume():
    for fault in ({"missing": (3,)}, {"duplicated": (2,)}, {"shifted_mm": ((4, 0.3),)}):
        with pytest.raises(ValueError, match="lattice"):
            scan(phantom.sphere(), scanner=small(n_slices=8, **fault))


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"columns": 0}, "columns"),
        ({"kernel": "medium"}, "kernel"),
        ({"orientation": (1, 0, 0, 1, 0, 0)}, "orientation"),
        ({"slice_thickness_mm": 0.0}, "slice_thickness_mm"),
        ({"noise_hu": float("nan")}, "noise_hu"),
        ({"gantry_tilt_deg": 90.0}, "gantry_tilt_deg"),
    ],
)
def test_a_setting_without_sense_is_named(settings, word):
    with pytest.raises(ValueError, match=word):
        Scanner(**settings)


def test_unknown_structure_is_named_with_those_that_exist():
    with pytest.raises(CalvariaError, match="sphere"):
        phantom.sphere().signed_distance_mm("skull", [[0, 0, 0]])


# The head.

HEAD = phantom.head()
COARSE = Scanner(
    columns=90,
    rows=90,
    spacing_xy_mm=(2.9, 2.8),
    slice_thickness_mm=2.5,
    slice_increment_mm=3.0,
    noise_hu=0.0,
)


def test_every_flip_and_axis_permutation_of_the_head_differs():
    volume = scan(
        HEAD,
        scanner=Scanner(
            columns=86,
            rows=86,
            spacing_xy_mm=(3.0, 3.0),
            slice_thickness_mm=3.0,
            slice_increment_mm=3.0,
            n_slices=86,
            noise_hu=0.0,
        ),
    )
    values = np.clip(volume.values.astype(float), -1000, 2000)
    for order in itertools.permutations(range(3)):
        for flips in itertools.product((1, -1), repeat=3):
            if order == (0, 1, 2) and flips == (1, 1, 1):
                continue
            other = values.transpose(order)[:: flips[0], :: flips[1], :: flips[2]]
            # At least one voxel in a hundred differs by more than half the contrast of bone.
            assert (np.abs(other - values) > 500).mean() > 0.01, (order, flips)


def test_head_is_complete_and_touches_no_face():
    volume = scan(HEAD, scanner=COARSE)
    for axis in range(3):
        for end in (0, -1):
            assert np.take(volume.values, end, axis=axis).max() < -990
    (x0, y0, z0), (x1, y1, z1) = HEAD.bounds_lps_mm
    edge = np.array(list(itertools.product((x0, x1), (y0, y1), (z0, z1))))
    assert (HEAD.hu_at(edge) == AIR).all()


def test_head_has_plausible_values():
    volume = scan(HEAD, scanner=COARSE)
    share = lambda low, high: ((volume.values > low) & (volume.values <= high)).mean()  # noqa: E731
    litres = volume.values.size * volume.grid.voxel_volume_mm3 / 1e6
    assert 3.0 < share(-300, 4000) * litres < 7.0
    assert 0.25 < share(350, 4000) * litres < 1.0
    points = [[0, 0, 150], [20, 20, 70], [0, 11, -66], [-40, 40, 60], [0, -85, -88]]
    air, brain, dens, *_ = HEAD.hu_at(points)
    assert air == AIR
    assert 0 <= brain <= 50
    assert dens > 300


def test_adult_braincase_holds_a_litre_and_a_half():
    rng = np.random.default_rng(1)
    points = rng.uniform((-80, -95, -40), (80, 100, 125), (200_000, 3))
    inside = (HEAD.signed_distance_mm("csf", points) < 0).mean() * 160 * 195 * 165 / 1e6
    assert 1.2 < inside < 1.7


@pytest.mark.parametrize("name", ["skin", "skull", "mandible", "vertebra_c1", "vertebra_c2", "csf"])
def test_distance_to_the_head_is_close_to_one_per_millimetre_near_the_surface(name):
    rng = np.random.default_rng(3)
    low, high = np.array(HEAD.bounds_lps_mm)
    points = rng.uniform(low, high, (400_000, 3))
    near = points[np.abs(HEAD.signed_distance_mm(name, points)) < 1.0][:4000]
    assert len(near) > 100
    step = 1e-3
    gradient = np.stack(
        [
            (HEAD.signed_distance_mm(name, near + d) - HEAD.signed_distance_mm(name, near - d))
            / (2 * step)
            for d in np.eye(3) * step
        ],
        axis=1,
    )
    slope = np.linalg.norm(gradient, axis=1)
    assert np.median(slope) == pytest.approx(1.0, abs=0.002)
    # Where two bodies melt into each other the slope falls; such places are few.
    assert (np.abs(slope - 1) < 0.1).mean() > 0.85


def test_a_point_moved_onto_the_surface_separates_inside_from_outside():
    rng = np.random.default_rng(4)
    points = rng.uniform((-80, -90, -30), (80, 95, 125), (200_000, 3))
    distance = HEAD.signed_distance_mm("skull", points)
    near = points[np.abs(distance) < 1.0][:2000]
    for name, jump in (("skull", 300.0),):
        step = 1e-3
        moved = near
        for _ in range(4):
            value = HEAD.signed_distance_mm(name, moved)
            slope = np.stack(
                [
                    (
                        HEAD.signed_distance_mm(name, moved + d)
                        - HEAD.signed_distance_mm(name, moved - d)
                    )
                    / (2 * step)
                    for d in np.eye(3) * step
                ],
                axis=1,
            )
            square = np.maximum((slope**2).sum(axis=1), 0.25)
            moved = moved - (value / square)[:, None] * slope
        normal = slope / np.linalg.norm(slope, axis=1)[:, None]
        within, beyond = HEAD.hu_at(moved - 0.05 * normal), HEAD.hu_at(moved + 0.05 * normal)
        assert (within - beyond > jump).mean() > 0.97


def test_defect_is_a_hole_of_the_diameter_asked_for():
    direction = (0.6, 0.1, 0.8)
    broken = phantom.head(defect_direction=direction, defect_diameter_mm=50.0)
    axis = np.array(direction) / np.linalg.norm(direction)
    along = np.arange(40.0, 110.0, 0.25)
    aside = np.cross(axis, [0, 1, 0])
    aside /= np.linalg.norm(aside)

    def bone(body, radius):
        points = (1.5, 3.0, 48.0) + along[:, None] * axis + radius * aside
        return (body.signed_distance_mm("skull", points) < 0).sum() * 0.25

    assert bone(HEAD, 0.0) > 4.0
    assert bone(broken, 0.0) == bone(broken, 24.9) == 0.0
    assert bone(broken, 25.3) > 4.0


def test_metal_saturates_and_streaks_only_in_its_slices():
    plain = scan(HEAD, scanner=COARSE).values.astype(int)
    filled = scan(phantom.head(metal_radius_mm=4.0), scanner=COARSE).values.astype(int)
    assert filled.max() == 3071
    changed = np.abs(filled - plain).max(axis=(1, 2))
    assert 2 <= (changed > 50).sum() <= 5


def test_table_and_bar_are_there_on_request():
    extra = phantom.head(has_table=True, has_bar=True)
    assert {"table", "bar"} <= set(extra.structures)
    assert not {"table", "bar"} & set(HEAD.structures)
    assert extra.hu_at([[86, -50, -60]])[0] == 130
