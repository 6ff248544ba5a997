"""Published trials as data: every figure with its source, contradictions kept, not resolved."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calvaria.findings import CheckReport, Finding, Verdict
from calvaria.study.printed import as_printed
from calvaria.study.published import (
    check_correlation,
    check_effect_size,
    check_paired_means,
    check_two_means,
)
from calvaria.study.published_interval import check_interval
from calvaria.study.published_mean import check_mean_of_integers
from calvaria.study.record import Record, plural

__all__ = ["Claim", "Figure", "Trial", "check_trial", "load_trial", "load_trials"]

_FOLDER = Path(__file__).parents[1] / "_tables" / "trials"
_FIGURE_KEYS = {"id", "printed", "what", "unit", "source", "note"}
_CLAIM_KEYS = {"topic", "says", "source"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Figure(Record):
    """One published number, as printed, with the one place it was taken from.

    Attributes
    ----------
    id : str
        Name of the figure within its trial.
    printed : str
        As the paper has it, with all its digits.
    what, unit : str
        What it is, and in which unit.
    source : str
        The one place it was taken from.
    note : str
        What to know; empty where there is nothing.
    """

    id: str
    printed: str
    what: str
    source: str
    unit: str = ""
    note: str = ""

    @property
    def value(self) -> float:
        """The number; minutes for a clock time."""
        return as_printed(self.printed).value

    @property
    def meaning(self) -> str:
        """What it is and who says so."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.what}: {self.printed}{unit} [{self.source}]"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Claim(Record):
    """What one source says on a topic that sources do not agree on.

    Attributes
    ----------
    topic, says, source : str
        What about, what is said, and where.
    """

    topic: str
    says: str
    source: str

    @property
    def meaning(self) -> str:
        """Topic, statement, source."""
        return f"{self.topic}: {self.says} [{self.source}]"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Trial(Record):
    """A published trial or meta-analysis.

    Attributes
    ----------
    key, title, design, year : str, str, str, int
        What it is.
    figures : tuple of Figure
        Indexed by id: ``trial["print_mean"]``.
    claims : tuple of Claim
        Statements of several sources.
    comparisons : tuple of dict
        Which figures must fit together; read by :func:`check_trial`.
    """

    key: str
    title: str
    design: str
    year: int
    figures: tuple[Figure, ...]
    claims: tuple[Claim, ...] = ()
    comparisons: tuple[dict[str, Any], ...] = ()

    def __getitem__(self, figure_id: str) -> Figure:
        for figure in self.figures:
            if figure.id == figure_id:
                return figure
        raise KeyError(figure_id)

    @property
    def contradictions(self) -> dict[str, tuple[Claim, ...]]:
        """Topics on which the sources say different things."""
        topics = dict.fromkeys(claim.topic for claim in self.claims)
        found = {
            topic: tuple(claim for claim in self.claims if claim.topic == topic) for topic in topics
        }
        return {t: claims for t, claims in found.items() if len({c.says for c in claims}) > 1}

    @property
    def meaning(self) -> str:
        """Design and number of figures, and whether its sources agree."""
        open_topics = ", ".join(self.contradictions)
        quarrel = f"; sources contradict each other on: {open_topics}" if open_topics else ""
        return f"{self.key}: {self.design}, {plural(len(self.figures), 'figure')}{quarrel}"


def load_trials(folder: str | os.PathLike[str] | None = None) -> dict[str, Trial]:
    """Return all published trials, by key.

    Parameters
    ----------
    folder : path, optional
        A folder of TOML files of one's own; left out, those that come with calvaria.

    Returns
    -------
    dict of str to Trial

    Raises
    ------
    ValueError
        A figure without a source, an unknown key, or a comparison that names no figure.

    Examples
    --------
    >>> trials = load_trials()
    >>> trials["chen2017"]["print_median"].printed
    '31.5'
    """
    files = sorted(Path(folder or _FOLDER).glob("*.toml"))
    return {trial.key: trial for trial in map(load_trial, files)}


