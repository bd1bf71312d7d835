"""Whether the odds ratios of who is missing give a small cell of their table away.

A logistic regression on one characteristic, without a random effect, returns the table that it was
fitted to: its fitted cells are the observed ones. Whoever knows the odds ratios, how many people
each category has and how many are missing can solve for the cells, and so does this module; a
random effect blurs them little.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.trial import Trial
from core_trial.disclosure.counts import MISSINGNESS
from core_trial.results import Estimate, Key, Results

#: Cells within this of the threshold count as small: a random effect may have moved them.
_MARGIN = 1.0
#: Log odds between which the reference category's is sought, and halvings of that interval.
_WIDEST_LOG_ODDS, _HALVINGS = 50.0, 80


def telling(results: Results, trial: Trial, threshold: int) -> frozenset[tuple[str, str]]:
    """Analyses of missingness, each with a characteristic, that give a small cell away.

    Parameters
    ----------
    results
        Holds the fits, and the sizes of categories.
    trial
        The declaration.
    threshold
        Below which a cell is small.
    """
    fits: dict[tuple[str, str], list[Estimate]] = defaultdict(list)
    for record in results:
        if isinstance(record, Estimate) and record.analysis.startswith(MISSINGNESS):
            fits[record.analysis, record.level.partition("[")[0]].append(record)
    return frozenset(
        (analysis, name)
        for (analysis, name), found in fits.items()
        if _tells(results, trial, name, found, threshold)
    )


def cells(sizes: Sequence[float], log_odds_ratios: Sequence[float], missing: float) -> list[float]:
    """The missing in each category, the reference first, from what is told.

    Parameters
    ----------
    sizes
        People in each category, the reference first.
    log_odds_ratios
        Against the reference, whose own is 0, in the same order.
    missing
        How many are missing in all.

    Examples
    --------
    >>> [round(a, 6) for a in cells([100, 50], [0.0, math.log((5 / 45) / (10 / 90))], 15)]
    [10.0, 5.0]
    """
    low, high = -_WIDEST_LOG_ODDS, _WIDEST_LOG_ODDS
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_many = sum(_missing(sizes, log_odds_ratios, middle)) > missing
        low, high = (low, middle) if too_many else (middle, high)
    return list(_missing(sizes, log_odds_ratios, (low + high) / 2))


def _missing(
    sizes: Sequence[float], log_odds_ratios: Sequence[float], reference: float
) -> Iterator[float]:
    for size, ratio in zip(sizes, log_odds_ratios, strict=True):
        yield size / (1 + math.exp(-(reference + ratio)))


def _tells(
    results: Results, trial: Trial, name: str, fits: Sequence[Estimate], threshold: int
) -> bool:
    first = fits[0]
    if first.n_events is None or first.n is None:
        return False  # what was told before was judged before
    if any(0 < n < threshold for n in (first.n_events, first.n - first.n_events)):
        return True
    if any(math.isnan(fit.estimate) for fit in fits):
        return 0 < first.n_events < first.n
    if _is_number(results, name):
        return False
    sizes = [_size(results, trial, fit.level) for fit in fits]
    if any(map(math.isnan, sizes)):
        return True
    sizes = [max(first.n - sum(sizes), 0.0), *sizes]
    ratios = [0.0, *(math.log(fit.estimate) for fit in fits)]
    found = cells(sizes, ratios, first.n_events)
    both = (x for a, size in zip(found, sizes, strict=True) for x in (a, size - a))
    return any(x < threshold + _MARGIN for x in both)


def _is_number(results: Results, name: str) -> bool:
    return any(key.analysis == name and key.statistic == "mean" for key in results.numbers)


def _size(results: Results, trial: Trial, term: str) -> float:
    """People in the category of a term, in the whole trial; ``nan`` where it is not recorded."""
    name, _, level = term.partition("[")
    level = level.removesuffix("]")
    if name == trial.arm.column:
        arm = next((a for a in PRINTED_ARMS if str(trial.arm.level(a)) == level), "")
        return results.get("flow", "n", arm, "randomised")
    return results.numbers.get(Key(name, "n", "", level), math.nan)
