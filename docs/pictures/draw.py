"""Draw the pictures of the pages again.

    python docs/pictures/draw.py

conventions.png and fit_test.png need Matplotlib, the latter manifold3d as well; skull.png is the view itself, looked at through Debian's Chromium by
Playwright, and is left as it is where Chromium is missing.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

import matplotlib.image
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

import calvaria
from calvaria import phantom, printability, release, segment, view

HERE = Path(__file__).parent
# From the front, a little from the left and from above: what runs right and up in the picture, LPS.
RIGHT, UP = np.array([0.83, 0.557, 0.0]), np.array([-0.13, 0.194, 0.972])
AXES = (
    ("x: Left", (1, 0, 0), "#b2182b"),
    ("y: Posterior", (0, 1, 0), "#1b7837"),
    ("z: Superior", (0, 0, 1), "#2166ac"),
)
SOLID, SAGITTAL = ".space", ".slice >> nth=1"
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]


def seen(points):
    """Return points in the plane of the picture."""
    points = np.asarray(points, float)
    return np.stack([points @ RIGHT, points @ UP], axis=-1)


def shaded(mesh):
    """Return the triangles of a mesh, the nearest last, with the light on them."""
    back = np.cross(RIGHT, UP)
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    is_seen = normals @ back > 0
    corners, normals = corners[is_seen], normals[is_seen]
    light = -0.4 * RIGHT + 0.5 * UP + 0.75 * back
    shade = 0.35 + 0.65 * np.clip(normals @ (light / np.linalg.norm(light)), 0, 1)
    colours = np.array([0.93, 0.89, 0.79]) * shade[:, None]
    order = np.argsort(corners.mean(axis=1) @ back)
    return seen(corners)[order], colours[order]


def arrow(axes, start, step, text, colour, *, away=1.0):
    """Draw an arrow in space with its name at the end."""
    a, b = seen(start), seen(np.asarray(start, float) + step)
    axes.annotate(
        "", xy=b, xytext=a, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2.4}, zorder=5
    )
    end = b + (b - a) / np.linalg.norm(b - a) * away
    axes.text(
        *end, text, color=colour, ha="center", va="center", weight="bold", fontsize=11, zorder=6
    )


def draw_head(axes, skull):
    """Draw the frame of the patient on a skull."""
    triangles, colours = shaded(skull)
    axes.add_collection(
        PolyCollection(triangles, facecolors=colours, edgecolors=colours, linewidths=0.2)
    )
    for text, direction, colour in AXES:
        start = np.array(direction) * np.array([72, 100, 128])
        length = 105.0 if direction[1] else 62.0
        arrow(axes, start, np.array(direction) * length, text, colour, away=23)
    axes.set_title("The patient: LPS, millimetres", fontsize=12)
    axes.set_xlim(-150, 235)
    axes.set_ylim(-135, 245)


def draw_slices(axes):
    """Draw a stack of slices with the order of an array."""
    nx, ny, nz, gap = 6, 5, 4, 26.0
    for k in range(nz):
        z = k * gap
        for j in range(ny):
            for i in range(nx):
                corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
                quad = [(14 * a, 14 * b, z) for a, b in corners]
                is_it = (k, j, i) == (2, 1, 4)
                fill = "#e69f00" if is_it else ("#f4f1ea" if (i + j) % 2 else "#e4ddcb")
                axes.add_collection(
                    PolyCollection(
                        [seen(quad)], facecolors=fill, edgecolors="#8c8370", linewidths=0.6
                    )
                )
    arrow(axes, (0, -9, 0), (84, 0, 0), "i, column", "#b2182b", away=17)
    arrow(axes, (92, 0, 0), (0, 70, 0), "j, row", "#1b7837", away=14)
    arrow(axes, (-12, 0, 0), (0, 0, 92), "k, slice", "#2166ac", away=9)
    where = seen((14 * 4.5, 14 * 1.5, 2 * gap))
    axes.annotate(
        "values[2, 1, 4]\nvalues[k, j, i]", xy=where, xytext=where + np.array([60, 62]), fontsize=11,
        family="monospace", ha="center",
        arrowprops={"arrowstyle": "-", "color": "#8a5a00"}, color="#8a5a00", zorder=6,
    )  # fmt: skip
    axes.set_title("The array: shape (nz, ny, nx), values[k, j, i]", fontsize=12)
    axes.set_xlim(-45, 175)
    axes.set_ylim(-40, 155)


def draw_conventions(skull):
    """Write conventions.png."""
    figure = Figure(figsize=(10.5, 5.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_head(left, skull)
    draw_slices(right)
    for axes in (left, right):
        axes.set_aspect("equal")
        axes.axis("off")
    figure.savefig(HERE / "conventions.png", dpi=100, metadata={"Software": None})


def towards_the_reader(made):
    """Return a marked copy turned so that its letters are read, a little from the side."""
    up, out = np.array(made.up_lps), np.array(made.normal_lps)
    own = np.stack([np.cross(up, out), up, out])
    looked_at = np.stack([RIGHT, UP, np.cross(RIGHT, UP)])
    a, b = np.radians((-22.0, -24.0))
    aside = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    tipped = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    matrix = np.eye(4)
    matrix[:3, :3] = looked_at.T @ tipped @ aside @ own
    return calvaria.mesh.transform_mesh(made.mesh, matrix=matrix)


def draw_fit_test():
    """Write fit_test.png: a part of a shell and a ball, marked."""
    combine = calvaria.mesh.combine_meshes
    scanner = phantom.Scanner(
        columns=160, rows=160, spacing_xy_mm=(1.0, 1.0), slice_increment_mm=1.0, noise_hu=0.0
    )
    images = [
        phantom.scan(phantom.sphere(radius_mm=radius), scanner=scanner)
        for radius in (70.0, 66.0, 7.0)
    ]
    surfaces = [calvaria.extract_surface(image, iso_hu=500.0) for image in images]
    balls = [calvaria.smooth_mesh(surface).mesh for surface in surfaces]
    box = printability.block_mesh(size_mm=(64, 60, 50), centre_lps_mm=(0, -70, 0))
    shell = combine(combine(balls[0], balls[1], method="difference"), box, method="intersection")
    figure = Figure(figsize=(9.0, 4.4), layout="constrained")
    for axes, part in zip(figure.subplots(1, 2), (shell, balls[2]), strict=True):
        made = release.mark_fit_test(part, process="fdm")
        triangles, colours = shaded(towards_the_reader(made))
        axes.add_collection(
            PolyCollection(triangles, facecolors=colours, edgecolors=colours, linewidths=0.2)
        )
        axes.autoscale_view()
        axes.set_aspect("equal")
        axes.axis("off")
    figure.savefig(HERE / "fit_test.png", dpi=100, metadata={"Software": None})


def chromium():
    """Return where Chromium is, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def photograph(picture, *, size, pane, is_enlarged):
    """Return the pixels a browser shows of one pane of a view."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        page_path = Path(folder) / "view.html"
        picture.write_html(page_path)
        browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(page_path.as_uri())
        page.wait_for_selector("html[data-ready=yes]", state="attached", timeout=60000)
        if is_enlarged:
            page.locator(pane).dispatch_event("dblclick")
        page.wait_for_timeout(1500)
        png = page.locator(pane).screenshot()
        browser.close()
    return matplotlib.image.imread(io.BytesIO(png))


def draw_skull(volume, mesh):
    """Write skull.png: the measured offset on the surface and on a slice, and what it comes to."""
    if chromium() is None:
        print("no chromium: skull.png stays as it is")
        return
    overlay = calvaria.compare_to_image(mesh, volume)
    paint = {"values": {"skull": overlay}, "values_limits": (-1.0, 1.0), "max_triangles": 150_000}
    label = "mesh to imaged edge, mm"
    turned = view.view_meshes({"skull": mesh}, values_label=label, **paint)
    sliced = view.view_volume(volume, meshes={"skull": mesh}, max_voxels=10**8, **paint)
    panes = (
        photograph(turned, size=(624, 640), pane=SOLID, is_enlarged=False),
        photograph(sliced, size=(624, 700), pane=SAGITTAL, is_enlarged=True),
    )
    high = min(len(pixels) for pixels in panes)
    figure = Figure(figsize=(12.4, (high + 60) / 100), dpi=100)
    for n, pixels in enumerate(panes):
        above = (len(pixels) - high) // 2
        axes = figure.add_axes((0.5 * n, 0.0, 0.5, high / (high + 60)))
        axes.imshow(pixels[above : above + high], interpolation="nearest")
        axes.set_axis_off()
    is_marrow = overlay.outside > 200
    outer, inner = overlay.summarise(~is_marrow), overlay.summarise(is_marrow)
    first = (
        f"Mesh to the edge in the image, {len(overlay.status):,} places. "
        f"Bone to soft tissue or air: mean {outer.mean_mm:+.2f} mm, 95 % within {outer.p95_mm:.2f} mm"
    )
    second = (
        f"Bone to marrow, whose edge is softer, drawn at the same level: mean {inner.mean_mm:+.2f} mm, "
        f"95 % within {inner.p95_mm:.2f} mm"
    )
    for text, pixels_down in ((first, 19), (second, 43)):
        down = 1 - pixels_down / (high + 60)
        figure.text(0.5, down, text, fontsize=12, ha="center", va="center")
    print(first, second, sep="\n")
    figure.savefig(HERE / "skull.png", metadata={"Software": None})


def main():
    """Scan the phantom, make a skull, draw."""
    head = phantom.head()
    scanner = phantom.Scanner(
        columns=216,
        rows=260,
        spacing_xy_mm=(0.9, 0.9),
        slice_thickness_mm=1.0,
        slice_increment_mm=1.0,
    )
    volume = phantom.scan(head, scanner=scanner)
    bone = segment.union(segment.skull(volume), segment.mandible(volume))
    level = segment.bone_level(volume).level_hu
    mesh = calvaria.extract_surface(volume, iso_hu=level, within=bone)
    mesh = calvaria.smooth_mesh(calvaria.mesh.keep_largest_part(mesh)).mesh
    small = calvaria.decimate_mesh(
        calvaria.Mesh(vertices=mesh.vertices, faces=mesh.faces), target_faces=90_000
    ).mesh
    draw_conventions(small)
    draw_fit_test()
    draw_skull(volume, mesh)


if __name__ == "__main__":
    main()
