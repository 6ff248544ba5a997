"""Mesh files: what is written is read again by us and by others, whole or not at all, and guarded."""

import io
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from calvaria import FaceKind, Mesh, errors, mesh_topology, read_mesh, read_mesh_info, write_mesh
from calvaria.errors import MeshError
from stl_cases import CORNERS, FACES, binary

FORMATS = ("stl", "ply", "obj", "3mf", "glb")


def ball(n=12, radius=30.0, centre=(5.0, -7.0, 11.0)):
    """A closed surface without symmetry: every axis has its own size."""
    theta = np.linspace(0, np.pi, n + 1)[1:-1, None]
    phi = np.linspace(0, 2 * np.pi, 2 * n, endpoint=False)[None]
    ring = np.stack(
        [np.sin(theta) * np.cos(phi), 1.3 * np.sin(theta) * np.sin(phi), 1.7 * np.cos(theta) + 0 * phi], -1
    )
    points = np.vstack([ring.reshape(-1, 3), [[0, 0, 1.7], [0, 0, -1.7]]]) * radius + centre
    at = np.arange((n - 1) * 2 * n).reshape(n - 1, 2 * n)
    a, b, c, d = at[:-1], np.roll(at, -1, 1)[:-1], at[1:], np.roll(at, -1, 1)[1:]
    middle = np.stack([a, c, b, b, c, d], -1).reshape(-1, 3)
    top = np.stack([np.full(2 * n, len(points) - 2), at[0], np.roll(at[0], -1)], -1)
    end = np.stack([np.full(2 * n, len(points) - 1), np.roll(at[-1], -1), at[-1]], -1)
    faces = np.vstack([top, middle, end])
    kinds = np.zeros(len(faces), np.uint8)
    kinds[:7], kinds[7:9], kinds[-3:] = FaceKind.CAP, FaceKind.CUT, FaceKind.FILLED
    return Mesh(vertices=points, faces=faces, kinds=kinds)


BALL = ball()


def bounds(mesh):
    return np.array([mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)])


@pytest.mark.parametrize("suffix", [*FORMATS, "stl-ascii"])
def test_a_mesh_comes_back_as_it_was(tmp_path, suffix):
    path = tmp_path / f"ball.{suffix.split('-')[0]}"
    write_mesh(BALL, path, format=suffix)
    again = read_mesh(path)
    assert again.findings == ()
    np.testing.assert_allclose(bounds(again), bounds(BALL), atol=5e-6)
    topology = mesh_topology(again)
    assert (topology.is_closed, topology.is_manifold, topology.is_oriented) == (True,) * 3
    assert len(again.vertices) == len(BALL.vertices)
    if suffix in {"3mf", "ply", "glb"}:
        np.testing.assert_array_equal(np.bincount(again.kinds), np.bincount(BALL.kinds))
    if suffix != "glb":
        np.testing.assert_allclose(again.vertices[again.faces], BALL.vertices[BALL.faces], atol=5e-6)
        first = path.read_bytes()
        write_mesh(again, path, format=suffix)
        third = path.read_bytes()
        write_mesh(read_mesh(path), path, format=suffix)
        assert path.read_bytes() == third
        assert len(third) == len(first) if suffix == "stl" else True


@pytest.mark.parametrize("suffix", FORMATS)
def test_two_saves_are_equal_and_hold_no_name_time_or_path(tmp_path, suffix):
    (tmp_path / "Jane_Doe").mkdir()
    paths = tmp_path / f"a.{suffix}", tmp_path / "Jane_Doe" / f"Jane Doe 1960.{suffix}"
    for path in paths:
        write_mesh(BALL, path)
        time.sleep(0.01)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    for word in (b"Doe", b"1960", b"tmp", b"2026", b"root"):
        assert word not in second
    assert sorted(os.listdir(tmp_path)) == ["Jane_Doe", paths[0].name]


