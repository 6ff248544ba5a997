"""Randomisation that anyone can repeat: blocks, strata, minimisation, from a seed."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.study.record import Record

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

__all__ = ["Allocation", "minimise", "randomise"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Allocation(Record):
    """Who is in which arm, and how that came about.

    Attributes
    ----------
    participant, arm, stratum : tuple of str
        One entry for each participant (or class), in the order given.
    method : str
        How, in words for the methods section.
    seed : int
        With which the same call gives the same list, for NumPy's PCG64.
    """

    participant: tuple[str, ...]
    arm: tuple[str, ...]
    stratum: tuple[str, ...]
    method: str
    seed: int

    @property
    def counts(self) -> dict[str, int]:
        """Participants of each arm."""
        return {name: self.arm.count(name) for name in dict.fromkeys(self.arm)}

    @property
    def meaning(self) -> str:
        """Sizes and method; the list must be out of sight of those who enrol."""
        sizes = ", ".join(f"{name} {n}" for name, n in self.counts.items())
        return (
            f"{len(self.arm)} allocated ({sizes}) by {self.method}, seed {self.seed}: keep seed and "
            "list from those who enrol, or the next allocation is known"
        )

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write participant, stratum and arm as CSV."""
        with open(path, "w", newline="", encoding="utf-8") as file:  # noqa: PTH123 - newline
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("participant", "stratum", "arm"))
            writer.writerows(zip(self.participant, self.stratum, self.arm, strict=True))


def randomise(
    participants: Sequence[Any],
    *,
    arms: Sequence[str],
    block_sizes: Sequence[int],
    seed: int,
    strata: Sequence[Any] | None = None,
) -> Allocation:
    """Allocate participants, or whole classes, by permuted blocks within strata.

    Parameters
    ----------
    participants : sequence
        Codes, each once, in the order of enrolment.
    arms : sequence of str
        Two or more; for a cross-over the orders, such as ``["print first", "bone first"]``.
    block_sizes : sequence of int
        Multiples of the number of arms; the size of each block is drawn from them, so that the
        end of a block cannot be foreseen.
    seed : int
        Any whole number from 0.
    strata : sequence, optional
        Stratum of each participant; each has its own list, which does not change when another
        stratum grows.

    Returns
    -------
    Allocation

    Raises
    ------
    ValueError
        A code twice, fewer than two arms, or a block size that is no multiple of their number.

    References
    ----------
    .. [1] Schulz KF, Grimes DA. Lancet 2002;359:515-519. doi 10.1016/S0140-6736(02)07683-3

    Examples
    --------
    >>> codes = [f"s{i:02}" for i in range(12)]
    >>> allocation = randomise(codes, arms=["print", "bone"], block_sizes=[4], seed=7)
    >>> allocation.counts
    {'print': 6, 'bone': 6}
    """
    codes, names = _codes(participants), _arms(arms)
    wrong = [size for size in block_sizes if size < len(names) or size % len(names)]
    if wrong or not block_sizes:
        msg = f"block_sizes: multiples of {len(names)} expected, found {list(block_sizes)}"
        raise ValueError(msg)
    stratum = _strata(strata, len(codes))
    given: list[str] = [""] * len(codes)
    for name in sorted(set(stratum)):
        rows = [row for row, own in enumerate(stratum) if own == name]
        generator = np.random.Generator(np.random.PCG64([seed, *name.encode()]))
        for row, arm in zip(rows, _blocks(len(rows), names, block_sizes, generator), strict=True):
            given[row] = arm
    sizes = " or ".join(str(size) for size in block_sizes)
    within = f" within {len(set(stratum))} strata" if strata is not None else ""
    return Allocation(
        participant=codes,
        arm=tuple(given),
        stratum=stratum,
        method=f"permuted blocks of {sizes}{within}",
        seed=seed,
    )


