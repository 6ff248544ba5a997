"""Eighteen faults in scans of the head, each found by name, and clean scans without a finding."""

import dataclasses
import shutil

import numpy as np
import pydicom
import pytest

from calvaria import (
    Verdict,
    check_series,
    check_volume,
    find_series,
    load_series,
    phantom,
    plan_imaging,
)
from calvaria.phantom import Scanner, write_study

HEAD = phantom.head()

# The vault at 1 mm, as thin and as fine as a teaching model needs it: 100 slices.
VAULT = Scanner(
    columns=182,
    rows=224,
    spacing_xy_mm=(1.0, 1.0),
    slice_thickness_mm=1.0,
    slice_increment_mm=1.0,
    n_slices=100,
    centre_lps_mm=(0.0, -7.0, 80.0),
)
# The lower jaw without its joints.
JAW = dataclasses.replace(VAULT, n_slices=60, centre_lps_mm=(0.0, -7.0, -70.0))


def findings(folder, *, profile="education", anatomy="calvaria"):
    """Everything that headers and voxels of the longest series in the folder give."""
    series = max(find_series(folder), key=lambda one: one.n_slices)
    found = list(check_series(series, profile=profile, anatomy=anatomy))
    if series.is_loadable:
        found += check_volume(load_series(series), profile=profile, anatomy=anatomy)
    return found


def scanned(folder, scanner, body=HEAD, **study):
    write_study(body, folder, scanner=scanner, **study)
    return folder


@pytest.fixture(scope="module")
def clean_vault(tmp_path_factory):
    return scanned(tmp_path_factory.mktemp("vault"), VAULT)


# ------------------------------------------------ how a fault is planted: by scanning otherwise


def rescanned(scanner=VAULT, body=HEAD, anatomy="calvaria", **settings):
    def plant(folder, _clean):
        scanned(folder, dataclasses.replace(scanner, **settings), body)
        return anatomy

    return plant


# ------------------------------------------------ or in a copy of the clean files


def edited(edit):
    def plant(folder, clean):
        shutil.copytree(clean, folder, dirs_exist_ok=True)
        edit(sorted(folder.glob("**/*.dcm")))
        return "calvaria"

    return plant


def slice_lost(files):
    files[40].unlink()


def slice_twice(files):
    again = pydicom.dcmread(files[40])
    again.SOPInstanceUID += ".1"
    again.file_meta.MediaStorageSOPInstanceUID = again.SOPInstanceUID
    again.save_as(files[40].with_name("again.dcm"))


def slice_shifted(files):
    moved = pydicom.dcmread(files[40])
    moved.ImagePositionPatient[2] += 0.3
    moved.save_as(files[40])


def vertex_lost(files):
    for file in files[80:]:
        file.unlink()


def pixels(change):
    """Change the stored values, which are HU + 1024, of the slices from the sixtieth on or of all."""

    def edit(files):
        for number, file in enumerate(files):
            image = pydicom.dcmread(file)
            image.PixelData = change(image.pixel_array, number).astype(np.uint16).tobytes()
            image.save_as(file)

    return edit


def moved(stored, number):
    return np.roll(stored, 3, axis=1) if number >= 60 else stored


def noisy(stored, number):
    noise = np.random.default_rng(number).normal(0.0, 130.0, stored.shape)
    return np.clip(stored + noise, 0, 4095)


def narrow(stored, _number):
    """Nothing is reconstructed outside of a circle of 150 mm."""
    j, i = np.indices(stored.shape)
    outside = np.hypot(i - 90.5, j - 111.5) > 75.0
    return np.where(outside, 0, stored)


def headers(**changes):
    def edit(files):
        for file in files:
            image = pydicom.dcmread(file)
            image.update(changes)
            image.save_as(file)

    return edit


CHIN_LOST = {"n_slices": 40, "centre_lps_mm": (0.0, -7.0, -55.0)}
HALF_JAW = phantom.head(has_half_mandible=True)
FILLING = phantom.head(metal_radius_mm=3.0)
THICK = {"slice_thickness_mm": 2.0, "slice_increment_mm": 2.0, "n_slices": 20}
THICKER = {"slice_thickness_mm": 1.25, "slice_increment_mm": 1.25, "n_slices": 20}
COARSE = {"spacing_xy_mm": (1.4, 1.4), "columns": 130, "rows": 160, "n_slices": 20}
TILTED = {"gantry_tilt_deg": 12.0, "n_slices": 20}
LUNG = {"Manufacturer": "GE MEDICAL SYSTEMS", "ConvolutionKernel": "LUNG"}
LOSSY = {"LossyImageCompression": "01"}

