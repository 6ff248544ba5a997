"""The public names as a whole: what tab completion offers, what Jupyter shows, what is said."""

import ast
import dataclasses
import doctest
import enum
import importlib
import importlib.metadata
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import calvaria
from calvaria import Grid, Mask, Mesh, Volume

ROOMS = (
    "bar", "bar.plots", "checks", "comparison", "convert", "dicom", "errors", "findings", "geometry", "images",
    "invesalius", "material", "mesh", "overlay", "phantom", "pipeline", "plot", "printability",
    "report", "resample", "rules", "segment", "study", "study.plots", "surface",
    "total_segmentator", "view", "volume",
)  # fmt: skip


def room(name):
    return importlib.import_module(f"calvaria.{name}")


def public(kind):
    """Every public thing of a kind, once."""
    things = {}
    for module in (calvaria, *map(room, ROOMS)):
        for name in module.__all__:
            thing = getattr(module, name)
            if kind(thing):
                things[f"{thing.__module__}.{thing.__qualname__}"] = thing
    return things


def test_no_room_is_forgotten():
    """A room that is not named above would be looked at by nothing on this page."""
    folder = Path(calvaria.__file__).parent
    found = {
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for path in folder.rglob("*.py")
        if path.parent == folder or path.name == "__init__.py"
    }
    hidden = {name for name in found if any(part.startswith("_") for part in name.split("."))}
    # The command line is typed, not imported; what runs in a browser is no Python.
    assert found - hidden - {"cli"} == set(ROOMS)


def is_record(thing):
    return (
        inspect.isclass(thing)
        and dataclasses.is_dataclass(thing)
        and not issubclass(thing, BaseException | enum.Enum)
    )


RECORDS, FUNCTIONS = public(is_record), public(inspect.isfunction)


def test_tab_completion_offers_what_is_public_and_nothing_else():
    assert dir(calvaria) == sorted(calvaria.__all__)
    assert len(set(calvaria.__all__)) == len(calvaria.__all__)
    for name in calvaria.__all__:
        thing = getattr(calvaria, name)
        assert not inspect.ismodule(thing) or name in ROOMS
    starred = {}
    exec("from calvaria import *", starred)
    assert set(calvaria.__all__) <= set(starred)


def test_type_checkers_read_the_names_that_are_there():
    stub = ast.parse(Path(calvaria.__file__).with_suffix(".pyi").read_text())
    listed = next(line.value for line in stub.body if isinstance(line, ast.Assign))
    assert sorted(ast.literal_eval(listed)) == sorted(calvaria.__all__)


