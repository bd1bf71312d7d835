"""Cells of the tables: numbers looked up in the results, and put into words by `number`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core_trial.declaration.trial import Trial
from core_trial.report import number
from core_trial.report.styles import Style
from core_trial.report.table import Row
from core_trial.results import Estimate, Key, Results
from core_trial.results.measures import MEASURE_ABBREVIATIONS, MEASURE_LABELS, Measure

#: Stands for a number that is withheld, as British official statistics mark a confidential one.
CONFIDENTIAL = "[c]"
CONFIDENTIAL_NOTE = f"{CONFIDENTIAL}=withheld, so that nobody can be recognised by a small number."
SYNTHETIC = "The data are synthetic: a program made them, and no participant is in them."
MASKED = (
    "Masked: dummy allocation. Who is in A and who in B was drawn by lot, and no comparison of the "
    "two says anything about the trial."
)
#: Journals' order of footnote marks.
MARKS = "*†‡§¶‖"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the numbers of one cell stand in the results.

    Parameters
    ----------
    analysis, arm, level
        The parts of a `Key` that all its numbers share.
    """

    analysis: str
    arm: str = ""
    level: str = ""


def values(results: Results, place: Place, *statistics: str) -> list[float]:
    """The numbers of one place; ``nan`` for what is not there."""
    return [results.get(place.analysis, s, place.arm, place.level) for s in statistics]


def count(results: Results, place: Place, style: Style) -> str:
    """``n``; blank where there is none."""
    if is_withheld(results, place, "n"):
        return CONFIDENTIAL
    (n,) = values(results, place, "n")
    return "" if math.isnan(n) else number.count(n, style)


def fraction(results: Results, place: Place, style: Style) -> str:
    """``n/N (%)``, or what of it is told."""
    if is_withheld(results, place, "n"):
        return CONFIDENTIAL
    n, of = values(results, place, "n", "N")
    if math.isnan(n) and not is_recorded(results, place, "n"):
        return ""
    if is_withheld(results, place, "N"):
        return f"{number.count(n, style)}/{CONFIDENTIAL}"
    return number.fraction(n, of, style)


def mean_sd(results: Results, place: Place, style: Style, decimals: tuple[int, int]) -> str:
    """``mean (SD)``, with the decimals of each."""
    if is_withheld(results, place, "mean", "sd"):
        return CONFIDENTIAL
    mean, sd = values(results, place, "mean", "sd")
    if not is_recorded(results, place, "mean"):
        return ""
    return number.mean_sd(mean, sd, decimals[0], style, sd_decimals=decimals[1])


def median_iqr(results: Results, place: Place, style: Style, decimals: int = 0) -> str:
    """``median (q1 to q3)``."""
    if is_withheld(results, place, "median", "q1", "q3"):
        return CONFIDENTIAL
    median, q1, q3 = values(results, place, "median", "q1", "q3")
    if not is_recorded(results, place, "median"):
        return ""
    return number.median_iqr(median, q1, q3, decimals, style)


def association(estimate: Estimate, style: Style) -> str:
    """``OR 0·66 (0·43 to 0·99)``; `number.Style.not_estimable` where the fit failed."""
    if not believable(estimate):
        return style.not_estimable
    abbreviation = MEASURE_ABBREVIATIONS[Measure(estimate.measure)]
    return f"{abbreviation} {number.effect(*limits(estimate), decimals(estimate), style)}"


def limits(estimate: Estimate) -> tuple[float, float, float]:
    """Effect and limits as they are printed: a risk difference in percentage points."""
    scale = 100 if estimate.measure == Measure.RISK_DIFFERENCE else 1
    return scale * estimate.estimate, scale * estimate.low, scale * estimate.high


def decimals(estimate: Estimate) -> int:
    """Decimals of an effect: one for percentage points and times, else two."""
    coarse = (Measure.RISK_DIFFERENCE, Measure.RESTRICTED_MEAN_DIFFERENCE)
    return 1 if estimate.measure in coarse else 2


def p_value(estimate: Estimate, style: Style) -> str:
    """The p-value; blank where there is no estimate to go with it."""
    return number.p_value(estimate.p_value, style) if believable(estimate) else ""


