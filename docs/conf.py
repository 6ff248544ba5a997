"""How the pages are built: `make docs`.

Three folders are made at each build and not kept: tutorials (the notebooks as they are stored, not run
again), api (a page for each public module) and project (pages that stand at the root of the project).
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

from docutils import nodes

import calvaria

HERE = Path(__file__).parent
ROOT = HERE.parent

project = "calvaria"
author = "The calvaria developers"
copyright = "The calvaria developers, MIT licence"  # noqa: A001 - the name Sphinx reads
release = metadata.version("calvaria")
extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build", "jupyter_execute"]
html_theme = "furo"
html_title = "calvaria"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_theme_options = {"top_of_page_buttons": []}
html_copy_source = False
nb_execution_mode = "off"
myst_heading_anchors = 3
autosummary_generate = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc says shape, type and frame
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
suppress_warnings = [
    "ref.python",  # a name can be reached from its module and from the top
    "myst.header",  # pages may start a table of codes below the title
]


def _tutorials() -> None:
    folder = HERE / "tutorials"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copy(path, folder / path.name)


def _project() -> None:
    folder = HERE / "project"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text("utf-8")
        text = re.sub(r"\]\(docs/", "](../", text)
        (folder / name.lower()).write_text(text, "utf-8")


def _modules() -> list[str]:
    """Return the public modules that say what is public in them."""
    names = []
    for info in pkgutil.walk_packages(calvaria.__path__, "calvaria."):
        parts = info.name.split(".")[1:]
        if any(part.startswith("_") for part in parts) or parts == ["cli"]:
            continue
        # A file inside a room is reached through the room.
        if len(parts) > 1 and not info.ispkg:
            continue
        if hasattr(importlib.import_module(info.name), "__all__"):
            names.append(info.name)
    return names


def _page(name: str) -> str:
    module = importlib.import_module(name)
    public = [one for one in module.__all__ if not inspect.ismodule(getattr(module, one))]
    table = "\n".join(f"   {one}" for one in public)
    head = f"{name}\n{'=' * len(name)}\n\n.. currentmodule:: {name}\n\n{inspect.getdoc(module)}\n\n"
    return f"{head}.. autosummary::\n\n{table}\n\n" + "".join(_entry(name, one) for one in public)


def _entry(module: str, name: str) -> str:
    thing = getattr(importlib.import_module(module), name)
    if inspect.isclass(thing):
        kind = "autoexception" if issubclass(thing, BaseException) else "autoclass"
        more = "" if kind == "autoexception" else "   :members:\n"
    elif callable(thing):
        kind, more = "autofunction", ""
    else:
        kind, more = "autodata", "   :no-value:\n"
    return f".. {kind}:: {module}.{name}\n{more}\n"


def _api() -> None:
    folder = HERE / "api"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names = _modules()
    for name in names:
        (folder / f"{name}.rst").write_text(_page(name), "utf-8")
    top = [one for one in calvaria.__all__ if not inspect.ismodule(getattr(calvaria, one))]
    where = {one: getattr(getattr(calvaria, one), "__module__", "calvaria") for one in top}
    rows = []
    for one in top:
        home = next((m for m in names if where[one].startswith(m) and one in _all(m)), None)
        rows.append(f"   ~{home}.{one}" if home else f"   ~calvaria.{one}")
    listing = "\n".join(f"   {name}" for name in names)
    (folder / "index.rst").write_text(
        "Reference\n=========\n\nEach page is made from the docstrings, and the examples in them run as "
        "tests.\n\nFrom the top\n------------\n\nThese can be had from ``calvaria`` itself:\n\n"
        ".. autosummary::\n\n"
        + "\n".join(rows)
        + "\n\nRooms\n-----\n\n.. toctree::\n   :maxdepth: 1\n\n"
        f"{listing}\n",
        "utf-8",
    )


def _all(name: str) -> list[str]:
    return list(importlib.import_module(name).__all__)


def _links(_app: Any, name: str, source: list[str]) -> None:
    """Lead a page to the notebooks where the build put them, and each DOI to its place."""
    if name.startswith(("tutorials/", "api/")):
        return
    text = source[0].replace("](../notebooks/", "](tutorials/")
    source[0] = re.sub(
        r"(?<![\[/`\w])doi[: ] ?(10\.\d{4,9}/[^\s|,;`<>]*[^\s|,;`<>.)])",
        r"[doi \1](https://doi.org/\1)",
        text,
    )


def _bars(_app: Any, _what: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Keep the bars of a formula, as in 2 |A and B| / (|A| + |B|), from being read as a reference."""
    for n, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")) and "``" not in line:
            lines[n] = re.sub(r"(?<!\\)\|", r"\\|", line)


def _pictures(app: Any, doctree: Any, _name: str) -> None:
    """Say how wide each picture is: then it leads to itself in full size, which a phone needs."""
    for node in doctree.findall(nodes.image):
        path = Path(app.srcdir) / node["uri"]
        if "width" not in node and path.suffix == ".png" and path.is_file():
            node["width"] = f"{int.from_bytes(path.read_bytes()[16:20], 'big')}px"


def setup(app: Any) -> None:
    """Make the folders, and mend links as pages are read."""
    _tutorials()
    _project()
    _api()
    app.connect("source-read", _links)
    app.connect("doctree-resolved", _pictures)
    app.connect("autodoc-process-docstring", _bars, priority=900)  # after numpydoc
