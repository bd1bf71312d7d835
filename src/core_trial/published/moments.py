"""Checks of means, standard deviations and quartiles against what the numbers can be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from core_trial.declaration.instruments import Instrument
from core_trial.published.bounds import Sample, possible, sd_range
from core_trial.published.findings import finding
from core_trial.published.registry import Registry, Row
from core_trial.results import Finding
from core_trial.trials.core.words import FOLLOW_UP_DAYS, FOLLOW_UPS, INSTRUMENTS

#: Score totals by the name of their analysis, and the step that bounds how many have one.
SCALES: Mapping[str, tuple[Instrument, str]] = {
    f"{instrument.outcome}_{visit}": (instrument, f"interviewed_{visit}")
    for instrument in INSTRUMENTS
    for visit in FOLLOW_UPS
}
#: Outcomes in days of follow-up, known for everybody whose primary outcome is.
DAYS = ("readmission_days", "index_days")
#: Largest sample that is tried where the number of interviews is not printed.
ANY_SIZE = 500


def scores(registry: Registry) -> Iterator[Finding]:
    """Means and standard deviations that no whole scores inside the scale's range have."""
    for row in registry.rows:
        if row.analysis in SCALES and row.has("mean", "sd"):
            instrument, step = SCALES[row.analysis]
            interviewed = registry.value("flow", "n", "", step)
            most = ANY_SIZE if math.isnan(interviewed) else int(interviewed)
            sizes = [Sample(n, *instrument.range) for n in range(most, 1, -1)]
            yield from _impossible(row, sizes, f"score from {_range(instrument)}")


def days(registry: Registry) -> Iterator[Finding]:
    """Means and standard deviations that no whole days within a year have."""
    for row in registry.rows:
        if row.analysis in DAYS and row.has("mean", "sd"):
            n = registry.value("readmission", "N", row.arm)
            none = registry.value(row.analysis, "n", row.arm, "none")
            zeros = 0 if math.isnan(none) else int(none)
            if not math.isnan(n):
                sample = Sample(int(n), 1 if zeros else 0, FOLLOW_UP_DAYS, zeros)
                yield from _impossible(row, [sample], "number of days within the year")


def quartiles(registry: Registry) -> Iterator[Finding]:
    """Quartiles out of order, or not those that a printed number of zeros gives."""
    for row in registry.rows:
        if row.has("q1", "median", "q3"):
            values = [row.count(s) for s in ("q1", "median", "q3")]
            if values != sorted(values):
                yield _misplaced(row, "q1", (0.0, float(values[1])), "quartile below the median")
            yield from _against_zeros(row, registry)


def _impossible(row: Row, samples: list[Sample], quantity: str) -> Iterator[Finding]:
    mean, sd = row.windows("mean", "sd")
    if any(possible(mean, sd, sample) for sample in samples):
        return
    ranges = [r for r in (sd_range(mean, sample) for sample in samples) if not math.isnan(r[0])]
    lows, highs = zip(*ranges, strict=True) if ranges else ((math.nan,), (math.nan,))
    yield finding(
        "possible_sd",
        "impossible",
        [row.cells["sd"], row.cells["mean"]],
        f"standard deviation of a {quantity} with this mean, in samples of any size",
        (min(lows), max(highs)),
        "a slip in the mean or in the standard deviation",
        decimals=1,
        printed=f"{row.cells['mean'].printed} ({row.cells['sd'].printed})",
    )


def _range(instrument: Instrument) -> str:
    low, high = instrument.range
    return f"{low} to {high}"


def _against_zeros(row: Row, registry: Registry) -> Iterator[Finding]:
    """With none of the days in z of n participants, quartiles up to z/n are zero, and no others.

    By the paper's definition the quartile at p is zero when the order statistic after the first
    floor(n p) is: the one that it is, or the second of the two that it is the mean of.
    """
    none, n = (registry.value(row.analysis, s, row.arm, "none") for s in ("n", "N"))
    if math.isnan(none) or math.isnan(n):
        return
    for percent, statistic in ((25, "q1"), (50, "median"), (75, "q3")):
        zero = none > int(n) * percent // 100
        if zero != (row.count(statistic) == 0):
            bounds = (0.0, 0.0) if zero else (0.5, float(FOLLOW_UP_DAYS))
            yield _misplaced(row, statistic, bounds, "quartile, given how many had no days")


def _misplaced(row: Row, statistic: str, bounds: tuple[float, float], quantity: str) -> Finding:
    return finding(
        "quartile",
        "contradicted",
        [row.cells[statistic]],
        quantity,
        bounds,
        "a slip in a quartile or in a count",
    )
