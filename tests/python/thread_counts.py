"""A program run with one thread and with several: what it prints must not depend on their number."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def outputs_of(program, *arguments, counts=(1, 2, 5)):
    """Return all that the program prints, each output once; it may import what stands beside the tests."""
    path = os.pathsep.join([str(TESTS), *sys.path])
    return {
        subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env={**os.environ, "RAYON_NUM_THREADS": str(n), "PYTHONPATH": path},
            cwd=TESTS.parents[1], capture_output=True, text=True, check=True,
        ).stdout
        for n in counts
    }  # fmt: skip
