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
    >>> html_table(header=["a"], rows=[["<b>"]])
    '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{escape(str(cell))}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    foot = (
        f'<tfoot><tr><td colspan="{len(header)}"><small>{escape(footer)}</small></td></tr></tfoot>'
        if footer
        else ""
    )
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>"


def _cell(cell: object) -> str:
    text = str(cell)
    style = _VERDICT_STYLES.get(text)
    return f'<td style="{style}">{text}</td>' if style else f"<td>{escape(text)}</td>"
