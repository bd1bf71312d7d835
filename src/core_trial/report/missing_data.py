"""Missing data: how much, what predicts it, and whether adjusting for that changes an answer."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.report import cells, labels, number
from core_trial.report.cells import Place
from core_trial.report.labels import OUTCOMES
from core_trial.report.number import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.report.table2 import terms
from core_trial.results import Estimate, Results
from core_trial.vocabulary import PRINTED_ARMS

PREFIX = "missingness."
ADJUSTED = "missingness_adjusted"
#: Joint p-value below which a characteristic counts as a predictor.
THRESHOLD = 0.05


def extent(results: Results, style: Style = LANCET) -> Table:
    """In how many participants each outcome is known, and why it is not, by arm.

    Parameters
    ----------
    results
        Counts of every outcome known, missing by design, and missing otherwise.
    style
        How numbers are spelt.
    """
    rows = tuple(
        Row(label, tuple(_extent(results, PREFIX + name, style)))
        for name, label in OUTCOMES.items()
        if _has(results, PREFIX + name)
    )
    heads = (
        f"{arm.capitalize()}: {what}"
        for arm in PRINTED_ARMS
        for what in ("known", "missing by design", "missing otherwise")
    )
    return Table(
        name="missing_data",
        title="Outcomes known and missing",
        head=("Outcome", *heads),
        rows=rows,
        footnotes=(
            "Data are n/N (%) known, and n missing. By design: the internal pilot had no interview "
            "at 18 months, and neither scale that came with the amendment after it.",
            *cells.confidential_notes(rows),
        ),
    )


def joint_tests(results: Results, style: Style = LANCET) -> Table:
    """P-values of every baseline characteristic as a predictor of each outcome being missing."""
    names = _predictors(results)
    rows = tuple(
        Row(label, tuple(_joint(results, PREFIX + outcome, name, style) for name in names))
        for outcome, label in OUTCOMES.items()
        if _has(results, PREFIX + outcome)
    )
    return Table(
        name="missing_data_predictors",
        title="Baseline characteristics as predictors of missing outcomes: p values",
        head=("Outcome", *map(labels.characteristic, names)),
        rows=rows,
        footnotes=(
            "Wald tests of all categories together, in logistic models of missingness with random "
            "intercepts by cluster. What is missing by design is left out.",
        ),
    )


def associations(results: Results, style: Style = LANCET) -> Table:
    """Every odds ratio of missingness, category by category."""
    rows: list[Row] = []
    for outcome, label in OUTCOMES.items():
        found = list(_associations(results, PREFIX + outcome, style))
        rows += [Row(label, kind=Kind.GROUP), *found] if found else []
    return Table(
        name="missing_data_associations",
        title="Associations of baseline characteristics with missing outcomes",
        head=("Characteristic", "Odds ratio (95% CI)", "p value", "Participants"),
        rows=tuple(rows),
        footnotes=("Odds ratios of being missing; categories against the first of Table 1.",),
    )


def sensitivity(results: Results, style: Style = LANCET) -> Table:
    """Each effect as in Table 2, and adjusted for what predicts who is missing as well."""
    limit = number.fixed(THRESHOLD, 2, style)
    rows = tuple(
        Row(label, (*_effect(results.estimate(name), style), *_effect(adjusted, style), more))
        for name, label in OUTCOMES.items()
        if (adjusted := results.estimate(name, ADJUSTED)) is not None
        for more in [_added(results.estimate(name), adjusted)]
    )
    return Table(
        name="sensitivity",
        title="Effects adjusted for predictors of missing data",
        head=("Outcome", "As in Table 2", "p value", "Adjusted", "p value", "Adjusted further for"),
        rows=rows,
        footnotes=(
            f"Adjusted further for the characteristics with a p value below {limit} as predictors; "
            "where there is none, the two analyses are the same.",
        ),
    )


def _has(results: Results, analysis: str) -> bool:
    return bool(len(results.find(analysis=analysis)))


def _extent(results: Results, analysis: str, style: Style) -> Iterator[str]:
    for arm in PRINTED_ARMS:
        yield cells.fraction(results, Place(analysis, arm, "known"), style)
        for level in ("by_design", "otherwise"):
            yield cells.count(results, Place(analysis, arm, level), style)


def _predictors(results: Results) -> list[str]:
    """The characteristics that were tried, in the order of the records."""
    tried = results.find("descriptive", statistic="joint_p")
    return list(dict.fromkeys(str(getattr(record, "level", "")) for record in tried))


def _joint(results: Results, analysis: str, name: str, style: Style) -> str:
    p = results.value(analysis, "joint_p", "", name)
    return "–" if math.isnan(p) else number.p_value(p, style)


def _associations(results: Results, analysis: str, style: Style) -> Iterator[Row]:
    for record in results.find("estimate", analysis=analysis):
        if isinstance(record, Estimate):
            n = "" if record.n is None else number.count(record.n, style)
            yield Row(labels.term(record.level), (*_effect(record, style), n), Kind.MEMBER)


def _effect(estimate: Estimate | None, style: Style) -> tuple[str, str]:
    if estimate is None:
        return "", ""
    return cells.association(estimate, style), cells.p_value(estimate, style)


def _added(printed: Estimate | None, adjusted: Estimate) -> str:
    """The covariates that the adjusted model has and the printed one has not."""
    before = set(terms(printed.formula)) if printed else set()
    more = [labels.characteristic(t) for t in terms(adjusted.formula) if t not in before]
    return ", ".join(more) or "none"
