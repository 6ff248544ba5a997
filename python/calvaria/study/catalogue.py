"""The models of a course: where each comes from, under which licence, and which file it is."""

from __future__ import annotations

import hashlib
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from calvaria._html import html_table
from calvaria.errors import StudyError
from calvaria.study.record import Record, plural

__all__ = ["Catalogue", "CatalogueEntry", "hash_file", "load_catalogue"]

_KEYS = ("id", "source", "licence", "purpose")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CatalogueEntry(Record):
    """One model.

    Attributes
    ----------
    id : str
        Short name within the course.
    source : str
        Address or collection it was taken from.
    licence : str
        As the source states it.
    purpose : str
        What it is used for in the course.
    sha256 : str
        Of the file, in hexadecimal; empty where no file is listed.

    Examples
    --------
    >>> entry = CatalogueEntry(id="skull-1", source="phantom", licence="CC0", purpose="bones of the skull")
    >>> entry.meaning
    'skull-1: bones of the skull (CC0, phantom)'
    """

    id: str
    source: str
    licence: str
    purpose: str
    sha256: str = ""

    def __post_init__(self) -> None:
        for key in _KEYS:
            if not getattr(self, key).strip():
                msg = f"{self.id or 'an entry'}: {key} expected, found none"
                raise StudyError(msg)

    @property
    def meaning(self) -> str:
        """What it is for and under which licence."""
        return f"{self.id}: {self.purpose} ({self.licence}, {self.source})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Catalogue(Record):
    """All models of a course.

    Attributes
    ----------
    course : str
        Which course.
    entries : tuple of CatalogueEntry
        Its models, in the order of the file.
    """

    course: str
    entries: tuple[CatalogueEntry, ...]

    def __post_init__(self) -> None:
        ids = [entry.id for entry in self.entries]
        if doubled := sorted({i for i in ids if ids.count(i) > 1}):
            msg = f"{self.course}: one entry for each id expected, found more of {doubled}"
            raise StudyError(msg)

    @property
    def duplicates(self) -> dict[str, tuple[str, ...]]:
        """Files that are listed under several ids, by hash."""
        found: dict[str, tuple[str, ...]] = {}
        for entry in self.entries:
            if entry.sha256:
                found[entry.sha256] = (*found.get(entry.sha256, ()), entry.id)
        return {digest: ids for digest, ids in found.items() if len(ids) > 1}

    @property
    def meaning(self) -> str:
        """How many models, and which are the same file."""
        same = "; ".join(
            f"{' and '.join(ids)} are the same file" for ids in self.duplicates.values()
        )
        return f"{self.course}: {plural(len(self.entries), 'model')}{'; ' + same if same else ''}"

    def _repr_html_(self) -> str:
        return html_table(
            caption=self.course,
            header=("id", "purpose", "licence", "source", "file"),
            rows=[(e.id, e.purpose, e.licence, e.source, e.sha256[:12]) for e in self.entries],
            footer=self.meaning,
        )


def load_catalogue(path: str | os.PathLike[str]) -> Catalogue:
    """Read the catalogue of a course from TOML.

    Parameters
    ----------
    path : path
        ``course`` and ``[[model]]`` rows with ``id``, ``source``, ``licence``, ``purpose`` and,
        if the model is there, ``file`` (relative to the catalogue), of which the hash is taken.

    Returns
    -------
    Catalogue

    Raises
    ------
    StudyError
        An entry without a licence, a source, a purpose or an id; an id twice; a file that is not
        there.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> text = '''
    ... course = "Anatomy I"
    ... [[model]]
    ... id = "skull-1"
    ... source = "phantom"
    ... licence = "CC0"
    ... purpose = "bones of the skull"
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "catalogue.toml"
    ...     _ = path.write_text(text)
    ...     catalogue = load_catalogue(path)
    >>> catalogue.entries[0].licence
    'CC0'
    """
    path = Path(path)
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    entries = []
    for row in table.get("model", []):
        if unknown := sorted(set(row) - {*_KEYS, "file", "sha256"}):
            msg = f"{path.name}, {row.get('id', 'an entry')}: keys not known: {unknown}"
            raise StudyError(msg)
        digest = row.get("sha256", "")
        if "file" in row:
            digest = _digest(path.parent / row["file"], row, digest)
        entries.append(
            CatalogueEntry(**{key: str(row.get(key, "")) for key in _KEYS}, sha256=digest)
        )
    return Catalogue(course=str(table.get("course", path.stem)), entries=tuple(entries))


def hash_file(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file in hexadecimal.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "a.stl"
    ...     _ = path.write_bytes(b"solid")
    ...     hash_file(path)[:8]
    '4b3d4a0d'
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _digest(file: Path, row: dict[str, str], listed: str) -> str:
    if not file.is_file():
        msg = f"{row.get('id', 'an entry')}: a file expected, found none at {row['file']}"
        raise StudyError(msg)
    digest = hash_file(file)
    if listed and listed != digest:
        msg = f"{row.get('id', 'an entry')}: a file with hash {listed[:12]} expected, found {digest[:12]}"
        raise StudyError(msg)
    return digest
