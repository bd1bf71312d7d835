"""Checks of what an estimate rests on: adjustment that is not told, or that turns the answer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain

from scipy import special

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.published.findings import UNBOUNDED, finding
from core_trial.published.registry import Registry, Row
from core_trial.results import Finding
from core_trial.results.measures import MEASURE_LABELS, Measure


def unsaid_adjustment(registry: Registry) -> Iterator[Finding]:
    """Estimates of which the paper does not say where it prints them whether they are adjusted."""
    adjusted = registry.paper.adjusted
    if adjusted is None:
        return
    for row in registry.rows:
        entry = row.cells.get("estimate")
        if entry is None or row.level or (entry.place, row.analysis) in adjusted:
            continue
        name = MEASURE_LABELS[entry.measure] if entry.measure else "estimate"
        yield finding(
            "unsaid_adjustment",
            "unsaid",
            [entry],
            f"whether this {name} is adjusted: no mark and no word beside it says",
            UNBOUNDED,
            "a model with the arms alone; or an adjustment that is told elsewhere or nowhere",
        )


def sign_turned(registry: Registry) -> Iterator[Finding]:
    """Differences in means on the other side of zero than the means printed beside them."""
    for row in registry.rows:
        entry = row.cells.get("estimate")
        if entry is None or row.level or entry.measure != Measure.DIFFERENCE_IN_MEANS:
            continue
        means = [registry.first(row.analysis, "mean", arm) for arm in PRINTED_ARMS]
        treated, control = (mean.window if mean else None for mean in means)
        if treated is None or control is None:
            continue
        low, high = float(treated.low - control.high), float(treated.high - control.low)
        one, other = float(entry.window.low), float(entry.window.high)
        if (high < 0 < one) or (other < 0 < low):
            yield finding(
                "sign_turned",
                "unsaid",
                [entry, *(mean for mean in means if mean)],
                "difference of the means printed beside it",
                (low, high),
                "values before randomisation, not printed, that differ between the arms and are "
                "adjusted for; or means of other people than the model’s",
                decimals=entry.decimals,
                printed=entry.printed,
            )


def crude_odds_ratio(registry: Registry) -> Iterator[Finding]:
    """Odds ratios that the counts printed beside them do not give, and what these give."""
    for analysis, row in _odds_ratios(registry).items():
        counts = _two_by_two(registry, analysis)
        if counts is None:
            continue
        crude, error = _log_odds_ratio(*counts)
        p = float(special.erfc(abs(crude / error) / math.sqrt(2)))
        reason = "the printed one is adjusted, or allows for clusters"
        told = (
            (
                "estimate",
                math.exp(crude),
                "odds ratio that the counts beside it give by themselves",
            ),
            ("p_value", p, "p-value of that odds ratio, by Wald’s test"),
        )
        for statistic, value, quantity in told:
            entry = row.cells.get(statistic)
            if entry is not None and not entry.window.contains(value):
                found = (value, value)
                yield finding(
                    "crude_odds_ratio",
                    "unsaid",
                    [entry],
                    quantity,
                    found,
                    reason,
                    decimals=max(entry.decimals, 3 if statistic == "estimate" else 4),
                )


def _odds_ratios(registry: Registry) -> dict[str, Row]:
    """The first row that prints each odds ratio."""
    rows: dict[str, Row] = {}
    for row in registry.rows:
        entry = row.cells.get("estimate")
        if entry is not None and not row.level and entry.measure == Measure.ODDS_RATIO:
            rows.setdefault(row.analysis, row)
    return rows


def _two_by_two(registry: Registry, analysis: str) -> tuple[float, float, float, float] | None:
    """Events and others in the intervention and control arm; None without a number in each."""
    pairs = []
    for arm in (Group.INTERVENTION, Group.CONTROL):
        n, of = (registry.get(analysis, s, arm) for s in ("n", "N"))
        pairs.append((n, of - n))
    a, b, c, d = chain.from_iterable(pairs)
    return (a, b, c, d) if all(x > 0 for x in (a, b, c, d)) else None


def _log_odds_ratio(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """Logarithm of an odds ratio and its standard error (Woolf)."""
    return math.log(a * d / (b * c)), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
