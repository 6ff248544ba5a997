"""What leaves the house: who may print what, a mark that is in the geometry, a package that is whole."""

import dataclasses
import functools
import hashlib
import json
import re
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import calvaria
from calvaria import (
    CheckReport,
    Finding,
    Mesh,
    Override,
    Verdict,
    check_mesh,
    check_series,
    extract_surface,
    find_series,
    load_series,
    phantom,
    read_mesh,
    write_mesh,
)
from calvaria.cli import app
from calvaria.errors import (
    FailedChecksError,
    MissingRecordError,
    NonManifoldError,
    OpenSurfaceError,
    ReleaseError,
)
from calvaria.material import load_materials, load_processes, load_uses
from calvaria.mesh import (
    closest_points,
    combine_meshes,
    measure_mesh,
    signed_distance_mm,
    transform_mesh,
)
from calvaria.printability import block_mesh, emboss_label, rod_mesh
from calvaria.printability.glyphs import dots_of
from calvaria.release import mark_fit_test, write_fit_test, write_partner_package, write_print
from calvaria.release import package as package_module
from calvaria.release import sheet as sheet_module
from mesh_shapes import bumpy, icosphere

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

KNOWN = Override(code="release_scan", name="Head of laboratory", reason="A made-up part.")
PARTNER_ONLY = ("implant", "guide", "loaded_guide")
FILES = ["SHA256SUMS", "part.3mf", "part.stl", "specification.html", "specification.json"]


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch):
    """Pictures are drawn, but small: they cost more than all else in a package."""
    monkeypatch.setattr(sheet_module, "_PIXELS", 60)


@functools.cache
def cranial_plate(radius=80.0, thick=4.0, size=(60.0, 50.0), n=60):
    """A part of a spherical shell, its outer side up."""
    shell = combine_meshes(icosphere(radius, n), icosphere(radius - thick, n), method="difference")
    return combine_meshes(
        shell,
        block_mesh(size_mm=(*size, 2 * radius), centre_lps_mm=(0, 0, radius)),
        method="intersection",
    )


def posed(mesh, seed):
    matrix = np.eye(4)
    matrix[:3, :3] = trimesh.transformations.random_rotation_matrix(
        np.random.default_rng(seed).random(3)
    )[:3, :3]
    matrix[:3, 3] = np.random.default_rng(seed).uniform(-150, 150, 3)
    return transform_mesh(mesh, matrix=matrix)


def send(mesh, folder, **changes):
    asked = {
        "purpose": "implant", "material": "titanium", "partner": "Example Implants Ltd", "overrides": [KNOWN],
    }  # fmt: skip
    return write_partner_package(mesh, folder, **{**asked, **changes})


def dots_read(made, plain):
    """Read the mark off the geometry: is there material half a relief above the bare surface, dot by dot?

    Right is up x out: a mirrored text would not read as its dots.
    """
    up, out = np.array(made.up_lps), np.array(made.normal_lps)
    dots = dots_of(made.mark)
    rows, columns = dots.shape
    row, column = np.mgrid[:rows, :columns]
    x = (column - (columns - 1) / 2) * made.stroke_mm
    y = ((rows - 1) / 2 - row) * made.stroke_mm
    right = np.cross(up, out)
    flat = np.array(made.point_lps_mm) + x[..., None] * right + y[..., None] * up
    flat = flat.reshape(-1, 3)
    # Along the normal of the text onto the bare surface.
    foot = flat
    for _ in range(40):
        near = closest_points(plain, foot).points_lps_mm
        foot = flat + ((near - flat) @ out)[:, None] * out
    above = foot + 0.5 * made.relief_mm * out
    assert (signed_distance_mm(plain, above) > 0).all()
    return dots, (signed_distance_mm(made.mesh, above) < 0).reshape(dots.shape)


# ------------------------------------------------------------------------------- the mark


