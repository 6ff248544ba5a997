"""The surface of a volume: a manifold for every input, where the interpolant says, and marked."""

import hashlib
import warnings

import numpy as np
import pytest
from scipy import ndimage

import calvaria
from calvaria import CalvariaWarning, FaceKind, Grid, Mask, Volume, phantom
from calvaria.errors import GeometryError
from calvaria.mesh import align_icp
from calvaria.segment import keep_largest, threshold
from calvaria.surface import extract_surface
from surface_topology import KINDS, Welded, random_image
from thread_counts import outputs_of

pytestmark = pytest.mark.filterwarnings("ignore:no surface", "ignore:within")


def hold_the_promise(kind, n_images, seed):
    """Closed up to the border if asked, oriented, 2-manifold, nothing lost to float32."""
    rng, n_drawn = np.random.default_rng(seed), 0
    for n in range(n_images):
        volume, level, within = random_image(rng, kind, n)
        for close_border in (True, False):
            mesh = extract_surface(volume, iso_hu=level, within=within, close_border=close_border)
            if not len(mesh.faces):
                continue
            n_drawn += 1
            found, what = Welded(mesh), f"{kind} {seed} {n} {volume} {close_border}"
            assert not found.faults, f"{what}: {found.faults}"
            if close_border:
                assert not found.n_open, what
                assert found.volume > 0, what
            else:
                assert is_on_border(found.open_points, volume.grid), what
    return n_drawn


def is_on_border(edges, grid):
    """Whether each edge lies in one face of the box of samples."""
    ijk = grid.ijk_from_lps_mm(edges.reshape(-1, 3).astype(np.float64)).reshape(-1, 2, 3)
    ends = [(axis, end) for axis in range(3) for end in (0, grid.dims_ijk[axis] - 1)]
    on = [np.all(np.abs(ijk[:, :, axis] - end) < 1e-3, axis=1) for axis, end in ends]
    return bool(np.any(on, axis=0).all())


@pytest.mark.parametrize("kind", KINDS)
def test_the_surface_of_any_image_is_an_oriented_manifold_after_a_float32_weld(kind):
    assert hold_the_promise(kind, 210, seed=1) > 300


@pytest.mark.slow
@pytest.mark.timeout(1800)  # a minute or two each; ten on a machine that is busy
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_images_of_each_kind_make_no_fault(kind):
    assert hold_the_promise(kind, 10_000, seed=2) > 15_000


# --- topology, held against the interpolant itself ---


def in_cell(f, n):
    """Sheets of the surface in one cell and loops it leaves by, counted on a fine lattice.

    A surface that parts a ball makes one region more than it has sheets, and so on its boundary.
    """
    t = np.linspace(0, 1, n)
    w = np.stack([1 - t, t])
    above = np.einsum("abc,ax,by,cz->xyz", f, w, w, w) >= 0
    shell = np.ones(above.shape, bool)
    shell[1:-1, 1:-1, 1:-1] = False
    count = lambda region: ndimage.label(region)[1]  # noqa: E731
    return (
        count(above) + count(~above) - 1,
        count(above & shell) + count(~above & shell) - 1,
    )


def settled(f, n=(18, 37)):
    """The count, if it does not depend on how fine one looks."""
    coarse, fine = (in_cell(f, k) for k in n)
    return fine if coarse == fine else None


def ambiguous_cell(rng, n):
    f = np.abs(rng.normal(size=(2, 2, 2)))
    if n % 3 == 0:
        f = f * np.where(np.indices((2, 2, 2)).sum(0) % 2, -1, 1)
    elif n % 3 == 1:
        f = f * np.where(rng.random((2, 2, 2)) < 0.5, -1, 1)
    else:
        f, sign = -f, rng.choice([-1, 1])
        f[0, 0, 0] *= -3
        f[1, 1, 1] *= -3
        f *= sign
    return f.astype(np.float32)


def test_every_cell_has_the_sheets_and_loops_of_the_trilinear_interpolant():
    rng, grid, n_tunnels, n_seen = np.random.default_rng(5), unit_grid((2, 2, 2)), 0, 0
    for n in range(450):
        f = ambiguous_cell(rng, n)
        truth = settled(f)
        if truth is None:
            continue
        mesh = extract_surface(Volume(values=f, grid=grid), iso_hu=0.0, close_border=False)
        found = Welded(mesh) if len(mesh.faces) else None
        counts = (found.n_parts, 2 * found.n_parts - found.euler) if found else (0, 0)
        if counts != truth:  # a sheet thinner than the lattice?
            truth = settled(f, (75, 151))
        assert counts == truth, f.ravel().tolist()
        n_seen += 1
        n_tunnels += truth[0] != truth[1]
    assert n_seen > 400
    assert n_tunnels > 15


