"""Codes of anatomy, so that a label still says what it is in another program."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from calvaria._html import html_table

__all__ = ["AnatomyCode", "anatomy_code", "anatomy_codes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnatomyCode:
    """What a structure is called in a scheme of codes.

    Attributes
    ----------
    name : str
        Name of the preset.
    scheme, code, meaning : str
        As DICOM writes a code: coding scheme designator, code value, code meaning.
    source : str
        Where the code is listed.
    """

    name: str
    scheme: str
    code: str
    meaning: str
    source: str

    def __repr__(self) -> str:
        return f"AnatomyCode({self.name}: {self.scheme} {self.code} {self.meaning!r})"

    def _repr_html_(self) -> str:
        return html_table(header=("AnatomyCode", ""), rows=list(self.to_dict().items()))

    def to_dict(self) -> dict[str, Any]:
        """Return the code as plain types, ready for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@functools.cache
def _codes() -> dict[str, AnatomyCode]:
    text = files("calvaria").joinpath("_tables", "terminology.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return {
        name: AnatomyCode(name=name, scheme=table["scheme"], **row)
        for name, row in table["anatomy"].items()
    }


def anatomy_codes() -> tuple[AnatomyCode, ...]:
    """Return the codes of all presets.

    Returns
    -------
    tuple of AnatomyCode
        SNOMED CT, as in the context groups of DICOM PS3.16.

    Examples
    --------
    >>> anatomy_codes()[0]
    AnatomyCode(skull: SCT 89546000 'Skull')
    """
    return tuple(_codes().values())


def anatomy_code(name: str) -> AnatomyCode | None:
    """Return the code of a structure by the name of its preset or its meaning; None if unknown.

    Parameters
    ----------
    name : str
        Such as "mandible"; case does not count.

    Returns
    -------
    AnatomyCode or None
        Its code; None for a name that no table row has: nothing is guessed.

    Examples
    --------
    >>> anatomy_code("Mandible").code
    '91609006'
    >>> anatomy_code("left ear") is None
    True
    """
    wanted = name.strip().lower()
    rows = _codes()
    if wanted in rows:
        return rows[wanted]
    return next((row for row in rows.values() if row.meaning.lower() == wanted), None)
