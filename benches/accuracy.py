"""How exactly surfaces lie, on a bone shell that is known on paper, beside other methods.

    python benches/accuracy.py

Writes docs/benchmarks/surface_accuracy.md and docs/images/surface_accuracy.png.  A peer that is not
installed is left out.
"""

import argparse
import math
from pathlib import Path

import numpy as np

from calvaria import Grid, Volume
from calvaria.surface import extract_mask_surface, extract_surface

INNER_MM, OUTER_MM, BONE_HU, SIGMA_MM, IN_PLANE_MM = 40.0, 46.0, 1000.0, 0.4, 0.5
SLICES_MM = (0.5, 1.0, 1.25, 2.0)
OFFSET_MM = np.array([0.13, -0.21, 0.17])
ROOT = Path(__file__).parents[1]


def blurred_ball(radius, r):
    """A ball of 1 under a Gaussian, at distance r from its middle."""
    erf = np.vectorize(math.erf)
    s = SIGMA_MM
    edge = 0.5 * (erf((radius - r) / (math.sqrt(2) * s)) + erf((radius + r) / (math.sqrt(2) * s)))
    tails = np.exp(-((radius - r) ** 2) / (2 * s * s)) - np.exp(-((radius + r) ** 2) / (2 * s * s))
    return edge - s / (r * math.sqrt(2 * math.pi)) * tails


def shell(slice_mm):
    """The scan: blurred, and averaged over the thickness of a slice."""
    r = np.linspace(0.01, 90.0, 30_000)
    profile = BONE_HU * (blurred_ball(OUTER_MM, r) - blurred_ball(INNER_MM, r))
    n = [round(98 / IN_PLANE_MM)] * 2 + [round(98 / slice_mm)]
    spacing = np.array([IN_PLANE_MM, IN_PLANE_MM, slice_mm])
    origin = -(np.array(n) - 1) / 2 * spacing + OFFSET_MM
    x, y = (origin[a] + spacing[a] * np.arange(n[a]) for a in (0, 1))
    across = y[:, None] ** 2 + x[None] ** 2
    parts, weights = np.polynomial.legendre.leggauss(12)
    values = np.empty(n[::-1], np.int16)
    for k in range(n[2]):
        z = origin[2] + slice_mm * (k + parts / 2)
        slabs = [
            w / 2 * np.interp(np.sqrt(across + h * h), r, profile)
            for h, w in zip(z, weights, strict=True)
        ]
        values[k] = np.rint(np.sum(slabs, axis=0))
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    return Volume(values=values, grid=Grid(dims_ijk=tuple(n), lps_from_ijk=affine))


def outer_error(vertices, faces):
    """Area-weighted radial error of the outer surface: mean, rms, 95th percentile, max."""
    radius = np.linalg.norm(vertices, axis=1)
    a, b, c = vertices[faces].transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    weight = np.bincount(faces.ravel(), np.repeat(area / 3, 3), minlength=len(vertices))
    outer = radius > (INNER_MM + OUTER_MM) / 2
    error, weight = radius[outer] - OUTER_MM, weight[outer] / weight[outer].sum()
    size = np.abs(error)
    order = np.argsort(size)
    p95 = size[order][np.searchsorted(np.cumsum(weight[order]), 0.95)]
    return (error * weight).sum(), np.sqrt((error**2 * weight).sum()), p95, size.max()


def solid(volume):
    """The mask of all that is not outside, so that a mask has the same outer surface."""
    from calvaria.segment import fill_holes, threshold

    return fill_holes(threshold(volume, lower_hu=BONE_HU / 2))


def ours_grey(volume):
    mesh = extract_surface(volume, iso_hu=BONE_HU / 2)
    return mesh.vertices, mesh.faces


def ours_mask(volume):
    mesh = extract_mask_surface(solid(volume))
    return mesh.vertices, mesh.faces


def vtk_image(mask):
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    image = vtk.vtkImageData()
    image.SetDimensions(*mask.grid.dims_ijk)
    image.SetSpacing(*mask.grid.spacing_xyz_mm)
    image.SetOrigin(*mask.grid.lps_from_ijk[:3, 3])
    values = np.ascontiguousarray(mask.values != 0).view(np.uint8).ravel()
    image.GetPointData().SetScalars(numpy_to_vtk(values, deep=True))
    return image


