"""Metal, movement, and slices that are wrong by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._record import plural
from calvaria.findings import Finding, Verdict
from calvaria.volume import Mask

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from calvaria.checks.judge import Judge
    from calvaria.checks.survey import Survey
    from calvaria.volume import Volume

__all__ = ["check_metal", "check_motion", "check_slices", "region_points"]

_LISTED = 20
# Streaks are looked for this near to metal, mm.
_STREAK_MM = 60.0
# A step counts when it stands out of its neighbours by this many of their spreads.
_OUTLIER = 8.0
_NEIGHBOURS = 7
# Flat ends of the patient, such as the cut of the neck, change their tissue at once.
_END_MM = 10.0
# HU of titanium to dental alloys before the scale clips them: least, usual, most.
_METAL_HU = (6000.0, 10000.0, 20000.0)
_FWHM_PER_SIGMA = 2.3548
_NO_HU = "The values are not HU, so the patient cannot be told from the air."


def region_points(region: Any, name: str = "region") -> NDArray[np.float64] | None:
    """Return the points of a mask's surface, or points as given: (n, 3), LPS, mm."""
    if region is None:
        return None
    if isinstance(region, Mask):
        filled = np.pad(region.values != 0, 1)
        inner = filled.copy()
        for axis in range(3):
            inner &= np.roll(filled, 1, axis) & np.roll(filled, -1, axis)
        kji = np.argwhere((filled & ~inner)[1:-1, 1:-1, 1:-1])
        return np.ascontiguousarray(region.grid.lps_mm_from_ijk(kji[:, ::-1]))
    points = np.ascontiguousarray(np.asarray(region, dtype=np.float64))
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        msg = (
            f"{name}: a Mask or finite points of shape (n, 3) expected, found shape {points.shape}"
        )
        raise ValueError(msg)
    return points


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cluster:
    """A piece of metal, with the blur of the scan taken off its outline.

    The scale clips metal, so its edge is seen at the threshold and not at half of its height; the
    threshold lies outside of the edge by a part of the blur that depends on the true HU.
    """

    above_mm3: float
    volume_mm3: float
    range_mm3: tuple[float, float]
    centre_lps_mm: tuple[float, ...]
    slices: tuple[int, int]

    @classmethod
    def of(cls, found: tuple[Any, ...], survey: Survey, slice_mm: float) -> _Cluster:
        above, centre, slices, around = found
        most, usual, least = (_unblurred(above, around, survey, slice_mm, hu) for hu in _METAL_HU)
        return cls(
            above_mm3=above,
            volume_mm3=usual,
            range_mm3=(least, most),
            centre_lps_mm=tuple(centre),
            slices=tuple(slices),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "volume_mm3": self.volume_mm3,
            "above_threshold_mm3": self.above_mm3,
            "centre_lps_mm": list(self.centre_lps_mm),
            "slices": list(self.slices),
        }


def _unblurred(
    above_mm3: float, around_hu: float, survey: Survey, slice_mm: float, metal_hu: float
) -> float:
    plane, through = survey.edge("in_plane"), survey.edge("through_plane")
    if plane is None or not np.isfinite(around_hu):
        return above_mm3
    # A kernel blurs like a Gaussian, a slice averages over its thickness.
    variance = 2 * (plane.fwhm_mm / _FWHM_PER_SIGMA) ** 2
    variance += (through.fwhm_mm if through else slice_mm) ** 2 / 12.0
    sigma = float(np.sqrt(variance / 3.0))
    share = (survey["metal_threshold_hu"] - around_hu) / (metal_hu - around_hu)
    if not 0.0 < share < 1.0:
        return above_mm3
    seen_mm = (3.0 * above_mm3 / (4.0 * np.pi)) ** (1.0 / 3.0)
    return 4.0 / 3.0 * np.pi * _radius_before_blur(seen_mm, share, sigma) ** 3


