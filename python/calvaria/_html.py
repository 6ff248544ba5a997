"""Tables for Jupyter and the report.  Takes plain rows, knows no class; every value is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["html_table"]

# Verdict words carry a colour and stay words, so that a grey print-out says the same.
_VERDICT_STYLES = {
    "PASS": "color:#1a7f37",
    "BORDERLINE": "color:#9a6700",
    "UNPROVEN": "color:#0550ae",
    "FAIL": "color:#cf222e;font-weight:bold",
}


# Jupyter makes all columns alike and writes to the right: prose cannot be read so.
_TABLE = ' style="table-layout:auto"'
_LEFT = ' style="text-align:left"'
# An address in a sentence would make its column as wide as the page.
_PROSE = ' style="text-align:left;overflow-wrap:anywhere"'
_LONG = 40


def html_table(
    *,
    header: Sequence[object],
    rows: Iterable[Sequence[object]],
    caption: str = "",
    footer: str = "",
) -> str:
    """Return an HTML table whose every cell is escaped.

    Examples
    --------
    >>> html_table(header=["a"], rows=[["<b>"]]).partition("<tbody>")[2]
    '<tr><td style="text-align:left">&lt;b&gt;</td></tr></tbody></table>'
    """
    head = "".join(f"<th{_LEFT}>{escape(str(cell))}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
    title = f"<caption{_LEFT}>{escape(caption)}</caption>" if caption else ""
    foot = (
        f'<tfoot><tr><td{_PROSE} colspan="{len(header)}"><small>{escape(footer)}</small></td></tr></tfoot>'
        if footer
        else ""
    )
    return (
        f"<table{_TABLE}>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>"
    )


def _cell(cell: object) -> str:
    text = _text(cell)
    style = _VERDICT_STYLES.get(text)
    if style:
        return f'<td style="{style};text-align:left">{text}</td>'
    return f"<td{_PROSE if len(text) > _LONG else _LEFT}>{escape(text)}</td>"


def _text(cell: object) -> str:
    """Return what a person reads: six digits are more than anything here was measured to."""
    if isinstance(cell, float):
        return f"{cell:.0f}" if 1e6 <= abs(cell) < 1e15 else f"{cell:.6g}"
    if isinstance(cell, list | tuple) and cell and all(isinstance(one, float) for one in cell):
        return ", ".join(map(_text, cell))
    return str(cell)
