"""What the loader noticed becomes findings."""

from __future__ import annotations

import warnings

from calvaria.errors import CalvariaWarning
from calvaria.findings import Finding, Verdict

__all__ = ["finding", "warn"]

# The verdict on what the loader noticed; the codes are explained in docs/checks.md.
_VERDICTS = {
    "duplicate_slices": Verdict.BORDERLINE,
    "executable_preamble": Verdict.BORDERLINE,
    "lossy_compression": Verdict.BORDERLINE,
    "mixed_acquisition": Verdict.FAIL,
    "mixed_series": Verdict.PASS,
    "monochrome1": Verdict.PASS,
    "no_preamble": Verdict.PASS,
    "not_hu": Verdict.FAIL,
    "one_of_several": Verdict.BORDERLINE,
    "other_encoding": Verdict.BORDERLINE,
    "padding_among_tissue": Verdict.BORDERLINE,
    "padding_masked": Verdict.PASS,
    "patient_partly_unnamed": Verdict.UNPROVEN,
    "pixel_spacing_plausible": Verdict.FAIL,
    "rescale_varies": Verdict.BORDERLINE,
    "series_uid_missing": Verdict.FAIL,
    "single_slice": Verdict.FAIL,
    "slice_increment_plausible": Verdict.FAIL,
    "unlisted_file": Verdict.FAIL,
    "unreadable_file": Verdict.FAIL,
    "unusable_beside": Verdict.FAIL,
    "unused_bits": Verdict.PASS,
    "unusable_sibling": Verdict.FAIL,
}


def finding(code: str, message: str, measured: float | None, places: list[str]) -> Finding:
    """Return the finding for a remark of the native loader."""
    return Finding(
        code=code,
        verdict=_VERDICTS[code],
        message=_sentence(message),
        measured=measured,
        places=tuple(places),
    )


def _sentence(remark: str) -> str:
    """Return a remark as a sentence; a file name or tag at its beginning stays as it is."""
    first = remark.split(" ", 1)[0]
    start = remark[:1].upper() if first.isalpha() else remark[:1]
    return f"{start}{remark[1:].removesuffix('.')}."


def warn(findings: tuple[Finding, ...]) -> None:
    """Warn about every finding that fails or is not proven, naming the files it speaks of."""
    for one in findings:
        if one.verdict in {Verdict.FAIL, Verdict.UNPROVEN}:
            names = ", ".join(one.places[:3])
            more = f" ({names})" if names and one.places[0] not in one.message else ""
            warnings.warn(
                f"{one.code}: {one.message.removesuffix('.')}{more}", CalvariaWarning, stacklevel=3
            )
