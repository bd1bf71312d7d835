"""Missing data: how much, and whether adjusting for what predicts it changes the answer."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.cells import CONFIDENTIAL, Place
from core_trial.report.curves import short_arm
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Row, Table
from core_trial.results import Key, Results

ADJUSTED = "missingness_adjusted"
SAME_PEOPLE = "missingness_same_people"
EXTENT_NOTE = "Known: n/N (%); missing by design and otherwise: n (%)."
SENSITIVITY_NOTE = (
    "Each outcome’s own model; the same model with the characteristics that predicted its "
    "missingness as further covariates, in whom all of these are known; and beside it the own "
    "model in the same people: that these two differ is what adjustment does, the rest is who is "
    "left. –: nothing predicted missingness, and the model stays as it is."
)
_UNCHANGED = ("–", *("",) * 5)


def analysis_of(outcome: str) -> str:
    """Name of the analysis of an outcome's missingness."""
    return f"missingness.{outcome}"


def together(results: Results, trial: Trial) -> list[tuple[str, ...]]:
    """Outcomes in groups in which the same people are missing, each group in the order declared.

    They have the same p-value with every characteristic, to the last digit.
    """
    groups: dict[object, tuple[str, ...]] = {}
    tests: dict[str, dict[str, float]] = {}
    for key, value in results.numbers.items():
        if key.statistic == "joint_p":
            tests.setdefault(key.analysis, {})[key.level] = value
    for name in labels.outcomes(trial):
        found = tests.get(analysis_of(name), {})
        known = tuple(sorted((c, repr(p)) for c, p in found.items() if not math.isnan(p)))
        same = known or name
        groups[same] = (*groups.get(same, ()), name)
    return list(groups.values())


def heading(trial: Trial, names: tuple[str, ...]) -> str:
    """The outcomes of such a group, one after the other."""
    titles = labels.outcomes(trial)
    return "; ".join(titles[name] for name in names)


def extent(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """How many are missing by outcome and arm, by design and otherwise.

    Parameters
    ----------
    results
        Holds counts at the levels ``known``, ``by_design`` and ``otherwise``.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    heads = ("known", "by design", "otherwise")
    rows = tuple(
        Row(label, tuple(_extent(results, analysis_of(name), style)))
        for name, label in labels.outcomes(trial).items()
        if Key(analysis_of(name), "n", PRINTED_ARMS[0], "known") in results.numbers
    )
    return Table(
        name="missingness",
        title="Missing outcomes",
        head=(
            "Outcome",
            *(f"{short_arm(trial, arm)}: {head}" for arm in PRINTED_ARMS for head in heads),
        ),
        rows=rows,
        footnotes=cells.footnotes(results, trial, "missingness", rows, EXTENT_NOTE),
        remark=cells.remark(results),
    )


def sensitivity(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Each outcome's model as fitted, and adjusted for the predictors of its missingness.

    Parameters
    ----------
    results
        Holds estimates at the level `ADJUSTED`, and ``predicts`` for every characteristic tried.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows = tuple(
        Row(label, (*_fitted(results, name, "", style), *_adjusted(results, trial, name, style)))
        for name, label in labels.outcomes(trial).items()
        if Key(name, "estimate", "", ADJUSTED) in results.numbers
    )
    return Table(
        name="missingness_sensitivity",
        title="Outcomes adjusted for predictors of missingness",
        head=(
            *("Outcome", "n", "As fitted (95% CI)", number.p_head(style)),
            *("Further adjusted for", "n", "Adjusted (95% CI)", number.p_head(style)),
            *("Same people, as fitted (95% CI)", number.p_head(style)),
        ),
        rows=rows,
        footnotes=cells.footnotes(
            results, trial, "missingness_sensitivity", rows, SENSITIVITY_NOTE
        ),
        remark=cells.remark(results),
    )


def _extent(results: Results, analysis: str, style: Style) -> Iterator[str]:
    for arm in PRINTED_ARMS:
        yield cells.fraction(results, Place(analysis, arm, "known"), style)
        for level in ("by_design", "otherwise"):
            yield _share(results, Place(analysis, arm, level), style)


def _share(results: Results, place: Place, style: Style) -> str:
    """``n (%)``; only ``0`` for nobody, and only ``n`` where the denominator is not told."""
    n, of = cells.values(results, place, "n", "N")
    text = cells.count(results, place, style)
    if text in ("", CONFIDENTIAL) or n == 0 or math.isnan(of):
        return text
    return f"{text} ({number.percent(n, of, style)})"


def _adjusted(results: Results, trial: Trial, name: str, style: Style) -> tuple[str, ...]:
    missing = analysis_of(name)
    tried = labels.characteristics(results, trial, [missing])
    chosen = [c for c in tried if results.get(missing, "predicts", "", c) == 1]
    if not chosen:
        return _UNCHANGED
    same = cells.effect_and_p(results, name, style, SAME_PEOPLE) or ("", "")
    return (labels.listed(trial, chosen), *_fitted(results, name, ADJUSTED, style), *same)


def _fitted(results: Results, name: str, level: str, style: Style) -> tuple[str, str, str]:
    """Participants, effect with interval, p value."""
    if cells.estimate_withheld(results, name, level):
        return CONFIDENTIAL, CONFIDENTIAL, CONFIDENTIAL
    estimate = results.get_estimate(name, level)
    if estimate is None:
        return "", "", ""
    n = cells.count(results, Place(name, "", level), style)
    return n, cells.association(estimate, style), cells.p_value(estimate, style)
