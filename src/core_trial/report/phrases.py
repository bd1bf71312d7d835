"""Pieces of sentences: numbers looked up in the results, in the words of running text.

Each function returns None when a number that it would tell is not there, is withheld, or would be
out of nobody, so that `sentences` leaves out a sentence with such a gap.
"""

from __future__ import annotations

import math

from core_trial.declaration.outcomes import AnyOutcome, Binary
from core_trial.report import absolute_lines, cells, labels, number
from core_trial.report.absolute_lines import RISK_DIFFERENCE
from core_trial.report.cells import Place
from core_trial.report.styles import Style
from core_trial.results import Estimate, Results
from core_trial.results.measures import MEASURE_ABBREVIATIONS, MEASURE_LABELS, Measure


def count(results: Results, place: Place, style: Style) -> str | None:
    """``221``."""
    known = _known(results, place, "n")
    return number.count_in_text(known[0], style) if known else None


def share(results: Results, place: Place, style: Style) -> str | None:
    """``64 (29%) of 218``."""
    known = _known(results, place, "n", "N")
    if not known:
        return None
    n, of = known
    if of == 0:
        return None
    return style.share.format(
        n=number.count_in_text(n, style),
        of=number.count(of, style),
        percent=number.percent(n, of, style),
    )


def mean_sd(
    results: Results, place: Place, style: Style, decimals: tuple[int, int], unit: str = ""
) -> str | None:
    """``8·6 days (SD 34·4)``."""
    known = _known(results, place, "mean", "sd")
    if not known:
        return None
    mean, sd = (number.fixed(x, d, style) for x, d in zip(known, decimals, strict=True))
    return f"{_with_unit(mean, unit)} (SD {sd})"


def median_iqr(
    results: Results, place: Place, style: Style, decimals: int = 0, unit: str = ""
) -> str | None:
    """``112 days (IQR 42–242)``."""
    known = _known(results, place, "median", "q1", "q3")
    if not known:
        return None
    median, q1, q3 = known
    words = _with_unit(number.fixed(median, decimals, style), unit)
    return f"{words} (IQR {number.interval_in_text(q1, q3, decimals, style)})"


def date(results: Results, place: Place, statistic: str) -> str | None:
    """``May 14, 2013``."""
    known = _known(results, place, statistic)
    return number.date(known[0]) if known else None


def effect(
    results: Results, analysis: str, style: Style, level: str = "", unit: str = ""
) -> str | None:
    """``OR 0·66, 95% CI 0·43–0·99; p=0·0438``, or why there is none."""
    estimate = results.get_estimate(analysis, level)
    if estimate is None or cells.estimate_withheld(results, analysis, level):
        return None
    measure = Measure(estimate.measure)
    if not cells.believable(estimate):
        return f"{MEASURE_LABELS[measure]} {style.not_estimable}: {cells.reason(estimate)}"
    name = MEASURE_LABELS[measure] if measure in _SPELT_OUT else MEASURE_ABBREVIATIONS[measure]
    return f"{name} {_with_unit(_value(estimate, style), unit)}, {certainty(estimate, style)}"


def absolute(results: Results, outcome: AnyOutcome, style: Style) -> str | None:
    """Every effect that stands beside the model's, one after the other; None without any."""
    told: list[str | None] = []
    for level in labels.ABSOLUTE:
        if cells.effect_and_p(results, outcome.key, style, level) is not None:
            unit = outcome.unit if level in _IN_UNITS and not isinstance(outcome, Binary) else ""
            told.append(effect(results, outcome.key, style, level, unit))
        if level == RISK_DIFFERENCE:
            told.append(_number_needed(results, outcome, style))
    return "; ".join(text for text in told if text is not None) or None


def _number_needed(results: Results, outcome: AnyOutcome, style: Style) -> str | None:
    """``number needed to treat 11 (95% CI 6 to 336)``; None without a risk difference."""
    found = results.get_estimate(outcome.key, RISK_DIFFERENCE)
    if found is None or not absolute_lines.has_number_needed(found):
        return None
    value, _, interval = absolute_lines.number_needed(found, outcome.better, style).partition(" (")
    name = labels.lower_first(absolute_lines.NUMBER_NEEDED)
    return f"{name} {value} ({number.limits_in_text(interval, found.confidence, style)}"


def _value(estimate: Estimate, style: Style) -> str:
    """The effect with its unit."""
    value, *_ = cells.limits(estimate)
    text = number.fixed(value, cells.decimals(estimate), style)
    points = estimate.measure == Measure.RISK_DIFFERENCE
    return f"{text} percentage points" if points else text


def certainty(estimate: Estimate, style: Style) -> str:
    """``95% CI 0·43–0·99; p=0·0438``."""
    _, low, high = cells.limits(estimate)
    interval = number.interval_in_text(low, high, cells.decimals(estimate), style)
    limits = number.limits_in_text(interval, estimate.confidence, style)
    return f"{limits}; {number.p_in_text(estimate.p_value, style)}"


#: Levels of effects that are in the unit of the outcome.
_IN_UNITS = ("restricted_mean", "difference_in_means")
#: Measures that sentences spell out.
_SPELT_OUT = frozenset(
    {
        Measure.DIFFERENCE_IN_MEANS,
        Measure.RISK_DIFFERENCE,
        Measure.RISK_RATIO,
        Measure.RATIO_OF_MEANS,
        Measure.RESTRICTED_MEAN_DIFFERENCE,
    }
)


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit else text


def _known(results: Results, place: Place, *statistics: str) -> list[float]:
    """The numbers, or an empty list unless all of them are known and may be told."""
    found = cells.values(results, place, *statistics)
    return [] if any(map(math.isnan, found)) else found
