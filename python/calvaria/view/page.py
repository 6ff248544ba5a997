"""One picture as a page of its own, and as what Jupyter shows."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._record import plural
from calvaria._whole_files import write_whole

if TYPE_CHECKING:
    import os

__all__ = ["View"]

_SCRIPTS = ("unpack.js", "space.js", "solid.js", "slices.js", "panel.js")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """A picture that can be turned, or browsed slice by slice.

    The last line of a cell shows it.  It needs a browser with WebGL 2 (each since 2022) and no
    network; where scripts are not allowed, as in a notebook that is not trusted, a still picture
    stands in its place.

    Attributes
    ----------
    title : str
        Written above the picture.
    scene : dict
        What it holds, packed.
    notes : tuple of str
        What is drawn more coarsely than it is.
    still_png : bytes
        The picture that stands for it where scripts are not allowed.
    height_px : int
        How tall it is in a notebook.

    Examples
    --------
    >>> from calvaria import extract_surface, phantom, view
    >>> scanner = phantom.Scanner(columns=32, rows=32, spacing_xy_mm=(1.0, 1.0))
    >>> image = phantom.scan(phantom.sphere(radius_mm=8.0), scanner=scanner)
    >>> ball = extract_surface(image, iso_hu=500.0)
    >>> picture = view.view_meshes(ball)
    >>> picture.to_html().startswith("<!doctype html>")
    True
    """

    title: str
    scene: dict[str, Any]
    notes: tuple[str, ...]
    still_png: bytes
    height_px: int

    def to_html(self) -> str:
        """Return the page; it loads nothing from elsewhere."""
        return self._page(fallback=_image(self.still_png))

    def write_html(self, path: str | os.PathLike[str]) -> None:
        """Write the page, whole or not at all."""
        write_whole(Path(path), self.to_html().encode("utf-8"))

    def to_dict(self) -> dict[str, Any]:
        """Return what is shown as plain types, without voxels and triangles, ready for JSON."""
        meshes = [
            {"name": mesh["name"], "n_faces": mesh["nFaces"]} for mesh in self.scene["meshes"]
        ]
        volume = self.scene["volume"]
        return {
            "title": self.title,
            "meshes": meshes,
            "markers": [marker["label"] for marker in self.scene["markers"]],
            "dims_ijk": None if volume is None else list(volume["dims"]),
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        n_meshes, n_markers = len(self.scene["meshes"]), len(self.scene["markers"])
        parts = [f"{plural(n_meshes, 'mesh', 'meshes')}"]
        if self.scene["volume"] is not None:
            parts.insert(0, "slices")
        if n_markers:
            parts.append(f"{plural(n_markers, 'marker')}")
        return f"View({', '.join(parts)}, {len(self.to_html()) / 1e6:.1f} MB)"

    def _repr_html_(self) -> str:
        # The frame may run scripts and nothing else: it sees neither the notebook nor its server.
        frame = (
            f'<iframe srcdoc="{escape(self._page(), quote=True)}" sandbox="allow-scripts" '
            f'title="{escape(self.title or "view", quote=True)}" loading="lazy" '
            'style="position:absolute;top:0;left:0;width:100%;height:100%;border:0"></iframe>'
        )
        style = f"position:relative;height:{self.height_px}px;overflow:hidden;background:#fff"
        return f'<div style="{style}">{_image(self.still_png)}{frame}</div>'

    def _page(self, *, fallback: str = "") -> str:
        # "<" cannot end the script element early when it is written as an escape.
        scene = json.dumps(self.scene, separators=(",", ":"), allow_nan=False).replace(
            "<", "\\u003c"
        )
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(self.title or 'calvaria')}</title><style>{_asset('page.css')}</style></head>"
            f'<body><main id="view"></main><div id="still" hidden>{fallback}</div>'
            f"<noscript>{fallback}</noscript>"
            f'<script type="application/json" id="scene">{scene}</script>'
            f"<script>{_program()}</script></body></html>"
        )


def _image(png: bytes) -> str:
    data = base64.b64encode(png).decode("ascii")
    style = "display:block;margin:auto;max-width:100%;max-height:100%"
    return f'<img alt="still picture" style="{style}" src="data:image/png;base64,{data}">'


@cache
def _program() -> str:
    body = "\n".join(_asset(name) for name in _SCRIPTS)
    return f'"use strict";(()=>{{\n{body}\n}})();'


@cache
def _asset(name: str) -> str:
    return (files("calvaria.view") / "browser" / name).read_text("utf-8")
