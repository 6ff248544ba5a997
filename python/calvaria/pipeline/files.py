"""The files of a model, and the record that holds their hashes."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._whole_files import write_whole
from calvaria.errors import MeshError
from calvaria.findings import DISCLAIMER, Finding, Verdict
from calvaria.mesh import write_mesh
from calvaria.pipeline.result import ModelResult
from calvaria.report import Section, build_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calvaria.pipeline.source import Source
    from calvaria.report import Report

__all__ = ["need_folder", "record_of", "write_model"]

_MESH_FILES = ("model.stl", "model.3mf")


def record_of(
    source: Source,
    parameters: dict[str, Any],
    findings: Sequence[Finding],
    report: Report,
) -> dict[str, Any]:
    """Return what the model was made from and with; the same input gives the same record."""
    from importlib.metadata import version  # noqa: PLC0415 - only a record needs it

    return {
        "disclaimer": DISCLAIMER,
        "versions": {name: version(name) for name in ("calvaria", "numpy")},
        "input": {"choice": source.choice, "sha256": list(source.sha256)},
        "grid": source.volume.grid.to_dict(),
        "parameters": parameters,
        "steps": [finding.to_dict() for finding in findings],
        "verdict": report.verdict.name,
    }


def need_folder(folder: Path) -> None:
    """Refuse at once, not after the work, a folder that cannot be written."""
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        msg = f"{folder.name}: a folder to write into expected, found that {nearest.name} is a file"
        raise NotADirectoryError(msg)
    if not os.access(nearest, os.W_OK | os.X_OK):
        msg = f"{folder.name}: a folder that may be written expected, found {nearest.name} without that right"
        raise PermissionError(msg)


def write_model(result: ModelResult, folder: Path) -> ModelResult:
    """Write all files beside their places and move them there together.

    What an earlier run left there goes or stays as a whole, whenever this one is interrupted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".calvaria-", suffix=".part", dir=folder) as beside:
        work = Path(beside)
        written = _written(result, work)
        for name in (*_MESH_FILES, "report.html", "record.json"):
            if name in written.files:
                (work / name).replace(folder / name)
            else:
                # That of an earlier run says something else.
                (folder / name).unlink(missing_ok=True)
    return written


def _written(result: ModelResult, folder: Path) -> ModelResult:
    """Write all files; the record, written last, holds the hashes of the others."""
    sha256: dict[str, str] = {}
    refused: list[Finding] = []
    for name in _MESH_FILES:
        try:
            write_mesh(result.mesh, folder / name)
        except MeshError as error:
            refused.append(_refusal(name, str(error)))
            continue
        sha256[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    report = result.report
    if refused:
        more = Section(title="Files that could not be written", findings=tuple(refused))
        report = build_report(title=report.title, sections=(*report.sections, more))
    report.write_html(folder / "report.html")
    sha256["report.html"] = hashlib.sha256((folder / "report.html").read_bytes()).hexdigest()
    record = {**result.record, "verdict": report.verdict.name, "outputs_sha256": sha256}
    text = json.dumps(record, indent=2, sort_keys=True, allow_nan=False, default=str)
    write_whole(folder / "record.json", (text + "\n").encode("utf-8"))
    return ModelResult(
        **{
            name: getattr(result, name)
            for name in result.__dataclass_fields__
            if name not in {"record", "report", "files"}
        },
        record=record,
        report=report,
        files=(*sha256, "record.json"),
    )


def _refusal(name: str, why: str) -> Finding:
    return Finding(
        code="model_file",
        verdict=Verdict.FAIL,
        message=f"{name} was not written: {why}.",
        measured=name,
    )
