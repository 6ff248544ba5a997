"""Written studies against the readers and the validator that others use."""

import shutil
import subprocess

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from calvaria import phantom
from calvaria.phantom import Scanner, scan, write_study

BODY = phantom.cylinder(start_lps_mm=(-8, -5, -15), end_lps_mm=(8, 5, 15), radius_mm=7.0)
PLAIN = {
    "columns": 40,
    "rows": 36,
    "spacing_xy_mm": (1.2, 1.1),
    "slice_thickness_mm": 2.0,
    "slice_increment_mm": 2.5,
    "n_slices": 17,
    "seed": 11,
}
CASES = {
    "axial": {},
    "sagittal": {"orientation": "sagittal"},
    "coronal": {"orientation": "coronal"},
    "oblique": {"orientation": (0.8, 0.6, 0.0, -0.36, 0.48, 0.8)},
    "reversed": {"is_reversed": True},
    "tilted": {"gantry_tilt_deg": 18.0},
    "tilted back": {"gantry_tilt_deg": -12.5},
    "circle": {"circle_diameter_mm": 38.0},
}
CTS = {"classic": False, "enhanced": True}


@pytest.fixture(params=CASES)
def scanner(request):
    return Scanner(**{**PLAIN, **CASES[request.param]})


@pytest.mark.parametrize("is_enhanced", CTS.values(), ids=CTS)
def test_validator_finds_no_error(tmp_path, scanner, is_enhanced):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    files = write_study(
        BODY,
        tmp_path,
        scanner=scanner,
        is_enhanced=is_enhanced,
        has_localizer=True,
        has_secondary_capture=True,
    )
    for path in (files[0], *files[-3:]):
        run = subprocess.run(
            ["dciodvfy", "-new", path], capture_output=True, text=True, check=False
        )
        lines = (run.stdout + run.stderr).splitlines()
        assert [line for line in lines if line.startswith(("Error", "Warning"))] == [], path.name


@pytest.mark.parametrize("is_enhanced", CTS.values(), ids=CTS)
def test_pydicom_reads_the_same_values_and_places(tmp_path, scanner, is_enhanced):
    volume = scan(BODY, scanner=scanner)
    files = write_study(BODY, tmp_path, scanner=scanner, is_enhanced=is_enhanced)
    sets = [pydicom.dcmread(path) for path in files]
    if is_enhanced:
        (whole,) = sets
        pixels = whole.pixel_array * 1.0 - 1024
        frames = whole.PerFrameFunctionalGroupsSequence
        positions = [f.PlanePositionSequence[0].ImagePositionPatient for f in frames]
        shared = whole.SharedFunctionalGroupsSequence[0]
        cosines = shared.PlaneOrientationSequence[0].ImageOrientationPatient
        spacing = shared.PixelMeasuresSequence[0].PixelSpacing
    else:
        pixels = np.stack([d.pixel_array * d.RescaleSlope + d.RescaleIntercept for d in sets])
        positions = [d.ImagePositionPatient for d in sets]
        cosines, spacing = sets[0].ImageOrientationPatient, sets[0].PixelSpacing
    assert np.array_equal(pixels, volume.values)
    affine = volume.grid.lps_from_ijk
    n = volume.grid.dims_ijk[2]
    expected = volume.grid.lps_mm_from_ijk([[0, 0, k] for k in range(n)])
    assert np.abs(np.array(positions, dtype=float) - expected).max() < 1e-9
    assert (
        np.abs(np.array(cosines[:3], dtype=float) * float(spacing[1]) - affine[:3, 0]).max() < 1e-9
    )
    assert (
        np.abs(np.array(cosines[3:], dtype=float) * float(spacing[0]) - affine[:3, 1]).max() < 1e-9
    )


def test_simpleitk_reads_the_same_volume(tmp_path, scanner):
    volume = scan(BODY, scanner=scanner)
    files = write_study(BODY, tmp_path, scanner=scanner)
    image = sitk.ReadImage([str(path) for path in files])
    assert np.array_equal(sitk.GetArrayFromImage(image), volume.values)
    assert np.abs(np.array(image.GetOrigin()) - volume.grid.origin_lps_mm).max() < 1e-6
    if volume.grid.is_sheared:
        return  # SimpleITK has no shear; origin and values are all that can agree
    direction = np.array(image.GetDirection()).reshape(3, 3)
    assert np.abs(direction[:, :2] - volume.grid.direction[:, :2]).max() < 1e-6
    # It does not know left-handed orders: the third axis is the normal.
    sign = -1 if volume.grid.is_left_handed else 1
    assert np.abs(sign * direction[:, 2] - volume.grid.direction[:, 2]).max() < 1e-6 or np.allclose(
        direction, volume.grid.direction, atol=1e-6
    )
    assert np.allclose(image.GetSpacing(), volume.grid.spacing_xyz_mm, atol=1e-6)


