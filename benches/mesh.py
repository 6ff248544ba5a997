"""Smoothing, decimation, remeshing, distance and sections beside other libraries, in one run.

    python benches/mesh.py [--large] [--page docs/benchmarks/mesh.md]

VTK and fast_simplification come with the bench group; pymeshlab is run where it is installed, and so is
meshlib (its licence is not free).  Every job runs in turn, several rounds; the table shows the median.
Only the ratios mean anything on a shared machine.
"""

import argparse
import importlib
import importlib.metadata
import statistics
import time
from pathlib import Path

import numpy as np
from machine import machine

from calvaria import mesh as cm

GOALS = {("smoothing", "vtk"): 0.5, ("decimation", "meshlib"): 0.5, ("decimation", "fast_simplification"): 0.9}  # fmt: skip
STAGES = ("smoothing", "smoothing, kept apart", "decimation", "decimation within 0.1 mm",
          "remeshing", "signed distance", "sections")  # fmt: skip
EDGE_MM = 0.8
LIBRARIES = ("calvaria", "vtk", "fast_simplification", "meshlib", "pymeshlab", "numpy")


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
    points, faces = mesh.vertices.astype(np.float32), mesh.faces.copy()
    return {"decimation": lambda: library.simplify(points, faces, 0.9)}


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
        return mn.getNumpyVerts(made), mn.getNumpyFaces(made.topology)

    return {"decimation": decimate}


def with_pymeshlab(library, mesh):
    def remesh():
        meshes = library.MeshSet()
        meshes.add_mesh(library.Mesh(mesh.vertices, mesh.faces))
        meshes.meshing_isotropic_explicit_remeshing(
            iterations=10, targetlen=library.PureValue(EDGE_MM), featuredeg=60
        )
        made = meshes.current_mesh()
        return made.vertex_matrix(), made.face_matrix()

    return {"remeshing": remesh}


def moved(mesh):
    return mesh.vertices + np.random.default_rng(0).normal(0, 0.2, mesh.vertices.shape)


def ours(mesh):
    heights = np.arange(mesh.vertices[:, 2].min(), mesh.vertices[:, 2].max(), 0.7)
    points = moved(mesh)

    def decimate(**asked):
        made = cm.decimate_mesh(mesh, **asked).mesh
        return made.vertices, made.faces

    def remesh():
        made = cm.remesh_mesh(mesh, edge_length_mm=EDGE_MM).mesh
        return made.vertices, made.faces

    return {
        "smoothing": lambda: cm.smooth_mesh(mesh),
        "smoothing, kept apart": lambda: cm.smooth_mesh(mesh, keep_apart=True),
        "decimation": lambda: decimate(target_fraction=0.1),
        "decimation within 0.1 mm": lambda: decimate(max_error_mm=0.1),
        "remeshing": remesh,
        "signed distance": lambda: len(cm.signed_distance_mm(mesh, points)),
        "sections": lambda: sum(
            len(s.contours)
            for s in cm.section_mesh_at(
                mesh, point_lps_mm=[0, 0, 0], normal_lps=[0, 0, 1], offsets_mm=heights
            )
        ),
    }


def quality(mesh, made):
    """Faces, edges that more than two share, distance, drift of the volume, even edges and mean angle."""
    if not isinstance(made, tuple):
        return [""] * 5
    points, faces = made
    ends = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    ends.sort(axis=1)
    _, first, counts = np.unique(
        ends[:, 0] * len(points) + ends[:, 1], return_index=True, return_counts=True
    )
    long = np.linalg.norm(points[ends[first, 0]] - points[ends[first, 1]], axis=1) / EDGE_MM
    even = 100 * ((long >= 4 / 5) & (long <= 4 / 3)).mean()
    small = cm.Mesh(vertices=points, faces=faces)
    far = cm.closest_points(small, mesh.vertices).distances_mm
    before, after = cm.measure_mesh(mesh).volume_mm3, signed_volume(small)
    return [
        str(len(faces)),
        str((counts > 2).sum()),
        f"{np.sqrt((far**2).mean()):.4f} / {far.max():.3f}",
        f"{100 * (after / before - 1):+.3f}",
        f"{even:.0f} / {smallest_angles(points[faces]).mean():.0f}",
    ]


