"""What is said when a library is missing, or an array is given in the place of an image."""

import inspect
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import calvaria
from calvaria import Grid, Mask, Mesh, Volume, _optional
from public_names import FUNCTIONS

GRID = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.eye(4))


GOOD = {
    "Volume": Volume(values=np.zeros((2, 3, 4), np.int16), grid=GRID),
    "Mask": Mask(values=np.ones((2, 3, 4), bool), grid=GRID),
    "Mesh": Mesh(vertices=10 * np.eye(3), faces=[[0, 1, 2]]),
    "Grid": GRID,
    "str": "skull",
    "ArrayLike": (1.0, 0.0, 0.0),
}


ROOT = Path(__file__).parents[2]


# Where the name on the package index is another one.
PACKAGE_OF = {"nrrd": "pynrrd"}


def test_every_neighbour_is_brought_by_the_extra_that_its_error_names():
    called = set()
    for path in (ROOT / "python").rglob("*.py"):
        called.update(re.findall(r'neighbour\("([^"]+)"\)', path.read_text()))
    assert called == set(_optional._EXTRA_OF)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for module, extra in _optional._EXTRA_OF.items():
        library = module.split(".")[0]
        brought = {re.split(r"[<>=]", one)[0] for one in extras[extra]}
        assert PACKAGE_OF.get(library, library) in brought, module
    everything = re.search(r"\[(.*)\]", extras["all"][0])[1].split(",")
    assert sorted(everything) == sorted(set(extras) - {"all"})


def as_file(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


NEEDING = {
    "SimpleITK": lambda _: calvaria.convert.to_sitk(GOOD["Volume"]),
    "highdicom": lambda _: calvaria.convert.to_dicom_seg(GOOD["Mask"], []),
    "ipyniivue": lambda _: calvaria.convert.to_niivue(GOOD["Volume"]),
    "manifold3d": lambda _: calvaria.mesh.combine_meshes(GOOD["Mesh"], GOOD["Mesh"], method="union"),
    "matplotlib": lambda _: calvaria.plot.plot_planes(GOOD["Volume"]),
    "nibabel": lambda _: calvaria.convert.to_nibabel(GOOD["Volume"]),
    "nrrd": lambda at: calvaria.load_image(as_file(at, "a.nrrd", b"NRRD0004\n")),
    "pydicom": lambda _: calvaria.convert.to_pydicom(GOOD["Volume"]),
    "pyvista": lambda _: calvaria.convert.to_pyvista(GOOD["Mesh"]),
    "scipy": lambda _: calvaria.study.compare_means([1.0, 2.0, 4.0], [2.0, 3.0, 4.0]),
    "statsmodels": lambda _: calvaria.study.compare_adjusted(
        [1.0, 2.0, 3.0, 5.0, 4.0, 6.0], pre=[1.0, 2.0, 3.0, 1.0, 2.0, 4.0], arm=list("aaabbb"), reference="a"
    ),
    "tifffile": lambda at: calvaria.load_image(as_file(at, "a.tif", b"II*\0")),
    "trimesh": lambda _: calvaria.convert.to_trimesh(GOOD["Mesh"]),
    "xarray": lambda _: calvaria.convert.to_xarray(GOOD["Volume"]),
}  # fmt: skip


def test_every_neighbour_is_tried_without():
    assert set(NEEDING) == _optional.LIBRARIES


@pytest.mark.parametrize("library", NEEDING)
def test_a_missing_neighbour_is_named_with_what_installs_it(library, monkeypatch, tmp_path):
    for name in (library, *[m for m in sys.modules if m.startswith(f"{library}.")]):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        ImportError, match=rf"^{library} is .*: pip install 'calvaria\[\w+\]'$"
    ) as caught:
        NEEDING[library](tmp_path)
    assert caught.value.name == library


# Still to say so: they hand the array on, and what fails is an attribute of it.
QUIET = (
    "attach_bar", "compare_print", "measure_gauges", "measure_rods", "measure_stairs",
    "measure_threshold_bias", "plot_contours", "plot_planes", "plot_surface",
    "plot_worst_places", "plot_worst_slices",
)  # fmt: skip


# What else must be right before the subject is looked at.
ASKED = {
    "check_volume": {"profile": "education", "anatomy": "generic"},
    "closing": {"radius_mm": 1.0},
    "combine_meshes": {"method": "union"},
    "cut_box": {"size_mm": (1.0, 1.0, 1.0)},
    "cut_cylinder": {"start_lps_mm": (0.0, 0.0, 0.0)},
    "cut_polygon": {"corners_lps_mm": ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))},
    "decimate_mesh": {"max_error_mm": 0.1},
    "dilate": {"radius_mm": 1.0},
    "erode": {"radius_mm": 1.0},
    "grow_region": {"seeds_lps_mm": [(0.0, 0.0, 0.0)], "lower_hu": 0.0},
    "multi_otsu_levels": {"n_classes": 3},
    "opening": {"radius_mm": 1.0},
    "threshold": {"lower_hu": 0.0},
    "transform_mesh": {"matrix": np.eye(4)},
    "write_mask": {"path": "mask.nii.gz"},
}


def taking_an_image_or_a_mesh():
    kind = r"(Volume|Mask|Mesh|Image)( \| (Volume|Mask|Mesh))*"
    for function in FUNCTIONS.values():
        first = next(iter(inspect.signature(function).parameters.values()), None)
        if first is None or first.kind is first.VAR_KEYWORD or function.__name__ in QUIET:
            continue
        if re.fullmatch(kind, str(first.annotation)):
            yield function


@pytest.mark.parametrize("function", list(taking_an_image_or_a_mesh()), ids=lambda f: f.__name__)
def test_an_array_is_not_taken_for_an_image_or_a_mesh(function):
    """What people of scikit-image try first; the message names what is wanted instead."""
    if function.__name__ == "to_niivue":
        pytest.importorskip("ipyniivue")
    others = list(inspect.signature(function).parameters.values())[1:]
    asked = {
        p.name: GOOD.get(re.split(r"\W", str(p.annotation))[0], 1.0)
        for p in others
        if p.default is p.empty and p.kind is not p.VAR_POSITIONAL
    }
    with pytest.raises(
        TypeError, match=r"(Volume|Mask|Mesh|Grid)( or \w+)* expected, found ndarray"
    ):
        function(np.zeros((2, 3, 4), np.int16), **asked | ASKED.get(function.__name__, {}))
