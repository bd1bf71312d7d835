"""Checks of estimates: interval and p-value against one another, names, and words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.published.findings import finding
from core_trial.published.registry import Registry, Row
from core_trial.published.wald import Corner, corners, p_range
from core_trial.results import Finding
from core_trial.results.measures import MEASURE_LABELS, RATIOS

SIGNIFICANCE = 0.05


def intervals(registry: Registry) -> Iterator[Finding]:
    """Estimates whose interval or p-value no Wald inference gives."""
    for row in _estimates(registry):
        if _is_ratio(row) and row.cells["low"].window.high <= 0:
            yield _not_a_ratio(row)
        elif not _corners(row):
            yield _off_centre(row)
        elif row.has("p_value"):
            yield from _p_value(row)


def significance(registry: Registry) -> Iterator[Finding]:
    """Differences called significant whose p-value is not below 5 %, and the reverse."""
    significant = registry.paper.significant
    if significant is None:
        return
    for row in _estimates(registry):
        if row.has("p_value") and not row.level:
            called = row.analysis in significant
            p = row.cells["p_value"].window
            if called != (float(p.high) <= SIGNIFICANCE):
                possible = (0.0, SIGNIFICANCE) if called else (SIGNIFICANCE, 1.0)
                yield finding(
                    "significance",
                    "contradicted",
                    [row.cells["p_value"]],
                    "p-value that goes with what the text calls it",
                    possible,
                    "the text was not held against the table",
                    decimals=2,
                )


def _estimates(registry: Registry) -> Iterator[Row]:
    """Estimates whose interval is printed as two numbers; a bound leaves no interval."""
    numbers = ("estimate", "low", "high")
    return (r for r in registry.rows if all(r.number(name) is not None for name in numbers))


def _is_ratio(row: Row) -> bool:
    return row.cells["estimate"].measure in RATIOS


def _corners(row: Row) -> tuple[Corner, ...]:
    return corners(*row.windows("estimate", "low", "high"), ratio=_is_ratio(row))


def _not_a_ratio(row: Row) -> Finding:
    """A confidence limit below zero under the name of a ratio."""
    measure = row.cells["estimate"].measure
    name = MEASURE_LABELS[measure] if measure else "ratio"
    return finding(
        "measure",
        "impossible",
        [row.cells[s] for s in ("estimate", "low", "high")],
        f"confidence limit of what is printed as {name}",
        (0.0, math.inf),
        "another measure than the one named",
        printed=_text(row),
    )


def _off_centre(row: Row) -> Finding:
    """An estimate that is not where its interval has its centre."""
    low, high = row.windows("low", "high")
    ends = (float(low.low), float(high.low)), (float(low.high), float(high.high))
    middles = [math.sqrt(a * b) if _is_ratio(row) else (a + b) / 2 for a, b in ends]
    return finding(
        "interval",
        "contradicted",
        [row.cells[s] for s in ("estimate", "low", "high")],
        "estimate at the centre of its interval",
        (middles[0], middles[1]),
        "a slip in the estimate or in a limit, or an interval that is not Wald's",
        decimals=row.cells["estimate"].decimals + 1,
        printed=_text(row),
    )


def _p_value(row: Row) -> Iterator[Finding]:
    entry = row.cells["p_value"]
    least, most = p_range(_corners(row))
    if most < float(entry.window.low) or least >= float(entry.window.high):
        yield finding(
            "p_value",
            "contradicted",
            [entry],
            "p-value that estimate and interval leave open",
            (least, most),
            "a slip in the p-value, or a p-value from another test than the interval's",
            decimals=4,
        )


def _text(row: Row) -> str:
    estimate, low, high = (row.cells[s].printed for s in ("estimate", "low", "high"))
    return f"{estimate} ({low} to {high})"
