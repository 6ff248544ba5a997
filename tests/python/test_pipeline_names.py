"""A file may be named after a patient: what is written numbers files, unless names are asked for."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from calvaria import phantom
from calvaria.cli import app
from calvaria.errors import NotDicomError
from calvaria.pipeline import build_model, open_source

SCANNER = phantom.Scanner(columns=64, rows=64, spacing_xy_mm=(1.5, 1.5), noise_hu=5.0)


def study(folder, name):
    """A study with a copy of a slice and a broken file, each file named by a rule."""
    files = phantom.write_study(phantom.sphere(radius_mm=20), folder, scanner=SCANNER)
    paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    assert len(paths) == len(files)
    for n, path in enumerate(paths, 1):
        path.rename(path.with_name(name(n)))
    good = (Path(folder) / name(1)).read_bytes()
    (Path(folder) / name(len(paths) + 1)).write_bytes(good)
    (Path(folder) / name(len(paths) + 2)).write_bytes(good[: len(good) // 3])
    return folder


def written(output):
    return {name: (output / name).read_text() for name in ("record.json", "report.html")}


@pytest.mark.parametrize(
    "name",
    [lambda n: f"Zwingli_Huldrych_{n:04}.dcm", lambda n: f"IM {n} (ZWINGLI).dcm"],
    ids=["underscored", "bracketed"],
)
def test_no_file_written_names_a_file_of_the_study(tmp_path, name):
    folder = study(tmp_path / "study", name)
    made = build_model(folder, profile="education", anatomy="generic", output=tmp_path / "out")
    for file, text in written(tmp_path / "out").items():
        assert "zwingli" not in text.lower(), file
    everything = json.dumps([check.to_dict() for check in made.checks], default=str)
    assert "zwingli" not in everything.lower()
    (copies,) = [f for f in made.checks[0] if f.code == "duplicate_slices" and f.measured]
    assert copies.places[0].startswith(("file ", "slice "))
    assert all("zwingli" not in repr(one).lower() for one in made.volume.findings)


def test_names_are_told_when_they_are_asked_for(tmp_path):
    folder = study(tmp_path / "study", lambda n: f"Zwingli_{n:04}.dcm")
    told = CliRunner().invoke(
        app, ["model", str(folder), "-o", str(tmp_path / "out"), "--show-file-names"]
    )
    assert told.exit_code in {0, 1, 2, 3}, told.output
    assert "Zwingli_" in written(tmp_path / "out")["report.html"]


def test_names_that_are_numbers_do_not_change_the_figures_of_a_text(tmp_path):
    folder = study(tmp_path / "study", str)
    plain = open_source(folder, profile="education", anatomy="generic", show_file_names=True)
    bare = open_source(folder, profile="education", anatomy="generic")
    for one, other in zip(plain.checks, bare.checks, strict=True):
        for ours, theirs in zip(one, other, strict=True):
            assert ours.message == theirs.message
            assert ours.measured == theirs.measured
    places = [place for check in bare.checks for one in check for place in one.places]
    assert any(place.startswith("file ") for place in places)


def test_an_error_may_name_a_file(tmp_path):
    (tmp_path / "Zwingli.dcm").write_bytes(b"no DICOM")
    with pytest.raises(NotDicomError, match=r"Zwingli\.dcm"):
        open_source(tmp_path, profile="education", anatomy="generic")


def test_an_image_file_is_not_named(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    k, j, i = np.indices((30, 30, 30)) - 15
    values = np.where(k**2 + j**2 + i**2 < 100, 800, -1000).astype(np.int16)
    image = nibabel.Nifti1Image(values, np.diag([1.0, 1.0, 1.0, 1.0]))
    path = tmp_path / "zwingli_huldrych.nii.gz"
    nibabel.save(image, path)  # it names no unit, which is a finding that names the file
    shown = open_source(path, profile="education", anatomy="generic", show_file_names=True)
    assert any("zwingli" in str(one.to_dict()) for one in shown.volume.findings)
    source = open_source(path, profile="education", anatomy="generic")
    assert not any("zwingli" in str(one.to_dict()) for one in source.volume.findings)
