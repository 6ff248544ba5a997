"""Phantom studies as folders of DICOM files, with planted identifiers and faults on request."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native, _progress
from calvaria._arrays import frozen
from calvaria.phantom.scanner import Scanner

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from calvaria.phantom.body import Phantom
    from calvaria.phantom.scanner import SlicePlan

__all__ = ["CANARIES", "write_study"]

CANARIES: dict[str, str] = {
    "patient_name": "CANARY^PHANTOM^ZEBULON",
    "patient_id": "CANARY-PID-7731904",
    "patient_birth_date": "18881128",
    "patient_sex": "O",
    "patient_comments": "CANARY lives at Canarygasse 99",
    "accession_number": "CANARYACC551087",
    "institution_name": "Canary Hospital of Nowhere",
    "referring_physician_name": "CANARY^REFERRER",
    "operators_name": "CANARY^OPERATOR",
    "station_name": "CANARYSTATION",
    "device_serial_number": "CANARY-SN-40812",
    "study_id": "CANARYSTUDY42",
    "study_description": "CANARY study of Zebulon",
    "series_description": "CANARY series of Zebulon",
}
"""Invented identifiers in every written study: none of them may turn up in a result.

The sex is there because DICOM asks for it; being one letter it is no canary.
"""

_SECOND_PATIENT = {
    **CANARIES,
    "patient_name": "CANARY^PHANTOM^SECOND",
    "patient_id": "CANARY-PID-2260417",
    "patient_birth_date": "18990317",
}
_RESCALE = (1.0, -1024.0)


def write_study(
    phantom: Phantom,
    folder: str | os.PathLike[str],
    *,
    scanner: Scanner | None = None,
    is_enhanced: bool = False,
    has_localizer: bool = False,
    has_secondary_capture: bool = False,
    has_two_patients: bool = False,
    has_rescale_per_slice: bool = False,
    photometric_interpretation: str = "MONOCHROME2",
    encoding: str = "explicit",
    convolution_kernel: str | None = None,
    patient_position: str = "HFS",
) -> tuple[Path, ...]:
    """Scan a phantom and write the images as a DICOM study.

    Parameters
    ----------
    phantom : Phantom
        What is scanned.
    folder : path
        Where the files go; made when it is not there.
    scanner : Scanner, optional
        How; its missing, duplicated and shifted slices are written as they are.
    is_enhanced : bool
        One Enhanced CT file with all slices as frames instead of one file a slice.
    has_localizer, has_secondary_capture : bool
        Whether a localizer, a picture of the middle slice, lie in the same folder.
    has_two_patients : bool
        Whether every second slice is said to be of somebody else.
    has_rescale_per_slice : bool
        Whether slope and intercept differ from slice to slice; the HU do not.
    photometric_interpretation : str
        ``"MONOCHROME2"`` or ``"MONOCHROME1"``; the HU do not change.
    encoding : str
        ``"explicit"``, ``"implicit"``, ``"big-endian"``, ``"deflated"`` or ``"rle"``.
    convolution_kernel : str, optional
        What the header says; None is the scanner's own name.
    patient_position : str
        What the header says.

    Returns
    -------
    tuple of Path
        The files, in the order of acquisition, localizer and captures last.

    Raises
    ------
    ValueError
        An argument makes no sense.
    OSError
        A file cannot be written.

    Notes
    -----
    The same arguments give the same bytes.  Every file carries :data:`CANARIES`.

    Examples
    --------
    >>> import tempfile
    >>> from calvaria import load_series
    >>> from calvaria.phantom import Scanner, sphere
    >>> small = Scanner(columns=32, rows=32, spacing_xy_mm=(2.5, 2.5), n_slices=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_study(sphere(), folder, scanner=small)
    ...     volume = load_series(folder)
    >>> len(files), volume
    (4, Volume(32 x 32 x 4 int16 HU, 2.5 x 2.5 x 0.8 mm))
    """
    settings = scanner if scanner is not None else Scanner()
    if photometric_interpretation not in {"MONOCHROME1", "MONOCHROME2"}:
        msg = f"photometric_interpretation: MONOCHROME1 or 2, found {photometric_interpretation!r}"
        raise ValueError(msg)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    plan = settings.plan(phantom)
    values = settings.expose(phantom, plan)
    identities = [CANARIES, _SECOND_PATIENT] if has_two_patients else [CANARIES]
    series = _series(settings, phantom, plan)
    series["photometric_interpretation"] = photometric_interpretation
    series["encoding"] = encoding
    series["patient_position"] = patient_position
    if convolution_kernel is not None:
        series["convolution_kernel"] = convolution_kernel
    slices = [
        (
            "enhanced.dcm" if is_enhanced else f"ct_{index + 1:04d}.dcm",
            tuple(position),
            (1.0 + index % 2, -1024.0 - 2 * (index % 3)) if has_rescale_per_slice else _RESCALE,
            index % len(identities),
        )
        for index, position in enumerate(plan.positions_lps_mm.tolist())
    ]
    if has_rescale_per_slice:
        # A slope of 2 stores even numbers only.
        values = values & np.int16(-2)
    _write_ct(target, series, identities, slices, values, is_enhanced=is_enhanced)
    written = [target / slices[0][0]] if is_enhanced else [target / name for name, *_ in slices]
    if has_localizer:
        written.append(_write_localizer(target, series, plan, values))
    if has_secondary_capture:
        written.append(_write_capture(target, series, values))
    return tuple(written)


def _write_ct(
    folder: Path,
    series: dict[str, Any],
    identities: list[dict[str, str]],
    slices: list[Any],
    values: NDArray[np.int16],
    *,
    is_enhanced: bool,
) -> None:
    def job(progress: _native.Progress) -> None:
        _native.write_ct(
            folder=str(folder),
            series=series,
            identities=identities,
            slices=slices,
            values=frozen(values, dtype=np.int16),
            is_enhanced=is_enhanced,
            progress=progress,
        )

    _progress.run(job, title="write")


def _series(scanner: Scanner, phantom: Phantom, plan: SlicePlan) -> dict[str, Any]:
    made = scanner.acquisition()
    normal = np.cross(plan.row_direction, plan.column_direction)
    recipe = json.dumps([phantom.to_dict(), scanner.to_dict()], sort_keys=True, default=str)
    return {
        "salt": int.from_bytes(hashlib.sha256(recipe.encode()).digest()[:16], "big"),
        "series_number": 2,
        "image_type": list(made.image_type),
        "row_direction": plan.row_direction.tolist(),
        "column_direction": plan.column_direction.tolist(),
        "spacing_xy_mm": scanner.spacing_xy_mm,
        "slice_thickness_mm": scanner.slice_thickness_mm,
        "spacing_between_slices_mm": abs(float(plan.step_lps_mm @ normal)),
        "gantry_detector_tilt_deg": scanner.gantry_tilt_deg,
        "convolution_kernel": made.convolution_kernel,
        "manufacturer": made.manufacturer,
        "manufacturer_model_name": made.manufacturer_model_name,
        "kvp": made.kvp,
        "data_collection_diameter_mm": made.data_collection_diameter_mm,
        "reconstruction_diameter_mm": made.reconstruction_diameter_mm,
        "patient_position": made.patient_position,
        "padding_hu": scanner.padding_hu if scanner.circle_diameter_mm is not None else None,
        "photometric_interpretation": "MONOCHROME2",
        "encoding": "explicit",
    }


def _write_localizer(
    folder: Path, series: dict[str, Any], plan: SlicePlan, values: NDArray[np.int16]
) -> Path:
    """Write the mean over the rows: what a scout view looks like, seen from the front."""
    image = np.rint(values.mean(axis=1)).astype(np.int16)[::-1][None]
    up = np.array(plan.step_lps_mm) / np.linalg.norm(plan.step_lps_mm)
    scout = {
        **series,
        "series_number": 1,
        "image_type": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
        "column_direction": (-(up - plan.row_direction * (up @ plan.row_direction))).tolist(),
        "spacing_xy_mm": (series["spacing_xy_mm"][0], float(np.linalg.norm(plan.step_lps_mm))),
        "slice_thickness_mm": 1.0,
        "spacing_between_slices_mm": None,
        "padding_hu": None,
    }
    middle = plan.column_direction * series["spacing_xy_mm"][1] * (values.shape[1] - 1) / 2
    corner = (plan.positions_lps_mm[-1] + middle).tolist()
    _write_ct(
        folder,
        scout,
        [CANARIES],
        [("localizer.dcm", corner, _RESCALE, 0)],
        image,
        is_enhanced=False,
    )
    return folder / "localizer.dcm"


def _write_capture(folder: Path, series: dict[str, Any], values: NDArray[np.int16]) -> Path:
    """Write the middle slice as a picture of 8 bits."""
    grey = (values[len(values) // 2].astype(np.float64) + 600.0) / 2000.0
    picture = np.clip(grey * 255.0, 0, 255).astype(np.uint8)
    path = folder / "capture.dcm"
    _native.write_capture(
        path=str(path),
        series={**series, "series_number": 99},
        identity=CANARIES,
        number=0,
        values=frozen(picture, dtype=np.uint8),
    )
    return path
