"""Effects on scales that readers can weigh: risks and numbers needed, mean times, means of counts.

References
----------
Altman DG. Confidence intervals for the number needed to treat. BMJ 1998; 317: 1309-12. Hopewell S,
Chan AW, Collins GS, et al. CONSORT 2025 statement. BMJ 2025; 389: e081123, item 26.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from core_trial.declaration.outcomes import AnyOutcome
from core_trial.report import cells, labels, number
from core_trial.report.styles import Style
from core_trial.results import Estimate, Results
from core_trial.results.measures import Measure

RISK_DIFFERENCE = str(Measure.RISK_DIFFERENCE)
#: What each level is called in print.
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "risk_difference": "Risk difference",
        "risk_ratio": "Risk ratio",
        "restricted_mean": "Difference in restricted mean time",
        "ratio_of_means": "Ratio of means",
        "difference_in_means": "Difference in means",
    }
)
NUMBER_NEEDED = "Number needed to treat"


def absolute_lines(
    outcome: AnyOutcome, results: Results, style: Style
) -> Iterator[tuple[str, str, str]]:
    """Label, effect with interval, and p-value of every such effect of an outcome."""
    for level in labels.ABSOLUTE:
        texts = cells.effect_and_p(results, outcome.key, style, level)
        if texts is None:
            continue
        yield LABELS[level], *texts
        estimate = results.get_estimate(outcome.key, level)
        if level == RISK_DIFFERENCE and estimate is not None and has_number_needed(estimate):
            yield NUMBER_NEEDED, number_needed(estimate, outcome.better, style), ""


def has_number_needed(estimate: Estimate) -> bool:
    """Whether a risk difference can be turned into a number: it is believed, with its interval."""
    return cells.believable(estimate) and math.isfinite(estimate.low + estimate.high)


def number_needed(estimate: Estimate, better: str, style: Style) -> str:
    """How many are treated for one more who does better, from a risk difference.

    Where the interval of the difference holds zero, that of the number goes through infinity, and
    both sides are told: so many at least to benefit one, or so many at least to harm one.

    Parameters
    ----------
    estimate
        A risk difference.
    better
        Which direction is better; blank where neither is.
    style
        How numbers are spelt.
    """
    low, high = sorted((estimate.low, estimate.high))
    whole = number.fixed(abs(1 / estimate.estimate), 0, style) if estimate.estimate else "∞"
    if low * high > 0:
        least, most = sorted(abs(1 / limit) for limit in (low, high))
        return f"{whole} ({number.interval(least, most, 0, style)})"
    fewer, more = ("benefit", "harm") if better == "lower" else ("harm", "benefit")
    if not better:
        fewer, more = "one event fewer", "one event more"
    sides = [(fewer, low), (more, high)]
    told = [f"{word} {number.fixed(abs(1 / end), 0, style)} to ∞" for word, end in sides if end]
    return f"{whole} ({', '.join(told)})"
