"""Who may print for a purpose, and the print file of what may be printed in-house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria._asked import need
from calvaria.errors import ReleaseError
from calvaria.findings import DISCLAIMER, Verdict
from calvaria.material import MaterialVerdict, Printer, choose_material
from calvaria.mesh import Mesh, write_mesh

if TYPE_CHECKING:
    import os

    from calvaria.material import MaterialChoice

__all__ = ["metadata_for", "need_partner_material", "write_print"]


def write_print(
    mesh: Mesh,
    path: str | os.PathLike[str],
    *,
    purpose: str,
    material: str | None = None,
    printer: str | Printer | None = None,
) -> None:
    """Write the file of a part that may be printed in-house for its purpose; refuse every other.

    Parameters
    ----------
    mesh : Mesh
        In LPS mm.
    path : path
        ``.stl``, ``.3mf``, ``.ply``, ``.obj`` or ``.glb``; a 3MF says what it is for.
    purpose : str
        Code of a use in :func:`calvaria.material.load_uses`, such as ``"teaching"``.
    material : str, optional
        Code of the material; left out, any that may be printed in-house for this purpose.
    printer : str or Printer, optional
        On which printer; left out, it is not asked about.

    Raises
    ------
    ReleaseError
        What is printed for this purpose, or of this material, comes from a certified partner: an
        implant never has a print file.  The message names what to call instead.
    MeshError, OSError
        As for :func:`calvaria.write_mesh`.
    ValueError
        An unknown purpose, material or printer.

    See Also
    --------
    write_fit_test : The in-house copy of an implant, marked TEST.
    write_partner_package : What a certified partner makes it from.
    calvaria.write_mesh : Writes a mesh, and knows no purpose.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from calvaria.printability import block_mesh
    >>> block = block_mesh(size_mm=(30.0, 20.0, 4.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_print(block, Path(folder) / "model.3mf", purpose="teaching")
    ...     sorted(file.name for file in Path(folder).iterdir())
    ['model.3mf']
    >>> write_print(block, "plate.stl", purpose="implant")
    Traceback (most recent call last):
        ...
    calvaria.errors.ReleaseError: purpose: implant: printed by a certified partner only; ...
    """
    need("mesh", mesh, Mesh)
    choice = choose_material(purpose=purpose, material=material, printer=printer)
    if not any(one.route == "in-house" for one in _routes(choice)):
        raise ReleaseError(_refusal(choice))
    if not any(one.route == "in-house" for one in choice.answers):
        reasons = " ".join(reason for one in choice.answers for reason in one.reasons)
        msg = f"material: one to be printed in-house for this purpose expected: {reasons}"
        raise ReleaseError(msg)
    use = choice.purpose
    write_mesh(mesh, path, metadata=metadata_for(path, use.name, f"For {use.name}. {DISCLAIMER}"))


def need_partner_material(purpose: str, material: str) -> tuple[MaterialChoice, MaterialVerdict]:
    """Return what the catalogue says of a material that a partner prints for a purpose, or refuse it."""
    choice = choose_material(purpose=purpose, material=material)
    (answer,) = choice.answers
    taken = [one.material.code for one in _routes(choice) if one.route == "partner"]
    if not taken:
        msg = (
            f"purpose: {choice.purpose.name}: a part from a certified partner expected, found one that may be "
            f"printed in-house; write_print writes its file"
        )
        raise ReleaseError(msg)
    if answer.verdict is Verdict.FAIL or answer.route != "partner":
        msg = (
            f"material: one of {', '.join(taken)} expected for {choice.purpose.name}, found "
            f"{answer.material.code}: {' '.join(answer.reasons)}"
        )
        raise ReleaseError(msg)
    return choice, answer


def metadata_for(path: str | os.PathLike[str], title: str, text: str) -> dict[str, str] | None:
    """Return what a 3MF says of itself; None for formats that say nothing."""
    if not str(path).lower().endswith(".3mf"):
        return None
    return {"Title": title, "Description": text, "Application": "calvaria"}


def _routes(choice: MaterialChoice) -> tuple[MaterialVerdict, ...]:
    """Return what may be printed for a purpose at all, of any material."""
    every = choose_material(purpose=choice.purpose.code).answers
    return tuple(one for one in every if one.verdict is not Verdict.FAIL)


def _refusal(choice: MaterialChoice) -> str:
    use, routes = choice.purpose, _routes(choice)
    if not any(one.route == "partner" for one in routes):
        return f"purpose: {use.name}: nothing that is printed in-house for it; write_mesh writes a mesh"
    return (
        f"purpose: {use.name}: printed by a certified partner only; write_partner_package writes what the "
        "partner needs, write_fit_test a copy to try in-house that is marked TEST"
    )
