"""Where a model comes from: one volume, with what was found on the way to it."""

from __future__ import annotations

import dataclasses
import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._html import html_table
from calvaria._record import plural
from calvaria.checks import check_series, check_volume
from calvaria.dicom import find_series, load_series
from calvaria.errors import (
    CalvariaError,
    CalvariaWarning,
    GeometryError,
    InconsistentSeriesError,
    NotDicomError,
)
from calvaria.invesalius import load_invesalius
from calvaria.pipeline.image_file import SUFFIXES, choose_label, labels_of, open_image, open_mask
from calvaria.pipeline.naming import numbers_of, without_names
from calvaria.segment import resample_mask

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from calvaria.dicom import Series, SeriesList
    from calvaria.findings import CheckReport
    from calvaria.rules import Rules
    from calvaria.volume import Mask, Volume

__all__ = ["Source", "open_source"]

_INVESALIUS_SUFFIX = ".inv3"
_BLOCK_BYTES = 1 << 20
_LISTED = 3
# Slices of a label map are empty beside the structure, and alike within it: nothing is lost.
_OF_GREY_VALUES = frozenset({"constant_slices", "repeated_slices"})


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
        Of each file it was read from, in the order of the slices; last that of the mask.
    mask : Mask or None
        Which voxels the model is to hold, where a mask was given or the image is one.
    is_label_map : bool
        Whether the image is a label map, so that there are no grey values.
    """

    volume: Volume
    choice: str
    checks: tuple[CheckReport, ...]
    sha256: tuple[str, ...]
    mask: Mask | None = None
    is_label_map: bool = False

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
    mask: str | os.PathLike[str] | None = None,
    label: str | int | None = None,
    spacing_xyz_mm: tuple[float, float, float] | None = None,
    rules: Rules | None = None,
    show_file_names: bool = False,
) -> Source:
    """Read the image at a path and judge it.

    Parameters
    ----------
    path : path
        A folder, file, DICOMDIR or zip archive of DICOM; or an image or label map in NIfTI, NRRD,
        MetaImage or TIFF; or a project of InVesalius.
    profile, anatomy : str
        What it is for, and what it shows.
    series : int, optional
        Which series, counted as :func:`find_series` lists them from 1.  Left out, the best one is
        taken: that with the mildest verdict on its headers, then the longest, then the finest.
    mask : path, optional
        A file that says which voxels, as :func:`calvaria.load_mask` reads it.
    label : str or int, optional
        Which label of the mask or label map, by name or number; left out, all of them as one body.
    spacing_xyz_mm : tuple of float, optional
        Size of the voxels along columns, rows and slices, for a file that states no place.
    rules : Rules, optional
        Limits of your own.
    show_file_names : bool
        Let findings name files.  Left out, they say "slice 17 of series 1": a file may be named
        after a patient.  Exceptions name files all the same.

    Returns
    -------
    Source
        The volume, its checks, and the choice in words.

    Raises
    ------
    DicomError
        Nothing there can be loaded; the message says why.

    Examples
    --------
    >>> import tempfile
    >>> from calvaria.phantom import Scanner, sphere, write_study
    >>> small = Scanner(columns=64, rows=64, spacing_xy_mm=(1.0, 1.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_study(sphere(), folder, scanner=small)
    ...     source = open_source(folder, profile="education", anatomy="generic")
    >>> source.volume
    Volume(64 x 64 x 86 int16 HU, 1 x 1 x 0.8 mm)
    >>> source.choice
    'series 1 of 1: the only one that loads'
    """
    path = Path(path)
    name = path.name.lower()
    if name.endswith(_INVESALIUS_SUFFIX):
        told = "a project of InVesalius"
        source = _image(load_invesalius(path), path, told, profile, anatomy, rules)
    elif name.endswith(SUFFIXES):
        source = _file(path, spacing_xyz_mm, label, profile, anatomy, rules)
    else:
        source = _study(path, profile, anatomy, series, rules, show_file_names=show_file_names)
    if spacing_xyz_mm is not None and not name.endswith(SUFFIXES):
        msg = f"spacing_xyz_mm: only for a file that states no place; {path.name} states one"
        raise GeometryError(msg)
    if mask is not None:
        source = _within(source, Path(mask), label)
    elif label is not None and source.mask is None:
        msg = "label: a label map or a mask expected, found an image"
        raise CalvariaError(msg)
    if show_file_names:
        return source
    files = {path.name: "the file"} if path.is_file() else {}
    return without_names(source, files if mask is None else {**files, Path(mask).name: "the mask"})


def _file(
    path: Path,
    spacing_xyz_mm: tuple[float, float, float] | None,
    label: str | int | None,
    profile: str,
    anatomy: str,
    rules: Rules | None,
) -> Source:
    volume = open_image(path, spacing_xyz_mm=spacing_xyz_mm)
    labels = labels_of(volume)
    if labels is None:
        kind = "HU" if volume.is_hu else "no HU"
        told = f"an image file; its values look like {kind}"
        return _image(volume, path, told, profile, anatomy, rules)
    n_labels = len(set(np.unique(labels.values)) - {0})
    told = f"a label map of {plural(n_labels, 'label')}: " + (
        "one of them" if label else "all as one body"
    )
    named = open_mask(path, image=volume)
    source = _image(volume, path, told, profile, anatomy, rules)
    chosen = dataclasses.replace(choose_label(named, label), findings=())
    checks = tuple(_without(check, _OF_GREY_VALUES) for check in source.checks)
    return dataclasses.replace(source, mask=chosen, is_label_map=True, checks=checks)


def _without(report: CheckReport, codes: frozenset[str]) -> CheckReport:
    kept = tuple(finding for finding in report.findings if finding.code not in codes)
    return dataclasses.replace(report, findings=kept)


def _within(source: Source, file: Path, label: str | int | None) -> Source:
    if source.is_label_map:
        msg = "mask: an image to go with the mask expected, found a label map"
        raise CalvariaError(msg)
    found = open_mask(file, image=source.volume)
    chosen = choose_label(found, label)
    if not chosen.grid.is_close(source.volume.grid, tolerance_mm=0.01):
        chosen = resample_mask(chosen, grid=source.volume.grid, is_smooth=True)
    return dataclasses.replace(
        source,
        mask=chosen,
        choice=f"{source.choice}; within a mask from a file",
        sha256=(*source.sha256, _sha256(file)),
    )


def _image(
    volume: Volume, path: Path, choice: str, profile: str, anatomy: str, rules: Rules | None
) -> Source:
    checks = (check_volume(volume, profile=profile, anatomy=anatomy, rules=rules),)
    return Source(volume=volume, choice=choice, checks=checks, sha256=(_sha256(path),))


def _study(
    path: Path,
    profile: str,
    anatomy: str,
    number: int | None,
    rules: Rules | None,
    *,
    show_file_names: bool,
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
    source = Source(
        volume=volume,
        choice=choice,
        checks=(reports[id(chosen)], more),
        sha256=tuple(_file_hashes(path, chosen)),
    )
    return source if show_file_names else without_names(source, numbers_of(found, chosen))


def _rank(series: Series, report: CheckReport) -> tuple[float, ...]:
    length = (series.slice_increment_mm or 0.0) * series.n_slices
    spacing = series.pixel_spacing_xy_mm or (1.0, 1.0)
    return (report.verdict.rank, -round(length), series.slice_increment_mm or 0.0, max(spacing))


def _why_none(found: SeriesList) -> str:
    if not found:
        told = [f"{one.file}: {one.reason}" for one in found.left_out[:_LISTED]]
        more = f" and {len(found.left_out) - _LISTED} more" if len(found.left_out) > _LISTED else ""
        return "no DICOM series found" + (f"; left out: {'; '.join(told)}{more}" if told else "")
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
