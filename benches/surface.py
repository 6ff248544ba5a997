"""Time and peak memory of surfaces, beside other libraries, in one run.

    python benches/surface.py                # phantom head, 256 x 256 x 160
    python benches/surface.py --large        # 512 x 512 x 300

Every library gets the same scan in a process of its own, in turn, several rounds; the table shows the
median wall time, processor time, what memory grew by, and what the mesh is after its corners are
rounded to float32 and welded.  Only the ratios mean anything on a shared machine.  A peer that is not
installed is left out.
"""

# ruff: noqa: ARG001 - every library is given the same arrays
import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

LEVEL_HU = 300
STAGES = {
    "6": f"surface at {LEVEL_HU} HU",
    "6b": "surface of a mask, not smoothed",
    "6c": "surface of a mask, smoothed",
}

PAGE = """# Surfaces beside other libraries

`python benches/surface.py --large --page docs/benchmarks/surface.md` writes this page: a phantom head of
{size} voxels, every library in a process of its own, in turn, {rounds} rounds; the median is shown. MiB is
what memory grew by. Open and not manifold edges and faces without area are counted after corners were
rounded to 32 bits and equal ones made one; an open edge may lie where the image ends, which calvaria
closes. A mask has steps where it was cut: smoothed (6c) is 35 passes here and 40 of VTK's windowed sinc.

{table}
"""


def scan(is_large):
    """A phantom head; kept in the folder for temporary files."""
    n, slices = (512, 300) if is_large else (256, 160)
    path = Path(tempfile.gettempdir()) / f"calvaria_bench_head_{n}_{slices}.npy"
    spacing = (0.45, 0.6) if is_large else (0.9, 1.125)
    if not path.is_file():
        from calvaria import phantom

        scanner = phantom.Scanner(
            columns=n, rows=n, spacing_xy_mm=(spacing[0],) * 2, n_slices=slices,
            slice_thickness_mm=spacing[1], slice_increment_mm=spacing[1],
        )  # fmt: skip
        np.save(path, phantom.scan(phantom.head(), scanner=scanner).values)
    return np.load(path), (spacing[0], spacing[0], spacing[1])


def calvaria_jobs(values, spacing):
    from calvaria import Grid, Mask, Volume, surface

    grid = Grid(dims_ijk=values.shape[::-1], lps_from_ijk=np.diag([*spacing, 1.0]))
    volume, mask = Volume(values=values, grid=grid), Mask(values=values >= LEVEL_HU, grid=grid)
    arrays = lambda mesh: (mesh.vertices, mesh.faces)  # noqa: E731
    return {
        "6": lambda: arrays(surface.extract_surface(volume, iso_hu=LEVEL_HU)),
        "6b": lambda: arrays(surface.extract_mask_surface(mask, smoothing_iterations=0)),
        "6c": lambda: arrays(surface.extract_mask_surface(mask)),
    }


def vtk_jobs(values, spacing):
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    vtk.vtkSMPTools.SetBackend("STDThread")
    vtk.vtkSMPTools.Initialize(2)

    def image(array):
        made = vtk.vtkImageData()
        made.SetDimensions(*array.shape[::-1])
        made.SetSpacing(*spacing)
        made.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(array).ravel()))
        return made

    grey, mask = image(values), image((values >= LEVEL_HU).view(np.uint8))

    def run(source, made, level, *after):
        source.SetInputData(made)
        source.SetValue(0, level)
        if hasattr(source, "ComputeNormalsOff"):
            source.ComputeNormalsOff()
        last = source
        for one in after:
            one.SetInputConnection(last.GetOutputPort())
            last = one
        last.Update()
        output = last.GetOutput()
        return (
            vtk_to_numpy(output.GetPoints().GetData()),
            vtk_to_numpy(output.GetPolys().GetConnectivityArray()).reshape(-1, 3),
        )

    def sinc():
        made = vtk.vtkWindowedSincPolyDataFilter()
        made.SetNumberOfIterations(40)
        made.SetPassBand(0.01)
        made.NormalizeCoordinatesOn()
        return made

    return {
        "6": lambda: run(vtk.vtkFlyingEdges3D(), grey, LEVEL_HU),
        "6b": lambda: run(vtk.vtkDiscreteFlyingEdges3D(), mask, 1),
        "6c": lambda: run(vtk.vtkDiscreteFlyingEdges3D(), mask, 1, sinc()),
    }


