"""What predicts that outcomes are missing, and the outcomes' models with that adjusted for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from core_trial.declaration.models import Model
from core_trial.declaration.outcomes import AnyOutcome, Count, Score
from core_trial.declaration.trial import column_of
from core_trial.results import Key
from core_trial.witness.effects import Again, Fitter, as_effect
from core_trial.witness.made import COUNTED, Made, Second, nothing
from core_trial.witness.plan import Asked, asked, sample
from core_trial.witness.reading import People

#: A characteristic predicts missingness below this p-value.
THRESHOLD = 0.05
MISSING = "missing"


class Missing:
    """Associations of missingness; outcomes missing in the same people share them."""

    def __init__(self, fitter: Fitter) -> None:
        self.fitter = fitter
        self._found: dict[object, tuple[float, Again | None, Asked, Fitter]] = {}

    def of(self, outcome: AnyOutcome) -> Made:
        """Everything about one outcome."""
        people, analysis = self.fitter.people, f"missingness.{outcome.key}"
        found: Made = {}
        chosen = []
        for name in _predictors(people, outcome):
            p, again, model, fitter = self._association(outcome, name)
            predicts = float(p < THRESHOLD)
            chosen += [name] if predicts else []
            means = again.means if again else COUNTED
            found[Key(analysis, "joint_p", "", name)] = Second(p, means)
            found[Key(analysis, "predicts", "", name)] = Second(predicts, COUNTED)
            found |= _records(fitter, analysis, name, model, again)
        base = asked(people, outcome)
        adjusted = base.and_for(*chosen)
        found |= self.fitter.effect(outcome.key, "missingness_adjusted", adjusted)
        same = base.among(adjusted)
        return found | self.fitter.effect(outcome.key, "missingness_same_people", same)

    def _association(
        self, outcome: AnyOutcome, name: str
    ) -> tuple[float, Again | None, Asked, Fitter]:
        people = self.fitter.people
        column = asked(people, outcome).outcome
        missing = people.frame[column].isna().astype(float)
        wanted = people.frame[outcome.asked] == 1 if outcome.asked else people.group.notna()
        missing = missing.where(wanted)
        key = (name, missing.fillna(-1).to_numpy().tobytes())
        if key not in self._found:
            self._found[key] = _fit(people, missing, name)
        return self._found[key]


def _predictors(people: People, outcome: AnyOutcome) -> list[str]:
    trial = people.trial
    names = trial.missingness
    if names is None:
        names = (*trial.strata, *map(column_of, trial.baseline))
    before = outcome.baseline if isinstance(outcome, Score | Count) else ""
    return list(dict.fromkeys(name for name in (trial.arm.column, *names, before) if name))


def _fit(
    people: People, missing: pd.Series, name: str
) -> tuple[float, Again | None, Asked, Fitter]:
    flagged = replace(people, frame=people.frame.assign(**{MISSING: missing}))
    clustered = people.cluster is not None
    model = Asked(
        model=Model.MIXED_LOGISTIC if clustered else Model.LOGISTIC,
        outcome=MISSING,
        covariates=(name,),
        options={"points": 7, "inference": "normal"},
        random="both" if clustered else "",
    )
    fitter = Fitter(flagged)
    data = sample(flagged, model)
    if not len(data.y) or len(np.unique(data.y)) < 2:
        return math.nan, None, model, fitter
    again, null = fitter.of(model), fitter.of(replace(model, covariates=(), known=(name,)))
    if again is None or null is None or data.X.shape[1] < 2:
        return math.nan, None, model, fitter
    ratio = max(2 * (again.loglik - null.loglik), 0.0)
    p = float(stats.chi2.sf(ratio, data.X.shape[1] - 1)) if math.isfinite(ratio) else math.nan
    return p, again, model, fitter


def _records(fitter: Fitter, analysis: str, name: str, model: Asked, again: Again | None) -> Made:
    data = sample(fitter.people, model)
    if again is None:
        return nothing(analysis, name, {"n": float(data.n), "n_clusters": 0.0}, COUNTED)
    counted = {
        "n": float(data.n),
        "n_clusters": float(data.n_clusters),
        "n_events": float(data.y.sum()),
    }
    found: Made = {}
    for term in again.beta:
        if term != "Intercept":
            effect = as_effect(fitter.people, model, again, term, counted)
            found |= effect.numbers(analysis, term)
    return found
