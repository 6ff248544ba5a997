"""Materials, processes and printers: the tables, their schema, and who may print what."""

import itertools
import json

import pytest

from calvaria import Verdict, choose_material
from calvaria.material import (
    compare_uses,
    load_materials,
    load_printers,
    load_processes,
    load_uses,
)

NAMED_IN_THE_BRIEF = (
    "pla", "petg", "resin", "technical_plastic", "medical_resin", "titanium", "peek", "pekk", "silicone",
    "hydrogel", "biofilament",
)  # fmt: skip


def test_every_material_of_the_article_is_there_with_its_sources():
    materials = load_materials()
    assert tuple(materials) == NAMED_IN_THE_BRIEF
    for material in materials.values():
        low, high = material.density_range
        assert low <= material.density_g_cm3 <= high
        assert all(
            (material.source, material.density_source, material.sterilise_source, material.storage)
        )
        assert material.processes
        assert material.uses


def test_the_quick_comparison_has_its_three_rows():
    uses, materials = load_uses(), load_materials()
    rows = [
        (
            [uses[code].name for code in row.uses],
            [materials[code].name for code in row.materials],
            row.comment,
        )
        for row in compare_uses()
    ]
    assert rows == [
        (
            ["anatomical model", "consultation with patients"],
            ["PLA", "PETG"],
            "easy to print, cheap, dry storage mostly enough",
        ),
        (
            ["surgical planning", "prototype of a drilling guide"],
            ["resin", "technical plastics"],
            "more detail, more delicate: curing and cleaning matter",
        ),
        (
            ["implant", "guide under load"],
            ["titanium", "PEEK", "PEKK"],
            "only in a regulated environment with tested processes",
        ),
    ]
    for row in compare_uses():
        for material, use in itertools.product(row.materials, row.uses):
            assert use in materials[material].uses
            assert materials[material].comment == row.comment


def test_titanium_in_the_basement_is_refused_with_the_reason():
    for printer in ("desktop-fdm", "desktop-resin"):
        found = choose_material(purpose="implant", material="titanium", printer=printer)
        assert found.is_refused
        assert found.best is None
        reasons = " ".join(found["titanium"].reasons)
        assert "who is the manufacturer" in reasons
        assert "does not print titanium" in reasons
    partner = choose_material(purpose="implant", material="titanium", printer="metal-partner")
    assert partner.best.route == "partner"


def test_no_desktop_printer_gives_anything_that_enters_the_body():
    uses, printers = load_uses(), load_printers()
    n = 0
    for use, printer in itertools.product(uses.values(), printers.values()):
        if use.code in {"implant", "guide", "loaded_guide"} and printer.is_desktop:
            found = choose_material(purpose=use.code, printer=printer)
            assert found.is_refused, (use.code, printer.code)
            assert all(one.route == "refused" for one in found.answers)
            n += 1
    assert n == 12


@pytest.mark.parametrize(
    ("purpose", "best", "route"),
    [
        ("consultation", "pla", "in-house"),
        ("teaching", "pla", "in-house"),
        ("planning", "resin", "in-house"),
        ("guide", "medical_resin", "partner"),
        ("implant", "titanium", "partner"),
        ("soft_model", "silicone", "in-house"),
        ("research", "hydrogel", "research"),
    ],
)
def test_a_purpose_gets_its_material(purpose, best, route):
    found = choose_material(purpose=purpose)
    assert (found.best.material.code, found.best.route) == (best, route)
    assert all(one.reasons for one in found.answers)


def test_living_materials_are_for_research_only():
    for code in ("hydrogel", "biofilament"):
        for use in load_uses():
            verdict = choose_material(purpose=use, material=code)[code].verdict
            assert (verdict is Verdict.FAIL) == (use != "research")


def test_peek_for_teaching_is_allowed_and_said():
    found = choose_material(purpose="teaching", material="peek")
    assert found["peek"].route == "in-house"
    assert found["peek"].verdict is Verdict.BORDERLINE


def test_what_is_not_sterilised_is_refused_where_it_must_be():
    found = choose_material(purpose="guide_prototype", must_sterilise=True)
    assert found["resin"].verdict is Verdict.FAIL
    assert found["technical_plastic"].verdict is Verdict.BORDERLINE


def test_every_limit_has_a_source_and_grades():
    for process in load_processes().values():
        for limit in process.limits.values():
            assert limit.source.strip()
        assert process.limits["layer"].grade(0.1).rank <= Verdict.BORDERLINE.rank
    fdm = load_processes()["fdm"].limits["min_wall"]
    assert [fdm.grade(x).name for x in (1.2, 1.0, 0.9, 0.5)] == [
        "PASS",
        "PASS",
        "BORDERLINE",
        "FAIL",
    ]


