"""Hand-over to SimpleITK, nibabel, xarray, pydicom, trimesh, PyVista and NiiVue, and back.

The one room where another frame or axis order than ours exists.  Ours: LPS millimetres, arrays
``[k, j, i]``.  Each neighbour is imported when a function that needs it is called.
"""

from calvaria.convert.datasets import from_pydicom, to_pydicom
from calvaria.convert.itk import from_sitk, mask_from_sitk, to_sitk
from calvaria.convert.labelled import from_xarray, mask_from_xarray, to_xarray
from calvaria.convert.nifti import from_nibabel, mask_from_nibabel, to_nibabel
from calvaria.convert.segmentation import mask_from_dicom_seg
from calvaria.convert.segments import to_dicom_seg, to_seg_nrrd
from calvaria.convert.triangles import mesh_from_trimesh, to_trimesh
from calvaria.convert.viewers import mesh_from_pyvista, to_niivue, to_pyvista

__all__ = [
    "from_nibabel",
    "from_pydicom",
    "from_sitk",
    "from_xarray",
    "mask_from_dicom_seg",
    "mask_from_nibabel",
    "mask_from_sitk",
    "mask_from_xarray",
    "mesh_from_pyvista",
    "mesh_from_trimesh",
    "to_dicom_seg",
    "to_nibabel",
    "to_niivue",
    "to_pydicom",
    "to_pyvista",
    "to_seg_nrrd",
    "to_sitk",
    "to_trimesh",
    "to_xarray",
]


def __dir__() -> list[str]:
    return sorted(__all__)