def test_the_euler_characteristic_of_an_image_is_the_sum_over_its_cells_faces_and_edges():
    # Cells 2 sheets - loops, less one for each arc on a face, plus one for each crossed edge.
    rng, n_seen = np.random.default_rng(8), 0
    for _ in range(40):
        f = rng.normal(size=(3, 3, 3)).astype(np.float32)
        cells = [
            settled(f[k : k + 2, j : j + 2, i : i + 2])
            for k in range(2) for j in range(2) for i in range(2)
        ]  # fmt: skip
        if None in cells:
            continue
        inside = f >= 0
        edges = [np.diff(inside, axis=axis) for axis in range(3)]
        arcs = sum(
            (np.abs(edges[a].take(range(2), b)).astype(int) + edges[a].take(range(1, 3), b)
             + edges[b].take(range(2), a) + edges[b].take(range(1, 3), a)).sum() // 2
            for a, b in ((0, 1), (0, 2), (1, 2))
        )  # fmt: skip
        truth = sum(2 * sheets - loops for sheets, loops in cells) - arcs
        truth += sum(int(crossed.sum()) for crossed in edges)
        volume = Volume(values=f, grid=unit_grid(f.shape))
        mesh = extract_surface(volume, iso_hu=0.0, close_border=False)
        assert Welded(mesh).euler == truth
        n_seen += 1
    assert n_seen > 20


# --- where it lies ---


def unit_grid(shape, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0)):
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    return Grid(dims_ijk=shape[::-1], lps_from_ijk=affine)


def centred_grid(half_mm, spacing, offset=(0.13, -0.21, 0.34)):
    n = [int(2 * half_mm / step) + 1 for step in spacing]
    origin = [
        -(count - 1) / 2 * step + o for count, step, o in zip(n, spacing, offset, strict=True)
    ]
    return unit_grid(tuple(n[::-1]), spacing, origin)


def centres(grid):
    k, j, i = np.indices(grid.shape_kji)
    return np.stack([i, j, k], -1) @ grid.lps_from_ijk[:3, :3].T + grid.lps_from_ijk[:3, 3]


def to_sphere(points):
    return np.linalg.norm(points, axis=-1) - 30.0


def to_torus(points):
    ring = np.linalg.norm(points[..., :2], axis=-1) - 30.0
    return np.hypot(ring, points[..., 2]) - 12.0


def to_cylinder(points):
    axis = np.array([12.0, 18.0, 30.0]) / np.linalg.norm([12.0, 18.0, 30.0])
    along = points @ axis
    across = np.linalg.norm(points - along[..., None] * axis, axis=-1) - 15.0
    ends = np.abs(along) - 25.0
    return np.maximum(across, ends)


SHAPES = {
    "sphere": (to_sphere, 4 / 3 * np.pi * 30**3),
    "torus": (to_torus, 2 * np.pi**2 * 30 * 12**2),
    "cylinder": (to_cylinder, np.pi * 15**2 * 50),
}
FINE, COARSE = (0.45, 0.45, 0.6), (0.8, 0.8, 2.0)


@pytest.mark.parametrize(
    ("shape", "spacing", "mean_mm", "max_mm", "volume_fraction"),
    [
        ("sphere", FINE, 0.0007, 0.0027, 2e-4),
        ("sphere", COARSE, 0.0037, 0.0177, 1.3e-3),
        ("torus", FINE, 0.0010, 0.0048, 5e-4),
        ("torus", COARSE, 0.0069, 0.0425, 3.2e-3),
        ("cylinder", COARSE, 0.02, 0.8, 8e-3),
    ],
)
def test_ramps_are_drawn_as_exactly_as_scikit_image_does(
    shape, spacing, mean_mm, max_mm, volume_fraction
):
    measure = pytest.importorskip("skimage.measure")
    distance, volume_mm3 = SHAPES[shape]
    grid = centred_grid(46.0, spacing)
    values = -distance(centres(grid)).astype(np.float32)
    mesh = extract_surface(Volume(values=values, grid=grid), iso_hu=0.0)
    v, f, _, _ = measure.marching_cubes(values, 0.0, spacing=spacing[::-1])
    v = v[:, ::-1] + grid.lps_from_ijk[:3, 3]

    def errors(vertices, faces):
        at_vertex, at_face = np.abs(distance(vertices)), np.abs(distance(vertices[faces].mean(1)))
        return np.array([at_vertex.mean(), at_vertex.max(), at_face.mean(), at_face.max()])

    ours = errors(mesh.vertices, mesh.faces)
    theirs = errors(v, f)
    np.testing.assert_allclose(ours[:2], theirs[:2], rtol=0, atol=1e-4)
    assert (ours[2:] < 1.1 * theirs[2:]).all()  # the diagonals of a loop are not the same
    assert ours[0] < mean_mm
    assert ours[1] < max_mm
    found = Welded(mesh)
    assert not found.faults
    assert not found.n_open
    assert found.euler == (0 if shape == "torus" else 2)
    assert 1 - volume_fraction < found.volume / volume_mm3 < 1 + volume_fraction / 10
    normals = np.cross(
        *(mesh.vertices[mesh.faces[:, n]] - mesh.vertices[mesh.faces[:, 0]] for n in (1, 2))
    )
    middles = mesh.vertices[mesh.faces].mean(1)
    out = distance(middles + 0.3 * normals / np.linalg.norm(normals, axis=1)[:, None])
    assert (out > distance(middles)).mean() > 0.999


