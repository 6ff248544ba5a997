"""Where noise makes what was measured of a mesh doubtful."""

from __future__ import annotations

from calvaria.findings import Finding, Verdict

__all__ = ["NOISE_CODE", "noise_findings"]

NOISE_CODE = "overlay_noise"
# So far the promise was shown: docs/metrics.md.
_MOST_NOISE_PERCENT = 20.0
_LEAST_STEEPNESS = 10.0


def noise_findings(
    *, noise: float, contrast: float, steepness: float | None
) -> tuple[Finding, ...]:
    """Return what is to be said of a noisy scan: nothing where the offsets were shown to hold.

    Parameters
    ----------
    noise, contrast : float
        Noise of the voxels, and the usual drop at the surface.
    steepness : float or None
        How many times the noise of slopes the edge falls once smoothed; None where it was not.
    """
    share = 100 * noise / contrast if contrast > 0 else 0.0
    is_loud = share > _MOST_NOISE_PERCENT
    is_flat = steepness is not None and steepness < _LEAST_STEEPNESS
    if not (is_loud or is_flat):
        return ()
    why = (
        f"at most {_MOST_NOISE_PERCENT:g} % was shown to do no harm"
        if is_loud
        else "it is alike over several voxels, and does not average out"
    )
    return (
        Finding(
            code=NOISE_CODE,
            verdict=Verdict.UNPROVEN,
            message=(
                f"The noise of the image is {share:.0f} % of the contrast at the surface; {why}. How far the "
                "mesh lies from the edge may be read too small."
            ),
            measured=share,
            limit=f"PASS: at most {_MOST_NOISE_PERCENT:g} % of the contrast, and an edge "
            f"{_LEAST_STEEPNESS:g} times as steep as smoothed noise",
            unit="%",
            source="house rule: as far as trials on balls and cylinders go, docs/metrics.md",
            details={"voxel_noise": noise, "contrast": contrast, "steepness": steepness},
        ),
    )
