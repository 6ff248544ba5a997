"""Time and memory of reading and writing STL, beside other libraries, in one run.

    python benches/mesh_files.py

A bumpy sphere of 3.4 million triangles (169 MB of binary STL).  Every library works in a process of
its own, in turn, several rounds; the table shows the median wall time and what memory grew by.  Only
the ratios mean anything on a shared machine.  What is written is brought to the disk by calvaria alone.
"""

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
from machine import machine

JOBS = {
    "read + weld": ("calvaria", "VTK", "trimesh", "meshio", "numpy-stl (no weld)"),
    "write": ("calvaria", "meshio", "numpy-stl (no weld)", "trimesh", "VTK"),
}
GOALS = {("read + weld", "VTK"): 0.4, ("write", "meshio"): 0.35}


def bumpy_sphere(n_faces):
    """Vertices and faces of a closed surface with about that many triangles, in the order of a mesher."""
    n = int(np.sqrt(n_faces / 4))
    theta = np.linspace(0, np.pi, n + 1)[1:-1, None]
    phi = np.linspace(0, 2 * np.pi, 2 * n, endpoint=False)[None]
    radius = 90 + 3 * np.sin(9 * phi) * np.sin(7 * theta)
    ring = np.stack(
        [
            radius * np.sin(theta) * np.cos(phi),
            radius * np.sin(theta) * np.sin(phi),
            radius * np.cos(theta) + 0 * phi,
        ],
        axis=-1,
    )
    vertices = np.vstack([ring.reshape(-1, 3), [[0, 0, 90], [0, 0, -90]]])
    at = np.arange((n - 1) * 2 * n).reshape(n - 1, 2 * n)
    a, b = at[:-1], np.roll(at, -1, axis=1)[:-1]
    c, d = at[1:], np.roll(at, -1, axis=1)[1:]
    middle = np.stack([a, c, b, b, c, d], axis=-1).reshape(-1, 3)
    top = np.stack([np.full(2 * n, len(vertices) - 2), at[0], np.roll(at[0], -1)], axis=-1)
    end = np.stack([np.full(2 * n, len(vertices) - 1), np.roll(at[-1], -1), at[-1]], axis=-1)
    return vertices, np.vstack([top, middle, end]).astype(np.int32)


def calvaria_job(job, path, out, arrays):
    import calvaria

    if job == "write":
        mesh = calvaria.Mesh(vertices=arrays[0], faces=arrays[1])
        return lambda: calvaria.write_mesh(mesh, out)

    def read():
        mesh = calvaria.read_mesh(path)
        return len(mesh.vertices), len(mesh.faces)

    return read


def vtk_job(job, path, out, arrays):
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

    if job == "write":
        points = vtk.vtkPoints()
        points.SetData(numpy_to_vtk(arrays[0].astype(np.float32)))
        cells = vtk.vtkCellArray()
        n = len(arrays[1])
        offsets = np.arange(0, 3 * n + 1, 3, dtype=np.int64)
        cells.SetData(
            numpy_to_vtkIdTypeArray(offsets),
            numpy_to_vtkIdTypeArray(arrays[1].astype(np.int64).ravel()),
        )
        data = vtk.vtkPolyData()
        data.SetPoints(points)
        data.SetPolys(cells)

        def write():
            writer = vtk.vtkSTLWriter()
            writer.SetFileTypeToBinary()
            writer.SetFileName(str(out))
            writer.SetInputData(data)
            writer.Write()

        return write

    def read():
        reader = vtk.vtkSTLReader()
        reader.SetFileName(str(path))
        reader.Update()
        mesh = reader.GetOutput()
        return mesh.GetNumberOfPoints(), mesh.GetNumberOfCells()

    return read


def trimesh_job(job, path, out, arrays):
    import trimesh

    if job == "write":
        mesh = trimesh.Trimesh(*arrays, process=False)
        return lambda: mesh.export(out)

    def read():
        mesh = trimesh.load(path)
        return len(mesh.vertices), len(mesh.faces)

    return read


