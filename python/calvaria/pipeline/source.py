"""Where a model comes from: one volume, with what was found on the way to it."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table
from calvaria.checks import check_series, check_volume
from calvaria.dicom import find_series, load_series
from calvaria.errors import CalvariaWarning, InconsistentSeriesError, NotDicomError
from calvaria.images import load_image
from calvaria.invesalius import load_invesalius

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from calvaria.dicom import Series, SeriesList
    from calvaria.findings import CheckReport
    from calvaria.rules import Rules
    from calvaria.volume import Volume

__all__ = ["Source", "open_source"]

_IMAGE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_INVESALIUS_SUFFIX = ".inv3"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A volume and where it comes from.

    Attributes
    ----------
    volume : Volume
        The image.
    choice : str
        Which series was taken and why, in one sentence; names no person and no file.
    checks : tuple of CheckReport
        What was found in the headers and in the voxels.
    sha256 : tuple of str
        Of each file it was read from, in the order of the slices.
    """

    volume: Volume
    choice: str
    checks: tuple[CheckReport, ...]
    sha256: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the voxels as plain types, ready for JSON."""
        return {
            "volume": self.volume.to_dict(),
            "choice": self.choice,
            "checks": [check.to_dict() for check in self.checks],
            "sha256": list(self.sha256),
        }

    def __repr__(self) -> str:
        return f"Source({self.choice}; {self.volume!r})"

    def _repr_html_(self) -> str:
        return html_table(
            header=("Source", ""), rows=[("choice", self.choice), ("grid", self.volume)]
        )


def open_source(
    path: str | os.PathLike[str],
    *,
    profile: str,
    anatomy: str,
    series: int | None = None,
    rules: Rules | None = None,
) -> Source:
    """Read the image at a path and judge it.

    Parameters
    ----------
    path : path
        A folder, file, DICOMDIR or zip archive of DICOM; or an image in NIfTI, NRRD or MetaImage; or a
        project of InVesalius.
    profile, anatomy : str
        What it is for, and what it shows.
    series : int, optional
        Which series, counted as :func:`find_series` lists them from 1.  Left out, the best one is
        taken: that with the mildest verdict on its headers, then the longest, then the finest.
    rules : Rules, optional
        Limits of your own.

    Returns
    -------
    Source
        The volume, its checks, and the choice in words.

    Raises
    ------
    DicomError
        Nothing there can be loaded; the message says why.
    """
    path = Path(path)
    name = path.name.lower()
    if name.endswith(_INVESALIUS_SUFFIX):
        return _image(
            load_invesalius(path), path, "a project of InVesalius", profile, anatomy, rules
        )
    if name.endswith(_IMAGE_SUFFIXES):
        quantity = "HU" if _may_be_hu(load_image(path)) else "arbitrary"
        volume = load_image(path, quantity=quantity)
        told = (
            "an image file; its values look like HU"
            if quantity == "HU"
            else "an image file; its values are not HU"
        )
        return _image(volume, path, told, profile, anatomy, rules)
    return _study(path, profile, anatomy, series, rules)


def _image(
    volume: Volume, path: Path, choice: str, profile: str, anatomy: str, rules: Rules | None
) -> Source:
    checks = (check_volume(volume, profile=profile, anatomy=anatomy, rules=rules),)
    return Source(volume=volume, choice=choice, checks=checks, sha256=(_sha256(path),))


def _may_be_hu(volume: Volume) -> bool:
    """Whether air is where air is in HU; files of images do not say what their values are."""
    lowest = float(volume.values.min())
    return -4096 <= lowest <= -900 and float(volume.values.max()) > 100


def _study(
    path: Path, profile: str, anatomy: str, number: int | None, rules: Rules | None
) -> Source:
    found = find_series(path)
    loadable = [one for one in found if one.is_loadable]
    if number is not None and not 1 <= number <= len(found):
        msg = f"series: 1 to {len(found)} expected, found {number}"
        raise InconsistentSeriesError(msg)
    if number is None and not loadable:
        raise NotDicomError(_why_none(found))
    reports = {
        id(one): check_series(one, profile=profile, anatomy=anatomy, rules=rules)
        for one in (loadable if number is None else [found[number - 1]])
    }
    chosen = (
        found[number - 1]
        if number is not None
        else min(loadable, key=lambda one: _rank(one, reports[id(one)]))
    )
    with warnings.catch_warnings():
        # Each of these is a finding of the report.
        warnings.simplefilter("ignore", CalvariaWarning)
        volume = load_series(chosen)
    more = check_volume(volume, profile=profile, anatomy=anatomy, rules=rules)
    others = len(loadable) - 1
    why = "as asked" if number is not None else "the only one that loads"
    if number is None and others:
        why = f"the mildest findings, the longest, the finest of {len(loadable)} that load"
    choice = f"series {found.index(chosen) + 1} of {len(found)}: {why}"
    return Source(
        volume=volume,
        choice=choice,
        checks=(reports[id(chosen)], more),
        sha256=tuple(_file_hashes(path, chosen)),
    )


def _rank(series: Series, report: CheckReport) -> tuple[float, ...]:
    length = (series.slice_increment_mm or 0.0) * series.n_slices
    spacing = series.pixel_spacing_xy_mm or (1.0, 1.0)
    return (report.verdict.rank, -round(length), series.slice_increment_mm or 0.0, max(spacing))


def _why_none(found: SeriesList) -> str:
    if not found:
        return "no DICOM series found"
    reasons = "; ".join(f"#{n}: {one.reason}" for n, one in enumerate(found, 1))
    return f"none of {len(found)} series can be loaded: {reasons}"


def _file_hashes(path: Path, series: Series) -> Iterable[str]:
    """Hash what was read; an archive is hashed as a whole."""
    folder = path if path.is_dir() else path.parent
    files = [folder / name for name in dict.fromkeys(series.files)]
    if path.is_dir() or all(file.is_file() for file in files):
        return [_sha256(file) for file in files]
    return [_sha256(path)]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