#   fault                        how it is planted                                finding, at least
FAULTS = {
    "slices of 2 mm":           (rescanned(**THICK),                              "slice_thickness", "FAIL"),
    "slices of 1.25 mm":        (rescanned(**THICKER),                            "slice_thickness", "BORDERLINE"),
    "a slice is missing":       (edited(slice_lost),                              "slice_gaps", "FAIL"),
    "a slice is there twice":   (edited(slice_twice),                             "duplicate_slices", "BORDERLINE"),
    "a slice lies 0.3 mm off":  (edited(slice_shifted),                           "slice_spacing", "FAIL"),
    "gantry tilted by 12":      (rescanned(**TILTED),                             "tilt", "BORDERLINE"),
    "lung kernel":              (edited(headers(**LUNG)),                         "kernel", "BORDERLINE"),
    "too much noise":           (edited(pixels(noisy)),                           "noise", "FAIL"),
    "pixels of 1.4 mm":         (rescanned(**COARSE),                             "pixel_spacing", "FAIL"),
    "vertex cut off":           (edited(vertex_lost),                             "bone_cut", "FAIL"),
    "chin cut off":             (rescanned(JAW, anatomy="mandible", **CHIN_LOST), "bone_cut", "FAIL"),
    "half of the jaw missing":  (rescanned(JAW, HALF_JAW, "mandible"),            "symmetry", "FAIL"),
    "metal filling":            (rescanned(JAW, FILLING, "mandible"),             "metal", "BORDERLINE"),
    "field of view too narrow": (edited(pixels(narrow)),                          "circle_cut", "FAIL"),
    "patient moved":            (edited(pixels(moved)),                           "motion", "FAIL"),
    "values are no HU":         (edited(headers(RescaleType="US")),               "rescale_type", "UNPROVEN"),
    "an MR":                    (edited(headers(Modality="MR")),                  "modality", "FAIL"),
    "compressed with loss":     (edited(headers(**LOSSY)),                        "lossy_compression", "BORDERLINE"),
}  # fmt: skip


def test_the_clean_vault_has_no_finding_above_pass(clean_vault):
    found = findings(clean_vault)
    assert len(found) > 40
    assert [f for f in found if f.verdict is not Verdict.PASS] == []


@pytest.mark.filterwarnings("ignore::calvaria.errors.CalvariaWarning")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_by_name(fault, clean_vault, tmp_path):
    plant, code, least = FAULTS[fault]
    anatomy = plant(tmp_path, clean_vault)
    worst = max(
        (f for f in findings(tmp_path, anatomy=anatomy) if f.code == code),
        key=lambda finding: finding.verdict.rank,
    )
    assert worst.verdict.rank >= Verdict[least].rank, worst
    assert worst.message.endswith(".") and worst.source


def test_a_localizer_is_not_taken_for_the_scan(tmp_path):
    scanned(tmp_path, dataclasses.replace(VAULT, n_slices=5), has_localizer=True)
    (localizer,) = [one for one in find_series(tmp_path) if one.n_slices == 1]
    report = check_series(localizer, profile="education", anatomy="calvaria")
    assert report["image_type"].verdict is Verdict.FAIL


@pytest.mark.slow
@pytest.mark.timeout(1200)  # 130 million voxels are scanned and written
def test_a_head_scanned_by_the_planned_protocol_passes_every_check_of_every_profile(tmp_path):
    scans = {}
    for profile in ("education", "planning", "guide", "implant"):
        plan = plan_imaging(profile=profile, anatomy="skull")
        scanner = Scanner(
            columns=plan.matrix,
            rows=plan.matrix,
            spacing_xy_mm=(plan.pixel_spacing_mm, plan.pixel_spacing_mm),
            slice_thickness_mm=plan.slice_thickness_mm,
            slice_increment_mm=plan.slice_increment_mm,
        )
        if scanner not in scans:
            scans[scanner] = scanned(tmp_path / profile, scanner)
        found = findings(scans[scanner], profile=profile, anatomy="skull")
        assert [f for f in found if f.verdict is not Verdict.PASS] == [], profile


def test_the_clean_vault_in_fine_pixels_passes_for_a_guide_and_an_implant(tmp_path):
    fine = dataclasses.replace(VAULT, columns=260, rows=320, spacing_xy_mm=(0.7, 0.7))
    scanned(tmp_path, fine)
    for profile in ("planning", "guide", "implant"):
        found = findings(tmp_path, profile=profile)
        assert [f for f in found if f.verdict is not Verdict.PASS] == [], profile
