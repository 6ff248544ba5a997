"""Time and peak memory of loading a CT, beside other libraries, in one run.

    make bench

Every library reads the same folder in a process of its own, in turn, several rounds; the table
shows the median wall time, processor time and what memory grew by.  It is printed and written to
``docs/benchmarks/loading.md``.  Only the ratios mean anything on a shared machine.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

KINDS = ("uncompressed", "JPEG lossless", "RLE")
PEERS = ("calvaria", "dicomsdl", "pydicom", "SimpleITK")
GOALS = {
    ("uncompressed", "dicomsdl"): 0.7,
    ("uncompressed", "pydicom"): 0.25,
    ("uncompressed", "SimpleITK"): 0.25,
    ("JPEG lossless", "dicomsdl"): 0.55,
    ("RLE", "dicomsdl"): 0.6,
}


def write_studies(folder, n_slices, size):
    """Write one head in three transfer syntaxes; return nothing, the folders are named by KINDS."""
    import imagecodecs
    import pydicom
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGLosslessSV1, RLELossless

    from calvaria import phantom

    plain = folder / KINDS[0]
    phantom.write_study(
        phantom.head(),
        plain,
        scanner=phantom.Scanner(
            columns=size,
            rows=size,
            n_slices=n_slices,
            spacing_xy_mm=(230 / size, 230 / size),
            slice_thickness_mm=0.8,
            slice_increment_mm=0.7 * 300 / n_slices,
            noise_hu=30.0,
        ),
    )
    for kind in KINDS[1:]:
        (folder / kind).mkdir()
    for file in sorted(plain.iterdir()):
        dataset = pydicom.dcmread(file)
        stored = dataset.pixel_array.view(np.uint16)
        dataset.PixelData = encapsulate([imagecodecs.ljpeg_encode(stored, bitspersample=16)])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
        dataset.save_as(folder / KINDS[1] / file.name)
        dataset = pydicom.dcmread(file)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(folder / KINDS[2] / file.name)


def read_calvaria(folder):
    import calvaria

    return calvaria.load_series(folder).values


def read_dicomsdl(folder):
    import dicomsdl

    slices = [dicomsdl.open(str(file)) for file in sorted(folder.iterdir())]
    slices.sort(key=lambda one: one.ImagePositionPatient[2])
    first = slices[0]
    values = np.empty((len(slices), first.Rows, first.Columns), np.int16)
    for out, one in zip(values, slices, strict=True):
        out[:] = one.pixelData(storedvalue=True)
        out += np.int16(one.RescaleIntercept)
    return values


def read_pydicom(folder):
    import pydicom

    slices = [pydicom.dcmread(file) for file in folder.iterdir()]
    slices.sort(key=lambda one: one.ImagePositionPatient[2])
    values = np.empty((len(slices), slices[0].Rows, slices[0].Columns), np.int16)
    for out, one in zip(values, slices, strict=True):
        np.add(one.pixel_array, np.int16(one.RescaleIntercept), out=out, casting="unsafe")
    return values


def read_simpleitk(folder):
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return sitk.GetArrayFromImage(reader.Execute())


READERS = {
    "calvaria": read_calvaria,
    "dicomsdl": read_dicomsdl,
    "pydicom": read_pydicom,
    "SimpleITK": read_simpleitk,
}


def peak_kib():
    """Return the peak resident memory of this process; ru_maxrss would keep that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(peer, folder):
    """One process: import, one read to warm up, three timed; prints JSON."""
    read = READERS[peer]
    read(folder)  # modules, page cache
    peak = peak_kib()
    walls, cpus, checksum = [], [], 0
    for _ in range(3):
        start, before = time.perf_counter(), time.process_time()
        values = read(folder)
        walls.append(time.perf_counter() - start)
        cpus.append(time.process_time() - before)
        checksum = int(values.sum(dtype=np.int64))
        del values
    return {"wall": min(walls), "cpu": min(cpus), "sum": checksum, "peak_kib": peak}


def idle_kib(peer):
    """Resident memory after the imports alone."""
    modules = {"pydicom": "pydicom.pixels"}.get(peer, peer)
    call = [sys.executable, __file__, "--idle", modules]
    return int(subprocess.run(call, capture_output=True, check=True).stdout)