def load_trial(path: str | os.PathLike[str]) -> Trial:
    """Return the trial of one TOML file; errors name the file and the figure.

    Parameters
    ----------
    path : path
        A TOML file like those in ``_tables/trials``.

    Returns
    -------
    Trial
        Figures as printed, with their sources.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> text = '''
    ... key = "own2026"
    ... title = "Our pilot"
    ... design = "parallel, 2 arms"
    ... year = 2026
    ... [[figure]]
    ... id = "print_mean"
    ... printed = "61.5"
    ... what = "post-test of the print arm, percent"
    ... source = "own data"
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "own2026.toml"
    ...     _ = path.write_text(text)
    ...     trial = load_trial(path)
    >>> trial["print_mean"].printed
    '61.5'
    """
    name = Path(path).name
    table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    figures = tuple(_row(Figure, row, _FIGURE_KEYS, name) for row in table.get("figure", []))
    claims = tuple(_row(Claim, row, _CLAIM_KEYS, name) for row in table.get("claim", []))
    ids = [figure.id for figure in figures]
    if doubled := sorted({i for i in ids if ids.count(i) > 1}):
        msg = f"{name}: one figure for each id expected, found more of {doubled}"
        raise ValueError(msg)
    trial = Trial(
        key=table["key"],
        title=table["title"],
        design=table["design"],
        year=table["year"],
        figures=figures,
        claims=claims,
        comparisons=tuple(table.get("comparison", [])),
    )
    for comparison in trial.comparisons:
        for word in _names(comparison):
            if word not in ids:
                msg = f"{name}: a figure id expected in a comparison, found {word!r}"
                raise ValueError(msg)
    return trial


def check_trial(trial: Trial) -> CheckReport:
    """Hold the figures of a trial against each other, and its sources too.

    Parameters
    ----------
    trial : Trial
        From :func:`load_trials`.

    Returns
    -------
    CheckReport
        One finding for each comparison, and ``published_sources`` for each topic on which the
        sources differ.

    Examples
    --------
    >>> report = check_trial(load_trials()["tanner2020"])
    >>> report["published_p"].verdict.name
    'FAIL'
    """
    findings: list[Finding] = []
    for comparison in trial.comparisons:
        findings += [
            Finding(
                code=f.code,
                verdict=f.verdict,
                message=f"{comparison['about']}: {f.message}",
                measured=f.measured,
                limit=f.limit,
                source=f.source,
                details=f.details,
            )
            for f in _compare(trial, comparison)
        ]
    for topic, claims in trial.contradictions.items():
        said = "; ".join(f"{claim.says!r} in {claim.source}" for claim in claims)
        findings.append(
            Finding(
                code="published_sources",
                verdict=Verdict.FAIL,
                message=f"sources differ on {topic}: {said}",
                source="house rule: contradictions are kept, not resolved",
            )
        )
    return CheckReport(subject=f"{trial.key}: {trial.title}", findings=tuple(findings))


def _compare(trial: Trial, comparison: dict[str, Any]) -> CheckReport:
    figure = {word: trial[word].printed for word in _names(comparison)}
    kind = comparison["kind"]

    def printed(key: str) -> str:
        return figure[comparison[key]]

    def arm(key: str) -> tuple[str, ...]:
        return tuple(figure[word] for word in comparison[key])

    def count(key: str) -> int:
        return int(trial[comparison[key]].value)

    if kind == "two-means":
        return check_two_means(arm("a"), arm("b"), p=printed("p"))
    if kind == "paired-means":
        return check_paired_means(
            arm("a"), arm("b"), n=count("n"), correlation=printed("correlation"), p=printed("p")
        )
    if kind == "effect-size":
        return check_effect_size(
            printed("effect"), n_a=count("n_a"), n_b=count("n_b"), p=printed("p")
        )
    if kind == "correlation":
        return check_correlation(printed("r"), n=count("n"), p=printed("p"))
    if kind == "whole-scores":
        return check_mean_of_integers(printed("mean"), n=count("n"))
    if kind == "interval":
        return check_interval(
            printed("estimate"),
            low=printed("low"),
            high=printed("high"),
            level=comparison["level"],
        )
    msg = f"comparison kind: a known word expected, found {kind!r}"
    raise ValueError(msg)


def _names(comparison: dict[str, Any]) -> list[str]:
    words: list[str] = []
    for key, value in comparison.items():
        if key not in {"kind", "about", "level"}:
            words += value if isinstance(value, list) else [value]
    return words


def _row(kind: Any, row: dict[str, Any], keys: set[str], file: str) -> Any:
    if unknown := sorted(set(row) - keys):
        msg = f"{file}: keys {sorted(keys)} expected, found {unknown}"
        raise ValueError(msg)
    name = row.get("id") or row.get("topic") or "a row without a name"
    if not str(row.get("source", "")).strip():
        msg = f"{file}: a source expected for {name!r}, found none"
        raise ValueError(msg)
    try:
        return kind(**row)
    except TypeError as error:
        msg = f"{file}: {name!r} lacks a key: {error}"
        raise ValueError(msg) from error
