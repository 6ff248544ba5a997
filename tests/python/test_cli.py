"""The command: what it prints, and what its exit status means."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from calvaria import Grid, Volume, convert
from calvaria.cli import app
from lopsided import lopsided

pydicom = pytest.importorskip("pydicom")

run = CliRunner().invoke


def write_series(folder, *, dims=(40, 44, 30), spacing=(0.5, 0.5, 0.8), seed=1, prefix="IM"):
    """A small CT of noise around a bright block, through the public hand-over."""
    folder.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).normal(0, 10, dims[::-1]).round().astype(np.int16)
    values[8:20, 10:30, 12:28] += 900
    grid = Grid(dims_ijk=dims, lps_from_ijk=np.diag([*spacing, 1.0]))
    for n, ds in enumerate(convert.to_pydicom(Volume(values=values, grid=grid))):
        ds.PatientName = "Planted^Name"
        ds.PatientID = "PLANTED-4711"
        ds.SliceThickness = spacing[2]
        ds.save_as(folder / f"{prefix}{n:04d}", enforce_file_format=True)
    return folder


@pytest.fixture
def study(tmp_path):
    folder = write_series(tmp_path / "study")
    (folder / "notes.txt").write_text("hello")
    for n in range(5):
        (folder / f"thumb{n}.jpg").write_bytes(b"\xff\xd8\xff" + bytes(20))
    return folder


def test_help_names_every_command():
    shown = run(app, ["--help"])
    assert shown.exit_code == 0
    for command in ("scan", "check", "plan", "demo", "info"):
        assert command in shown.output
        assert run(app, [command, "--help"]).exit_code == 0
    assert "not a medical device" in " ".join(shown.output.split())


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert run(app, ["--version"]).output.strip() == f"calvaria {version('calvaria')}"


def test_scan_lists_series_and_groups_what_is_left_out(study):
    shown = run(app, ["scan", str(study)])
    assert shown.exit_code == 0
    assert "1 series, 1 of them can be loaded; 6 files left out" in shown.output
    assert "30 x 44 x 40" in shown.output
    assert shown.output.count("thumb") <= 3
    every = run(app, ["scan", str(study), "--all-files"])
    assert every.output.count("thumb") == 5
    assert "Planted" not in every.output
    assert "4711" not in every.output


def test_scan_speaks_json(study):
    found = json.loads(run(app, ["scan", str(study), "--json"]).stdout)
    assert [s["n_slices"] for s in found["series"]] == [30]
    assert found["series"][0]["number"] == 1
    assert {f["file"].split("/")[-1] for f in found["left_out"]} >= {"notes.txt", "thumb0.jpg"}
    assert "Planted" not in json.dumps(found)


def test_a_folder_without_dicom_is_said_in_one_line(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    shown = run(app, ["scan", str(tmp_path)])
    assert shown.exit_code == 4
    assert shown.stderr.strip() == "calvaria: no DICOM series found"


def test_a_path_that_is_not_there_is_a_mistake_in_the_command(tmp_path):
    shown = run(app, ["scan", str(tmp_path / "nowhere")])
    assert shown.exit_code == 2
    assert "nowhere" in shown.stderr


def test_a_name_with_control_characters_cannot_steer_the_terminal(tmp_path):
    (tmp_path / "evil\x1b[2J[bold].txt").write_text("hello")
    shown = run(app, ["scan", str(tmp_path), "--all-files"])
    assert "\x1b" not in shown.output
    assert "[2J[bold].txt" in shown.output


def test_an_error_is_one_line_without_a_traceback(study, monkeypatch):
    from calvaria import dicom, errors

    def fail(*_args, **_options):
        raise errors.DicomError("IM0003: PixelData (7FE0,0010): 3520 bytes\nexpected, found 12")

    monkeypatch.setattr(dicom, "find_series", fail)
    shown = run(app, ["scan", str(study)])
    assert shown.exit_code == 4
    assert (
        shown.stderr == "calvaria: IM0003: PixelData (7FE0,0010): 3520 bytes expected, found 12\n"
    )
    assert shown.stdout == ""


def test_an_interrupt_ends_with_130(study, monkeypatch):
    from calvaria import dicom

    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(dicom, "find_series", interrupt)
    shown = run(app, ["scan", str(study)])
    assert shown.exit_code == 130
    assert shown.stderr == "calvaria: interrupted\n"


def test_info_names_versions_and_no_path():
    shown = run(app, ["info"])
    assert shown.exit_code == 0
    assert "NumPy" in shown.output
    assert sys.prefix not in shown.output
    assert json.loads(run(app, ["info", "--json"]).stdout)["calvaria"]


def test_the_command_is_installed_and_quiet_where_nobody_watches(study):
    done = subprocess.run(
        [sys.executable, "-c", "from calvaria.cli import main; main()", "scan", str(study)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert "1 series" in done.stdout
    assert "\x1b" not in done.stdout


# check and plan


def check(*args):
    pytest.importorskip("calvaria.checks")
    return run(app, ["check", *map(str, args)])


def test_check_prints_every_finding_and_exits_by_the_verdict(study):
    shown = check(study, "--profile", "guide", "--anatomy", "skull-base")
    judged = json.loads(
        check(study, "--profile", "guide", "--anatomy", "skull-base", "--json").stdout
    )
    expected = {"PASS": 0, "BORDERLINE": 1, "UNPROVEN": 1, "FAIL": 3}[judged["verdict"]]
    assert shown.exit_code == expected
    for finding in judged["findings"]:
        assert finding["source"]
    assert len(judged["findings"]) > 5
    codes = [(f["code"], f["message"]) for f in judged["findings"]]
    assert len(codes) == len(set(codes))
    assert "Planted" not in json.dumps(judged) + shown.output
    every = check(study, "--profile", "guide", "--anatomy", "skull-base", "--sources").output
    assert all(f["code"] in every and f["code"] in shown.output for f in judged["findings"])
    assert every.count("house rule") > shown.output.count("house rule")


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_findings_fit_the_window_worst_first_and_no_name_is_broken(study, width, monkeypatch):
    monkeypatch.setattr("calvaria._terminal._WIDTH_OF_A_FILE", width)
    asked = ("--profile", "guide", "--anatomy", "skull-base")
    lines = check(study, *asked).output.splitlines()
    findings = json.loads(check(study, *asked, "--json").stdout)["findings"]
    assert max(len(line.rstrip()) for line in lines) <= width
    ranks = ["FAIL", "UNPROVEN", "BORDERLINE", "PASS"]
    rows = [line.split()[:2] for line in lines[:-2] if line[1:].startswith(tuple(ranks))]
    assert sorted(rows) == sorted([f["verdict"], f["code"]] for f in findings)
    order = [ranks.index(verdict) for verdict, _code in rows]
    assert order == sorted(order)


def test_thick_slices_fail_a_guide(tmp_path):
    folder = write_series(tmp_path / "thick", spacing=(0.5, 0.5, 3.0))
    shown = check(folder, "--profile", "guide", "--anatomy", "skull-base")
    assert shown.exit_code == 3
    assert "FAIL" in shown.output


def test_several_series_ask_for_a_choice(tmp_path):
    folder = tmp_path / "two"
    write_series(folder / "a", seed=1)
    write_series(folder / "b", seed=2)
    shown = check(folder, "--profile", "guide", "--anatomy", "skull-base")
    assert shown.exit_code == 4
    assert "series 1, 2" in shown.stderr
    chosen = check(folder, "--profile", "guide", "--anatomy", "skull-base", "--series", 2)
    assert chosen.exit_code in {0, 1, 3}
    beyond = check(folder, "--profile", "guide", "--anatomy", "skull-base", "--series", 9)
    assert beyond.exit_code == 4
    assert "found 9" in beyond.stderr


def test_a_stack_with_a_gap_is_judged_by_its_headers(study):
    (study / "IM0011").unlink()
    shown = check(study, "--profile", "guide", "--anatomy", "skull-base", "--json")
    assert shown.exit_code == 3
    assert json.loads(shown.stdout)["verdict"] == "FAIL"


def test_unknown_names_are_mistakes_in_the_command(study):
    shown = check(study, "--profile", "souvenir", "--anatomy", "skull-base")
    assert shown.exit_code == 2
    assert "souvenir" in shown.stderr
    assert check(study, "--profile", "guide", "--anatomy", "gills").exit_code == 2


def test_plan_writes_a_protocol():
    pytest.importorskip("calvaria.checks")
    shown = run(app, ["plan", "--anatomy", "skull-base", "--profile", "guide"])
    assert shown.exit_code == 0
    assert "Slice thickness" in shown.output
    spoken = run(app, ["plan", "--anatomy", "skull-base", "--profile", "guide", "--json"])
    assert json.loads(spoken.stdout)["slice_thickness_mm"] <= 1.0


# demo


def test_demo_makes_judges_and_draws_a_study(tmp_path, monkeypatch):
    pytest.importorskip("calvaria.checks")
    phantom = pytest.importorskip("calvaria.phantom")
    pytest.importorskip("matplotlib")
    from calvaria import _demo

    # A coarse scan: the demo in seconds.
    monkeypatch.setattr(_demo, "_COLUMNS", 100)
    monkeypatch.setattr(_demo, "_PIXEL_MM", 2.5)
    monkeypatch.setattr(_demo, "_SLICE_MM", 4.0)
    output = tmp_path / "demo"
    shown = run(app, ["demo", "--output", str(output)])
    assert shown.exit_code == 0, shown.output
    for name in ("planes.png", "check.json", "check.html"):
        assert (output / name).stat().st_size > 1000
        assert str(name) in shown.output
    assert json.loads((output / "check.json").read_text())["findings"]
    written = [p.read_bytes() for p in output.rglob("*") if p.suffix in {".png", ".json", ".html"}]
    for canary in (text for text in phantom.CANARIES.values() if len(text) > 4):
        assert canary not in shown.output
        assert all(canary.encode() not in content for content in written)
    again = run(app, ["demo", "--output", str(output)])
    assert again.exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo"]


def test_demo_leaves_a_folder_of_somebody_else_alone(tmp_path):
    pytest.importorskip("calvaria.phantom")
    (tmp_path / "mine.txt").write_text("keep")
    shown = run(app, ["demo", "--output", str(tmp_path)])
    assert shown.exit_code == 4
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_an_interrupted_demo_leaves_nothing(tmp_path, monkeypatch):
    phantom = pytest.importorskip("calvaria.phantom")

    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(phantom, "write_study", interrupt)
    shown = run(app, ["demo", "--output", str(tmp_path / "demo")])
    assert shown.exit_code == 130
    assert list(tmp_path.iterdir()) == []


def test_an_oblique_series_is_listed_by_its_orientation(tmp_path):
    folder = tmp_path / "oblique"
    folder.mkdir()
    for n, ds in enumerate(convert.to_pydicom(lopsided("right-handed"))):
        ds.save_as(folder / f"{n}.dcm", enforce_file_format=True)
    assert "oblique" in run(app, ["scan", str(folder)]).output


@pytest.mark.skipif(os.name == "nt", reason="no pipe breaks there")
def test_a_reader_who_has_enough_is_no_error():
    """`calvaria info | head -1` ends in silence."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", "from calvaria.cli import main; main()", "info"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert done.stderr == ""
