"""The table of errors in docs/metrics.md: balls and cylinders blurred in closed form, known exactly.

python benches/overlay_accuracy.py            # about two minutes on one core
python benches/overlay_accuracy.py --short    # every third row
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.special import ndtr

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "python"))
from calvaria import Mesh, compare_to_image
from overlay_bodies import CENTRE, OBLIQUE, ball, ball_mesh, grid_about, image, places

SAMPLES = 4000
EDGES = ("half_maximum", "gradient_maximum")


def blurred_disc(distance, radius, sigma):
    """A disc blurred by a Gaussian: an integral over its angle, by the trapezoidal rule."""
    angle = np.linspace(0, np.pi, 181)
    reach = np.linspace(0, radius + 8 * sigma, 400)
    # Divergence theorem: the share of a Gaussian in a disc is a line integral along its rim.
    rim_x, rim_y = radius * np.cos(angle), radius * np.sin(angle)
    gap = np.maximum((rim_x - reach[:, None]) ** 2 + rim_y**2, 1e-12)
    outward = (rim_x - reach[:, None]) * rim_x + rim_y**2
    flux = (1 - np.exp(-gap / (2 * sigma**2))) / gap * outward / np.pi
    return np.interp(distance, reach, np.trapezoid(flux, angle, axis=1))


def cylinder(radius, sigma, spacing, noise):
    grid = grid_about(2 * radius + 14, spacing, turn=OBLIQUE)
    points = places(grid)
    share = blurred_disc(np.hypot(points[:, 0], points[:, 1]), radius, sigma)
    return image(grid, share, noise=noise)


def cylinder_mesh(radius, n=160):
    z, phi = np.meshgrid(np.linspace(-4, 4, 20), np.arange(n) * 2 * np.pi / n, indexing="ij")
    size = radius * (1 + (np.pi / n) ** 2 / 3)
    points = np.stack([size * np.cos(phi), size * np.sin(phi), z], -1).reshape(-1, 3)
    at = np.arange(20 * n).reshape(20, n)
    a, b, c, d = at[:-1], np.roll(at, -1, 1)[:-1], at[1:], np.roll(at, -1, 1)[1:]
    faces = np.stack([a, b, c, b, d, c], -1).reshape(-1, 3)
    return Mesh(vertices=points + CENTRE, faces=faces)


def row(name, mesh, volume, radius, sigma, spacing, noise):
    cells = [name, f"{radius:g}", f"{sigma:g}", f"{spacing:g}", f"{noise:g}"]
    for edge in EDGES:
        raw = compare_to_image(mesh, volume, edge=edge, n_samples=SAMPLES, correct_curvature=False)
        found = compare_to_image(mesh, volume, edge=edge, n_samples=SAMPLES)
        scatter = np.nanstd(found.offset_mm / found.uncertainty_mm)
        one = found.summary
        cells += [
            f"{raw.summary.mean_mm:+.3f}",
            f"{one.mean_mm:+.3f}",
            f"{one.sd_mm:.3f}",
            f"{scatter:.1f}",
        ]
    return "| " + " | ".join(cells) + " |"


def main():
    assert abs(blurred_disc(0.0, 3.0, 1.0) - (1 - np.exp(-4.5))) < 1e-6
    assert abs(blurred_disc(100.0, 100.0, 0.5) - ndtr(-0.5 / 400)) < 2e-3
    head = ["body", "radius", "blur", "voxel", "noise"]
    for short in ("half", "gradient"):
        head += [f"{short}: raw mean", "mean", "SD", "SD/u"]
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    cases = [
        (radius, sigma, spacing, noise)
        for spacing in (0.5, 1.0)
        for sigma in (0.4, 0.6, 0.9)
        for radius in (4.0, 10.0, 20.0)
        for noise in (0.0, 30.0)
    ]
    for radius, sigma, spacing, noise in cases[:: 3 if "--short" in sys.argv else 1]:
        volume = ball(radius, sigma, spacing, noise=noise, turn=OBLIQUE)
        print(row("ball", ball_mesh(radius), volume, radius, sigma, spacing, noise), flush=True)
        volume = cylinder(radius, sigma, spacing, noise)
        print(
            row("cylinder", cylinder_mesh(radius), volume, radius, sigma, spacing, noise),
            flush=True,
        )


if __name__ == "__main__":
    main()