def run(folder, rounds):
    """Measure all peers in turn; return {(kind, peer): [results]}."""
    results = {}
    for _ in range(rounds):
        for kind in KINDS:
            for peer in PEERS:
                call = [sys.executable, __file__, "--measure", peer, str(folder / kind)]
                done = subprocess.run(call, capture_output=True, text=True, check=False)
                if done.returncode == 0:
                    results.setdefault((kind, peer), []).append(json.loads(done.stdout))
    return results


def table(results, volume_mib):
    """Return the rows of the table as text."""
    idle = {peer: idle_kib(peer) for peer in PEERS if (KINDS[0], peer) in results}
    lines = [
        "| stage | library | wall s | cpu s | calvaria / it | goal | memory x volume | same values |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        own = results[kind, "calvaria"]
        wall_own = statistics.median(one["wall"] for one in own)
        for peer in PEERS:
            rows = results.get((kind, peer))
            if not rows:
                lines.append(f"| {kind} | {peer} | cannot read it here | | | | | |")
                continue
            wall = statistics.median(one["wall"] for one in rows)
            cpu = statistics.median(one["cpu"] for one in rows)
            memory = (max(one["peak_kib"] for one in rows) - idle[peer]) / 1024 / volume_mib
            same = "yes" if rows[0]["sum"] == own[0]["sum"] else "NO"
            ratio = "" if peer == "calvaria" else f"{wall_own / wall:.2f}"
            goal = f"<= {GOALS[kind, peer]}" if (kind, peer) in GOALS else ""
            lines.append(
                f"| {kind} | {peer} | {wall:.3f} | {cpu:.3f} | {ratio} | {goal} | {memory:.2f} "
                f"| {same} |"
            )
    return lines


def machine():
    """Return what the figures were measured on, as sentences."""
    names = ("calvaria", *PEERS[1:], "numpy", "imagecodecs", "pylibjpeg")
    versions = []
    for name in names:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} from its source")
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
    system = f"{platform.system()} {platform.machine()}"
    return (
        f"{os.cpu_count()} processors ({model or platform.processor() or 'unknown'}), {system}, "
        f"Python {platform.python_version()}; {', '.join(versions)}."
    )


PAGE = """# Loading beside other libraries

`make bench` writes this page: {n} slices of {size} x {size}, {mib:.0f} MiB as int16, from a
head phantom with 30 HU of noise, read from the page cache. Each library reads the same folder in a
process of its own, in turn, {rounds} rounds; the median round is shown, of each the best of three reads.
The values of all are compared. `calvaria / it` is the wall time of calvaria divided by that of the
library; "goal" is what it should be. Memory is what the process grew by at its peak, as a multiple of
the volume; the goal for calvaria is 1.25.

{table}

Measured on {machine}
Other work ran on the machine meanwhile: {before:.1f} jobs on average before, {after:.1f} after. Absolute
times move with that; the ratios, taken in turn, move less.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", nargs=2, metavar=("LIBRARY", "FOLDER"))
    parser.add_argument("--idle", metavar="MODULE")
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    page = Path(__file__).parent.parent / "docs" / "benchmarks" / "loading.md"
    parser.add_argument("--output", type=Path, default=page, help="page to write")
    arguments = parser.parse_args()
    if arguments.measure:
        peer, folder = arguments.measure
        print(json.dumps(measure(peer, Path(folder))))
        return
    if arguments.idle:
        importlib.import_module(arguments.idle)
        print(peak_kib())
        return
    with tempfile.TemporaryDirectory() as folder:
        write_studies(Path(folder), arguments.slices, arguments.size)
        before = os.getloadavg()[0]
        results = run(Path(folder), arguments.rounds)
    mib = arguments.slices * arguments.size**2 * 2 / 2**20
    lines = table(results, mib)
    print("\n".join(lines))
    text = PAGE.format(
        n=arguments.slices,
        size=arguments.size,
        mib=mib,
        rounds=arguments.rounds,
        table="\n".join(lines),
        machine=machine(),
        before=before,
        after=os.getloadavg()[0],
    )
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(text)


if __name__ == "__main__":
    main()