def _radius_before_blur(seen_mm: float, share: float, sigma_mm: float) -> float:
    """Return the radius of the ball that, blurred, has ``share`` of its height at ``seen_mm``."""
    low, high = 0.0, seen_mm + 4.0 * sigma_mm
    for _ in range(60):
        middle = (low + high) / 2.0
        if _blurred_ball(seen_mm, middle, sigma_mm) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _blurred_ball(at_mm: float, radius_mm: float, sigma_mm: float) -> float:
    """Return the height, at a distance from its centre, of a ball blurred by a Gaussian."""
    far, near = (radius_mm + at_mm) / sigma_mm, (radius_mm - at_mm) / sigma_mm
    gauss = NormalDist()
    flat = gauss.cdf(far) + gauss.cdf(near) - 1.0
    return flat - sigma_mm / at_mm * (gauss.pdf(near) - gauss.pdf(far))


def check_metal(
    judge: Judge, volume: Volume, survey: Survey, *, region: ArrayLike | Mask | None
) -> list[Finding]:
    """Metal, its streaks, and its distance from a region of interest."""
    slice_mm = volume.acquisition.slice_thickness_mm or volume.grid.slice_distance_mm
    clusters = [_Cluster.of(found, survey, slice_mm) for found in survey["metal_clusters"]]
    total = sum(cluster.volume_mm3 for cluster in clusters)
    limit = judge.limit("metal")
    verdict = limit.grade(total)
    threshold, ceiling = survey["metal_threshold_hu"], survey["ceiling_hu"]
    doubtful = verdict is not Verdict.PASS and threshold < limit["threshold_hu"]
    if verdict is Verdict.PASS:
        text = "No metal was found."
    elif doubtful:
        verdict = Verdict.UNPROVEN
        text = (
            f"The scale of the values ends at {ceiling:.0f} HU, and {total:.0f} mm3 lie on its end: metal "
            "or enamel, they cannot be told apart."
        )
    else:
        text = (
            f"Metal in {plural(len(clusters), 'place')}, {total:.0f} mm3: edges near it are not to be "
            "trusted."
        )
    details = {
        "volume_mm3": total,
        "threshold_hu": threshold,
        "ceiling_hu": ceiling,
        "above_threshold_mm3": sum(cluster.above_mm3 for cluster in clusters),
        "least_mm3": sum(cluster.range_mm3[0] for cluster in clusters),
        "most_mm3": sum(cluster.range_mm3[1] for cluster in clusters),
        "clusters": [cluster.to_dict() for cluster in clusters[:_LISTED]],
    }
    found = [
        judge.say(
            "metal",
            verdict,
            text,
            measured=total,
            places=tuple(
                f"slices {c.slices[0] + 1} to {c.slices[1] + 1}: {c.volume_mm3:.0f} mm3"
                for c in clusters[:_LISTED]
            )
            if verdict is not Verdict.PASS
            else (),
            **details,
        )
    ]
    has_metal = verdict is not Verdict.PASS
    found.append(_streaks(judge, volume, survey, has_metal=has_metal))
    found.append(_distance(judge, survey, region_points(region), has_metal=has_metal))
    return found


def _streaks(judge: Judge, volume: Volume, survey: Survey, *, has_metal: bool) -> Finding:
    if not has_metal:
        text = "Without metal there are no streaks of metal."
        return judge.say("streaks", Verdict.PASS, text, measured=0.0)
    centres = np.asarray(survey["block_centre_ijk"], dtype=np.float64).reshape(-1, 3)
    spread = np.asarray(survey["block_sd_hu"], dtype=np.float64)
    in_slices = np.zeros(len(centres), dtype=bool)
    near = np.zeros(len(centres), dtype=bool)
    places = volume.grid.lps_mm_from_ijk(centres)
    for _, centre, slices, _ in survey["metal_clusters"]:
        same = (centres[:, 2] >= slices[0]) & (centres[:, 2] <= slices[1])
        in_slices |= same
        near |= same & (np.linalg.norm(places - np.asarray(centre), axis=1) < _STREAK_MM)
    if near.sum() < 10 or (~in_slices).sum() < 10:
        return judge.unproven(
            "streaks", "Too little soft tissue beside the metal to measure streaks in."
        )
    # The same kind of tissue with and without metal in its slice; the quarter with the most spread
    # is where streaks run.
    ratio = float(np.percentile(spread[near], 75) / max(np.percentile(spread[~in_slices], 75), 1.0))
    return judge.hold(
        "streaks",
        ratio,
        good="The metal makes no streaks to speak of.",
        bad=f"Streaks make the tissue beside the metal {ratio:.1f} times as uneven as elsewhere.",
        n_blocks=int(near.sum()),
    )


