"""One lopsided, oblique, anisotropic volume through every neighbour and back."""

import numpy as np
import pytest

from calvaria import CalvariaError, Grid, Mask, Volume, convert
from calvaria.errors import GeometryError, SegmentationError
from lopsided import DIMS_IJK, FINDING, lopsided, same

nib = pytest.importorskip("nibabel")
sitk = pytest.importorskip("SimpleITK")
xr = pytest.importorskip("xarray")
pydicom = pytest.importorskip("pydicom")


@pytest.fixture(params=["right-handed", "left-handed", "sheared"])
def volume(request):
    return lopsided(request.param)


@pytest.fixture(params=["right-handed", "left-handed"])
def orthogonal(request):
    return lopsided(request.param)


@pytest.fixture
def point(volume):
    return a_point(volume)


def a_point(volume):
    """A voxel that is on no plane of symmetry, its LPS position, and its value."""
    index = (8, 2, 3)
    return index, volume.grid.lps_mm_from_ijk([index])[0], int(volume.values[index[::-1]])


# SimpleITK


def test_a_named_lps_point_has_its_value_in_simpleitk(orthogonal):
    image = convert.to_sitk(orthogonal)
    index, lps_mm, value = a_point(orthogonal)
    assert image.TransformPhysicalPointToIndex(lps_mm.tolist()) == index
    assert image[index] == value
    assert image.EvaluateAtPhysicalPoint(lps_mm.tolist(), sitk.sitkLinear) == pytest.approx(value)


def test_simpleitk_gives_back_what_it_got(orthogonal):
    same(convert.from_sitk(convert.to_sitk(orthogonal)), orthogonal)


def test_simpleitk_gives_back_the_same_after_a_file(orthogonal, tmp_path):
    sitk.WriteImage(convert.to_sitk(orthogonal), tmp_path / "a.nrrd")
    same(convert.from_sitk(sitk.ReadImage(tmp_path / "a.nrrd")), orthogonal)


def test_a_filter_of_simpleitk_leaves_the_place_alone(orthogonal):
    cropped = sitk.RegionOfInterest(convert.to_sitk(orthogonal), size=(4, 4, 2), index=(6, 1, 2))
    index, lps_mm, value = a_point(orthogonal)
    back = convert.from_sitk(cropped, like=orthogonal)
    i, j, k = np.rint(back.grid.ijk_from_lps_mm([lps_mm])[0]).astype(int)
    assert back.values[k, j, i] == value
    assert (i, j, k) == (index[0] - 6, index[1] - 1, index[2] - 2)
    assert back.findings == (FINDING,)
    assert back.quantity == "HU"


def test_simpleitk_gets_no_sheared_grid():
    with pytest.raises(GeometryError, match="resample_to_orthogonal"):
        convert.to_sitk(lopsided("sheared"))


def test_an_image_of_simpleitk_with_another_number_of_dimensions_is_refused():
    with pytest.raises(GeometryError, match="3 dimensions expected, found 2"):
        convert.from_sitk(sitk.Image(3, 3, sitk.sitkInt16))
    with pytest.raises(GeometryError, match="one number per voxel"):
        convert.from_sitk(sitk.Image([3, 3, 3], sitk.sitkVectorInt16, 2))


# nibabel


def test_a_named_lps_point_has_its_value_in_nibabel(volume, point):
    image = convert.to_nibabel(volume)
    index, lps_mm, value = point
    ras_mm = lps_mm * [-1, -1, 1]
    found = nib.affines.apply_affine(np.linalg.inv(image.affine), ras_mm)
    np.testing.assert_allclose(found, index, atol=1e-9)
    assert image.dataobj[index] == value


