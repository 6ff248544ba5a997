"""What a case is: a name, a function that builds a folder, and what a loader may do with it."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RIGHT = "right"
REFUSED = "refused by name"
WARNED = "warned by name"
UNNAMED = "refused without naming the cause"
UNNOTED = "right, but a fact that must be recorded is not"
OVER_REFUSED = "over-refused"
WRONG = "silently wrong"
LEAK = "identifier leaked"
CRASH = "crash, hang or out of memory"
OUTCOMES = (RIGHT, REFUSED, WARNED, UNNAMED, UNNOTED, OVER_REFUSED, WRONG, LEAK, CRASH)


@dataclass(frozen=True)
class Expectation:
    """The allowed outcomes, and what a message must name.

    ``names`` are regular expressions, searched without regard to case; every one must occur in the
    error or in the warnings.  ``notes`` must occur in the warnings or findings of a volume.
    """

    allowed: frozenset[str]
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One folder with known truth."""

    name: str
    build: Callable[[Path], Any]
    expectation: Expectation


@dataclass
class Cases:
    """The cases of one module, in the order in which they are written."""

    group: str
    cases: list[Case] = field(default_factory=list)

    def right(self, *, notes: tuple[str, ...] = (), **params: Any) -> Callable[..., Any]:
        """Legal: it must load, values and places exact."""
        return self._register(Expectation(frozenset({RIGHT}), notes=notes), params)

    def right_or_refused(self, *names: str, **params: Any) -> Callable[..., Any]:
        """Outside the standard or retired: exact, or refused."""
        return self._register(Expectation(frozenset({RIGHT, REFUSED}), names), params)

    def refused(self, *names: str, **params: Any) -> Callable[..., Any]:
        """No volume can be trusted: an error that names the cause."""
        return self._register(Expectation(frozenset({REFUSED}), names), params)

    def warned_or_refused(self, *names: str, **params: Any) -> Callable[..., Any]:
        """Doubtful: an error or a warning that names the cause; exact values are welcome too."""
        return self._register(Expectation(frozenset({REFUSED, WARNED, RIGHT}), names), params)

    def holds(self, **params: Any) -> Callable[..., Any]:
        """The builder returns a check of its own, called without arguments, which asserts."""
        return self._register(Expectation(frozenset({RIGHT})), params)

    def _register(self, expectation: Expectation, params: dict[str, Any]) -> Callable[..., Any]:
        """Make one case per combination of parameters; a dict gives its values their names."""

        def decorate(build: Callable[..., Any]) -> Callable[..., Any]:
            axes = [
                [(str(key), value) for key, value in _named(values)] for values in params.values()
            ]
            for point in itertools.product(*axes):
                label = "-".join(key for key, _ in point)
                name = f"{self.group}/{build.__name__}" + (f"[{label}]" if label else "")
                given = dict(zip(params, (value for _, value in point), strict=True))
                self.cases.append(Case(name, _bound(build, given), expectation))
            return build

        return decorate


def _named(values: Any) -> list[tuple[Any, Any]]:
    return list(values.items()) if isinstance(values, dict) else [(v, v) for v in values]


def _bound(build: Callable[..., Any], given: dict[str, Any]) -> Callable[[Path], Any]:
    return lambda folder: build(folder, **given)


def tag(*keywords: str) -> str:
    """Return a pattern for an attribute: keyword, spaced name or (gggg,eeee); any of several."""
    from pydicom.datadict import tag_for_keyword

    patterns = []
    for keyword in keywords:
        number = tag_for_keyword(keyword)
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "[ _]", keyword)
        patterns += [keyword, spaced, f"{number >> 16:04x}, ?{number & 0xFFFF:04x}"]
    return "|".join(patterns)


def slices(*indices: int) -> str:
    """Return a pattern for any of the files that hold these slices."""
    return "|".join(f"IM{k:04d}" for k in indices)