def _distance(
    judge: Judge, survey: Survey, points: NDArray[np.float64] | None, *, has_metal: bool
) -> Finding:
    if not has_metal:
        return judge.say(
            "metal_distance", Verdict.PASS, "There is no metal.", measured="no metal", unit=""
        )
    if points is None:
        text = "No region was given, so how near the metal lies to it is not known."
        return judge.unproven("metal_distance", text)
    surface = np.ascontiguousarray(survey["metal_surface_lps_mm"], dtype=np.float64).reshape(-1, 3)
    distance = _native.nearest_mm(surface, points)
    if distance is None:
        return judge.unproven("metal_distance", "The region is empty.")
    verdict = judge.limit("metal_distance").grade(distance)
    text = f"The metal lies {distance:.1f} mm from the region."
    return judge.say("metal_distance", verdict, text, measured=distance)


def check_slices(judge: Judge, survey: Survey, *, is_hu: bool) -> list[Finding]:
    """Slices that repeat another, hold one value only, or have lost rows."""
    filled = survey.filled
    inner = np.zeros_like(filled)
    if filled.any():
        first, last = np.flatnonzero(filled)[[0, -1]]
        inner[first : last + 1] = True
    ranges = survey.slice_range_hu
    # A constant slice is a fault among others with tissue, or when its one value is not air.
    is_constant = ranges[:, 0] == ranges[:, 1]
    is_air = (ranges[:, 1] <= -900) & (ranges[:, 1] >= -1100)
    constant = np.flatnonzero(is_constant & (inner | ~is_air) & (len(filled) > 1))
    same = [(int(k), int(m)) for k, m in enumerate(survey["slice_same_as"]) if m is not None]
    repeated = [(k, m) for k, m in same if filled[k] and not is_constant[k]]
    rows = np.asarray(survey["slice_lost_rows"], dtype=np.int64) * ~is_constant
    verdict = judge.limit("repeated_slices").grade(len(repeated))
    text = f"{plural(len(repeated), 'slice')} {'repeats' if len(repeated) == 1 else 'repeat'} another one voxel by voxel: something was copied or lost."
    if not repeated:
        text = "No slice repeats another."
    elif len(repeated) > 0.5 * len(filled):
        verdict = Verdict.UNPROVEN
        text = "Most slices are alike voxel by voxel: an object without change along the stack and without noise."
    return [
        judge.say(
            "repeated_slices",
            verdict,
            text,
            measured=len(repeated),
            places=tuple(f"slice {k + 1} repeats slice {m + 1}" for k, m in repeated[:_LISTED]),
            slice_index=[k for k, _ in repeated],
        ),
        judge.say(
            "constant_slices",
            judge.limit("constant_slices").grade(len(constant)),
            f"{plural(len(constant), 'slice')} {'holds' if len(constant) == 1 else 'hold'} one single value: the image is lost."
            if len(constant)
            else "No slice is blank.",
            measured=len(constant),
            places=tuple(f"slice {k + 1}" for k in constant[:_LISTED]),
            slice_index=[int(k) for k in constant],
        ),
        _lost_rows(judge, rows) if is_hu else judge.unproven("lost_rows", _NO_HU),
    ]


def _lost_rows(judge: Judge, rows: NDArray[np.int64]) -> Finding:
    total = int(rows.sum())
    lost = np.flatnonzero(rows)
    bad = f"{plural(total, 'row')} across the patient {'holds' if total == 1 else 'hold'} one single value: a part was lost."
    return judge.say(
        "lost_rows",
        judge.limit("lost_rows").grade(total),
        bad if total else "No row is blank within the patient.",
        measured=total,
        places=tuple(f"slice {k + 1}: {plural(int(rows[k]), 'row')}" for k in lost[:_LISTED]),
        slice_index=[int(k) for k in lost],
    )


