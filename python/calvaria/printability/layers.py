"""Layer height against stairs and time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calvaria._html import html_table
from calvaria._record import plural
from calvaria.findings import Verdict
from calvaria.material import Printer, load_processes
from calvaria.material.catalogue import printer_of
from calvaria.printability._measured import Record, positive

if TYPE_CHECKING:
    from calvaria.printability.overhangs import Overhangs

__all__ = [
    "LayerOption",
    "LayerPlan",
    "PrintEstimate",
    "cusp_rms_mm",
    "estimate_print",
    "plan_layers",
]

_HEIGHTS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)


def cusp_rms_mm(layer_mm: float, *, cosine: float = 1.0) -> float:
    """Return the root mean square of the stairs that layers leave on a slope.

    Parameters
    ----------
    layer_mm : float
        Layer height h.
    cosine : float
        Of the angle theta between the normal of the surface and the way up; 1 for a flat slope.

    Returns
    -------
    float
        h |cos(theta)| / sqrt(12): a saw tooth of that height about its mean.

    Examples
    --------
    >>> round(cusp_rms_mm(0.1), 3), round(cusp_rms_mm(0.2), 3)
    (0.029, 0.058)
    """
    if not -1 - 1e-9 <= cosine <= 1 + 1e-9:
        msg = f"cosine: a number from -1 to 1 expected, found {cosine}"
        raise ValueError(msg)
    return positive("layer_mm", layer_mm) * abs(cosine) / math.sqrt(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintEstimate(Record):
    """Roughly how much material, time and money a part takes.

    Parameters
    ----------
    layers : int
        Height over layer height, rounded up.
    material_mm3, mass_g : float
        What is printed, without supports; less than the enclosed volume where the inside is not full.
    support_mm3 : float
        Space that supports fill; they are a tenth as full as the part.
    time_h : float
        Layers, and material at the rate of the printer: an estimate for comparing, not for planning.
    cost : float or None
        In the unit of the prices; None where none was given.
    """

    layers: int
    material_mm3: float
    mass_g: float
    support_mm3: float
    time_h: float
    cost: float | None

    def __repr__(self) -> str:
        cost = "" if self.cost is None else f", cost {self.cost:.2f}"
        return f"PrintEstimate({plural(self.layers, 'layer')}, {self.mass_g:.0f} g, about {self.time_h:.1f} h{cost})"


# How full supports are: house rule.
_SUPPORT_FILL = 0.1


def estimate_print(
    *,
    volume_mm3: float,
    area_mm2: float,
    height_mm: float,
    printer: Printer | str,
    density_g_cm3: float,
    layer_mm: float | None = None,
    support_mm3: float = 0.0,
    price_per_kg: float | None = None,
    price_per_h: float | None = None,
) -> PrintEstimate:
    """Estimate layers, mass, time and cost of a print.

    Parameters
    ----------
    volume_mm3, area_mm2, height_mm : float
        Of the part as it is printed.
    printer : Printer or str
        Its rate, and how full it prints; or its code.
    density_g_cm3 : float
        Of the material.
    layer_mm : float, optional
        Layer height; left out, that of the printer.
    support_mm3 : float
        Space that supports fill.
    price_per_kg, price_per_h : float, optional
        Prices of material and machine; calvaria knows none.

    Returns
    -------
    PrintEstimate

    Raises
    ------
    ValueError
        A number is not above 0, a price below 0, or an unknown printer.

    Examples
    --------
    >>> from calvaria.material import load_printers
    >>> printer = load_printers()["desktop-resin"]
    >>> estimate_print(
    ...     volume_mm3=8000, area_mm2=2400, height_mm=20, printer=printer, density_g_cm3=1.18
    ... )
    PrintEstimate(200 layers, 9 g, about 1.1 h)
    """
    printer = printer_of(printer)
    for name, price in (("price_per_kg", price_per_kg), ("price_per_h", price_per_h)):
        if price is not None and price != 0:
            positive(name, price)
    if support_mm3 != 0:
        positive("support_mm3", support_mm3)
    layer = positive("layer_mm", printer.layer_mm if layer_mm is None else layer_mm)
    volume, area = positive("volume_mm3", volume_mm3), positive("area_mm2", area_mm2)
    shell = min(volume, area * printer.shell_mm)
    material = shell + (volume - shell) * printer.infill_fraction
    supports = support_mm3 * _SUPPORT_FILL
    layers = _layers(positive("height_mm", height_mm), layer)
    seconds = layers * printer.s_per_layer
    if printer.rate_mm3_per_s > 0:
        # A thinner layer takes the same head longer for the same material.
        rate = printer.rate_mm3_per_s * min(layer / printer.layer_mm, 1.0)
        seconds += (material + supports) / rate
    mass = (material + supports) / 1000 * positive("density_g_cm3", density_g_cm3)
    cost = None
    if price_per_kg is not None or price_per_h is not None:
        cost = mass / 1000 * (price_per_kg or 0.0) + seconds / 3600 * (price_per_h or 0.0)
    return PrintEstimate(
        layers=layers,
        material_mm3=material,
        mass_g=mass,
        support_mm3=support_mm3,
        time_h=seconds / 3600,
        cost=cost,
    )


def _layers(height_mm: float, layer_mm: float) -> int:
    return math.ceil(height_mm / layer_mm - 1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerOption(Record):
    """One layer height.

    Parameters
    ----------
    layer_mm : float
        The height.
    layers : int
        How many.
    worst_cusp_mm : float
        Stairs on a flat slope, root mean square.
    mean_cusp_mm : float
        Stairs over this surface, built this way, root mean square.
    time_h : float
        Roughly.
    verdict : str
        PASS, BORDERLINE or FAIL of the process.
    note : str
        In words.
    """

    layer_mm: float
    layers: int
    worst_cusp_mm: float
    mean_cusp_mm: float
    time_h: float
    verdict: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlan(Record):
    """Detail against time.

    Parameters
    ----------
    options : tuple of LayerOption
        Thinnest first; time falls and stairs grow along it.
    max_error_mm : float or None
        Stairs that are allowed on a flat slope, root mean square.
    chosen : LayerOption or None
        The thickest that keeps to it and passes; None where none does.
    """

    options: tuple[LayerOption, ...]
    max_error_mm: float | None
    chosen: LayerOption | None

    def __repr__(self) -> str:
        chosen = "none" if self.chosen is None else f"{self.chosen.layer_mm:g} mm"
        return f"LayerPlan({plural(len(self.options), 'height')}, chosen {chosen})"

    def _repr_html_(self) -> str:
        header = (
            "verdict",
            "layer mm",
            "layers",
            "stairs at worst mm",
            "on this part mm",
            "hours",
            "",
        )
        rows = [
            (
                one.verdict,
                f"{one.layer_mm:g}",
                one.layers,
                f"{one.worst_cusp_mm:.3f}",
                f"{one.mean_cusp_mm:.3f}",
                f"{one.time_h:.1f}",
                one.note if one is not self.chosen else f"{one.note}; chosen",
            )
            for one in self.options
        ]
        return html_table(caption=repr(self), header=header, rows=rows)


def plan_layers(
    overhangs: Overhangs,
    *,
    volume_mm3: float,
    area_mm2: float,
    printer: str | Printer,
    max_error_mm: float | None = None,
    heights_mm: Sequence[float] = _HEIGHTS,
) -> LayerPlan:
    """Set layer heights against stairs and time, and choose the thickest that is fine enough.

    Parameters
    ----------
    overhangs : Overhangs
        From :func:`measure_overhangs`, for the way the part is built.
    volume_mm3, area_mm2 : float
        Of the part.
    printer : str or Printer
        A profile, or its code.
    max_error_mm : float, optional
        Stairs that are allowed on a flat slope, root mean square.
    heights_mm : sequence of float
        What is tried.

    Returns
    -------
    LayerPlan

    Raises
    ------
    ValueError
        An unknown printer, or a number that is not above 0.

    Examples
    --------
    >>> from calvaria.printability import block_mesh, measure_overhangs
    >>> built = measure_overhangs(block_mesh(size_mm=(20, 12, 30)), up=(0, 0, 1))
    >>> plan = plan_layers(
    ...     built, volume_mm3=7200, area_mm2=2400, printer="desktop-fdm", max_error_mm=0.03
    ... )
    >>> plan.chosen.layer_mm, plan.options[0].note
    (0.1, 'finer than needed')
    """
    machine = printer_of(printer)
    options = tuple(
        _option(overhangs, volume_mm3, area_mm2, machine, height)
        for height in sorted(positive("heights_mm", height) for height in heights_mm)
    )
    allowed = None if max_error_mm is None else positive("max_error_mm", max_error_mm)
    good = [
        one
        for one in options
        if one.verdict == "PASS" and (allowed is None or one.worst_cusp_mm <= allowed)
    ]
    return LayerPlan(options=options, max_error_mm=allowed, chosen=good[-1] if good else None)


def _option(
    overhangs: Overhangs, volume_mm3: float, area_mm2: float, printer: Printer, layer_mm: float
) -> LayerOption:
    limit = load_processes()[printer.process].limits["layer"]
    verdict = limit.grade(layer_mm)
    cost = estimate_print(
        volume_mm3=volume_mm3,
        area_mm2=area_mm2,
        height_mm=overhangs.height_mm,
        printer=printer,
        density_g_cm3=1.0,
        layer_mm=layer_mm,
        support_mm3=overhangs.volume_mm3,
    )
    if verdict is Verdict.FAIL:
        note = "outside what the process prints well"
    elif verdict is Verdict.BORDERLINE:
        note = "stairs will show"
    elif layer_mm < limit.get("no_gain_below", 0.0) * (1 - 1e-9):
        note = "finer than needed"
    else:
        note = "detail and time in balance"
    return LayerOption(
        layer_mm=layer_mm,
        layers=cost.layers,
        worst_cusp_mm=cusp_rms_mm(layer_mm),
        mean_cusp_mm=cusp_rms_mm(layer_mm, cosine=overhangs.cusp_factor),
        time_h=cost.time_h,
        verdict=verdict.name,
        note=note,
    )
