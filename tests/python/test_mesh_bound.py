"""The bound of a decimation: on shapes of known truth, between walls that are closer than it, by chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mesh_shapes as shapes
from calvaria import extract_surface, phantom
from calvaria.mesh import (
    FaceKind,
    Mesh,
    closest_points,
    decimate_mesh,
    find_self_intersections,
    smooth_mesh,
)
from calvaria.mesh.decimation import _above
from calvaria.segment import bone_level
from thread_counts import outputs_of


def points_on(mesh, n=6000, seed=0):
    """Vertices, and random points of random faces."""
    rng = np.random.default_rng(seed)
    corners = mesh.vertices[mesh.faces[rng.integers(0, len(mesh.faces), n)]]
    inside = (corners * rng.dirichlet([1, 1, 1], n)[..., None]).sum(axis=1)
    return np.vstack([mesh.vertices[np.unique(mesh.faces)], inside])


def largest_distance(first, second, n=6000):
    """Both ways, by a search of the whole of both."""
    return max(
        np.linalg.norm(closest_points(target, points).points_lps_mm - points, axis=1).max()
        for source, target in ((first, second), (second, first))
        for points in [points_on(source, n)]
    )


@pytest.mark.parametrize("bound", [0.3, 0.05, 0.01])
def test_a_sphere_stays_within_the_bound_of_a_sphere(bound):
    radius, n = 40.0, 50
    ball = shapes.icosphere(radius, n)
    # The chords of the input lie below the sphere by this much at most.
    sagitta = radius - np.linalg.norm(ball.vertices[ball.faces].mean(axis=1), axis=1).min()
    made = decimate_mesh(ball, max_error_mm=bound)
    shapes.assert_closed(made.mesh)
    assert made.max_error_mm <= bound
    depth = radius - np.linalg.norm(points_on(made.mesh), axis=1)
    assert -bound <= depth.min() <= depth.max() <= bound + sagitta
    assert largest_distance(ball, made.mesh) <= made.max_error_mm
    # Triangles of a side s lie s^2 / (6 r) deep; half of the area between inside and outside is used.
    side = np.sqrt(6 * radius * 2 * bound)
    expected = 4 * np.pi * radius**2 / (np.sqrt(3) / 4 * side**2)
    assert made.n_faces < min(4 * expected, len(ball.faces))
    volume = shapes.signed_volume(made.mesh) / shapes.signed_volume(ball)
    assert abs(volume - 1) < 3 * bound / radius


def plate(n=41, side=0.6):
    """A plate one square thick, its top a lid, its bottom with a little grain inside the rim."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(n) * side, np.arange(n) * side))
    corner = np.array([i for i in range(n * (n - 1)) if i % n < n - 1])
    low = np.vstack(
        [np.c_[corner, corner + n + 1, corner + 1], np.c_[corner, corner + n, corner + n + 1]]
    )
    top = low[:, ::-1] + n * n
    side_by_side = np.arange(n)
    rim = np.r_[side_by_side[:-1], side_by_side[:-1] * n + n - 1,
                n * n - 1 - side_by_side[:-1], (n - 1 - side_by_side[:-1]) * n]  # fmt: skip
    following = np.roll(rim, -1)
    walls = np.vstack(
        [np.c_[rim, following, following + n * n], np.c_[rim, following + n * n, rim + n * n]]
    )
    is_inside = (x > 0) & (x < x.max()) & (y > 0) & (y < y.max())
    grain = np.random.default_rng(0).normal(0, 0.02, n * n) * is_inside
    kinds = np.repeat([0, int(FaceKind.CAP), 0], [len(low), len(top), len(walls)]).astype(np.uint8)
    return Mesh(
        vertices=np.vstack([np.c_[x, y, grain], np.c_[x, y, 0 * x + side]]),
        faces=np.vstack([low, top, walls]),
        kinds=kinds,
    )


