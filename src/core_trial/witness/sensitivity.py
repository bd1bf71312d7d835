"""What was decided, decided otherwise: declared changes, unknown outcomes, and events added."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy import stats

from core_trial.declaration.outcomes import AnyOutcome, Binary, Time
from core_trial.declaration.sensitivity import Sensitivity
from core_trial.results import Key
from core_trial.witness.effects import Fitter
from core_trial.witness.made import Made, Means, Second
from core_trial.witness.plan import asked
from core_trial.witness.reading import People

CHI_SQUARE = Means("scipy.stats chi2_contingency", 1e-10, "rounding")
#: What unknown outcomes are taken to be in the intervention and in the control arm.
TAKEN = {"none": (0, 0), "all": (1, 1), "intervention": (1, 0), "control": (0, 1)}


def sensitivities(fitter: Fitter) -> Made:
    """The outcomes' own models with the one thing changed that each analysis declares."""
    found: Made = {}
    for one in fitter.people.trial.sensitivities:
        people = fitter.people
        if one.among:
            people = _only(people, one.among)
        outcome = _changed(people.trial.outcome(one.of), one)
        found |= Fitter(people).effect(one.of, f"sensitivity.{one.name}", asked(people, outcome))
    return found


def _only(people: People, column: str) -> People:
    """Those of whom a column says so; of whom it is not known, it does not."""
    keep = people.frame[column] == 1
    return replace(
        people,
        frame=people.frame[keep],
        group=people.group[keep],
        cluster=None if people.cluster is None else people.cluster[keep],
        named=None if people.named is None else people.named[keep],
    )


def _changed(outcome: AnyOutcome, one: Sensitivity) -> AnyOutcome:
    told: dict[str, object] = {"column": one.column}
    if isinstance(outcome, Time):
        told |= {"event": one.event, "entry": one.entry}
    told = {name: value for name, value in told.items() if value}
    if one.adjust is not None:
        told["adjust"] = one.adjust
    return replace(outcome, **told)  # type: ignore[arg-type]


def unknown(fitter: Fitter) -> Made:
    """The primary model with every unknown outcome filled in, person by person, in four ways."""
    people, outcome = fitter.people, fitter.people.trial.primary
    if not isinstance(outcome, Binary):
        return {}
    known = people.frame[outcome.column]
    gaps = [
        math.isnan(value) and (not outcome.asked or wanted == 1)
        for value, wanted in zip(known, people.frame[outcome.asked or outcome.column], strict=True)
    ]
    found: Made = {}
    for name, (treated, control) in TAKEN.items() if any(gaps) else ():
        guess = people.group.map({"intervention": treated, "control": control})
        filled = known.where(~np.array(gaps), guess.astype(float))
        frame = people.frame.assign(**{outcome.column: filled})
        changed = Fitter(replace(people, frame=frame))
        found |= changed.effect(outcome.key, f"unknown.{name}", asked(people, outcome))
    return found


def fragility(fitter: Fitter) -> Made:
    """The fourfold table as it is, with one event more in the arm with fewer, and with enough."""
    people, outcome = fitter.people, fitter.people.trial.primary
    if not isinstance(outcome, Binary):
        return {}
    tables = [people.frame.loc[inside, outcome.column].dropna() for _, inside in people.arms()]
    if not all(map(len, tables)):
        return {}
    fewer, more = sorted(
        ([int((x == 1).sum()), int((x == 0).sum())] for x in tables),
        key=lambda cells: cells[0] / sum(cells),
    )
    judged = [_pearson([fewer[0] + k, fewer[1] - k], more) for k in range(fewer[1] + 1)]
    lost = next((k for k, p in enumerate(judged) if p >= 0.05), fewer[1])
    one_more = judged[1] if len(judged) > 1 else math.nan
    name = f"fragility.{outcome.key}"
    return {
        Key(name, "p_value", "", "crude"): Second(judged[0], CHI_SQUARE),
        Key(name, "p_value", "", "one_more"): Second(one_more, CHI_SQUARE),
        Key(name, "events", "", "to_lose"): Second(float(lost), CHI_SQUARE),
    }


def _pearson(first: list[int], second: list[int]) -> float:
    """Pearson's test without continuity correction; 1 where everybody is alike."""
    table = np.array([first, second])
    if (table.sum(axis=0) == 0).any():
        return 1.0
    return float(stats.chi2_contingency(table, correction=False)[1])