def meshio_job(job, path, out, arrays):
    import meshio

    if job == "write":
        mesh = meshio.Mesh(arrays[0], [("triangle", arrays[1])])
        return lambda: meshio.write(out, mesh, binary=True)

    def read():
        mesh = meshio.read(path)
        return len(mesh.points), len(mesh.cells[0].data)

    return read


def numpy_stl_job(job, path, out, arrays):
    import stl

    if job == "write":

        def write():
            mesh = stl.mesh.Mesh(np.zeros(len(arrays[1]), dtype=stl.mesh.Mesh.dtype))
            mesh.vectors[:] = arrays[0][arrays[1]]
            mesh.save(str(out), mode=stl.Mode.BINARY)

        return write
    return lambda: (0, len(stl.mesh.Mesh.from_file(str(path)).vectors))


WORKERS = {
    "calvaria": calvaria_job,
    "VTK": vtk_job,
    "trimesh": trimesh_job,
    "meshio": meshio_job,
    "numpy-stl (no weld)": numpy_stl_job,
}


def measure(job, peer, path, n_faces):
    """One process: once to warm up, then timed once; prints JSON."""
    arrays = bumpy_sphere(n_faces) if job == "write" else None
    work = WORKERS[peer](job, path, path.with_name("out.stl"), arrays)
    if peer in {"calvaria", "VTK"} or job == "write":
        work()
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, before = time.perf_counter(), time.process_time()
    sizes = work()
    wall, cpu = time.perf_counter() - start, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"wall": wall, "cpu": cpu, "sizes": sizes, "peak_mib": peak / 1024, "idle": idle}


def run(path, n_faces, rounds):
    results = {}
    for _ in range(rounds):
        for job, peers in JOBS.items():
            for peer in peers:
                call = [sys.executable, __file__, "--measure", job, peer, str(path)]
                call += ["--faces", str(n_faces)]
                done = subprocess.run(call, capture_output=True, text=True, check=False)
                if done.returncode == 0:
                    results.setdefault((job, peer), []).append(json.loads(done.stdout))
    return results


PAGE = """# STL files beside other libraries

Written by `python benches/mesh_files.py --page docs/benchmarks/mesh_files.md`: a bumpy sphere of {n_faces} faces
as binary STL, written, and read with equal corners made one; every library in a process of its own, in turn,
{rounds} rounds; the median is shown.

{table}

{machine}
"""
LIBRARIES = ("calvaria", "vtk", "meshio", "trimesh", "numpy-stl", "meshlib", "numpy")


def report(results):
    lines = [
        "| job | library | wall s | cpu s | calvaria / it | goal | peak MiB | vertices, faces |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for job, peers in JOBS.items():
        own = statistics.median(one["wall"] for one in results[job, "calvaria"])
        for peer in peers:
            rows = results.get((job, peer))
            if not rows:
                lines.append(f"| {job} | {peer} | not here | | | | | |")
                continue
            wall = statistics.median(one["wall"] for one in rows)
            cpu = statistics.median(one["cpu"] for one in rows)
            peak = max(one["peak_mib"] for one in rows)
            ratio = "" if peer == "calvaria" else f"{own / wall:.2f}"
            sizes = rows[0]["sizes"] or ""
            goal = GOALS.get((job, peer), "")
            lines.append(
                f"| {job} | {peer} | {wall:.3f} | {cpu:.3f} | {ratio} | {goal} | {peak:.0f} | {sizes} |"
            )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", nargs=3, metavar=("JOB", "LIBRARY", "FILE"))
    parser.add_argument("--faces", type=int, default=3_380_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", type=Path, help="where the table is written; printed in any case")
    arguments = parser.parse_args()
    if arguments.measure:
        job, peer, path = arguments.measure
        print(json.dumps(measure(job, peer, Path(path), arguments.faces)))
        return
    import calvaria

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sphere.stl"
        vertices, faces = bumpy_sphere(arguments.faces)
        calvaria.write_mesh(calvaria.Mesh(vertices=vertices, faces=faces), path)
        table = report(run(path, arguments.faces, arguments.rounds))
    print(table)
    if arguments.page:
        page = PAGE.format(
            n_faces=len(faces), rounds=arguments.rounds, table=table, machine=machine(LIBRARIES)
        )
        arguments.page.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