PROFILE = {
    "name": "ours", "process": "fdm", "is_desktop": True, "materials": ["pla"], "build_mm": [100, 100, 90],
    "layer_mm": 0.15, "rate_mm3_per_s": 5, "s_per_layer": 2, "infill_fraction": 0.15, "shell_mm": 1.0,
    "calibration_days": 14, "source": "our printer",
}  # fmt: skip


def written(tmp_path, **changes):
    row = {k: v for k, v in {**PROFILE, **changes}.items() if v is not None}
    path = tmp_path / "printers.json"
    path.write_text(json.dumps({"printers": {"ours": row}}))
    return path


def test_a_record_is_looked_for_beside_its_profile(tmp_path):
    printers = load_printers(written(tmp_path, record="ours.jsonl"))
    assert printers["ours"].record == str(tmp_path / "ours.jsonl")
    assert printers["desktop-resin"].record == ""


def test_a_profile_of_ones_own_is_added(tmp_path):
    printers = load_printers(written(tmp_path))
    assert printers["ours"].build_mm == (100.0, 100.0, 90.0)
    assert "desktop-resin" in printers


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"process": "laser"}, "ours: process: one of fdm"),
        ({"materials": ["wood"]}, "ours: materials: one of pla"),
        ({"layer_mm": "thin"}, "ours: layer_mm: number expected, found str"),
        ({"layer_mm": True}, "ours: layer_mm: number expected, found bool"),
        ({"build_mm": [1, 2]}, "ours: build_mm: 3 numbers expected, found 2"),
        ({"build_mm": [1, 2, -3]}, "sizes above 0 expected, found -3"),
        ({"s_per_layer": -1.0}, "ours: s_per_layer: at least 0 expected, found -1"),
        ({"infill_fraction": 1.5}, "ours: infill_fraction: at least 0 up to 1 expected"),
        ({"calibration_days": 0}, "ours: calibration_days: sizes above 0 expected"),
        ({"source": None}, "ours: missing: source"),
        ({"colour": "red"}, "ours: unknown: colour"),
        ({"is_desktop": 1}, "ours: is_desktop: bool expected, found int"),
    ],
)
def test_a_wrong_profile_is_refused_by_name(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        load_printers(written(tmp_path, **changes))


def row(pass_min, borderline_min, unit="mm"):
    return (
        f"[fdm.min_wall]\npass_min = {pass_min}\nborderline_min = {borderline_min}\n"
        f'unit = "{unit}"\nsource = "a"\n'
    )


def test_limits_of_ones_own_replace_a_row_and_wrong_ones_are_refused(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[fdm.min_wall]\npass_min = 2.0\nunit = "mm"\nsource = "our nozzle"\n')
    own = load_processes(path)["fdm"].limits
    assert own["min_wall"].grade(1.5) is Verdict.FAIL
    assert own["min_gap"].values == load_processes()["fdm"].limits["min_gap"].values
    for text, message in [
        ("[fdm.min_wall]\npass_min = 2.0\n", "fdm.min_wall: missing: source"),
        ('[fdm.min_wall]\nthick = 2.0\nsource = "a"\n', "fdm.min_wall: unknown key 'thick'"),
        ('[fdm.min_wal]\npass_min = 2.0\nsource = "a"\n', "fdm: unknown: min_wal"),
        ('[new.min_wall]\npass_min = 2.0\nsource = "a"\n', "new: missing:"),
        (row(0.8, 1.0), "fdm.min_wall: borderline_min 1 lies inside pass_min 0.8"),
        (row(-1.0, -2.0), "fdm.min_wall: pass_min: a finite number of at least 0"),
        (row(1.0, 0.8, unit="inch"), "fdm.min_wall: unit: 'mm' expected, found 'inch'"),
        (row("nan", 0.8), "fdm.min_wall: pass_min: a finite number of at least 0"),
        (
            '[fdm.layer]\npass_min = 0.3\npass_max = 0.2\nsource = "a"\n',
            "fdm.layer: pass_min 0.3 lies above pass_max 0.2",
        ),
        ("not toml", "neither TOML nor JSON"),
    ]:
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            load_processes(path)


def test_unknown_names_are_refused():
    for options in ({"purpose": "art"}, {"purpose": "teaching", "material": "wood"},
                    {"purpose": "teaching", "printer": "oven"}):  # fmt: skip
        with pytest.raises(ValueError, match=r"expected, found '(art|wood|oven)'"):
            choose_material(**options)


def test_codes_in_any_case_and_profiles_of_the_checks_are_understood():
    assert choose_material(purpose="education").purpose.code == "teaching"
    assert choose_material(purpose="Planning", material="PLA").answers[0].material.code == "pla"
