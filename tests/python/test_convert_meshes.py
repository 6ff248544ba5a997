"""Meshes and viewers: what is handed over lies where it lay, on a shape that no flip survives."""

import sys

import numpy as np
import pytest

from calvaria import FaceKind, Grid, Mesh, Volume, convert, errors

MESH = Mesh(
    vertices=[[1, 2, 3], [11, 2, 3], [1, 22, 3], [1, 2, 33]],
    faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]],
    kinds=[FaceKind.CAP, FaceKind.SURFACE, FaceKind.SURFACE, FaceKind.FILLED],
)


def oblique():
    a, b = np.deg2rad(20), np.deg2rad(-35)
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = x @ z @ np.diag([0.5, 0.75, 2.0])
    affine[:3, 3] = (10, -20, 30)
    values = np.arange(5 * 4 * 3, dtype=np.int16).reshape(3, 4, 5)
    return Volume(values=values, grid=Grid(dims_ijk=(5, 4, 3), lps_from_ijk=affine))


def same(one, other):
    return (
        np.array_equal(one.vertices, other.vertices)
        and np.array_equal(one.faces, other.faces)
        and np.array_equal(one.kinds, other.kinds)
    )


def test_trimesh_sees_the_same_body_and_gives_it_back():
    pytest.importorskip("trimesh")
    made = convert.to_trimesh(MESH)
    assert made.volume == pytest.approx(10 * 20 * 30 / 6)
    assert same(convert.mesh_from_trimesh(made), MESH)


def test_a_trimesh_without_a_unit_is_not_guessed():
    trimesh = pytest.importorskip("trimesh")
    bare = trimesh.Trimesh(vertices=MESH.vertices, faces=MESH.faces, process=False)
    with pytest.raises(ValueError, match="'mm' expected, found None"):
        convert.mesh_from_trimesh(bare)
    assert len(convert.mesh_from_trimesh(bare, unit="mm").faces) == 4
    bare.units = "inches"
    with pytest.raises(ValueError, match="found 'inches'"):
        convert.mesh_from_trimesh(bare)


def test_pyvista_sees_the_same_body_and_gives_it_back():
    pytest.importorskip("pyvista")
    made = convert.to_pyvista(MESH)
    assert made.volume == pytest.approx(10 * 20 * 30 / 6)
    assert same(convert.mesh_from_pyvista(made), MESH)


def test_pyvista_has_every_voxel_of_an_oblique_volume_at_its_place():
    pytest.importorskip("pyvista")
    volume = oblique()
    made = convert.to_pyvista(volume)
    for i, j, k in ((0, 0, 0), (4, 0, 0), (0, 3, 0), (0, 0, 2), (3, 1, 2)):
        place = volume.grid.lps_mm_from_ijk([[i, j, k]])[0]
        nearest = int(np.argmin(np.linalg.norm(np.array(made.points) - place, axis=1)))
        assert np.linalg.norm(made.points[nearest] - place) < 1e-4
        assert made.point_data["values"][nearest] == volume.values[k, j, i]


def test_a_sheared_grid_is_refused_by_name():
    pytest.importorskip("pyvista")
    affine = np.eye(4)
    affine[1, 2] = 0.4
    sheared = Volume(
        values=np.zeros((2, 3, 4), np.int16), grid=Grid(dims_ijk=(4, 3, 2), lps_from_ijk=affine)
    )
    with pytest.raises(errors.GeometryError, match="sheared"):
        convert.to_pyvista(sheared)


def test_niivue_gets_image_and_mesh_in_ras(monkeypatch):
    nib = pytest.importorskip("nibabel")

    class Widget:
        def load_volumes(self, volumes):
            self.volumes = volumes

        def load_meshes(self, meshes):
            self.meshes = meshes

    monkeypatch.setitem(sys.modules, "ipyniivue", type("fake", (), {"NiiVue": Widget}))
    volume = oblique()
    widget = convert.to_niivue(volume, meshes={"bone": MESH})
    image = nib.Nifti1Image.from_bytes(widget.volumes[0]["data"])
    place = volume.grid.lps_mm_from_ijk([[3, 1, 2]])[0]
    assert image.affine @ [3, 1, 2, 1] == pytest.approx(
        [-place[0], -place[1], place[2], 1], abs=1e-4
    )
    assert image.dataobj[3, 1, 2] == volume.values[2, 1, 3]
    data = widget.meshes[0]["data"]
    assert widget.meshes[0]["name"] == "bone.stl"
    assert len(data) == 84 + 50 * 4
    first = np.frombuffer(data[84 + 12 : 84 + 48], "<f4").reshape(3, 3)
    assert first.tolist() == [[-1, -2, 3], [-1, -22, 3], [-11, -2, 3]]


def test_the_real_niivue_takes_what_it_is_given():
    pytest.importorskip("ipyniivue")
    widget = convert.to_niivue(oblique(), meshes={"bone": MESH})
    assert (len(widget.volumes), len(widget.meshes)) == (1, 1)


@pytest.mark.parametrize(
    ("library", "extra", "call"),
    [
        ("pyvista", "viewers", lambda: convert.to_pyvista(MESH)),
        ("ipyniivue", "viewers", lambda: convert.to_niivue(oblique())),
        ("trimesh", "neighbours", lambda: convert.to_trimesh(MESH)),
    ],
)
def test_a_missing_library_is_named_with_its_extra(monkeypatch, library, extra, call):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf"{library}.*calvaria\[{extra}\]"):
        call()