def minimise(
    participants: Sequence[Any],
    *,
    arms: Sequence[str],
    factors: Mapping[str, Sequence[Any]],
    probability: float,
    seed: int,
) -> Allocation:
    """Allocate participants one after the other so that factors stay balanced.

    Parameters
    ----------
    participants : sequence
        Codes, each once, in the order of enrolment.
    arms : sequence of str
        Two or more.
    factors : mapping of str to sequence
        Level of each participant for each factor.
    probability : float
        With which the arm that balances best is taken, above 1 / arms and below 1: at 1 the next
        allocation could be worked out.
    seed : int
        Any whole number from 0.

    Returns
    -------
    Allocation
        By the sum over factors of the range of counts [1]_.

    References
    ----------
    .. [1] Pocock SJ, Simon R. Biometrics 1975;31:103-115. doi 10.2307/2529712

    Examples
    --------
    >>> allocation = minimise(
    ...     ["a", "b", "c", "d"], arms=["print", "bone"], factors={"year": [1, 1, 2, 2]},
    ...     probability=0.9, seed=1,
    ... )
    >>> sorted(allocation.counts.values())
    [2, 2]
    """
    codes, names = _codes(participants), _arms(arms)
    if not 1 / len(names) < probability < 1:
        msg = f"probability: above {1 / len(names):.3g} and below 1 expected, found {probability}"
        raise ValueError(msg)
    levels = {name: _strata(values, len(codes)) for name, values in factors.items()}
    if not levels:
        msg = "factors: at least one expected, found none"
        raise ValueError(msg)
    generator = np.random.Generator(np.random.PCG64(seed))
    given: list[str] = []
    for row in range(len(codes)):
        scores = [_imbalance(arm, given, names, levels, row) for arm in names]
        best = [arm for arm, score in zip(names, scores, strict=True) if score == min(scores)]
        rest = [arm for arm in names if arm not in best]
        # Both draws are always made, so that one participant does not shift the next.
        first, second = generator.random(2)
        pool = best if not rest or first < probability else rest
        given.append(pool[int(second * len(pool))])
    return Allocation(
        participant=codes,
        arm=tuple(given),
        stratum=tuple(
            " / ".join(levels[name][row] for name in levels) for row in range(len(codes))
        ),
        method=f"minimisation over {', '.join(levels)} with probability {probability:g}",
        seed=seed,
    )


def _blocks(
    count: int, arms: tuple[str, ...], sizes: Sequence[int], generator: np.random.Generator
) -> list[str]:
    given: list[str] = []
    while len(given) < count:
        size = int(sizes[int(generator.integers(len(sizes)))])
        block = list(arms) * (size // len(arms))
        given += [block[i] for i in generator.permutation(size)]
    return given[:count]


def _imbalance(
    arm: str, given: list[str], arms: tuple[str, ...], levels: dict[str, tuple[str, ...]], row: int
) -> int:
    """Return the sum over factors of the range of counts if this participant went to ``arm``."""
    total = 0
    for own in levels.values():
        like = [given[i] for i in range(len(given)) if own[i] == own[row]]
        counts = [like.count(name) + (name == arm) for name in arms]
        total += max(counts) - min(counts)
    return total


def _codes(participants: Sequence[Any]) -> tuple[str, ...]:
    codes = tuple(str(code) for code in participants)
    if len(set(codes)) < len(codes):
        double = next(code for code in codes if codes.count(code) > 1)
        msg = f"participants: each once expected, found {double!r} again"
        raise ValueError(msg)
    return codes


def _arms(arms: Sequence[str]) -> tuple[str, ...]:
    if isinstance(arms, str) or len(set(arms)) < max(2, len(arms)):
        msg = f"arms: two or more different names expected, found {arms!r}"
        raise ValueError(msg)
    return tuple(arms)


def _strata(strata: Sequence[Any] | None, count: int) -> tuple[str, ...]:
    found = ("",) * count if strata is None else tuple(str(value) for value in strata)
    if len(found) != count:
        msg = f"strata and factors: {count} values expected, found {len(found)}"
        raise ValueError(msg)
    return found
