"""The whole question at once: findings, verdicts, edits, command and pictures."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from calvaria import CalvariaWarning, Verdict, check_printability, write_mesh
from calvaria.cli import app
from calvaria.errors import MeshError, NonManifoldError
from calvaria.mesh import Mesh, combine_meshes, measure_mesh, measure_topology, split_mesh
from calvaria.printability import (
    add_base,
    block_mesh,
    emboss_label,
    find_orientations,
    find_pools,
    hollow_mesh,
    measure_overhangs,
    measure_thickness,
    part_mesh,
    rod_mesh,
)
from calvaria.report import draw_printability, printability_section
from mesh_shapes import icosphere
from printed_bodies import minus, union

pytest.importorskip("manifold3d")


def is_sound(mesh):
    topology = measure_topology(mesh)
    return topology.is_closed and topology.is_manifold and topology.is_oriented


PLATE = block_mesh(size_mm=(40, 30, 4))
THIN = minus(PLATE, block_mesh(size_mm=(6, 6, 4), centre_lps_mm=(8, 0, 0.5)))
THINNER = minus(PLATE, block_mesh(size_mm=(6, 6, 4), centre_lps_mm=(8, 0, 0.3)))
SHUT = minus(block_mesh(size_mm=(20, 20, 20)), block_mesh(size_mm=(12, 12, 12)))
CUP = minus(
    block_mesh(size_mm=(20, 20, 20)), block_mesh(size_mm=(14, 14, 17), centre_lps_mm=(0, 0, 2))
)
BRIDGE = union(
    *(block_mesh(size_mm=(20, 10, 8), centre_lps_mm=(0, y, 0)) for y in (-9, 9)),
    block_mesh(size_mm=(1.5, 12, 1.5)),
)
PAIR = Mesh(
    vertices=np.vstack([PLATE.vertices, PLATE.vertices + np.array([0, 0, 9])]),
    faces=np.vstack([PLATE.faces, PLATE.faces + 8]),
)
HOLE = minus(
    block_mesh(size_mm=(16, 12, 4)),
    rod_mesh(start_lps_mm=(5.5, 0, -9), end_lps_mm=(5.5, 0, 9), radius_mm=2, n_sides=32),
)


@pytest.mark.parametrize(
    ("mesh", "process", "material", "options", "code", "verdict"),
    [
        (PLATE, "fdm", "pla", {}, None, "PASS"),
        (THIN, "fdm", "pla", {}, "print_walls", "BORDERLINE"),
        (THINNER, "lpbf", "titanium", {"profile": "implant"}, "print_walls", "FAIL"),
        (BRIDGE, "fdm", "pla", {}, "print_bridges", "BORDERLINE"),
        (SHUT, "sla", "resin", {}, "print_trapped", "BORDERLINE"),
        (SHUT, "lpbf", "titanium", {"profile": "implant"}, "print_trapped", "FAIL"),
        (CUP, "sla", "resin", {"up": (0, 0, 1)}, "print_cups", "BORDERLINE"),
        (CUP, "sla", "resin", {"up": (0, 0, -1)}, "print_cups", "PASS"),
        (PAIR, "fdm", "pla", {}, "print_loose", "BORDERLINE"),
        (HOLE, "fdm", "pla", {}, "print_hole_edges", "BORDERLINE"),
        (HOLE, "fdm", "pla", {"min_edge_distance_mm": 0.4}, "print_hole_edges", "PASS"),
        (HOLE, "fdm", "pla", {"min_edge_distance_mm": 1.0}, "print_hole_edges", "FAIL"),
        (PLATE, "fdm", "titanium", {}, "print_material", "FAIL"),
        (PLATE, "lpbf", "titanium", {"profile": "implant", "printer": "desktop-fdm"}, "print_material", "FAIL"),
        (PLATE, "fdm", "pla", {"layer_mm": 0.3}, "print_layers", "BORDERLINE"),
        (PLATE, "fdm", "pla", {"layer_mm": 0.05}, "print_layers", "PASS"),
        (PLATE, "fdm", "pla", {"layer_mm": 0.5}, "print_layers", "FAIL"),
        (block_mesh(size_mm=(300, 300, 300)), "fdm", "pla", {"printer": "desktop-fdm"}, "print_build_volume", "FAIL"),
    ],
)  # fmt: skip
def test_each_fault_is_found_and_named(mesh, process, material, options, code, verdict):
    asked = {"process": process, "material": material, "profile": "education", **options}
    report = check_printability(mesh, **asked)
    found = report if code is None else report[code]
    assert found.verdict is Verdict[verdict], found
    for finding in report:
        assert finding.source.strip()
        assert finding.message.endswith(".")
    assert json.dumps(report.to_dict(), allow_nan=False)


def test_the_thin_place_is_told_in_cm2_with_its_place():
    finding = check_printability(THIN, profile="education", process="fdm", material="pla")[
        "print_walls"
    ]
    assert finding.measured == pytest.approx(0.5, abs=0.05)
    assert finding.details["area_mm2"] == pytest.approx(2 * 36, rel=0.25)
    assert "0.5" in finding.places[0]
    assert "arti90" in finding.source


def test_an_open_mesh_is_not_measured():
    open_mesh = Mesh(vertices=PLATE.vertices, faces=PLATE.faces[:-1])
    report = check_printability(open_mesh, profile="education", process="fdm", material="pla")
    assert report["print_closed"].verdict is Verdict.FAIL
    assert report.measures is None
    assert printability_section(report).findings


@pytest.mark.slow
def test_supports_on_faces_that_matter():
    table = union(
        block_mesh(size_mm=(30, 30, 3), centre_lps_mm=(0, 0, 20)),
        block_mesh(size_mm=(6, 6, 20), centre_lps_mm=(0, 0, 9)),
    )
    normals = np.cross(*(table.vertices[table.faces[:, k]] - table.vertices[table.faces[:, 0]] for k in (1, 2)))  # fmt: skip
    below = (normals[:, 2] < 0) & (table.vertices[table.faces].mean(axis=1)[:, 2] > 10)
    for up, verdict in (((0, 0, 1), "BORDERLINE"), ((0, 0, -1), "PASS")):
        report = check_printability(
            table, profile="education", process="fdm", material="pla", up=up, matters=below
        )
        assert report["print_support_contact"].verdict.name == verdict
    worse = check_printability(
        table, profile="education", process="fdm", material="pla", up=(0, 0, 1)
    )
    assert worse["print_orientation"].verdict is Verdict.BORDERLINE
    assert worse["print_overhangs"].measured == pytest.approx((900 - 36) / 100, rel=0.01)


def test_unknown_names_are_refused():
    for options in ({"process": "x"}, {"material": "x"}, {"printer": "x"}, {"profile": "x"}):
        asked = {"process": "fdm", "material": "pla", "profile": "education", **options}
        with pytest.raises(ValueError, match="expected, found 'x'"):
            check_printability(PLATE, **asked)


@pytest.mark.slow
def test_pictures_show_where():
    report = check_printability(
        BRIDGE, profile="education", process="fdm", material="pla", printer="desktop-fdm"
    )
    pictures = draw_printability(report.measures)
    assert len(pictures) == 6
    assert all("data:image/png" in markup for markup in pictures.values())
    section = printability_section(report)
    assert len(section.figures) == 6
    assert any("0.1 mm" in name for name, _ in section.rows)


def test_the_command_judges_and_writes_a_page(tmp_path):
    path, page = tmp_path / "part.stl", tmp_path / "page.html"
    write_mesh(BRIDGE, path)
    run = CliRunner().invoke(
        app, ["printable", str(path), "--printer", "desktop-fdm", "--report", str(page), "--json"]
    )
    assert run.exit_code == 1, run.output
    codes = {finding["code"] for finding in json.loads(run.stdout)["findings"]}
    assert {"print_walls", "print_bridges", "print_material", "print_build_volume"} <= codes
    assert page.read_text().count("<img") == 6
    fine = tmp_path / "plate.stl"
    write_mesh(PLATE, fine)
    assert CliRunner().invoke(app, ["printable", str(fine)]).exit_code == 0
    refused = CliRunner().invoke(app, ["printable", str(fine), "--material", "titanium"])
    assert refused.exit_code == 3
    assert CliRunner().invoke(app, ["printable", str(fine), "--process", "x"]).exit_code == 2
    assert CliRunner().invoke(app, ["printable", str(fine), "--printer", "x"]).exit_code == 2


# ------------------------------------------------------------------------------- edits


@pytest.mark.slow
def test_a_hollow_ball_has_its_wall_and_runs_out():
    ball = icosphere(20.0, 24)
    made = hollow_mesh(ball, wall_mm=2.0, up=(0, 0, 1), drain_mm=4.0)
    assert is_sound(made.mesh)
    assert made.cavity_mm3 == pytest.approx(4 / 3 * np.pi * 18**3, rel=0.01)
    assert (made.n_cavities, len(made.drains_lps_mm)) == (1, 2)
    walls = measure_thickness(made.mesh).mm
    assert np.median(walls) == pytest.approx(2.0, abs=0.02)
    assert find_pools(made.mesh, up=(0, 0, 1)) == ()
    assert find_pools(made.mesh, up=(0, 0, -1)) != ()
    with pytest.raises(MeshError, match="nothing to take out"):
        hollow_mesh(PLATE, wall_mm=3.0, up=(0, 0, 1), drain_mm=3.0)
    with pytest.raises(NonManifoldError, match="closed manifold mesh expected"):
        hollow_mesh(
            Mesh(vertices=PLATE.vertices, faces=PLATE.faces[1:]),
            wall_mm=1.0,
            up=(0, 0, 1),
            drain_mm=3.0,
        )


def test_parts_with_pegs_go_together_again():
    body = block_mesh(size_mm=(40, 14, 24))
    made = part_mesh(
        body, point_lps_mm=(0, 0, 1), normal_lps=(0, 0, 1), peg_radius_mm=2.0, clearance_mm=0.2
    )
    assert is_sound(made.upper)
    assert is_sound(made.lower)
    a, b = (np.asarray(place) for place in made.pegs_lps_mm)
    assert np.linalg.norm(a - b) > 15
    assert a[2] == pytest.approx(1.0)
    sides = 48 / 2 * np.sin(2 * np.pi / 48)
    upper = 40 * 14 * 11 + 2 * sides * 2.0**2 * 5
    lower = 40 * 14 * 13 - 2 * sides * 2.2**2 * 5.2
    assert measure_mesh(made.upper).volume_mm3 == pytest.approx(upper, rel=1e-3)
    assert measure_mesh(made.lower).volume_mm3 == pytest.approx(lower, rel=1e-3)
    # The parts do not overlap: the peg stands in its socket with play.
    both = combine_meshes(made.upper, made.lower, method="intersection")
    assert not len(both.faces) or abs(measure_mesh(both).volume_mm3) < 1e-3
    with pytest.raises(MeshError, match="room for at most 0 pegs"):
        part_mesh(body, point_lps_mm=(0, 0, 1), normal_lps=(0, 0, 1), peg_radius_mm=7.0)
    with pytest.raises(MeshError, match="misses"):
        part_mesh(body, point_lps_mm=(0, 0, 100), normal_lps=(0, 0, 1))


@pytest.mark.parametrize("sink", [False, True])
def test_a_label_is_as_high_and_as_large_as_it_says(sink):
    made = emboss_label(
        PLATE,
        text="L 1/2",
        point_lps_mm=(0, 0, 2),
        normal_lps=(0, 0, 1),
        up=(0, 1, 0),
        process="fdm",
        sink=sink,
    )
    assert is_sound(made.mesh)
    assert len(split_mesh(made.mesh)) == 1
    high = made.mesh.vertices[:, 2].max()
    assert high == pytest.approx(2.0 if sink else 2.6)
    change = measure_mesh(made.mesh).volume_mm3 - measure_mesh(PLATE).volume_mm3
    from calvaria.printability.glyphs import dots_of

    dots = dots_of("L 1/2").sum() * made.stroke_mm**2 * made.relief_mm
    # Dots overlap a little, so that those that touch at a corner are joined.
    assert abs(change) == pytest.approx(dots * 1.1, rel=0.1)
    assert (change < 0) == sink


def test_a_label_reads_from_left_to_right():
    """An L has its foot at the right of its stem, seen from outside with its up upwards."""
    made = emboss_label(
        PLATE, text="L", point_lps_mm=(0, -15, 0), normal_lps=(0, -1, 0), up=(0, 0, 1), process="lpbf", stroke_mm=0.8
    )  # fmt: skip
    raised = made.mesh.vertices[made.mesh.vertices[:, 1] < -15.1]
    # Looking along +y with z up, x runs to the right.
    low = raised[raised[:, 2] < raised[:, 2].min() + 0.5]
    top = raised[raised[:, 2] > raised[:, 2].max() - 0.5]
    assert low[:, 0].max() - top[:, 0].max() > 2.0
    assert low[:, 0].min() == pytest.approx(top[:, 0].min(), abs=0.1)


def test_labels_that_do_not_print_are_refused():
    asked = {"point_lps_mm": (0, 0, 2), "normal_lps": (0, 0, 1), "up": (0, 1, 0), "process": "fdm"}
    with pytest.raises(ValueError, match="stroke_mm: at least 1 expected for fdm, found 0.4"):
        emboss_label(PLATE, text="A", stroke_mm=0.4, **asked)
    with pytest.raises(ValueError, match="text: letters of"):
        emboss_label(PLATE, text="Ω", **asked)


@pytest.mark.parametrize("shape", ["box", "disc"])
def test_a_base_makes_one_body_and_stands_flat(shape):
    ball = icosphere(10.0, 12, centre=(5, 6, 7))
    made = add_base(ball, up=(0, -1, 0), thickness_mm=4, sink_mm=1.5, shape=shape)
    assert is_sound(made.mesh)
    assert len(split_mesh(made.mesh)) == 1
    assert made.mesh.vertices[:, 1].max() == pytest.approx(16 - 1.5 + 4)
    labelled = emboss_label(
        made.mesh, text="OK", point_lps_mm=made.front_lps_mm, normal_lps=made.front_normal, up=made.up, process="sla"
    )  # fmt: skip
    assert is_sound(labelled.mesh)
    with pytest.raises(ValueError, match="less than thickness_mm = 4"):
        add_base(ball, up=(0, 0, 1), thickness_mm=4, sink_mm=4)


THIN_PLATE = block_mesh(size_mm=(12, 8, 0.4))
INSIDE_OUT = Mesh(vertices=THIN_PLATE.vertices, faces=THIN_PLATE.faces[:, ::-1])


def test_a_mesh_inside_out_is_refused():
    report = check_printability(INSIDE_OUT, profile="education", process="fdm", material="pla")
    assert report["print_outwards"].verdict is Verdict.FAIL
    assert report.measures is None
    for ask in (
        measure_thickness,
        find_orientations,
        lambda mesh: measure_overhangs(mesh, up=(0, 0, 1)),
        lambda mesh: find_pools(mesh, up=(0, 0, 1)),
    ):
        with pytest.raises(MeshError, match="inside out"):
            ask(INSIDE_OUT)


def test_an_open_mesh_is_warned_of():
    opened = Mesh(vertices=THIN_PLATE.vertices, faces=THIN_PLATE.faces[1:])
    for ask in (measure_thickness, lambda mesh: measure_overhangs(mesh, up=(0, 0, 1))):
        with pytest.warns(CalvariaWarning, match="open one"):
            ask(opened)


@pytest.mark.parametrize(("side", "verdict"), [(0.01, "FAIL"), (3000.0, "FAIL"), (4.0, "PASS")])
def test_a_part_that_is_not_in_mm_is_said(side, verdict):
    report = check_printability(
        block_mesh(size_mm=(side,) * 3), profile="education", process="fdm", material="pla"
    )
    assert report["print_size"].verdict.name == verdict


def test_the_limit_says_what_the_use_makes_of_it():
    report = check_printability(THIN_PLATE, profile="education", process="fdm", material="PLA")
    assert report["print_walls"].verdict is Verdict.BORDERLINE
    assert "BORDERLINE at worst for this use" in report["print_walls"].limit
    assert report.measures.members == ()
    written = json.dumps(report.measures.to_dict(), allow_nan=False)
    assert json.loads(written)["walls"]["min_mm"] == 0.4
    assert "0.4" in report.measures._repr_html_()


def test_one_of_a_kind_is_said_as_one():
    for mesh, process, material, code, words in (
        (SHUT, "sla", "resin", "print_trapped", "1 void keeps "),
        (HOLE, "fdm", "pla", "print_holes", "1 round hole; it has "),
        (BRIDGE, "fdm", "pla", "print_bridges", "1 bridge may break "),
    ):
        report = check_printability(mesh, profile="education", process=process, material=material)
        assert words in report[code].message
        words_for_many = r"\b1 (place|void|cup|piece|layer|bridge|pin|round hole)s\b"
        for finding in report.findings:
            assert not re.search(words_for_many, finding.message), finding.message


def test_one_flag_for_each_face_of_the_callers_mesh():
    with pytest.raises(ValueError, match=r"shape \(12,\) expected"):
        check_printability(
            THIN_PLATE, profile="education", process="fdm", material="pla", matters=[1, 2]
        )


def test_a_label_off_the_surface_is_refused():
    ask = {"text": "A", "normal_lps": (0, 0, 1), "process": "fdm"}
    with pytest.raises(MeshError, match="43.0 mm off"):
        emboss_label(PLATE, point_lps_mm=(0, 0, 45), up=(0, 1, 0), **ask)
    with pytest.raises(ValueError, match="along the normal"):
        emboss_label(PLATE, point_lps_mm=(0, 0, 2), up=(0, 0, 2), **ask)


@pytest.mark.parametrize("name", ["price_per_kg", "price_per_h"])
@pytest.mark.parametrize("price", [-1.0, float("nan")])
def test_a_price_is_looked_at_without_a_printer_as_well(name, price):
    with pytest.raises(ValueError, match=f"{name}: a finite number above 0 expected"):
        check_printability(THIN_PLATE, process="fdm", material="pla", **{name: price})


def test_a_drain_that_goes_into_no_cavity_is_said_as_that():
    with pytest.raises(MeshError, match="drain_mm: a cavity that a drain of 100 mm goes into"):
        hollow_mesh(block_mesh(size_mm=(20, 20, 20)), wall_mm=2, up=(0, 0, 1), drain_mm=100)
