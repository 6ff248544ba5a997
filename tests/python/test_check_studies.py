"""Faults in written studies: found from the files by name, and told without naming the patient."""

import json

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
from calvaria.phantom import CANARIES, Scanner, write_study

BODY = phantom.cylinder(start_lps_mm=(-4, -3, -15), end_lps_mm=(4, 3, 15), radius_mm=9.0)
STEP_MM = 0.8
PLAIN = {
    "columns": 32,
    "rows": 32,
    "spacing_xy_mm": (1.0, 1.0),
    "slice_thickness_mm": STEP_MM,
    "slice_increment_mm": STEP_MM,
    "n_slices": 40,
    "seed": 5,
}


def written(folder, *, study=None, **settings):
    write_study(BODY, folder, scanner=Scanner(**{**PLAIN, **settings}), **(study or {}))
    return max(find_series(folder), key=lambda series: series.n_slices)


def judged(series, *, profile="education", anatomy="generic"):
    return check_series(series, profile=profile, anatomy=anatomy)


def test_a_missing_file_is_a_gap_at_its_place(tmp_path):
    finding = judged(written(tmp_path, missing=(12, 13)))["slice_gaps"]
    assert finding.verdict is Verdict.FAIL
    assert finding.details["after_slice_index"] == [11]
    assert finding.details["n_missing"] == [2]
    assert finding.details["gap_mm"] == [pytest.approx(3 * STEP_MM)]


def test_a_shifted_slice_makes_uneven_steps_and_the_stack_is_refused(tmp_path):
    series = written(tmp_path, shifted_mm=((20, 0.2),))
    report = judged(series)
    assert report["slice_spacing"].verdict is Verdict.FAIL
    assert report["slice_spacing"].measured == pytest.approx(0.2, abs=1e-3)
    assert report["slice_spacing"].details["after_slice_index"] == [19, 20]
    assert report["slice_gaps"].verdict is Verdict.PASS
    assert report["loadable"].verdict is Verdict.FAIL


def test_a_slice_written_twice_is_found(tmp_path):
    report = judged(written(tmp_path, duplicated=(7,)))
    found = [f for f in report if f.code == "duplicate_slices" and f.verdict is not Verdict.PASS]
    assert found, report
    assert found[0].measured == 1.0
    # The loader leaves the copy out, so the stack itself is whole.
    assert report["slice_gaps"].verdict is Verdict.PASS


@pytest.mark.parametrize("tilt_deg", [14.0, -14.0])
def test_the_tilt_of_the_gantry_is_measured_from_the_files(tmp_path, tilt_deg):
    report = judged(written(tmp_path, gantry_tilt_deg=tilt_deg))
    assert report["tilt"].measured == pytest.approx(14.0, abs=0.01)
    assert report["tilt"].verdict is Verdict.BORDERLINE
    assert report["tilt_tag"].verdict is Verdict.PASS


def test_thick_slices_and_their_overlap_are_told_apart(tmp_path):
    report = judged(written(tmp_path, slice_thickness_mm=2.0, slice_increment_mm=0.8))
    assert report["slice_thickness"].verdict is Verdict.FAIL
    assert report["slice_increment"].verdict is Verdict.PASS
    assert report["slab_gap"].details["overlap_percent"] == pytest.approx(60.0)


KERNELS = {"B30f": "UNPROVEN", "Hx99": "UNPROVEN"}


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_of_a_vendor_without_a_table_is_not_guessed(tmp_path, name):
    # The phantom's maker is no vendor of the table, so even a Siemens name proves nothing.
    report = judged(written(tmp_path, study={"convolution_kernel": name}))
    assert report["kernel"].verdict.name == KERNELS[name]
    assert report["kernel"].details["kind"] == "unknown"


def test_no_planted_identifier_is_in_a_finding(tmp_path):
    series = written(
        tmp_path,
        missing=(12,),
        duplicated=(7,),
        shifted_mm=((30, 0.2),),
        study={"has_localizer": True, "has_secondary_capture": True},
    )
    whole = written(tmp_path / "whole")
    texts = []
    for one in (series, whole):
        report = judged(one)
        texts += [json.dumps(report.to_dict()), str(report), repr(report), report._repr_html_()]
    report = check_volume(load_series(whole), profile="guide", anatomy="skull")
    texts += [json.dumps(report.to_dict()), str(report), repr(report), report._repr_html_()]
    canaries = [text for name, text in CANARIES.items() if name != "patient_sex"]
    for text in texts:
        assert len(text) > 50
        assert not [canary for canary in canaries if canary.lower() in text.lower()]


@pytest.mark.parametrize(("option", "known"), [("profile", "guide"), ("anatomy", "skull-base")])
def test_an_unknown_profile_or_anatomy_is_refused_and_the_known_ones_listed(
    tmp_path, option, known
):
    series = written(tmp_path)
    volume = load_series(series)
    names = {"profile": "guide", "anatomy": "skull"} | {option: "toe"}
    for call in (
        lambda: check_series(series, **names),
        lambda: check_volume(volume, **names),
        lambda: plan_imaging(**names),
    ):
        with pytest.raises(ValueError, match=rf"{option}: one of .*{known}.* found 'toe'"):
            call()