def test_nibabel_gives_back_what_it_got(volume):
    same(convert.from_nibabel(convert.to_nibabel(volume)), volume)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nibabel_gives_back_the_same_after_a_file(volume, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    convert.to_nibabel(volume).to_filename(path)
    # The header keeps float32: 470 mm is known to 0.00003.
    same(convert.from_nibabel(nib.load(path)), volume, tolerance_mm=1e-4)


def test_simpleitk_and_nibabel_read_one_file_alike(orthogonal, tmp_path):
    convert.to_nibabel(orthogonal).to_filename(tmp_path / "a.nii.gz")
    through_itk = convert.from_sitk(sitk.ReadImage(tmp_path / "a.nii.gz"))
    same(through_itk, convert.from_nibabel(nib.load(tmp_path / "a.nii.gz")), tolerance_mm=1e-3)


# xarray


def test_xarray_gives_back_what_it_got(volume):
    same(convert.from_xarray(convert.to_xarray(volume)), volume)
    assert convert.from_xarray(convert.to_xarray(volume)).is_hu


def test_a_selection_of_xarray_keeps_its_place(volume, point):
    index, lps_mm, value = point
    cut = convert.to_xarray(volume).isel(i=slice(8, 1, -3), k=slice(2, 5)).transpose("i", "k", "j")
    back = convert.from_xarray(cut)
    i, j, k = np.rint(back.grid.ijk_from_lps_mm([lps_mm])[0]).astype(int)
    assert (i, j, k) == (0, index[1], 1)
    assert back.values[k, j, i] == value


def test_xarray_interpolates_at_a_named_lps_point(volume, point):
    pytest.importorskip("scipy")
    array = convert.to_xarray(volume)
    _, lps_mm, value = point
    inverse = np.linalg.inv(np.array(array.attrs["lps_from_ijk"]))
    i, j, k, _ = inverse @ [*lps_mm, 1]
    assert float(array.interp(i=i, j=j, k=k)) == pytest.approx(value)


def test_positions_are_coordinates_where_an_axis_runs_along_them():
    grid = Grid(
        dims_ijk=(4, 3, 2),
        # i runs to inferior, j to the right, k to posterior
        lps_from_ijk=[[0, -0.5, 0, 9], [0, 0, 2, 8], [-0.7, 0, 0, 7], [0, 0, 0, 1]],
    )
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    array = convert.to_xarray(Volume(values=values, grid=grid))
    picked = array.swap_dims(i="z_lps_mm", j="x_lps_mm", k="y_lps_mm")
    assert picked.sel(z_lps_mm=7 - 0.7 * 3, x_lps_mm=8.5, y_lps_mm=10) == values[1, 1, 3]


def test_an_array_without_affine_or_with_holes_is_refused():
    array = convert.to_xarray(lopsided("right-handed"))
    with pytest.raises(GeometryError, match="lps_from_ijk"):
        convert.from_xarray(array.drop_attrs())
    with pytest.raises(GeometryError, match="evenly spaced coordinate i"):
        convert.from_xarray(array.isel(i=[0, 1, 3]))
    with pytest.raises(GeometryError, match="k, j, i"):
        convert.from_xarray(array.isel(k=0))


# pydicom


def test_every_dicom_slice_says_where_it_is(volume, point):
    index, lps_mm, value = point
    slices = convert.to_pydicom(volume)
    ds = slices[index[2]]
    row, column = np.reshape(ds.ImageOrientationPatient, (2, 3)).astype(float)
    between_rows, between_columns = map(float, ds.PixelSpacing)
    there = (
        np.array(ds.ImagePositionPatient, float)
        + row * between_columns * index[0]
        + column * between_rows * index[1]
    )
    np.testing.assert_allclose(there, lps_mm, atol=1e-6)
    assert ds.pixel_array[index[1], index[0]] == value
    assert float(ds.RescaleSlope) == 1
    assert float(ds.RescaleIntercept) == 0


def test_simpleitk_reads_the_written_dicom_in_the_same_place(tmp_path):
    volume = lopsided("right-handed")
    for n, ds in enumerate(convert.to_pydicom(volume)):
        ds.save_as(tmp_path / f"{n}.dcm", enforce_file_format=True)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path))
    same(convert.from_sitk(sitk.ReadImage(names)), volume, tolerance_mm=1e-4)


def test_dicom_carries_no_patient_and_the_same_identifiers_every_time(volume):
    first, again = convert.to_pydicom(volume), convert.to_pydicom(volume)
    assert [ds.SOPInstanceUID for ds in first] == [ds.SOPInstanceUID for ds in again]
    assert len({ds.SOPInstanceUID for ds in first}) == DIMS_IJK[2]
    assert len({ds.SeriesInstanceUID for ds in first}) == 1
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber"):
        assert not first[0][keyword].value
    given = convert.to_pydicom(volume, study_instance_uid="1.2.3", series_instance_uid="1.2.4")
    assert (given[0].StudyInstanceUID, given[0].SeriesInstanceUID) == ("1.2.3", "1.2.4")