def test_a_scanned_ball_and_a_tilted_rod_have_their_size():
    scanner = phantom.Scanner(
        columns=144, rows=144, spacing_xy_mm=(0.5, 0.5), slice_thickness_mm=1.0,
        slice_increment_mm=1.0, noise_hu=0.0,
    )  # fmt: skip
    for body, volume_mm3, fraction in [
        (phantom.sphere(radius_mm=25.0, hu=1000.0), 4 / 3 * np.pi * 25**3, 2e-3),
        (phantom.cylinder(radius_mm=12.0), np.pi * 12**2 * np.linalg.norm([24, 36, 60]), 6e-3),
    ]:
        volume = phantom.scan(body, scanner=scanner)
        level = (float(volume.values.min()) + float(volume.values.max())) / 2
        mesh = extract_surface(volume, iso_hu=level)
        assert abs(Welded(mesh).volume / volume_mm3 - 1) < fraction
        assert (mesh.kinds == FaceKind.SURFACE).all()


# --- lids and cuts ---


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("end", [0, -1])
def test_a_ball_that_leaves_the_image_gets_a_flat_lid_of_the_right_area(axis, end):
    spacing, radius, height = (0.5, 0.6, 0.7), 12.0, 5.0
    n = [int(30 / step) for step in spacing]
    origin = [-(count - 1) / 2 * step for count, step in zip(n, spacing, strict=True)]
    shift = height if end == 0 else -height
    origin[axis] = -height if end == 0 else height - (n[axis] - 1) * spacing[axis]
    grid = unit_grid(tuple(n[::-1]), spacing, origin)
    values = (radius - np.linalg.norm(centres(grid), axis=-1)).astype(np.float32)
    volume = Volume(values=values, grid=grid)
    mesh = extract_surface(volume, iso_hu=0.0)
    lid = mesh.kinds == FaceKind.CAP
    points = mesh.vertices[mesh.faces[lid]]
    assert np.abs(points[..., axis] + shift).max() < 1e-6
    area = np.linalg.norm(
        np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]), axis=1
    ).sum()
    assert abs(area / 2 / (np.pi * (radius**2 - height**2)) - 1) < 0.01
    assert not Welded(mesh).faults
    assert not Welded(mesh).n_open
    truth = np.pi * (radius + height) ** 2 * (2 * radius - height) / 3
    assert abs(Welded(mesh).volume / truth - 1) < 0.005

    bare = extract_surface(volume, iso_hu=0.0, close_border=False)
    assert (bare.kinds == FaceKind.SURFACE).all()
    assert len(bare.faces) == np.count_nonzero(~lid)
    edge = Welded(bare).open_points
    assert len(edge)
    assert np.abs(edge[..., axis] + shift).max() < 1e-5
    assert np.abs(np.linalg.norm(edge, axis=-1) - radius).max() < 0.02


def test_a_flat_mask_cuts_a_ball_flat_and_says_so():
    grid = centred_grid(15.0, (0.5, 0.5, 0.8), offset=(0, 0, 0))
    values = (12.0 - np.linalg.norm(centres(grid), axis=-1)).astype(np.float32)
    keep = np.zeros(grid.shape_kji, bool)
    keep[: len(keep) // 2 + 2] = True
    with pytest.warns(CalvariaWarning, match="decides"):
        mesh = extract_surface(
            Volume(values=values, grid=grid), iso_hu=0.0, within=Mask(values=keep, grid=grid)
        )
    cut = mesh.kinds == FaceKind.CUT
    z = centres(grid)[len(keep) // 2 + 1, 0, 0, 2] + 0.4
    points = mesh.vertices[mesh.faces[cut]]
    inner = np.linalg.norm(points[..., :2], axis=-1).max(axis=1) < 11.0
    assert np.abs(points[inner][..., 2] - z).max() < 1e-6
    assert np.abs(points[..., 2] - z).max() < 0.41
    # At the rim the next sample is below the level, and the image decides, not the mask.
    assert mesh.vertices[:, 2].max() < z + 0.4
    area = np.linalg.norm(
        np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]), axis=1
    )
    assert abs(area.sum() / 2 / (np.pi * (12.0**2 - z**2)) - 1) < 0.05
    assert not (mesh.kinds == FaceKind.CAP).any()
    assert not Welded(mesh).faults
    assert not Welded(mesh).n_open


