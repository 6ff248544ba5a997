"""Runs a native job in a thread of its own, so that it can be watched and interrupted.

On a terminal and in Jupyter a bar shows how far it is; elsewhere nothing is printed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import threading
from typing import TYPE_CHECKING, TypeVar

from calvaria import _native

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["run"]

T = TypeVar("T")

# A job that is done sooner shows no bar at all.
_SHOW_AFTER_S = 0.5
_REFRESH_S = 0.1


def run(job: Callable[[_native.Progress], T], *, title: str) -> T:
    """Return ``job(progress)``; Ctrl-C cancels the job and is raised once it has stopped."""
    progress = _native.Progress()
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(job(progress))
        except BaseException as error:  # noqa: BLE001 - handed over to the caller's thread
            failure.append(error)

    worker = threading.Thread(target=work, name=f"calvaria {title}", daemon=True)
    worker.start()
    try:
        worker.join(_SHOW_AFTER_S)
        if worker.is_alive():
            with _bar(title) as show:
                while worker.is_alive():
                    show(*progress.state())
                    worker.join(_REFRESH_S)
    except BaseException:
        progress.cancel()
        worker.join()
        raise
    if failure:
        raise failure[0]
    return outcome[0]


@contextlib.contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console  # noqa: PLC0415 - only when a bar is due
    from rich.progress import Progress as Bar  # noqa: PLC0415

    console = Console(stderr=True)
    # In Jupyter the bar is a widget; without that library it would be a warning in its place.
    is_drawn = importlib.util.find_spec("ipywidgets") if console.is_jupyter else console.is_terminal
    if not is_drawn:
        yield lambda _done, _total: None
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
