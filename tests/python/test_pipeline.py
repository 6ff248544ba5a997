"""The main job, end to end on studies whose truth is known."""

import json
import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

from calvaria import FaceKind, Verdict, phantom, read_mesh
from calvaria.cli import app
from calvaria.errors import CalvariaError
from calvaria.mesh import measure_mesh, measure_topology
from calvaria.pipeline import build_model, open_source

RADIUS_MM = 22.0
SCANNER = phantom.Scanner(columns=72, rows=72, spacing_xy_mm=(1.0, 1.0), noise_hu=8.0)
FILES = ("model.stl", "model.3mf", "report.html", "record.json")


@pytest.fixture(scope="module")
def ball(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ball")
    body = phantom.sphere(centre_lps_mm=(7.0, -11.0, 30.0), radius_mm=RADIUS_MM, hu=1000.0)
    phantom.write_study(body, folder / "study", scanner=SCANNER)
    return folder / "study"


@pytest.fixture(scope="module")
def made(ball, tmp_path_factory):
    output = tmp_path_factory.mktemp("model")
    return build_model(ball, profile="education", anatomy="generic", output=output), output


def test_a_ball_comes_out_at_its_place_in_its_size(made):
    mesh = made[0].mesh
    radii = np.linalg.norm(mesh.vertices - [7.0, -11.0, 30.0], axis=1)
    # The volume is kept: vertices lie outside of the ball as far as the middles of faces lie inside.
    a, b, c = (mesh.vertices - [7.0, -11.0, 30.0])[mesh.faces].transpose(1, 0, 2)
    volume = (a * np.cross(b, c)).sum() / 6
    assert abs((volume * 0.75 / np.pi) ** (1 / 3) - RADIUS_MM) < 0.03
    assert abs(radii.mean() - RADIUS_MM) < 0.1
    assert np.abs(radii - RADIUS_MM).max() < 0.4
    volume = 4 / 3 * np.pi * RADIUS_MM**3
    # The scan takes 0.13 % (blur of 0.5 mm draws a ball in), few triangles the rest.
    assert abs(measure_mesh(mesh).volume_mm3 / volume - 1) < 0.006


def test_the_files_hold_the_mesh_closed_and_in_place(made):
    result, output = made
    assert sorted(path.name for path in output.iterdir()) == sorted(FILES)
    for name in ("model.stl", "model.3mf"):
        mesh = read_mesh(output / name)
        topology = measure_topology(mesh)
        assert (len(topology.open_edges), len(topology.non_manifold_edges)) == (0, 0)
        np.testing.assert_allclose(mesh.vertices.min(0), result.mesh.vertices.min(0), atol=1e-4)
        np.testing.assert_allclose(mesh.vertices.max(0), result.mesh.vertices.max(0), atol=1e-4)


def bounds_by_trimesh(path):
    trimesh = pytest.importorskip("trimesh")
    return trimesh.load(str(path), process=False).bounds


def bounds_by_vtk(path):
    vtk = pytest.importorskip("vtk")
    reader = vtk.vtkSTLReader()
    reader.SetFileName(str(path))
    reader.Update()
    assert reader.GetOutput().GetNumberOfPolys() > 0
    return np.reshape(reader.GetOutput().GetBounds(), (3, 2)).T


def bounds_by_lib3mf(path):
    lib3mf = pytest.importorskip("lib3mf")
    model = lib3mf.Wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    reader.ReadFromFile(str(path.with_suffix(".3mf")))
    assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
    box = model.GetOutbox()
    return np.array([list(box.MinCoordinate), list(box.MaxCoordinate)])


@pytest.mark.parametrize("bounds_by", [bounds_by_trimesh, bounds_by_vtk, bounds_by_lib3mf])
def test_other_readers_find_the_same_bounds(made, bounds_by):
    result, output = made
    vertices = result.mesh.vertices
    truth = np.array([vertices.min(0), vertices.max(0)])
    np.testing.assert_allclose(bounds_by(output / "model.stl"), truth, rtol=0, atol=1e-4)


def test_a_second_run_writes_the_same_bytes(made, ball, tmp_path):
    build_model(ball, profile="education", anatomy="generic", output=tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (made[1] / name).read_bytes(), name


def test_the_record_names_parameters_versions_and_hashes(made):
    record = json.loads((made[1] / "record.json").read_text())
    assert record["parameters"]["max_error_mm"] == 0.1
    assert set(record["parameters"]["sources"]) == {
        "max_error_mm",
        "min_part_mm3",
        "smoothing_iterations",
    }
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in record["input"]["sha256"])
    assert set(record["outputs_sha256"]) == {"model.stl", "model.3mf", "report.html"}
    assert {"calvaria", "numpy"} <= set(record["versions"])


def test_the_page_stands_alone_and_says_what_it_is(made):
    page = (made[1] / "report.html").read_text()
    assert "not a medical device" in page
    assert page.count("<svg") == 3
    assert page.count('class="solid"') == 4 + 6  # the model, and where it may not print
    assert not re.search(r'(?:src|href)="(?!data:)', page)


def test_no_planted_identifier_is_in_any_file(made):
    canaries = [text.encode() for text in phantom.CANARIES.values() if len(text) > 3]
    assert canaries
    for path in made[1].iterdir():
        content = path.read_bytes()
        if path.suffix == ".3mf":
            with zipfile.ZipFile(path) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist())
        assert not [text for text in canaries if text in content], path.name


