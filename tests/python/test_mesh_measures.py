"""Measures, curvature, distances, sections and cuts against what is known and what others say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mesh_shapes as shapes
from calvaria.errors import MeshError, OpenSurfaceError
from calvaria.mesh import (
    FaceKind,
    Mesh,
    closest_points,
    cut_mesh,
    flip_mesh,
    measure_curvature,
    measure_mesh,
    section_mesh,
    section_mesh_at,
    signed_distance_mm,
)


def opened(mesh):
    return Mesh(vertices=mesh.vertices, faces=mesh.faces[1:])


def test_a_far_box_has_its_size_and_axes():
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn[:, 0] *= np.sign(np.linalg.det(turn))
    box = shapes.box((10.0, 30.0, 20.0), n=4)
    mesh = Mesh(vertices=box.vertices @ turn.T + [500, -800, 1200], faces=box.faces)
    found = measure_mesh(mesh)
    assert found.volume_mm3 == pytest.approx(6000, rel=1e-12)
    assert found.area_mm2 == pytest.approx(2200, rel=1e-12)
    assert found.oriented_size_mm == pytest.approx((30, 20, 10), rel=1e-9)
    centre = np.array([5, 15, 10]) @ turn.T + [500, -800, 1200]
    assert found.centroid_lps_mm == pytest.approx(centre, abs=1e-9)
    assert found.oriented_centre_lps_mm == pytest.approx(centre, abs=1e-9)
    assert found.standard_deviations_mm == pytest.approx(np.array([30, 20, 10]) / 12**0.5, rel=1e-9)
    assert np.abs(found.axes @ turn[:, [1, 2, 0]]) == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(found.axes) == pytest.approx(1)
    assert found.is_closed


def test_trimesh_measures_the_same():
    trimesh = pytest.importorskip("trimesh")
    mesh = shapes.noisy_bone(n=24)
    theirs = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    ours = measure_mesh(mesh)
    assert ours.volume_mm3 == pytest.approx(theirs.volume, rel=1e-9)
    assert ours.area_mm2 == pytest.approx(theirs.area, rel=1e-9)
    assert ours.centroid_lps_mm == pytest.approx(theirs.center_mass, abs=1e-8)
    assert (ours.low_lps_mm, ours.high_lps_mm) == (
        pytest.approx(theirs.bounds[0]),
        pytest.approx(theirs.bounds[1]),
    )


def test_inside_out_is_negative_and_open_is_said():
    sphere = shapes.icosphere(10.0, 6)
    assert measure_mesh(flip_mesh(sphere)).volume_mm3 == pytest.approx(
        -measure_mesh(sphere).volume_mm3
    )
    assert not measure_mesh(opened(sphere)).is_closed
    with pytest.raises(MeshError, match="face"):
        measure_mesh(Mesh(vertices=np.zeros((0, 3)), faces=np.zeros((0, 3), int)))


def test_curvature_of_a_sphere_and_a_torus():
    found = measure_curvature(shapes.icosphere(20.0, 30))
    assert np.abs(found.mean_per_mm * 20 - 1).max() < 0.02
    assert np.abs(found.gaussian_per_mm2 * 400 - 1).mean() < 0.02
    torus = shapes.torus(30.0, 10.0, n=240, m=120)
    found = measure_curvature(torus)
    rho = np.hypot(*torus.vertices[:, :2].T)
    cosine = (rho - 30) / 10
    assert np.abs(found.gaussian_per_mm2 - cosine / (10 * rho)).max() < 2e-5
    assert np.abs(found.mean_per_mm - (1 / 10 + cosine / rho) / 2).max() < 2e-4
    assert np.nanmax(np.abs(found.maximum_per_mm - 0.1)) < 2e-3


def test_a_boundary_has_no_curvature():
    assert np.isnan(measure_curvature(opened(shapes.icosphere(5.0, 4))).mean_per_mm).sum() == 3


def test_distance_to_a_sphere_is_that_of_its_faces():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(3000, 3)) * 15
    sphere = shapes.icosphere(20.0, 20)
    found = signed_distance_mm(sphere, points)
    assert np.abs(found - (np.linalg.norm(points, axis=1) - 20)).max() < 0.03


def test_signed_distance_of_a_box_is_exact():
    rng = np.random.default_rng(3)
    points = rng.uniform(-3, 7, (5000, 3))
    low, high = np.zeros(3), np.array([2.0, 3.0, 4.0])
    out = np.maximum(np.maximum(low - points, points - high), 0)
    inside = np.minimum(points - low, high - points).min(axis=1)
    truth = np.where(inside > 0, -inside, np.linalg.norm(out, axis=1))
    assert np.abs(signed_distance_mm(shapes.box(n=5), points) - truth).max() < 1e-9
    far = points + np.array([1e5, 0, 0])
    out = np.maximum(np.maximum(low - far, far - high), 0)
    assert (
        np.abs(signed_distance_mm(shapes.box(n=5), far) - np.linalg.norm(out, axis=1)).max() < 1e-9
    )


def test_closest_points_are_those_of_trimesh():
    trimesh = pytest.importorskip("trimesh")
    pytest.importorskip("rtree")
    mesh = shapes.noisy_bone(n=20)
    points = np.random.default_rng(5).uniform(-2, 12, (1500, 3))
    theirs, distance, _ = trimesh.proximity.closest_point(
        trimesh.Trimesh(mesh.vertices, mesh.faces, process=False), points
    )
    ours = closest_points(mesh, points)
    assert np.abs(ours.distances_mm - distance).max() < 1e-9
    on_face = mesh.vertices[mesh.faces[ours.faces]]
    normal = np.cross(on_face[:, 1] - on_face[:, 0], on_face[:, 2] - on_face[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    assert np.abs(((ours.points_lps_mm - on_face[:, 0]) * normal).sum(axis=1)).max() < 1e-9
    assert np.linalg.norm(ours.points_lps_mm - theirs, axis=1).mean() < 1e-6


def test_a_question_without_an_answer_is_refused():
    with pytest.raises(OpenSurfaceError, match="3 boundary edges"):
        signed_distance_mm(opened(shapes.icosphere()), [[0, 0, 0]])
    with pytest.raises(ValueError, match="points"):
        closest_points(shapes.icosphere(), [[0, np.nan, 0]])
    assert closest_points(shapes.icosphere(), []).faces.shape == (0,)


def test_sections_of_a_torus_are_two_rings_or_two_circles():
    torus = shapes.torus(30.0, 10.0, n=300, m=150)
    rings = section_mesh(torus, point_lps_mm=[0, 0, 0.01], normal_lps=[0, 0, 3])
    assert [line.is_closed for line in rings.contours] == [True, True]
    assert rings.area_mm2 == pytest.approx(np.pi * (40**2 - 20**2), rel=1e-3)
    circles = section_mesh(torus, point_lps_mm=[0, 0.01, 0], normal_lps=[0, 1, 0])
    assert len(circles.contours) == 2
    assert circles.area_mm2 == pytest.approx(2 * np.pi * 100, rel=1e-3)
    assert sorted(line.length_mm for line in circles.contours) == pytest.approx(
        [2 * np.pi * 10] * 2, rel=1e-3
    )


def test_a_sweep_gives_the_volume_and_the_single_sections():
    bone = shapes.noisy_bone(n=30)
    heights = np.arange(0.25, 15, 0.125)
    sweep = section_mesh_at(
        bone, point_lps_mm=[0, 0, 0], normal_lps=[0, 0, 1], offsets_mm=heights[::-1]
    )
    assert all(line.is_closed for section in sweep for line in section.contours)
    assert sum(s.area_mm2 for s in sweep) * 0.125 == pytest.approx(
        shapes.signed_volume(bone), rel=0.01
    )
    single = section_mesh(bone, point_lps_mm=[0, 0, heights[40]], normal_lps=[0, 0, 1])
    assert single.area_mm2 == pytest.approx(sweep[-41].area_mm2)
    assert all(
        np.abs(line.points_lps_mm[:, 2] - heights[40]).max() < 1e-12 for line in single.contours
    )


def test_a_plane_through_vertices_still_gives_closed_contours():
    box = shapes.box((2.0, 3.0, 4.0), n=4)
    for z in (1.0, 2.0, 3.0, 4.0):
        section = section_mesh(box, point_lps_mm=[0, 0, z], normal_lps=[0, 0, 1])
        assert [line.is_closed for line in section.contours] == [True]
        assert section.area_mm2 == pytest.approx(6.0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 5), normal=st.tuples(*[st.integers(-3, 3)] * 3), offset=st.floats(-4, 4))
def test_both_parts_of_a_cut_are_closed_and_make_the_whole(seed, normal, offset):
    if not any(normal):
        return
    bone = shapes.noisy_bone(seed=seed, n=18, noise=150.0)
    counts, _ = shapes.edge_counts(bone)
    if not (counts == 2).all():
        return
    middle = (bone.vertices.max(axis=0) + bone.vertices.min(axis=0)) / 2
    unit = np.array(normal) / np.linalg.norm(normal)
    # Through vertices and samples as well as between them.
    point = middle + unit * round(offset * 4) / 4
    parts = [cut_mesh(bone, point_lps_mm=point, normal_lps=sign * unit) for sign in (1, -1)]
    for part, sign in zip(parts, (1, -1), strict=True):
        if len(part.mesh.faces):
            shapes.assert_closed(part.mesh, fans=False)
            assert ((part.mesh.vertices - point) @ unit * sign).min() > -1e-6
    volumes = [shapes.signed_volume(part.mesh) if len(part.mesh.faces) else 0.0 for part in parts]
    assert sum(volumes) == pytest.approx(shapes.signed_volume(bone), rel=1e-4)
    assert parts[0].n_open_contours == 0


def test_the_lid_of_a_hollow_sphere_is_a_ring():
    outer, inner = shapes.icosphere(20.0, 16), flip_mesh(shapes.icosphere(15.0, 12))
    shell = Mesh(
        vertices=np.vstack([outer.vertices, inner.vertices]),
        faces=np.vstack([outer.faces, inner.faces + len(outer.vertices)]),
    )
    result = cut_mesh(shell, point_lps_mm=[0, 0, 0.2], normal_lps=[0, 0, -1])
    shapes.assert_closed(result.mesh)
    assert result.lid_area_mm2 == pytest.approx(np.pi * (20**2 - 15**2), rel=0.02)
    assert result.n_contours == 2
    lid = result.mesh.faces[result.mesh.kinds == FaceKind.CUT]
    a, b, c = result.mesh.vertices[lid].transpose(1, 0, 2)
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()
    without = cut_mesh(shell, point_lps_mm=[0, 0, 0.2], normal_lps=[0, 0, -1], has_lid=False)
    assert len(without.mesh.faces) == len(result.mesh.faces) - len(lid)
