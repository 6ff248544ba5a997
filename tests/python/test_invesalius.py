"""InVesalius projects: the right way round, and nothing unpacked that should not be."""

import base64
import io
import plistlib
import re
import struct
import tarfile
import zlib

import numpy as np
import pytest

from calvaria import CalvariaError
from calvaria.invesalius import load_invesalius


@pytest.fixture(scope="module")
def cranium(calvaria_data):
    return load_invesalius(calvaria_data / "cranium" / "Cranium.inv3")


@pytest.fixture(scope="module")
def own_surface(calvaria_data):
    """The vertices of the surface that InVesalius itself made of this skull."""
    with tarfile.open(calvaria_data / "cranium" / "Cranium.inv3") as archive:
        member = next(m for m in archive if m.name.endswith("surface_0.vtp"))
        return vtp_points(archive.extractfile(member).read())


def vtp_points(raw):
    """Decode the Points of a VTK XML file: base64 of a block table, then zlib blocks."""
    pattern = rb'<Points>.*?<DataArray type="Float32"[^>]*>\s*(\S+)\s*<'
    text = re.search(pattern, raw, re.DOTALL)[1]
    n = struct.unpack("<I", base64.b64decode(text[:8])[:4])[0]
    table = ((3 + n) * 4 + 2) // 3 * 4
    sizes = struct.unpack(f"<{n}I", base64.b64decode(text[:table])[12 : 12 + 4 * n])
    packed, data = base64.b64decode(text[table:]), b""
    for size in sizes:
        data, packed = data + zlib.decompress(packed[:size]), packed[size:]
    return np.frombuffer(data, "<f4").reshape(-1, 3)


def bone(volume):
    return (volume.values >= 226) & (volume.values <= 3071)


def test_the_bone_of_the_cranium_has_its_known_volume(cranium):
    assert cranium.is_hu
    volume_mm3 = bone(cranium).sum() * cranium.grid.voxel_volume_mm3
    assert volume_mm3 == pytest.approx(653_628, abs=1)


def test_the_face_of_the_cranium_looks_to_anterior(cranium):
    """The lower third holds the face: there, bone reaches further to anterior than the mean skull."""
    points = cranium.grid.lps_mm_from_ijk(np.argwhere(bone(cranium))[:, ::-1])
    heights = points[:, 2]
    vault = points[heights > np.percentile(heights, 70)]
    face = points[heights < np.percentile(heights, 25)]
    # The nasal bone is the foremost bone; it lies low and near the middle.
    foremost = points[np.argmin(points[:, 1])]
    assert foremost[2] < np.median(heights)
    assert abs(foremost[0] - np.median(points[:, 0])) < 15
    assert face[:, 1].min() < vault[:, 1].min() - 5
    # Air-filled sinuses lie in the anterior half, the closed occiput in the posterior half.
    inner_air = (cranium.values < -500)[20:40, 30:220, 80:176]
    j = np.argwhere(inner_air)[:, 1] + 30
    assert cranium.grid.lps_mm_from_ijk([[128, j.mean(), 30]])[0, 1] < np.median(points[:, 1])


def test_its_own_surface_lies_on_our_bone(cranium, own_surface):
    ours = cranium.grid.lps_mm_from_ijk(np.argwhere(bone(cranium))[:, ::-1])
    spacing = np.array(cranium.grid.spacing_xyz_mm)
    assert (np.abs(own_surface.min(axis=0) - ours.min(axis=0)) < 1.01 * spacing).all()
    assert (np.abs(own_surface.max(axis=0) - ours.max(axis=0)) < 1.01 * spacing).all()
    # And not only in its bounds: the grey value at its vertices is near its threshold of 226 HU.
    some = own_surface[::97]
    index = np.rint(cranium.grid.ijk_from_lps_mm(some)).astype(int)
    inside = ((index >= 0) & (index < cranium.grid.dims_ijk)).all(axis=1)
    i, j, k = index[inside].T
    here = np.median(np.abs(cranium.values[k, j, i] - 226.0))
    mirrored = np.median(np.abs(cranium.values[k, j[::-1], i] - 226.0))
    assert here < 200 < mirrored


def test_no_name_leaves_the_project(cranium):
    assert "ProMED" not in repr(cranium) + str(cranium.to_dict())


# Invented projects


PROJECT = {
    "matrix": {"dtype": "int16", "filename": "matrix.dat", "shape": [2, 3, 4]},
    "spacing": [0.5, 0.25, 2.0],
    "modality": "CT",
    "orientation": 1,
}
MATRIX = np.arange(24, dtype="<i2").tobytes()


def project(path, *, members=(), data=MATRIX, plist=None, **changes):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (
            *members,
            ("x/main.plist", plist or plistlib.dumps(PROJECT | changes)),
            ("x/matrix.dat", data),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_rows_run_to_anterior(tmp_path):
    volume = load_invesalius(project(tmp_path / "a.inv3"))
    np.testing.assert_allclose(volume.grid.lps_mm_from_ijk([[3, 2, 1]]), [[1.5, -0.5, 2.0]])
    assert volume.values[1, 2, 3] == 23
    assert volume.grid.is_left_handed


def test_a_name_that_climbs_out_writes_nothing(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    path = project(inner / "a.inv3", members=[("../../evil.txt", b"!"), ("/tmp/evil.txt", b"!")])
    load_invesalius(path)
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["a.inv3"]


@pytest.mark.parametrize(
    "changes",
    [
        {"spacing": [0.5, 0.5]},
        {"spacing": [0, 1, 1]},
        {"spacing": ["a", 1, 1]},
        {"orientation": 2},
        {"matrix": {"dtype": "int16", "filename": "matrix.dat", "shape": [9999, 9999, 9999]}},
        {"matrix": {"dtype": "float64", "filename": "matrix.dat", "shape": [2, 3, 4]}},
        {"matrix": {"dtype": "int16", "filename": "other.dat", "shape": [2, 3, 4]}},
        {"matrix": []},
        {"plist": b"<plist><dict>"},
        {"plist": b"<!DOCTYPE a [<!ENTITY b 'c'>]><plist><string>&b;</string></plist>"},
        {"plist": b" " * (2 << 20)},
        {"matrix_bytes": MATRIX[:-2]},
    ],
)
def test_a_broken_project_is_refused_by_name(tmp_path, changes):
    data = changes.pop("matrix_bytes", MATRIX)
    plist = changes.pop("plist", None)
    path = project(tmp_path / "a.inv3", data=data, plist=plist, **changes)
    with pytest.raises(CalvariaError, match=r"^a.inv3: "):
        load_invesalius(path)


def test_a_link_is_no_matrix(tmp_path):
    path = tmp_path / "a.inv3"
    with tarfile.open(path, "w:gz") as archive:
        data = plistlib.dumps(PROJECT)
        member = tarfile.TarInfo("main.plist")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("matrix.dat")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(CalvariaError, match="matrix of 48 bytes expected, found none"):
        load_invesalius(path)


def test_damage_is_refused_by_name(tmp_path):
    path = project(tmp_path / "a.inv3", data=np.random.default_rng(1).bytes(48))
    whole = path.read_bytes()
    for damaged in (
        b"",
        b"not a tar",
        whole[: len(whole) // 2],
        whole[:40] + b"\xff" * 30 + whole[70:],
    ):
        path.write_bytes(damaged)
        with pytest.raises(CalvariaError, match=r"a.inv3: "):
            load_invesalius(path)
