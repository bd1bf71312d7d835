"""Results for a program: one number a cell in full precision, and beside it how it is printed."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

from core_trial.declaration.covariates import Number
from core_trial.declaration.outcomes import Count, Score
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.cells import Place
from core_trial.report.styles import Style
from core_trial.results import Descriptive, Estimate, Results

#: One cell: text, a number, or nothing.
Value = str | float | int | None
ESTIMATES = (
    *("analysis", "level", "label", "measure", "estimate", "low", "high", "std_error"),
    *("statistic", "df", "p_value", "confidence", "n", "n_clusters", "n_events", "model"),
    *("formula", "method", "converged", "warnings", "printed", "p_printed", "data"),
)
DESCRIPTIVES = ("analysis", "level", "arm", "label", "statistic", "value", "printed", "data")
_FRACTION, _MEAN, _MEDIAN = {"n", "N", "percent"}, {"mean", "sd"}, {"median", "q1", "q3"}


@dataclass(frozen=True, slots=True)
class Tidy:
    """A tidy table.

    Parameters
    ----------
    name
        Stem of its file.
    head
        Names of the columns.
    rows
        A row for each record.
    """

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def to_csv(self) -> str:
        """Comma-separated, decimal points, every digit that a float has."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([self.head, *(map(_exact, row) for row in self.rows)])
        return text.getvalue()


def estimates(results: Results, trial: Trial, style: Style) -> Tidy:
    """Every fitted comparison, a row each.

    Parameters
    ----------
    results, trial
        Records and declaration.
    style
        How the printed texts are spelt.
    """
    titles = labels.outcomes(trial)
    found = (record for record in results if isinstance(record, Estimate))
    data = _data(results)
    rows = ((*_estimate(e, titles.get(e.analysis, ""), style), data) for e in found)
    return Tidy("estimates", ESTIMATES, tuple(rows))


def descriptives(results: Results, trial: Trial, style: Style) -> Tidy:
    """Every descriptive number, a row each; numbers that are printed together share their text.

    Parameters
    ----------
    results, trial, style
        As for `estimates`.
    """
    titles, digits = labels.outcomes(trial), _decimals(trial)
    found = (record for record in results if isinstance(record, Descriptive))
    rows = tuple(
        (
            *(record.analysis, record.level, record.arm, titles.get(record.analysis, "")),
            *(record.statistic, record.value),
            _printed(record, results, digits.get(record.analysis, (0, 0)), style),
            _data(results),
        )
        for record in found
    )
    return Tidy("descriptives", DESCRIPTIVES, rows)


def _exact(value: Value) -> Value:
    """Every digit of a number; nothing for what is no number."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _data(results: Results) -> str:
    """What must be known of every row: whether anybody is in it."""
    told = ["synthetic"] if results.provenance.synthetic else []
    return "; ".join([*told, *(["masked: dummy allocation"] if results.provenance.masked else [])])


def _estimate(record: Estimate, label: str, style: Style) -> Iterator[Value]:
    yield from (record.analysis, record.level, label, record.measure)
    yield from (record.estimate, record.low, record.high, record.std_error)
    yield from (record.statistic, record.df, record.p_value, record.confidence)
    yield from (record.n, record.n_clusters, record.n_events, record.model)
    yield from (record.formula, record.method, str(record.converged).lower())
    yield "; ".join(record.warnings)
    yield cells.association(record, style)
    yield cells.p_value(record, style)


def _printed(record: Descriptive, results: Results, digits: tuple[int, int], style: Style) -> str:
    place = Place(record.analysis, record.arm, record.level)
    if record.statistic in _FRACTION:
        whole = cells.is_recorded(results, place, "N")
        return (
            cells.fraction(results, place, style) if whole else cells.count(results, place, style)
        )
    if record.statistic in _MEAN:
        return cells.mean_sd(results, place, style, digits)
    if record.statistic in _MEDIAN:
        return cells.median_iqr(results, place, style)
    return number.fixed(record.value, 2, style)


def _decimals(trial: Trial) -> dict[str, tuple[int, int]]:
    """Decimals of mean and standard deviation, as outcomes and characteristics declare them."""
    scored = {o.key: o.decimals for o in trial.outcomes if isinstance(o, Score | Count)}
    numbers = {item.column: item.decimals for item in trial.baseline if isinstance(item, Number)}
    return {**numbers, **scored}
