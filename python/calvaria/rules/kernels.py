"""Reconstruction kernels, by the names that vendors give them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table
from calvaria.rules.schema import read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Kernel", "classify_kernel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What the table of reconstruction kernels says about a name.

    Attributes
    ----------
    name : str
        The name as the header has it.
    kind : str
        ``"soft"``, ``"bone"``, ``"sharp"`` or ``"unknown"``.
    source : str
        Who says so.
    """

    name: str
    kind: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain types, ready for JSON."""
        return {"name": self.name, "kind": self.kind, "source": self.source}

    def _repr_html_(self) -> str:
        return html_table(caption="Kernel", header=("", ""), rows=self.to_dict().items())


def classify_kernel(name: str | None, *, manufacturer: str | None) -> Kernel:
    r"""Look a reconstruction kernel up in the table of vendors' names.

    A name that is not in the table of its vendor is ``"unknown"``; nothing is guessed.

    Parameters
    ----------
    name : str or None
        ConvolutionKernel (0018,1210); of several values the first counts, the others are strengths
        of iterative reconstruction.
    manufacturer : str or None
        Manufacturer (0008,0070), which says whose names they are.

    Returns
    -------
    Kernel

    Examples
    --------
    >>> classify_kernel("H60s", manufacturer="SIEMENS").kind
    'bone'
    >>> classify_kernel("Hr40f\\3", manufacturer="Siemens Healthineers").kind
    'soft'
    >>> classify_kernel("BONE", manufacturer="Nobody").kind
    'unknown'
    """
    written = name or ""
    for row in _kernel_table():
        if any(word in (manufacturer or "").lower() for word in row["vendor"]) and _named(
            written, row
        ):
            return Kernel(name=written, kind=row["class"], source=row["source"])
    return Kernel(name=written, kind="unknown", source="python/calvaria/_tables/kernels.toml")


@functools.cache
def _kernel_table() -> tuple[Mapping[str, Any], ...]:
    raw = read_toml(Path(__file__).parents[1] / "_tables" / "kernels.toml")
    return tuple(raw["kernels"])


def _named(written: str, row: Mapping[str, Any]) -> bool:
    first = re.split(r"[\\,;\[\]']+", written.strip("[]' "))[0].strip()
    if first.upper() in (name.upper() for name in row.get("names", ())):
        return True
    # Siemens: marker, two-digit index, and an ending for the rotation time.
    found = re.fullmatch(r"([A-Z][a-z]?)(\d{2})[a-z]?", first)
    return bool(
        found
        and found[1] in row.get("family", ())
        and row["index_min"] <= int(found[2]) <= row["index_max"]
    )
