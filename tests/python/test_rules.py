"""Limits: where they come from, how they grade, and what a file of one's own may say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calvaria import Verdict, load_rules
from calvaria.rules import classify_kernel

RULES = load_rules()
ARTICLE = 'L. Ernst, "Patient-specific 3D implants", 33d.ch, 21 Nov 2025: '
BRIEF = {
    # R20, R22, R124: thickness, anatomy, verdict
    (0.4, "skull"): "PASS",
    (0.5, "skull"): "PASS",
    (0.6, "calvaria"): "PASS",
    (1.0, "skull"): "PASS",
    (1.0000001, "skull"): "PASS",
    (1.01, "skull"): "BORDERLINE",
    (1.05, "calvaria"): "BORDERLINE",
    (1.25, "mandible"): "BORDERLINE",
    (1.2500001, "mandible"): "BORDERLINE",
    (1.26, "skull"): "FAIL",
    (2.0, "skull"): "FAIL",
    (1.0, "skull-base"): "PASS",
    (1.01, "skull-base"): "FAIL",
    (1.05, "spine"): "FAIL",
    (1.05, "temporal-bone"): "FAIL",
}


@pytest.mark.parametrize("profile", RULES.profiles)
@pytest.mark.parametrize(("thickness_mm", "anatomy"), BRIEF)
def test_slice_thickness_and_increment_are_graded_as_the_article_grades_them(
    profile, thickness_mm, anatomy
):
    for row in ("slice_thickness", "slice_increment"):
        limit = RULES.limit(row, profile=profile, anatomy=anatomy)
        assert limit.grade(thickness_mm).name == BRIEF[thickness_mm, anatomy], (row, limit.table)
        assert limit.source.startswith(ARTICLE)


# The whole table of the slices as it is printed (R124); a change here changes verdicts.
STEPS = "PASS up to 1 mm, BORDERLINE up to 1.25 mm"
THIN = "PASS up to 1 mm"
SLICE_TABLE = {
    "generic": STEPS,
    "skull": STEPS,
    "calvaria": STEPS,
    "skull-base": THIN,
    "temporal-bone": THIN,
    "midface": STEPS,
    "orbit": STEPS,
    "mandible": STEPS,
    "dental": STEPS,
    "spine": THIN,
    "pelvis": STEPS,
    "joint": STEPS,
    "long-bone": STEPS,
    "soft-tissue": STEPS,
    "airway": STEPS,
}


@pytest.mark.parametrize("row", ["slice_thickness", "slice_increment"])
@pytest.mark.parametrize("profile", RULES.profiles)
def test_the_table_of_slice_limits_is_the_one_that_was_agreed(profile, row):
    limits = {a: RULES.limit(row, profile=profile, anatomy=a) for a in RULES.anatomies}
    assert {anatomy: limit.text() for anatomy, limit in limits.items()} == SLICE_TABLE
    assert all(limit.source.startswith(ARTICLE) for limit in limits.values())
    if row == "slice_thickness":
        gain = {anatomy: limit["no_gain_below"] for anatomy, limit in limits.items()}
        assert gain == dict.fromkeys(SLICE_TABLE, 0.5) | {"temporal-bone": 0.3}


def test_every_row_for_every_profile_and_anatomy_names_its_source():
    for profile in RULES.profiles:
        for anatomy in RULES.anatomies:
            for row in RULES.to_dict()["tables"]["defaults"]:
                limit = RULES.limit(row, profile=profile, anatomy=anatomy)
                named = (ARTICLE, "house rule", "doi ", "https://", "DICOM PS3")
                assert limit.source.startswith(named), (row, limit.source)
                assert limit.table == "defaults" or anatomy in limit.table or profile in limit.table


@given(st.floats(0, 5), st.floats(0, 5))
def test_a_larger_value_is_never_graded_better(a, b):
    limit = RULES.limit("slice_thickness", profile="guide", anatomy="skull")
    low, high = sorted((a, b))
    assert limit.grade(low).rank <= limit.grade(high).rank


def test_a_value_within_its_error_of_a_limit_is_not_proven():
    limit = RULES.limit("slice_thickness", profile="guide", anatomy="skull")
    assert limit.grade(0.9, error=0.05) is Verdict.PASS
    assert limit.grade(0.98, error=0.05) is Verdict.BORDERLINE
    assert limit.grade(1.24, error=0.05) is Verdict.UNPROVEN
    assert limit.grade(1.4, error=0.05) is Verdict.FAIL
    assert limit.grade(float("nan")) is Verdict.FAIL


def test_names_are_taken_as_people_write_them_and_unknown_ones_are_listed():
    assert RULES.anatomy("skull_base") == RULES.anatomy("Skull Base") == "skull-base"
    assert RULES.anatomy("head") == "skull"
    with pytest.raises(ValueError, match="anatomy: one of generic, skull.* found 'toe'"):
        RULES.anatomy("toe")
    with pytest.raises(ValueError, match="profile: one of education, planning, guide, implant"):
        RULES.profile("art")


def written(tmp_path, text):
    path = tmp_path / "ours.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_ones_own_replaces_every_row_of_the_name(tmp_path):
    text = (
        'version = "ours"\n[defaults.slice_thickness]\npass_max = 0.6\nsource = "our radiology"\n'
    )
    rules = load_rules(written(tmp_path, text))
    limit = rules.limit("slice_thickness", profile="guide", anatomy="spine")
    assert (limit.grade(0.6).name, limit.grade(0.7).name) == ("PASS", "FAIL")
    assert limit.source == "our radiology"
    # What the file does not mention stays.
    assert rules.limit("slice_increment", profile="guide", anatomy="spine")["pass_max"] == 1.0
    assert "ours.toml over imaging.toml" in rules.origin


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[defaults.tilt]\npass_max = 1\n", "version"),
        ('version = "1"\n[defaults.tilt]\npass_max = 1.0\n', "ours.toml: defaults.tilt: source: missing"),
        ('version = "1"\n[defaults.tilt]\npass_max = "one"\nsource = "us"\n', "defaults.tilt: pass_max: float expected, found str"),
        ('version = "1"\n[defaults.tilt]\npass_max = true\nsource = "us"\n', "defaults.tilt: pass_max: float expected, found bool"),
        ('version = "1"\n[defaults.tilt]\npass_max = nan\nsource = "us"\n', "a finite number expected"),
        ('version = "1"\n[defaults.tilt]\npas_max = 1.0\nsource = "us"\n', "defaults.tilt: unknown key 'pas_max'"),
        ('version = "1"\n[defaults.tilt]\nborderline_max = 1.0\nsource = "us"\n', "defaults.tilt: missing: pass_max"),
        ('version = "1"\n[defaults.tilt]\npass_max = 2.0\nborderline_max = 1.0\nsource = "us"\n', "lies inside pass_max"),
        ('version = "1"\n[defaults.tillt]\npass_max = 2.0\nsource = "us"\n', "defaults: unknown key 'tillt'"),
        ('version = "1"\n[anatomy.toe.tilt]\npass_max = 2.0\nsource = "us"\n', "anatomy.toe: one of generic"),
        ('version = "1"\n[both."guide/toe".tilt]\npass_max = 2.0\nsource = "us"\n', "guide/toe"),
        ('version = "1"\n[defaults.bone_cut]\npass_max = 0.1\nopen = ["up"]\nneck = []\nsource = "us"\n', "open: right, left"),
        ('version = "1"\n[defaults.tilt\n', "not TOML"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_refused_with_file_table_and_key(tmp_path, text, message):
    with pytest.raises(ValueError) as caught:
        load_rules(written(tmp_path, text))
    assert message in str(caught.value) and "ours.toml" in str(caught.value)


KERNELS = [
    *(("SIEMENS", name, "soft") for name in ("B10s", "B20f", "B30s", "B31f", "B40s", "B41s", "H10s", "H20s")),
    *(("SIEMENS", name, "soft") for name in ("H31s", "H40s", "Br36d", "Br40d\\3", "Hr40", "J30s\\2", "I31f\\3", "Qr40")),
    *(("Siemens Healthineers", name, "bone") for name in ("B60s", "B70f", "B80s", "H60s", "H70h", "Hr60", "Hr68", "Br64")),
    *(("SIEMENS", name, "bone") for name in ("U70u", "U90u", "J70h\\2", "I70f\\3")),
    ("SIEMENS", "Bl57d", "sharp"),
    *(("GE MEDICAL SYSTEMS", name, "soft") for name in ("SOFT", "STANDARD", "DETAIL", "CHEST")),
    *(("GE MEDICAL SYSTEMS", name, "bone") for name in ("BONE", "BONEPLUS", "BONE PLUS")),
    *(("GE MEDICAL SYSTEMS", name, "sharp") for name in ("LUNG", "EDGE")),
    *(("Philips", name, "soft") for name in ("A", "B", "C", "UB")),
    *(("Philips", name, "bone") for name in ("D", "YA", "YB")),
    ("Philips", "L", "sharp"),
    *(("TOSHIBA", name, "soft") for name in ("FC01", "FC03", "FC13", "FC21", "FC26", "FC68")),
    *(("CANON", name, "bone") for name in ("FC30", "FC31", "FC81")),
    *(("TOSHIBA", name, "sharp") for name in ("FC51", "FC52", "FC86")),
]  # fmt: skip


def test_kernels_of_four_vendors_are_known_with_a_source():
    assert len(KERNELS) >= 40
    for vendor, name, kind in KERNELS:
        kernel = classify_kernel(name, manufacturer=vendor)
        assert kernel.kind == kind, (vendor, name)
        assert kernel.source.startswith(("https://", "house rule"))


@pytest.mark.parametrize(
    ("vendor", "name"),
    [("SIEMENS", "X99"), ("SIEMENS", "BONE"), ("Nobody", "BONE"), (None, "H60s"), ("Philips", "FC30"),
     ("GE MEDICAL SYSTEMS", "BONY"), ("SIEMENS", ""), ("SIEMENS", None), ("TOSHIBA", "FC99"), ("SIEMENS", "B3")],
)  # fmt: skip
def test_an_unknown_kernel_is_unknown_and_never_guessed(vendor, name):
    assert classify_kernel(name, manufacturer=vendor).kind == "unknown"


def test_limits_are_finite_numbers():
    for table in RULES.to_dict()["tables"].values():
        for row in table.values():
            assert all(np.isfinite(value) for value in row.values() if isinstance(value, float))


@pytest.mark.parametrize(
    "name", ["skull", "calvaria", "mandible", "vertebrae", "teeth", "skin", "airway"]
)
def test_every_preset_of_segmentation_is_the_name_of_an_anatomy(name):
    """One table of aliases: what `segment` calls a structure, rules, checks and pipeline know."""
    from calvaria import segment
    from calvaria.pipeline.outline import _PRESETS

    anatomy = RULES.anatomy(name)
    assert anatomy in RULES.anatomies
    assert _PRESETS[anatomy] is getattr(segment, name)
    assert RULES.anatomy(anatomy) == anatomy


@pytest.mark.parametrize(
    ("alias", "name"),
    [("tooth", "dental"), ("Teeth", "dental"), ("vertebra", "spine"), ("skin", "soft-tissue")],
)
def test_singular_plural_and_case_do_not_matter(alias, name):
    assert RULES.anatomy(alias) == RULES.anatomy(name) == name
