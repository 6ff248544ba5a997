"""PLY, OBJ, 3MF and GLB of other hands: read right or refused by name."""

import io
import json
import struct
import zipfile

import numpy as np
import pytest

from calvaria import measure_topology, read_mesh, read_mesh_info
from calvaria.errors import MeshError
from mesh_bodies import bounds, read_bytes
from stl_cases import CORNERS, FACES

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
    topology = measure_topology(mesh)
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
    for bad in (
        "v 0 0\n",
        "v 0 0 x\n",
        "v 0 0 0\nf 1 2 3\n",
        "v 0 0 0\nf 0 1 1\n",
        "f 1 2\n",
        "v 0 0 inf\nf 1 1 1\n",
        "",
    ):
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
    objects += (
        "<component objectid='1' transform='-1 0 0 0 1 0 0 0 1 -5 0 0'/></components></object>"
    )
    items = "<item objectid='2' transform='0 1 0 -1 0 0 0 0 1 0 0 7'/>"
    mesh = read_bytes(tmp_path, three_mf(model(objects, items, "unit='centimeter'")), "3mf")
    # x and y change places; the mirrored copy lies at x from -15 to -5 and keeps its winding outwards.
    np.testing.assert_allclose(bounds(mesh), [[-200, -150, 70], [0, 100, 370]])
    topology = measure_topology(mesh)
    assert (topology.n_components, topology.is_closed, topology.is_oriented) == (2, True, True)
    trimesh = pytest.importorskip("trimesh")
    assert trimesh.Trimesh(mesh.vertices, mesh.faces).volume == pytest.approx(2 * 1e6, rel=1e-9)
    assert read_mesh_info(tmp_path / "a.3mf").stated_unit == "cm"
    np.testing.assert_allclose(bounds(read_mesh(tmp_path / "a.3mf", unit="mm"))[1], [0, 10, 37])


def test_a_3mf_with_its_parts_in_several_models(tmp_path):
    part = model(f"<object id='9'>{MESH}</object>", "")
    objects = "<object id='2'><components><component p:path='/3D/part.model' objectid='9'/></components></object>"
    data = three_mf(
        model(objects, "<item objectid='2'/>"), others=[("3D/part.model", part)], rels=False
    )
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
    chunks = (
        struct.pack("<I4s", len(text), b"JSON")
        + text
        + struct.pack("<I4s", len(body), b"BIN\0")
        + body
    )
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
            {
                "primitives": [
                    {"attributes": {"POSITION": 0}, "indices": 1},
                    {"attributes": {"POSITION": 0}, "mode": 0},
                ]
            }
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
    assert measure_topology(mesh).is_closed


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


def test_the_colours_of_kinds_are_those_of_the_report(tmp_path):
    import re
    import zipfile

    from calvaria.mesh import FaceKind, Mesh, write_mesh
    from calvaria.report.figures import COLOURS

    faces = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]
    mesh = Mesh(vertices=9 * np.vstack([np.zeros(3), np.eye(3)]), faces=faces, kinds=[0, 1, 2, 3])
    write_mesh(mesh, tmp_path / "a.3mf")
    with zipfile.ZipFile(tmp_path / "a.3mf") as archive:
        text = archive.read("3D/3dmodel.model").decode()
    written = re.findall(r'displaycolor="#([0-9A-F]{6})FF"', text)
    assert written == ["{:02X}{:02X}{:02X}".format(*kind.colour_rgb) for kind in FaceKind]
    assert tuple(kind.colour_rgb for kind in FaceKind) == COLOURS
    # Told apart in grey from bone, too.
    grey = [np.array(colour) @ (0.299, 0.587, 0.114) for colour in COLOURS]
    assert min(grey[0] - other for other in grey[1:]) > 80
