"""The sheet of a package: what is asked for, in words and numbers, for people and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.findings import DISCLAIMER
from calvaria.mesh import measure_mesh
from calvaria.release.table import load_rows
from calvaria.report import Section, draw_solid
from calvaria.report.png import png_uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from calvaria.findings import Finding, Override
    from calvaria.material import Material, Process, Use
    from calvaria.mesh import Mesh

__all__ = ["facts_of", "sections_of", "to_make"]

_PIXELS = 320
_BLANK = "............................................"


def facts_of(mesh: Mesh, material: Material) -> dict[str, Any]:
    """Return what a part measures, lengths in mm, and what it weighs, g."""
    found = measure_mesh(mesh)
    volume = found.volume_mm3 or 0.0
    to_g = volume / 1000.0
    return {
        "unit": "mm",
        "frame": "LPS: x to the patient's left, y to the back, z to the head",
        "size_xyz_mm": np.round(np.asarray(found.size_mm), 3).tolist(),
        "oriented_size_mm": np.round(np.asarray(found.oriented_size_mm), 3).tolist(),
        "volume_mm3": round(volume, 2),
        "area_mm2": round(found.area_mm2, 2),
        "n_triangles": len(mesh.faces),
        "mass_g": round(to_g * material.density_g_cm3, 2),
        "mass_range_g": [round(to_g * density, 2) for density in material.density_range],
        "density_source": material.density_source,
    }


def to_make(material: Material, process: Process) -> dict[str, Any]:
    """Return what the part is asked in."""
    return {
        "code": material.code,
        "name": material.name,
        "kind": material.kind,
        "standards": list(material.standards),
        "standards_source": material.standards_source,
        "process": process.code,
        "process_name": process.name,
        "after_printing": material.after_printing,
        "sterilise": material.sterilise,
        "sterilise_note": material.sterilise_note,
        "sterilise_source": material.sterilise_source,
        "needs": list(material.needs),
        "comment": material.comment,
        "source": material.source,
    }


def sections_of(
    mesh: Mesh,
    *,
    use: Use,
    partner: str,
    reference: str,
    facts: Mapping[str, Any],
    made_of: Mapping[str, Any],
    tolerance: tuple[float, str],
    findings: Mapping[str, Sequence[Finding]],
    overrides: Sequence[Override],
    checksums: Mapping[str, str],
) -> list[Section]:
    """Return the sections of the sheet, in reading order."""
    part = (
        ("reference", reference or "none given"),
        ("for", use.name),
        ("manufacturer", partner),
        ("files", "part.stl and part.3mf hold the same surface; the 3MF states its unit"),
    )
    asked = [
        ("material", f"{made_of['name']} ({made_of['kind']})"),
        ("standard", ", ".join(made_of["standards"]) or "none in the catalogue: to be agreed"),
        ("source of the standard", made_of["standards_source"]),
        ("process", made_of["process_name"]),
        ("after printing", made_of["after_printing"]),
        ("sterilisation", f"{made_of['sterilise_note']} ({made_of['sterilise_source']})"),
        ("to know", f"{made_of['comment']} ({made_of['source']})"),
    ]
    limit, source = tolerance
    pictures = tuple(
        (side, f'<img class="solid" alt="" src="{png_uri(pixels)}">')
        for side, pixels in draw_solid(mesh, n_pixels=_PIXELS).items()
    )
    return [
        Section(title="The part", rows=part),
        Section(title="Material and process", rows=tuple(row for row in asked if row[1])),
        Section(title="Dimensions", rows=tuple(_dimensions(facts)), figures=pictures),
        Section(
            title="Tolerance",
            rows=(
                ("made part against part.stl", f"within {limit:g} mm everywhere"),
                ("source", source),
            ),
        ),
        _listed("To be answered before it is made", "question", "question"),
        _listed("What the manufacturer brings", "document", "document"),
        *(_judged(title, some) for title, some in findings.items()),
        _set_aside(overrides),
        Section(
            title="Files, SHA-256", rows=tuple(checksums.items()),
            text="SHA256SUMS holds the sums of all files of the folder.",
        ),
        Section(
            title="Release",
            text="To be filled in by hand. The package is a request, and releases nothing by itself.",
            rows=tuple((who, _BLANK) for who in ("prescribed by, date", "checked by, date", "released by, date")),
        ),
    ]  # fmt: skip


def _dimensions(facts: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
    size, oriented = (
        " x ".join(f"{mm:.2f}" for mm in facts[key]) for key in ("size_xyz_mm", "oriented_size_mm")
    )
    low, high = facts["mass_range_g"]
    yield "unit, frame", f"millimetres; {facts['frame']}"
    yield "size along x, y, z", f"{size} mm"
    yield "size along its own axes", f"{oriented} mm"
    yield "volume", f"{facts['volume_mm3'] / 1000:.3f} cm3"
    yield "surface", f"{facts['area_mm2'] / 100:.2f} cm2"
    yield "triangles", facts["n_triangles"]
    mass = f"{facts['mass_g']:.2f} g, {low:.2f} to {high:.2f} g with the density"
    yield "mass, solid", f"{mass} ({facts['density_source']})"


def _listed(title: str, rows: str, word: str) -> Section:
    return Section(
        title=title,
        rows=tuple(
            (f"{word} {n}", f"{text} ({source})") for n, (text, source) in enumerate(load_rows(rows), 1)
        ),
    )  # fmt: skip


def _judged(title: str, findings: Sequence[Finding]) -> Section:
    return Section(
        title=title, findings=tuple(findings), text="" if findings else "Nothing was handed over."
    )


def _set_aside(overrides: Sequence[Override]) -> Section:
    return Section(
        title="Set aside",
        text="" if overrides else f"Nothing. {DISCLAIMER}",
        rows=tuple((one.code, f"{one.reason} ({one.name})") for one in overrides),
    )
