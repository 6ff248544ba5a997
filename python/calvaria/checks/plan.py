"""The imaging protocol that would pass the checks, in words for radiology."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table
from calvaria.findings import DISCLAIMER
from calvaria.rules import load_rules

if TYPE_CHECKING:
    from calvaria.rules import Rules

__all__ = ["ImagingPlan", "plan_imaging"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagingPlan:
    """A protocol for radiology.

    Attributes
    ----------
    anatomy, profile : str
        What it is for.
    modality : str
        ``"CT"`` or ``"MR"``.
    slice_thickness_mm, slice_increment_mm : float
        What to ask for.
    slice_thickness_max_mm, slice_increment_max_mm : float
        What still passes.
    field_of_view_mm : float
        Width of the image; larger only where the patient needs it.
    matrix : int
        Pixels across.
    pixel_spacing_mm : float
        What the two give.
    pixel_spacing_max_mm : float
        What still passes.
    margin_mm : float
        Air or tissue around the part on every side.
    coverage_mm : float
        Usual length of the stack.
    coverage : str
        From where to where.
    sources : tuple of str
        Where the figures come from.
    rules_version : str
        Version of the limits.
    """

    anatomy: str
    profile: str
    modality: str
    slice_thickness_mm: float
    slice_increment_mm: float
    slice_thickness_max_mm: float
    slice_increment_max_mm: float
    field_of_view_mm: float
    matrix: int
    pixel_spacing_mm: float
    pixel_spacing_max_mm: float
    margin_mm: float
    coverage_mm: float
    coverage: str
    sources: tuple[str, ...]
    rules_version: str

    @property
    def overlap_percent(self) -> float:
        """How much neighbouring slices overlap."""
        return 100.0 * (1.0 - self.slice_increment_mm / self.slice_thickness_mm)

    def rows(self) -> list[tuple[str, str]]:
        """Return the protocol as pairs of a heading and a line."""
        ct = self.modality == "CT"
        thin = "thin-slice axial CT" if ct else "thin-slice 3-D MR with equal voxels"
        rows = [
            ("Scan", f"{thin} of the {self.anatomy}, for {self.profile}"),
            (
                "Coverage",
                f"{self.coverage}; at least {self.margin_mm:g} mm around it on every side",
            ),
            (
                "Slice thickness",
                f"{self.slice_thickness_mm:g} mm (at most {self.slice_thickness_max_mm:g} mm)",
            ),
            (
                "Slice increment",
                f"{self.slice_increment_mm:g} mm (at most {self.slice_increment_max_mm:g} mm), "
                f"overlap {self.overlap_percent:.0f} %; never larger than the thickness",
            ),
            (
                "Field of view",
                f"{self.field_of_view_mm:g} mm or as small as the part with its margin allows, matrix "
                f"{self.matrix} x {self.matrix}: pixel {self.pixel_spacing_mm:.2g} mm "
                f"(at most {self.pixel_spacing_max_mm:g} mm)",
            ),
        ]
        return rows + (_CT_ROWS if ct else _MR_ROWS) + _LAST_ROWS

    def to_text(self) -> str:
        """Return the protocol as plain text."""
        lines = [f"Imaging protocol for a printed model: {self.anatomy} ({self.profile})", ""]
        lines += [f"{head + ':':<17} {text}" for head, text in self.rows()]
        lines += ["", "Sources of the figures:", *(f"  {source}" for source in self.sources)]
        lines += ["", f"calvaria limits {self.rules_version}. {DISCLAIMER}"]
        return "\n".join(lines) + "\n"

    def _repr_html_(self) -> str:
        return html_table(
            caption=f"Imaging protocol: {self.anatomy} ({self.profile})",
            header=("item", "what to do"),
            rows=self.rows(),
            footer=f"Sources: {'; '.join(self.sources)}. {DISCLAIMER}",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the protocol as plain types, ready for JSON."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["sources"] = list(self.sources)
        values["overlap_percent"] = self.overlap_percent
        values["protocol"] = dict(self.rows())
        values["disclaimer"] = DISCLAIMER
        return values


_CT_ROWS = [
    (
        "Kernel",
        "two reconstructions of the same scan: a bone kernel for detail and a soft or standard "
        "kernel for segmentation; no edge-enhancing or lung kernel",
    ),
    ("Gantry tilt", "none (0 degrees)"),
    (
        "Metal",
        "take out removable metal (dentures, earrings, glasses); keep implants and fillings out of the "
        "slices of interest by posture where possible; send the series with and without metal artefact "
        "reduction",
    ),
]
_MR_ROWS = [
    (
        "Sequence",
        "a 3-D sequence with the contrast that shows the organ's border, without gaps, fat "
        "suppression where fat touches the border; distortion correction on",
    ),
    ("Gantry tilt", "none (0 degrees)"),
    ("Metal", "report implants; metal bends MR images around it, ask for a CT beside it"),
    ("Bone", "MR has no HU and hardly shows bone: bone in the model needs a CT as well"),
]
_LAST_ROWS = [
    ("Patient", "head or limb supported and still; repeat at once when the patient has moved"),
    (
        "Send",
        "the original thin axial slices as DICOM, complete, uncompressed or losslessly compressed; no "
        "reformats, no thick slices, no screen shots",
    ),
]


def plan_imaging(*, anatomy: str, profile: str, rules: Rules | None = None) -> ImagingPlan:
    """Write the imaging protocol that would pass :func:`calvaria.check_series`.

    Parameters
    ----------
    anatomy : str
        What will be imaged, for example ``"skull-base"``.
    profile : str
        What for: ``"education"``, ``"planning"``, ``"guide"`` or ``"implant"``.
    rules : Rules or None
        The limits; those that come with calvaria when None.

    Returns
    -------
    ImagingPlan

    Raises
    ------
    ValueError
        Unknown anatomy or profile.

    Examples
    --------
    >>> plan = plan_imaging(anatomy="skull-base", profile="guide")
    >>> plan.slice_thickness_mm, plan.slice_thickness_max_mm
    (0.6, 1.0)
    >>> "at most 1 mm" in plan.to_text()
    True
    """
    rules = load_rules() if rules is None else rules
    profile, anatomy = rules.profile(profile), rules.anatomy(anatomy)
    names = ("plan", "slice_thickness", "slice_increment", "pixel_spacing")
    plan, thickness, increment, pixel = (
        rules.limit(name, profile=profile, anatomy=anatomy) for name in names
    )
    thick = min(plan["slice_thickness_mm"], thickness["pass_max"])
    step = min(plan["slice_increment_mm"], increment["pass_max"], thick)
    width = min(plan["field_of_view_mm"], plan["matrix"] * pixel["pass_max"])
    return ImagingPlan(
        anatomy=anatomy,
        profile=profile,
        modality=plan["modality"],
        slice_thickness_mm=float(thick),
        slice_increment_mm=float(step),
        slice_thickness_max_mm=float(thickness["pass_max"]),
        slice_increment_max_mm=float(increment["pass_max"]),
        field_of_view_mm=float(width),
        matrix=plan["matrix"],
        pixel_spacing_mm=float(width / plan["matrix"]),
        pixel_spacing_max_mm=float(pixel["pass_max"]),
        margin_mm=float(plan["margin_mm"]),
        coverage_mm=float(plan["coverage_mm"]),
        coverage=plan["coverage"],
        sources=tuple(
            dict.fromkeys((plan.source, thickness.source, increment.source, pixel.source))
        ),
        rules_version=rules.version,
    )
