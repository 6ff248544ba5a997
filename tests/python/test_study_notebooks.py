"""The notebooks of the study kit run from top to bottom and say what they promise."""

import ast
import re
from pathlib import Path

import pytest

pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("statsmodels")
pytest.importorskip("matplotlib")

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
BOOKS = [
    "08_plan_a_trial",
    "09_analyse_a_trial",
    "10_published_trials",
    "11_pool_trials",
    "12_measure_printed_bones",
    "13_a_year_of_teaching",
]


def read(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def code_of(book):
    cells = [cell.source for cell in book.cells if cell.cell_type == "code"]
    return "\n".join(re.sub(r"^%.*$", "", cell, flags=re.MULTILINE) for cell in cells)


def printed(book):
    """What each cell prints; the kernel may send it in one piece or in several."""
    return [
        "".join(output.text for output in cell.outputs if output.output_type == "stream")
        for cell in book.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("name", BOOKS)
def test_a_notebook_has_a_title_public_names_no_function_and_small_outputs(name):
    book = read(name)
    assert book.cells[0].cell_type == "markdown"
    assert book.cells[0].source.startswith("# ")
    tree = ast.parse(code_of(book))
    assert not [
        n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Lambda)
    ]
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module, *(alias.name for alias in node.names)]
        assert not [m for m in modules if m.startswith("_") or "._" in m]
    assert all(cell.outputs or "import" in cell.source or "=" in cell.source
               for cell in book.cells if cell.cell_type == "code")  # fmt: skip
    assert (FOLDER / f"{name}.ipynb").stat().st_size < 400_000


@pytest.mark.parametrize("name", BOOKS)
def test_a_notebook_runs_and_prints_what_is_stored(name, tmp_path):
    stored, book = read(name), read(name)
    client = NotebookClient(
        book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    assert printed(book) == printed(stored)
    assert not list(tmp_path.iterdir())
    pictures = [
        output
        for cell in book.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert pictures
