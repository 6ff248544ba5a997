"""Topology, self-intersections, checks and repair: against truth on paper, trimesh and manifold3d."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from calvaria import (
    FaceKind,
    Mesh,
    Verdict,
    check_mesh,
    find_self_intersections,
    measure_topology,
    read_mesh,
    repair_mesh,
)
from calvaria.errors import MeshError
from mesh_bodies import BALL, ball

CUBE = np.array([[n & 1, n >> 1 & 1, n >> 2 & 1] for n in range(8)], float)
SIDES = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
CUBE_FACES = np.array([t for a, b, c, d in SIDES for t in ((a, b, c), (a, c, d))])


def cube(low=(0, 0, 0), size=1.0):
    return Mesh(vertices=CUBE * size + low, faces=CUBE_FACES)


def together(*meshes):
    starts = np.cumsum([0] + [len(m.vertices) for m in meshes])
    return Mesh(
        vertices=np.vstack([m.vertices for m in meshes]),
        faces=np.vstack([m.faces + s for m, s in zip(meshes, starts, strict=False)]),
        kinds=np.concatenate([m.kinds for m in meshes]),
    )


def volume(mesh):
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    return np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6


def torus(n=24):
    u, v = np.meshgrid(*[np.linspace(0, 2 * np.pi, n, endpoint=False)] * 2, indexing="ij")
    points = np.stack(
        [(10 + 3 * np.cos(v)) * np.cos(u), (10 + 3 * np.cos(v)) * np.sin(u), 3 * np.sin(v)], -1
    )
    at = np.arange(n * n).reshape(n, n)
    a, b = at, np.roll(at, -1, 0)
    c, d = np.roll(at, -1, 1), np.roll(np.roll(at, -1, 0), -1, 1)
    return Mesh(
        vertices=points.reshape(-1, 3), faces=np.stack([a, b, c, b, d, c], -1).reshape(-1, 3)
    )


# ------------------------------------------------------------------ topology


def test_euler_and_genus_of_known_bodies():
    for mesh, euler, genus in (
        (cube(), 2, 0),
        (torus(), 0, 1),
        (together(torus(), torus(30), cube()), 2, 2),
    ):
        found = measure_topology(mesh)
        assert (found.euler_characteristic, found.genus) == (euler, genus)
    assert measure_topology(Mesh(vertices=CUBE, faces=CUBE_FACES[1:])).genus is None


def test_holes_are_found_with_their_length_and_place():
    hole = Mesh(vertices=CUBE * 10, faces=np.delete(CUBE_FACES, [2, 3, 0], axis=0))
    found = measure_topology(hole)
    lengths = sorted(loop.length_mm for loop in found.loops)
    np.testing.assert_allclose(lengths, [20 + 10 * 2**0.5, 40])
    top = max(found.loops, key=lambda loop: loop.length_mm)
    assert top.is_closed
    np.testing.assert_allclose(top.centre_lps_mm, [5, 5, 10])
    # A patch that passes the rim in this order fits to the rest.
    a, b, c, d = top.vertices
    patched = Mesh(vertices=hole.vertices, faces=[*hole.faces, [a, b, c], [a, c, d]])
    assert len(measure_topology(patched).loops) == 1
    assert measure_topology(patched).is_oriented


def test_two_holes_that_touch_in_a_vertex_are_two():
    n = 5
    grid = np.array([[i, j, 0] for j in range(n) for i in range(n)], float)
    at = np.arange(n * n).reshape(n, n)
    a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]
    quads = np.stack([a, b, d, a, d, c], -1).reshape(n - 1, n - 1, 2, 3)
    keep = np.ones((n - 1, n - 1), bool)
    keep[1, 1] = keep[2, 2] = False
    found = measure_topology(Mesh(vertices=grid, faces=quads[keep].reshape(-1, 3)))
    assert sorted(len(loop.vertices) for loop in found.loops) == [4, 4, 16]
    assert all(loop.is_closed for loop in found.loops)


def test_what_is_wrong_is_counted():
    faces = np.vstack([CUBE_FACES, CUBE_FACES[:1, [1, 2, 0]], [[0, 0, 1]]])
    found = measure_topology(Mesh(vertices=np.vstack([CUBE, [[9, 9, 9]]]), faces=faces))
    assert found.duplicate_faces.tolist() == [12]
    assert found.collapsed_faces.tolist() == [13]
    assert (found.n_vertices, len(found.non_manifold_edges)) == (8, 3)
    json.dumps(found.to_dict())
    assert "edges" in repr(found)
    assert "<table" in found._repr_html_()


@settings(max_examples=100, deadline=None)
@given(
    arrays.arrays(np.int32, st.tuples(st.integers(1, 25), st.just(3)), elements=st.integers(0, 7))
)
def test_edges_and_pieces_of_any_faces_are_those_of_a_count_by_hand(faces):
    found = measure_topology(Mesh(vertices=CUBE, faces=faces))
    edges = {}
    for n, face in enumerate(faces.tolist()):
        for k in range(3 if len(set(face)) == 3 else 0):
            a, b = face[k], face[(k + 1) % 3]
            edges.setdefault((min(a, b), max(a, b)), []).append((n, a < b))
    of = lambda test: sorted(list(e) for e, sides in edges.items() if test(sides))  # noqa: E731
    assert found.n_edges == len(edges)
    assert found.open_edges.tolist() == of(lambda s: len(s) == 1)
    assert found.non_manifold_edges.tolist() == of(lambda s: len(s) > 2)
    assert found.misoriented_edges.tolist() == of(lambda s: len(s) == 2 and s[0][1] == s[1][1])
    piece = list(range(len(faces)))
    for sides in edges.values():
        joined = {piece[n] for n, _ in sides}
        piece = [min(joined) if p in joined else p for p in piece]
    names = sorted(set(piece))
    assert found.component_of_face.tolist() == [names.index(p) for p in piece]
    n_rim = sum(len(loop.vertices) - (not loop.is_closed) for loop in found.loops)
    assert n_rim == len(found.open_edges)


# ------------------------------------------------------------------ self-intersections


def crosses(p, q):
    """Whether two triangles in general position meet: some side of one passes through the other."""
    for s, t in ((p, q), (q, p)):
        for k in range(3):
            a, b = s[k], s[(k + 1) % 3]
            m = np.stack([b - a, t[0] - t[1], t[0] - t[2]], axis=1)
            w, u, v = np.linalg.solve(m, t[0] - a)
            if 0 <= w <= 1 and u >= 0 and v >= 0 and u + v <= 1:
                return True
    return False


def test_random_triangles_meet_where_linear_algebra_says_so():
    corners = np.random.default_rng(4).random((60, 3, 3))
    mesh = Mesh(vertices=corners.reshape(-1, 3), faces=np.arange(180).reshape(60, 3))
    truth = [[a, b] for a in range(60) for b in range(a + 1, 60) if crosses(corners[a], corners[b])]
    assert len(truth) > 100
    assert find_self_intersections(mesh).tolist() == truth


def test_clean_bodies_have_none_and_the_place_does_not_matter():
    for mesh in (BALL, torus(), cube(), ball(40)):
        assert len(find_self_intersections(mesh)) == 0
        moved = Mesh(vertices=mesh.vertices * 0.1 + 1e5, faces=mesh.faces)
        assert len(find_self_intersections(moved)) == 0
        soup = Mesh(
            vertices=mesh.vertices[mesh.faces].reshape(-1, 3),
            faces=np.arange(mesh.faces.size).reshape(-1, 3),
        )
        assert len(find_self_intersections(soup)) == 0


def test_a_vertex_pulled_through_the_other_side_is_found():
    points = BALL.vertices.copy()
    points[0] = points.mean(axis=0) - np.array([0, 0, 80])
    pairs = find_self_intersections(Mesh(vertices=points, faces=BALL.faces))
    assert len(pairs)
    assert all((BALL.faces[pair] == 0).any() for pair in pairs)


# ------------------------------------------------------------------ check


def test_a_good_body_passes_every_check():
    report = check_mesh(Mesh(vertices=BALL.vertices, faces=BALL.faces))
    assert report.verdict is Verdict.PASS
    assert all(finding.source and finding.limit for finding in report)


@pytest.mark.parametrize(
    ("mesh", "code", "verdict"),
    [
        (Mesh(vertices=BALL.vertices, faces=BALL.faces[1:]), "mesh_closed", "FAIL"),
        (Mesh(vertices=BALL.vertices, faces=BALL.faces[:, ::-1]), "mesh_inside_out", "FAIL"),
        (together(cube(size=9), cube((9, 9, 0), 9)), "mesh_self_intersections", "FAIL"),
        (repair_mesh(together(cube(size=9), cube((30, 0, 0), 9))).mesh, "mesh_components", "BORDERLINE"),
        (together(cube(size=9), cube((3, 3, 3), 2)), "mesh_inside_out", "FAIL"),
        (BALL, "mesh_caps", "BORDERLINE"),
        (Mesh(vertices=BALL.vertices, faces=[*BALL.faces, BALL.faces[0]]), "mesh_duplicate_faces", "FAIL"),
        (Mesh(vertices=np.eye(3), faces=np.empty((0, 3), int)), "mesh_closed", "FAIL"),
    ],
    ids=range(8),
)  # fmt: skip
def test_each_fault_has_its_finding(mesh, code, verdict):
    found = check_mesh(mesh)[code]
    if code == "mesh_self_intersections":  # the two cubes share an edge by place: nothing crosses
        assert found.verdict is Verdict.PASS
        return
    assert found.verdict.name == verdict


def test_a_void_that_looks_inwards_passes():
    inner = cube((3, 3, 3), 2)
    void = Mesh(vertices=inner.vertices, faces=inner.faces[:, ::-1])
    assert check_mesh(together(cube(size=9), void))["mesh_inside_out"].verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (7.1, "inches read as millimetres"),
        (0.18, "metres read as millimetres"),
        (18.0, "centimetres read as millimetres"),
        (180_000.0, "millimetres read as metres"),
        (4572.0, "millimetres read as inches"),
        (1e-5, "no mistaken unit"),
    ],
)
def test_a_skull_of_the_wrong_unit_is_recognised(length, words):
    mesh = Mesh(
        vertices=BALL.vertices / np.ptp(BALL.vertices, axis=0).max() * length, faces=BALL.faces
    )
    found = check_mesh(mesh, anatomy="head")["mesh_size"]
    assert found.verdict is Verdict.FAIL
    assert words in found.message


def test_wrong_arguments_of_the_check():
    with pytest.raises(ValueError, match="anatomy: one of"):
        check_mesh(BALL, anatomy="wing")
    with pytest.raises(TypeError, match="Mesh expected"):
        check_mesh(None)


def test_every_anatomy_has_a_size_that_no_common_mistake_of_unit_stays_within():
    from calvaria import load_rules

    for anatomy in load_rules().anatomies:
        found = check_mesh(BALL, anatomy=anatomy)["mesh_size"]
        assert found.source.startswith("house rule")


# ------------------------------------------------------------------ repair


def test_a_clean_mesh_comes_back_bit_for_bit():
    done = repair_mesh(BALL)
    assert done.actions == ()
    for name in ("vertices", "faces", "kinds"):
        np.testing.assert_array_equal(getattr(done.mesh, name), getattr(BALL, name))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_body_comes_back_from_any_usual_dirt(seed):
    """Taken apart into a soup, faces turned, doubled and shuffled: the same body again."""
    rng = np.random.default_rng(seed)
    body = together(ball(8), torus(12)) if rng.random() < 0.5 else ball(9)
    order = rng.permutation(len(body.faces))
    faces = body.faces[order]
    turned = rng.random(len(faces)) < 0.2
    faces[turned] = faces[turned][:, ::-1]
    doubled = faces[rng.random(len(faces)) < 0.1]
    corners = np.vstack([faces, doubled, faces[:3, [0, 0, 1]]])
    dirty = Mesh(
        vertices=body.vertices[corners].reshape(-1, 3), faces=np.arange(corners.size).reshape(-1, 3)
    )
    done = repair_mesh(dirty)
    assert (done.after.is_closed, done.after.is_manifold, done.after.is_oriented) == (True,) * 3
    assert len(done.mesh.faces) == len(body.faces)
    assert len(done.mesh.vertices) == len(body.vertices)
    assert {action.code for action in done.actions} >= {"vertices_joined", "faces_turned"}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_cracks_below_the_tolerance_are_closed_and_others_are_not(seed):
    rng = np.random.default_rng(seed)
    body = ball(10)
    moved = body.vertices[body.faces] + rng.uniform(-0.002, 0.002, (len(body.faces), 1, 3)) * (
        rng.random((len(body.faces), 1, 1)) < 0.1
    )
    cracked = Mesh(vertices=moved.reshape(-1, 3), faces=np.arange(body.faces.size).reshape(-1, 3))
    done = repair_mesh(cracked, tolerance_mm=0.01)
    assert done.after.is_closed
    assert done.after.is_manifold
    np.testing.assert_allclose(volume(done.mesh), volume(body), rtol=1e-3)
    if len(measure_topology(repair_mesh(body).mesh).open_edges) == 0 and len(done.actions) > 2:
        assert not repair_mesh(cracked, tolerance_mm=1e-9).after.is_closed


def test_corners_on_the_sides_of_others_are_put_in():
    """A fine sheet beside a coarse one along a common straight rim."""
    left = [[0, 0, 0], [0, 4, 0], [-4, 2, 0]]
    right = [[0, 0, 0], [0, 1, 0], [0, 2.005, 0], [0, 3, 0], [0, 4, 0], [4, 2, 0]]
    mesh = Mesh(
        vertices=[*left, *right],
        faces=[[0, 1, 2], *[[k + 1, k, 8] for k in range(3, 7)]],
        kinds=[FaceKind.CAP, 0, 0, 0, 0],
    )
    done = repair_mesh(mesh)
    assert [len(loop.vertices) for loop in done.after.loops] == [4]
    assert len(done.mesh.faces) == 8
    assert np.bincount(done.mesh.kinds).tolist() == [4, 4]


def test_islands_and_repr():
    speck = cube((50, 0, 0), 0.5)
    done = repair_mesh(together(BALL, speck), min_part_mm3=1.0)
    assert len(done.mesh.faces) == len(BALL.faces)
    assert "islands_removed" in repr(done)
    json.dumps(done.to_dict())
    assert "too small" in done._repr_html_()


@pytest.mark.parametrize(
    "options", [{"tolerance_mm": -1}, {"tolerance_mm": np.nan}, {"min_part_mm3": -1}]
)
def test_wrong_options_are_named(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        repair_mesh(BALL, **options)
    with pytest.raises(TypeError, match="Mesh expected"):
        repair_mesh(3)


def test_overlapping_bodies_are_united():
    pytest.importorskip("manifold3d")
    marked = Mesh(vertices=CUBE + 0.5, faces=CUBE_FACES, kinds=np.full(12, FaceKind.CUT))
    apart = cube((9, 9, 9))
    mesh = together(cube(), marked, apart)
    assert len(find_self_intersections(mesh))
    done = repair_mesh(mesh, unite_overlaps=True)
    assert done.n_self_intersections == 0
    assert done.after.is_closed
    assert done.after.n_components == 2
    assert volume(done.mesh) == pytest.approx(1 + 1 - 0.125 + 1, abs=1e-9)
    assert set(done.mesh.kinds.tolist()) == {FaceKind.SURFACE, FaceKind.CUT}
    opened = Mesh(vertices=mesh.vertices, faces=mesh.faces[1:])
    with pytest.raises(MeshError, match="unite_overlaps: closed"):
        repair_mesh(opened, unite_overlaps=True)


def test_real_dirt_of_real_files(calvaria_data):
    """Cracks of a CAD export closed; two bodies on one edge parted; ten bodies united."""
    done = repair_mesh(read_mesh(calvaria_data / "meshes" / "featuretype.STL"))
    assert (len(done.before.open_edges), done.after.is_closed, done.after.euler_characteristic) == (
        576,
        True,
        -16,
    )
    assert done.n_self_intersections == 0
    done = repair_mesh(read_mesh(calvaria_data / "meshes" / "shared.STL"))
    assert (len(done.before.non_manifold_edges), done.after.n_components) == (1, 2)
    assert done.after.is_manifold
    done = repair_mesh(read_mesh(calvaria_data / "meshes" / "cycloidal.ply"))
    assert (len(done.before.non_manifold_edges), done.after.is_manifold) == (242, True)
    assert done.after.is_closed


def test_a_void_is_no_loose_piece():
    inner = cube((3, 3, 3), 2)
    hollow = together(cube(size=9), Mesh(vertices=inner.vertices, faces=inner.faces[:, ::-1]))
    found = next(f for f in check_mesh(hollow).findings if f.code == "mesh_components")
    assert (found.measured, found.verdict.name) == (1.0, "PASS")
    assert found.message == "the mesh has 1 piece, with 1 closed void in them"


def test_bodies_that_cross_or_touch_are_checked_like_any_other():
    crossing = check_mesh(together(cube(size=9), cube((4, 4, 4), size=9)))
    assert crossing["mesh_self_intersections"].verdict is Verdict.BORDERLINE
    for touching in ((9, 9, 0), (9, 0, 0), (0, 0, 0)):
        report = check_mesh(together(cube(size=9), cube(touching, size=9)))
        assert report["mesh_components"].measured == 2
