"""Whether the bone is all there: faces, reconstruction circle, symmetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.checks.coverage import face_names
from calvaria.findings import Finding, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.checks.judge import Judge
    from calvaria.checks.survey import Survey
    from calvaria.volume import Volume

__all__ = ["check_circle", "check_faces", "check_symmetry"]

_BIN_MM = 2.0
_SIDES = ("right", "left")
_MIN_BONE_MM3 = 5000.0


def check_faces(judge: Judge, volume: Volume, survey: Survey) -> list[Finding]:
    """Bone in the outermost voxels of each face, named by the side of the patient."""
    names = face_names(volume.grid.lps_from_ijk)
    if survey["bone_mm3"] < _MIN_BONE_MM3:
        text = "No bone was found, so none can be seen to be cut."
        return [judge.unproven("bone_cut", text, bone_mm3=survey["bone_mm3"])]
    found = [
        _face(judge, survey, name, *face) for name, face in zip(names, survey["faces"], strict=True)
    ]
    return sorted(found, key=lambda finding: _FACE_ORDER.index(finding.details["face"]))


_FACE_ORDER = ("right", "left", "anterior", "posterior", "superior", "inferior")


def _face(
    judge: Judge,
    survey: Survey,
    name: str,
    area_mm2: float,
    pieces: list[tuple[float, list[float]]],
    margin_mm: float,
) -> Finding:
    limit = judge.limit("bone_cut")
    area_cm2 = area_mm2 / 100.0
    details: dict[str, Any] = {
        "face": name,
        "area_cm2": area_cm2,
        "margin_mm": margin_mm if np.isfinite(margin_mm) else None,
        "pieces_cm2": [piece[0] / 100.0 for piece in pieces],
    }
    if limit.grade(area_cm2) is Verdict.PASS:
        text = f"No bone is cut at the {name} face; the nearest lies {margin_mm:.0f} mm inside."
        return judge.say(
            "bone_cut", Verdict.PASS, text, measured=area_cm2, places=(name,), **details
        )
    if name in limit["open"]:
        text = (
            f"Bone leaves the image at the {name} face ({area_cm2:.1f} cm2), as it must in an image of "
            f"this part ({judge.anatomy})."
        )
        return judge.say(
            "bone_cut", Verdict.PASS, text, measured=area_cm2, places=(name,), **details
        )
    if name in limit["neck"]:
        neck = judge.limit("neck")
        stray = [piece for piece in pieces if not _is_neck(survey, piece, neck.values)]
        stray_cm2 = sum(piece[0] for piece in stray) / 100.0
        details["stray_cm2"] = stray_cm2
        few = area_cm2 <= neck["area_max_cm2"]
        if few and limit.grade(stray_cm2) is Verdict.PASS:
            text = f"At the {name} face only the neck leaves the image ({area_cm2:.1f} cm2)."
            return judge.say(
                "bone_cut", Verdict.PASS, text, measured=area_cm2, places=(name,), **details
            )
        area_cm2 = area_cm2 if not few else stray_cm2
    verdict = limit.grade(area_cm2)
    text = f"Bone is cut off at the {name} face: {area_cm2:.1f} cm2. What lies beyond is missing."
    return judge.say("bone_cut", verdict, text, measured=area_cm2, places=(name,), **details)


def _is_neck(survey: Survey, piece: tuple[float, list[float]], neck: Any) -> bool:
    plane = survey["midplane"]
    if plane is None:
        return False
    apart = np.subtract(piece[1], plane["point_lps_mm"])
    lateral = abs(float(apart @ np.asarray(plane["normal"])))
    front, back = _front_and_back(plane)
    behind = (float(apart @ np.asarray(plane["back"])) - front) / max(back - front, 1.0)
    return bool(lateral <= neck["lateral_max_mm"] and behind >= neck["front_fraction_min"])


def _bins(plane: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Volume and reach of the bone: (side, up, back); side 0 is the patient's right."""
    n_back, n_up = plane["bins"]
    shape = (2, n_up, n_back)
    return (
        np.asarray(plane["volume_mm3"], dtype=np.float64).reshape(shape),
        np.asarray(plane["reach_mm"], dtype=np.float64).reshape(shape),
    )


def _front_and_back(plane: dict[str, Any]) -> tuple[float, float]:
    """Where the skull begins and ends from front to back: the middle 99 % of all bone."""
    volume, _ = _bins(plane)
    along = np.cumsum(volume.sum(axis=(0, 1)))
    ends = np.searchsorted(along, (0.005 * along[-1], 0.995 * along[-1]))
    start = plane["start_mm"][0]
    return start + _BIN_MM * float(ends[0]), start + _BIN_MM * float(ends[1] + 1)


