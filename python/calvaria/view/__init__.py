"""Pictures that turn: meshes in 3-D and slices with contours, alive in Jupyter and in any saved page.

Everything a picture needs is inside it: it loads nothing, asks no server, and goes on working when a
notebook has become a web page.
"""

from calvaria.view.page import View
from calvaria.view.slices import view_volume
from calvaria.view.solid import view_meshes

__all__ = ["View", "view_meshes", "view_volume"]


def __dir__() -> list[str]:
    return sorted(__all__)
