"""Mesh files: what is written is read again by us and by others, whole or not at all, and guarded."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from calvaria import Mesh, errors, measure_topology, read_mesh, write_mesh
from calvaria.errors import MeshError
from mesh_bodies import BALL, ball, bounds, read_bytes
from stl_cases import CORNERS, FACES, binary

FORMATS = ("stl", "ply", "obj", "3mf", "glb")


@pytest.mark.parametrize("suffix", [*FORMATS, "stl-ascii"])
def test_a_mesh_comes_back_as_it_was(tmp_path, suffix):
    path = tmp_path / f"ball.{suffix.split('-')[0]}"
    write_mesh(BALL, path, format=suffix)
    again = read_mesh(path)
    assert again.findings == ()
    np.testing.assert_allclose(bounds(again), bounds(BALL), atol=5e-6)
    topology = measure_topology(again)
    assert (topology.is_closed, topology.is_manifold, topology.is_oriented) == (True,) * 3
    assert len(again.vertices) == len(BALL.vertices)
    if suffix in {"3mf", "ply", "glb"}:
        np.testing.assert_array_equal(np.bincount(again.kinds), np.bincount(BALL.kinds))
    if suffix != "glb":
        np.testing.assert_allclose(
            again.vertices[again.faces], BALL.vertices[BALL.faces], atol=5e-6
        )
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
    assert sorted(p.name for p in tmp_path.iterdir()) == ["Jane_Doe", paths[0].name]


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
    assert measure_topology(again).is_closed
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
    write_mesh(BALL, path, metadata={"Title": title}, face_colours=colours if has_colours else None)
    lib3mf, model, found = lib3mf_read(path)
    assert found.IsManifoldAndOriented()
    assert found.IsValid()
    assert (found.GetVertexCount(), found.GetTriangleCount()) == (
        len(BALL.vertices),
        len(BALL.faces),
    )
    assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
    metadata = model.GetMetaDataGroup()
    assert [metadata.GetMetaData(i).GetValue() for i in range(metadata.GetMetaDataCount())] == [
        title
    ]
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
    for job in (
        lambda: read_mesh(tmp_path / "pipe.stl"),
        lambda: write_mesh(BALL, tmp_path / "pipe.stl"),
    ):
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
    assert measure_topology(split).is_closed
    for suffix in ("stl", "ply", "obj", "glb", "3mf"):
        path = tmp_path / f"a.{suffix}"
        with pytest.warns(UserWarning, match="mesh_collapsed_faces: .* 2 triangles"):
            write_mesh(split, path)
        again = read_mesh(path)
        assert len(again.faces) == 4
        assert measure_topology(again).is_closed


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
        path.write_bytes(
            raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw
        )
        try:
            mesh = read_mesh(path)
        except MeshError as error:
            refused = str(error)
        else:
            refused = f"a.{suffix}: "
            assert np.isfinite(mesh.vertices).all()
        assert refused.startswith(f"a.{suffix}: ")
