"""What the headers say about how the image was made: modality, values, kind of image, kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria.findings import Finding, Verdict
from calvaria.rules import classify_kernel

if TYPE_CHECKING:
    from calvaria.checks.judge import Judge
    from calvaria.volume import Acquisition

__all__ = ["check_image_type", "check_kernel", "check_modality", "check_rescale_type"]


def check_modality(judge: Judge, acquisition: Acquisition, *, quantity: str | None) -> Finding:
    """Whether the modality suits the anatomy; MR has no HU.

    ``quantity`` is what the voxels hold where they are there, None where only headers are.
    """
    modality = acquisition.modality
    if modality is None:
        if quantity == "HU":
            return judge.say(
                "modality",
                Verdict.PASS,
                "The header does not name the modality; the values are given as HU.",
                measured="not recorded, HU",
            )
        return judge.unproven(
            "modality", "The modality is not recorded; whether the values are HU is not known."
        )
    verdict = judge.limit("modality").grade_word(modality) or Verdict.FAIL
    if verdict is Verdict.PASS and modality == "CT" and quantity not in (None, "HU"):
        return judge.say(
            "modality",
            Verdict.FAIL,
            "A CT whose values are not HU: thresholds in HU must not be used on it.",
            measured=f"{modality}, {quantity}",
        )
    if verdict is Verdict.PASS and modality == "MR":
        message = (
            "An MR image. It has no HU: outline by the image itself, not by a threshold in HU."
        )
    elif verdict is Verdict.PASS:
        message = f"A {modality} image, as this part of the body needs."
    elif modality == "MR":
        message = "An MR image. It has no HU, and bone is hardly seen: ask for a CT."
    else:
        message = f"Not a CT ({modality}), which this part of the body needs."
    return judge.say("modality", verdict, message, measured=modality)


def check_rescale_type(judge: Judge, acquisition: Acquisition) -> Finding:
    """Whether the stored values become HU."""
    kind, modality = acquisition.rescale_type, acquisition.modality
    if modality not in (None, "CT"):
        return judge.say(
            "rescale_type",
            Verdict.PASS,
            f"Not asked of images of modality {modality}, which have no HU.",
            measured=kind or "none",
        )
    if kind is None:
        if modality == "CT":
            return judge.say(
                "rescale_type",
                Verdict.PASS,
                "Not written, which in a CT means HU.",
                measured="not written (HU)",
            )
        return judge.unproven("rescale_type", "The header does not say whether the values are HU.")
    verdict = judge.limit("rescale_type").grade_word(kind.strip()) or Verdict.FAIL
    message = {
        Verdict.PASS: "The values are HU.",
        Verdict.UNPROVEN: "The header leaves the unit of the values open; they may not be HU.",
    }.get(verdict, f"The values are {kind!r}, not HU: thresholds in HU must not be used.")
    return judge.say("rescale_type", verdict, message, measured=kind)


def check_image_type(judge: Judge, acquisition: Acquisition) -> Finding:
    """Whether these are the slices that the scanner measured."""
    words = tuple(str(word).strip() for word in acquisition.image_type)
    if not words:
        return judge.unproven(
            "image_type", "The header does not say whether these are original slices or a reformat."
        )
    limit = judge.limit("image_type")
    verdict = Verdict.worst(limit.grade_word(word) or Verdict.PASS for word in words)
    message = {
        Verdict.PASS: "Original slices of the scanner.",
        Verdict.BORDERLINE: "Derived images, already interpolated once: ask for the original thin slices.",
    }.get(verdict, "A localizer or a projection, not slices: it cannot become a model.")
    return judge.say("image_type", verdict, message, measured="/".join(words))


def check_kernel(judge: Judge, acquisition: Acquisition) -> Finding:
    """Which reconstruction kernel was used, by the table of vendors' names."""
    name = acquisition.convolution_kernel
    if acquisition.modality == "MR":
        text = "Not asked of an MR image, which has no reconstruction kernel."
        return judge.say("kernel", Verdict.PASS, text, measured="not asked")
    if not name:
        return judge.unproven(
            "kernel", "The reconstruction kernel is not recorded; judge by the measured sharpness."
        )
    kernel = classify_kernel(name, manufacturer=acquisition.manufacturer)
    verdict = judge.limit("kernel").grade_word(kernel.kind) or Verdict.UNPROVEN
    message = {
        "soft": "A soft kernel: little noise, thin bone appears thinner than it is.",
        "bone": "A bone kernel: fine detail, more noise.",
        "sharp": "An edge-enhancing kernel: noise and bright rims beside bone, thresholds shift.",
    }.get(
        kernel.kind,
        f"The kernel {name!r} is not in our table of kernels; judge by the measured sharpness.",
    )
    return judge.say(
        "kernel",
        verdict,
        message,
        measured=f"{name} ({kernel.kind})",
        kernel=name,
        kind=kernel.kind,
        kind_source=kernel.source,
    )
