"""Reporting checklists as data: CONSORT for trials, GRRAS for reliability studies."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from calvaria._html import html_table
from calvaria.study.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Checklist", "ChecklistItem", "load_checklist"]

_FOLDER = Path(__file__).parents[1] / "_tables" / "checklists"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChecklistItem(Record):
    """One item: its number, its section and what must be said.

    Attributes
    ----------
    number, section, text : str
        As the checklist has them.
    """

    number: str
    section: str
    text: str

    @property
    def meaning(self) -> str:
        """Number and text."""
        return f"{self.number} {self.section}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Checklist(Record):
    """A checklist and where each item is answered, if anywhere.

    Attributes
    ----------
    name, source : str
        What it is called, and where it was published.
    items : tuple of ChecklistItem
        In its own order.
    answers : tuple of (str, str)
        Number of an item, and where it is answered.
    """

    name: str
    source: str
    items: tuple[ChecklistItem, ...]
    answers: tuple[tuple[str, str], ...] = ()

    @property
    def open_items(self) -> tuple[ChecklistItem, ...]:
        """Items without an answer."""
        answered = {number for number, text in self.answers if text.strip()}
        return tuple(item for item in self.items if item.number not in answered)

    @property
    def meaning(self) -> str:
        """How many items are answered; that they are answered well it cannot say."""
        done = len(self.items) - len(self.open_items)
        return f"{self.name}: {done} of {len(self.items)} items answered; how well, a reader must judge"

    def answer(self, answers: Mapping[str, str]) -> Checklist:
        """Return the checklist with answers (a page, a section, a sentence) by item number.

        Examples
        --------
        >>> filled = load_checklist("CONSORT").answer({"1a": "title", "2": "methods, first line"})
        >>> len(filled.items) - len(filled.open_items)
        2
        """
        known = {item.number for item in self.items}
        if unknown := sorted(set(answers) - known):
            msg = f"answers: item numbers of {self.name} expected, found {unknown}"
            raise ValueError(msg)
        merged = dict(self.answers) | dict(answers)
        return Checklist(
            name=self.name, source=self.source, items=self.items, answers=tuple(merged.items())
        )

    def _repr_html_(self) -> str:
        answers = dict(self.answers)
        return html_table(
            caption=self.name,
            header=("item", "section", "what must be said", "where"),
            rows=[(i.number, i.section, i.text, answers.get(i.number, "")) for i in self.items],
            footer=self.source,
        )


def load_checklist(name: str) -> Checklist:
    """Return a reporting checklist.

    Parameters
    ----------
    name : {"CONSORT", "GRRAS"}
        CONSORT 2025 for randomised trials; GRRAS for reliability and agreement.  The items are
        in our own words; the source has the original.

    Returns
    -------
    Checklist

    Examples
    --------
    >>> load_checklist("GRRAS").items[0].section
    'Title and abstract'
    """
    files = {"CONSORT": "consort_2025.toml", "GRRAS": "grras.toml"}
    if name not in files:
        msg = f"name: one of {sorted(files)} expected, found {name!r}"
        raise ValueError(msg)
    table = tomllib.loads((_FOLDER / files[name]).read_text(encoding="utf-8"))
    items = tuple(ChecklistItem(**row) for row in table["item"])
    return Checklist(name=table["name"], source=table["source"], items=items)