def smallest_angles(corners):
    found = []
    for k in range(3):
        p, q = corners[:, (k + 1) % 3] - corners[:, k], corners[:, (k + 2) % 3] - corners[:, k]
        found.append(
            np.arctan2(np.linalg.norm(np.cross(p, q), axis=1), np.einsum("ij,ij->i", p, q))
        )
    return np.degrees(np.min(found, axis=0))


def signed_volume(mesh):
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    return float((a * np.cross(b, c)).sum() / 6)


def measure(bone, rounds):
    """Wall and processor time of every job of every library, and what it made."""
    jobs = {(stage, "calvaria"): job for stage, job in ours(bone).items()}
    for name, build in (
        ("vtk", with_vtk),
        ("fast_simplification", with_fast_simplification),
        ("meshlib.mrmeshpy", with_meshlib),
        ("pymeshlab", with_pymeshlab),
    ):
        try:
            library = importlib.import_module(name)
        except ImportError:
            print(f"{name} is not installed")
            continue
        built = build(library, bone)
        jobs |= {(stage, name.split(".")[0]): job for stage, job in built.items()}
    times = {key: [] for key in jobs}
    facts = {}
    for _ in range(rounds):
        for key, job in jobs.items():
            made, wall, cpu = timed(job)
            times[key].append((wall, cpu))
            if key not in facts:
                facts[key] = quality(bone, made)
    return {
        key: (*(statistics.median(column) for column in zip(*runs, strict=True)), facts[key])
        for key, runs in times.items()
    }


def page(bone, rows, rounds):
    lines = [
        "# Smoothing, decimation, remeshing, distance and sections beside other libraries",
        "",
        f"Written by `python benches/mesh.py --large --page docs/benchmarks/mesh.md`: a shell of bone with spongy bone in it, {len(bone.faces)} triangles,",
        f"arrays in and arrays out, in turn, {rounds} rounds; the median is shown. Smoothing is 20 passes of the windowed",
        "sinc; decimation goes to 10 % of the triangles where no bound is named. VTK runs on all processors,",
        "MeshLib in 2 parts. The distance is that of the old vertices from the new surface, root mean square and",
        f"largest, by a search of the whole; volume is its drift. Remeshing makes edges of {EDGE_MM} mm in ten passes; the",
        "last column is the share of edges between 4/5 and 4/3 of that, and the mean of the smallest angles.",
        "",
        "| stage | library | wall s | cpu s | calvaria / it | goal | triangles | edges not manifold | distance mm | volume % | even % / degrees |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (stage, name), (wall, cpu, facts) in sorted(
        rows.items(), key=lambda row: STAGES.index(row[0][0])
    ):
        ratio = "" if name == "calvaria" else f"{rows[stage, 'calvaria'][0] / wall:.2f}"
        goal = f"<= {GOALS[stage, name]}" if (stage, name) in GOALS else ""
        lines.append(
            f"| {stage} | {name} | {wall:.2f} | {cpu:.2f} | {ratio} | {goal} | {' | '.join(facts)} |"
        )
    missed = [
        f"{stage} against {name} ({rows[stage, 'calvaria'][0] / rows[stage, name][0]:.2f}, goal {goal})"
        for (stage, name), goal in GOALS.items()
        if (stage, name) in rows and rows[stage, "calvaria"][0] > goal * rows[stage, name][0]
    ]
    told = f"Goals missed: {'; '.join(missed) or 'none'}."
    return "\n".join([*lines, "", told, "", machine(LIBRARIES), ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--large", action="store_true", help="512 x 512 x 300 instead of 256 x 256 x 160"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", type=Path, help="where the table is written; printed in any case")
    asked = parser.parse_args()
    bone = make_bone((300, 512, 512) if asked.large else (160, 256, 256))
    # What a print gets is smoothed first.
    bone = cm.smooth_mesh(bone).mesh
    text = page(bone, measure(bone, asked.rounds), asked.rounds)
    print(text)
    if asked.page:
        asked.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
