"""Whether the values are HU, sharp and quiet: scale, edge response, noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria.findings import Finding, Verdict
from calvaria.rules import classify_kernel

if TYPE_CHECKING:
    from calvaria.checks.judge import Judge
    from calvaria.checks.survey import Survey
    from calvaria.volume import Acquisition

__all__ = ["check_noise", "check_scale", "check_sharpness"]

# The edge response is found within a tenth on phantoms; see docs/checks.md.
_EDGE_ERROR = 0.05
_SHARPNESS = {
    "in_plane": (
        "Edges are sharp in the plane of the slices",
        "Edges are blurred in the plane of the slices: thin bone will vanish",
    ),
    "through_plane": (
        "Edges are sharp from slice to slice",
        "Edges are smeared from slice to slice: the scan was made with thick slices, whatever the "
        "increment says, and the model will show steps",
    ),
}
# Less soft tissue than this among all that is not air cannot be told from the rims of bone.
_SOFT_SHARE = 0.15


def check_scale(judge: Judge, survey: Survey) -> list[Finding]:
    """Air near -1000 HU and soft tissue near 0: a wrong rescale shows at once."""
    found = survey["air_and_tissue_hu"]
    low, high = survey["range_hu"]
    if found is None:
        text = (
            "Air and soft tissue cannot be told apart in the values, so the scale stays unproven."
        )
        return [
            judge.unproven(code, text, lowest_hu=low, highest_hu=high)
            for code in ("hu_air", "hu_soft_tissue")
        ]
    air, tissue = found
    verdicts = {
        "hu_air": judge.limit("hu_air").grade(air),
        "hu_soft_tissue": judge.limit("hu_soft_tissue").grade(tissue),
    }
    if verdicts["hu_air"] is Verdict.PASS and verdicts["hu_soft_tissue"] is not Verdict.PASS:
        # Air is right, but most of the rest is no soft tissue: a dry skull, a test object.
        if survey["soft_count"] > _SOFT_SHARE * survey["solid_count"]:
            tissue = survey["soft_mode_hu"]
            verdicts["hu_soft_tissue"] = judge.limit("hu_soft_tissue").grade(tissue)
        else:
            verdicts["hu_soft_tissue"] = Verdict.UNPROVEN
    good = {
        "hu_air": f"Air lies at {air} HU, as it should.",
        "hu_soft_tissue": f"Soft tissue lies at {tissue} HU, as it should.",
    }
    bad = {
        "hu_air": f"Air lies at {air} HU instead of -1000",
        "hu_soft_tissue": f"Soft tissue lies at {tissue} HU instead of near 0 to 100",
    }
    why = _why(air, tissue)
    if verdicts["hu_soft_tissue"] is Verdict.UNPROVEN:
        why = "a dry skull or a test object, or the scale is wrong"
    return [
        judge.say(
            code,
            verdict,
            good[code] if verdict is Verdict.PASS else f"{bad[code]}: {why}.",
            measured=measured,
            air_hu=air,
            soft_tissue_hu=tissue,
            lowest_hu=low,
            highest_hu=high,
        )
        for (code, verdict), measured in zip(verdicts.items(), (air, tissue), strict=True)
    ]


def _why(air: int, tissue: int) -> str:
    offset = air + 1000
    if abs(tissue - air - 1040) > 300:
        return "the values are not HU, the scale itself is wrong"
    if abs(abs(offset) - 1024) <= 60:
        return f"every value is off by about {offset}, the rescale intercept was lost or used twice"
    return f"every value is off by about {offset}"


def check_sharpness(judge: Judge, survey: Survey) -> list[Finding]:
    """Width of the edge response in the plane and through it, and double edges."""
    found = [_sharpness(judge, survey, where) for where in _SHARPNESS]
    edge = survey.edge("in_plane")
    if edge is None:
        text = "Without a measurable edge, double edges cannot be excluded."
        return [*found, judge.unproven("double_edges", text)]
    doubled = judge.hold(
        "double_edges",
        edge.second_edge,
        good="The outline is single.",
        bad="The outline is doubled: the patient moved, or two images were mixed.",
    )
    return [*found, doubled]


def _sharpness(judge: Judge, survey: Survey, where: str) -> Finding:
    edge, (good, bad) = survey.edge(where), _SHARPNESS[where]
    code = f"sharpness_{where}"
    if edge is None:
        text = "No smooth stretch of skin or bone against air was found to measure sharpness on."
        return judge.unproven(code, text)
    width = f"(half-width {edge.width_mm:.2f} mm)"
    return judge.hold(
        code,
        edge.width_mm,
        good=f"{good} {width}.",
        bad=f"{bad} {width}.",
        error=_EDGE_ERROR * edge.width_mm,
        fwhm_mm=edge.fwhm_mm,
        rise_10_90_mm=edge.rise_mm,
        n_profiles=edge.n_profiles,
    )


def check_noise(judge: Judge, survey: Survey, acquisition: Acquisition) -> list[Finding]:
    """Spread of soft tissue, and the contrast of bone over it."""
    noise, soft, bone = survey["noise_soft_hu"], survey["soft_hu"], survey["bone_median_hu"]
    air = survey["noise_air_hu"]
    if noise is None:
        text = "No homogeneous soft tissue was found to measure noise in."
        return [
            judge.unproven(code, text, noise_air_hu=air) for code in ("noise", "contrast_to_noise")
        ]
    kind = classify_kernel(
        acquisition.convolution_kernel, manufacturer=acquisition.manufacturer
    ).kind
    verdict = judge.limit("noise").grade(noise)
    if verdict is Verdict.PASS:
        text = "Little enough noise for a threshold."
    elif kind in ("bone", "sharp"):
        text = f"Much noise, made by the {kind} kernel: ask for a softer reconstruction of the same scan."
    else:
        text = "Much noise: a threshold will leave specks and holes."
    found = [
        judge.say(
            "noise",
            verdict,
            text,
            measured=noise,
            noise_hu=noise,
            noise_air_hu=air,
            kernel_kind=kind,
        )
    ]
    if bone is None or soft is None:
        text = "No bone was found to compare with the noise."
        return [*found, judge.unproven("contrast_to_noise", text)]
    # Noise below one HU is the rounding of the values.
    ratio = (bone - soft) / max(noise, 1.0)
    contrast = judge.hold(
        "contrast_to_noise",
        ratio,
        good=f"Bone stands out {ratio:.0f} times above the noise.",
        bad=f"Bone stands out only {ratio:.1f} times above the noise: its outline will be ragged.",
        bone_hu=bone,
        soft_tissue_hu=soft,
        noise_hu=noise,
    )
    return [*found, contrast]
