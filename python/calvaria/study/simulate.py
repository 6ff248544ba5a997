"""Trials with known truth: to try an analysis before the students come, and to test this kit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.study.randomise import randomise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "simulate_attempts",
    "simulate_clusters",
    "simulate_crossover",
    "simulate_parallel",
    "simulate_specimens",
]

Columns = dict[str, list[Any]]


def simulate_parallel(
    means: Mapping[str, float],
    *,
    n_per_arm: int,
    sd: float,
    pre_mean: float,
    correlation: float,
    seed: int,
    dropout_fraction: float = 0.0,
) -> Columns:
    """Simulate a parallel trial with pre- and post-test.

    Parameters
    ----------
    means : mapping of str to float
        True post-test mean of each arm.
    n_per_arm : int
        Students of each arm.
    sd, pre_mean, correlation : float
        Spread of both scores, mean of the pre-test, and their correlation within an arm.
    seed : int
        Of NumPy's PCG64; the same seed gives the same class.
    dropout_fraction : float
        Chance of each student to miss the post-test, whatever the score.

    Returns
    -------
    dict of str to list
        ``participant``, ``arm``, ``pre_score``, ``post_score``; a missing score is None.

    Examples
    --------
    >>> table = simulate_parallel(
    ...     {"print": 60, "cadaver": 55}, n_per_arm=2, sd=10, pre_mean=40, correlation=0.5, seed=1
    ... )
    >>> table["arm"].count("print"), len(table["post_score"])
    (2, 4)
    """
    _check(sd=sd)
    if not -1 <= correlation <= 1 or not 0 <= dropout_fraction < 1:
        msg = f"correlation, dropout_fraction: possible values expected, found {(correlation, dropout_fraction)}"
        raise ValueError(msg)
    generator = _generator(seed)
    total = n_per_arm * len(means)
    codes = [f"s{i:03}" for i in range(1, total + 1)]
    arms = randomise(codes, arms=list(means), block_sizes=[len(means)], seed=seed).arm
    pre, noise = generator.normal(size=(2, total))
    post = correlation * pre + np.sqrt(1 - correlation**2) * noise
    lost = generator.random(total) < dropout_fraction
    centre = np.array([means[arm] for arm in arms])
    return {
        "participant": codes,
        "arm": list(arms),
        "pre_score": _scores(pre_mean + sd * pre),
        "post_score": [
            None if gone else score
            for gone, score in zip(lost, _scores(centre + sd * post), strict=True)
        ],
    }


def simulate_crossover(
    *,
    treatments: tuple[str, str],
    n_per_order: int,
    mean: float,
    effect: float,
    period_effect: float,
    carry_over: float,
    sd_between: float,
    sd_within: float,
    seed: int,
) -> Columns:
    """Simulate a two-period cross-over trial.

    Parameters
    ----------
    treatments : (str, str)
        The first minus the second has the true ``effect``.
    n_per_order : int
        Students of each order.
    mean, effect, period_effect, carry_over : float
        Mean under the second treatment in period 1; what the first treatment adds; what period 2
        adds; what the first treatment still adds in period 2 when it was given in period 1.
    sd_between, sd_within : float
        Spread between students, and of one student's scores.
    seed : int
        As for :func:`simulate_parallel`.

    Returns
    -------
    dict of str to list
        ``participant``, ``period``, ``treatment``, ``score``.

    Examples
    --------
    >>> table = simulate_crossover(
    ...     treatments=("print", "cadaver"), n_per_order=3, mean=60, effect=4, period_effect=2,
    ...     carry_over=0, sd_between=10, sd_within=5, seed=1,
    ... )
    >>> len(table["score"]), table["period"][:2]
    (12, [1, 2])
    """
    _check(sd_between=sd_between, sd_within=sd_within)
    generator = _generator(seed)
    total = 2 * n_per_order
    first = np.arange(total) % 2 == 0
    level = sd_between * generator.normal(size=total)
    noise = sd_within * generator.normal(size=(total, 2))
    columns: Columns = {"participant": [], "period": [], "treatment": [], "score": []}
    for i in range(total):
        for period in (1, 2):
            is_first = bool(first[i]) == (period == 1)
            score = mean + level[i] + noise[i, period - 1] + effect * is_first
            if period == 2:
                score += period_effect + carry_over * bool(first[i])
            columns["participant"].append(f"s{i + 1:03}")
            columns["period"].append(period)
            columns["treatment"].append(treatments[0] if is_first else treatments[1])
            columns["score"].append(round(float(score), 6))
    return columns


def simulate_clusters(
    means: Mapping[str, float],
    *,
    n_clusters_per_arm: int,
    sizes: Sequence[int],
    sd: float,
    icc: float,
    seed: int,
) -> Columns:
    """Simulate a trial of whole classes.

    Parameters
    ----------
    means : mapping of str to float
        True mean of each arm.
    n_clusters_per_arm : int
        Classes of each arm.
    sizes : sequence of int
        Class sizes, used in turn.
    sd, icc : float
        Total spread, and the share of its square between classes.
    seed : int
        As for :func:`simulate_parallel`.

    Returns
    -------
    dict of str to list
        ``participant``, ``cluster``, ``arm``, ``score``.

    Examples
    --------
    >>> table = simulate_clusters(
    ...     {"print": 60, "book": 55}, n_clusters_per_arm=2, sizes=(3, 4), sd=10, icc=0.05, seed=1
    ... )
    >>> len(table["score"]), sorted(set(table["cluster"]))
    (14, ['c01', 'c02', 'c03', 'c04'])
    """
    _check(sd=sd)
    if not 0 <= icc < 1:
        msg = f"icc: from 0 to below 1 expected, found {icc}"
        raise ValueError(msg)
    generator = _generator(seed)
    columns: Columns = {"participant": [], "cluster": [], "arm": [], "score": []}
    number = 0
    for arm, mean in means.items():
        for _ in range(n_clusters_per_arm):
            size = sizes[number % len(sizes)]
            level = np.sqrt(icc) * sd * generator.normal()
            scores = mean + level + np.sqrt(1 - icc) * sd * generator.normal(size=size)
            number += 1
            columns["cluster"] += [f"c{number:02}"] * size
            columns["arm"] += [arm] * size
            columns["score"] += _scores(scores)
    columns["participant"] = [f"s{i + 1:03}" for i in range(len(columns["score"]))]
    return columns


def simulate_specimens(
    true_mm: Mapping[str, float],
    *,
    n_specimens: int,
    bias_mm: float,
    scale_percent: float,
    sd_size_mm: float,
    sd_specimen_mm: float,
    sd_reading_mm: float,
    n_readings: int,
    seed: int,
) -> Columns:
    """Simulate bones and their prints, each measured several times by calliper.

    Parameters
    ----------
    true_mm : mapping of str to float
        Mean length of each dimension.
    n_specimens, n_readings : int
        Bones, and readings of each dimension of bone and print.
    bias_mm, scale_percent : float
        A print is longer by the bias and by this percentage of the length.
    sd_size_mm, sd_specimen_mm, sd_reading_mm : float
        Spread of bones, of the deviation of one print from the others, and of readings.
    seed : int
        As for :func:`simulate_parallel`.

    Returns
    -------
    dict of str to list
        ``specimen``, ``dimension``, ``reading``, ``original_mm``, ``printed_mm``.

    Examples
    --------
    >>> table = simulate_specimens(
    ...     {"length": 180.0}, n_specimens=2, bias_mm=0.3, scale_percent=0.1, sd_size_mm=5.0,
    ...     sd_specimen_mm=0.1, sd_reading_mm=0.02, n_readings=2, seed=1,
    ... )
    >>> longer = [p - o for p, o in zip(table["printed_mm"], table["original_mm"], strict=True)]
    >>> [round(mm, 2) for mm in longer]  # about 0.3 + 180 x 0.001
    [0.61, 0.54, 0.53, 0.54]
    """
    _check(sd_size_mm=sd_size_mm, sd_specimen_mm=sd_specimen_mm, sd_reading_mm=sd_reading_mm)
    generator = _generator(seed)
    columns: Columns = {
        name: [] for name in ("specimen", "dimension", "reading", "original_mm", "printed_mm")
    }
    for i in range(n_specimens):
        size, own = generator.normal(size=2) * (sd_size_mm, sd_specimen_mm)
        for name, mean in true_mm.items():
            bone = mean + size + 0.2 * sd_size_mm * generator.normal()
            made = bone * (1 + scale_percent / 100) + bias_mm + own
            for reading in range(1, n_readings + 1):
                on_bone, on_print = sd_reading_mm * generator.normal(size=2)
                columns["specimen"].append(f"b{i + 1:02}")
                columns["dimension"].append(name)
                columns["reading"].append(reading)
                columns["original_mm"].append(round(float(bone + on_bone), 2))
                columns["printed_mm"].append(round(float(made + on_print), 2))
    return columns


def simulate_attempts(
    mean_attempts: Mapping[str, float],
    *,
    n_per_arm: int,
    dispersion: float,
    first_min: float,
    rate: float,
    sd_log: float,
    sd_log_participant: float,
    seed: int,
) -> Columns:
    """Simulate a log of attempts: how often students try, and how the time falls.

    Parameters
    ----------
    mean_attempts : mapping of str to float
        True mean number of attempts of each arm; each student makes at least none.
    n_per_arm : int
        Students of each arm.
    dispersion : float
        Negative binomial alpha; 0 for Poisson.
    first_min, rate : float
        Time of the first attempt, minutes, and the exponent of the power law of practice.
    sd_log, sd_log_participant : float
        Spread of the logarithm of a time, within and between students.
    seed : int
        As for :func:`simulate_parallel`.

    Returns
    -------
    dict of str to list
        ``participant``, ``arm``, ``attempt``, ``time_min``; a student without an attempt has no
        row, so ``count`` gives the numbers: ``participant_all``, ``arm_all``, ``count_all``.

    Examples
    --------
    >>> table = simulate_attempts(
    ...     {"print": 4.0, "specimen": 2.0}, n_per_arm=3, dispersion=0.0, first_min=20.0, rate=0.3,
    ...     sd_log=0.1, sd_log_participant=0.2, seed=1,
    ... )
    >>> table["count_all"]
    [5, 4, 6, 2, 2, 3]
    >>> table["attempt"][:4], [round(minutes, 1) for minutes in table["time_min"][:4]]
    ([1, 2, 3, 4], [19.0, 15.1, 13.3, 11.9])
    """
    _check(sd_log=sd_log, sd_log_participant=sd_log_participant, dispersion=dispersion)
    generator = _generator(seed)
    names = ("participant", "arm", "attempt", "time_min", "participant_all", "arm_all", "count_all")
    columns: Columns = {name: [] for name in names}
    number = 0
    for arm, mean in mean_attempts.items():
        for _ in range(n_per_arm):
            number += 1
            code = f"s{number:03}"
            own = mean * generator.gamma(1 / dispersion, dispersion) if dispersion else mean
            count = int(generator.poisson(own))
            level = sd_log_participant * generator.normal()
            times = first_min * np.arange(1, count + 1, dtype=float) ** -rate
            times = times * np.exp(level + sd_log * generator.normal(size=count))
            columns["participant"] += [code] * count
            columns["arm"] += [arm] * count
            columns["attempt"] += list(range(1, count + 1))
            columns["time_min"] += _scores(times)
            columns["participant_all"].append(code)
            columns["arm_all"].append(arm)
            columns["count_all"].append(count)
    return columns


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def _scores(values: NDArray[np.float64]) -> list[Any]:
    return [round(float(value), 6) for value in values]


def _check(**spreads: float) -> None:
    for name, value in spreads.items():
        if not 0 <= value < np.inf:
            msg = f"{name}: a number from 0 expected, found {value}"
            raise ValueError(msg)
