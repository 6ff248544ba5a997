"""Surfaces of masks and label maps: manifold, without terraces, true in volume, shared at borders."""

import hashlib

import numpy as np
import pytest
from scipy import ndimage

import calvaria
from calvaria import CalvariaWarning, FaceKind, Grid, Mask
from calvaria.errors import GeometryError
from calvaria.mesh import measure_mesh, split_mesh
from calvaria.surface import LabelSurface, extract_label_surfaces, extract_mask_surface
from surface_topology import Welded, random_grid
from thread_counts import outputs_of

pytestmark = pytest.mark.filterwarnings("ignore:mask:calvaria.CalvariaWarning")


def random_labels(rng):
    shape = tuple(int(side) for side in rng.integers(2, 7, 3))
    n_labels, share = int(rng.integers(1, 5)), rng.choice([0.3, 0.7, 1.0])
    values = rng.integers(0, n_labels + 1, shape) * (rng.random(shape) < share)
    return Mask(values=values.astype(np.uint8), grid=random_grid(rng, shape))


def hold_the_promise(n_maps, seed):
    rng, n_drawn = np.random.default_rng(seed), 0
    for n in range(n_maps):
        mask, strides = random_labels(rng), int(rng.choice([0, 3, 30]))
        for close_border in (True, False):
            options = {"smoothing_iterations": strides, "close_border": close_border}
            for one in extract_label_surfaces(mask, **options):
                found, what = Welded(one.mesh), f"{seed} {n} {one} {close_border}"
                assert not found.faults, f"{what}: {found.faults}"
                if close_border:
                    assert not found.n_open, what
                    assert found.volume > 0, what
                elif found.n_open:
                    assert is_on_border(found.open_points, mask.grid), what
                n_drawn += 1
            whole = extract_mask_surface(mask, **options)
            assert not Welded(whole).faults
    return n_drawn


def is_on_border(edges, grid):
    ijk = grid.ijk_from_lps_mm(edges.reshape(-1, 3).astype(np.float64)).reshape(-1, 2, 3)
    ends = [(axis, end) for axis in range(3) for end in (0, grid.dims_ijk[axis] - 1)]
    on = [np.all(np.abs(ijk[:, :, axis] - end) < 1e-3, axis=1) for axis, end in ends]
    return bool(np.any(on, axis=0).all())


def test_every_label_of_any_map_is_a_manifold_after_a_float32_weld():
    assert hold_the_promise(500, seed=1) > 1500


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_maps_make_no_fault():
    assert hold_the_promise(10_000, seed=2) > 30_000


def ball(radius, spacing, half=None, offset=(0.13, 0.21, 0.34)):
    """A ball of voxels; with `half`, label 2 where that coordinate is positive."""
    n = [int(2 * (radius + 6) / step) + 1 for step in spacing]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = [-(c - 1) / 2 * s + o for c, s, o in zip(n, spacing, offset, strict=True)]
    k, j, i = np.indices(n[::-1])
    points = np.stack([i, j, k], -1) @ affine[:3, :3].T + affine[:3, 3]
    values = (np.linalg.norm(points, axis=-1) < radius).astype(np.uint8)
    if half is not None:
        values[(values > 0) & (points[..., half] > 0)] = 2
    return Mask(values=values, grid=Grid(dims_ijk=tuple(n), lps_from_ijk=affine))


def roughness_deg(mesh):
    """RMS angle between the faces of a ball around the origin and the ball."""
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    normal, out = np.cross(b - a, c - a), a + b + c
    cosine = (normal * out).sum(1) / np.linalg.norm(normal, axis=1) / np.linalg.norm(out, axis=1)
    return float(np.degrees(np.sqrt(np.mean(np.arccos(np.clip(cosine, -1, 1)) ** 2))))


