"""Time and peak memory of segmentation, beside other libraries, in one run.

    python benches/segment.py                # 256 x 256 x 160
    python benches/segment.py --large        # 512 x 512 x 300; --page docs/benchmarks/segment.md

Every library gets the same NumPy arrays in a process of its own, in turn, several rounds; the table
shows the median wall time, processor time and what memory grew by.  Only the ratios mean anything
on a shared machine.  A peer that is not installed is left out.
"""

# ruff: noqa: ARG001 - every library is given the same arrays
import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path

import numpy as np
from machine import machine

LEVEL_HU = 300
# Stage, what it does, and the goals: calvaria / the fastest peers named here.
STAGES = {
    "2": ("threshold + largest part (26)", {"cc3d": 0.35}),
    "3": ("closing, 3 mm ball", {"edt twice": 0.2}),
    "3b": ("opening, 1 voxel", {"scipy": 0.1}),
    "3c": ("fill holes", {"SimpleITK": 0.35, "cc3d": 0.35, "fill_voids": 0.35}),
    "4": ("distance, anisotropic", {"edt": 0.6}),
    "4s": ("signed distance", {"SimpleITK": 0.6}),
    "5": ("gaussian, sigma 1 voxel", {"scipy": 0.3, "SimpleITK": 0.3}),
    "5b": ("median 3 x 3 x 3", {"scipy": 0.1, "SimpleITK": 0.1}),
}
# What calvaria's memory may grow by at 512 x 512 x 300, MiB: where it is said at all.
MEMORY_GOALS = {"2": 154, "3c": 100}
# Largest difference that counts as the same, where the same is computed.
EXACT_MM = {"4": 1e-4, "4s": 1e-4}


def calvaria_jobs(values, mask, spacing_zyx):
    from calvaria import Grid, Mask, Volume, segment

    grid = Grid(dims_ijk=values.shape[::-1], lps_from_ijk=np.diag([*spacing_zyx[::-1], 1.0]))
    volume = Volume(values=values, grid=grid)
    one = Mask(values=mask, grid=grid)
    # A voxel of 1 mm: the standard deviation in voxels.
    unit = Volume(values=values, grid=Grid(dims_ijk=values.shape[::-1], lps_from_ijk=np.eye(4)))
    return {
        "2": lambda: segment.keep_largest(segment.threshold(volume, lower_hu=LEVEL_HU)).values,
        "3": lambda: segment.closing(one, radius_mm=3.0).values,
        "3b": lambda: segment.opening(one, n_voxels=1).values,
        "3c": lambda: segment.fill_holes(one).values,
        "4": lambda: segment.distance_map(one).values,
        "4s": lambda: segment.distance_map(one, is_signed=True).values,
        "5": lambda: segment.gaussian(unit, sigma_mm=1.0).values,
        "5b": lambda: segment.median(volume).values,
    }


def scipy_jobs(values, mask, spacing_zyx):
    from scipy import ndimage

    def largest():
        labels, _ = ndimage.label(values >= LEVEL_HU, np.ones((3, 3, 3)))
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        return labels == sizes.argmax()

    return {
        "2": largest,
        # As here: what lies outside of the image is not background, so nothing is eaten away from it.
        "3b": lambda: ndimage.binary_dilation(ndimage.binary_erosion(mask, border_value=1)),
        "3c": lambda: ndimage.binary_fill_holes(mask),
        "5": lambda: ndimage.gaussian_filter(values, 1.0, mode="nearest"),
        "5b": lambda: ndimage.median_filter(values, size=3),
    }


def cc3d_jobs(values, mask, spacing_zyx):
    import cc3d

    def holes():
        labels = cc3d.connected_components(~mask, connectivity=6)
        border = np.unique(
            np.concatenate([np.take(labels, e, axis=a).ravel() for a in range(3) for e in (0, -1)])
        )
        return ~np.isin(labels, border[border > 0])

    return {
        "2": lambda: cc3d.largest_k(values >= LEVEL_HU, k=1, connectivity=26) != 0,
        "3c": holes,
    }


def edt_jobs(values, mask, spacing_zyx):
    import edt

    mask = mask.copy()  # it takes no array that is read-only
    return {"4": lambda: edt.edt(mask, anisotropy=spacing_zyx, parallel=2)}


def edt_twice_jobs(values, mask, spacing_zyx):
    import edt

    def closed():
        grown = edt.edt(~mask, anisotropy=spacing_zyx, parallel=2) <= 3.0 + 1e-6
        return edt.edt(grown, anisotropy=spacing_zyx, parallel=2) > 3.0 + 1e-6

    return {"3": closed}


def fill_voids_jobs(values, mask, spacing_zyx):
    import fill_voids

    return {"3c": lambda: fill_voids.fill(mask)}


