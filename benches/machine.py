"""What a benchmark was measured on."""

import importlib.metadata
import os
import platform
import time


def machine(names):
    """Return the machine, the versions of these libraries that are installed, and the load, as one line."""
    versions = []
    for name in names:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return (
        f"Measured on {os.cpu_count()} processors, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}, {time.strftime('%d %B %Y')}; {', '.join(versions)}. "
        f"Load of the machine meanwhile: {os.getloadavg()[1]:.1f}."
    )