def check_circle(judge: Judge, survey: Survey) -> Finding:
    """Bone that lies against the circle outside of which nothing was reconstructed."""
    limit = judge.limit("bone_cut")
    circle = survey["circle"]
    if circle is None:
        return judge.say(
            "circle_cut",
            Verdict.PASS,
            "No reconstruction circle crosses the image.",
            measured=0.0,
            limit=limit,
        )
    _, radius_mm, outside_hu, is_seen, area_mm2 = circle
    area_cm2 = area_mm2 / 100.0
    # A field that is open on every side may be left through the circle as well.
    around = {"right", "left", "anterior", "posterior"}
    verdict = Verdict.PASS if around <= set(limit["open"]) else limit.grade(area_cm2)
    good = f"No bone touches the reconstruction circle ({2 * radius_mm:.0f} mm)."
    bad = (
        f"The reconstruction circle of {2 * radius_mm:.0f} mm cuts {area_cm2:.1f} cm2 of bone. "
        "Ask for a reconstruction with a larger field of view."
    )
    return judge.say(
        "circle_cut",
        verdict,
        good if limit.grade(area_cm2) is Verdict.PASS else bad,
        measured=area_cm2,
        limit=limit,
        area_cm2=area_cm2,
        diameter_mm=2 * radius_mm,
        outside_hu=outside_hu,
        is_seen=is_seen,
    )


def check_symmetry(judge: Judge, volume: Volume, survey: Survey) -> list[Finding]:
    """Whether both sides of the vault and of the jaw are there."""
    limit = judge.limit("symmetry")
    if not limit["parts"]:
        text = f"Symmetry says nothing about this part ({judge.anatomy})."
        return [judge.say("symmetry", Verdict.PASS, text, measured="not asked", unit="")]
    plane = survey["midplane"]
    if plane is None or plane["agreement"] < 0.5:
        text = "The middle of the head could not be found, so its sides cannot be compared."
        agreement = None if plane is None else plane["agreement"]
        return [judge.unproven("symmetry", text, agreement=agreement)]
    cut = _cut_faces(judge, volume, survey)
    return [_part(judge, plane, part, cut) for part in limit["parts"]]


def _cut_faces(judge: Judge, volume: Volume, survey: Survey) -> tuple[str, ...]:
    least = judge.limit("bone_cut")["pass_max"]
    names = face_names(volume.grid.lps_from_ijk)
    pairs = zip(names, survey["faces"], strict=True)
    return tuple(name for name, face in pairs if face[0] / 100.0 > least)


def _part(judge: Judge, plane: dict[str, Any], part: str, cut: tuple[str, ...]) -> Finding:
    volume, reach = _bins(plane)
    rows, columns = _vault(volume) if part == "vault" else _jaw(volume, plane)
    volume, reach = volume[:, rows, columns], reach[:, rows, columns]
    if volume.sum() < 1000.0:
        return judge.unproven("symmetry", f"The {part} was not found in the image.", part=part)
    sizes = {
        "volume_mm3": volume.sum(axis=(1, 2)),
        "width_mm": reach.max(axis=(1, 2)),
        "length_mm": _extent(volume.sum(axis=1)),
        "height_mm": _extent(volume.sum(axis=2)),
    }
    ratios = {
        name: float(pair.min() / pair.max()) for name, pair in sizes.items() if pair.max() > 0
    }
    worst = min(ratios, key=ratios.__getitem__)
    ratio = ratios[worst]
    side = _SIDES[int(np.argmin(sizes[worst]))]
    verdict = judge.limit("symmetry").grade(ratio)
    details = {
        name: {s: float(v) for s, v in zip(_SIDES, pair, strict=True)}
        for name, pair in sizes.items()
    }
    word = worst.rsplit("_", 1)[0]
    if verdict is Verdict.PASS:
        text = (
            f"Both sides of the {part} are there: the smaller has {100 * ratio:.0f} % of the other."
        )
        places: tuple[str, ...] = ()
    else:
        faces = tuple(face for face in cut if face in (side, "inferior", "superior"))
        at = f", and bone is cut at the {' and the '.join(faces)} face" if faces else ""
        much = "Much of the" if verdict is Verdict.FAIL else "Some of the"
        text = f"{much} {side} side of the {part} is missing: its {word} is {100 * ratio:.0f} % of the other{at}."
        places = (side, *faces)
    return judge.say(
        "symmetry",
        verdict,
        text,
        measured=ratio,
        places=tuple(dict.fromkeys(places)),
        part=part,
        smaller_side=side,
        compared=word,
        ratios=ratios,
        sides=details,
    )


def _vault(volume: NDArray[np.float64]) -> tuple[slice, slice]:
    """The upper 70 mm of all bone."""
    filled = np.flatnonzero(volume.sum(axis=(0, 2)) > 20.0)
    top = int(filled[-1]) if len(filled) else 0
    return slice(max(0, top - int(70 / _BIN_MM)), top + 1), slice(None)


def _jaw(volume: NDArray[np.float64], plane: dict[str, Any]) -> tuple[slice, slice]:
    """The lowest 45 mm of what lies in the front half: body of the lower jaw, without the spine."""
    front, back = _front_and_back(plane)
    start = plane["start_mm"][0]
    end = int((front + 0.5 * (back - front) - start) / _BIN_MM)
    filled = np.flatnonzero(volume[:, :, :end].sum(axis=(0, 2)) > 100.0)
    low = int(filled[0]) if len(filled) else 0
    return slice(low, low + int(45 / _BIN_MM)), slice(0, end)


def _extent(along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length of the bins that hold bone, for each side: (2, n) to (2,)."""
    lengths = []
    for side in along:
        filled = np.flatnonzero(side > 20.0)
        lengths.append(_BIN_MM * float(filled[-1] - filled[0] + 1) if len(filled) else 0.0)
    return np.array(lengths)
