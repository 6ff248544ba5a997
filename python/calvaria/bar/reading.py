"""One reading of a reference bar, from a calliper, a scan of the print, or a CT of it."""

from __future__ import annotations

from dataclasses import dataclass

from calvaria._record import Record
from calvaria.bar.decision import need_number

__all__ = ["AXES", "DIAGONALS", "BarReading"]

AXES = ("x", "y", "z")
# A diagonal and its partner: along the first axis and the second, and along the first against it.
DIAGONALS = (("xy", "yx"), ("xz", "zx"), ("yz", "zy"))
_NAMES = ("", *AXES, *(name for pair in DIAGONALS for name in pair))
_SOURCES = ("calliper", "mesh", "volume")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BarReading(Record):
    """One measured length.

    Parameters
    ----------
    nominal_mm : float
        What the length is in the mesh that was printed.
    reading_mm : float
        What was measured.
    axis : str
        Axis of the printer: "x", "y", "z"; a diagonal: "xy" from low x and y to high x and y,
        "yx" the one across it, and so for "xz", "zx", "yz", "zy"; empty where it is not known.
    bar : str
        Name of the bar: readings of one name, axis and nominal length are repeats.
    operator, instrument, printer, material, date : str
        Who, with what, of which printer and material, when (ISO 8601).
    repeat : int, optional
        Number of the repeat, from 1.  Two readings of one bar, operator, time and number that are
        the same to the last digit are one reading, written twice.
    temperature_c : float, optional
        Of the bar.
    source : {"calliper", "mesh", "volume"}
        A calliper has the uncertainty of its certificate; the others bring their own.
    uncertainty_mm : float, optional
        Standard uncertainty of this reading alone, from the scatter of its faces.
    n_points : int
        Points that the faces were fitted to.
    flatness_mm, parallelism_deg : float, optional
        Scatter of the points about their planes, and how far the planes are from parallel.
    centre_lps_mm, direction : tuple of float, optional
        Where the bar was found, and which way it points.

    Examples
    --------
    >>> BarReading(nominal_mm=50.0, reading_mm=49.91, axis="x", bar="X50", date="2026-03-01")
    BarReading(X50 x: 49.910 mm on 50 mm, -0.090 mm)
    """

    nominal_mm: float
    reading_mm: float
    axis: str = ""
    bar: str = ""
    operator: str = ""
    instrument: str = ""
    printer: str = ""
    material: str = ""
    date: str = ""
    repeat: int | None = None
    temperature_c: float | None = None
    source: str = "calliper"
    uncertainty_mm: float | None = None
    n_points: int = 0
    flatness_mm: float | None = None
    parallelism_deg: float | None = None
    centre_lps_mm: tuple[float, float, float] | None = None
    direction: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        for name in ("nominal_mm", "reading_mm"):
            value = need_number(name, getattr(self, name))
            if not 0 < value < 1e5:
                msg = f"{name}: a length above 0 mm expected, found {value}"
                raise ValueError(msg)
            object.__setattr__(self, name, float(value))
        if self.axis not in _NAMES:
            msg = f"axis: one of {', '.join(_NAMES[1:])} or nothing expected, found {self.axis!r}"
            raise ValueError(msg)
        if self.source not in _SOURCES:
            msg = f"source: one of {', '.join(_SOURCES)} expected, found {self.source!r}"
            raise ValueError(msg)
        if self.repeat is not None and (
            isinstance(self.repeat, bool) or not isinstance(self.repeat, int) or self.repeat < 1
        ):
            msg = f"repeat: a whole number from 1 expected, found {self.repeat!r}"
            raise ValueError(msg)
        if (
            self.uncertainty_mm is not None
            and need_number("uncertainty_mm", self.uncertainty_mm) < 0
        ):
            msg = f"uncertainty_mm: at least 0 expected, found {self.uncertainty_mm}"
            raise ValueError(msg)
        if (
            self.temperature_c is not None
            and not -50 < need_number("temperature_c", self.temperature_c) < 200
        ):
            msg = (
                f"temperature_c: degrees Celsius, -50 to 200, expected, found {self.temperature_c}"
            )
            raise ValueError(msg)

    @property
    def deviation_mm(self) -> float:
        """Measured minus nominal."""
        return self.reading_mm - self.nominal_mm

    @property
    def meaning(self) -> str:
        """Which bar, what was read, how far that is from nominal."""
        name = " ".join(part for part in (self.bar, self.axis) if part) or "bar"
        error = "" if self.uncertainty_mm is None else f" +- {self.uncertainty_mm:.3f} (k=1)"
        return (
            f"{name}: {self.reading_mm:.3f}{error} mm on {self.nominal_mm:g} mm, "
            f"{self.deviation_mm:+.3f} mm"
        )
