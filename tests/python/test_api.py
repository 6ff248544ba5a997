"""The public names as a whole: what tab completion offers, what Jupyter shows, what importing costs."""

import ast
import importlib
import importlib.metadata
import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import calvaria
from calvaria import Grid, Mask, Mesh, Volume
from public_names import RECORDS, ROOMS, room


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


@pytest.mark.parametrize("name", ["bar", "study"])
def test_the_pictures_of_a_room_are_reached_through_it(name):
    assert "plots" in dir(room(name))
    assert room(name).plots is room(f"{name}.plots")
    assert all(one.startswith("plot_") for one in dir(room(name).plots))
    with pytest.raises(AttributeError, match=f"'calvaria.{name}' has no attribute 'pots'"):
        room(name).pots  # noqa: B018


@pytest.mark.parametrize("name", RECORDS)
def test_every_record_shows_itself_in_jupyter_and_becomes_json(name):
    record = RECORDS[name]
    assert callable(getattr(record, "_repr_html_", None))
    assert callable(getattr(record, "to_dict", None))
    assert record.__dataclass_params__.frozen
    assert record.__doc__
    assert not record.__doc__.startswith(record.__name__ + "(")  # what dataclass writes by itself


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
