"""Headers and voxels with planted faults: each is found by name, and a clean scan shows none."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calvaria import (
    Acquisition,
    Finding,
    Verdict,
    check_series,
    load_rules,
    phantom,
    plan_imaging,
)
from calvaria.checks.coverage import face_names
from calvaria.dicom import Series

RULES = load_rules()
BONES = ("skull", "mandible", "teeth", "vertebra_c1", "vertebra_c2", "vertebra_c3")


def codes(report):
    return {finding.code for finding in report.above_pass()}


# ------------------------------------------------------------------ headers

SCAN = Acquisition(
    modality="CT",
    manufacturer="SIEMENS",
    convolution_kernel="H31s",
    slice_thickness_mm=0.75,
    gantry_detector_tilt_deg=0.0,
    image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
    rescale_type="HU",
)


def line(n=300, step=0.75, aside=0.0):
    positions = np.zeros((n, 3))
    positions[:, 2] = step * np.arange(n)
    positions[:, 1] = aside * np.arange(n)
    return positions


def series(
    positions=None,
    *,
    spacing=0.5,
    columns=512,
    directions=(1, 0, 0, 0, 1, 0),
    findings=(),
    **header,
):
    positions = line() if positions is None else positions
    return Series(
        acquisition=dataclasses.replace(SCAN, **header),
        series_number=4,
        files=tuple(f"IM{n:04d}" for n in range(len(positions))),
        n_slices=len(positions),
        columns=columns,
        rows=columns,
        pixel_spacing_xy_mm=(spacing, spacing),
        image_orientation_patient=directions,
        slice_positions_lps_mm=positions,
        findings=findings,
    )


def judged(subject, profile="guide", anatomy="skull", **options):
    return check_series(subject, profile=profile, anatomy=anatomy, **options)


def test_a_clean_series_has_a_finding_for_every_check_and_none_above_pass():
    report = judged(series())
    assert not report.above_pass()
    assert {f.code for f in report} == {
        "loadable", "modality", "rescale_type", "image_type", "kernel", "slice_thickness", "slice_increment",
        "slab_gap", "pixel_spacing", "anisotropy", "slice_count", "slice_gaps", "duplicate_slices",
        "slice_spacing", "tilt", "tilt_tag", "orientation", "field_of_view", "coverage",
    }  # fmt: skip
    for finding in report:
        assert finding.limit and finding.source and finding.message.endswith("."), finding
        assert finding.measured is not None
    json.dumps(report.to_dict(), allow_nan=False)


def gap(n=300):
    return np.delete(line(n), 120, axis=0)


def double():
    positions = line()
    positions[200:, 2] -= 0.75
    return positions


def uneven():
    positions = line()
    positions[150, 2] += 0.1
    return positions


SERIES_FAULTS = {
    "missing slice": ({"positions": gap()}, "slice_gaps", "FAIL"),
    "slice twice": ({"positions": double()}, "duplicate_slices", "FAIL"),
    "uneven steps": ({"positions": uneven()}, "slice_spacing", "FAIL"),
    "tilted gantry": ({"positions": line(aside=0.25), "gantry_detector_tilt_deg": 18.435}, "tilt", "BORDERLINE"),
    "tilt lost": ({"gantry_detector_tilt_deg": 15.0}, "tilt_tag", "BORDERLINE"),
    "thick slices": ({"slice_thickness_mm": 2.0}, "slice_thickness", "FAIL"),
    "borderline slices": ({"slice_thickness_mm": 1.25}, "slice_thickness", "BORDERLINE"),
    "wide increment": ({"positions": line(120, 2.0), "slice_thickness_mm": 1.0}, "slice_increment", "FAIL"),
    "gap between slabs": ({"positions": line(240, 1.0)}, "slab_gap", "BORDERLINE"),
    "large pixels": ({"spacing": 1.1}, "pixel_spacing", "FAIL"),
    "long voxels": ({"spacing": 0.15, "columns": 1400}, "anisotropy", "BORDERLINE"),
    "coronal reformat": ({"directions": (1, 0, 0, 0, 0, -1), "positions": line()[:, [0, 2, 1]]}, "orientation", "BORDERLINE"),
    "derived": ({"image_type": ("DERIVED", "SECONDARY", "MPR")}, "image_type", "BORDERLINE"),
    "projection": ({"image_type": ("DERIVED", "SECONDARY", "MIP")}, "image_type", "FAIL"),
    "MR": ({"modality": "MR", "rescale_type": None}, "modality", "FAIL"),
    "not HU": ({"rescale_type": "OD"}, "rescale_type", "FAIL"),
    "unspecified values": ({"rescale_type": "US"}, "rescale_type", "UNPROVEN"),
    "unknown kernel": ({"convolution_kernel": "Hx99"}, "kernel", "UNPROVEN"),
    "edge-enhancing kernel": ({"convolution_kernel": "Bl57"}, "kernel", "BORDERLINE"),
    "cropped": ({"reconstruction_diameter_mm": 500.0}, "field_of_view", "BORDERLINE"),
    "small field": ({"columns": 256}, "field_of_view", "FAIL"),
    "few slices": ({"positions": line(12)}, "slice_count", "BORDERLINE"),
    "short stack": ({"positions": line(120)}, "coverage", "BORDERLINE"),
}  # fmt: skip


@pytest.mark.parametrize("name", SERIES_FAULTS)
def test_a_planted_fault_of_the_headers_is_found_by_name(name):
    fault, code, verdict = SERIES_FAULTS[name]
    report = judged(series(**fault))
    assert report[code].verdict.name == verdict, report[code]


def test_one_missing_slice_of_300_is_one_gap_at_its_place():
    finding = judged(series(gap()))["slice_gaps"]
    assert finding.measured == 1.0
    assert finding.details["after_slice_index"] == [119]
    assert finding.details["n_missing"] == [1]
    assert finding.details["gap_mm"] == [pytest.approx(1.5)]
    assert "IM0119" in finding.places[0] and "IM0120" in finding.places[0]


@given(st.integers(1, 297), st.integers(1, 3), st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_gap_is_found_wherever_it_is_and_whichever_way_the_stack_runs(place, lost, is_reversed):
    positions = np.delete(line(302), range(place, place + lost), axis=0)
    finding = judged(series(positions[::-1] if is_reversed else positions))["slice_gaps"]
    before = len(positions) - 1 - place if is_reversed else place - 1
    assert finding.details["after_slice_index"] == [before]
    assert finding.details["n_missing"] == [lost]


def test_jitter_of_a_nanometre_is_no_gap_and_no_unevenness():
    positions = line() + np.random.default_rng(3).uniform(-1e-6, 1e-6, (300, 3))
    report = judged(series(positions))
    assert report["slice_gaps"].measured == 0.0
    assert not report.above_pass()


def test_tilt_comes_from_the_positions_and_its_sign_does_not_matter():
    for sign in (1, -1):
        aside = sign * 0.75 * np.tan(np.radians(16.46))
        report = judged(series(line(aside=aside), gantry_detector_tilt_deg=-sign * 16.46))
        assert report["tilt"].measured == pytest.approx(16.46, abs=1e-6)
        assert report["tilt_tag"].verdict is Verdict.PASS


def test_overlap_is_understood_and_finer_than_half_a_millimetre_brings_no_gain():
    report = judged(series(line(500, 0.45), slice_thickness_mm=0.9))
    assert report["slab_gap"].details["overlap_percent"] == pytest.approx(50.0)
    assert "overlap by 50 %" in report["slab_gap"].message
    fine = judged(series(line(600, 0.4), slice_thickness_mm=0.4))["slice_thickness"]
    assert fine.verdict is Verdict.PASS and "no gain" in fine.message
    # Thickness and increment are both printed.
    assert "0.4 mm thick and 0.4 mm apart" in fine.message


def test_thickness_within_limits_does_not_excuse_a_wide_increment():
    report = judged(series(line(200, 1.3), slice_thickness_mm=0.6))
    assert report["slice_thickness"].verdict is Verdict.PASS
    assert report["slice_increment"].verdict is Verdict.FAIL
    assert report["slab_gap"].verdict is Verdict.FAIL


def test_headers_that_say_nothing_leave_everything_unproven_and_raise_nothing():
    empty = Series(acquisition=Acquisition(), n_slices=0)
    report = judged(empty)
    assert report["slice_thickness"].verdict is Verdict.UNPROVEN
    assert report["slice_gaps"].verdict is Verdict.UNPROVEN
    lost = line()
    lost[3] = np.nan
    assert judged(series(lost))["slice_gaps"].verdict is Verdict.UNPROVEN


def test_findings_of_the_loader_are_carried_over_and_a_reason_fails():
    note = Finding(
        code="lossy_compression", verdict=Verdict.BORDERLINE, message="Compressed with loss."
    )
    assert judged(series(findings=(note,)))["lossy_compression"] is note
    refused = dataclasses.replace(series(), reason="no pixel data")
    assert judged(refused)["loadable"].verdict is Verdict.FAIL


def test_no_name_of_a_patient_can_be_in_a_report():
    assert set(Acquisition.__dataclass_fields__).isdisjoint({"patient_name", "patient_id"})
    assert judged(series()).subject == "series 4: 300 slices of 512 x 512"


def planned(plan):
    n = round(plan.coverage_mm / plan.slice_increment_mm)
    return series(
        line(n, plan.slice_increment_mm),
        spacing=plan.pixel_spacing_mm,
        columns=plan.matrix,
        modality=plan.modality,
        slice_thickness_mm=plan.slice_thickness_mm,
        convolution_kernel="Hr60",
    )


@pytest.mark.parametrize("profile", RULES.profiles)
@pytest.mark.parametrize("anatomy", RULES.anatomies)
def test_the_planned_protocol_passes_its_own_check(profile, anatomy):
    plan = plan_imaging(anatomy=anatomy, profile=profile)
    assert not judged(planned(plan), profile=profile, anatomy=anatomy).above_pass()
    text = plan.to_text()
    assert plan.slice_thickness_max_mm <= 1.0 and "at most 1 mm" in text
    assert plan.slice_increment_mm <= plan.slice_thickness_mm and plan.overlap_percent >= 0
    for word in (
        "Kernel",
        "Field of view",
        "none (0 degrees)",
        "Metal",
        "DICOM",
        "not a medical device",
    ):
        assert word in text or (word == "Kernel" and plan.modality == "MR")
    json.dumps(plan.to_dict(), allow_nan=False)


def test_the_skull_base_gets_a_protocol_of_its_own():
    plan = plan_imaging(anatomy="skull_base", profile="implant")
    assert plan.slice_thickness_mm == 0.6 and plan.overlap_percent > 25
    assert plan_imaging(anatomy="soft-tissue", profile="planning").modality == "MR"


# ------------------------------------------------------------------ faces


@pytest.mark.parametrize("flip", [1.0, -1.0])
def test_faces_are_named_by_the_side_of_the_patient_in_any_orientation(flip):
    axial = np.diag([0.5, 0.5, 0.5 * flip, 1.0])
    ends = ("inferior", "superior") if flip > 0 else ("superior", "inferior")
    assert face_names(axial) == ("right", "left", "anterior", "posterior", *ends)
    coronal = np.eye(4)
    coronal[:3, :3] = np.array([[1, 0, 0], [0, 0, -flip], [0, -1, 0]]).T
    across = ("superior", "inferior") if flip > 0 else ("inferior", "superior")
    assert face_names(coronal) == ("right", "left", *across, "posterior", "anterior")


def test_no_side_is_named_twice_on_an_oblique_grid():
    rng = np.random.default_rng(5)
    for _ in range(200):
        axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        affine = np.eye(4)
        affine[:3, :3] = axes
        assert len(set(face_names(affine))) == 6


# ------------------------------------------------------------------ voxels

HEAD = phantom.head()
