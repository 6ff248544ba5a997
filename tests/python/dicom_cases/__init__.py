"""Several hundred well-formed, odd, broken and hostile DICOM folders with known truth.

One module per class of fault; a case is a function that writes a folder and returns the truth.
``case.py`` says what may be expected of a loader, ``stack.py`` makes the folders, ``raw.py`` the
bytes that no library would write, ``judge.py`` runs the loader and names the outcome.
"""

import functools
import importlib

from .case import Case

GROUPS = (
    "syntaxes",
    "pixel_formats",
    "encodings",
    "texts",
    "file_names",
    "geometry",
    "orientations",
    "spacings",
    "mixtures",
    "rescale",
    "padding",
    "pixel_lengths",
    "fragments",
    "enhanced",
    "enhanced_faults",
    "hostile_headers",
    "hostile_codecs",
    "hostile_files",
    "archives",
    "directories",
    "accounting",
    "copies",
    "packed",
)


@functools.cache
def all_cases() -> tuple[Case, ...]:
    """Return every case, group by group."""
    modules = [importlib.import_module(f"{__name__}.{group}") for group in GROUPS]
    cases = tuple(case for module in modules for case in module.cases.cases)
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two cases have one name"
    return cases
