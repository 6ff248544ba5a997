"""A model made once more from its record."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from calvaria import phantom
from calvaria.cli import app
from calvaria.pipeline import build_model, repeat_model

FILES = ("model.stl", "model.3mf", "report.html", "record.json")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repeat") / "study"
    scanner = phantom.Scanner(columns=44, rows=44, spacing_xy_mm=(2.2, 2.2), noise_hu=5.0)
    phantom.write_study(phantom.sphere(radius_mm=20), folder, scanner=scanner)
    return folder


@pytest.fixture(scope="module")
def made(study, tmp_path_factory):
    """As asked; what the profile chooses is tried through the command."""
    output = tmp_path_factory.mktemp("made")
    asked = {"iso_hu": 520.5, "smoothing_iterations": 7, "max_error_mm": 0.07}
    result = build_model(study, profile="planning", anatomy="generic", output=output, **asked)
    return result, output


def test_the_same_bytes_come_out(made, study, tmp_path):
    result, output = made
    again = repeat_model(output / "record.json", study, output=tmp_path)
    assert again.verdict.name == "PASS", again
    assert [finding.measured for finding in again.report] == [0.0, 0.0, 0.0]
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (output / name).read_bytes(), name
    assert again.model.iso_hu == result.iso_hu == 520.5
    assert "PASS" in repr(again)
    assert json.dumps(again.to_dict())


def test_the_day_and_the_place_do_not_count(study, tmp_path):
    one = build_model(
        study, profile="education", anatomy="generic", output=tmp_path / "one", today="2026-01-02"
    )
    other = build_model(
        study, profile="education", anatomy="generic", output=tmp_path / "other", today="2027-03-04"
    )
    assert one.record == other.record


def test_another_input_fails_and_is_said(made, tmp_path):
    _, output = made
    scanner = phantom.Scanner(columns=44, rows=44, spacing_xy_mm=(2.2, 2.2), noise_hu=6.0)
    phantom.write_study(phantom.sphere(radius_mm=20), tmp_path / "study", scanner=scanner)
    again = repeat_model(output / "record.json", tmp_path / "study")
    assert again.verdict.name == "FAIL"
    assert again.report["repeated_input"].measured > 10
    assert again.report["repeated_versions"].measured == 0
    assert "model.stl" in again.report["repeated_files"].message


def test_another_version_is_said(made, study, tmp_path):
    record = json.loads((made[1] / "record.json").read_text())
    record["versions"]["numpy"] = "1.0"
    (tmp_path / "record.json").write_text(json.dumps(record))
    again = repeat_model(tmp_path / "record.json", study)
    assert again.verdict.name == "FAIL"
    assert again.report["repeated_versions"].places == ("numpy",)
    assert again.report["repeated_files"].verdict.name == "PASS"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"parameters": {}}', '{"parameters": 3}', "\x00"]
)
def test_what_is_no_record_is_refused(text, study, tmp_path):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ValueError, match=r"r\.json: the record of a model"):
        repeat_model(tmp_path / "r.json", study)


def test_a_mask_is_neither_left_out_nor_added(study, tmp_path):
    nrrd = pytest.importorskip("nrrd")
    grey = np.full((12, 14, 16), -900, np.int16)
    grey[3:9, 3:11, 3:13] = 1200
    chosen = np.zeros_like(grey, np.uint8)
    chosen[2:7, 2:12, 2:14] = 1
    for name, values in (("grey", grey), ("mask", chosen)):
        nrrd.write(
            str(tmp_path / f"{name}.nrrd"),
            values.T,
            {"space": "left-posterior-superior", "space directions": np.diag([1.0, 1.0, 1.5]),
             "space origin": [0.0, 0.0, 0.0]},
        )  # fmt: skip
    asked = {"profile": "education", "anatomy": "generic", "mask": tmp_path / "mask.nrrd"}
    build_model(tmp_path / "grey.nrrd", output=tmp_path / "out", **asked)
    record = tmp_path / "out" / "record.json"
    with pytest.raises(ValueError, match="mask: expected, none was given"):
        repeat_model(record, tmp_path / "grey.nrrd")
    again = repeat_model(record, tmp_path / "grey.nrrd", mask=tmp_path / "mask.nrrd")
    assert again.verdict.name == "PASS", again
    build_model(study, profile="education", anatomy="generic", output=tmp_path / "plain")
    with pytest.raises(ValueError, match="mask: not expected"):
        repeat_model(tmp_path / "plain" / "record.json", study, mask=tmp_path / "mask.nrrd")


def test_the_command_says_whether_it_is_the_same(study, tmp_path):
    run = CliRunner()
    run.invoke(app, ["model", str(study), "-o", str(tmp_path / "out")])
    record = tmp_path / "out" / "record.json"
    assert not json.loads(record.read_text())["parameters"]["has_own_rules"]
    done = run.invoke(app, ["repeat", str(record), str(study), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["verdict"] == "PASS"
    again = run.invoke(app, ["repeat", str(record), str(study), "-o", str(tmp_path / "again")])
    assert again.exit_code == 0, again.output
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
