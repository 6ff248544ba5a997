"""A mesh of something else never passes: another patient, another series, another tooth; faces turned anyhow."""

import warnings

import numpy as np
import pytest
from typer.testing import CliRunner

import calvaria
from calvaria import Grid, Mesh, Volume, compare_to_image, extract_surface, phantom, write_mesh
from calvaria.cli import app
from calvaria.errors import CalvariaWarning
from calvaria.mesh import transform_mesh
from calvaria.overlay import check_overlay, measure_overlay
from calvaria.pipeline.comparing import overlay_section
from calvaria.segment import bone_level
from overlay_bodies import ball, ball_mesh

N = 5000
COARSE = phantom.Scanner(
    columns=80,
    rows=96,
    n_slices=88,
    spacing_xy_mm=(2.4, 2.4),
    slice_thickness_mm=2.4,
    slice_increment_mm=2.4,
)


def about_middle(mesh, factors, shift=(0, 0, 0)):
    """The body of somebody who is so much wider, longer, taller."""
    middle = mesh.vertices.mean(axis=0)
    vertices = (mesh.vertices - middle) * factors + middle + shift
    return Mesh(vertices=vertices, faces=mesh.faces, kinds=mesh.kinds)


@pytest.fixture(scope="module")
def head():
    volume = phantom.scan(phantom.head(), scanner=COARSE)
    return extract_surface(volume, iso_hu=bone_level(volume).separate_hu), volume


@pytest.fixture(scope="module")
def own(head):
    return report_of(*head)


def test_no_edge_is_said_and_no_number_that_is_none():
    even = phantom.scan(
        phantom.sphere(radius_mm=1.0), scanner=phantom.Scanner(columns=40, rows=40, n_slices=40)
    )
    found = measure_overlay(ball_mesh(400.0, n=20), even, n_samples=500)
    metrics = found.metrics
    assert metrics.summary.n_measured == 0
    said = [found, metrics, metrics.summary, found.pose, found.lost, *metrics.by_slice("axial")]
    for one in said:
        for text in (repr(one), one._repr_html_()):
            assert "nan" not in text.lower(), text
    assert "no edge in 500 samples" in repr(metrics)
    assert repr(metrics.summary) == "OffsetSummary(no edge)"
    assert repr(found.pose) == "Pose(no edge)"
    assert "no edge" in metrics._repr_html_()
    rows = dict(overlay_section(metrics, is_hu=True).rows)
    assert rows["mean offset (bias), outside positive"] == "no edge"
    assert "nan" not in str(rows)
    report = check_overlay(found, profile="education")
    assert "nan" not in " ".join(one.message for one in report).lower()
    assert "overlay_noise" not in {one.code for one in report}


def test_the_command_says_that_there_is_no_edge(tmp_path):
    scanner = phantom.Scanner(columns=64, rows=64, n_slices=40)
    phantom.write_study(phantom.sphere(radius_mm=1.0), tmp_path / "study", scanner=scanner)
    mesh = ball_mesh(3.0, n=20)
    beside = mesh.vertices - mesh.vertices.mean(axis=0) + (8, 8, 5)
    write_mesh(Mesh(vertices=beside, faces=mesh.faces), tmp_path / "ball.stl")
    done = CliRunner().invoke(app, ["compare", str(tmp_path / "ball.stl"), str(tmp_path / "study")])
    said = " ".join(done.output.split())
    assert done.exit_code not in {0, 1}
    assert "100.0 % of the surface have no edge" in said
    assert "not of this image" in said
    assert "overlay_noise" not in said
    assert "nan" not in said.lower()


def report_of(mesh, volume):
    found = measure_overlay(mesh, volume, n_samples=N)
    return check_overlay(found, profile="education", anatomy="skull")


def failed(report):
    return {one.code for one in report if one.verdict.name in {"FAIL", "UNPROVEN"}}


STRANGERS = {
    "a twentieth larger": ((1.05, 1.05, 1.05), (0, 0, 0), "overlay_scale"),
    "a twelfth smaller": ((0.92, 0.92, 0.92), (0, 0, 0), "overlay_frame"),
    "wider and shorter": ((1.06, 0.96, 1.0), (0, 0, 0), "overlay_shape"),
    "hardly of another shape": ((1.025, 0.975, 1.01), (0, 0, 0), "overlay_shape"),
    "moved by a centimetre": ((1, 1, 1), (6, -6, 5.3), "overlay_shift"),
    "moved by 3 mm": ((1, 1, 1), (0, 3, 0), "overlay_shift"),
}


QUICK = "wider and shorter"


@pytest.mark.parametrize(
    "who",
    [pytest.param(who, marks=() if who == QUICK else pytest.mark.slow) for who in STRANGERS],
)
def test_another_head_or_the_same_one_elsewhere_fails_for_a_reason(head, own, who):
    mesh, volume = head
    factors, shift, code = STRANGERS[who]
    report = report_of(about_middle(mesh, factors, shift), volume)
    assert report.verdict.name == "FAIL"
    assert code in failed(report), report
    assert not failed(own) & {"overlay_frame", "overlay_shift", "overlay_scale", "overlay_shape"}


