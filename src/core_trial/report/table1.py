"""Table 1: baseline characteristics by arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.covariates import (
    Categories,
    Covariate,
    Level,
    Number,
    YesNo,
    in_words,
)
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels
from core_trial.report.cells import Place
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Results

#: How yes may be spelt where nobody declared it.
YES = ("yes", "Yes", "True", "1", "")
NO = ("no", "No", "False", "0")


def table1(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Lay out the baseline characteristics.

    Parameters
    ----------
    results
        Holds the descriptives of `trial.baseline`. What was declared by a bare name is laid out as
        it was recorded: with its categories, as a number, or as there or not.
    trial
        The declaration.
    style
        How numbers are spelt.

    Examples
    --------
    >>> from core_trial.declaration.arms import Arm
    >>> from core_trial.declaration.outcomes import Binary
    >>> from core_trial.results import Descriptive
    >>> trial = Trial(title="A trial", participant="id", outcomes=(Binary("well"),),
    ...               arm=Arm("arm", control="usual care", intervention="CBT"), baseline=("sex",))
    >>> male = [Descriptive(analysis="sex", statistic=s, value=v, arm="control", level="male")
    ...         for s, v in (("n", 147.0), ("N", 196.0))]
    >>> [(row.label, row.cells[1:]) for row in table1(Results(tuple(male)), trial).rows]
    [('Sex', ()), ('Male', ('147/196 (75%)',))]
    """
    arms = (*PRINTED_ARMS, *(("",) if trial.layout.total else ()))
    rows = tuple(
        row for item in trial.baseline for row in _rows(_kind(item, results), results, arms, style)
    )
    return Table(
        name="table1",
        title="Table 1: Baseline characteristics",
        head=("Characteristic", *(_head(results, trial, arm, style) for arm in arms)),
        rows=rows,
        footnotes=cells.footnotes(results, trial, "table1", rows, _note(results, trial)),
        remark=cells.remark(results),
    )


def head_with_n(results: Results, text: str, arm: str, style: Style) -> str:
    """An arm's head with the number randomised, where that is told."""
    n = cells.count(results, Place("flow", arm, "randomised"), style)
    return f"{text} (n={n})" if n and n != cells.CONFIDENTIAL else text


def _head(results: Results, trial: Trial, arm: str, style: Style) -> str:
    return head_with_n(results, trial.arm.label(arm) if arm else "All", arm, style)


def _kind(item: str | Covariate, results: Results) -> Covariate:
    """A characteristic with what was not declared taken from what was recorded."""
    if isinstance(item, Categories) and not item.levels:
        return Categories(item.column, item.label, _recorded(results, item.column), item.short)
    if not isinstance(item, str):
        return item
    recorded = {key.statistic for key in results.numbers if key.analysis == item}
    if recorded & {"mean", "median"}:
        return Number(item, decimals=(1, 1), median="mean" not in recorded)
    levels = _recorded(results, item)
    return Categories(item, levels=levels) if levels.keys() - {*YES, *NO} else YesNo(item)


def _recorded(results: Results, analysis: str) -> Mapping[Level, str]:
    """Categories as they were recorded, labelled by their names in words."""
    return {level: in_words(level) for level in _levels(results, analysis)}


def _levels(results: Results, analysis: str) -> list[str]:
    """Categories as they were recorded, in order."""
    counted = (k.level for k in results.numbers if k.analysis == analysis and k.statistic == "n")
    return list(dict.fromkeys(counted))


def _rows(item: Covariate, results: Results, arms: tuple[str, ...], style: Style) -> Iterator[Row]:
    text = item.label or in_words(item.column)
    if isinstance(item, Number):
        unit = f" ({item.unit})" if item.unit else ""
        places = [Place(item.column, arm) for arm in arms]
        yield Row(text + unit, tuple(_number(item, results, place, style) for place in places))
    elif isinstance(item, YesNo):
        yield Row(text, _fractions(results, item.column, _yes(item, results), arms, style))
    elif len(item.printed) == 1:
        level = str(item.printed[0])
        yield Row(text, _fractions(results, item.column, level, arms, style))
    else:
        yield Row(text, kind=Kind.GROUP)
        for level, label in item.levels.items():
            if level in (item.printed or item.levels):
                texts = _fractions(results, item.column, str(level), arms, style)
                yield Row(in_words(label) if label == level else label, texts, Kind.MEMBER)


def _number(item: Number, results: Results, place: Place, style: Style) -> str:
    if item.median:
        return cells.median_iqr(results, place, style, item.decimals[0])
    return cells.mean_sd(results, place, style, item.decimals)


def _yes(item: YesNo, results: Results) -> str:
    """The level at which yes is recorded."""
    recorded = _levels(results, item.column)
    return next((yes for yes in (str(item.yes), *YES) if yes in recorded), str(item.yes))


def _fractions(
    results: Results, analysis: str, level: str, arms: tuple[str, ...], style: Style
) -> tuple[str, ...]:
    return tuple(cells.fraction(results, Place(analysis, arm, level), style) for arm in arms)


def _note(results: Results, trial: Trial) -> str:
    kinds = [_kind(item, results) for item in trial.baseline]
    numbers = [item for item in kinds if isinstance(item, Number)]
    used = (
        ("n/N (%)", len(numbers) < len(kinds)),
        ("mean (SD)", any(not item.median for item in numbers)),
        ("median (IQR)", any(item.median for item in numbers)),
    )
    words = [text for text, is_used in used if is_used]
    known = "; N counts the participants in whom the item is known" if used[0][1] else ""
    return f"Data are {labels.alternatives(words)}{known}." if words else ""