@pytest.mark.parametrize(
    ("spacing", "rms_mm", "max_deg"),
    [((1, 1, 2.5), 0.16, 10.5), ((0.5, 0.5, 1.25), 0.08, 9.5), ((1, 1, 1), 0.07, 7.0)],
)
def test_a_ball_keeps_its_volume_and_loses_its_terraces(spacing, rms_mm, max_deg):
    measure = pytest.importorskip("skimage.measure")
    mask = ball(20.0, spacing)
    mesh, bare = extract_mask_surface(mask), extract_mask_surface(mask, smoothing_iterations=0)
    found = Welded(mesh)
    assert not found.faults
    assert not found.n_open
    assert found.euler == 2
    voxels_mm3 = mask.n_voxels * np.prod(spacing)
    assert abs(found.volume / voxels_mm3 - 1) < 0.005
    assert abs(found.volume / (4 / 3 * np.pi * 20**3) - 1) < 0.005
    error = np.linalg.norm(mesh.vertices, axis=1) - 20.0
    assert np.sqrt(np.mean(error**2)) < rms_mm
    assert abs(error.mean()) < 0.02
    assert roughness_deg(mesh) < max_deg
    assert roughness_deg(bare) > 4 * roughness_deg(mesh)
    v, f, _, _ = measure.marching_cubes(mask.values.astype(np.float32), 0.5)
    cubes = calvaria.Mesh(
        vertices=v[:, ::-1] @ mask.grid.lps_from_ijk[:3, :3].T + mask.grid.lps_from_ijk[:3, 3],
        faces=f[:, ::-1],
    )
    terraces = np.linalg.norm(cubes.vertices, axis=1) - 20.0
    assert np.sqrt(np.mean(terraces**2)) > 2 * np.sqrt(np.mean(error**2))


def test_no_sample_changes_sides():
    rng = np.random.default_rng(4)
    mask = Mask(
        values=rng.random((9, 9, 9)) < 0.5, grid=Grid(dims_ijk=(9, 9, 9), lps_from_ijk=np.eye(4))
    )
    mesh = extract_mask_surface(mask)
    k, j, i = np.indices(mask.values.shape)
    centres = np.stack([i, j, k], -1).reshape(-1, 3)
    inner = np.all((centres > 0) & (centres < 8), axis=1)
    a, b, c = (mesh.vertices[mesh.faces] [:, n] for n in range(3))  # fmt: skip
    for centre, is_in in zip(centres[inner][::7], mask.values.ravel()[inner][::7], strict=True):
        p, q, r = (corner - centre for corner in (a, b, c))
        lengths = [np.linalg.norm(x, axis=1) for x in (p, q, r)]
        # The solid angle of the mesh (Van Oosterom & Strackee 1983).
        triple = np.einsum("ij,ij->i", p, np.cross(q, r))
        dots = [np.einsum("ij,ij->i", x, y) for x, y in ((p, q), (q, r), (r, p))]
        below = np.prod(lengths, axis=0) + dots[0] * lengths[2] + dots[1] * lengths[0]
        angle = 2 * np.arctan2(triple, below + dots[2] * lengths[1]).sum()
        assert round(angle / (4 * np.pi)) == int(is_in)


def corner_sets(mesh, is_turned=False):
    """Triangles as exact coordinates, turned to a fixed first corner."""
    found = set()
    for face in mesh.vertices[mesh.faces]:
        corners = [tuple(corner) for corner in (face[::-1] if is_turned else face)]
        first = corners.index(min(corners))
        found.add(tuple(corners[first:] + corners[:first]))
    return found


@pytest.mark.parametrize("half", range(3))
def test_two_halves_share_every_triangle_of_their_border_in_both_directions(half):
    mask = ball(12.0, (1.0, 1.1, 1.6), half=half)
    first, second = extract_label_surfaces(mask)
    border = corner_sets(first.mesh) & corner_sets(second.mesh, is_turned=True)
    n_quads = np.count_nonzero(
        np.diff(mask.values.astype(int), axis=2 - half)[
            (np.diff(mask.values.astype(int), axis=2 - half) == 1)
            & (mask.values.take(range(mask.values.shape[2 - half] - 1), 2 - half) == 1)
        ]
    )
    assert len(border) == 2 * n_quads > 400
    whole = extract_mask_surface(mask)
    parts = Welded(first.mesh).volume + Welded(second.mesh).volume
    assert parts == pytest.approx(Welded(whole).volume, rel=5e-3)
    flat = np.array([corner for face in border for corner in face])[:, half]
    assert np.std(flat) < 0.02


def test_borders_part_only_where_voxels_touch_along_edges_or_at_corners():
    rng, n_shared, n_border = np.random.default_rng(6), 0, 0
    for _ in range(12):
        values = rng.integers(1, 4, (5, 5, 5)).astype(np.uint8)
        mask = Mask(values=values, grid=Grid(dims_ijk=(5, 5, 5), lps_from_ijk=np.eye(4)))
        found = extract_label_surfaces(mask)
        sets = [corner_sets(one.mesh) for one in found]
        turned = [corner_sets(one.mesh, is_turned=True) for one in found]
        n_shared += sum(
            len(sets[a] & turned[b]) for a in range(len(sets)) for b in range(a + 1, len(sets))
        )
        n_border += 2 * sum(np.count_nonzero(np.diff(values.astype(int), axis=a)) for a in range(3))
        everything = sum(Welded(one.mesh).volume for one in found)
        assert everything == pytest.approx(4.0**3, rel=0.02)
    # White noise is the worst there is: nearly every cell touches at a corner or along an edge.
    assert n_shared > 0.05 * n_border


