"""Stage 8: who was interviewed, when, and which questionnaires were answered completely.

Whether somebody could be reached depends on baseline characteristics, so that the models of
missingness find what the paper's sensitivity analysis adjusted for: men, and those with many
admissions behind them, were lost more often. The noise is drawn anew until the models, fitted to
self-rated recovery at four months, find these predictors and no others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.analyses.plan import specification
from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.synthesis.calendar import on_working_days
from core_trial.synthesis.search import Floats, best_of
from core_trial.synthesis.targets import Targets
from core_trial.trials.core import CORE
from core_trial.trials.core.generator.draft import answered, as_analysed, standing
from core_trial.trials.core.generator.predictors import (
    likelihood_ratio_p,
    predictors_found,
    wald_p,
)
from core_trial.trials.core.words import AMENDMENT_INSTRUMENTS, FOLLOW_UPS, INSTRUMENTS, Visit

#: How much each predictor lowers the chance of being reached, in standard deviations of the noise:
#: being a man, and every standard deviation of past admissions.
MEN = 0.35
ADMISSIONS = 0.33
PREDICTORS = frozenset({"sex", "lifetime_admissions"})
#: How strongly the second follow-up interview depends on what decided the first.
LASTING = 0.6
#: Share of interviews in which one questionnaire was left incomplete. Satisfaction with mental
#: health services is the exception at 18 months: by then many had no contact with any.
INCOMPLETE = 0.02
NO_SERVICES = 0.11
#: From the baseline interview to randomisation: shape and scale of a gamma distribution, in days,
#: and the longest.
BASELINE_BEFORE = 1.1, 3.2, 28
#: When follow-ups are due, and from when on they are asked for: mean and spread of the days before;
#: then people are reached after days with a gamma distribution of this shape and mean.
MONTHS = {Visit.MONTH_4: 122, Visit.MONTH_18: 548}
ASKED = {Visit.MONTH_4: (9.0, 4.0), Visit.MONTH_18: (12.0, 6.0)}
LATENESS = 1.6, {Visit.MONTH_4: 26.0, Visit.MONTH_18: 32.0}
TRIES = 150
#: Days by which an interview may be moved to suit both sides.
NEAR = 3


def interview(people: pd.DataFrame, targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """Interviews held, their dates, and the questionnaires answered completely.

    Returns
    -------
    pandas.DataFrame
        Columns interviewed_{visit} (bool) and {visit}_on (date, missing without interview) for
        every visit, and answered_{outcome}_{visit} (bool) for every questionnaire.
    """

    def draw(rng: np.random.Generator) -> tuple[pd.DataFrame, float]:
        held = _held(people, targets, rng)
        columns = pd.concat([held, _answered(people, held, rng)], axis=1)
        return columns, _unexpected(people, columns, targets)

    columns, _ = best_of(draw, rng, tries=TRIES)
    return pd.concat([columns, _dates(people, columns, targets, rng)], axis=1)


def _held(people: pd.DataFrame, targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """Those most easily reached, as many as printed; the pilot had no interview at 18 months."""
    n = len(people)
    noise = rng.standard_normal((2, n))
    men = np.where(people["sex"] == "male", 1.0, 0.0)
    lost = MEN * men + ADMISSIONS * standing(people, "lifetime_admissions")
    later = LASTING * noise[0] + np.sqrt(1 - LASTING**2) * noise[1]
    pilot = people["internal_pilot"].to_numpy(dtype=bool)
    eligible = {Visit.MONTH_4: np.ones(n, dtype=bool), Visit.MONTH_18: ~pilot}
    held = {f"interviewed_{Visit.BASELINE}": np.ones(n, dtype=bool)}
    for visit, luck in zip(FOLLOW_UPS, (noise[0], later), strict=True):
        reach = np.where(eligible[visit], luck - lost, -np.inf)
        rank = (-reach).argsort().argsort()
        held[f"interviewed_{visit}"] = rank < targets.count("flow", level=f"interviewed_{visit}")
    return pd.DataFrame(held, index=people.index)


def _answered(people: pd.DataFrame, held: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Questionnaires without a gap; two of them did not exist in the pilot."""
    columns = {}
    for instrument in INSTRUMENTS:
        for visit in Visit:
            share = INCOMPLETE
            if instrument.outcome == "satisfaction" and visit == Visit.MONTH_18:
                share = NO_SERVICES
            whole = held[f"interviewed_{visit}"] & (rng.random(len(people)) > share)
            if instrument.name in AMENDMENT_INSTRUMENTS:
                whole &= ~people["internal_pilot"]
            columns[answered(instrument, visit)] = whole
    return pd.DataFrame(columns, index=people.index)