def test_a_thin_plate_keeps_its_thickness_and_its_flat_lid():
    plain = plate()
    shapes.assert_closed(plain)
    assert len(find_self_intersections(plain)) == 0
    # More than half of the thickness: within it of one side lies much of the other.
    made = decimate_mesh(plain, max_error_mm=0.4)
    shapes.assert_closed(made.mesh)
    lid = made.mesh.vertices[made.mesh.faces[made.mesh.kinds == FaceKind.CAP]]
    assert np.abs(lid[..., 2] - 0.6).max() < 1e-9
    a, b, c = lid.transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    assert area == pytest.approx(24**2, rel=0.01)
    assert shapes.signed_volume(made.mesh) / shapes.signed_volume(plain) > 0.9
    assert largest_distance(plain, made.mesh) <= made.max_error_mm <= 0.4
    assert made.n_faces < 400
    assert len(find_self_intersections(made.mesh)) == 0


def sheets(gap, n=70, height=0.08):
    """Two wavy sheets, one above the other, as one mesh; and each alone."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(n) * 0.4, np.arange(n) * 0.4))
    corner = np.array([i for i in range(n * (n - 1)) if i % n < n - 1])
    faces = np.vstack(
        [np.c_[corner, corner + 1, corner + n + 1], np.c_[corner, corner + n + 1, corner + n]]
    )
    z = height * np.sin(1.1 * x) * np.cos(0.9 * y)
    low, high = np.c_[x, y, z], np.c_[x, y, gap - z]
    both = Mesh(vertices=np.vstack([low, high]), faces=np.vstack([faces, faces[:, ::-1] + n * n]))
    return both, Mesh(vertices=low, faces=faces), Mesh(vertices=high, faces=faces[:, ::-1])


@pytest.mark.parametrize("bound", [0.05, 0.2])
def test_a_wall_is_held_against_itself_and_not_against_the_wall_next_to_it(bound):
    both, *alone = sheets(gap=0.5)
    made = decimate_mesh(both, max_error_mm=bound)
    middle = made.mesh.vertices[made.mesh.faces].mean(axis=1)[:, 2]
    for sheet, is_own in zip(alone, (middle < 0.25, middle > 0.25), strict=True):
        own = Mesh(vertices=made.mesh.vertices, faces=made.mesh.faces[is_own])
        assert 0 < len(own.faces) < len(sheet.faces) / 3
        assert largest_distance(sheet, own) <= made.max_error_mm <= bound
    assert len(find_self_intersections(made.mesh)) == 0


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    bound=st.floats(0.01, 1.5),
    n=st.integers(8, 18),
    noise=st.sampled_from([30.0, 120.0, 400.0]),
)
def test_no_mesh_breaks_its_bound(seed, bound, n, noise):
    mesh = shapes.noisy_bone(seed=seed, n=n, noise=noise)
    made = decimate_mesh(mesh, max_error_mm=bound)
    assert made.reached
    assert made.max_error_mm <= bound
    assert largest_distance(mesh, made.mesh, n=1500) <= bound
    assert shapes.n_without_area(made.mesh) == 0
    counts, _ = shapes.edge_counts(mesh)
    if (counts == 2).all():
        shapes.assert_closed(made.mesh, fans=shapes.is_manifold_vertex_everywhere(mesh))


@pytest.mark.parametrize("fraction", [0.5, 0.2, 0.1])
def test_what_is_said_without_a_bound_is_what_a_search_of_the_whole_finds(fraction):
    bone = shapes.noisy_bone(n=80)
    made = decimate_mesh(bone, target_fraction=fraction)
    truth = largest_distance(bone, made.mesh, n=20_000)
    assert truth / 1.1 <= made.max_error_mm <= truth * 1.1


def test_a_surface_that_crosses_itself_is_decimated_within_its_bound():
    bone = smooth_mesh(shapes.noisy_bone(noise=400.0)).mesh
    assert len(find_self_intersections(bone)) > 0
    made = decimate_mesh(bone, max_error_mm=0.2)
    assert made.n_faces < 0.6 * len(bone.faces)
    assert largest_distance(bone, made.mesh) <= made.max_error_mm <= 0.2


def test_a_jaw_whose_surface_crosses_itself_does_not_come_back_as_it_was():
    scanner = phantom.Scanner(
        columns=125, rows=92, spacing_xy_mm=(1.2, 1.2), slice_thickness_mm=1.2,
        slice_increment_mm=1.2, n_slices=46, centre_lps_mm=(0, -50, -15),
    )  # fmt: skip
    volume = phantom.scan(phantom.head(), scanner=scanner)
    jaw = smooth_mesh(extract_surface(volume, iso_hu=0.7 * bone_level(volume).level_hu)).mesh
    assert len(find_self_intersections(jaw)) > 100
    made = decimate_mesh(jaw, max_error_mm=0.2)
    assert made.n_faces < 0.2 * len(jaw.faces)
    assert largest_distance(jaw, made.mesh) <= made.max_error_mm <= 0.2


def test_what_would_take_as_many_faces_stays_as_it_is():
    one, other = (shapes.box(n=1) for _ in range(2))
    crossing = Mesh(
        vertices=np.vstack([one.vertices, other.vertices + np.array([0.9, 0.7, 0.5])]),
        faces=np.vstack([one.faces, other.faces + len(one.vertices)]),
    )
    for body in (one, crossing):
        made = decimate_mesh(body, max_error_mm=0.05)
        assert (made.n_faces, made.max_error_mm) == (len(body.faces), 0.0)
        np.testing.assert_array_equal(made.mesh.vertices, body.vertices)
        np.testing.assert_array_equal(made.mesh.faces, body.faces)


def test_a_target_and_a_bound_together_keep_both_as_far_as_they_can():
    bone = shapes.noisy_bone()
    made = decimate_mesh(bone, max_error_mm=0.3, target_fraction=0.5)
    assert made.reason == "target"
    assert len(bone.faces) * 0.45 < made.n_faces <= len(bone.faces) * 0.5
    assert largest_distance(bone, made.mesh) <= made.max_error_mm <= 0.3
    far = decimate_mesh(bone, max_error_mm=0.02, target_fraction=0.01)
    assert (far.reached, far.reason) == (False, "bound")


THREADS = """
import hashlib
import mesh_shapes
from calvaria.mesh import decimate_mesh, smooth_mesh
mesh = mesh_shapes.bumpy(n=72, noise=0.05)
made = decimate_mesh(mesh, max_error_mm=0.08)
apart = smooth_mesh(mesh_shapes.noisy_bone(noise=200.0), keep_apart=True)
facts = repr((made.to_dict(), apart.to_dict()))
meshes = (made.mesh, apart.mesh)
digest = hashlib.sha256(b"".join(m.vertices.tobytes() + m.faces.tobytes() for m in meshes))
digest.update(facts.encode())
print(digest.hexdigest())
"""


def test_a_bound_gives_the_same_bits_for_any_number_of_threads():
    assert len(outputs_of(THREADS)) == 1


def test_smoothing_that_keeps_apart_makes_no_faces_cross():
    n_crossing = n_held = 0
    for seed in range(4):
        bone = shapes.noisy_bone(seed=seed, n=36, noise=300.0)
        assert len(find_self_intersections(bone)) == 0
        plain = smooth_mesh(bone)
        apart = smooth_mesh(bone, keep_apart=True)
        n_crossing += len(find_self_intersections(plain.mesh))
        n_held += apart.n_held_vertices
        assert len(find_self_intersections(apart.mesh)) == 0
        same = (plain.mesh.vertices == apart.mesh.vertices).all(axis=1)
        assert (~same).sum() <= apart.n_held_vertices < 0.1 * len(bone.vertices)
        small = decimate_mesh(apart.mesh, max_error_mm=0.1).mesh
        assert len(find_self_intersections(small)) == 0
    assert n_crossing > 0, "nothing to hold apart: the test shows nothing"
    assert n_held > 0


def test_a_number_above_its_limit_never_reads_as_the_limit():
    assert _above(1.0004, 1.0) == "1.0004"
    assert _above(1.04, 1.0) == "1.04"
    assert _above(2.71828, 1.0) == "2.7"
    assert float(_above(np.nextafter(1.0, 2.0), 1.0)) > 1.0
