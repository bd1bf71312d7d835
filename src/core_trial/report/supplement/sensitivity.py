"""How far the answers hang on what was decided, and how little would change them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.declaration.outcomes import AnyOutcome
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.cells import CONFIDENTIAL, Place
from core_trial.report.number import confidence
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Results

#: What the unknown outcomes are taken to be, by level.
UNKNOWN: Mapping[str, str] = MappingProxyType(
    {
        "unknown.none": "Where it is not known: taken not to have happened",
        "unknown.all": "Where it is not known: taken to have happened",
        "unknown.intervention": "Where it is not known: taken to have happened in the "
        "{intervention} alone",
        "unknown.control": "Where it is not known: taken to have happened in the {control} alone",
    }
)
MULTIPLICITY = "multiplicity"
SIGNIFICANCE = 0.05
NOTE = "n: participants analysed, of the two groups together."
MULTIPLICITY_NOTE = (
    "Holm’s adjustment: the chance that any of these would be called significant if none of them "
    "differed is at most 5%. Outcomes decided on after the data were seen are not among them."
)


def sensitivity(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Each outcome as analysed, and under it what comes of every change.

    Parameters
    ----------
    results
        Holds estimates at the levels of the declared sensitivity analyses and `UNKNOWN`.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows: list[Row] = []
    for outcome in trial.outcomes:
        found = [
            Row(label, _texts(results, outcome.key, level, style), Kind.MEMBER)
            for level, label in _levels(outcome, trial)
            if cells.effect_and_p(results, outcome.key, style, level) is not None
        ]
        if found:
            own = Row("As analysed", _texts(results, outcome.key, "", style), Kind.MEMBER)
            rows += [Row(outcome.title, kind=Kind.GROUP), own, *found]
    return Table(
        name="sensitivity",
        title="Sensitivity of the answers",
        head=(
            "",
            "n",
            f"Association ({confidence(trial.confidence, style)} CI)",
            number.p_head(style),
        ),
        rows=tuple(rows),
        footnotes=cells.footnotes(results, trial, "sensitivity", rows, NOTE if rows else ""),
        remark=cells.remark(results),
    )


def multiplicity(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """The secondary outcomes' p-values, and Holm's.

    Parameters
    ----------
    results
        Holds ``p_value`` of the analysis `MULTIPLICITY` by outcome.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows = tuple(
        Row(label, (_own_p(results, name, style), _adjusted_p(results, name, style)))
        for name, label in labels.outcomes(trial).items()
        if cells.is_recorded(results, Place(MULTIPLICITY, level=name), "p_value")
    )
    return Table(
        name="multiplicity",
        title="Secondary outcomes: p values adjusted for their number",
        head=("Outcome", number.p_head(style), f"Holm’s {number.p_head(style)}"),
        rows=rows,
        footnotes=cells.footnotes(
            results, trial, "multiplicity", rows, MULTIPLICITY_NOTE if rows else ""
        ),
        remark=cells.remark(results),
    )


def fragility(results: Results, trial: Trial, style: Style = LANCET) -> tuple[str, ...]:
    """In plain words, how little would change the answers."""
    return tuple(_sentences(results, trial, style))


def _sentences(results: Results, trial: Trial, style: Style) -> Iterator[str]:
    primary = trial.primary
    if primary is not None:
        yield from _one_more(results, primary, trial, style)
    p = {name: results.get(MULTIPLICITY, "p_value", "", name) for name in labels.outcomes(trial)}
    told = {name: value for name, value in p.items() if not math.isnan(value)}
    if told:
        left = [
            labels.lower_first(labels.outcomes(trial)[name])
            for name, value in told.items()
            if value < SIGNIFICANCE
        ]
        stays = (
            f"only {labels.enumerated(left)} stays"
            if len(left) == 1
            else (f"{labels.enumerated(left)} stay" if left else "none is")
        )
        yield (
            f"Of the {number.count(len(told), style)} secondary outcomes, {stays} below 5% with "
            "Holm’s adjustment for their number."
        )


def _one_more(results: Results, primary: AnyOutcome, trial: Trial, style: Style) -> Iterator[str]:
    analysis = f"fragility.{primary.key}"
    crude, more = (results.get(analysis, "p_value", "", x) for x in ("crude", "one_more"))
    events = results.get(analysis, "events", "", "to_lose")
    if math.isnan(crude) or math.isnan(more) or math.isnan(events):
        return
    name, p = primary.title, number.p_in_text(crude, style)
    if crude >= SIGNIFICANCE:
        yield f"{name}: a crude chi-square test of the two proportions gives {p}."
        return
    group = labels.group(trial, _smaller(results, primary))
    if events == 1:
        yield (
            f"{name}: a crude chi-square test of the two proportions gives {p}; with one event "
            f"more in the {group} it gives {number.p_in_text(more, style)}, and the difference is "
            "no longer significant at 5%."
        )
        return
    yield (
        f"{name}: a crude chi-square test of the two proportions gives {p}; with "
        f"{number.count(events, style)} events more in the {group} the difference is no longer "
        "significant at 5%."
    )


def _smaller(results: Results, primary: AnyOutcome) -> Group:
    shares = {arm: results.get(primary.key, "percent", arm) for arm in PRINTED_ARMS}
    return min(PRINTED_ARMS, key=lambda arm: shares[arm])


def _levels(outcome: AnyOutcome, trial: Trial) -> Iterator[tuple[str, str]]:
    yield from ((x.level, x.label) for x in trial.sensitivities if x.of == outcome.key)
    groups = {str(arm): labels.group(trial, arm) for arm in PRINTED_ARMS}
    yield from ((level, label.format(**groups)) for level, label in UNKNOWN.items())


def _texts(results: Results, name: str, level: str, style: Style) -> tuple[str, str, str]:
    if cells.estimate_withheld(results, name, level):
        return CONFIDENTIAL, CONFIDENTIAL, CONFIDENTIAL
    effect, p = cells.effect_and_p(results, name, style, level) or ("", "")
    return cells.count(results, Place(name, "", level), style), effect, p


def _own_p(results: Results, name: str, style: Style) -> str:
    return (cells.effect_and_p(results, name, style) or ("", ""))[1]


def _adjusted_p(results: Results, name: str, style: Style) -> str:
    place = Place(MULTIPLICITY, level=name)
    if cells.is_withheld(results, place, "p_value"):
        return CONFIDENTIAL
    (p,) = cells.values(results, place, "p_value")
    return number.p_value(p, style)