def test_an_stl_header_says_frame_and_unit_and_does_not_begin_with_solid(tmp_path):
    write_mesh(BALL, tmp_path / "a.stl")
    header = (tmp_path / "a.stl").read_bytes()[:80]
    assert header == b"calvaria SPACE=LPS UNIT=mm".ljust(80)


@pytest.mark.parametrize("suffix", ["stl", "stl-ascii"])
def test_others_read_our_stl_with_the_same_bounds(tmp_path, suffix):
    vtk, trimesh = pytest.importorskip("vtk"), pytest.importorskip("trimesh")
    path = tmp_path / "a.stl"
    write_mesh(BALL, path, format=suffix)
    other = trimesh.load(path)
    np.testing.assert_allclose(other.bounds, bounds(BALL), atol=1e-4)
    assert other.is_watertight
    assert other.volume > 0
    reader = vtk.vtkSTLReader()
    reader.SetFileName(str(path))
    reader.Update()
    found = np.array(reader.GetOutput().GetBounds()).reshape(3, 2).T
    np.testing.assert_allclose(found, bounds(BALL), atol=1e-4)
    assert reader.GetOutput().GetNumberOfPoints() == len(BALL.vertices)


@pytest.mark.parametrize("suffix", ["ply", "obj", "3mf", "glb"])
def test_trimesh_reads_our_other_formats(tmp_path, suffix):
    trimesh = pytest.importorskip("trimesh")
    pytest.importorskip("networkx" if suffix in {"3mf", "glb"} else "trimesh")
    path = tmp_path / f"a.{suffix}"
    plain = Mesh(vertices=BALL.vertices, faces=BALL.faces)
    write_mesh(plain, path)
    other = trimesh.load(path, force="mesh")
    assert other.is_watertight
    if suffix == "glb":  # metres, y upwards
        x, y, z = np.asarray(other.vertices).T * 1000
        found = np.stack([x, -z, y], -1)
    else:
        found = np.asarray(other.vertices)
    np.testing.assert_allclose([found.min(0), found.max(0)], bounds(BALL), atol=1e-4)


@pytest.mark.parametrize("suffix", ["ply", "obj", "glb", "3mf", "stl"])
def test_we_read_what_trimesh_writes(tmp_path, suffix):
    trimesh = pytest.importorskip("trimesh")
    path = tmp_path / f"a.{suffix}"
    try:
        trimesh.Trimesh(BALL.vertices, BALL.faces, process=False).export(path)
    except (ImportError, ModuleNotFoundError) as error:
        pytest.skip(str(error))
    again = read_mesh(path, unit="mm")
    assert mesh_topology(again).is_closed
    found = again.vertices
    if suffix == "glb":  # trimesh writes its numbers as they are
        x, y, z = found.T
        found = np.stack([x, z, -y], -1)
    np.testing.assert_allclose([found.min(0), found.max(0)], bounds(BALL), atol=1e-4)


def lib3mf_read(path):
    lib3mf = pytest.importorskip("lib3mf")
    model = lib3mf.get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    reader.ReadFromFile(str(path))
    assert reader.GetWarningCount() == 0
    objects = model.GetMeshObjects()
    objects.MoveNext()
    return lib3mf, model, objects.GetCurrentMeshObject()


@pytest.mark.parametrize("has_colours", [False, True])
def test_lib3mf_accepts_our_3mf_in_strict_mode(tmp_path, has_colours):
    path = tmp_path / "a.3mf"
    colours = np.random.default_rng(1).integers(0, 256, (len(BALL.faces), 3))
    title = 'skull <left> & "right"'
    write_mesh(
        BALL, path, metadata={"Title": title}, face_colours=colours if has_colours else None
    )
    lib3mf, model, found = lib3mf_read(path)
    assert found.IsManifoldAndOriented()
    assert found.IsValid()
    assert (found.GetVertexCount(), found.GetTriangleCount()) == (len(BALL.vertices), len(BALL.faces))
    assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
    metadata = model.GetMetaDataGroup()
    assert [metadata.GetMetaData(i).GetValue() for i in range(metadata.GetMetaDataCount())] == [title]
    points = np.array([[v.Coordinates[k] for k in range(3)] for v in found.GetVertices()])
    np.testing.assert_allclose([points.min(0), points.max(0)], bounds(BALL), atol=1e-4)
    if has_colours:
        properties = found.GetTriangleProperties(5)
        group = model.GetColorGroupByID(properties.ResourceID)
        colour = group.GetColor(properties.PropertyIDs[0])
        assert [colour.Red, colour.Green, colour.Blue] == colours[5].tolist()


