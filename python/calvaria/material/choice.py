"""Which material a purpose asks for, with reasons; and which it must not be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table
from calvaria.findings import DISCLAIMER, Verdict
from calvaria.material.catalogue import load_materials, load_printers, load_uses
from calvaria.material.records import Material, Printer, Use

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MaterialChoice", "MaterialVerdict", "choose_material"]

# The profiles of the checks are purposes too.
_PURPOSES = {"education": "teaching"}
_BASEMENT = (
    "a desktop printer does not replace a manufacturer with tested materials and validated processes; "
    "who is the manufacturer has to be said first"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialVerdict:
    """What is to be said about one material for one use.

    Parameters
    ----------
    material : Material
        Which.
    verdict : Verdict
        PASS: take it.  BORDERLINE: possible, with what the reasons say.  FAIL: refused.
    route : str
        Who may print it for this: ``"in-house"``, ``"partner"``, ``"research"``, or ``"refused"``.
    reasons : tuple of str
        Why, in sentences.
    """

    material: Material
    verdict: Verdict
    route: str
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain types, ready for JSON."""
        return {
            "material": self.material.code,
            "verdict": self.verdict.name,
            "route": self.route,
            "reasons": list(self.reasons),
            "needs": list(self.material.needs),
            "source": self.material.source,
        }

    def _repr_html_(self) -> str:
        rows = [
            ("verdict", self.verdict.name),
            ("who prints it", self.route),
            ("why", " ".join(self.reasons)),
            ("source", self.material.source),
        ]
        return html_table(header=(self.material.name, ""), rows=rows, footer=DISCLAIMER)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialChoice:
    """The answer for every material that was asked about, the best first.

    Parameters
    ----------
    purpose : Use
        What for.
    printer : Printer or None
        On which printer; None where any may be chosen.
    answers : tuple of MaterialVerdict
        Best first.
    """

    purpose: Use
    printer: Printer | None
    answers: tuple[MaterialVerdict, ...]

    @property
    def best(self) -> MaterialVerdict | None:
        """The first that is not refused; None where all are."""
        return next((one for one in self.answers if one.verdict is not Verdict.FAIL), None)

    @property
    def refused(self) -> tuple[MaterialVerdict, ...]:
        """What must not be taken."""
        return tuple(one for one in self.answers if one.verdict is Verdict.FAIL)

    @property
    def is_refused(self) -> bool:
        """Whether nothing that was asked about may be taken."""
        return self.best is None

    def __getitem__(self, code: str) -> MaterialVerdict:
        return next(one for one in self.answers if one.material.code == code)

    def to_dict(self) -> dict[str, Any]:
        """Return the choice as plain types, ready for JSON."""
        return {
            "purpose": self.purpose.code,
            "printer": None if self.printer is None else self.printer.code,
            "answers": [one.to_dict() for one in self.answers],
            "disclaimer": DISCLAIMER,
        }

    def __repr__(self) -> str:
        best = self.best
        if best is None:
            return f"MaterialChoice({self.purpose.code}: refused)"
        return f"MaterialChoice({self.purpose.code}: {best.material.code}, {best.route})"

    def _repr_html_(self) -> str:
        rows = [
            (
                one.verdict.name,
                one.material.name,
                one.route,
                " ".join(one.reasons),
                one.material.source,
            )
            for one in self.answers
        ]
        header = ("verdict", "material", "who prints it", "why", "source")
        return html_table(header=header, rows=rows, caption=self.purpose.name, footer=DISCLAIMER)