def skimage_jobs(values, spacing):
    from skimage import measure

    cubes = lambda array, level: measure.marching_cubes(array, level, spacing=spacing[::-1])[:2]  # noqa: E731
    return {
        "6": lambda: cubes(values, LEVEL_HU),
        "6b": lambda: cubes((values >= LEVEL_HU).astype(np.float32), 0.5),
    }


def mcubes_jobs(values, spacing):
    import mcubes

    return {"6": lambda: mcubes.marching_cubes(values, LEVEL_HU)}


PEERS = {
    "calvaria": calvaria_jobs,
    "VTK, 2 threads": vtk_jobs,
    "scikit-image": skimage_jobs,
    "PyMCubes": mcubes_jobs,
}


def quality(vertices, faces):
    """Open edges, edges of more than two faces, and faces without area, once welded."""
    points = np.ascontiguousarray(vertices, np.float32) + np.float32(0)
    _, number = np.unique(points.view("V12").ravel(), return_inverse=True)
    faces = number.ravel()[faces].astype(np.int64)
    a, b, c = faces.T
    flat = (a == b) | (b == c) | (c == a)
    kept = faces[~flat]
    edges = np.sort(np.concatenate([kept[:, [0, 1]], kept[:, [1, 2]], kept[:, [2, 0]]]), axis=1)
    _, count = np.unique(edges[:, 0] << 32 | edges[:, 1], return_counts=True)
    return [int((count == 1).sum()), int((count > 2).sum()), int(flat.sum())]


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(name, stage, is_large, wants_quality):
    values, spacing = scan(is_large)
    job = PEERS[name](values, spacing)[stage]
    small = PEERS[name](values[:8].copy(), spacing)[stage]
    small()
    before, start, cpu = peak_mib(), time.perf_counter(), time.process_time()
    mesh = job()
    found = {
        "wall": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "mib": peak_mib() - before,
        "faces": len(mesh[1]),
    }
    if wants_quality:
        found["quality"] = quality(*mesh)
    print(json.dumps(found))


def measured(name, stage, is_large, wants_quality):
    command = [sys.executable, "-W", "ignore", __file__, "--one", name, "--stage", stage]
    command += ["--large"] * is_large + ["--quality"] * wants_quality
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(ran.stdout.splitlines()[-1]) if ran.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--page", help="write the table to this file")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    parser.add_argument("--quality", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        return one(asked.one, asked.stage, asked.large, asked.quality)
    scan(asked.large)
    lines = ["| stage | library | wall s | cpu s | MiB | faces | open | non-manifold | no area |"]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for stage, what in STAGES.items():
        runs = {name: [] for name in PEERS}
        for n in range(asked.rounds):
            for name in PEERS:
                runs[name].append(measured(name, stage, asked.large, n == 0))
        for name, all_runs in runs.items():
            if None in all_runs:
                continue
            middle = [
                statistics.median(run[key] for run in all_runs) for key in ("wall", "cpu", "mib")
            ]
            first = all_runs[0]
            shown = [
                f"{middle[0]:.3f}",
                f"{middle[1]:.3f}",
                f"{middle[2]:.0f}",
                str(first["faces"]),
            ]
            shown += [str(count) for count in first["quality"]]
            lines.append(f"| {stage} {what} | {name} | " + " | ".join(shown) + " |")
    table = "\n".join(lines) + "\n"
    print(table)
    if asked.page:
        size = "512 x 512 x 300" if asked.large else "256 x 256 x 160"
        Path(asked.page).write_text(
            PAGE.format(size=size, rounds=asked.rounds, table=table), encoding="utf-8"
        )
    return None


if __name__ == "__main__":
    main()
