"""Smoothing, decimation, distance and sections beside other libraries, in one run.

    python benches/mesh.py [--large]

VTK, fast_simplification and trimesh come with the bench group; meshlib is run where it is installed
(its licence is not free).  Only the ratios mean anything on a shared machine.
"""

import argparse
import importlib
import time

import numpy as np

from calvaria import mesh as cm

GOALS = {("smoothing", "vtk"): 0.5, ("decimation", "meshlib"): 0.5, ("decimation", "fast_simplification"): 0.9,
         ("signed distance", "meshlib"): 0.6, ("sections", "meshlib"): 0.1}  # fmt: skip


def make_bone(shape):
    """Marching cubes of a shell with spongy bone in it, blurred, with noise."""
    from scipy import ndimage
    from skimage import measure

    z, y, x = np.meshgrid(
        *[np.arange(n, dtype=np.float32) for n in shape], indexing="ij", sparse=True
    )
    s = shape[2] / 256
    r = (
        np.sqrt((x - shape[2] / 2) ** 2 + (y - shape[1] / 2) ** 2 + (1.6 * (z - shape[0] / 2)) ** 2)
        / s
    )
    value = np.where((r < 105) & (r > 97), np.float32(1200), np.float32(0))
    value[(r < 60) & (np.sin(x / s * 0.35) * np.sin(y / s * 0.4) * np.sin(z / s * 0.5) > 0.35)] = (
        900
    )
    value = ndimage.gaussian_filter(value, 1.0)
    value += np.random.default_rng(0).normal(0, 30, value.shape).astype(np.float32)
    value = np.pad(value[1:-1, 1:-1, 1:-1], 1, constant_values=-1000)
    points, faces, _, _ = measure.marching_cubes(
        value, 450.37, method="lorensen", spacing=(0.7, 0.45, 0.45)
    )
    mesh = cm.Mesh(vertices=points[:, ::-1], faces=faces)
    return mesh if cm.measure_mesh(mesh).volume_mm3 > 0 else cm.flip_mesh(mesh)


def timed(job):
    wall, cpu = time.perf_counter(), time.process_time()
    made = job()
    return made, time.perf_counter() - wall, time.process_time() - cpu


def vtk_mesh(vtk, mesh):
    from vtk.util import numpy_support as ns

    data, points, cells = vtk.vtkPolyData(), vtk.vtkPoints(), vtk.vtkCellArray()
    points.SetData(ns.numpy_to_vtk(mesh.vertices.astype(np.float32), deep=True))
    cells.SetData(
        ns.numpy_to_vtkIdTypeArray(np.arange(0, 3 * len(mesh.faces) + 1, 3), deep=True),
        ns.numpy_to_vtkIdTypeArray(mesh.faces.astype(np.int64).ravel(), deep=True),
    )
    data.SetPoints(points)
    data.SetPolys(cells)
    return data


def with_vtk(vtk, mesh):
    vtk.vtkSMPTools.SetBackend("STDThread")

    def smooth():
        worker = vtk.vtkWindowedSincPolyDataFilter()
        worker.SetInputData(vtk_mesh(vtk, mesh))
        worker.SetNumberOfIterations(20)
        worker.SetPassBand(0.1)
        worker.NormalizeCoordinatesOn()
        worker.BoundarySmoothingOff()
        worker.FeatureEdgeSmoothingOff()
        worker.Update()
        return worker.GetOutput().GetNumberOfPoints()

    return {"smoothing": smooth}


def with_fast_simplification(library, mesh):
    points, faces = mesh.vertices.astype(np.float32), mesh.faces
    return {"decimation": lambda: report(*library.simplify(points, faces, 0.9))}


def with_meshlib(_, mesh):
    import meshlib.mrmeshnumpy as mn
    import meshlib.mrmeshpy as mm

    def body():
        return mn.meshFromFacesVerts(mesh.faces, mesh.vertices)

    def decimate():
        made, settings = body(), mm.DecimateSettings()
        settings.maxError = 1e9
        settings.maxDeletedFaces = int(len(mesh.faces) * 0.9)
        settings.subdivideParts = 2
        mm.decimateMesh(made, settings)
        made.pack()
        return report(mn.getNumpyVerts(made), mn.getNumpyFaces(made.topology))

    return {"decimation": decimate}


def report(points, faces):
    """Faces, and edges that more than two of them share."""
    ends = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    ends.sort(axis=1)
    _, counts = np.unique(ends[:, 0] * len(points) + ends[:, 1], return_counts=True)
    return f"{len(faces)} faces, {(counts > 2).sum()} edges not manifold"


def ours(mesh):
    heights = np.arange(mesh.vertices[:, 2].min(), mesh.vertices[:, 2].max(), 0.7)
    points = mesh.vertices + np.random.default_rng(0).normal(0, 0.2, mesh.vertices.shape)

    def decimate(**asked):
        made = cm.decimate_mesh(mesh, **asked)
        return f"{report(made.mesh.vertices, made.mesh.faces)}, rms {made.rms_error_mm:.4f} mm, max {made.max_error_mm:.3f} mm"

    return {
        "smoothing": lambda: cm.smooth_mesh(mesh),
        "decimation": lambda: decimate(target_fraction=0.1),
        "decimation to a bound": lambda: decimate(max_error_mm=0.1),
        "signed distance": lambda: len(cm.signed_distance_mm(mesh, points)),
        "sections": lambda: sum(
            len(s.contours)
            for s in cm.section_mesh_at(
                mesh, point_lps_mm=[0, 0, 0], normal=[0, 0, 1], offsets_mm=heights
            )
        ),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--large", action="store_true", help="512 x 512 x 300 instead of 256 x 256 x 160"
    )
    bone = make_bone((300, 512, 512) if parser.parse_args().large else (160, 256, 256))
    print(bone)
    rows = {name: {"calvaria": timed(job)} for name, job in ours(bone).items()}
    for name, build in (
        ("vtk", with_vtk),
        ("fast_simplification", with_fast_simplification),
        ("meshlib.mrmeshpy", with_meshlib),
    ):
        try:
            library = importlib.import_module(name)
        except ImportError:
            print(f"{name} is not installed")
            continue
        for stage, job in build(library, bone).items():
            rows[stage][name.split(".")[0]] = timed(job)
    for stage, row in rows.items():
        for name, (made, wall, cpu) in row.items():
            ratio = row["calvaria"][1] / wall
            goal = GOALS.get((stage, name))
            print(f"{stage:22} {name:20} {wall:8.2f} s {cpu:8.2f} s cpu  calvaria/{name} {ratio:5.2f}"
                  f"{f' (goal {goal})' if goal else ''}  {made}")  # fmt: skip


if __name__ == "__main__":
    main()