def test_a_mask_wider_than_the_structure_changes_nothing():
    grid = centred_grid(15.0, (0.7, 0.6, 0.8))
    values = (9.0 - np.linalg.norm(centres(grid), axis=-1)).astype(np.float32)
    volume, wide = Volume(values=values, grid=grid), Mask(values=values > -1.0, grid=grid)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        free, within = (extract_surface(volume, iso_hu=0.0, within=mask) for mask in (None, wide))
    np.testing.assert_array_equal(free.vertices, within.vertices)
    np.testing.assert_array_equal(free.faces, within.faces)


def test_nothing_changes_when_the_mask_is_elsewhere_and_only_one_of_two_balls_is_drawn():
    grid = unit_grid((20, 20, 40))
    points = centres(grid)
    balls = [6.0 - np.linalg.norm(points - [x, 9.6, 9.4], axis=-1) for x in (9.3, 29.7)]
    volume = Volume(values=np.maximum(*balls).astype(np.float32), grid=grid)
    first = Mask(values=points[..., 0] < 19, grid=grid)
    mesh = extract_surface(volume, iso_hu=0.0, within=first)
    assert Welded(mesh).n_parts == 1
    assert abs(mesh.vertices[:, 0].mean() - 9.3) < 0.1
    assert Welded(extract_surface(volume, iso_hu=0.0)).n_parts == 2


# --- the rest of the contract ---


THREADS = """
import hashlib, warnings
import numpy as np
from calvaria import Grid, Volume
from calvaria.surface import extract_surface
warnings.simplefilter("ignore")
digest = hashlib.sha256()
rng = np.random.default_rng(3)
for dtype in (np.int16, np.float32):
    values = (rng.normal(size=(40, 45, 70)) * 100).astype(dtype)
    volume = Volume(values=values, grid=Grid(dims_ijk=(70, 45, 40), lps_from_ijk=np.eye(4)))
    for close in (True, False):
        mesh = extract_surface(volume, iso_hu=0.0, close_border=close)
        for array in (mesh.vertices, mesh.faces, mesh.kinds):
            digest.update(array.tobytes())
print(digest.hexdigest())
"""


def test_the_same_bits_for_any_number_of_threads(pytestconfig):
    found = outputs_of(THREADS)
    assert len(found) == 1
    assert len(found.pop().strip()) == 2 * hashlib.sha256().digest_size


def test_what_is_asked_wrongly_is_named():
    volume = Volume(values=np.zeros((3, 4, 5), np.int16), grid=unit_grid((3, 4, 5)))
    flat = Volume(values=np.zeros((1, 4, 5), np.int16), grid=unit_grid((1, 4, 5)))
    other = Mask(values=np.ones((3, 4, 4), bool), grid=unit_grid((3, 4, 4)))
    with pytest.raises(GeometryError, match=r"at least 2 samples.*\[5, 4, 1\]"):
        extract_surface(flat, iso_hu=0.0)
    for level in (np.nan, np.inf):
        with pytest.raises(ValueError, match="finite"):
            extract_surface(volume, iso_hu=level)
    with pytest.raises(GeometryError, match="within"):
        extract_surface(volume, iso_hu=0.0, within=other)
    with pytest.warns(CalvariaWarning, match="no surface: iso_hu=1, values from 0 to 0"):
        assert len(extract_surface(volume, iso_hu=1.0).faces) == 0
    with pytest.warns(CalvariaWarning, match="no surface"):
        assert len(extract_surface(volume, iso_hu=-1.0, close_border=False).faces) == 0
    box = Welded(extract_surface(volume, iso_hu=-1.0))
    assert box.euler == 2
    assert box.volume == pytest.approx(4 * 3 * 2, rel=1e-5)


@pytest.mark.slow
def test_the_real_head_phantom_upright_and_tilted_is_the_same_head(calvaria_data):
    folder, meshes = calvaria_data / "philips_head_phantom", []
    for name in ("bone_1mm_tilt0_S2030.zip", "mixed_folder_tilt-18.5_S21610.zip"):
        volume = calvaria.load_series(folder / name)
        bone = keep_largest(threshold(volume, lower_hu=300))
        meshes.append(extract_surface(volume, iso_hu=300.0, within=bone))
        assert not Welded(meshes[-1]).faults
        assert not Welded(meshes[-1]).n_open
    fit = align_icp(meshes[1], meshes[0], kept_fraction=0.8)
    assert fit.rms_mm < 0.9