def simpleitk_jobs(values, mask, spacing_zyx):
    import SimpleITK as sitk

    def image(array):
        made = sitk.GetImageFromArray(array)
        made.SetSpacing(spacing_zyx[::-1])
        return made

    def largest():
        labels = sitk.ConnectedComponent(image((values >= LEVEL_HU).view(np.uint8)), True)
        ordered = sitk.RelabelComponent(labels, sortByObjectSize=True)
        return sitk.GetArrayFromImage(ordered) == 1

    def array(made):
        return sitk.GetArrayFromImage(made)

    def distance(inside):
        # Outside: to the nearest voxel inside, as here. Inside it measures to the nearest voxel inside
        # that touches the background.
        return array(
            sitk.SignedMaurerDistanceMap(
                image(inside.view(np.uint8)), squaredDistance=False, useImageSpacing=True
            )
        )

    unit = sitk.GetImageFromArray
    return {
        "2": largest,
        "3c": lambda: array(sitk.BinaryFillhole(image(mask.view(np.uint8)))) != 0,
        "4": lambda: np.maximum(distance(~mask), 0),
        "4s": lambda: distance(mask),
        "5": lambda: array(sitk.DiscreteGaussian(unit(values), 1.0)),
        "5b": lambda: array(sitk.Median(image(values), (1, 1, 1))),
    }


PEERS = {
    "calvaria": calvaria_jobs,
    "scipy": scipy_jobs,
    "cc3d": cc3d_jobs,
    "edt": edt_jobs,
    "edt twice": edt_twice_jobs,
    "fill_voids": fill_voids_jobs,
    "SimpleITK": simpleitk_jobs,
}


