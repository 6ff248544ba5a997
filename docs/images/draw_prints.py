"""Draw the pictures of the reference bar and of printability again.

    python docs/images/draw_prints.py [bar_set] [bar_attached] [printability] [printability_edits]

All four, left out.  Needs manifold3d, and a few minutes for the skull.
"""

from __future__ import annotations

import io
import sys
import warnings
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.image import imread, imsave

import calvaria
from calvaria import CalvariaWarning, phantom, segment
from calvaria.bar import attach_bar, make_bar_set
from calvaria.mesh import Mesh, cut_mesh, keep_largest_part
from calvaria.printability import add_base, emboss_label, hollow_mesh, part_mesh
from calvaria.report.figures import draw_solid
from calvaria.report.printability import draw_printability

HERE = Path(__file__).parent
BONE = ((232, 222, 200), (232, 222, 200), (224, 140, 40), (60, 110, 200))


def skull(*, top_mm: float | None = None) -> Mesh:
    """Return the skull of the phantom; with its vault open where the image ends."""
    scanner = phantom.Scanner(
        columns=170,
        rows=220,
        spacing_xy_mm=(1.0, 1.0),
        slice_thickness_mm=1.0,
        slice_increment_mm=1.0,
    )
    volume = phantom.scan(phantom.head(), scanner=scanner)
    level = segment.bone_level(volume).level_hu
    bone = segment.keep_largest(segment.threshold(volume, lower_hu=level))
    mesh = keep_largest_part(calvaria.extract_surface(volume, iso_hu=level, within=bone))
    mesh = calvaria.smooth_mesh(mesh).mesh
    if top_mm is None:
        return mesh
    high = float(mesh.vertices[:, 2].max()) - top_mm
    return keep_largest_part(cut_mesh(mesh, point_lps_mm=(0, 0, high), normal_lps=(0, 0, -1)).mesh)


def seen(mesh: Mesh, toward: tuple[float, float, float], size: tuple[int, int]) -> np.ndarray:
    """Return a picture of a mesh, looked at from a direction, z up."""
    look = np.array(toward) / np.linalg.norm(toward)
    right = np.cross((0, 0, 1), look)
    right /= np.linalg.norm(right)
    turned = mesh.vertices @ np.stack([right, -look, np.cross(look, right)], axis=1)
    wide, tall = size
    span = np.ptp(turned, axis=0)
    n = round(max(span) * min(wide / span[0], tall / span[2]))
    picture = draw_solid(
        replace(mesh, vertices=turned), n_pixels=n, colours=BONE, sides=("from the front",)
    )["from the front"]
    made = np.full((tall, wide, 3), 255, np.uint8)
    y, x = min(n, tall), min(n, wide)
    part = picture[(n - y) // 2 : (n - y) // 2 + y, (n - x) // 2 : (n - x) // 2 + x]
    made[(tall - y) // 2 : (tall - y) // 2 + y, (wide - x) // 2 : (wide - x) // 2 + x] = part
    return made


def bar_set() -> np.ndarray:
    """All bars of the usual set on one plate."""
    return seen(make_bar_set(on_plate=True).mesh, (0.42, -0.9, 0.95), (900, 580))


def bar_attached() -> np.ndarray:
    """A bar on a skull, far from the face."""
    model = skull()
    face = model.vertices[model.vertices[:, 1] < np.quantile(model.vertices[:, 1], 0.35)]
    return attach_bar(model, axis="x", keep_away_lps_mm=face[::50]).draw(n_pixels=700)


def printability() -> np.ndarray:
    """What the report of an open skull shows."""
    report = calvaria.check_printability(
        skull(top_mm=40.0), process="fdm", material="pla", printer="desktop-fdm"
    )
    sys.stdout.write(f"{report!r}\n")
    six = [
        imread(io.BytesIO(b64decode(markup.split("base64,")[1].split('"')[0])))[:, :, :3]
        for markup in draw_printability(report.measures).values()
    ]
    return np.vstack([np.hstack(six[:3]), np.hstack(six[3:])])


def ball(radius_mm: float, bumps_mm: float = 0.0) -> Mesh:
    """Return a ball, smooth or bumpy, of triangles of one size."""
    x, y, z = np.meshgrid(*[np.arange(-radius_mm - 4, radius_mm + 5, 1.0)] * 3, indexing="ij")
    wave = bumps_mm * np.sin(x / 4) * np.sin(y / 4) * np.sin(z / 4)
    depth = (radius_mm + wave - np.sqrt(x**2 + y**2 + z**2)).transpose(2, 1, 0)
    grid = calvaria.Grid(
        dims_ijk=depth.shape[::-1],
        lps_from_ijk=np.array(
            [[1, 0, 0, x.min()], [0, 1, 0, x.min()], [0, 0, 1, x.min()], [0, 0, 0, 1]], float
        ),
    )
    volume = calvaria.Volume(values=np.ascontiguousarray(depth, dtype=np.float32), grid=grid)
    return calvaria.extract_surface(volume, iso_hu=0.0)


def printability_edits() -> np.ndarray:
    """A labelled base, two parts with a peg, a hollow ball cut open."""
    stood = add_base(ball(25.0), up=(0, 0, 1), thickness_mm=9, sink_mm=2, margin_mm=4)
    labelled = emboss_label(
        stood.mesh,
        text="SKULL R",
        point_lps_mm=stood.front_lps_mm,
        normal_lps=stood.front_normal,
        up=stood.up,
        process="fdm",
    ).mesh
    parted = part_mesh(ball(25.0, 2.0), point_lps_mm=(0, 0, 0), normal_lps=(0, 0, 1), n_pegs=1)
    low, high = parted.lower, parted.upper
    apart = Mesh(
        vertices=np.vstack([low.vertices, high.vertices + np.array([0, 0, 18])]),
        faces=np.vstack([low.faces, high.faces + len(low.vertices)]),
    )
    hollow = cut_mesh(
        hollow_mesh(ball(25.0), wall_mm=4.0, up=(0, 0, 1), drain_mm=4.0).mesh,
        point_lps_mm=(0, 0, 0),
        normal_lps=(0, 1, 0),
    ).mesh
    open_ball = replace(hollow, kinds=np.where(hollow.kinds == 0, 0, 2).astype(np.uint8))
    pictures = [
        seen(labelled, (0.1, -1.0, 0.25), (360, 360)),
        seen(apart, (0.1, -1.0, -0.22), (360, 360)),
        seen(open_ball, (0.25, -1.0, 0.3), (360, 360)),
    ]
    return np.hstack(pictures)


def main() -> None:
    """Draw what was asked for."""
    pictures = {
        one.__name__: one for one in (bar_set, bar_attached, printability, printability_edits)
    }
    warnings.simplefilter("ignore", CalvariaWarning)
    for name in sys.argv[1:] or pictures:
        imsave(HERE / f"{name}.png", pictures[name]())
        sys.stdout.write(f"{name}.png\n")


if __name__ == "__main__":
    main()
