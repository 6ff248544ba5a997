"""Run the loader on one case, in a process of its own, and name the outcome."""

import contextlib
import io
import logging
import multiprocessing
import os
import re
import resource
import sys
import tempfile
import threading
import time
import traceback
import warnings
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path

from . import case as kinds
from .case import Case

TIMEOUT_S = 20.0
ADDRESS_SPACE_BYTES = 6 << 30
PEAK_GROWTH_MB = 300.0


@dataclass(frozen=True)
class Outcome:
    """How one case ended."""

    kind: str
    detail: str
    seconds: float = 0.0
    peak_growth_mb: float = 0.0

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


@dataclass
class Spoken:
    """Everything the library said while it worked."""

    warnings: str = ""
    findings: str = ""
    other: list[str] = field(default_factory=list)

    def everything(self) -> str:
        return "\n".join([self.warnings, self.findings, *self.other])


_starting = threading.Lock()


def _forkserver():
    """Return the context whose server has everything imported, so that a child starts at once.

    Before Python 3.13 the server does not get our ``sys.path``, fails to import what it should,
    and says nothing; the environment tells it.
    """
    context = multiprocessing.get_context("forkserver")
    with _starting:
        kept = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        try:
            context.set_forkserver_preload(["dicom_cases.child"])
            forkserver.ensure_running()
        finally:
            if kept is None:
                del os.environ["PYTHONPATH"]
            else:
                os.environ["PYTHONPATH"] = kept
    return context


def run(case: Case) -> Outcome:
    """Return the outcome; a crash, a hang or greed of the child is an outcome too."""
    context = _forkserver()
    receiver, sender = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="case") as scratch:
        start = time.monotonic()
        child = context.Process(target=_child, args=(case.name, scratch, sender), daemon=True)
        child.start()
        sender.close()
        try:
            outcome = receiver.recv() if receiver.poll(TIMEOUT_S) else None
        except EOFError:
            outcome = Outcome(kinds.CRASH, "the process died")
        if outcome is None:
            outcome = Outcome(kinds.CRASH, f"no answer within {TIMEOUT_S:g} s")
            child.kill()
        child.join()
        receiver.close()
        _make_removable(Path(scratch))
        return Outcome(
            outcome.kind, outcome.detail, time.monotonic() - start, outcome.peak_growth_mb
        )


def _child(name: str, scratch: str, sender) -> None:
    from . import all_cases

    case = next(case for case in all_cases() if case.name == name)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    try:
        sender.send(judge(case, Path(scratch)))
    except MemoryError:
        sender.send(Outcome(kinds.CRASH, "MemoryError"))
    except BaseException:  # noqa: BLE001 - a fault of the case must not look like the loader's
        sender.send(Outcome("broken case", traceback.format_exc()))


def judge(case: Case, scratch: Path) -> Outcome:
    """Build the folder, load it, and compare with what the case expects."""
    folder = scratch / "study"
    folder.mkdir()
    truth = case.build(folder)
    before_mb = _forget_peak_mb()
    if callable(truth):
        outcome = _judge_check(truth)
    else:
        path = folder if truth is None or truth.path is None else truth.path
        outcome = _judge_load(case, path, truth)
    growth_mb = _peak_mb() - before_mb
    if growth_mb > PEAK_GROWTH_MB:
        outcome = Outcome(kinds.CRASH, f"peak memory grew by {growth_mb:.0f} MB; {outcome}")
    return Outcome(outcome.kind, outcome.detail, 0.0, growth_mb)


def _judge_check(check) -> Outcome:
    try:
        check()
    except AssertionError as error:
        return Outcome(kinds.WRONG, f"{error or traceback.format_exc()}")
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the finding
        return _as_crash(error)
    return Outcome(kinds.RIGHT, "")


def _judge_load(case: Case, path: Path, truth) -> Outcome:
    import calvaria

    expect = case.expectation
    spoken = Spoken()
    with listening(spoken):
        try:
            volume = calvaria.load_series(path)
            error = None
        except calvaria.errors.CalvariaError as raised:
            volume, error = None, raised
        except BaseException as raised:  # noqa: BLE001 - a panic is not an Exception
            return _as_crash(raised)
    message = "" if error is None else f"{type(error).__name__}: {error}"
    spoken.other += [message, repr(error)]
    if volume is not None:
        spoken.findings = "\n".join(f"{f!r} {f.to_dict()}" for f in volume.findings)
        spoken.other += [repr(volume), volume._repr_html_(), str(volume.to_dict())]
    if leaked := leaks(spoken.everything()):
        return Outcome(kinds.LEAK, leaked)
    if error is not None:
        return _refusal(expect, message, spoken.warnings)
    if truth is None:
        fault = "loaded, though there is no right answer"
    else:
        fault = truth.fault(volume.values, volume.grid.lps_from_ijk)
    if not fault:
        noted = _all_in(expect.notes, f"{spoken.warnings}\n{spoken.findings}")
        return Outcome(kinds.RIGHT if noted else kinds.UNNOTED, f"findings: {spoken.findings}")
    if kinds.WARNED in expect.allowed and expect.names and _all_in(expect.names, spoken.warnings):
        return Outcome(kinds.WARNED, spoken.warnings)
    said = f"; warnings: {spoken.warnings}; findings: {spoken.findings}"
    return Outcome(kinds.WRONG, fault + said)


def _refusal(expect, message: str, warned: str) -> Outcome:
    if kinds.REFUSED not in expect.allowed:
        return Outcome(kinds.OVER_REFUSED, message)
    if _all_in(expect.names, f"{message}\n{warned}"):
        return Outcome(kinds.REFUSED, message)
    return Outcome(kinds.UNNAMED, f"{message}; expected {expect.names}")


def _as_crash(error: BaseException) -> Outcome:
    return Outcome(kinds.CRASH, f"{type(error).__name__}: {error}")


def _all_in(patterns: tuple[str, ...], said: str) -> bool:
    return all(re.search(pattern, said, re.IGNORECASE) for pattern in patterns)


def leaks(said: str) -> str:
    """Return the planted identifier that occurs in what was said; empty when none does."""
    from .stack import CANARIES

    return next((f"{canary} in: {said[:500]}" for canary in CANARIES if canary in said), "")


@contextlib.contextmanager
def listening(spoken: Spoken):
    """Collect warnings, log records and anything printed."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    logger = logging.getLogger()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    printed = io.StringIO()
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            warnings.simplefilter("always")
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        spoken.warnings = "\n".join(f"{w.category.__name__}: {w.message}" for w in caught)
        spoken.other += [lines.getvalue(), printed.getvalue()]


def _peak_mb() -> float:
    """Return the peak resident memory of this process, MB."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _forget_peak_mb() -> float:
    """Let the peak count anew, so that building the case does not hide the loader; return it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _peak_mb()


def _make_removable(folder: Path) -> None:
    """Give back the permissions that a case took away, so that the folder can be deleted."""
    for name, directories, _ in os.walk(folder):
        for directory in directories:
            path = Path(name, directory)
            if not path.is_symlink():
                path.chmod(0o700)
