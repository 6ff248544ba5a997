"""A model made once more from its record, and its files held against those of the first time."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria.findings import CheckReport, Finding, Verdict
from calvaria.pipeline.model import build_model

if TYPE_CHECKING:
    import os

    from calvaria.pipeline.result import ModelResult
    from calvaria.rules import Rules

__all__ = ["Repetition", "repeat_model"]

_SOURCE = "house rule: the same input, parameters and versions give the same bytes"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repetition:
    """A model made once more, and whether it is the same.

    Attributes
    ----------
    model : ModelResult
        As :func:`build_model` returns it.
    report : CheckReport
        Whether input, versions and files are those of the record.
    """

    model: ModelResult
    report: CheckReport

    @property
    def verdict(self) -> Verdict:
        """PASS when every file is the same, byte for byte."""
        return self.report.verdict

    def __repr__(self) -> str:
        return f"Repetition({self.verdict.name}: {'; '.join(one.message for one in self.report)})"

    def _repr_html_(self) -> str:
        return self.report._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Return the checks and the new record, ready for JSON."""
        return {"report": self.report.to_dict(), "record": self.model.to_dict()}


def repeat_model(
    record: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    mask: str | os.PathLike[str] | None = None,
    printer_record: str | os.PathLike[str] | None = None,
    rules: Rules | None = None,
) -> Repetition:
    """Make a model once more as its record says, and hold its files against the record's hashes.

    Parameters
    ----------
    record : path
        ``record.json`` of a model.
    path : path
        The study, as for :func:`build_model`: a record holds the hashes of its files, not where they are.
    output : path, optional
        A folder for the files; left out, they are compared and not kept.
    mask, printer_record : path, optional
        The mask and the printer's readings, where the model was made with them.
    rules : Rules, optional
        The limits, where the model was made with limits of your own.

    Returns
    -------
    Repetition
        PASS when every file is the same, byte for byte; FAIL otherwise, with what else differs.

    Raises
    ------
    ValueError
        The record is no record of a model, or was made with a mask, a printer's record or rules that
        are not given.
    OSError
        The record cannot be read, or the output folder not written.

    Examples
    --------
    >>> from calvaria import phantom
    >>> from calvaria.pipeline import build_model
    >>> scanner = phantom.Scanner(columns=48, rows=48, spacing_xy_mm=(2.0, 2.0), noise_hu=5.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     study = f"{folder}/study"
    ...     _ = phantom.write_study(phantom.sphere(radius_mm=20), study, scanner=scanner)
    ...     _ = build_model(study, profile="education", anatomy="generic", output=f"{folder}/out")
    ...     again = repeat_model(f"{folder}/out/record.json", study)
    >>> again.verdict.name
    'PASS'
    """
    known = _read(Path(record))
    asked = known["parameters"]
    for name, flag, given in (
        ("mask", "has_mask", mask),
        ("printer_record", "has_printer_record", printer_record),
        ("rules", "has_own_rules", rules),
    ):
        if bool(asked[flag]) != (given is not None):
            which = "expected, none was given" if asked[flag] else "not expected, one was given"
            msg = f"{name}: {which}; the record says what the model was made with"
            raise ValueError(msg)
    with tempfile.TemporaryDirectory() as nowhere:
        model = build_model(
            path,
            profile=asked["profile"],
            anatomy=asked["anatomy"],
            output=nowhere if output is None else output,
            series=asked["series"],
            mask=mask,
            label=asked["label"],
            spacing_xyz_mm=None
            if asked["spacing_xyz_mm"] is None
            else tuple(asked["spacing_xyz_mm"]),
            iso_hu=asked["asked_iso_hu"],
            **{name: asked[name] for name, why in asked["sources"].items() if why == "as asked"},
            printer=asked["printer"],
            printer_record=printer_record,
            today=asked["today"],
            rules=rules,
            show_file_names=asked["show_file_names"],
        )
    return Repetition(model=model, report=_held_against(known, model.record))


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        asked = known["parameters"]
        _ = known["input"]["sha256"], known["versions"], known["outputs_sha256"]
        for name in ("profile", "anatomy", "sources", "asked_iso_hu", "today", "show_file_names"):
            asked[name]
    except (ValueError, KeyError, TypeError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else "something else"
        msg = f"{path.name}: the record of a model, from build_model, expected; found {what}"
        raise ValueError(msg) from None
    return dict(known)


def _held_against(known: dict[str, Any], found: dict[str, Any]) -> CheckReport:
    findings = (
        _finding("repeated_input", "input files", _numbered(known), _numbered(found)),
        _finding("repeated_versions", "versions", known["versions"], found["versions"]),
        _finding("repeated_files", "files", known["outputs_sha256"], found["outputs_sha256"]),
    )
    asked = known["parameters"]
    return CheckReport(
        subject="model made once more",
        findings=findings,
        profile=asked["profile"],
        anatomy=asked["anatomy"],
    )


def _numbered(record: dict[str, Any]) -> dict[str, str]:
    return {f"file {n}": sha256 for n, sha256 in enumerate(record["input"]["sha256"], 1)}


def _finding(code: str, what: str, known: dict[str, str], found: dict[str, str]) -> Finding:
    names = [*known, *(name for name in found if name not in known)]
    others = tuple(name for name in names if known.get(name) != found.get(name))
    if others:
        more = f" and {len(others) - 4} more" if len(others) > 4 else ""
        message = f"The {what} are not those of the record: {', '.join(others[:4])}{more}."
    else:
        message = f"The {what} are those of the record, all {len(names)}."
    return Finding(
        code=code,
        verdict=Verdict.FAIL if others else Verdict.PASS,
        message=message,
        measured=float(len(others)),
        limit="PASS at 0 that differ",
        places=others,
        source=_SOURCE,
    )
