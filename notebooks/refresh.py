"""Run the notebooks and store what they show, so that only what changed shows in a diff.

    python notebooks/refresh.py            all of them
    python notebooks/refresh.py 02 04      those whose names start so

Cells are numbered, metadata is dropped, printed text comes in one piece, and a PNG keeps its pixels
only.  A picture whose pixels did not change stays as it was stored.
"""

from __future__ import annotations

import base64
import io
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib.image
import nbformat
import numpy as np
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# Chunks of a PNG that hold no pixels: who wrote it, and when.
WORDS = {b"tEXt", b"iTXt", b"zTXt", b"tIME"}


def without_words(png: bytes) -> bytes:
    """Return a PNG without the chunks that hold text."""
    kept, at = [png[:8]], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] not in WORDS:
            kept.append(png[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept)


def pixels(text: str) -> Any:
    """Return the pixels of a stored PNG."""
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(text)))


def picture(new: str, stored: list[str]) -> str:
    """Return a picture without words, or the stored one that has the same pixels."""
    for old in stored:
        if np.array_equal(pixels(old), pixels(new)):
            return old
    return base64.b64encode(without_words(base64.b64decode(new))).decode("ascii")


def tidied(outputs: list[Any], stored: list[Any]) -> list[Any]:
    """Return the outputs of a cell: streams in one piece, pictures without words, no spent bars."""
    kept: list[Any] = []
    before = [one.data["image/png"] for one in stored if "image/png" in one.get("data", {})]
    for output in outputs:
        if output.get("data", {}).get("text/plain") == "":
            continue  # the place of a progress bar that is gone
        output.pop("metadata", None)
        if output.output_type == "stream":
            if kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
                kept[-1].text += output.text
                continue
        else:
            output.metadata = {}
            if "image/png" in output.data:
                output.data["image/png"] = picture(output.data["image/png"], before)
        kept.append(output)
    return kept


def refresh(path: Path) -> None:
    """Run one notebook and store it."""
    stored = nbformat.read(path, as_version=4)
    book = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        NotebookClient(book, timeout=300, kernel_name="python3", resources=where).execute()
    book.metadata = METADATA
    for n, (cell, old) in enumerate(zip(book.cells, stored.cells, strict=True)):
        cell.id, cell.metadata = f"{path.name[:2]}-{n:02}", {}
        if cell.cell_type == "code":
            cell.outputs = tidied(cell.outputs, old.outputs)
    nbformat.write(book, path)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    for one in sorted(FOLDER.glob("*.ipynb")):
        if not sys.argv[1:] or one.name.startswith(tuple(sys.argv[1:])):
            refresh(one)
