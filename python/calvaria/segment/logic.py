"""Masks joined, met, subtracted and inverted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calvaria._asked import need, whole
from calvaria.segment._bytes import bytes_of, check_grids, mask_of
from calvaria.volume import Mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from calvaria.findings import Finding

__all__ = ["difference", "intersection", "invert", "label_map", "pick", "union"]


def union(mask: Mask, *others: Mask) -> Mask:
    """Return the voxels that are in any of the masks.

    Parameters
    ----------
    mask, others : Mask
        Masks on one grid; labels are taken as one structure.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    GeometryError
        The grids differ.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(4, 1, 1), lps_from_ijk=np.eye(4))
    >>> left = Mask(values=np.array([[[True, True, False, False]]]), grid=grid)
    >>> right = Mask(values=np.array([[[False, True, True, False]]]), grid=grid)
    >>> union(left, right).values[0, 0].tolist()
    [True, True, True, False]
    """
    return _joined(np.logical_or, mask, others)


def intersection(mask: Mask, *others: Mask) -> Mask:
    """Return the voxels that are in all of the masks; otherwise as :func:`union`.

    Parameters
    ----------
    mask, others : Mask
        Masks on one grid.

    Returns
    -------
    Mask
        Boolean; may be empty.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(4, 1, 1), lps_from_ijk=np.eye(4))
    >>> left = Mask(values=np.array([[[True, True, False, False]]]), grid=grid)
    >>> right = Mask(values=np.array([[[False, True, True, False]]]), grid=grid)
    >>> intersection(left, right).values[0, 0].tolist()
    [False, True, False, False]
    """
    return _joined(np.logical_and, mask, others)


def difference(mask: Mask, *others: Mask) -> Mask:
    """Return the voxels of the first mask that are in none of the others.

    Parameters
    ----------
    mask, others : Mask
        Masks on one grid.

    Returns
    -------
    Mask
        Boolean; may be empty.

    Examples
    --------
    >>> from calvaria import Grid
    >>> grid = Grid(dims_ijk=(3, 1, 1), lps_from_ijk=np.eye(4))
    >>> a = Mask(values=np.array([[[True, True, False]]]), grid=grid)
    >>> b = Mask(values=np.array([[[False, True, True]]]), grid=grid)
    >>> difference(a, b).values.tolist()
    [[[True, False, False]]]
    """
    return _joined(np.greater, mask, others)


def invert(mask: Mask) -> Mask:
    """Return the voxels that are not in the mask.

    Parameters
    ----------
    mask : Mask
        The mask.

    Returns
    -------
    Mask
        Boolean.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(4, 1, 1), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.array([[[True, True, False, False]]]), grid=grid)
    >>> invert(mask).values[0, 0].tolist()
    [False, False, True, True]
    """
    return mask_of(bytes_of(mask) == 0, mask)


def pick(mask: Mask, *, label: int | str) -> Mask:
    """Return one label of a label map as a mask of its own.

    Parameters
    ----------
    mask : Mask
        A label map.
    label : int or str
        The value of the label, or its name.

    Returns
    -------
    Mask
        Boolean, named as the label was.

    Raises
    ------
    ValueError
        No label has this name, or two have it.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(4, 1, 1), lps_from_ijk=np.eye(4))
    >>> labels = Mask(
    ...     values=np.array([[[0, 1, 2, 2]]], np.uint8), grid=grid, names={1: "cranium", 2: "mandible"}
    ... )
    >>> jaw = pick(labels, label="mandible")
    >>> jaw.values[0, 0].tolist(), jaw.names
    ([False, False, True, True], {1: 'mandible'})
    """
    need("mask", mask, Mask)
    value = label
    if isinstance(label, str):
        found = [number for number, name in mask.names.items() if name == label]
        if len(found) != 1:
            told = ", ".join(sorted(mask.names.values())) or "none"
            msg = f"label: one of the names {told} expected, found {label!r}"
            raise ValueError(msg)
        value = found[0]
    value = whole("label", value, 0, 65535)
    made = mask_of(mask.values == value, mask)
    name = mask.names.get(value)
    names = {} if name is None else {1: name}
    return Mask(values=made.values, grid=mask.grid, names=names, findings=mask.findings)


def label_map(**masks: Mask) -> Mask:
    """Return one label map of several named masks; where they overlap the last one wins.

    Parameters
    ----------
    **masks : Mask
        Masks on one grid, by name; the first becomes label 1.

    Returns
    -------
    Mask
        uint8 or uint16 labels with their names, and the findings of all.

    Raises
    ------
    ValueError
        No mask was given.

    Examples
    --------
    >>> from calvaria import Grid
    >>> grid = Grid(dims_ijk=(3, 1, 1), lps_from_ijk=np.eye(4))
    >>> a = Mask(values=np.array([[[True, True, False]]]), grid=grid)
    >>> b = Mask(values=np.array([[[False, True, True]]]), grid=grid)
    >>> made = label_map(skull=a, mandible=b)
    >>> made.values.tolist(), made.names
    ([[[1, 2, 2]]], {1: 'skull', 2: 'mandible'})
    """
    if not masks:
        msg = "masks: at least one expected, found none"
        raise ValueError(msg)
    for name, mask in masks.items():
        need(name, mask, Mask)
    first = next(iter(masks.values()))
    values = np.zeros(first.grid.shape_kji, np.uint8 if len(masks) <= 255 else np.uint16)
    for number, (name, mask) in enumerate(masks.items(), start=1):
        check_grids(name, mask, first)
        values[mask.values != 0] = number
    values.flags.writeable = False
    findings: list[Finding] = []
    for mask in masks.values():
        findings += [finding for finding in mask.findings if finding not in findings]
    return Mask(
        values=values,
        grid=first.grid,
        names=dict(enumerate(masks, start=1)),
        findings=tuple(findings),
    )


def _joined(join: Callable[..., NDArray[np.bool_]], mask: Mask, others: tuple[Mask, ...]) -> Mask:
    made = bytes_of(mask) != 0
    for other in others:
        check_grids("others", other, mask)
        join(made, bytes_of(other) != 0, out=made)
    return mask_of(made, mask)