def test_a_bound_is_kept_and_the_mesh_stays_closed(made, ball):
    coarse = made[0]
    finer = build_model(ball, profile="education", anatomy="generic", max_error_mm=0.0).mesh
    told = next(f for f in coarse.findings if f.code == "model_decimation")
    assert told.verdict is Verdict.PASS
    assert 0 < told.measured <= 0.1
    assert len(coarse.mesh.faces) < len(finer.faces) / 3
    assert len(measure_topology(coarse.mesh).open_edges) == 0


def test_a_cut_ball_has_a_marked_lid_and_a_verdict_by_profile(tmp_path):
    body = phantom.sphere(radius_mm=RADIUS_MM, hu=1000.0)
    scanner = phantom.Scanner(
        columns=72, rows=72, spacing_xy_mm=(1.0, 1.0), n_slices=30, centre_lps_mm=(0.0, 0.0, 10.0)
    )
    phantom.write_study(body, tmp_path / "study", scanner=scanner)
    verdicts = {}
    for profile in ("education", "guide"):
        made = build_model(tmp_path / "study", profile=profile, anatomy="generic")
        assert (made.mesh.kinds == FaceKind.CAP).any()
        verdicts[profile] = next(f.verdict for f in made.findings if f.code == "model_capped")
    assert verdicts == {"education": Verdict.BORDERLINE, "guide": Verdict.FAIL}


def test_the_best_of_several_series_is_taken_and_the_choice_is_told(tmp_path):
    body = phantom.sphere(radius_mm=RADIUS_MM, hu=1000.0)
    coarse = phantom.Scanner(
        columns=72, rows=72, spacing_xy_mm=(1.0, 1.0), slice_thickness_mm=3, slice_increment_mm=3
    )
    phantom.write_study(body, tmp_path / "a", scanner=coarse)
    phantom.write_study(body, tmp_path / "b", scanner=SCANNER)
    source = open_source(tmp_path, profile="education", anatomy="generic")
    assert source.volume.grid.spacing_xyz_mm[2] == pytest.approx(0.8)
    assert "of 2 that load" in source.choice


def test_values_that_are_no_hu_are_told_and_still_make_a_model(tmp_path):
    nrrd = pytest.importorskip("nrrd")
    k, j, i = np.indices((30, 40, 50))
    values = np.where((k - 15) ** 2 + (j - 20) ** 2 + (i - 25) ** 2 < 100, 900, 100).astype(
        np.uint16
    )
    header = {
        "space": "left-posterior-superior",
        "space directions": np.eye(3),
        "space origin": [0, 0, 0],
    }
    nrrd.write(str(tmp_path / "x.nrrd"), values.T, header)
    made = build_model(tmp_path / "x.nrrd", profile="education", anatomy="generic")
    level = next(f for f in made.findings if f.code == "model_level")
    assert level.verdict is Verdict.UNPROVEN
    assert len(measure_topology(made.mesh).open_edges) == 0


def test_the_command_writes_all_and_its_status_is_the_verdict(ball, tmp_path):
    result = CliRunner().invoke(app, ["model", str(ball), "-o", str(tmp_path / "out")])
    assert result.exit_code in {0, 1, 3}, result.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)
    assert "model_level" in result.output


def test_what_cannot_be_read_leaves_nothing_behind(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "note.txt").write_text("no image")
    with pytest.raises(CalvariaError):
        build_model(
            tmp_path / "in", profile="education", anatomy="generic", output=tmp_path / "out"
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "value"), [("max_error_mm", -0.1), ("smoothing_iterations", -1), ("series", 99)]
)
def test_a_number_out_of_range_is_named(ball, option, value):
    with pytest.raises((ValueError, CalvariaError), match=option):
        build_model(ball, profile="education", anatomy="generic", **{option: value})


def test_it_needs_no_plotting_library(ball):
    script = (
        "import sys; sys.modules['matplotlib'] = None; sys.modules['scipy'] = None\n"
        "from calvaria.pipeline import build_model\n"
        f"print(build_model({str(ball)!r}, profile='education', anatomy='generic').verdict.name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() in Verdict.__members__
