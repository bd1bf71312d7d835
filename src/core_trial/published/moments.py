"""Checks of means, standard deviations and quartiles against what the numbers can be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from core_trial.declaration.paper import Range
from core_trial.published.bounds import Sample, possible, sd_range
from core_trial.published.findings import finding
from core_trial.published.registry import Registry, Row
from core_trial.results import Finding

#: Standard deviations on either side of the mean that hold 95% of a normal distribution.
NORMAL_RANGE = 1.96
#: Largest sample that is tried where the number of participants is not printed.
ANY_SIZE = 500


def moments(registry: Registry) -> Iterator[Finding]:
    """Means and standard deviations that no whole numbers inside their range have."""
    for row in registry.rows:
        known = registry.paper.ranges.get(row.analysis)
        if known is not None and row.number("mean") is not None and row.number("sd") is not None:
            samples = list(_samples(row, known, registry))
            yield from _impossible(row, samples, f"{known.noun} from {known.low} to {known.high}")


def quartiles(registry: Registry) -> Iterator[Finding]:
    """Quartiles out of order, or not those that a printed number of zeros gives."""
    for row in registry.rows:
        values = [row.number(s) for s in ("q1", "median", "q3")]
        known = [float(value) for value in values if value is not None]
        if len(known) == len(values):
            if known != sorted(known):
                yield _misplaced(row, "q1", (0.0, known[1]), "quartile below the median")
            yield from _against_zeros(row, registry)


def beyond_scale(registry: Registry) -> Iterator[Finding]:
    """Means whose normal range leaves the scale: the scores lean to one end of it.

    Told only where it leaves the scale whatever was rounded; a standard deviation of more than half
    the range is another check's.
    """
    told: dict[str, Row] = {}
    for row in registry.rows:
        known = registry.paper.ranges.get(row.analysis)
        if known is None or row.number("mean") is None or row.number("sd") is None:
            continue
        mean, sd = row.windows("mean", "sd")
        reach = NORMAL_RANGE * float(sd.low)
        beyond = float(mean.low) + reach > known.high or float(mean.high) - reach < known.low
        if beyond and float(sd.low) <= (known.high - known.low) / 2:
            told.setdefault(row.analysis, row)
    for analysis, row in told.items():
        yield _leaning(row, registry.paper.ranges[analysis])


def _leaning(row: Row, known: Range) -> Finding:
    mean, sd = (float(row.number(name) or 0) for name in ("mean", "sd"))
    return finding(
        "beyond_scale",
        "unsaid",
        [row.cells["mean"], row.cells["sd"]],
        f"the middle 95%, if a {known.noun} from {known.low} to {known.high} were normally "
        "distributed",
        (mean - NORMAL_RANGE * sd, mean + NORMAL_RANGE * sd),
        "values that lean to one end, which mean and standard deviation do not show",
        printed=f"{row.cells['mean'].printed} ({row.cells['sd'].printed})",
    )


def _samples(row: Row, known: Range, registry: Registry) -> Iterator[Sample]:
    """Samples that the numbers may be: of one size where it is printed, else of any up to it."""
    if known.of:
        n = registry.get(known.of, "N", row.arm)
        none = registry.get(row.analysis, "n", row.arm, "none")
        zeros = 0 if math.isnan(none) else int(none)
        if not math.isnan(n):
            yield Sample(int(n), max(known.low, 1) if zeros else known.low, known.high, zeros)
        return
    reached = registry.get("flow", "n", "", known.step)
    most = ANY_SIZE if math.isnan(reached) else int(reached)
    yield from (Sample(n, known.low, known.high) for n in range(most, 1, -1))


def _impossible(row: Row, samples: Sequence[Sample], quantity: str) -> Iterator[Finding]:
    mean, sd = row.windows("mean", "sd")
    if not samples or any(possible(mean, sd, sample) for sample in samples):
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


def _against_zeros(row: Row, registry: Registry) -> Iterator[Finding]:
    """With none of the things in z of n participants, quartiles up to z/n are zero, and no others.

    The quartile at p is zero when the order statistic after the first floor(n p) is: the one that
    it is, or the second of the two that it is the mean of.
    """
    none, n = (registry.get(row.analysis, s, row.arm, "none") for s in ("n", "N"))
    if math.isnan(none) or math.isnan(n):
        return
    known = registry.paper.ranges.get(row.analysis)
    most = float(known.high) if known else math.inf
    for percent, statistic in ((25, "q1"), (50, "median"), (75, "q3")):
        zero = none > int(n) * percent // 100
        if zero != (row.number(statistic) == 0):
            bounds = (0.0, 0.0) if zero else (0.5, most)
            yield _misplaced(row, statistic, bounds, "quartile, given how many had none")


def _misplaced(row: Row, statistic: str, bounds: tuple[float, float], quantity: str) -> Finding:
    return finding(
        "quartile",
        "contradicted",
        [row.cells[statistic]],
        quantity,
        bounds,
        "a slip in a quartile or in a count",
    )
