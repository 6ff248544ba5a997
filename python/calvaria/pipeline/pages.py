"""What was made, in numbers and pictures, as sections of the report."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._planes import spanning_window
from calvaria.mesh import measure_mesh
from calvaria.report import Section, draw_slices, draw_solid
from calvaria.report.png import png_uri

if TYPE_CHECKING:
    from calvaria.mesh import Mesh
    from calvaria.pipeline.making import Made
    from calvaria.pipeline.settings import Settings
    from calvaria.pipeline.source import Source
    from calvaria.volume import Volume

__all__ = ["model_sections"]

# How bright labels are that were not asked for, beside those that were.
_OTHER_LABEL = 0.4


def model_sections(made: Made, source: Source, settings: Settings) -> list[Section]:
    """Return what was made, how, and how it lies on its image, as sections of the report."""
    return [
        _made(made.mesh, made.iso_hu, source, settings),
        *_pictures(_seen(source), made.mesh, made.iso_hu),
        Section(title="What was chosen, and what each step did", findings=made.findings),
        *made.laid.sections(is_hu=source.volume.is_hu),
    ]


def _made(mesh: Mesh, iso_hu: float, source: Source, settings: Settings) -> Section:
    """Return the size of the model and what it was made from."""
    facts = measure_mesh(mesh)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    size = " x ".join(f"{mm:.1f}" for mm in high - low)
    rows = (
        ("image", source.choice),
        ("grid", _grid_text(source.volume)),
        ("level", f"{iso_hu:.0f} HU" if source.volume.is_hu else f"{iso_hu:g}"),
        ("triangles", f"{len(mesh.faces):,}".replace(",", " ")),
        ("size, left-right x front-back x head-foot", f"{size} mm"),
        ("enclosed volume", f"{(facts.volume_mm3 or 0) / 1000:.1f} cm3"),
        ("surface", f"{facts.area_mm2 / 100:.0f} cm2"),
        ("decimated within", f"{settings.max_error_mm:g} mm" if settings.max_error_mm else "not"),
        ("frame", "LPS, millimetres: where the scanner saw it"),
    )
    return Section(title="What was made", rows=rows)


def _grid_text(volume: Volume) -> str:
    dims = " x ".join(map(str, volume.grid.dims_ijk))
    return f"{dims} voxels of {' x '.join(f'{mm:.3g}' for mm in volume.grid.spacing_xyz_mm)} mm"


def _seen(source: Source) -> Volume:
    """Return the image, or for a label map what was asked for before the other labels."""
    if not source.is_label_map or source.mask is None:
        return source.volume
    grey = np.where(source.mask.values != 0, 1.0, _OTHER_LABEL * (source.volume.values != 0))
    return dataclasses.replace(source.volume, values=grey.astype(np.float32))


def _pictures(volume: Volume, mesh: Mesh, iso_hu: float) -> list[Section]:
    """Return the model by itself, and its contour on the image."""
    solid = tuple((side, _img("solid", pixels)) for side, pixels in draw_solid(mesh).items())
    window = (500.0, 2500.0) if volume.is_hu else spanning_window(volume, (0.5, 99.8))
    middle = mesh.vertices.min(axis=0) / 2 + mesh.vertices.max(axis=0) / 2
    slices = draw_slices(volume, mesh, centre_lps_mm=middle, window=window)
    on_image = tuple(
        (f"{name}: the image, and the contour of the model on it", markup)
        for name, markup in slices.items()
    )
    level = f"{iso_hu:.0f} HU" if volume.is_hu else f"{iso_hu:g}"
    return [
        Section(
            title="The model",
            text="Lids where the image ends are vermilion, cuts blue, filled holes green.",
            figures=solid,
        ),
        Section(
            title="The model on the image",
            text=f"The contour is that of the finished mesh; the level is {level}.",
            figures=on_image,
        ),
    ]


def _img(kind: str, pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    return f'<img class="{kind}" alt="" src="{png_uri(pixels)}">'
