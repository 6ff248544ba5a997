"""``calvaria compare``: a mesh that somebody brings, against a study."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from calvaria import cli, extract_surface, find_series, load_series, phantom, write_mesh
from calvaria.mesh import Mesh, transform_mesh
from calvaria.pipeline import build_model


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    body = phantom.cylinder(start_lps_mm=(2, -14, -11), end_lps_mm=(13, 3, 12), radius_mm=6.0)
    scanner = phantom.Scanner(columns=110, rows=110, spacing_xy_mm=(0.6, 0.6), noise_hu=8.0)
    phantom.write_study(body, folder / "study", scanner=scanner)
    mesh = extract_surface(load_series(find_series(folder / "study")[0]), iso_hu=0.0)
    return folder, mesh


def compared(*arguments):
    return CliRunner().invoke(cli.app, ["compare", *map(str, arguments)])


def test_a_mesh_in_lps_is_measured_and_written_down(study, tmp_path):
    folder, mesh = study
    write_mesh(mesh, folder / "right.stl")
    made = compared(folder / "right.stl", folder / "study", "-o", tmp_path / "out")
    assert made.exit_code in {0, 1}, made.output
    assert "overlay_frame" in made.output
    numbers = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert numbers["overlay"]["frame"]["name"] == "LPS mm"
    assert abs(numbers["overlay"]["metrics"]["summary"]["mean_mm"]) < 0.05
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert "Does the mesh match the image?" in page
    assert "What the mesh lacks" in page
    assert numbers["overlay"]["lost"]["by_cause_mm2"] == {}
    for canary in phantom.CANARIES.values():
        # One letter says nothing.
        assert len(str(canary)) < 3 or str(canary) not in page + json.dumps(numbers)


def test_what_was_cut_off_is_said_with_its_cause(study, tmp_path):
    folder, mesh = study
    beyond = (mesh.vertices[mesh.faces].mean(axis=1) - [7.5, -5.5, 0.5]) @ [0.4, 0.6, 0.7] > 4.0
    write_mesh(Mesh(vertices=mesh.vertices, faces=mesh.faces[~beyond]), folder / "cut.stl")
    compared(folder / "cut.stl", folder / "study", "-o", tmp_path)
    numbers = json.loads((tmp_path / "comparison.json").read_text())["overlay"]["lost"]
    assert list(numbers["by_cause_mm2"]) == ["cut by a plane"]
    assert "cut by a plane" in (tmp_path / "comparison.html").read_text()


def test_ras_in_inches_is_said_and_fails(study):
    folder, mesh = study
    wrong = transform_mesh(mesh, matrix=np.diag([-1 / 25.4, -1 / 25.4, 1 / 25.4, 1.0]))
    write_mesh(wrong, folder / "wrong.ply")
    made = compared(folder / "wrong.ply", folder / "study", "--json")
    assert made.exit_code == 3
    numbers = json.loads(made.output)
    assert numbers["overlay"]["frame"]["name"] == "RAS inches"
    assert numbers["overlay"]["metrics"]["summary"]["p95_mm"] < 0.3


def test_what_is_not_there_is_a_usage_error(study):
    folder, _ = study
    assert compared(folder / "none.stl", folder / "study").exit_code == 2


def test_the_report_of_a_model_says_whether_it_matches(study):
    folder, _ = study
    made = build_model(folder / "study", profile="education", anatomy="generic")
    (check,) = (one for one in made.checks if one.subject == "mesh against image")
    assert check["overlay_p95"].verdict.name == "PASS"
    assert check["overlay_holes"].verdict.name == "PASS"
    assert made.record["holes"] == []
    assert abs(made.record["overlay"]["summary"]["mean_mm"]) < 0.1
    assert "Does the mesh match the image?" in made.report.to_html()