def write_head(folder, size, n_slices):
    from scipy import ndimage

    from calvaria import phantom

    # The step of the slices is that of the sizes the goals were set on.
    spacing = (0.6 * 300 / n_slices, 230 / size, 230 / size)
    scanner = phantom.Scanner(
        columns=size,
        rows=size,
        n_slices=n_slices,
        spacing_xy_mm=spacing[1:],
        slice_thickness_mm=spacing[0],
        slice_increment_mm=spacing[0],
        noise_hu=30.0,
    )
    values = phantom.scan(phantom.head(), scanner=scanner).values
    labels, _ = ndimage.label(values >= LEVEL_HU, np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    np.save(folder / "values.npy", values)
    np.save(folder / "mask.npy", labels == sizes.argmax())
    (folder / "spacing.json").write_text(json.dumps(spacing))


def resident_kib():
    """Resident memory now; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize() // 1024


class Peak:
    """Samples resident memory from a thread of its own."""

    def __enter__(self):
        self.start = self.most = resident_kib()
        self.is_done = False
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def watch(self):
        while not self.is_done:
            self.most = max(self.most, resident_kib())
            time.sleep(0.002)

    def __exit__(self, *error):
        self.most = max(self.most, resident_kib())
        self.is_done = True
        self.thread.join()


def measure(peer, stage, folder):
    """One process: a warm-up, then three timed runs; prints JSON."""
    values, mask = np.load(folder / "values.npy"), np.load(folder / "mask.npy")
    values.flags.writeable = mask.flags.writeable = False
    spacing = tuple(json.loads((folder / "spacing.json").read_text()))
    job = PEERS[peer](values, mask, spacing)[stage]
    small = PEERS[peer](values[:8].copy(), mask[:8].copy(), spacing)[stage]
    small()  # modules and thread pools
    with Peak() as peak:
        made = job()
    is_mask = made.dtype == bool
    check = zlib.crc32(np.ascontiguousarray(made).view(np.uint8)) if is_mask else None
    apart = None if is_mask else difference(peer, stage, made, folder)
    del made
    walls, cpus = [], []
    for _ in range(2):
        start, before = time.perf_counter(), time.process_time()
        made = job()
        walls.append(time.perf_counter() - start)
        cpus.append(time.process_time() - before)
        del made
    return {
        "wall": min(walls),
        "cpu": min(cpus),
        "extra_mib": (peak.most - peak.start) / 1024,
        "crc": check,
        "apart": apart,
    }


def difference(peer, stage, made, folder):
    """Largest difference from what calvaria made, which comes first and is kept for the others."""
    kept = folder / f"{stage}.npy"
    if peer == "calvaria":
        np.save(kept, made)
        return 0.0
    largest = 0.0
    for own, other in zip(np.load(kept, mmap_mode="r"), made, strict=True):
        apart = np.abs(other.astype(np.float64) - own)
        # Inside, SimpleITK's signed distance is to another place by definition.
        largest = max(
            largest, float(apart[own > 0].max(initial=0) if stage == "4s" else apart.max())
        )
    return largest


def run(folder, rounds, stages):
    results = {}
    for _ in range(rounds):
        for stage in stages:
            for peer in PEERS:
                call = [sys.executable, __file__, "--measure", peer, stage, str(folder)]
                done = subprocess.run(call, capture_output=True, text=True, check=False)
                if done.returncode == 0:
                    results.setdefault((stage, peer), []).append(json.loads(done.stdout))
    return results


def is_same(one, other):
    if one["crc"] is not None and other["crc"] is not None:
        return "yes" if one["crc"] == other["crc"] else "no"
    return f"within {other['apart']:.3g}"


PAGE = """# Segmentation beside other libraries

Written by `python benches/segment.py{large} --page docs/benchmarks/segment.md`: a phantom head of
{size} voxels, the same arrays for all, every library in a process of its own, in turn; {rounds}, of each
the better of two after one to warm up; the median is shown. Extra MiB is what memory grew by, with its
goal where there is one. The last column says whether a mask is the same voxel for voxel, or the largest
difference of a value, in mm or in HU.

What differs, differs by definition. SciPy opens as calvaria does once it is told that what lies outside of
the image is not background (`border_value=1`); by its default it eats bone away where the image cuts it.
SimpleITK's signed distance is to the nearest voxel of the mask outside, as calvaria's is, and only there
it is compared; inside it is to the nearest voxel *of the mask* that touches the background, so the outermost
layer of bone has 0 and a wall two voxels thick no depth at all, where calvaria says how far the background
is. In a smoothed int16 SciPy cuts the fraction off after each of its three passes, calvaria rounds once at
the end; SimpleITK's kernel is a discrete one, cut off where its error falls below 1 %, which shows at edges.

{table}

{missed}

{machine}
"""
LIBRARIES = (
    "calvaria",
    "SimpleITK",
    "connected-components-3d",
    "edt",
    "fill_voids",
    "scipy",
    "numpy",
)


def report(results, stages, *, is_large):
    """The table, and what misses its goal."""
    lines = [
        "| stage | library | wall s | cpu s | extra MiB | calvaria / it | goal | same |",
        "|---|---|---|---|---|---|---|---|",
    ]
    missed = []
    for stage in stages:
        title, goals = STAGES[stage]
        own = results[stage, "calvaria"]
        best = statistics.median(one["wall"] for one in own)
        for peer in PEERS:
            rows = results.get((stage, peer))
            if not rows:
                continue
            wall, cpu, extra = (
                statistics.median(one[key] for one in rows) for key in ("wall", "cpu", "extra_mib")
            )
            ratio = same = goal = ""
            if peer == "calvaria":
                most = MEMORY_GOALS.get(stage) if is_large else None
                goal = "" if most is None else f"< {most} MiB"
                if most is not None and extra >= most:
                    missed.append(f"{title}: {extra:.0f} MiB ({goal})")
            else:
                ratio, same = f"{best / wall:.2f}", is_same(own[0], rows[0])
                missed += misses(stage, peer, best / wall, rows[0], same)
                goal = f"<= {goals[peer]}" if peer in goals else ""
            lines.append(
                f"| {stage} {title} | {peer} | {wall:.3f} | {cpu:.3f} | {extra:.0f} "
                f"| {ratio} | {goal} | {same} |"
            )
    return "\n".join(lines), "Goals missed: " + ("; ".join(missed) or "none") + "."


def misses(stage, peer, ratio, row, same):
    title, goals = STAGES[stage]
    if ratio > goals.get(peer, ratio):
        yield f"{title} against {peer} ({ratio:.2f}, goal {goals[peer]})"
    if same == "no" or (row["apart"] or 0) > EXACT_MM.get(stage, float("inf")):
        yield f"{title}: not what {peer} makes ({same})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", nargs=3, metavar=("LIBRARY", "STAGE", "FOLDER"))
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", type=Path, help="where the table is written; printed in any case")
    parser.add_argument("--stages", nargs="*", default=list(STAGES))
    arguments = parser.parse_args()
    if arguments.measure:
        peer, stage, folder = arguments.measure
        print(json.dumps(measure(peer, stage, Path(folder))))
        return
    columns, slices = (512, 300) if arguments.large else (256, 160)
    with tempfile.TemporaryDirectory() as folder:
        write_head(Path(folder), columns, slices)
        found = run(Path(folder), arguments.rounds, arguments.stages)
    table, missed = report(found, arguments.stages, is_large=arguments.large)
    print(table, missed, sep="\n\n")
    if arguments.page:
        size = f"{columns} x {columns} x {slices}"
        page = PAGE.format(
            large=" --large" if arguments.large else "",
            size=size,
            rounds="1 round" if arguments.rounds == 1 else f"{arguments.rounds} rounds",
            table=table,
            missed=missed,
            machine=machine(LIBRARIES),
        )
        arguments.page.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
