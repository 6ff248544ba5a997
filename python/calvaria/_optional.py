"""Imports a neighbouring library when it is called for; says what to install when it is missing."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["LIBRARIES", "neighbour"]

# Which extra of `pip install calvaria[…]` brings which module.
_EXTRA_OF = {
    "SimpleITK": "io",
    "highdicom": "neighbours",
    "nibabel": "io",
    "nrrd": "io",
    "tifffile": "io",
    "pydicom": "neighbours",
    "xarray": "neighbours",
    "manifold3d": "mesh",
    "matplotlib": "plot",
    "matplotlib.collections": "plot",
    "matplotlib.colors": "plot",
    "matplotlib.figure": "plot",
    "matplotlib.patheffects": "plot",
    "matplotlib.patches": "plot",
    "ipyniivue": "viewers",
    "pyvista": "viewers",
    "trimesh": "neighbours",
    "scipy.optimize": "study",
    "scipy.special": "study",
    "scipy.stats": "study",
    "statsmodels.api": "study",
}
LIBRARIES = frozenset(module.split(".", maxsplit=1)[0] for module in _EXTRA_OF)


def neighbour(module: str) -> Any:
    """Return the imported ``module``; ImportError with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        library, extra = module.split(".", maxsplit=1)[0], _EXTRA_OF[module]
        msg = f"{library} is needed for this and is not installed: pip install 'calvaria[{extra}]'"
        raise ImportError(msg, name=library) from error
