"""The main job on files that are no DICOM: what they do not state is told, never assumed in silence."""

import base64
import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from calvaria import Verdict, load_image
from calvaria.cli import app
from calvaria.errors import CalvariaError, GeometryError
from calvaria.mesh import measure_mesh, measure_topology
from calvaria.pipeline import build_model

nrrd = pytest.importorskip("nrrd")
tifffile = pytest.importorskip("tifffile")
Image = pytest.importorskip("PIL.Image")
DATA = Path(os.environ.get("CALVARIA_DATA", Path(__file__).parents[3] / "shared" / "data"))
# Otsu's level of two values lies anywhere between them: the size is right within a voxel.
K, J, I = np.indices((30, 34, 38))
BALL = (K - 14) ** 2 + (J - 17) ** 2 + (I - 18) ** 2 < 11**2
BALL_VOXELS = 4 / 3 * np.pi * 11**3
LPS = {"space": "left-posterior-superior", "space origin": [0, 0, 0]}


def model(path, **options):
    return build_model(path, profile="education", anatomy="generic", **options)


def codes(made):
    return {f.code: f.verdict for check in made.checks for f in check}


def volume_mm3(made):
    assert len(measure_topology(made.mesh).open_edges) == 0
    return measure_mesh(made.mesh).volume_mm3


@pytest.fixture
def grey():
    return np.where(BALL, 900, 100).astype(np.uint16) + (I % 7).astype(np.uint16) * 3


def test_an_nrrd_without_a_space_keeps_its_spacings_and_says_what_is_not_known(grey, tmp_path):
    path = tmp_path / "x.nrrd"
    nrrd.write(str(path), grey.T, {"spacings": [0.5, 0.5, 2.0]})
    made = model(path)
    assert codes(made)["image_frame"] is Verdict.UNPROVEN
    assert "image_scale" not in codes(made)
    assert volume_mm3(made) == pytest.approx(BALL_VOXELS * 0.5, rel=0.1)
    finer = model(path, spacing_xyz_mm=(0.25, 0.25, 1.0))
    assert volume_mm3(finer) == pytest.approx(volume_mm3(made) / 8, rel=0.05)


def test_a_tiff_without_a_spacing_gives_a_model_that_fails_for_its_size(grey, tmp_path):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, grey, photometric="minisblack")
    made = model(path)
    assert codes(made)["image_scale"] is Verdict.FAIL
    assert made.verdict is Verdict.FAIL
    asked = model(path, spacing_xyz_mm=(0.5, 0.5, 1.0))
    assert "image_scale" not in codes(asked)
    assert volume_mm3(asked) == pytest.approx(BALL_VOXELS * 0.25, rel=0.1)
    with pytest.raises(CalvariaError, match="min_part_mm3: no part of at least 100 mm3"):
        model(path, spacing_xyz_mm=(0.2, 0.2, 0.4))


def test_a_spacing_for_a_file_that_states_one_is_refused(grey, tmp_path):
    nrrd.write(str(tmp_path / "x.nrrd"), grey.T, {**LPS, "space directions": np.eye(3)})
    with pytest.raises(GeometryError, match="only for a file that states no place"):
        model(tmp_path / "x.nrrd", spacing_xyz_mm=(1, 1, 1))


def test_a_label_map_becomes_one_body_or_the_label_asked_for(tmp_path):
    labels = np.zeros(BALL.shape, np.uint8)
    labels[BALL] = 7
    labels[BALL & (I < 18)] = 3
    path = tmp_path / "labels.nrrd"
    nrrd.write(str(path), labels.T, {**LPS, "space directions": np.eye(3)})
    whole = model(path)
    assert "label map of 2 labels" in whole.record["input"]["choice"]
    assert volume_mm3(whole) == pytest.approx((labels > 0).sum(), rel=0.02)
    part = model(path, label=7)
    assert volume_mm3(part) == pytest.approx((labels == 7).sum(), rel=0.03)
    with pytest.raises(CalvariaError, match="label: one of 3, 7 expected, found 5"):
        model(path, label=5)


def test_a_mask_says_which_voxels_and_the_grey_values_where(grey, tmp_path):
    two = np.where(np.roll(BALL, 0, 2) | ((I > 33) & (J > 10) & (J < 22)), 900, 100).astype(
        np.int16
    )
    head = {**LPS, "space directions": np.eye(3)}
    nrrd.write(str(tmp_path / "image.nrrd"), two.T, head)
    nrrd.write(str(tmp_path / "mask.nrrd"), (BALL * 2).astype(np.uint8).T, head)
    made = model(tmp_path / "image.nrrd", mask=tmp_path / "mask.nrrd")
    assert made.mesh.vertices[:, 0].max() < 31
    assert volume_mm3(made) == pytest.approx(BALL_VOXELS, rel=0.1)
    assert len(made.record["input"]["sha256"]) == 2
    with pytest.raises(CalvariaError, match="label: a label map or a mask expected"):
        model(tmp_path / "image.nrrd", label=2)


