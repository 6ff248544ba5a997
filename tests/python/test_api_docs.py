"""What help() says of every public name, and that its example teaches."""

import dataclasses
import doctest
import inspect
import re

import pytest

import calvaria
from public_names import FUNCTIONS, RECORDS


def untold(record):
    """Fields of a record that its docstring does not list."""
    told = set()
    for line in (inspect.getdoc(record) or "").splitlines():
        if found := re.match(r"([a-zA-Z_0-9, ]+) : \S", line):
            told.update(name.strip() for name in found[1].split(","))
    return {f.name for f in dataclasses.fields(record) if not f.name.startswith("_")} - told


@pytest.mark.parametrize("name", RECORDS)
def test_every_record_says_what_each_of_its_fields_is(name):
    assert untold(RECORDS[name]) == set()


def test_a_field_that_is_not_told_is_seen():
    @dataclasses.dataclass
    class Record:
        """One.

        Attributes
        ----------
        told_mm, also : float, int
            Lengths.
        """

        told_mm: float
        also: int
        silent: int

    assert untold(Record) == {"silent"}


# What people make themselves; all others come out of functions, whose examples show them.
MADE_BY_HAND = (
    "Acquisition", "ArmFlow", "BarReading", "CatalogueEntry", "CheckReport", "Column", "DataDictionary",
    "ErrorPart", "Finding", "Grid", "Mask", "Mesh", "Override", "PairedSummary", "ParticipantFlow",
    "PrintCosts", "Printer", "Revision", "Scanner", "Section", "SpecimenCosts", "Summary", "TrialEffect",
    "Volume",
)  # fmt: skip


@pytest.mark.parametrize("name", MADE_BY_HAND)
def test_what_people_make_themselves_has_an_example(name):
    made = [r for r in RECORDS.values() if r.__name__ == name and r is not calvaria.mesh.Section]
    assert len(made) == 1
    assert shows_nothing(made[0]) == ""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_teaches(name):
    lines = inspect.getdoc(FUNCTIONS[name]).splitlines()
    assert lines[0].endswith(".")
    takes = [p for p in inspect.signature(FUNCTIONS[name]).parameters if p != "self"]
    assert not takes or "Parameters" in lines
    assert "Returns" in lines or inspect.signature(FUNCTIONS[name]).return_annotation == "None"


def shows_nothing(function):
    """Why the example of a function teaches nothing, or an empty string; pytest runs it elsewhere."""
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(function) or "")
    if not any(function.__name__ in example.source for example in examples):
        return "no example calls it"
    if any(doctest.SKIP in example.options for example in examples):
        return "its example is not run"
    told = [example.want.strip() for example in examples if example.want]
    if not any(told) or all(
        "is not None" in example.source for example in examples if example.want
    ):
        return "its example shows no value"
    return ""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_example_that_shows_what_comes_back(name):
    lines = inspect.getdoc(FUNCTIONS[name]).splitlines()
    assert "Examples" in lines
    assert shows_nothing(FUNCTIONS[name]) == ""


def planted(doc):
    def taught():
        pass

    taught.__doc__ = doc
    return taught


@pytest.mark.parametrize(
    ("doc", "why"),
    [
        (None, "no example calls it"),
        ("Return four.", "no example calls it"),
        (">>> 2 + 2\n4", "no example calls it"),
        (">>> taught()  # doctest: +SKIP\n4", "its example is not run"),
        (">>> made = taught()", "its example shows no value"),
        (">>> taught() is not None\nTrue", "its example shows no value"),
        (">>> taught()\n4", ""),
    ],
)
def test_an_example_that_teaches_nothing_is_seen(doc, why):
    assert shows_nothing(planted(doc)) == why


@pytest.mark.parametrize("name", FUNCTIONS)
def test_after_the_subject_everything_is_named(name):
    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    # Two only where two things are set beside each other, or one is written to a place.
    assert len(positional) <= 2
