"""STL: right, or refused by name, or warned of; written whole or not at all."""

import time
import warnings

import numpy as np
import pytest

from calvaria import CalvariaWarning, Mesh, measure_topology, read_mesh, read_mesh_info
from calvaria.errors import MeshError
from stl_cases import CORNERS, FACES, binary, cases

CASES = list(cases())


def test_there_are_enough_of_them_and_each_has_its_name():
    assert len(CASES) > 90
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_odd_file_is_read_right_or_refused_by_name(case, tmp_path):
    path = tmp_path / "odd.STL"
    path.write_bytes(case.data)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if case.refused is not None:
            with pytest.raises(MeshError, match=r"^odd\.STL: ") as refusal:
                read_mesh(path, **case.options)
            assert case.refused in str(refusal.value)
            return
        mesh = read_mesh(path, **case.options)
    assert {str(w.message).split(":")[0] for w in caught} == case.codes
    assert {finding.code for finding in mesh.findings} == case.codes
    assert len(mesh.faces) == case.n_faces
    np.testing.assert_allclose(mesh.vertices.max(axis=0), case.high, rtol=1e-6)
    np.testing.assert_allclose(mesh.vertices.min(axis=0), case.low, rtol=1e-6)
    topology = measure_topology(mesh)
    if case.n_faces % 4 == 0 and case.name != "three files in one":
        assert (topology.is_closed, topology.is_manifold, topology.is_oriented) == (True,) * 3
        assert len(mesh.vertices) == case.n_faces


def test_a_wrong_count_is_told_with_both_numbers(tmp_path):
    path = tmp_path / "wrong.stl"
    path.write_bytes(binary(n=3))
    with pytest.warns(CalvariaWarning, match=r"says 3 .* proves 4"):
        read_mesh(path)


def test_corners_are_numbered_as_they_appear_and_stay_what_they_are(tmp_path):
    path = tmp_path / "plain.stl"
    path.write_bytes(binary())
    mesh = read_mesh(path)
    np.testing.assert_array_equal(mesh.vertices, CORNERS[[0, 2, 1, 3]])
    np.testing.assert_array_equal(mesh.vertices[mesh.faces], CORNERS[FACES])
    assert isinstance(mesh, Mesh)
    assert not mesh.vertices.flags.writeable


def test_the_header_of_mimics_is_parsed(tmp_path):
    path = tmp_path / "mimics.stl"
    header = b"COLOR=\x01\x02\x03\xff,MATERIAL=" + bytes(range(12))
    path.write_bytes(binary(header=header))
    info = read_mesh_info(path)
    assert info.colour_rgba == (1, 2, 3, 255)
    assert info.material_rgba == ((0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11))
    assert (info.format, info.n_faces, info.unit, info.space) == ("stl-binary", 4, "mm", "LPS")


@pytest.mark.parametrize("word", ["facet ", "facet normal ", "solid facet ", "endsolid "])
def test_a_text_on_one_line_takes_no_longer_than_on_many(word, tmp_path):
    path = tmp_path / "x.stl"
    path.write_bytes(b"solid x\n" + word.encode() * 60_000)
    start = time.process_time()
    with pytest.raises(MeshError, match=r"x\.stl"):
        read_mesh(path)
    assert time.process_time() - start < 5.0  # 25 s when every word looked at the rest of the line


def test_a_whole_mesh_on_one_line_is_read(tmp_path):
    path = tmp_path / "x.stl"
    corners = " ".join("vertex {} {} {}".format(*point) for point in np.eye(3))
    facet = f"facet normal 0 0 0 outer loop {corners} endloop endfacet"
    path.write_text(
        f"solid a name of words {facet} {facet.replace('1.0', '2.0')} endsolid a name of words"
    )
    assert len(read_mesh(path).faces) == 2
