"""The pages build without a warning, load nothing from elsewhere, and lead nowhere that is not there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

for library in ("sphinx", "myst_nb", "furo", "numpydoc"):
    pytest.importorskip(library)

ROOT = Path(__file__).parents[2]


def without_views(page):
    """The page without what its frames hold: that is a page of its own."""
    return re.sub(r'srcdoc="[^"]*"', "", page)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    # A copy: the build makes folders beside its sources.
    for name in ("docs", "notebooks"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("_build", "api", "tutorials")
        )
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, folder / name)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "docs", "site"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path: without_views(path.read_text()) for path in (folder / "site").rglob("*.html")}


@pytest.mark.slow
def test_every_link_inside_leads_to_a_place(pages):
    marks = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in pages.items()}
    dead = set()
    for path, text in pages.items():
        if "_modules" in path.parts:  # source code, where a link may be a string
            continue
        for target in re.findall(r'\b(?:href|src)="([^"]+)"', text):
            if re.match(r"[a-z]+:", target):
                continue
            place, _, mark = target.partition("#")
            file = (path.parent / unquote(place.split("?")[0])).resolve() if place else path
            if not file.exists() or (mark and file in marks and unquote(mark) not in marks[file]):
                dead.add((path.name, target))
    assert dead == set()


@pytest.mark.slow
def test_no_page_loads_from_elsewhere(pages):
    for path, text in pages.items():
        assert not re.search(r'<(script|img|link)\b[^>]*\b(src|href)="(https?:)?//', text), (
            path.name
        )


@pytest.mark.slow
def test_every_public_room_and_every_notebook_has_a_page(pages):
    import calvaria

    names = {path.relative_to(path.parents[1]).as_posix() for path in pages}
    rooms = {"checks", "mesh", "segment", "study", "study.plots", "surface", "view", "convert"}
    assert {f"api/calvaria.{room}.html" for room in rooms} <= names
    books = {f"tutorials/{path.stem}.html" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert books <= names
    every = "".join(text for path, text in pages.items() if path.parent.name == "api")
    gone = [
        name
        for name in calvaria.__all__
        if not re.search(rf'id="calvaria\.[\w.]*\b{name}"', every)
        and type(getattr(calvaria, name)).__name__ != "module"
    ]
    assert gone == []
