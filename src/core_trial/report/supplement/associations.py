"""Baseline characteristics and who is missing: p values at a glance, and every odds ratio."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from core_trial.declaration.outcomes import Count, Score
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.cells import CONFIDENTIAL, Place
from core_trial.report.styles import LANCET, Style
from core_trial.report.supplement.missing_data import analysis_of, heading, together
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Estimate, Results, Withheld

JOINT_NOTE = (
    "p values of joint likelihood-ratio tests, from logistic models of an outcome being missing "
    "(other than by design), one characteristic at a time, with a random intercept where there are "
    "clusters. #Adjusted for in the sensitivity analysis. –: not estimable."
)
TOGETHER_NOTE = "Outcomes that are missing in the same people share a line."
#: Mark of a characteristic that is adjusted for; no mark of another meaning is one of the others.
_CHOSEN = "#"
ASSOCIATION_NOTE = (
    "OR=odds ratio of an outcome being missing other than by design. The joint p value of a "
    "characteristic stands on its first line."
)


def joint_tests(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Whether each characteristic predicts who is missing: outcomes by characteristics.

    Parameters
    ----------
    results
        Holds ``joint_p`` and ``predicts`` by outcome and characteristic.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    outcomes = labels.outcomes(trial)
    tried = labels.characteristics(results, trial, map(analysis_of, outcomes))
    before = {o.baseline for o in trial.outcomes if isinstance(o, Score | Count) and o.baseline}
    shared = tuple(name for name in tried if name not in before)
    own = bool(before.intersection(tried))
    rows = []
    for group in together(results, trial):
        texts = [_joint_p(results, group[0], c, style) for c in shared]
        texts += [_before(results, trial, group[0], style)] * own
        rows += [Row(heading(trial, group), tuple(texts))] if set(texts) - {"–"} else []
    return Table(
        name="missingness_predictors",
        title="Which baseline characteristics predict missing outcomes",
        head=(
            "Outcome",
            *(labels.short(trial, name) for name in shared),
            *(("Its value before",) if own else ()),
        ),
        rows=tuple(rows),
        footnotes=cells.footnotes(
            results, trial, "missingness_predictors", rows, f"{JOINT_NOTE} {TOGETHER_NOTE}"
        ),
        remark=cells.remark(results),
    )


def associations(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Every model of missingness: odds ratios with intervals, and the joint p.

    Parameters
    ----------
    results
        Holds an estimate for every term of every model.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows: list[Row] = []
    for group in together(results, trial):
        found = list(_rows(results, trial, analysis_of(group[0]), style))
        rows += [Row(heading(trial, group), kind=Kind.GROUP), *found] if found else []
    return Table(
        name="missingness_associations",
        title="Associations of baseline characteristics with missing outcomes",
        head=(
            "Outcome and characteristic",
            "Association (95% CI)",
            f"Joint {number.p_head(style)}",
        ),
        rows=tuple(rows),
        footnotes=cells.footnotes(
            results, trial, "missingness_associations", rows, f"{ASSOCIATION_NOTE} {TOGETHER_NOTE}"
        ),
        remark=cells.remark(results),
    )


def _joint_p(results: Results, outcome: str, characteristic: str, style: Style) -> str:
    place = Place(analysis_of(outcome), level=characteristic)
    p, predicts = cells.values(results, place, "joint_p", "predicts")
    return "–" if math.isnan(p) else number.p_value(p, style) + _CHOSEN * (predicts == 1)


def _before(results: Results, trial: Trial, name: str, style: Style) -> str:
    """The test of an outcome's own value before randomisation."""
    outcome = trial.outcome(name)
    column = outcome.baseline if isinstance(outcome, Score | Count) else ""
    return _joint_p(results, name, column, style) if column else "–"


def _rows(results: Results, trial: Trial, analysis: str, style: Style) -> Iterator[Row]:
    """A line per term, or one for all where every model failed for the same reason."""
    found = [r for r in results if isinstance(r, Estimate) and r.analysis == analysis]
    if _all_failed_alike(found):
        yield Row("Every characteristic", (_failure(found[0], style), ""), Kind.MEMBER)
        return
    hidden = [r for r in results if isinstance(r, Withheld) and r.analysis == analysis]
    terms = {e.level: _effect(e, style) for e in found}
    terms |= {w.level: CONFIDENTIAL for w in hidden if w.statistic == "estimate"}
    told: set[str] = set()
    tried = labels.characteristics(results, trial, [analysis])
    for term in sorted(terms, key=lambda name: _order(name, tried, trial)):
        variable = labels.characteristic(term)
        joint = "" if variable in told else _p(results, analysis, variable, style)
        told.add(variable)
        yield Row(labels.term(trial, term), (terms[term], joint), Kind.MEMBER)


def _order(term: str, tried: Sequence[str], trial: Trial) -> tuple[int, int]:
    """Place of a term in the tables: its characteristic's, then its level's."""
    variable, level = labels.characteristic(term), labels.level(term)
    levels = list(labels.levels(trial, variable))
    return (
        tried.index(variable) if variable in tried else len(tried),
        levels.index(level) if level in levels else 0,
    )


def _all_failed_alike(found: Sequence[Estimate]) -> bool:
    failed = not any(cells.believable(e) for e in found)
    return failed and len({cells.reason(e) for e in found}) == 1


def _effect(estimate: Estimate, style: Style) -> str:
    if cells.believable(estimate):
        return cells.association(estimate, style)
    return _failure(estimate, style)


def _failure(estimate: Estimate, style: Style) -> str:
    """Why there is no odds ratio; a level with all or nobody missing needs no more words."""
    reason = cells.reason(estimate)
    if reason.startswith("the data separate"):
        return f"{style.not_estimable}: at one of the levels all are missing, or nobody is"
    return f"{style.not_estimable}: {reason}"


def _p(results: Results, analysis: str, characteristic: str, style: Style) -> str:
    (p,) = cells.values(results, Place(analysis, level=characteristic), "joint_p")
    return "" if math.isnan(p) else number.p_value(p, style)