def check_motion(judge: Judge, survey: Survey, *, slice_mm: float) -> list[Finding]:
    """Steps from one slice to the next: sideways, and in brightness."""
    both = survey.filled[:-1] & survey.filled[1:]
    ends = round(_END_MM / slice_mm)
    tissue = both & np.isfinite(survey.soft_step_hu)
    inner = tissue & np.roll(tissue, ends) & np.roll(tissue, -ends)
    return [_shift(judge, survey, both), _brightness(judge, survey, both, inner)]


def _shift(judge: Judge, survey: Survey, both: NDArray[np.bool_]) -> Finding:
    steps = survey.shift_xy_mm[both]
    index = np.flatnonzero(both)
    if len(steps) < 2 * _NEIGHBOURS or not np.isfinite(steps).all(axis=1).mean() > 0.5:
        return judge.unproven(
            "motion", "Too few slices with tissue to see whether the patient moved."
        )
    apart = np.column_stack([_stands_out(steps[:, axis]) for axis in (0, 1)])
    size = np.hypot(apart[:, 0], apart[:, 1])
    limit = judge.limit("motion")
    worst = float(size.max())
    where = np.flatnonzero([limit.grade(value) is not Verdict.PASS for value in size])
    verdict = limit.grade(worst)
    if verdict is Verdict.PASS:
        text = (
            f"No sideways step between neighbouring slices above {limit['pass_max']:g} mm. Slow movement and "
            "movement within a slice cannot be seen this way."
        )
    else:
        text = f"The patient jumps sideways by about {worst:.1f} mm between two slices: he moved during the scan."
    return judge.say(
        "motion",
        verdict,
        text,
        measured=worst,
        places=tuple(
            f"between slices {index[n] + 1} and {index[n] + 2}: {size[n]:.1f} mm"
            for n in where[:_LISTED]
        ),
        after_slice_index=[int(index[n]) for n in where],
    )


def _brightness(
    judge: Judge, survey: Survey, both: NDArray[np.bool_], inner: NDArray[np.bool_]
) -> Finding:
    soft, whole = np.where(inner, survey.soft_step_hu, np.nan)[both], survey.step_hu[both]
    index = np.flatnonzero(both)
    # A slice far off leaves no soft tissue to compare; then everything has moved.
    steps = np.where(np.isnan(soft) | (np.abs(whole) > np.abs(soft)), whole, soft)
    if len(steps) < _NEIGHBOURS:
        return judge.unproven(
            "brightness", "Too few slices with tissue to compare their brightness."
        )
    limit = judge.limit("brightness")
    worst = float(np.abs(steps).max())
    where = np.flatnonzero(np.abs(steps) > limit["pass_max"])
    turns = int(np.sum(np.diff(np.sign(steps[where])) != 0)) if len(where) > 1 else 0
    verdict = limit.grade(worst)
    if verdict is Verdict.PASS:
        text = "Neighbouring slices are equally bright."
    elif turns > 4:
        text = f"Slices are lighter and darker by turns, by {worst:.0f} HU: two reconstructions may be mixed."
    else:
        text = f"The tissue changes by {worst:.0f} HU at once between two slices: their scale differs, or what is imaged."
    return judge.say(
        "brightness",
        verdict,
        text,
        measured=worst,
        places=tuple(
            f"between slices {index[n] + 1} and {index[n] + 2}: {steps[n]:+.0f} HU"
            for n in where[:_LISTED]
        ),
        after_slice_index=[int(index[n]) for n in where],
    )


def _stands_out(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each value lies from its neighbours' median, zero within their spread."""
    values = np.nan_to_num(values)
    half = _NEIGHBOURS
    padded = np.pad(values, half, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    others = np.delete(windows, half, axis=1)
    median = np.median(others, axis=1)
    spread = 1.4826 * np.median(np.abs(others - median[:, None]), axis=1)
    apart = np.abs(values - median)
    return np.where(apart > _OUTLIER * np.maximum(spread, 0.01), apart, 0.0)
