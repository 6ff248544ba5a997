"""Time of wall thickness beside other libraries, in one run.

    python benches/printability.py               # phantom head, 256 x 256 x 160

Stage 12 is thickness by ray, 12b by inscribed sphere, at vertices of a bone surface.  Arrays go in,
arrays come out; building the search tree and the normals is part of the time.  Every library gets the
same mesh in a process of its own, in turn, several rounds; the table shows medians of wall and processor
time, the ratio to calvaria's processor time, and the median difference from what calvaria measured.  Only
the ratios mean anything on a shared machine.  A peer that is not installed is left out.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

STAGES = {"12": "thickness by ray", "12b": "thickness by inscribed sphere"}
LARGEST_MM = 100.0


def bone():
    """The surface of a phantom head's bone, smoothed; kept in the folder for temporary files."""
    path = Path(tempfile.gettempdir()) / "calvaria_bench_printability.npz"
    if not path.is_file():
        from calvaria import phantom, surface
        from calvaria.mesh import remove_small_parts, smooth_mesh
        from calvaria.segment import keep_largest, threshold

        scanner = phantom.Scanner(
            columns=256, rows=256, spacing_xy_mm=(0.9, 0.9), n_slices=160,
            slice_thickness_mm=1.125, slice_increment_mm=1.125,
        )  # fmt: skip
        volume = phantom.scan(phantom.head(), scanner=scanner)
        mask = keep_largest(threshold(volume, lower_hu=300))
        mesh = surface.extract_surface(volume, iso_hu=300, within=mask)
        mesh = smooth_mesh(
            remove_small_parts(mesh, min_part_mm3=50).mesh, iterations=20, passband=0.6
        ).mesh
        np.savez(path, vertices=mesh.vertices, faces=mesh.faces)
    kept = np.load(path)
    return kept["vertices"], kept["faces"]


def vertex_normals(vertices, faces):
    """Normals weighted by area, by NumPy: what a user of a ray caster writes."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    cross = np.cross(b - a, c - a)
    sums = np.stack(
        [
            sum(np.bincount(faces[:, k], cross[:, axis], len(vertices)) for k in range(3))
            for axis in range(3)
        ],
        axis=1,
    )
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def calvaria_jobs(vertices, faces):
    from calvaria import Mesh
    from calvaria.printability import measure_thickness

    mesh = Mesh(vertices=vertices, faces=faces)
    return {
        "12": lambda: measure_thickness(mesh, method="ray", longest_mm=2 * LARGEST_MM).mm,
        "12b": lambda: measure_thickness(mesh, method="sphere", longest_mm=2 * LARGEST_MM).mm,
    }


def open3d_jobs(vertices, faces):
    import open3d
    from open3d.core import Tensor

    def rays():
        scene = open3d.t.geometry.RaycastingScene(nthreads=2)
        scene.add_triangles(Tensor(vertices.astype(np.float32)), Tensor(faces.astype(np.uint32)))
        normals = vertex_normals(vertices, faces)
        lines = np.hstack([vertices - 1e-3 * normals, -normals]).astype(np.float32)
        return scene.cast_rays(Tensor(lines), nthreads=2)["t_hit"].numpy() + 1e-3

    return {"12": rays}


def meshlib_jobs(vertices, faces):
    from meshlib import mrmeshnumpy, mrmeshpy

    settings = mrmeshpy.InSphereSearchSettings()
    settings.maxRadius = LARGEST_MM

    def mesh():
        return mrmeshnumpy.meshFromFacesVerts(faces, vertices)

    def numbers(scalars):
        return np.array([scalars.vec[n] for n in range(0, len(vertices), 1000)])

    def ray():
        return mrmeshpy.computeRayThicknessAtVertices(mesh())

    def sphere():
        return mrmeshpy.computeInSphereThicknessAtVertices(mesh(), settings)

    return {"12": ray, "12b": sphere, "numbers": numbers}


PEERS = {"calvaria": calvaria_jobs, "open3d (Embree)": open3d_jobs, "meshlib": meshlib_jobs}


def one(name, stage):
    vertices, faces = bone()
    jobs = PEERS[name](vertices, faces)
    if stage not in jobs:
        return
    job = jobs[stage]
    job()
    start, cpu = time.perf_counter(), time.process_time()
    found = job()
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    sample = jobs["numbers"](found) if "numbers" in jobs else found[::1000]
    finite = [x if np.isfinite(x) and x < LARGEST_MM else None for x in np.asarray(sample, float)]
    print(json.dumps({"wall": wall, "cpu": cpu, "sample": finite}))


def measured(name, stage):
    command = [sys.executable, "-W", "ignore", __file__, "--one", name, "--stage", stage]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = ran.stdout.splitlines()
    return json.loads(lines[-1]) if ran.returncode == 0 and lines else None


def difference(run, own):
    pairs = [
        abs(a - b) for a, b in zip(run["sample"], own["sample"], strict=True) if None not in (a, b)
    ]
    return statistics.median(pairs) if pairs else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        return one(asked.one, asked.stage)
    vertices, faces = bone()
    print(f"{len(vertices)} vertices, {len(faces)} triangles, {asked.rounds} rounds\n")
    print("| stage | library | wall s | cpu s | calvaria / it (cpu) | median difference mm |")
    print("|---|---|---|---|---|---|")
    for stage, what in STAGES.items():
        runs = {name: [] for name in PEERS}
        for _ in range(asked.rounds):
            for name in PEERS:
                runs[name].append(measured(name, stage))
        own = statistics.median(run["cpu"] for run in runs["calvaria"])
        for name, all_runs in runs.items():
            if None in all_runs:
                continue
            wall, cpu = (statistics.median(run[key] for run in all_runs) for key in ("wall", "cpu"))
            ratio = "" if name == "calvaria" else f"{own / cpu:.2f}"
            far = (
                "" if name == "calvaria" else f"{difference(all_runs[0], runs['calvaria'][0]):.1e}"
            )
            print(f"| {stage} {what} | {name} | {wall:.2f} | {cpu:.2f} | {ratio} | {far} |")
    return None


if __name__ == "__main__":
    main()
