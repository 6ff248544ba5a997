"""The exit status of a command, and how what goes wrong becomes one."""

from __future__ import annotations

import functools
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from calvaria._terminal import complain
from calvaria.errors import CalvariaError
from calvaria.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EXIT_OF", "Exit", "asked", "reported"]


class Exit(IntEnum):
    """What the exit status of the command means."""

    PASS = 0
    LOOK = 1
    USAGE = 2
    FAIL = 3
    UNREADABLE = 4
    INTERRUPTED = 130


EXIT_OF = {
    Verdict.PASS: Exit.PASS,
    Verdict.BORDERLINE: Exit.LOOK,
    Verdict.UNPROVEN: Exit.LOOK,
    Verdict.FAIL: Exit.FAIL,
}


def reported(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what goes wrong into one line on stderr and an exit status."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except KeyboardInterrupt:
            complain("interrupted")
            raise typer.Exit(Exit.INTERRUPTED) from None
        except (CalvariaError, ImportError) as error:
            complain(str(error))
            raise typer.Exit(Exit.UNREADABLE) from None
        except BrokenPipeError:
            raise  # whoever read has enough, as head(1) has; Click ends in silence
        except OSError as error:
            words = str(error.strerror or error)
            complain(f"{Path(error.filename).name}: {words}" if error.filename else words)
            raise typer.Exit(Exit.UNREADABLE) from None

    return run


def asked(command: Callable[..., None]) -> Callable[..., None]:
    """Say a wrong value as a mistake in the command, and all else as every command does."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except CalvariaError:
            raise
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return reported(run)