def choose_material(
    *,
    purpose: str,
    material: str | None = None,
    printer: str | Printer | None = None,
    must_sterilise: bool = False,
    printers: Mapping[str, Printer] | None = None,
) -> MaterialChoice:
    """Say which materials a purpose asks for, who may print them, and why others are refused.

    Parameters
    ----------
    purpose : str
        Code of a use, such as ``"teaching"``, ``"planning"``, ``"guide"`` or ``"implant"``; see
        :func:`load_uses`.  Codes are read in any case; ``"education"``, a profile of the checks, is
        ``"teaching"``.
    material : str, optional
        Ask about this one only.
    printer : str or Printer, optional
        Code of a printer, or a profile of your own.
    must_sterilise : bool
        Whether the part is to be sterilised.
    printers : mapping, optional
        Where printers are looked up; from :func:`load_printers`.

    Returns
    -------
    MaterialChoice
        Nothing is raised over a refusal: the answer says it, with its reason.

    Raises
    ------
    ValueError
        An unknown purpose, material or printer.

    Notes
    -----
    This is a table look-up, not advice on a device: what enters the body, or is used on a patient, is
    never answered with a workshop printer.

    Examples
    --------
    >>> choose_material(purpose="consultation")
    MaterialChoice(consultation: pla, in-house)
    >>> refused = choose_material(purpose="implant", material="titanium", printer="desktop-fdm")
    >>> refused.is_refused, refused["titanium"].route
    (True, 'refused')
    """
    uses, materials = load_uses(), load_materials()
    use = _named("purpose", purpose, uses)
    asked = materials.values() if material is None else (_named("material", material, materials),)
    if printer is None or isinstance(printer, Printer):
        machine = printer
    else:
        machine = _named("printer", printer, load_printers() if printers is None else printers)
    answers = [_judge(one, use, machine, must_sterilise=must_sterilise) for one in asked]
    # The table is in the order of preference; the sort keeps it.
    answers.sort(key=lambda one: one.verdict.rank)
    return MaterialChoice(purpose=use, printer=machine, answers=tuple(answers))


def _named(name: str, code: str, known: Mapping[str, Any]) -> Any:
    asked = code.strip() if isinstance(code, str) else code
    if name == "purpose" and isinstance(asked, str):
        asked = _PURPOSES.get(asked.lower(), asked)
    by_case = {one.lower(): one for one in known}
    if isinstance(asked, str) and asked not in known:
        asked = by_case.get(asked.lower(), asked)
    if not isinstance(asked, str) or asked not in known:
        msg = f"{name}: one of {', '.join(known)} expected, found {code!r}"
        raise ValueError(msg)
    return known[asked]


def _judge(
    material: Material, use: Use, printer: Printer | None, *, must_sterilise: bool
) -> MaterialVerdict:
    against = _against(material, use, printer)
    if must_sterilise and material.sterilise == "no":
        against.append(f"{material.name} is not sterilised: {material.sterilise_note}")
    if against:
        return MaterialVerdict(
            material=material, verdict=Verdict.FAIL, route="refused", reasons=tuple(against)
        )
    route = "in-house" if use.code in material.also_in_house else material.route
    reasons = [f"{material.comment[0].upper()}{material.comment[1:]}."]
    if route == "partner":
        reasons.append("Printed by a certified partner only.")
    if use.body and route == "in-house":
        reasons.append("In-house only inside a quality management system.")
    if must_sterilise:
        reasons.append(material.sterilise_note)
    is_sure = use.code in material.uses and not (
        must_sterilise and material.sterilise == "supplier"
    )
    return MaterialVerdict(
        material=material,
        verdict=Verdict.PASS if is_sure else Verdict.BORDERLINE,
        route=route,
        reasons=tuple(reasons),
    )


def _against(material: Material, use: Use, printer: Printer | None) -> list[str]:
    """Return what speaks against a material; empty when nothing does."""
    found: list[str] = []
    if use.code not in (*material.uses, *material.also_in_house):
        found.append(f"{material.name} is not for this use: {use.name}.")
    if material.route == "research" and use.code != "research":
        found.append(f"{material.name} is for research in a laboratory only.")
    if printer is None:
        return found
    is_in_house = material.route == "in-house" or use.code in material.also_in_house
    if printer.is_desktop and not is_in_house:
        found.append(f"{material.name} on a {printer.name} is refused: {_BASEMENT}.")
    elif printer.is_desktop and use.body and use.code != "positioning_aid":
        found.append(f"{use.name} from a {printer.name} is refused: {_BASEMENT}.")
    if material.code not in printer.materials:
        found.append(f"The {printer.name} does not print {material.name}.")
    return found