@pytest.mark.parametrize("process", ["fdm", "sla", "sls"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_cranial_plate_carries_test_on_its_outer_side(process, seed):
    plate = posed(cranial_plate(), seed)
    made = mark_fit_test(plate, process=process)
    least = load_processes()[process].limits["emboss"]
    dots, found = dots_read(made, plate)
    assert (dots == found).all()
    assert not made.is_on_tag
    assert made.stroke_mm >= least["stroke_mm"]
    assert made.letter_mm == pytest.approx(7 * made.stroke_mm)
    assert made.letter_mm >= 3.0
    # Measured square to the surface, not along the text.
    assert least["relief_mm"] * (1 - 1e-5) < made.relief_mm < least["relief_mm"] * 1.12
    assert check_mesh(made.mesh)["mesh_self_intersections"].verdict is Verdict.PASS
    trial = trimesh.Trimesh(made.mesh.vertices, made.mesh.faces, process=False)
    assert trial.is_watertight
    assert trial.is_winding_consistent
    # The volume of the letters, dots overlapping by 4 % of their size on each side.
    ink = dots.sum() * made.stroke_mm**2 * made.relief_mm
    assert ink < made.added_mm3 < 1.35 * ink
    # Outer side: away from the middle of the shell, which the pose has moved.
    centre = measure_mesh(plate).centroid_lps_mm
    hollow = signed_distance_mm(
        plate, [np.array(made.point_lps_mm) - 3.0 * np.array(made.normal_lps)]
    )
    assert hollow[0] < 0
    assert (np.array(made.point_lps_mm) - centre) @ made.normal_lps > 0


def test_nothing_but_the_mark_is_changed():
    plate = cranial_plate()
    made = mark_fit_test(plate, process="fdm")
    up, out = np.array(made.up_lps), np.array(made.normal_lps)
    away = made.mesh.vertices - made.point_lps_mm
    reach = 23 * made.stroke_mm / 2 + 0.2
    is_near = (np.abs(away @ np.cross(up, out)) < reach) & (
        np.abs(away @ up) < 7 * made.stroke_mm / 2 + 0.2
    )
    off = closest_points(plate, made.mesh.vertices[~is_near]).distances_mm
    assert off.max() < 1e-6
    # Nothing is taken away: the copy holds the whole implant.
    assert signed_distance_mm(made.mesh, plate.vertices).max() < 1e-6


def test_letters_keep_off_the_faces_that_must_fit():
    plate = cranial_plate()
    corners = plate.vertices[plate.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    is_outer = np.linalg.norm(corners.mean(axis=1), axis=1) > 79.5
    made = mark_fit_test(plate, process="sla", matters=is_outer)
    assert np.linalg.norm(made.point_lps_mm) < 77.0
    dots, found = dots_read(made, plate)
    assert (dots == found).all()
    assert len(normals) == len(is_outer)
    with pytest.raises(ReleaseError, match="beside the faces that matter"):
        mark_fit_test(plate, process="sla", matters=np.ones(len(plate.faces), bool))


@pytest.mark.parametrize(
    "part",
    [
        block_mesh(size_mm=(8.0, 8.0, 8.0)),
        block_mesh(size_mm=(30.0, 5.0, 5.0)),
        icosphere(6.0, 12),
        rod_mesh(start_lps_mm=(0, 0, 0), end_lps_mm=(0, 0, 40), radius_mm=3.0),
    ],
    ids=["cube", "bar", "ball", "rod"],
)
def test_a_part_too_small_for_letters_carries_a_tag(part):
    made = mark_fit_test(part, process="fdm")
    assert made.is_on_tag
    assert made.letter_mm == pytest.approx(7.0)
    assert made.relief_mm == pytest.approx(0.6, abs=1e-6)
    trial = trimesh.Trimesh(made.mesh.vertices, made.mesh.faces, process=False)
    assert trial.is_watertight
    assert trial.body_count == 1
    # Whoever looks at the tag reads it: dots stand out of its face, and only they.
    up, out = np.array(made.up_lps), np.array(made.normal_lps)
    dots = dots_of("TEST")
    row, column = np.mgrid[:7, :23]
    x, y = (column - 11) * made.stroke_mm, (3 - row) * made.stroke_mm
    flat = np.array(made.point_lps_mm) + x[..., None] * np.cross(up, out) + y[..., None] * up
    for height, is_in in ((-0.1, np.ones_like(dots)), (0.5, dots), (0.7, np.zeros_like(dots))):
        inside = signed_distance_mm(made.mesh, (flat + height * out).reshape(-1, 3)) < 0
        assert (inside.reshape(dots.shape) == is_in).all()
    # The tag keeps clear of the part but for its neck.
    assert signed_distance_mm(part, (flat - 1e-3 * out).reshape(-1, 3)).min() >= 1.0


def test_a_part_with_room_for_neither_is_refused_with_the_reason(tmp_path):
    wire = rod_mesh(start_lps_mm=(0, 0, 0), end_lps_mm=(0, 0, 9), radius_mm=0.3)
    with pytest.raises(
        ReleaseError, match=r"room for 'TEST' .* found none on 0\.6 x 0\.6 x 9\.0 mm"
    ):
        write_fit_test(wire, tmp_path / "wire.stl", process="fdm")
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=8, deadline=None)
@given(
    radius=st.floats(30, 120), thick=st.floats(1.5, 6), width=st.floats(10, 55),
    depth=st.floats(10, 45), seed=st.integers(0, 99),
)  # fmt: skip
def test_every_plate_is_marked_or_refused(radius, thick, width, depth, seed):
    plate = posed(cranial_plate(radius, thick, (width, depth), n=24), seed)
    try:
        made = mark_fit_test(plate, process="sla")
    except ReleaseError:
        # Too thin for a neck where nothing else fits.
        assert min(width, depth) < 14
        return
    assert made.added_mm3 > 0
    assert made.relief_mm > 0.4 * (1 - 1e-5)
    assert trimesh.Trimesh(made.mesh.vertices, made.mesh.faces, process=False).is_watertight
    if not made.is_on_tag:
        dots, found = dots_read(made, plate)
        assert (dots == found).all()


def test_every_rule_of_the_room_has_a_source():
    folder = Path(calvaria.__file__).parent / "_tables"
    table = tomllib.loads((folder / "release.toml").read_text())
    rows = [row for row in table["mark"].values() if isinstance(row, dict)]
    rows += [table["mark"], *table["question"], *table["document"]]
    assert len(rows) > 15
    assert all(len(row["source"]) > 8 for row in rows)
    # Tolerances and their sources are those of the bar.
    assert set(table["tolerance"].values()) <= {"implant", "guide", "planning"}
    partner = [m for m in load_materials().values() if m.route == "partner"]
    assert {use for m in partner for use in m.uses} == set(table["tolerance"])


@pytest.mark.parametrize("suffix", [".stl", ".3mf", ".ply"])
def test_what_is_written_carries_the_mark(tmp_path, suffix):
    plate = cranial_plate()
    made = write_fit_test(plate, tmp_path / f"try{suffix}", process="fdm")
    back = read_mesh(tmp_path / f"try{suffix}")
    dots, found = dots_read(dataclasses.replace(made, mesh=back), plate)
    assert (dots == found).all()
    loaded = trimesh.load(tmp_path / f"try{suffix}", force="mesh")
    loaded.merge_vertices()
    assert loaded.volume == pytest.approx(measure_mesh(plate).volume_mm3 + made.added_mm3, rel=1e-4)
    write_fit_test(plate, tmp_path / f"again{suffix}", process="fdm")
    first, second = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("try", "again"))
    assert first == second


def test_a_3mf_says_test_in_its_title(tmp_path):
    write_fit_test(block_mesh(size_mm=(60, 40, 4)), tmp_path / "try.3mf", process="fdm")
    with zipfile.ZipFile(tmp_path / "try.3mf") as archive:
        model = archive.read("3D/3dmodel.model").decode()
    assert re.search(r'<metadata name="Title">TEST: not an implant</metadata>', model)
    assert "never on or in a patient" in model


def test_there_is_no_fit_test_without_the_word(tmp_path):
    block = block_mesh(size_mm=(60, 40, 4))
    for mark in ("", "OK", "TESTED"):
        with pytest.raises(ValueError, match="mark: a text with the word TEST expected"):
            write_fit_test(block, tmp_path / "try.stl", process="fdm", mark=mark)
    assert write_fit_test(block, tmp_path / "a.stl", process="sla", mark="test 2").mark == "TEST 2"
    with pytest.raises(ValueError, match="process: one of fdm"):
        write_fit_test(block, tmp_path / "b.stl", process="crayon")
    opened = Mesh(vertices=block.vertices, faces=block.faces[1:])
    with pytest.raises(NonManifoldError):
        write_fit_test(opened, tmp_path / "c.stl", process="fdm")
    with pytest.raises(ValueError, match=r"matters: bool of shape \(12,\)"):
        mark_fit_test(block, process="fdm", matters=np.ones(3, bool))


def test_a_rough_part_carries_letters_as_high_as_the_process_needs():
    made = mark_fit_test(bumpy(40, 60, 0.6, 0.05, 1), process="sla")
    assert not made.is_on_tag
    assert 0.4 * (1 - 1e-5) < made.relief_mm < 0.5
    assert check_mesh(made.mesh)["mesh_self_intersections"].verdict is Verdict.PASS


# ------------------------------------------------------------------------------- the label itself


@pytest.mark.parametrize("sink", [False, True])
@pytest.mark.parametrize("way", [1.0, -1.0], ids=["outer", "hollow"])
def test_a_label_that_follows_is_equally_deep_everywhere(sink, way):
    plate = cranial_plate(radius=60.0)
    point = (0.0, 0.0, 60.0 if way > 0 else 56.0)
    made = emboss_label(
        plate, text="TEST", point_lps_mm=point, normal_lps=(0, 0, way), up=(0, 1, 0), process="fdm",
        sink=sink, follow=True,
    )  # fmt: skip
    x = np.random.default_rng(3).uniform(-11.5, 11.5, 4000)
    y = np.random.default_rng(4).uniform(-3.5, 3.5, 4000)
    radius = 60.0 if way > 0 else 56.0
    surface = np.stack([x, y, np.sqrt(radius**2 - x**2 - y**2)], axis=1)
    step = np.array([0, 0, way]) * (-1 if sink else 1)
    for depth, is_there in ((0.5, True), (0.7, False)):
        inside = signed_distance_mm(made.mesh, surface + depth * step) < 0
        is_letter = inside != sink
        share = is_letter.mean()
        ink = dots_of("TEST").mean() * 1.12
        assert (abs(share - ink) < 0.06) if is_there else (share < 0.005)


def test_a_label_that_follows_stays_on_the_surface():
    from calvaria.errors import MeshError

    with pytest.raises(MeshError, match="past the edge"):
        emboss_label(
            block_mesh(size_mm=(20, 20, 5)), text="TEST", point_lps_mm=(0, 0, 2.5), normal_lps=(0, 0, 1),
            up=(0, 1, 0), process="fdm", follow=True,
        )  # fmt: skip


# ------------------------------------------------------------------------------- prints by purpose


@pytest.mark.parametrize("purpose", sorted(load_uses()))
def test_only_what_may_be_printed_in_house_gets_a_print_file(tmp_path, purpose):
    block = block_mesh(size_mm=(30, 20, 4))
    path = tmp_path / "print.3mf"
    if purpose in (*PARTNER_ONLY, "research"):
        with pytest.raises(ReleaseError, match="write_partner_package|write_mesh"):
            write_print(block, path, purpose=purpose)
        for material in load_materials():
            with pytest.raises(ReleaseError):
                write_print(block, path, purpose=purpose, material=material)
        assert list(tmp_path.iterdir()) == []
    else:
        write_print(block, path, purpose=purpose)
        assert read_mesh(path).faces.shape == (12, 3)


def test_a_print_of_what_a_workshop_must_not_print_is_refused(tmp_path):
    block = block_mesh(size_mm=(30, 20, 4))
    for material, printer in (("titanium", None), ("peek", "desktop-fdm"), ("hydrogel", None)):
        with pytest.raises(ReleaseError, match="material: one to be printed in-house"):
            write_print(
                block, tmp_path / "a.stl", purpose="planning", material=material, printer=printer
            )
    with pytest.raises(ValueError, match="purpose: one of"):
        write_print(block, tmp_path / "a.stl", purpose="decoration")
    assert list(tmp_path.iterdir()) == []
    write_print(block, tmp_path / "a.stl", purpose="education", material="pla")


# ------------------------------------------------------------------------------- the package


def test_a_package_holds_the_part_and_what_is_asked_of_it(tmp_path):
    plate = posed(cranial_plate(), 5)
    made = send(plate, tmp_path / "package", reference="case 7")
    assert sorted(path.name for path in made.folder.iterdir()) == FILES == list(made.files)
    truth = measure_mesh(plate)
    for name in ("part.stl", "part.3mf"):
        part = trimesh.load(made.folder / name, force="mesh")
        part.merge_vertices()
        assert part.is_watertight
        assert part.volume == pytest.approx(truth.volume_mm3, rel=1e-4)
        assert part.bounds.ravel() == pytest.approx(
            np.r_[plate.vertices.min(axis=0), plate.vertices.max(axis=0)], abs=1e-3
        )
    told = json.loads((made.folder / "specification.json").read_text())
    titanium = load_materials()["titanium"]
    assert told["part"]["unit"] == "mm"
    assert told["part"]["frame"].startswith("LPS")
    assert told["part"]["volume_mm3"] == pytest.approx(truth.volume_mm3, abs=0.01)
    assert told["part"]["area_mm2"] == pytest.approx(truth.area_mm2, abs=0.01)
    assert told["part"]["mass_g"] == pytest.approx(truth.volume_mm3 / 1000 * 4.43, abs=0.01)
    assert told["tolerance"]["tolerance_mm"] == 0.25
    assert told["tolerance"]["source"].startswith("house rule")
    assert told["material"]["standards"] == list(titanium.standards) != []
    assert told["disclaimer"].endswith("not a medical device.")
    page = (made.folder / "specification.html").read_text()
    for word in ("ASTM F3001", "0.25 mm", "ISO 13485", "ISO 17664", "print_walls", "mesh_closed", "case 7",
                 "not a medical device", "Head of laboratory", "A made-up part."):  # fmt: skip
        assert word in page, word
    assert not re.search(r'(src|href)="(?!data:)', page)
    for row in (*told["questions"], *told["manufacturer_brings"]):
        assert row["text"]
        assert row["source"]


def test_the_sums_are_those_of_the_files(tmp_path):
    made = send(cranial_plate(), tmp_path / "package")
    lines = (made.folder / "SHA256SUMS").read_text().splitlines()
    told = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert sorted(told) == FILES[1:]
    for name, digest in told.items():
        assert hashlib.sha256((made.folder / name).read_bytes()).hexdigest() == digest
    page = (made.folder / "specification.html").read_text()
    assert told["part.stl"] in page
    assert told["part.3mf"] in page


def test_the_same_part_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        send(cranial_plate(), tmp_path / name)
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_every_material_for_implants_names_its_standard_and_no_other_is_taken(tmp_path):
    plate = block_mesh(size_mm=(30, 20, 4))
    for code, material in load_materials().items():
        if "implant" in material.uses:
            process = material.processes[0]
            made = send(plate, tmp_path / code, material=code, process=process)
            assert made.record["material"]["standards"]
            assert made.record["material"]["standards_source"]
        else:
            with pytest.raises(
                ReleaseError, match="material: one of titanium, peek, pekk expected"
            ):
                send(plate, tmp_path / code, material=code)
            assert not (tmp_path / code).exists()
    with pytest.raises(ValueError, match="process: one of fdm, sls expected for PEEK, found None"):
        send(plate, tmp_path / "x", material="peek")
    with pytest.raises(ReleaseError, match="write_print writes its file"):
        send(plate, tmp_path / "x", purpose="teaching", material="pla")


def report(*findings):
    return CheckReport(subject="scan", findings=findings)


def found(code, verdict):
    return Finding(code=code, verdict=verdict, message=f"Said of {code}.", places=("DOE_JANE_0001.dcm",),
                   details={"file": "DOE_JANE"})  # fmt: skip


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("is_on_mesh", [True, False])
def test_what_fails_or_is_unproven_needs_an_override(tmp_path, verdict, is_on_mesh):
    finding = found("slice_gaps", verdict)
    plate = block_mesh(size_mm=(30, 20, 4))
    if is_on_mesh:
        plate, checks = dataclasses.replace(plate, findings=(finding,)), ()
    else:
        checks = (report(finding),)
    folder = tmp_path / "package"
    decided = ()
    if verdict in (Verdict.FAIL, Verdict.UNPROVEN):
        with pytest.raises(
            FailedChecksError, match=rf"{verdict.name} slice_gaps: .*Override\(code="
        ):
            send(plate, folder, checks=checks, overrides=())
        with pytest.raises(ValueError, match="what stands in the way expected"):
            send(plate, folder, checks=checks, overrides=[KNOWN])
        assert list(tmp_path.iterdir()) == []
        decided = (
            Override(code="slice_gaps", name="Dr Known", reason="Gap outside of the defect."),
        )
    made = send(plate, folder, checks=checks, overrides=decided)
    assert made.verdict.rank >= verdict.rank
    page = (folder / "specification.html").read_text()
    assert "Said of slice_gaps." in page
    assert ("Gap outside of the defect. (Dr Known)" in page) == bool(decided)
    assert made.record["overrides"] == [one.to_dict() for one in decided]
    for path in folder.iterdir():
        assert b"DOE_JANE" not in path.read_bytes()


def test_a_print_that_fails_needs_an_override_too(tmp_path):
    foil = block_mesh(size_mm=(30, 20, 0.3))
    with pytest.raises(FailedChecksError, match="FAIL print_walls"):
        send(foil, tmp_path / "package")
    thin = Override(code="print_walls", name="Dr Known", reason="A foil is wanted.")
    made = send(foil, tmp_path / "package", overrides=[KNOWN, thin])
    assert made.verdict is Verdict.FAIL
    assert "print_walls" in repr(made)


def test_a_manufacturer_an_own_reason_and_a_new_folder_are_asked_for(tmp_path):
    plate = block_mesh(size_mm=(30, 20, 4))
    with pytest.raises(MissingRecordError, match="who answers for the part"):
        send(plate, tmp_path / "a", partner=" ")
    for name, reason in (("", "so"), ("Dr Known", " ")):
        with pytest.raises(ValueError, match="a name and a reason expected"):
            send(
                plate,
                tmp_path / "a",
                overrides=[Override(code="release_scan", name=name, reason=reason)],
            )
    with pytest.raises(ValueError, match="tolerance_mm"):
        send(plate, tmp_path / "a", tolerance_mm=-1.0)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a").mkdir()
    with pytest.raises(FileExistsError, match="a: a new folder expected"):
        send(plate, tmp_path / "a")
    assert send(plate, tmp_path / "b", tolerance_mm=0.1).tolerance_source == "given with the order"
    guide = send(plate, tmp_path / "c", purpose="guide", material="medical_resin")
    assert guide.tolerance_mm == 0.5


def test_an_open_part_is_refused(tmp_path):
    block = block_mesh(size_mm=(30, 20, 4))
    opened = Mesh(vertices=block.vertices, faces=block.faces[1:])
    with pytest.raises((NonManifoldError, OpenSurfaceError)):
        send(opened, tmp_path / "package")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("nth", [1, 2])
def test_an_error_half_way_leaves_no_folder(tmp_path, monkeypatch, nth):
    calls = []

    def failing(*args, **options):
        calls.append(1)
        if len(calls) == nth:
            raise OSError(28, "No space left on device")
        return write_mesh(*args, **options)

    monkeypatch.setattr(package_module, "write_mesh", failing)
    with pytest.raises(OSError, match="No space"):
        send(block_mesh(size_mm=(30, 20, 4)), tmp_path / "package")
    assert len(calls) == nth
    assert list(tmp_path.iterdir()) == []


def test_no_word_of_a_patient_is_in_a_package_made_from_a_scan(tmp_path):
    from calvaria.phantom.study import CANARIES

    scanner = phantom.Scanner(columns=48, rows=48, spacing_xy_mm=(1.5, 1.5), slice_increment_mm=1.5)
    phantom.write_study(phantom.sphere(radius_mm=20), tmp_path / "study", scanner=scanner)
    for n, path in enumerate(sorted((tmp_path / "study").rglob("*.dcm"))):
        path.rename(path.with_name(f"CANARY_{n:03d}.dcm"))
    series = find_series(tmp_path / "study")[0]
    checks = (check_series(series, profile="implant", anatomy="skull"),)
    mesh = extract_surface(load_series(series), iso_hu=500.0)
    with pytest.raises(FailedChecksError) as refused:
        send(mesh, tmp_path / "package", checks=checks, overrides=())
    codes = set(re.findall(r"(?:FAIL|UNPROVEN) ([a-z_]+):", str(refused.value)))
    decided = [Override(code=code, name="Dr Known", reason="A phantom.") for code in sorted(codes)]
    made = send(mesh, tmp_path / "package", checks=checks, overrides=decided)
    made_test = write_fit_test(mesh, made.folder / "try.3mf", process="fdm")
    assert made_test.added_mm3 > 0
    words = [str(word).encode() for word in (*CANARIES.values(), "CANARY") if len(str(word)) > 3]
    for path in made.folder.iterdir():
        content = path.read_bytes()
        if path.suffix == ".3mf":
            with zipfile.ZipFile(path) as archive:
                content += b"".join(archive.read(name) for name in archive.namelist())
        assert not [word for word in words if word in content]


# ------------------------------------------------------------------------------- the command


def test_the_command_writes_packages_tests_and_prints(tmp_path):
    run = CliRunner().invoke
    part = tmp_path / "part.stl"
    write_mesh(cranial_plate(n=30), part)
    common = ["release", "package", str(part), "--purpose", "implant", "--material", "titanium",
              "--partner", "Example Implants Ltd", "-o", str(tmp_path / "package")]  # fmt: skip
    refused = run(app, common)
    assert refused.exit_code == 3
    assert "release_scan" in refused.output
    assert not (tmp_path / "package").exists()
    assert run(app, [*common, "--override", "release_scan"]).exit_code == 2
    done = run(app, [*common, "--override", "release_scan: Dr Known: tried out", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.output)["overrides"][0]["name"] == "Dr Known"
    assert sorted(path.name for path in (tmp_path / "package").iterdir()) == FILES
    tried = run(
        app, ["release", "test", str(part), "-o", str(tmp_path / "try.3mf"), "--process", "sla"]
    )
    assert tried.exit_code == 0
    assert "'TEST' on the part" in tried.output
    for purpose, status in (("implant", 3), ("teaching", 0), ("decoration", 2)):
        path = tmp_path / f"{purpose}.stl"
        shown = run(app, ["release", "print", str(part), "-o", str(path), "--purpose", purpose])
        assert shown.exit_code == status
        assert path.exists() == (status == 0)