def test_a_3mf_holds_solids_only(tmp_path):
    turned = FACES.copy()
    turned[1] = turned[1][::-1]
    for faces, error, problem in (
        (FACES[:3], errors.OpenSurfaceError, "3 open edges"),
        (turned, errors.NonManifoldError, "disagree"),
        (FACES[:, ::-1], errors.NonManifoldError, "inside out"),
        (np.vstack([FACES, FACES]), errors.NonManifoldError, "more than two faces"),
    ):
        with pytest.raises(error, match=rf"^a\.3mf: .*{problem}"):
            write_mesh(Mesh(vertices=CORNERS, faces=faces), tmp_path / "a.3mf")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize("suffix", FORMATS)
def test_nothing_and_too_much_are_refused(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"as it was")
    with pytest.raises(MeshError, match="no triangles"):
        write_mesh(Mesh(vertices=CORNERS, faces=np.empty((0, 3), int)), path)
    far = CORNERS.copy()
    far[2, 1] = 1e39
    with pytest.raises(MeshError, match="found 1e39 in vertex 2"):
        write_mesh(Mesh(vertices=far, faces=FACES), path)
    assert path.read_bytes() == b"as it was"
    assert len(list(tmp_path.iterdir())) == 1


def test_no_mesh_can_hold_nan_or_a_vertex_that_is_not_there():
    with pytest.raises(MeshError, match="finite"):
        Mesh(vertices=CORNERS * np.nan, faces=FACES)
    with pytest.raises(MeshError, match="0 to 3 expected"):
        Mesh(vertices=CORNERS, faces=FACES + 1)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"metadata": {"Patient": "x"}}, "metadata: one of"),
        ({"metadata": {"Title": "a\nb"}}, "control characters"),
        ({"face_colours": [[1, 2, 3]]}, r"shape \(4, 3\)"),
        ({"face_colours": np.full((4, 3), 256)}, "0 to 255"),
        ({"format": "xyz"}, "format: one of"),
        ({"format": "stl", "metadata": {"Title": "x"}}, "only 3mf"),
    ],
)
def test_wrong_options_are_named(tmp_path, options, problem):
    with pytest.raises(ValueError, match=problem):
        write_mesh(Mesh(vertices=CORNERS, faces=FACES), tmp_path / "a.3mf", **options)
    assert list(tmp_path.iterdir()) == []


def test_paths_that_are_no_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.stl"):
        read_mesh(tmp_path / "none.stl")
    folder = tmp_path / "folder.stl"
    folder.mkdir()
    with pytest.raises(MeshError, match="a regular file expected, found a folder"):
        read_mesh(folder)
    with pytest.raises(MeshError, match="a regular file expected, found a folder"):
        write_mesh(BALL, folder)
    with pytest.raises(FileNotFoundError, match="no folder"):
        write_mesh(BALL, tmp_path / "none" / "a.stl")
    with pytest.raises(ValueError, match="a suffix of"):
        read_mesh(tmp_path / "a.xyz")
    with pytest.raises(TypeError, match="Mesh expected"):
        write_mesh([1], tmp_path / "a.stl")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.stl")
    for job in (lambda: read_mesh(tmp_path / "pipe.stl"), lambda: write_mesh(BALL, tmp_path / "pipe.stl")):
        with pytest.raises(MeshError, match="pipe"):
            job()


