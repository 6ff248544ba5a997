"""Masks and meshes held against each other, and all slices of a mesh, beside other libraries.

    python benches/comparison.py [--large] [--page docs/benchmarks/comparison.md]

Stages 10, 10b and 11.  SimpleITK and surface-distance come with the test group; meshlib and open3d
are run where they are installed.  Every library runs each stage in turn, the best of three counts;
on a shared machine only the ratios mean anything, of CPU where both use as many threads.
"""

import argparse
import importlib
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from calvaria import Grid, Mask, compare_masks, measure_deviation
from calvaria import mesh as cm

SPACING = (0.45, 0.45, 0.7)
GOALS = {
    ("10 signed distance", "meshlib"): 0.6,
    ("10b distances of masks", "SimpleITK"): 0.3,
    ("10b distances of masks", "surface_distance"): 0.11,
    ("11 all slices", "meshlib"): 0.1,
}
ROUNDS = 3
LIBRARIES = ("SimpleITK", "surface-distance", "meshlib", "open3d", "numpy")


def make_masks(shape):
    """A skull-like shell with spongy bone in it, and the same moved by a voxel with a part lost."""
    z, y, x = np.meshgrid(
        *[np.arange(n, dtype=np.float32) for n in shape], indexing="ij", sparse=True
    )
    s = shape[2] / 256
    flat = 1.6 * (z - shape[0] / 2) * (256 / shape[2]) * s
    r = np.sqrt((x - shape[2] / 2) ** 2 + (y - shape[1] / 2) ** 2 + flat**2) / s
    first = (r < 105) & (r > 97)
    first |= (r < 60) & (np.sin(x / s * 0.35) * np.sin(y / s * 0.4) * np.sin(z / s * 0.5) > 0.35)
    first |= (r < 90) & (np.random.default_rng(0).random(shape, dtype=np.float32) > 0.9995)
    second = np.roll(first, 1, axis=2)
    second[: shape[0] // 6] = False
    return first, second


def make_bone(shape):
    from mesh import make_bone as bone_of

    return bone_of(shape)


def masks_with_calvaria(first, second):
    grid = Grid(dims_ijk=first.shape[::-1], lps_from_ijk=np.diag([*SPACING, 1.0]))
    reference, mask = Mask(values=first, grid=grid), Mask(values=second, grid=grid)

    def run(elements):
        found = compare_masks(mask, reference=reference, tolerance_mm=1.0, elements=elements)
        return f"ASSD {found.assd_mm:.4f} mm, HD95 {found.hd95_directed_mm:.3f} mm"

    return run


def masks_with_sitk(first, second):
    import SimpleITK as sitk

    def run():
        images = []
        for values in (first, second):
            image = sitk.GetImageFromArray(values.view(np.uint8))
            image.SetSpacing(SPACING)
            images.append(image)
        contours = [sitk.LabelContour(image) for image in images]
        ways = []
        for a, b in ((0, 1), (1, 0)):
            far = sitk.Abs(
                sitk.SignedMaurerDistanceMap(
                    contours[b], squaredDistance=False, useImageSpacing=True
                )
            )
            ways.append(
                sitk.GetArrayViewFromImage(far)[sitk.GetArrayViewFromImage(contours[a]) > 0]
            )
        pooled = np.concatenate(ways).mean()
        return f"ASSD {pooled:.4f} mm, HD95 {max(np.percentile(way, 95) for way in ways):.3f} mm"

    return run


def masks_with_surface_distance(first, second):
    import surface_distance as sd

    def run():
        found = sd.compute_surface_distances(first, second, SPACING[::-1])
        ways = [
            ("distances_gt_to_pred", "surfel_areas_gt"),
            ("distances_pred_to_gt", "surfel_areas_pred"),
        ]
        sums = [(found[d] * found[a]).sum() for d, a in ways]
        pooled = sum(sums) / sum(found[a].sum() for _, a in ways)
        return f"ASSD {pooled:.4f} mm, HD95 {sd.compute_robust_hausdorff(found, 95):.3f} mm"

    return run


def mesh_with_calvaria(mesh, points, heights):
    def distances():
        found = cm.signed_distance_mm(mesh, points)
        return f"mean {np.abs(found).mean():.5f} mm"

    def deviation():
        moved = cm.Mesh(vertices=points, faces=mesh.faces)
        return f"mean {measure_deviation(moved, reference=mesh, tolerance_mm=0.5).mean_absolute_mm:.5f} mm"

    def slices():
        found = cm.section_mesh_at(
            mesh, point_lps_mm=[0, 0, 0], normal_lps=[0, 0, 1], offsets_mm=heights
        )
        return f"{sum(len(one.contours) for one in found)} contours"

    return {"10 signed distance": distances, "10 deviation map": deviation, "11 all slices": slices}


def mesh_with_meshlib(mesh, points, heights):
    import meshlib.mrmeshnumpy as mn
    import meshlib.mrmeshpy as mm

    def distances():
        body = mn.meshFromFacesVerts(mesh.faces, mesh.vertices)
        moved = mn.meshFromFacesVerts(mesh.faces, points)
        found = mm.findSignedDistances(body, moved)
        return f"mean {np.abs(np.array(found.vec)).mean():.5f} mm"

    def slices():
        body = mn.meshFromFacesVerts(mesh.faces, mesh.vertices)
        n = 0
        for height in heights:
            n += len(mm.extractXYPlaneSections(mm.MeshPart(body), float(height)))
        return f"{n} contours"

    return {"10 signed distance": distances, "11 all slices": slices}


def mesh_with_open3d(mesh, points, _heights):
    import open3d as o3d

    def distances():
        scene = o3d.t.geometry.RaycastingScene()
        scene.add_triangles(
            o3d.core.Tensor(mesh.vertices.astype(np.float32)),
            o3d.core.Tensor(mesh.faces.astype(np.uint32)),
        )
        found = scene.compute_signed_distance(o3d.core.Tensor(points.astype(np.float32))).numpy()
        return f"mean {np.abs(found).mean():.5f} mm"

    return {"10 signed distance": distances}


def jobs_of(shape):
    first, second = make_masks(shape)
    ours = masks_with_calvaria(first, second)
    jobs = {
        ("10b distances of masks", "calvaria, disks"): lambda: ours("disk"),
        ("10b distances of masks", "calvaria, voxels"): lambda: ours("voxel"),
    }
    for name, build in (
        ("SimpleITK", masks_with_sitk),
        ("surface_distance", masks_with_surface_distance),
    ):
        if installed(name):
            jobs["10b distances of masks", name] = build(first, second)
    bone = make_bone(shape)
    points = bone.vertices + np.random.default_rng(0).normal(0, 0.2, bone.vertices.shape)
    heights = np.arange(bone.vertices[:, 2].min(), bone.vertices[:, 2].max(), 0.7) + 0.0123
    for name, build in (
        ("calvaria", mesh_with_calvaria),
        ("meshlib", mesh_with_meshlib),
        ("open3d", mesh_with_open3d),
    ):
        if installed(name):
            jobs |= {(stage, name): job for stage, job in build(bone, points, heights).items()}
    return jobs, bone


def installed(name):
    try:
        importlib.import_module(name)
    except ImportError:
        print(f"{name} is not installed")
        return False
    return True


def timed(job):
    wall, cpu = time.perf_counter(), time.process_time()
    made = job()
    return time.perf_counter() - wall, time.process_time() - cpu, made


def peer_of(stage, name):
    """What the ratio of a peer is made with: the same definition of calvaria's."""
    if stage.startswith("10b"):
        return stage, "calvaria, disks" if name == "surface_distance" else "calvaria, voxels"
    return stage, "calvaria"


def peak_mib(shape):
    """Memory that comparing masks adds, measured in a process of its own."""
    code = (
        "import sys,resource;sys.path.insert(0,'benches');import comparison as c;"
        f"f,s=c.make_masks({shape!r});run=c.masks_with_calvaria(f,s);"
        "a=int(open('/proc/self/statm').read().split()[1])*4096;"
        "open('/proc/self/clear_refs','w').write('5');run('disk');"
        "p=[l for l in open('/proc/self/status') if 'VmHWM' in l][0];"
        "print((int(p.split()[1])*1024-a)/2**20)"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return float(made.stdout) if made.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--large", action="store_true", help="512 x 512 x 300 instead of 256 x 256 x 160"
    )
    parser.add_argument("--page", help="write the table to this file")
    asked = parser.parse_args()
    shape = (300, 512, 512) if asked.large else (160, 256, 256)
    jobs, bone = jobs_of(shape)
    best = {}
    for _ in range(1 if asked.large else ROUNDS):
        for key, job in jobs.items():
            found = timed(job)
            best[key] = min(best.get(key, found), found)
    lines = []
    for (stage, name), (wall, cpu, made) in sorted(best.items()):
        ours = best[peer_of(stage, name)]
        is_ours = name.startswith("calvaria")
        ratios = ("", "") if is_ours else (f"{ours[0] / wall:.2f}", f"{ours[1] / cpu:.2f}")
        goal = GOALS.get((stage, name))
        cells = (
            stage,
            name,
            f"{wall:.3f}",
            f"{cpu:.3f}",
            *ratios,
            f"<= {goal}" if goal else "",
            made,
        )
        lines.append("| " + " | ".join(cells) + " |")
    peak = peak_mib(shape)
    head = [
        "| stage | library | wall s | cpu s | calvaria / it, wall | the same, cpu | goal | found |",
        "|---|---|---|---|---|---|---|---|",
    ]
    ran = {name for _, name in jobs} | {"numpy"}
    names = [n for n in LIBRARIES if _has(n) and n.replace("-", "_") in ran]
    foot = (
        f"Masks of {' x '.join(map(str, shape[::-1]))} voxels; {bone}. "
        f"Memory that comparing the masks adds: {'not measured' if peak is None else f'{peak:.0f} MiB'}. "
        f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}; {', '.join(f'{n} {version(n)}' for n in names)}; "
        f"load {os.getloadavg()[0]:.1f} at the end; largest process "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.0f} MiB."
    )
    text = "\n".join([*head, *lines, "", foot, ""])
    print(text)
    if asked.page:
        page = Path(asked.page)
        page.write_text(PAGE + text)


def _has(name):
    try:
        version(name)
    except ImportError:
        return False
    return True


PAGE = """# Comparing beside other libraries

`python benches/comparison.py --page docs/benchmarks/comparison.md` writes this page. Every library
runs in turn in one process, the best of three counts. Read the ratios, not the seconds: the machine
is shared. The same definition is held against each peer: disks with surface-distance, voxels with the
SimpleITK recipe (contour, exact distance map, both ways). The slices are every 0.7 mm.

"""


if __name__ == "__main__":
    main()
