"""Labels that leave for 3D Slicer and for DICOM come back as they went."""

import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calvaria import Grid, Mask, Volume, convert, load_mask, segment, write_mask
from calvaria.errors import CalvariaError, EmptyMaskError, GeometryError

nrrd = pytest.importorskip("nrrd")
sitk = pytest.importorskip("SimpleITK")
pydicom = pytest.importorskip("pydicom")
AFFINE = np.array(
    [[0.0, 0.1, 2.0, -40.0], [-0.4, 0.0, 0.1, 12.5], [0.0, -0.5, 0.3, 7.25], [0, 0, 0, 1.0]]
)
NAMES = {1: "mandible", 2: "teeth", 7: "a screw\nof ours"}


@pytest.fixture
def labels():
    grid = Grid(dims_ijk=(7, 5, 4), lps_from_ijk=AFFINE)
    values = np.random.default_rng(1).choice([0, 1, 2, 7], size=grid.shape_kji).astype(np.uint8)
    return Mask(values=values, grid=grid, names=NAMES)


def test_a_seg_nrrd_keeps_voxels_place_names_and_codes(labels, tmp_path):
    path = tmp_path / "jaw.seg.nrrd"
    write_mask(labels, path)
    back = load_mask(path)
    assert np.array_equal(back.values, labels.values)
    np.testing.assert_array_equal(back.grid.lps_from_ijk, AFFINE)
    assert back.names == {1: "mandible", 2: "teeth", 7: "a screw of ours"}
    header = nrrd.read_header(str(path))
    assert "SCT^91609006^Mandible" in header["Segment0_Tags"]
    assert header["Segment2_LabelValue"] == "7"
    first = path.read_bytes()
    write_mask(labels, path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz", "x.nrrd"])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_mask_comes_back_voxel_for_voxel(name, data, tmp_path_factory):
    dims = data.draw(st.tuples(*[st.integers(1, 5)] * 3))
    seed = data.draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = np.linalg.qr(random.normal(size=(3, 3)))[0] * random.uniform(0.2, 3, 3)
    affine[:3, 3] = random.normal(size=3) * 50
    values = random.integers(0, data.draw(st.sampled_from([2, 300])), size=dims[::-1])
    mask = Mask(values=values, grid=Grid(dims_ijk=dims, lps_from_ijk=affine))
    path = tmp_path_factory.mktemp("out") / name
    write_mask(mask, path)
    back = load_mask(path)
    assert np.array_equal(back.values, values)
    np.testing.assert_allclose(back.grid.lps_from_ijk, affine, atol=1e-4)


def test_itk_reads_the_file_at_the_same_place(tmp_path):
    grid = Grid(dims_ijk=(7, 5, 4), lps_from_ijk=np.diag([0.4, 0.5, 2.0, 1.0]))
    values = np.random.default_rng(2).integers(0, 3, size=grid.shape_kji)
    write_mask(Mask(values=values, grid=grid), tmp_path / "x.seg.nrrd")
    image = sitk.ReadImage(str(tmp_path / "x.seg.nrrd"))
    assert np.array_equal(sitk.GetArrayFromImage(image), values)
    assert image.GetSpacing() == pytest.approx((0.4, 0.5, 2.0))


@pytest.fixture
def study():
    grid = Grid(dims_ijk=(20, 16, 5), lps_from_ijk=np.diag([0.5, 0.5, 1.0, 1.0]))
    values = np.zeros(grid.shape_kji, np.uint8)
    values[1:4, 3:9, 4:12] = 1
    values[2, 10:14, 4:12] = 2
    volume = Volume(values=values.astype(np.int16) * 900, grid=grid, quantity="HU")
    return Mask(values=values, grid=grid, names=NAMES), convert.to_pydicom(volume)


def test_a_dicom_seg_keeps_voxels_place_names_and_codes(study, tmp_path):
    pytest.importorskip("highdicom")
    mask, images = study
    made = convert.to_dicom_seg(mask, images[::-1])
    made.save_as(tmp_path / "seg.dcm", enforce_file_format=True)
    back = load_mask(tmp_path / "seg.dcm")
    assert {n: back.names[n] for n in (1, 2)} == {1: "mandible", 2: "teeth"}
    where = np.round(mask.grid.ijk_from_lps_mm(back.grid.lps_mm_from_ijk([[0, 0, 0]]))).astype(int)
    k = where[0, 2]
    found = np.zeros_like(mask.values)
    found[k : k + len(back.values)] = back.values
    assert np.array_equal(found, mask.values)
    codes = [s.SegmentedPropertyTypeCodeSequence[0].CodeValue for s in made.SegmentSequence]
    assert codes == ["91609006", "38199008"]
    if shutil.which("dciodvfy"):
        told = subprocess.run(
            ["dciodvfy", str(tmp_path / "seg.dcm")], capture_output=True, text=True, check=False
        )
        assert [line for line in told.stderr.splitlines() if line.startswith("Error")] == []


def test_a_mask_that_lies_elsewhere_is_refused(study, tmp_path):
    pytest.importorskip("highdicom")
    mask, images = study
    moved = mask.grid.lps_from_ijk.copy()
    moved[0, 3] += 0.4
    elsewhere = Mask(values=mask.values, grid=Grid(dims_ijk=mask.grid.dims_ijk, lps_from_ijk=moved))
    with pytest.raises(GeometryError, match=r"found some 0\.4 mm off"):
        convert.to_dicom_seg(elsewhere, images)
    with pytest.raises(GeometryError, match="one per slice"):
        convert.to_dicom_seg(mask, images[:-1])
    with pytest.raises(EmptyMaskError):
        convert.to_dicom_seg(Mask(values=np.zeros_like(mask.values), grid=mask.grid), images)
    with pytest.raises(CalvariaError, match=r"x\.png"):
        write_mask(mask, tmp_path / "x.png")


def test_every_preset_has_a_code():
    presets = {"skull", "calvaria", "mandible", "vertebrae", "teeth", "skin", "airway", "bone"}
    assert presets <= {code.name for code in segment.anatomy_codes()}
    assert segment.anatomy_code("no such thing") is None