def test_what_dicom_cannot_say_is_refused():
    volume = lopsided("right-handed")
    fractions = Volume(values=volume.values + np.float32(0.5), grid=volume.grid)
    with pytest.raises(CalvariaError, match="int16"):
        convert.to_pydicom(fractions)
    other = Volume(values=volume.values, grid=volume.grid, quantity="arbitrary")
    with pytest.raises(CalvariaError, match="HU or MR"):
        convert.to_pydicom(other)
    skewed = volume.grid.lps_from_ijk.copy()
    skewed[:3, 1] += 0.1 * skewed[:3, 0]
    skew = Volume(values=volume.values, grid=Grid(dims_ijk=DIMS_IJK, lps_from_ijk=skewed))
    with pytest.raises(GeometryError, match="right angles"):
        convert.to_pydicom(skew)


def test_pydicom_gives_back_what_it_got(volume, point):
    from calvaria import dicom

    if not hasattr(dicom, "load_series"):
        pytest.skip("load_series is not there yet")
    slices = convert.to_pydicom(volume)
    back = convert.from_pydicom(reversed(slices))
    _, lps_mm, value = point
    i, j, k = np.rint(back.grid.ijk_from_lps_mm([lps_mm])[0]).astype(int)
    assert back.values[k, j, i] == value
    np.testing.assert_allclose(back.grid.lps_mm_from_ijk([[i, j, k]])[0], lps_mm, atol=1e-6)
    assert back.is_hu


# Masks and values


LABELS = {"uint8": 200, "uint16": 40_000}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_come_back_from_every_neighbour(orthogonal, kind):
    labels = np.where(orthogonal.values > 2000, LABELS[kind], 0).astype(kind)
    mask = Mask(values=labels, grid=orthogonal.grid, names={LABELS[kind]: "mandible"})
    back = [
        convert.mask_from_sitk(convert.to_sitk(mask), names=mask.names),
        convert.mask_from_nibabel(convert.to_nibabel(mask), names=mask.names),
        convert.mask_from_xarray(convert.to_xarray(mask)),
    ]
    for other in back:
        same(other, mask)
        assert other.names == mask.names


def test_a_boolean_mask_comes_back_as_ones(orthogonal):
    mask = Mask(values=orthogonal.values > 2000, grid=orthogonal.grid)
    back = convert.mask_from_sitk(convert.to_sitk(mask))
    np.testing.assert_array_equal(back.values, mask.values.astype(np.uint8))


def test_fractions_are_no_labels(orthogonal):
    image = sitk.Cast(convert.to_sitk(orthogonal), sitk.sitkFloat32) * 0.25
    with pytest.raises(SegmentationError, match="probability"):
        convert.mask_from_sitk(image)


def test_whole_floats_become_int16_and_fractions_stay_float32(orthogonal):
    image = sitk.Cast(convert.to_sitk(orthogonal), sitk.sitkFloat64)
    assert convert.from_sitk(image).values.dtype == np.int16
    assert convert.from_sitk(image * 0.25).values.dtype == np.float32


def test_a_value_that_is_no_number_is_refused(orthogonal):
    image = sitk.Cast(convert.to_sitk(orthogonal), sitk.sitkFloat32)
    image[3, 2, 1] = float("nan")
    with pytest.raises(CalvariaError, match="NaN or infinity in 1 voxel"):
        convert.from_sitk(image)


def test_what_came_in_cannot_change_the_volume(orthogonal):
    image = convert.to_sitk(orthogonal)
    taken, mask = convert.from_sitk(image), convert.mask_from_sitk(sitk.Abs(image))
    before = mask.values.copy()
    image[0, 0, 0] = 99
    assert taken.values[0, 0, 0] == orthogonal.values[0, 0, 0]
    np.testing.assert_array_equal(mask.values, before)


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(ImportError, match=r"pip install 'calvaria\[io\]'"):
        convert.to_sitk(lopsided("right-handed"))


def test_importing_convert_imports_no_neighbour():
    import subprocess
    import sys

    code = (
        "import sys, calvaria.convert, calvaria.images; "
        "print({'SimpleITK', 'nibabel', 'nrrd', 'xarray', 'pydicom'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