@pytest.mark.slow
def test_what_another_head_lacks_is_told_from_the_same_head(head):
    _, volume = head
    half = phantom.scan(phantom.head(has_half_mandible=True), scanner=COARSE)
    mesh = extract_surface(half, iso_hu=bone_level(half).separate_hu)
    report = report_of(mesh, volume)
    assert report["overlay_lost"].verdict.name == "FAIL"
    assert "right" in report["overlay_lost"].message
    assert report["overlay_frame"].verdict.name == "PASS"


def real(load, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalvariaWarning)
        return load(*args, **kwargs)


@pytest.mark.slow
def test_the_cranium_of_a_person_is_not_the_plastic_head(calvaria_data):
    person = real(calvaria.load_invesalius, calvaria_data / "cranium" / "Cranium.inv3")
    plastic = real(
        calvaria.load_series, calvaria_data / "philips_head_phantom" / "bone_1mm_tilt0_S2030.zip"
    )
    mesh = extract_surface(person, iso_hu=500.0)
    shift = np.eye(4)
    shift[:3, 3] = plastic.grid.corners_lps_mm().mean(axis=0) - mesh.vertices.mean(axis=0)
    for placed in (mesh, transform_mesh(mesh, matrix=shift)):
        report = report_of(placed, plastic)
        assert report["overlay_frame"].verdict.name == "FAIL"
        assert "not of this image" in report["overlay_frame"].message
        assert report["overlay_lost"].verdict.name == "UNPROVEN"
        assert "overlay_holes" not in {one.code for one in report}


@pytest.fixture(scope="module")
def tooth(calvaria_data):
    raw = calvaria.load_image(calvaria_data / "tooth_ct" / "tooth.nhdr", lps_from_ijk=np.eye(4))
    values = np.ascontiguousarray(raw.values[::2, ::2, ::2])
    # Every second voxel along each axis, taken to be 1 mm wide.
    grid = Grid(dims_ijk=values.shape[::-1], lps_from_ijk=np.eye(4))
    volume = Volume(values=values, grid=grid, quantity="arbitrary")
    low, high = np.quantile(volume.values[::2, ::2, ::2], (0.02, 0.98))
    return extract_surface(volume, iso_hu=float(low + high) / 2), volume


@pytest.mark.parametrize(
    "factors",
    [(0.93, 1.07, 1.0), pytest.param((1.0, 1.0, 0.9), marks=pytest.mark.slow)],
)
def test_another_tooth_is_not_this_one(tooth, factors):
    mesh, volume = tooth
    assert "overlay_shape" not in failed(report_of(mesh, volume))
    report = report_of(about_middle(mesh, factors), volume)
    assert report.verdict.name == "FAIL"
    assert failed(report) & {"overlay_frame", "overlay_shape", "overlay_scale"}


def turned(mesh, share):
    faces = mesh.faces.copy()
    chosen = np.random.default_rng(1).random(len(faces)) < share
    faces[chosen] = faces[chosen][:, ::-1]
    return Mesh(vertices=mesh.vertices, faces=faces, kinds=mesh.kinds)


@pytest.mark.parametrize("share", [0.002, 0.1, 0.3, 0.5, 0.8])
def test_faces_that_look_the_other_way_are_named_and_the_offset_stays_right(share):
    volume, mesh = ball(8.0, 0.6, 0.5), ball_mesh(8.3, n=60)
    found = compare_to_image(turned(mesh, share), volume, n_samples=N)
    assert found.summary.measured_fraction == 1.0
    assert found.summary.mean_mm == pytest.approx(0.3, abs=0.01)
    told = check_overlay(found, profile="education")["overlay_orientation"]
    assert told.measured == pytest.approx(100 * share, abs=1.5)
    assert "inconsistent orientation" in told.message
    assert told.verdict.name == ("FAIL" if share > 0.01 else "BORDERLINE")
    whole = compare_to_image(mesh, volume, n_samples=N)
    assert np.array_equal(whole.offset_mm, found.offset_mm)
    assert "overlay_orientation" not in {one.code for one in whole.findings}


def test_triangles_that_share_no_corners_are_asked_too():
    mesh = turned(ball_mesh(8.0, n=40), 0.3)
    corners = mesh.vertices[mesh.faces].reshape(-1, 3)
    soup = Mesh(vertices=corners, faces=np.arange(len(corners)).reshape(-1, 3))
    found = compare_to_image(soup, ball(8.0, 0.6, 0.5), n_samples=N)
    assert found.summary.measured_fraction == 1.0
    (told,) = (one for one in found.findings if one.code == "overlay_orientation")
    assert told.measured == pytest.approx(30, abs=1.5)


def test_the_command_says_that_faces_are_turned_anyhow(tmp_path):
    scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    body = phantom.sphere(radius_mm=12)
    phantom.write_study(body, tmp_path / "study", scanner=scanner)
    mesh = extract_surface(phantom.scan(body, scanner=scanner), iso_hu=0.0)
    write_mesh(turned(mesh, 0.3), tmp_path / "ball.stl")
    done = CliRunner().invoke(
        app,
        ["compare", str(tmp_path / "ball.stl"), str(tmp_path / "study"), "--anatomy", "generic"],
    )
    assert done.exit_code not in {0, 1}
    said = " ".join(done.output.split())
    assert "inconsistent orientation: 30 % of the surface" in said