def _unexpected(people: pd.DataFrame, columns: pd.DataFrame, targets: Targets) -> float:
    """How many predictors of missing recovery are found wrongly or not at all, and arms too small.

    In each arm, as many must have been interviewed as answered the questions on the workbook.
    """
    recovery = specification(CORE, CORE.outcome(f"recovery_{Visit.MONTH_4}"))
    known = columns[f"answered_{recovery.name}"]
    frame = as_analysed(people).assign(**{recovery.fitted.outcome: np.where(known, 0.0, np.nan)})
    wrong = [
        len(frozenset(predictors_found(recovery, frame, test)) ^ PREDICTORS)
        for test in (wald_p, likelihood_ratio_p)
    ]
    held = columns[f"interviewed_{Visit.MONTH_4}"]
    short = [
        held[people["arm"] == arm].sum() <= targets.count("workbook_read", "N", arm)
        for arm in PRINTED_ARMS
    ]
    return float(sum(wrong) + sum(short))


def _dates(
    people: pd.DataFrame, columns: pd.DataFrame, targets: Targets, rng: np.random.Generator
) -> pd.DataFrame:
    """Working days; the last interview of all on its printed date."""
    randomised = people["randomised_on"].to_numpy("datetime64[D]")
    last = targets.date("interviews", "last_date", str(Visit.MONTH_18))
    shape, scale, longest = BASELINE_BEFORE
    before = np.minimum(rng.gamma(shape, scale, len(people)), longest).astype(int)
    first = randomised - before.astype("timedelta64[D]")
    on = {Visit.BASELINE: on_working_days(first, rng, earlier=NEAR, later=0)}
    for visit in FOLLOW_UPS:
        due = randomised + MONTHS[visit]
        late = np.round(_asked(visit, len(people), rng) + _reached(visit, len(people), rng))
        # A delay beyond the last interview of the trial is taken as a shorter one.
        room = np.maximum((last - due).astype(int) - NEAR, 1)
        held = due + np.where(late > room, late % room, late).astype("timedelta64[D]")
        on[visit] = on_working_days(held, rng, earlier=NEAR, later=NEAR)
    present = columns[f"interviewed_{Visit.MONTH_18}"].to_numpy()
    latest = np.flatnonzero(present)[np.argmax(on[Visit.MONTH_18][present])]
    on[Visit.MONTH_18][latest] = last
    dates = {}
    for visit, days in on.items():
        series = pd.Series(days.astype("datetime64[s]"), index=people.index)
        dates[f"{visit}_on"] = series.where(columns[f"interviewed_{visit}"])
    return pd.DataFrame(dates)


def _asked(visit: Visit, n: int, rng: np.random.Generator) -> Floats:
    """Days from when the interview is due to when it is first asked for, below zero; shape (n,)."""
    before, spread = ASKED[visit]
    return np.asarray(-before + spread * rng.standard_normal(n))


def _reached(visit: Visit, n: int, rng: np.random.Generator) -> Floats:
    """Days that it takes to reach people, shape (n,)."""
    shape, means = LATENESS
    return rng.gamma(shape, means[visit] / shape, n)
