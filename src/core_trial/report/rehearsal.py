"""How a plan fared in rehearsal: a line for every analysis, and one for each situation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core_trial.declaration.trial import Trial
from core_trial.report import labels
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Rehearsed, Results

NOTE = (
    "Passed: an estimate without a warning. At risk: an estimate with one, such as a variance of "
    "zero or standard errors from few clusters. Failed: no estimate that can be believed."
)
VERDICT_NOTE = (
    "Fails: in trials as declared. At risk: there with a warning, or in another situation. Passes: "
    "in every trial of every situation."
)
#: Columns of counts.
COUNTS = ("Passed", "At risk", "Failed")


def rehearsal_table(results: Results, trial: Trial) -> Table:
    """A line for every analysis: whether it passes, where it fails, and why."""
    groups = _by_analysis(results)
    rows = tuple(Row(_title(trial, *key), _summary(found)) for key, found in groups.items())
    return Table(
        name="rehearsal",
        title=f"{trial.label}: the plan in rehearsal",
        head=("Analysis", "Verdict", *COUNTS, "Fails with", "Commonest reason"),
        rows=rows,
        footnotes=(VERDICT_NOTE, NOTE),
    )


def situations_table(results: Results, trial: Trial) -> Table:
    """A line for every analysis in every situation."""
    rows: list[Row] = []
    for key, found in _by_analysis(results).items():
        rows.append(Row(_title(trial, *key), kind=Kind.GROUP))
        rows += [
            Row(each.situation, (*map(str, _counts([each])), each.reason), Kind.MEMBER)
            for each in found
        ]
    return Table(
        name="rehearsal_by_situation",
        title=f"{trial.label}: the plan in rehearsal, by situation",
        head=("Analysis and situation", *COUNTS, "Commonest reason"),
        rows=tuple(rows),
        footnotes=(NOTE,),
    )


def verdict(found: Sequence[Rehearsed]) -> str:
    """What rehearsal says of one analysis; the first situation is the trial as declared.

    Examples
    --------
    >>> well = Rehearsed(analysis="a", situation="as declared", passed=3, at_risk=0, failed=0)
    >>> badly = Rehearsed(analysis="a", situation="few events", passed=0, at_risk=0, failed=3)
    >>> verdict([well]), verdict([well, badly]), verdict([badly])
    ('passes', 'at risk', 'fails')
    """
    if found[0].failed:
        return "fails"
    return "at risk" if any(each.at_risk or each.failed for each in found) else "passes"


def _by_analysis(results: Results) -> Mapping[tuple[str, str], list[Rehearsed]]:
    groups: dict[tuple[str, str], list[Rehearsed]] = {}
    for record in results:
        if isinstance(record, Rehearsed):
            groups.setdefault((record.analysis, record.level), []).append(record)
    return groups


def _summary(found: Sequence[Rehearsed]) -> tuple[str, ...]:
    failing = "; ".join(each.situation for each in found if each.failed)
    worst = max(found, key=lambda each: (each.failed, each.at_risk))
    return verdict(found), *map(str, _counts(found)), failing, worst.reason


def _counts(found: Sequence[Rehearsed]) -> Iterator[int]:
    yield sum(each.passed for each in found)
    yield sum(each.at_risk for each in found)
    yield sum(each.failed for each in found)


def _title(trial: Trial, analysis: str, level: str) -> str:
    outcome = labels.outcomes(trial).get(analysis.removeprefix("subgroup."), analysis)
    told = level.replace("_", " ")
    if analysis.startswith("subgroup."):
        told = f"subgroup {labels.term(trial, level)}"
    return f"{outcome}, {told}" if told else outcome