def test_a_tiff_is_held_against_its_file_before_it_is_read(tmp_path):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, np.zeros((4, 5, 6), np.int16), photometric="minisblack")
    values = load_image(path, lps_from_ijk=np.eye(4))
    assert values.grid.dims_ijk == (6, 5, 4)
    with pytest.raises(GeometryError, match="states no place"):
        load_image(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CalvariaError, match=r"x\.tif"):
        load_image(path, lps_from_ijk=np.eye(4))
    tifffile.imwrite(path, np.zeros((5, 6, 3), np.uint8), photometric="rgb")
    with pytest.raises(CalvariaError, match="grey pages of one size"):
        load_image(path, lps_from_ijk=np.eye(4))


REAL = {
    "tooth_ct/tooth.nhdr": {"image_frame"},
    "wrist_crops/uln_dcm_cropped.tif": {"image_frame", "image_scale"},
    "mandible_labels/0522c0576-Mandible.nrrd": set(),
    "vertebra_gt/sub-ct_seg-vert_label-22_msk.nii.gz": set(),
}


@pytest.mark.parametrize("name", REAL)
def test_scans_and_labels_of_others_run_as_they_stand(name, tmp_path):
    if not (DATA / name).is_file():
        pytest.skip(f"{name} is not there")
    result = CliRunner().invoke(app, ["model", str(DATA / name), "-o", str(tmp_path), "--json"])
    assert result.exit_code in {0, 1, 3}, result.output
    assert (tmp_path / "model.stl").stat().st_size > 100_000
    told = (tmp_path / "report.html").read_text()
    assert all(code in told for code in REAL[name])


def test_the_pictures_of_a_label_map_show_the_labels_and_blank_slices_are_no_loss(tmp_path):
    path = tmp_path / "labels.nrrd"
    nrrd.write(str(path), (BALL * 3).astype(np.uint8).T, {**LPS, "space directions": np.eye(3)})
    made = model(path)
    assert "constant_slices" not in codes(made)
    shown = re.findall(r'<image href="data:image/png;base64,([^"]+)"', made.report.to_html())
    assert len(shown) >= 3
    for one in shown[:3]:
        grey = np.asarray(Image.open(io.BytesIO(base64.b64decode(one))))
        assert np.ptp(grey) > 150


def test_an_image_of_small_values_is_seen(tmp_path):
    path = tmp_path / "small.nrrd"
    values = np.where(BALL, 0.9, 0.1) + (I % 7) * 0.003
    nrrd.write(str(path), values.astype(np.float32).T, {**LPS, "space directions": np.eye(3)})
    made = model(path)
    shown = re.findall(r'<image href="data:image/png;base64,([^"]+)"', made.report.to_html())
    assert np.ptp(np.asarray(Image.open(io.BytesIO(base64.b64decode(shown[0]))))) > 150


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(grey, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    for output in (taken, taken / "deeper"):
        with pytest.raises(NotADirectoryError, match="taken"):
            model(tmp_path / "there is nothing here.nrrd", output=output)


def test_what_stops_while_it_writes_leaves_the_earlier_model_as_it_was(grey, tmp_path, monkeypatch):
    path, output = tmp_path / "x.nrrd", tmp_path / "out"
    nrrd.write(str(path), grey.T, {**LPS, "space directions": np.eye(3)})
    model(path, output=output)
    before = {file.name: file.read_bytes() for file in output.iterdir()}
    for stopped_at in ("write_mesh", "write_whole"):
        with monkeypatch.context() as patch:

            def stop(*_, **__):
                raise KeyboardInterrupt

            patch.setattr(f"calvaria.pipeline.files.{stopped_at}", stop)
            with pytest.raises(KeyboardInterrupt):
                model(path, output=output, max_error_mm=0.5)
        assert {file.name: file.read_bytes() for file in output.iterdir()} == before


def test_the_record_holds_all_that_was_asked(grey, tmp_path):
    path = tmp_path / "x.nrrd"
    nrrd.write(str(path), grey.T, {"spacings": [0.5, 0.5, 2.0]})
    asked = model(path, spacing_xyz_mm=(0.25, 0.25, 1.0), printer="desktop-fdm").record[
        "parameters"
    ]
    assert asked["spacing_xyz_mm"] == [0.25, 0.25, 1.0]
    assert asked["printer"] == "desktop-fdm"
    assert (asked["label"], asked["series"], asked["has_own_rules"]) == (None, None, False)