def test_lids_lie_flat_on_the_outermost_samples_and_open_without():
    mask = Mask(
        values=ball(12.0, (1.0, 1.0, 1.5)).values[8:],
        grid=Grid(dims_ijk=(37, 37, 17), lps_from_ijk=np.diag([1.0, 1.0, 1.5, 1.0])),
    )
    mesh = extract_mask_surface(mask)
    lid = mesh.kinds == FaceKind.CAP
    corners = mesh.vertices[mesh.faces[lid]]
    assert len(corners) > 100
    assert np.abs(corners[..., 2]).max() == 0
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (normals[:, 2] < 0).all()
    n_set = np.count_nonzero(mask.values[0])
    assert np.linalg.norm(normals, axis=1).sum() / 2 == pytest.approx(n_set, rel=0.03)
    bare = extract_mask_surface(mask, close_border=False)
    assert len(bare.faces) == np.count_nonzero(~lid)
    assert np.abs(Welded(bare).open_points[..., 2]).max() == 0


THREADS = """
import hashlib
import numpy as np
from calvaria import Grid, Mask
from calvaria.surface import extract_label_surfaces
digest, rng = hashlib.sha256(), np.random.default_rng(3)
for dtype in (np.uint8, np.uint16):
    values = rng.integers(0, 5, (30, 35, 60)).repeat(2, axis=2).astype(dtype)
    mask = Mask(values=values, grid=Grid(dims_ijk=(120, 35, 30), lps_from_ijk=np.eye(4)))
    for one in extract_label_surfaces(mask):
        for array in (one.mesh.vertices, one.mesh.faces, one.mesh.kinds):
            digest.update(array.tobytes())
print(digest.hexdigest())
"""


def test_the_same_bits_for_any_number_of_threads():
    found = outputs_of(THREADS)
    assert len(found) == 1
    assert len(found.pop().strip()) == 2 * hashlib.sha256().digest_size


def test_labels_keep_their_names_and_wide_numbers():
    values = np.zeros((6, 6, 6), np.uint16)
    values[1:3, 1:5, 1:5], values[3:5, 1:5, 1:5] = 40000, 7
    grid = Grid(dims_ijk=(6, 6, 6), lps_from_ijk=np.eye(4))
    found = extract_label_surfaces(Mask(values=values, grid=grid, names={40000: "C7"}))
    assert [(one.label, one.name) for one in found] == [(7, "label 7"), (40000, "C7")]
    assert all(isinstance(one, LabelSurface) for one in found)
    assert found[1].to_dict()["n_faces"] == len(found[1].mesh.faces)
    assert "C7" in repr(found[1])
    assert "C7" in found[1]._repr_html_()


def test_what_is_asked_wrongly_is_named():
    grid = Grid(dims_ijk=(4, 4, 4), lps_from_ijk=np.eye(4))
    mask = Mask(values=np.zeros((4, 4, 4), bool), grid=grid)
    with pytest.raises(ValueError, match="smoothing_iterations: 0 or more"):
        extract_mask_surface(mask, smoothing_iterations=-1)
    with pytest.warns(CalvariaWarning, match="no voxel"):
        assert len(extract_mask_surface(mask).faces) == 0
    with pytest.warns(CalvariaWarning, match="no label"):
        assert extract_label_surfaces(mask) == ()
    thin = Mask(
        values=np.ones((1, 4, 4), bool), grid=Grid(dims_ijk=(4, 4, 1), lps_from_ijk=np.eye(4))
    )
    with pytest.raises(GeometryError, match="at least 2 samples"):
        extract_mask_surface(thin)
    far = np.eye(4)
    far[:3, 3] = 1e6
    distant = Mask(values=np.ones((4, 4, 4), bool), grid=Grid(dims_ijk=(4, 4, 4), lps_from_ijk=far))
    with pytest.raises(GeometryError, match="float32"):
        extract_mask_surface(distant)