def vtk_mesh(output):
    from vtk.util.numpy_support import vtk_to_numpy

    points = vtk_to_numpy(output.GetPoints().GetData()).astype(float)
    faces = vtk_to_numpy(output.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return points, faces


def binary_cubes(volume):
    import vtk

    cubes = vtk.vtkDiscreteFlyingEdges3D()
    cubes.SetInputData(vtk_image(solid(volume)))
    cubes.SetValue(0, 1)
    cubes.Update()
    return vtk_mesh(cubes.GetOutput())


def windowed_sinc(volume):
    """As 3D Slicer's segmentations do by default: smoothing factor 0.5."""
    import vtk

    cubes, sinc = vtk.vtkDiscreteFlyingEdges3D(), vtk.vtkWindowedSincPolyDataFilter()
    cubes.SetInputData(vtk_image(solid(volume)))
    cubes.SetValue(0, 1)
    sinc.SetInputConnection(cubes.GetOutputPort())
    sinc.SetNumberOfIterations(40)
    sinc.SetPassBand(0.01)
    sinc.BoundarySmoothingOff()
    sinc.FeatureEdgeSmoothingOff()
    sinc.NonManifoldSmoothingOn()
    sinc.NormalizeCoordinatesOn()
    sinc.Update()
    return vtk_mesh(sinc.GetOutput())


def surface_nets(volume):
    import vtk

    nets = vtk.vtkSurfaceNets3D()
    nets.SetInputData(vtk_image(solid(volume)))
    nets.SetValue(0, 1)
    nets.SetOutputMeshTypeToTriangles()
    nets.Update()
    return vtk_mesh(nets.GetOutput())


METHODS = {
    "calvaria, grey values": ours_grey,
    "calvaria, mask alone": ours_mask,
    "VTK discrete flying edges": binary_cubes,
    "the same + windowed sinc (Slicer's default)": windowed_sinc,
    "VTK surface nets": surface_nets,
}
# rms of grey-level marching cubes at half maximum, measured once with other tools.
BEST_RMS_MM = dict(zip(SLICES_MM, (0.007, 0.021, 0.030, 0.058), strict=True))


def measure():
    found = {}
    for slice_mm in SLICES_MM:
        volume = shell(slice_mm)
        for name, method in METHODS.items():
            try:
                found[name, slice_mm] = outer_error(*method(volume))
            except ImportError:
                continue
    return found


def table(found):
    lines = [
        "# How exactly surfaces lie",
        "",
        "Written by `python benches/accuracy.py`.  A spherical shell of bone, radii 40 and 46 mm, "
        "1000 HU in 0 HU, pixels of 0.5 mm, blurred by a Gaussian of 0.4 mm and averaged over each "
        "slice; level 500 HU.  Signed radial error of the outer surface, weighted by area, in mm: "
        "mean / root mean square / 95th percentile / greatest.  The masks are the samples above "
        "the level.",
        "",
        "| method | " + " | ".join(f"slices {s:g} mm" for s in SLICES_MM) + " |",
        "|---|" + "---|" * len(SLICES_MM),
    ]
    for name in METHODS:
        cells = [found.get((name, s)) for s in SLICES_MM]
        if None not in cells:
            shown = [f"{m:+.3f} / {r:.3f} / {p:.3f} / {x:.3f}" for m, r, p, x in cells]
            lines.append(f"| {name} | " + " | ".join(shown) + " |")
    lines += ["", "![Error over slice spacing](../images/surface_accuracy.png)", ""]
    return "\n".join(lines)


def picture(found, path):
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for name, marker in zip(METHODS, "osv^D", strict=True):
        points = [(s, found[name, s][1]) for s in SLICES_MM if (name, s) in found]
        if points:
            width = 2.4 if name.startswith("calvaria") else 1.2
            axes.plot(*zip(*points, strict=True), marker=marker, lw=width, label=name)
    axes.plot(
        *zip(*BEST_RMS_MM.items(), strict=True), "k:", label="best of other tools, grey values"
    )
    axes.set(xlabel="slice spacing (mm)", ylabel="rms error (mm)", yscale="log")
    axes.set_xticks(SLICES_MM, [f"{s:g}" for s in SLICES_MM])
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    found = measure()
    text = table(found)
    (ROOT / "docs/benchmarks/surface_accuracy.md").write_text(text)
    picture(found, ROOT / "docs/images/surface_accuracy.png")
    print(text)


if __name__ == "__main__":
    main()