def effect_and_p(
    results: Results, analysis: str, style: Style, level: str = ""
) -> tuple[str, str] | None:
    """An effect with its interval, and its p-value; None where there is no such estimate."""
    if estimate_withheld(results, analysis, level):
        return CONFIDENTIAL, CONFIDENTIAL
    estimate = results.get_estimate(analysis, level)
    if estimate is None:
        return None
    return association(estimate, style), p_value(estimate, style)


def believable(estimate: Estimate) -> bool:
    """Whether the fit converged and gave a number."""
    return estimate.converged and not math.isnan(estimate.estimate)


def reason(estimate: Estimate) -> str:
    """Why the estimate cannot be believed, as a sentence without its stop."""
    found = "; ".join(warning.strip().rstrip(".") for warning in estimate.warnings)
    return found or "the model did not converge"


def mark(i: int) -> str:
    """The footnote mark of a place in the order, doubled and trebled once all are in use.

    Examples
    --------
    >>> mark(1), mark(7)
    ('†', '††')
    """
    rounds, place = divmod(i, len(MARKS))
    return MARKS[place] * (rounds + 1)


def joined(marks: Sequence[str]) -> str:
    """Several marks of one cell, told apart by commas where one is doubled.

    Examples
    --------
    >>> joined(["*", "‡"]), joined(["‡", "**"])
    ('*‡', '‡,**')
    """
    return ("" if all(len(one) == 1 for one in marks) else ",").join(marks)


def abbreviations(estimates: Sequence[Estimate]) -> str:
    """The effect measures in use, spelt out, as in ``OR=odds ratio.`` and so on."""
    used = {Measure(estimate.measure) for estimate in estimates if believable(estimate)}
    units = {Measure.RISK_DIFFERENCE: ", in percentage points"}
    spelt = (f"{MEASURE_ABBREVIATIONS[m]}={MEASURE_LABELS[m]}{units.get(m, '')}." for m in Measure)
    return " ".join(text for m, text in zip(Measure, spelt, strict=True) if m in used)


def estimate_withheld(results: Results, analysis: str, level: str = "") -> bool:
    """Whether the effect of an analysis is known and not told."""
    return is_withheld(results, Place(analysis, "", level), "estimate")


def remark(results: Results) -> str:
    """What must be said of every table and figure; blank where there is nothing."""
    source = results.provenance
    said = ((MASKED, source.masked), (SYNTHETIC, source.synthetic))
    return " ".join(text for text, true in said if true)


def footnotes(
    results: Results, trial: Trial, name: str, rows: Iterable[Row], *notes: str
) -> tuple[str, ...]:
    """The footnotes of a table: its own, the trial's, and what is withheld or invented.

    Parameters
    ----------
    results, trial
        Records and declaration.
    name
        Name of the table.
    rows
        Its rows.
    notes
        Its own footnotes; blank ones are left out.
    """
    found = (*notes, trial.layout.notes.get(name, ""), *confidential_notes(rows))
    return tuple(filter(None, (*found, invented(results, trial, name))))


def note(results: Results, *notes: str) -> str:
    """What stands below a figure."""
    return " ".join(filter(None, (remark(results), *notes)))


def invented(results: Results, trial: Trial, name: str) -> str:
    """What of a table no paper printed, where the data are synthetic."""
    return trial.wording.invented.get(name, "") if results.provenance.synthetic else ""


def confidential_notes(rows: Iterable[Row]) -> tuple[str, ...]:
    """The footnote for a table in which something is withheld; none for any other."""
    shown = any(CONFIDENTIAL in cell for row in rows for cell in row.cells)
    return (CONFIDENTIAL_NOTE,) if shown else ()


def is_recorded(results: Results, place: Place, statistic: str) -> bool:
    """Whether there is a number, told or withheld."""
    return Key(place.analysis, statistic, place.arm, place.level) in results.numbers


def is_withheld(results: Results, place: Place, *statistics: str) -> bool:
    """Whether any of the numbers of one place is known and not told."""
    keys = {Key(place.analysis, s, place.arm, place.level) for s in statistics}
    return not keys.isdisjoint(results.withheld)
