"""What the pages show is true: their examples run, their links lead somewhere."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "pycon")], ids=lambda p: p.name)
def test_the_sessions_on_a_page_run(page):
    pytest.importorskip("SimpleITK")
    text = "\n".join(blocks(page, "pycon"))
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    assert test.examples
    result = doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(test)
    assert result.failed == 0


def test_the_first_lines_of_the_readme_run(tmp_path, monkeypatch):
    pytest.importorskip("calvaria.phantom")
    pytest.importorskip("calvaria.checks")
    monkeypatch.chdir(tmp_path)
    scripts = blocks(ROOT / "README.md", "python")
    assert scripts
    for script in scripts:
        exec(compile(script, "README.md", "exec"), {})


def test_the_figures_of_the_readme_stand_in_the_benchmarks():
    """Numbers are measured in one place; the README repeats some and makes none."""
    text = (ROOT / "README.md").read_text()
    part = text[text.index("## How exactly") : text.index("## Limits")]
    rows = re.findall(r"^\| (.+?) \|$", part, re.MULTILINE)
    measured = "".join(page.read_text() for page in (ROOT / "docs/benchmarks").glob("*.md"))
    figures = {figure for row in rows for figure in re.findall(r"\d+\.\d+(?: / \d+\.\d+)?", row)}
    figures |= set(re.findall(r"(\d\.\d+) s\b", part))
    assert len(figures) >= 20
    assert {one for one in figures if not re.search(rf"(?<![\d.]){one}(?!\d)", measured)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_public_name_is_described():
    import calvaria

    assert all(getattr(calvaria, name).__doc__ for name in calvaria.__all__)


def test_every_finding_code_is_explained():
    root = Path(__file__).parents[2]
    python = "".join(file.read_text() for file in (root / "python").rglob("*.py"))
    rust = "".join(file.read_text() for file in (root / "src").rglob("*.rs"))
    codes = set(re.findall(r'judge\.(?:say|unproven)\(\s*"([a-z_]+)"', python))
    codes |= set(re.findall(r'Finding\(\s*code="([a-z_]+)"', python))
    codes |= set(re.findall(r'Note::new\(\s*"([a-z_0-9]+)"', rust))
    page = (root / "docs" / "checks.md").read_text()
    assert len(codes) > 30
    assert sorted(code for code in codes if f"`{code}`" not in page) == []


def test_every_explained_code_exists():
    root = Path(__file__).parents[2]
    files = [*(root / "python/calvaria").rglob("*.py"), *(root / "src").rglob("*.rs")]
    source = "".join(file.read_text() for file in files)
    page = (root / "docs" / "checks.md").read_text()
    rows = re.findall(r"^\| (`[a-z_0-9`, ]+) \|", page, re.MULTILINE)
    codes = [code for row in rows for code in re.findall(r"`([a-z_0-9]+)`", row)]
    assert len(codes) > 50
    assert [code for code in codes if f'"{code}"' not in source] == []