@pytest.mark.parametrize("is_enhanced", CTS.values(), ids=CTS)
@pytest.mark.parametrize("name", ["axial", "sagittal", "coronal", "oblique", "reversed"])
def test_dcm2niix_reads_the_same_volume(tmp_path, name, is_enhanced):
    if shutil.which("dcm2niix") is None:
        pytest.skip("dcm2niix is not installed")
    import nibabel

    scanner = Scanner(**{**PLAIN, **CASES[name]})
    volume = scan(BODY, scanner=scanner)
    write_study(BODY, tmp_path / "dicom", scanner=scanner, is_enhanced=is_enhanced)
    (tmp_path / "nifti").mkdir()
    subprocess.run(
        ["dcm2niix", "-z", "n", "-f", "out", "-o", tmp_path / "nifti", tmp_path / "dicom"],
        check=True,
        capture_output=True,
    )
    image = nibabel.load(tmp_path / "nifti" / "out.nii")
    lps_from_index = np.diag([-1, -1, 1, 1]) @ image.affine
    seen = np.asarray(image.dataobj)
    index = np.argwhere(np.ones(seen.shape, dtype=bool))[::7]
    points = index @ lps_from_index[:3, :3].T + lps_from_index[:3, 3]
    ijk = volume.grid.ijk_from_lps_mm(points)
    whole = np.rint(ijk).astype(int)
    assert np.abs(ijk - whole).max() < 1e-3
    assert np.array_equal(
        volume.values[whole[:, 2], whole[:, 1], whole[:, 0]], seen[tuple(index.T)]
    )


@pytest.mark.parametrize("encoding", ["implicit", "big-endian", "deflated", "rle"])
@pytest.mark.parametrize("is_enhanced", CTS.values(), ids=CTS)
def test_every_encoding_holds_the_same_pixels(tmp_path, encoding, is_enhanced):
    scanner = Scanner(**PLAIN)
    volume = scan(BODY, scanner=scanner)
    files = write_study(BODY, tmp_path, scanner=scanner, is_enhanced=is_enhanced, encoding=encoding)
    pixels = np.concatenate([np.atleast_3d(pydicom.dcmread(f).pixel_array.T).T for f in files])
    assert np.array_equal(pixels - 1024, volume.values)


def test_rescale_per_slice_changes_the_storage_not_the_hu(tmp_path):
    files = write_study(BODY, tmp_path, scanner=Scanner(**PLAIN), has_rescale_per_slice=True)
    sets = [pydicom.dcmread(path) for path in files]
    assert len({(float(d.RescaleSlope), float(d.RescaleIntercept)) for d in sets}) == 6
    hu = np.stack([d.pixel_array * d.RescaleSlope + d.RescaleIntercept for d in sets])
    assert np.array_equal(hu, scan(BODY, scanner=Scanner(**PLAIN)).values & -2)


def test_faults_are_written_as_asked(tmp_path):
    scanner = Scanner(**PLAIN, missing=(4, 5), duplicated=(8,), shifted_mm=((11, 0.7),))
    files = write_study(BODY, tmp_path, scanner=scanner, has_two_patients=True)
    sets = [pydicom.dcmread(path) for path in files]
    z = np.array([float(d.ImagePositionPatient[2]) for d in sets])
    regular = (np.arange(17) - 8) * 2.5
    expected = [
        v + 0.7 * (k == 11)
        for k, v in enumerate(regular)
        for _ in range(1 + (k == 8))
        if k not in (4, 5)
    ]
    assert np.allclose(z, expected)
    assert np.array_equal(sets[6].pixel_array, sets[7].pixel_array)
    assert len({d.SOPInstanceUID for d in sets}) == len(sets) == 16
    assert {d.PatientID for d in sets} == {"CANARY-PID-7731904", "CANARY-PID-2260417"}
    assert len({d.SeriesInstanceUID for d in sets}) == 1


def test_the_same_arguments_give_the_same_bytes_and_a_seed_new_identifiers(tmp_path):
    scanner = Scanner(**PLAIN)
    extra = {"has_localizer": True, "has_secondary_capture": True}
    first = write_study(BODY, tmp_path / "a", scanner=scanner, **extra)
    again = write_study(BODY, tmp_path / "b", scanner=scanner, **extra)
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in again]
    other = write_study(BODY, tmp_path / "c", scanner=Scanner(**{**PLAIN, "seed": 12}), **extra)
    names = [{pydicom.dcmread(p).SOPInstanceUID for p in files} for files in (first, other)]
    assert len(names[0]) == len(first)
    assert not names[0] & names[1]
    assert not list(tmp_path.rglob("*.part"))


def test_every_file_carries_every_canary(tmp_path):
    files = write_study(
        BODY, tmp_path, scanner=Scanner(**PLAIN), has_localizer=True, has_secondary_capture=True
    )
    for path in files:
        raw = path.read_bytes()
        for key, value in phantom.CANARIES.items():
            assert value.encode() in raw, (path.name, key)


def test_header_says_what_the_checks_ask(tmp_path):
    scanner = Scanner(**PLAIN, gantry_tilt_deg=15.0, circle_diameter_mm=40.0, kernel="sharp")
    header = pydicom.dcmread(write_study(BODY, tmp_path, scanner=scanner)[0])
    assert header.ConvolutionKernel == "BONE"
    assert header.SliceThickness == 2.0
    assert header.SpacingBetweenSlices == pytest.approx(2.5 * np.cos(np.radians(15)))
    assert header.GantryDetectorTilt == 15.0
    assert header.ReconstructionDiameter == 40.0
    assert header.DataCollectionDiameter >= header.ReconstructionDiameter
    assert header.PixelPaddingValue * header.RescaleSlope + header.RescaleIntercept == -2000
    assert header.RescaleType == "HU"
    assert list(header.ImageType) == ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert header.PatientPosition == "HFS"


def test_a_bad_word_writes_nothing(tmp_path):
    with pytest.raises(ValueError, match="photometric"):
        write_study(
            BODY, tmp_path / "a", scanner=Scanner(**PLAIN), photometric_interpretation="RGB"
        )
    with pytest.raises(ValueError, match="encoding"):
        write_study(BODY, tmp_path / "b", scanner=Scanner(**PLAIN), encoding="zip")
    assert not list(tmp_path.rglob("*.dcm"))