def test_a_link_stays_a_link_and_permissions_stay(tmp_path):
    real, link = tmp_path / "real.stl", tmp_path / "link.stl"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_mesh(BALL, link)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert len(read_mesh(real).faces) == len(BALL.faces)


# ------------------------------------------------------------------ faults of the disk


def child(script, *args, **options):
    return subprocess.Popen([sys.executable, "-c", script, *map(str, args)], **options)


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from calvaria import read_mesh, write_mesh
mesh = read_mesh(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    write_mesh(mesh, sys.argv[2])
except OSError as error:
    print("refused", error.errno)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_full_disk_keeps_the_old_file_and_leaves_nothing(tmp_path, suffix):
    source, target = tmp_path / "source.stl", tmp_path / f"target.{suffix}"
    write_mesh(BALL, source)
    target.write_bytes(b"old")
    with child(FULL, source, target, stdout=subprocess.PIPE, text=True) as process:
        out, _ = process.communicate(timeout=60)
    assert out.startswith("refused")
    assert target.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["source.stl", target.name])


KILLED = """
import sys
from calvaria import read_mesh, write_mesh
mesh = read_mesh(sys.argv[1])
print("ready", flush=True)
while True:
    write_mesh(mesh, sys.argv[2])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_a_kill_tears_no_file(tmp_path):
    source, target = tmp_path / "source.stl", tmp_path / "target.stl"
    write_mesh(ball(60), source)
    whole = source.read_bytes()
    for wait_s in (0.0, 0.01, 0.03, 0.06, 0.11):
        with child(KILLED, source, target, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(wait_s)
            process.kill()
        assert not target.exists() or target.read_bytes() == whole


def test_the_interpreter_goes_on_while_a_file_is_read(tmp_path):
    path = tmp_path / "a.stl"
    write_mesh(ball(150), path)
    beats, done = [], threading.Event()

    def beat():
        while not done.wait(0.0005):
            beats.append(1)

    thread = threading.Thread(target=beat)
    thread.start()
    for _ in range(5):
        read_mesh(path)
    done.set()
    thread.join()
    assert beats


# ------------------------------------------------------------------ float32


def test_what_collapses_in_float32_is_left_out_and_the_surface_stays_closed(tmp_path):
    split = Mesh(
        vertices=np.vstack([CORNERS + 1000, [[1000, 1000 + 1e-9, 1000]]]),
        faces=[[0, 4, 1], [4, 2, 1], [0, 1, 3], [1, 2, 3], [2, 4, 3], [4, 0, 3]],
    )
    assert mesh_topology(split).is_closed
    for suffix in ("stl", "ply", "obj", "glb", "3mf"):
        path = tmp_path / f"a.{suffix}"
        with pytest.warns(UserWarning, match="mesh_collapsed_faces: .* 2 triangles"):
            write_mesh(split, path)
        again = read_mesh(path)
        assert len(again.faces) == 4
        assert mesh_topology(again).is_closed


finite = st.floats(-1e6, 1e6, width=32)


@settings(max_examples=60, deadline=None)
@given(
    points=arrays.arrays(np.float32, st.tuples(st.integers(3, 12), st.just(3)), elements=finite),
    data=st.data(),
)
def test_any_triangles_come_back_corner_for_corner(tmp_path_factory, points, data):
    n = data.draw(st.integers(1, 20))
    index = st.integers(0, len(points) - 1)
    faces = data.draw(arrays.arrays(np.int32, (n, 3), elements=index))
    corners = points[faces]
    left = [len({tuple(c) for c in t + 0.0}) == 3 for t in corners]
    mesh = Mesh(vertices=points, faces=faces)
    folder = tmp_path_factory.mktemp("any")
    for suffix in ("stl", "stl-ascii", "ply", "obj"):
        path = folder / "a.file"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not any(left):
                with pytest.raises(MeshError, match="no triangles"):
                    write_mesh(mesh, path, format=suffix)
                continue
            write_mesh(mesh, path, format=suffix)
            again = read_mesh(path, format=suffix)
        np.testing.assert_array_equal(again.vertices[again.faces].astype(np.float32), corners[left])


# ------------------------------------------------------------------ reading the other formats


def read_bytes(tmp_path, data, suffix, **options):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_mesh(path, **options)


PLY = """ply
format {form} 1.0
comment made by hand, SPACE=RAS
element vertex 8
property double x
property double y
property double z
property uchar red
property list uchar short odd
element face 6
property uchar flags
property list uchar int vertex_index
property float quality
element edge 1
property int vertex1
property int vertex2
end_header
"""
QUADS = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_a_ply_of_quads_with_odd_properties(tmp_path, form):
    points = [[n & 1, (n >> 1 & 1) * 2, (n >> 2 & 1) * 3] for n in range(8)]
    if form == "ascii":
        body = "".join(f"{x} {y} {z} 7 {'2 1 2' if x else '0'}\n" for x, y, z in points)
        body += "".join(f"1 4 {a} {b} {c} {d} 0.5\n" for a, b, c, d in QUADS) + "0 1\n"
        body = body.encode()
    else:
        o = "<" if "little" in form else ">"
        body = b"".join(
            struct.pack(f"{o}3dB", *p, 7) + (struct.pack(f"{o}Bhh", 2, 1, 2) if p[0] else b"\0")
            for p in points
        )
        body += b"".join(struct.pack(f"{o}BB4if", 1, 4, *q, 0.5) for q in QUADS)
        body += struct.pack(f"{o}2i", 0, 1)
    mesh = read_bytes(tmp_path, PLY.format(form=form).encode() + body, "ply")
    np.testing.assert_array_equal(bounds(mesh), [[-1, -2, 0], [0, 0, 3]])
    topology = mesh_topology(mesh)
    assert (len(mesh.faces), topology.is_closed, topology.is_oriented) == (12, True, True)
    assert [finding.code for finding in mesh.findings] == ["mesh_polygons"]
    with pytest.raises(MeshError, match="PLY: truncated|PLY: .* bytes for them"):
        read_bytes(tmp_path, PLY.format(form=form).encode() + body[:-30], "ply")


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("ply\nformat ascii 1.0\nelement vertex 4000000000\nproperty float x\nproperty float y\nproperty float z\nend_header\n1 2 3\n", "4000000000 of vertex"),
        ("ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n", "x, y and z"),
        ("ply\nformat odd 1.0\nend_header\n", "binary_little_endian"),
        ("ply\nformat ascii 1.0\n", "header does not end"),
        ("plx\n", "the word ply"),
        ("ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 -1\n", "vertex number"),
        ("ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 nan\n3 0 1 2\n", "finite"),
        ("ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 3\n", "below 3"),
    ],
)  # fmt: skip
def test_bad_ply_files_are_refused(tmp_path, header, problem):
    with pytest.raises(MeshError, match=f"^a.ply: .*{problem}"):
        read_bytes(tmp_path, header, "ply")


def test_an_obj_with_slashes_negative_numbers_and_polygons(tmp_path):
    text = "# by hand\nmtllib a.mtl\no part\nv 0 0 0\nv 1 0 0 1.0\nv 1 2 0 0.5 0.5 0.5\nv 0 2 0\n"
    text += "vt 0 0\nvn 0 0 1\nusemtl a\ng b\ns 1\nf 1/1/1 2//1 3/1 \\\n 4\nv 0 0 3\nf -1 -5 -4\nl 1 2\n"
    mesh = read_bytes(tmp_path, text, "obj", unit="cm")
    np.testing.assert_array_equal(mesh.faces, [[0, 1, 2], [0, 2, 3], [4, 0, 1]])
    np.testing.assert_array_equal(bounds(mesh), [[0, 0, 0], [10, 20, 30]])
    for bad in ("v 0 0\n", "v 0 0 x\n", "v 0 0 0\nf 1 2 3\n", "v 0 0 0\nf 0 1 1\n", "f 1 2\n", "v 0 0 inf\nf 1 1 1\n", ""):
        with pytest.raises(MeshError, match=r"^a\.obj: "):
            read_bytes(tmp_path, bad, "obj")


def three_mf(model, *, others=(), rels=True):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        if rels:
            archive.writestr(
                "_rels/.rels",
                '<Relationships><Relationship Target="/3D/x.model" Id="r" '
                'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>',
            )
        archive.writestr("3D/x.model" if rels else "3D/3dmodel.model", model)
        for name, text in others:
            archive.writestr(name, text)
    return out.getvalue()


MESH = "<mesh><vertices>{}</vertices><triangles>{}</triangles></mesh>".format(
    "".join('<vertex x="{}" y="{}" z="{}"/>'.format(*p) for p in CORNERS),
    "".join('<triangle v1="{}" v2="{}" v3="{}"/>'.format(*f) for f in FACES),
)


def model(objects, items, unit=""):
    return f"<?xml version='1.0'?><model {unit}><resources>{objects}</resources><build>{items}</build></model>"


def test_components_transforms_and_units_of_a_3mf(tmp_path):
    objects = f"<object id='1' type='model'>{MESH}</object>"
    objects += "<object id='2'><components><component objectid='1'/>"
    objects += "<component objectid='1' transform='-1 0 0 0 1 0 0 0 1 -5 0 0'/></components></object>"
    items = "<item objectid='2' transform='0 1 0 -1 0 0 0 0 1 0 0 7'/>"
    mesh = read_bytes(tmp_path, three_mf(model(objects, items, "unit='centimeter'")), "3mf")
    # x and y change places; the mirrored copy lies at x from -15 to -5 and keeps its winding outwards.
    np.testing.assert_allclose(bounds(mesh), [[-200, -150, 70], [0, 100, 370]])
    topology = mesh_topology(mesh)
    assert (topology.n_components, topology.is_closed, topology.is_oriented) == (2, True, True)
    trimesh = pytest.importorskip("trimesh")
    assert trimesh.Trimesh(mesh.vertices, mesh.faces).volume == pytest.approx(2 * 1e6, rel=1e-9)
    assert read_mesh_info(tmp_path / "a.3mf").stated_unit == "cm"
    np.testing.assert_allclose(bounds(read_mesh(tmp_path / "a.3mf", unit="mm"))[1], [0, 10, 37])


def test_a_3mf_with_its_parts_in_several_models(tmp_path):
    part = model(f"<object id='9'>{MESH}</object>", "")
    objects = "<object id='2'><components><component p:path='/3D/part.model' objectid='9'/></components></object>"
    data = three_mf(model(objects, "<item objectid='2'/>"), others=[("3D/part.model", part)], rels=False)
    assert len(read_bytes(tmp_path, data, "3mf").faces) == 4


def bomb():
    """Ten components of ten components of … : 4 x 10^12 triangles."""
    objects = f"<object id='0'>{MESH}</object>"
    for n in range(1, 13):
        objects += f"<object id='{n}'><components>{f'<component objectid={chr(39)}{n - 1}{chr(39)}/>' * 10}</components></object>"
    return model(objects, "<item objectid='12'/>")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (lambda: three_mf("<!DOCTYPE a [<!ENTITY b 'c'>]>" + model("", "")), "entity"),
        (lambda: three_mf(bomb()), "50 million"),
        (
            lambda: three_mf(model("<object id='1'><components><component objectid='1'/></components></object>", "<item objectid='1'/>")),
            "circle",
        ),
        (lambda: three_mf(model("", "<item objectid='3'/>")), "object 3 expected"),
        (lambda: three_mf(model("", "")), "no triangles"),
        (lambda: three_mf(model(f"<object id='1'>{MESH}</object>", "<item objectid='1' transform='1 2'/>")), "12 finite"),
        (lambda: three_mf(model(f"<object id='1'>{MESH}</object>", "<item objectid='1'/>", "unit='ell'")), "unit"),
        (lambda: three_mf(model(f"<object id='1'>{MESH.replace('30.0', 'nan')}</object>", "<item objectid='1'/>")), "finite"),
        (lambda: three_mf(model(f"<object id='1'>{MESH.replace('v3=', 'v4=')}</object>", "<item objectid='1'/>")), "v3"),
        (lambda: three_mf(" " * (80 << 20)), "far more than its length"),
        (lambda: three_mf("<model"), "truncated"),
        (lambda: b"PK\x03\x04 no archive", "zip archive"),
        (lambda: b"", "zip archive"),
    ],
    ids=range(13),
)  # fmt: skip
def test_bad_and_hostile_3mf_files_are_refused(tmp_path, data, problem):
    with pytest.raises(MeshError, match=rf"^a\.3mf: .*{problem}"):
        read_bytes(tmp_path, data(), "3mf")


def glb(description, body=b""):
    text = json.dumps(description).encode()
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def scene(**changes):
    points = CORNERS.astype("<f4").tobytes()
    body = points + FACES.astype("<u2").tobytes()
    made = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"children": [1], "scale": [0.001] * 3},
            {"mesh": 0, "translation": [0, 0, 5], "rotation": [-(0.5**0.5), 0, 0, 0.5**0.5]},
        ],
        "meshes": [
            {"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}, {"attributes": {"POSITION": 0}, "mode": 0}]}
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 12, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 48},
            {"buffer": 0, "byteOffset": 48, "byteLength": 24},
        ],
        "buffers": [{"byteLength": 72}],
    }
    return glb({**made, **changes}, body)


def test_nodes_of_a_glb_are_followed_from_metres_to_lps_mm(tmp_path):
    # A quarter turn about x lays the z axis of the tetrahedron along +y, which is up.
    with pytest.warns(UserWarning, match="mesh_other_primitives"):
        mesh = read_bytes(tmp_path, scene(), "glb")
    np.testing.assert_allclose(bounds(mesh), [[0, -5, 0], [10, 15, 30]], atol=1e-4)
    assert mesh_topology(mesh).is_closed


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (lambda: scene(nodes=[{"children": [0]}]), "circle"),
        (lambda: scene(nodes=[]), "node"),
        (lambda: scene(accessors=[{"bufferView": 0, "componentType": 5126, "count": 1 << 40, "type": "VEC3"}]), "values expected"),
        (lambda: scene(buffers=[{"uri": "http://somewhere"}]), "data in the file itself"),
        (lambda: scene(extensionsRequired=["KHR_draco_mesh_compression"]), "KHR_draco"),
        (lambda: scene(bufferViews=[{"buffer": 0, "byteOffset": 1 << 62, "byteLength": 1 << 62}]), "beyond the file"),
        (lambda: scene()[:200], "truncated"),
        (lambda: b"glTF", "version 2"),
        (lambda: scene(meshes=[]), "no triangles"),
    ],
    ids=range(9),
)  # fmt: skip
def test_bad_and_hostile_glb_files_are_refused(tmp_path, data, problem):
    with pytest.raises(MeshError, match=rf"^a\.glb: .*{problem}"):
        read_bytes(tmp_path, data(), "glb")


# ------------------------------------------------------------------ size and bytes at random


def test_a_header_that_promises_the_world_costs_nothing(tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for n in (0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF):
        with pytest.raises(MeshError, match=str(n)):
            read_bytes(tmp_path, binary(n=n)[:-1], "stl")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@settings(max_examples=150, deadline=None)
@given(data=st.data(), suffix=st.sampled_from(FORMATS))
def test_a_file_with_wrong_bytes_is_read_or_refused(tmp_path_factory, data, suffix):
    folder = tmp_path_factory.mktemp("wrong")
    path = folder / f"a.{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_mesh(Mesh(vertices=CORNERS, faces=FACES), path)
        raw = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 8))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw)
        try:
            mesh = read_mesh(path)
        except MeshError as error:
            assert str(error).startswith(f"a.{suffix}: ")
        else:
            assert np.isfinite(mesh.vertices).all()
