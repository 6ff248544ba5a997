"""The page itself: sections of text, tables and pictures in one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table
from calvaria._record import plural
from calvaria._whole_files import write_whole
from calvaria.findings import DISCLAIMER, Verdict

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from calvaria.findings import CheckReport, Finding

__all__ = ["Report", "Section", "build_report"]

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2328;max-width:1300px;margin:2em auto;padding:0 1em}
h1{font-size:1.6em;margin-bottom:.2em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid #d0d7de}
table{border-collapse:collapse;font-size:13px;margin:.5em 0}caption{text-align:left;font-weight:600}
td,th{border-bottom:1px solid #d8dee4;padding:.3em .7em;text-align:left;vertical-align:top}
figure{display:inline-block;margin:.4em .8em .4em 0;vertical-align:top}
figcaption{font-size:12px;color:#57606a}
.solid{width:270px;height:270px;border:1px solid #d8dee4}
.slice{border:1px solid #d8dee4;background:#000}
.slice path{fill:none;stroke:#ff9d1c;stroke-width:1.2px;vector-effect:non-scaling-stroke}
.slice text{fill:#fff;paint-order:stroke;stroke:#000;stroke-width:.3px;font-family:sans-serif}
.note{color:#57606a;font-size:13px}
img,svg{max-width:100%}
@media print{h2{break-after:avoid}figure,tr{break-inside:avoid}}
@media (max-width:700px){body{margin:1em auto}thead{display:none}
table,tbody,tr,td{display:block}td{border:0;padding:.1em 0}td:first-child{font-weight:600}td:empty{display:none}
tr{border-bottom:1px solid #d8dee4;padding:.5em 0}figure{margin:.4em 0}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a report.

    Parameters
    ----------
    title : str
        Its heading.
    text : str
        One paragraph; escaped.
    findings : tuple of Finding
        Shown as a table with limits and sources, the most severe first.
    rows : tuple of (str, object)
        Shown as a table of names and values.
    figures : tuple of (str, str)
        Caption, and the markup of a picture that :mod:`calvaria.report` drew.

    Examples
    --------
    >>> section = Section(title="Print", text="Printed upright.", rows=(("layer (mm)", 0.1),))
    >>> build_report(title="Model", sections=[section]).verdict.name
    'PASS'
    """

    title: str
    text: str = ""
    findings: tuple[Finding, ...] = ()
    rows: tuple[tuple[str, object], ...] = ()
    figures: tuple[tuple[str, str], ...] = ()

    def to_html(self) -> str:
        """Return the markup of the section."""
        parts = [f"<h2>{escape(self.title)}</h2>"]
        if self.text:
            parts.append(f"<p>{escape(self.text)}</p>")
        if self.findings:
            parts.append(_findings_table(self.findings))
        if self.rows:
            parts.append(html_table(header=("", ""), rows=self.rows))
        parts += (
            f"<figure>{markup}<figcaption>{escape(caption)}</figcaption></figure>"
            for caption, markup in self.figures
        )
        return "\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the section without its pictures, ready for JSON."""
        return {
            "title": self.title,
            "text": self.text,
            "findings": [finding.to_dict() for finding in self.findings],
            "rows": {name: str(value) for name, value in self.rows},
            "figures": [caption for caption, _ in self.figures],
        }

    def _repr_html_(self) -> str:
        return self.to_html()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page about one model.

    Parameters
    ----------
    title : str
        What it is about; name no person here.
    verdict : Verdict
        The most severe verdict of all its findings.
    sections : tuple of Section
        In reading order.
    """

    title: str
    verdict: Verdict
    sections: tuple[Section, ...]

    def to_html(self) -> str:
        """Return the whole page; it loads nothing from elsewhere."""
        body = "\n".join(section.to_html() for section in self.sections)
        headline = html_table(header=("Verdict",), rows=[(self.verdict.name,)])
        headline += self._reasons_html()
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{_STYLE}</style></head><body>\n"
            f"<h1>{escape(self.title)}</h1>\n"
            f'<p class="note">{escape(DISCLAIMER)} Nothing here is cleared for diagnosis, planning or '
            f"treatment of a patient.</p>\n{headline}\n{body}\n</body></html>\n"
        )

    def _reasons_html(self) -> str:
        """Return why the verdict is no better: whoever opens the page asks that first."""
        findings = [one for section in self.sections for one in section.findings]
        # The series and its volume may say the same of one scan.
        told = {(one.code, one.message): one for one in findings if one.verdict is not Verdict.PASS}
        if not told:
            return "<p>Nothing found above PASS.</p>"
        worst_first = sorted(told.values(), key=lambda one: -one.verdict.rank)
        rows = [
            (one.verdict.name, one.message, one.measured_text, one.limit or "")
            for one in worst_first
        ]
        header = ("verdict", "what needs your eye", "measured", "limit")
        return html_table(header=header, rows=rows)

    def write_html(self, path: str | os.PathLike[str]) -> None:
        """Write the page, whole or not at all."""
        write_whole(Path(path), self.to_html().encode("utf-8"))

    def to_dict(self) -> dict[str, Any]:
        """Return the report without its pictures, ready for JSON."""
        return {
            "title": self.title,
            "verdict": self.verdict.name,
            "disclaimer": DISCLAIMER,
            "sections": [section.to_dict() for section in self.sections],
        }

    def __repr__(self) -> str:
        return f"Report({self.verdict.name}, {plural(len(self.sections), 'section')})"

    def _repr_html_(self) -> str:
        return "\n".join(section.to_html() for section in self.sections)


def build_report(
    *, title: str, sections: Sequence[Section], checks: Iterable[CheckReport] = ()
) -> Report:
    """Gather sections and the reports of checks into one page.

    Parameters
    ----------
    title : str
        What it is about; name no person here.
    sections : sequence of Section
        In reading order.
    checks : iterable of CheckReport
        Each becomes a section of its own, after the others.

    Returns
    -------
    Report
        Its verdict is the most severe one in it.

    Examples
    --------
    >>> from calvaria.findings import Finding, Verdict
    >>> found = Finding(code="slice_gaps", verdict=Verdict.FAIL, message="A slice is missing.")
    >>> build_report(title="Model", sections=[Section(title="Scan", findings=(found,))])
    Report(FAIL, 1 section)
    """
    judged = [Section(title=f"Checks: {one.subject}", findings=one.findings) for one in checks]
    every = (*sections, *judged)
    verdict = Verdict.worst(finding.verdict for section in every for finding in section.findings)
    return Report(title=title, verdict=verdict, sections=every)


def _findings_table(findings: Sequence[Finding]) -> str:
    ordered = sorted(findings, key=lambda finding: -finding.verdict.rank)
    rows = [
        (
            finding.verdict.name,
            finding.code,
            finding.measured_text,
            finding.limit or "",
            finding.message,
            finding.source if finding.limit else "",
        )
        for finding in ordered
    ]
    header = ("verdict", "code", "measured", "limit", "what it means", "source of the limit")
    return html_table(header=header, rows=rows)