def test_each_room_opens_without_the_others():
    """Rooms are opened when they are called for; which one comes first must not matter."""
    code = f"""
import importlib, sys
for name in {ROOMS!r}:
    for loaded in [m for m in sys.modules if m.startswith("calvaria") and "native" not in m]:
        del sys.modules[loaded]
    room = importlib.import_module("calvaria." + name)
    print(name, dir(room) == sorted(room.__all__))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.split() == [word for name in ROOMS for word in (name, "True")]


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_offers_its_own_names_only(name):
    assert sorted(dir(room(name))) == sorted(room(name).__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'stduy'"):
        calvaria.stduy  # noqa: B018
    assert calvaria.study.__name__ == "calvaria.study"


@pytest.mark.parametrize("name", RECORDS)
def test_every_record_shows_itself_in_jupyter_and_becomes_json(name):
    record = RECORDS[name]
    assert callable(getattr(record, "_repr_html_", None))
    assert callable(getattr(record, "to_dict", None))
    assert record.__dataclass_params__.frozen
    assert record.__doc__
    assert not record.__doc__.startswith(record.__name__ + "(")  # what dataclass writes by itself


def untold(record):
    """Fields of a record that its docstring does not list."""
    told = set()
    for line in (inspect.getdoc(record) or "").splitlines():
        if found := re.match(r"([a-zA-Z_0-9, ]+) : \S", line):
            told.update(name.strip() for name in found[1].split(","))
    return {f.name for f in dataclasses.fields(record) if not f.name.startswith("_")} - told


@pytest.mark.parametrize("name", RECORDS)
def test_every_record_says_what_each_of_its_fields_is(name):
    assert untold(RECORDS[name]) == set()


def test_a_field_that_is_not_told_is_seen():
    @dataclasses.dataclass
    class Record:
        """One.

        Attributes
        ----------
        told_mm, also : float, int
            Lengths.
        """

        told_mm: float
        also: int
        silent: int

    assert untold(Record) == {"silent"}


# What people make themselves; all others come out of functions, whose examples show them.
MADE_BY_HAND = (
    "Acquisition", "ArmFlow", "BarReading", "CatalogueEntry", "CheckReport", "Column", "DataDictionary",
    "ErrorPart", "Finding", "Grid", "Mask", "Mesh", "Override", "PairedSummary", "ParticipantFlow",
    "PrintCosts", "Printer", "Revision", "Scanner", "Section", "SpecimenCosts", "Summary", "TrialEffect",
    "Volume",
)  # fmt: skip


@pytest.mark.parametrize("name", MADE_BY_HAND)
def test_what_people_make_themselves_has_an_example(name):
    made = [r for r in RECORDS.values() if r.__name__ == name and r is not calvaria.mesh.Section]
    assert len(made) == 1
    assert shows_nothing(made[0]) == ""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_teaches(name):
    lines = inspect.getdoc(FUNCTIONS[name]).splitlines()
    assert lines[0].endswith(".")
    takes = [p for p in inspect.signature(FUNCTIONS[name]).parameters if p != "self"]
    assert not takes or "Parameters" in lines
    assert "Returns" in lines or inspect.signature(FUNCTIONS[name]).return_annotation == "None"


def shows_nothing(function):
    """Why the example of a function teaches nothing, or an empty string; pytest runs it elsewhere."""
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(function) or "")
    if not any(function.__name__ in example.source for example in examples):
        return "no example calls it"
    if any(doctest.SKIP in example.options for example in examples):
        return "its example is not run"
    told = [example.want.strip() for example in examples if example.want]
    if not any(told) or all(
        "is not None" in example.source for example in examples if example.want
    ):
        return "its example shows no value"
    return ""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_example_that_shows_what_comes_back(name):
    lines = inspect.getdoc(FUNCTIONS[name]).splitlines()
    assert "Examples" in lines
    assert shows_nothing(FUNCTIONS[name]) == ""


def planted(doc):
    def taught():
        pass

    taught.__doc__ = doc
    return taught


@pytest.mark.parametrize(
    ("doc", "why"),
    [
        (None, "no example calls it"),
        ("Return four.", "no example calls it"),
        (">>> 2 + 2\n4", "no example calls it"),
        (">>> taught()  # doctest: +SKIP\n4", "its example is not run"),
        (">>> made = taught()", "its example shows no value"),
        (">>> taught() is not None\nTrue", "its example shows no value"),
        (">>> taught()\n4", ""),
    ],
)
def test_an_example_that_teaches_nothing_is_seen(doc, why):
    assert shows_nothing(planted(doc)) == why


@pytest.mark.parametrize("name", FUNCTIONS)
def test_after_the_subject_everything_is_named(name):
    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    # Two only where two things are set beside each other, or one is written to a place.
    assert len(positional) <= 2


# Still to say so: they hand the array on, and what fails is an attribute of it.
QUIET = (
    "attach_bar", "compare_print", "measure_gauges", "measure_rods", "measure_stairs",
    "measure_threshold_bias", "show_contours", "show_planes", "show_surface",
    "show_worst_places", "show_worst_slices",
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
GRID = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.eye(4))
GOOD = {
    "Volume": Volume(values=np.zeros((2, 3, 4), np.int16), grid=GRID),
    "Mask": Mask(values=np.ones((2, 3, 4), bool), grid=GRID),
    "Mesh": Mesh(vertices=10 * np.eye(3), faces=[[0, 1, 2]]),
    "Grid": GRID,
    "str": "skull",
    "ArrayLike": (1.0, 0.0, 0.0),
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


def things():
    grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([1.0, 2.0, 3.0, 1.0]))
    names = {1: "<b>bone</b>"}
    yield grid, "4"
    yield Mask(values=np.ones((2, 3, 4), np.uint8), grid=grid, names=names), "0.144 cm3"
    yield Mesh(vertices=10 * np.eye(3), faces=[[0, 1, 2]], kinds=[1]), "10.0 x 10.0 x 10.0 mm"
    yield Mesh(vertices=np.zeros((0, 3)), faces=np.zeros((0, 3), int)), "0, 0"
    yield Volume(values=np.zeros((2, 3, 4), np.int16), grid=grid), "int16, HU"
    yield calvaria.load_rules(), "education"
    yield calvaria.phantom.Scanner(), "columns"
    yield calvaria.phantom.sphere(radius_mm=7.5), "7.5"


@pytest.mark.parametrize(("thing", "told"), list(things()), ids=lambda x: type(x).__name__)
def test_what_jupyter_shows_holds_the_numbers_and_is_escaped(thing, told):
    html = thing._repr_html_()
    assert html.startswith("<table")
    assert told in html
    assert "<b>" not in html
    json.dumps(thing.to_dict(), allow_nan=False)


def fresh(code):
    """What a fresh process prints, and which modules it has loaded."""
    code += "; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *printed, modules = done.stdout.splitlines()
    return printed, set(modules.split())


def test_import_opens_no_room(record_property):
    (seconds,), modules = fresh(
        "import time; start = time.process_time(); import calvaria; print(time.process_time() - start)"
    )
    record_property("import_cpu_s", float(seconds))
    assert float(seconds) < 0.3  # 0.01 s on the machine it was written on
    assert not {name for name in modules if name.startswith("calvaria.")}
    assert "numpy" not in modules


def test_measuring_and_models_load_no_neighbour_and_no_statistics():
    _, modules = fresh(
        "import calvaria; [getattr(calvaria, n) for n in dir(calvaria) if n != 'study']"
    )
    heavy = {"matplotlib", "pandas", "scipy", "SimpleITK", "nibabel", "pydicom", "vtk", "pyvista"}
    heavy |= {"trimesh", "statsmodels", "xarray", "rich", "typer", "calvaria.study"}
    assert heavy & modules == set()


def test_the_version_is_that_of_the_package():
    assert calvaria.__version__ == importlib.metadata.version("calvaria")
