"""A packed multi-frame file is unpacked once: peak memory, measured in a process of its own."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from dicom_cases.enhanced_image import enhanced
from dicom_cases.stack import NATIVE, ct

MIB = 1 << 20
N, SIZE = 48, 512  # 24 MiB of int16

MEASURE = """
import json, sys
import calvaria
calvaria.load_series(sys.argv[2])                       # a small one: everything is imported and started
open("/proc/self/clear_refs", "w").write("5")           # forget the peak so far

def status(name):
    line = next(line for line in open("/proc/self/status") if line.startswith(name + ":"))
    return int(line.split()[1]) * 1024

before = status("VmRSS")
volume = calvaria.load_series(sys.argv[1])
print(json.dumps({"peak": status("VmHWM") - before, "volume": volume.values.nbytes,
                  "sum": int(volume.values.sum(dtype="int64")), "dtype": str(volume.values.dtype)}))
"""


def write_packed(path, *, syntax, method, n, size):
    stack = ct(n, rows=8, columns=8, syntax=syntax)
    for each in stack:
        each.ds.Rows = each.ds.Columns = size
        each.ds.PixelData = b""
    made = enhanced(stack)
    rng = np.random.default_rng(7)
    pixels = rng.integers(-300, 300, (n, size, size), dtype=np.int16)  # packs to 2/3
    made.ds.PixelData = pixels.tobytes()
    with zipfile.ZipFile(path, "w", method) if method is not None else path.open("wb") as out:
        if method is None:
            out.write(made.to_bytes())
        else:
            out.writestr("ENHANCED.dcm", made.to_bytes())
    return int(pixels.sum(dtype=np.int64)) - 1024 * pixels.size


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    ("syntax", "method"),
    [
        ("explicit", zipfile.ZIP_DEFLATED),
        ("explicit", zipfile.ZIP_STORED),
        ("deflated", None),
        ("deflated", zipfile.ZIP_STORED),
    ],
    ids=["zip-deflated", "zip-stored", "deflated-data-set", "deflated-data-set-in-zip"],
)
def test_peak_memory_is_the_volume_and_a_quarter_and_the_file(tmp_path, syntax, method):
    path, small = tmp_path / "study.bin", tmp_path / "small.bin"
    expected = write_packed(path, syntax=NATIVE[syntax], method=method, n=N, size=SIZE)
    write_packed(small, syntax=NATIVE[syntax], method=method, n=4, size=32)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), str(small)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "RAYON_NUM_THREADS": "4"},
    )
    found = json.loads(done.stdout)
    assert found["sum"] == expected
    assert found["dtype"] == "int16"
    allowed = 1.25 * found["volume"] + path.stat().st_size
    assert found["peak"] <= allowed, f"{found['peak'] / MIB:.0f} MiB, {allowed / MIB:.0f} allowed"
    assert found["peak"] >= found["volume"], "the measure sees less than the volume itself"
