"""Results of TotalSegmentator: a folder of masks, or one label map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from calvaria.errors import CalvariaError, GeometryError
from calvaria.images import load_mask
from calvaria.volume import Mask

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from calvaria.volume import Volume

__all__ = ["load_total_segmentator"]


def __dir__() -> list[str]:
    return sorted(__all__)


def load_total_segmentator(
    path: str | os.PathLike[str],
    *,
    image: Volume | None = None,
    names: Sequence[str] | None = None,
) -> Mask:
    """Read what TotalSegmentator wrote, as one label map.

    Parameters
    ----------
    path : str or path
        The folder with one ``.nii.gz`` a structure, or the one file of its option ``--ml``, which
        holds the names of its labels.
    image : Volume, optional
        The image it was run on.  A warning says when the masks are coarser than it (TotalSegmentator
        works at 1.5 mm, with ``--fast`` at 3 mm) or lie elsewhere.
    names : sequence of str, optional
        Only these structures, in this order; left out, all, by name.

    Returns
    -------
    Mask
        uint8 or uint16 labels with their names.  Where structures overlap the later one wins.

    Raises
    ------
    CalvariaError
        There is no mask, or none of a name that was asked for.
    GeometryError
        The masks of a folder do not lie on one grid.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> from calvaria.convert import to_nibabel
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, k in (("skull", 1), ("vertebrae_C1", 0)):
    ...         values = np.zeros((2, 3, 4), np.uint8)
    ...         values[k] = 1
    ...         to_nibabel(Mask(values=values, grid=grid)).to_filename(Path(folder) / f"{name}.nii.gz")
    ...     labels = load_total_segmentator(folder)
    >>> labels.names, labels.values[:, 0, 0]
    ({1: 'skull', 2: 'vertebrae_C1'}, array([2, 1], dtype=uint8))
    """
    place = Path(path)
    if place.is_file():
        return _chosen(load_mask(place, image=image), names, name=place.name)
    files = {f.name.removesuffix(".gz").removesuffix(".nii"): f for f in _masks(place)}
    wanted = sorted(files) if names is None else list(names)
    missing = [n for n in wanted if n not in files]
    if missing or not wanted:
        told = ", ".join(sorted(files)) or "none"
        msg = f"{place.name}: masks named {', '.join(missing) or '*.nii.gz'} expected, found {told}"
        raise CalvariaError(msg)
    labels, grid = None, None
    for number, structure in enumerate(wanted, start=1):
        mask = load_mask(files[structure], image=image if number == 1 else None)
        if labels is None or grid is None:
            grid = mask.grid
            labels = np.zeros(grid.shape_kji, np.uint8 if len(wanted) < 256 else np.uint16)
        elif not mask.grid.is_close(grid, tolerance_mm=0.01):
            msg = f"{files[structure].name}: the grid of the other masks expected, found {mask.grid!r}"
            raise GeometryError(msg)
        labels[mask.values != 0] = number
    assert labels is not None
    assert grid is not None
    labels.flags.writeable = False
    return Mask(values=labels, grid=grid, names=dict(enumerate(wanted, start=1)))


def _masks(folder: Path) -> list[Path]:
    if not folder.is_dir():
        msg = f"{folder.name}: a folder of masks or a file expected, found nothing there"
        raise CalvariaError(msg)
    return sorted(f for f in folder.iterdir() if f.name.endswith((".nii.gz", ".nii")))


def _chosen(mask: Mask, names: Sequence[str] | None, *, name: str) -> Mask:
    if names is None:
        return mask
    numbers = {label: number for number, label in mask.names.items()}
    missing = [n for n in names if n not in numbers]
    if missing:
        told = ", ".join(numbers) or "a label map without names"
        msg = f"{name}: labels named {', '.join(missing)} expected, found {told}"
        raise CalvariaError(msg)
    table = np.zeros(int(mask.values.max()) + 1, np.uint16)
    for new, label in enumerate(names, start=1):
        if numbers[label] < table.size:
            table[numbers[label]] = new
    return Mask(
        values=table[mask.values],
        grid=mask.grid,
        names=dict(enumerate(names, start=1)),
        findings=mask.findings,
    )
