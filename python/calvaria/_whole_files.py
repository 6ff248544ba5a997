"""A file, or a new folder, is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["whole_folder", "write_whole"]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there; a failure leaves the old file as it was."""
    folder = path.resolve().parent
    if not folder.is_dir():
        msg = f"{path.name}: there is no folder to write it into"
        raise FileNotFoundError(msg)
    handle, part = tempfile.mkstemp(prefix=".calvaria-", suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(0o644)
        Path(part).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(part).unlink()
        raise


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a folder beside a place that is not taken, and move it there when all went well."""
    if path.exists() or path.is_symlink():
        msg = f"{path.name}: a new folder expected, found something there"
        raise FileExistsError(msg)
    parent = path.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".calvaria-", suffix=".part", dir=parent))
    try:
        yield work
        work.chmod(0o755)
        work.rename(path)
    finally:
        shutil.rmtree(work, ignore_errors=True)