@pytest.mark.parametrize(
    "name",
    [
        "mandible_labels/0522c0576-Mandible.nrrd",
        "mandible_labels/TCGA-CV-5977-Mandible.nrrd",
        "vertebra_gt/sub-ct_seg-vert_label-22_msk.nii.gz",
        "vertebra_gt/sub-ct_seg-subreg_label-22_msk.nii.gz",
        "torso_3mm/example_seg.nii.gz",
    ],
)
def test_real_labels_are_closed_manifolds_with_the_volume_of_their_voxels(calvaria_data, name):
    mask = calvaria.load_mask(calvaria_data / name)
    voxel_mm3 = abs(np.linalg.det(mask.grid.lps_from_ijk[:3, :3]))
    found = extract_label_surfaces(mask)
    assert len(found) == len(np.unique(mask.values)) - (mask.values == 0).any()
    for one in found:
        welded = Welded(one.mesh)
        assert not welded.faults
        assert not welded.n_open
        n_voxels = np.count_nonzero(mask.values == one.label)
        if n_voxels > 2000 and not (one.mesh.kinds == FaceKind.CAP).any():
            assert welded.volume == pytest.approx(n_voxels * voxel_mm3, rel=0.02)


def held(values, spacing, **options):
    """Volume of the surface over that of the voxels."""
    affine = np.diag([*spacing, 1.0])
    mask = Mask(values=values, grid=Grid(dims_ijk=values.shape[::-1], lps_from_ijk=affine))
    found = Welded(extract_mask_surface(mask, **options))
    assert not found.faults
    assert not found.n_open
    return found.volume / (values.sum() * np.prod(spacing))


SMALL = {
    "one voxel": ((1, 1, 1), 0.95),
    "two voxels": ((1, 1, 2), 0.95),
    "a cube of eight": ((2, 2, 2), 0.93),
    "a cube of 64": ((4, 4, 4), 0.95),
    "a thread": ((1, 1, 20), 0.95),
    "a rod": ((20, 3, 3), 0.95),
    "a sheet of one voxel": ((20, 20, 1), 0.92),
    "a sheet of two": ((2, 20, 20), 0.9),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_or_thin_part_keeps_its_volume(name):
    size, least = SMALL[name]
    values = np.pad(np.ones(size, bool), 3)
    assert least < held(values, (0.5, 0.7, 1.1)) < 1.05
    # So does a void of that size deep in a block: the part of the surface that encloses less than nothing.
    block = np.pad(~np.pad(np.ones(size, bool), 10), 3)
    mask = Mask(values=block, grid=Grid(dims_ijk=block.shape[::-1], lps_from_ijk=np.eye(4)))
    volumes = [measure_mesh(part).volume_mm3 for part in split_mesh(extract_mask_surface(mask))]
    assert least < -min(volumes) / np.prod(size) < 1.06


def test_parts_of_a_few_voxels_of_any_shape_keep_their_volume():
    rng = np.random.default_rng(4)
    for n_voxels in (3, 5, 8, 12, 20, 30):
        for _ in range(10):
            values = np.zeros((14, 14, 14), bool)
            values[7, 7, 7] = True
            while values.sum() < n_voxels:
                beside = np.argwhere(ndimage.binary_dilation(values) & ~values)
                beside = beside[((beside > 1) & (beside < 12)).all(axis=1)]
                values[tuple(rng.choice(beside))] = True
            assert 0.88 < held(values, (0.5, 0.7, 1.1)) < 1.06


@pytest.mark.parametrize("thickness", [1.5, 2.0, 3.0])
def test_a_thin_plate_that_stands_oblique_keeps_its_volume_and_shows_no_terraces(thickness):
    k, j, i = np.indices((48, 48, 48)) - 23.5
    normal = np.array([0.2, 0.3, 1.0]) / np.linalg.norm([0.2, 0.3, 1.0])
    across = i * normal[0] + j * normal[1] + k * normal[2]
    values = (np.abs(across) < thickness / 2) & (i**2 + j**2 + k**2 < 18**2)
    assert 0.97 < held(values, (1.0, 1.0, 1.0)) < 1.02
    mask = Mask(values=values, grid=Grid(dims_ijk=(48, 48, 48), lps_from_ijk=np.eye(4)))
    points = extract_mask_surface(mask).vertices - 23.5
    face = np.abs(np.abs(points @ normal) - thickness / 2)[np.linalg.norm(points, axis=1) < 14]
    assert np.sqrt(np.mean(face**2)) < 0.15  # 0.29 of a voxel where terraces are left as they are
