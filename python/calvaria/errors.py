"""Exceptions and warnings: everything calvaria raises on purpose.

A poor image is a :class:`~calvaria.findings.Finding`, not an exception.  A step that cannot be
done raises one of the classes below; a caller's mistake is a ``TypeError`` or ``ValueError``.
"""

__all__ = [
    "BarError",
    "BarNotFoundError",
    "CalvariaError",
    "CalvariaWarning",
    "DicomError",
    "EmptyMaskError",
    "FailedChecksError",
    "GeometryError",
    "InconsistentSeriesError",
    "MeshError",
    "MissingAttributeError",
    "MissingRecordError",
    "NonManifoldError",
    "NotDicomError",
    "OpenSurfaceError",
    "ReleaseError",
    "SegmentationError",
    "StudyError",
    "UnsupportedTransferSyntaxError",
]


def __dir__() -> list[str]:
    return sorted(__all__)


class CalvariaError(Exception):
    """Base of every error that calvaria raises on purpose."""


class CalvariaWarning(UserWarning):
    """Something the user should know before trusting a result."""


class DicomError(CalvariaError):
    """A DICOM file or series cannot be read, or must not be."""


class NotDicomError(DicomError):
    """The file or folder holds no readable DICOM image."""


class MissingAttributeError(DicomError):
    """A required attribute is absent, empty or not of the required form."""


class UnsupportedTransferSyntaxError(DicomError):
    """The pixels are stored in a way that calvaria refuses to decode."""


class InconsistentSeriesError(DicomError):
    """The files do not form one volume: gaps, duplicates, two patients, two frames of reference."""


class GeometryError(CalvariaError, ValueError):
    """A singular affine, grids that do not match, a direction asked of a sheared grid."""


class SegmentationError(CalvariaError):
    """A segmentation step cannot be done."""


class EmptyMaskError(SegmentationError):
    """A mask without a voxel where one is needed."""


class MeshError(CalvariaError):
    """A mesh cannot be read, written or used for what was asked."""


class OpenSurfaceError(MeshError):
    """The surface has a boundary where a closed one is needed."""


class NonManifoldError(MeshError):
    """An edge or vertex of the surface is not manifold."""


class BarError(CalvariaError):
    """The reference bar cannot be made or measured."""


class BarNotFoundError(BarError):
    """No reference bar was found in the mesh or volume."""


class ReleaseError(CalvariaError):
    """A package must not leave as it is."""


class FailedChecksError(ReleaseError):
    """A check failed and no override was recorded."""


class MissingRecordError(ReleaseError):
    """A record that the purpose requires is missing."""


class StudyError(CalvariaError, ValueError):
    """A table or a published summary that cannot carry the statistic asked of it."""
