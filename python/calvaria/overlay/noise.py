"""Where noise or thin walls make what was measured of a mesh doubtful."""

from __future__ import annotations

from calvaria.findings import Finding, Verdict

__all__ = ["NOISE_CODE", "THIN_CODE", "noise_findings", "thin_findings"]

NOISE_CODE = "overlay_noise"
THIN_CODE = "overlay_thin"
# So far the promise was shown: docs/metrics.md.
_MOST_NOISE_PERCENT = 20.0
_LEAST_STEEPNESS = 10.0
_MOST_THIN_PERCENT = 30.0


def noise_findings(
    *, noise: float, contrast: float, steepness: float | None
) -> tuple[Finding, ...]:
    """Return what is to be said of a noisy scan: nothing where the offsets were shown to hold.

    Parameters
    ----------
    noise, contrast : float
        Noise of the voxels, and the usual drop at the surface; 0 where no edge was found.
    steepness : float or None
        How many times the noise of slopes the edge falls once smoothed; None where it was not.
    """
    if contrast <= 0:
        return ()
    share = 100 * noise / contrast
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


def thin_findings(*, thin_fraction: float, blur_mm: float) -> tuple[Finding, ...]:
    """Return what is to be said where much of a surface is thinner than the image can tell.

    Parameters
    ----------
    thin_fraction : float
        Share of the surface whose wall is thinner than about twice the blur.
    blur_mm : float
        Standard deviation of the blur, with what the image was smoothed by.
    """
    share = 100 * thin_fraction
    if share <= _MOST_THIN_PERCENT:
        return ()
    return (
        Finding(
            code=THIN_CODE,
            verdict=Verdict.UNPROVEN,
            message=(
                f"{share:.0f} % of the surface belong to walls thinner than {2 * blur_mm:.1f} mm, twice the blur "
                "that the image is read with. There height and thickness look alike: a mesh may be read too "
                "far inside by a fifth of the blur and more."
            ),
            measured=share,
            limit=f"PASS: at most {_MOST_THIN_PERCENT:g} % of the surface",
            unit="% of the surface",
            source="house rule: as far as trials on plates go, docs/metrics.md",
            details={"blur_mm": blur_mm},
        ),
    )
