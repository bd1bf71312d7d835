"""Stage 6: how many days the readmissions lasted.

Zero exactly for those not readmitted. The positive days of each arm get the printed quartile, mean
and standard deviation by construction; within what these allow, the two means move until the rate
ratio of the zero-inflated model is in its range. Then participants of the intervention arm exchange
their days until its clustered standard error prints as it should.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.synthesis.exchange import Exchange
from core_trial.synthesis.lengths import Margins, calibrated_lengths
from core_trial.synthesis.people import codes, treated
from core_trial.synthesis.search import Attempt, Floats, best_of, descend
from core_trial.synthesis.targets import Targets
from core_trial.trials.core.words import FOLLOW_UP_DAYS

#: No readmission lasts longer than this within the year.
LONGEST = 300


def draw_readmission_days(
    people: pd.DataFrame, targets: Targets, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[Attempt]]:
    """Days on acute caseloads from the first readmission to the end of follow-up.

    Returns
    -------
    pandas.DataFrame
        Column readmission_days, ``nan`` without records.
    list of Attempt
        How near the rate ratio came.
    """
    known = people[people["readmitted"].notna()]
    arm = treated(known)
    room = np.where(known["readmitted"] == 1, FOLLOW_UP_DAYS + 1 - known["days_to_readmission"], 0)
    margins = {int(a == Group.INTERVENTION): _margins(targets, str(a)) for a in PRINTED_ARMS}
    line = targets.line("readmission_days", ratio=True)
    region = targets.region("readmission_days", ratio=True)
    clusters = codes(known["cluster_id"])

    def draw(rng: np.random.Generator) -> tuple[tuple[Floats, Exchange], float]:
        days, fit = calibrated_lengths(arm, room, margins, region, rng)
        exchange = Exchange(
            fit.influence(arm, days),
            clusters,
            _exchangeable(arm, room, days),
            region,
            fit.estimate,
        )
        return (days, exchange), descend(exchange, rng, steps=400)

    (days, exchange), gauge = best_of(draw, rng)
    column = pd.Series(np.nan, index=people.index, name="readmission_days")
    column[known.index] = days[exchange.at]
    reached = exchange.estimate, exchange.std_error
    return column.to_frame(), [Attempt("readmission_days", str(line), gauge, *reached)]


def _margins(targets: Targets, arm: str) -> Margins:
    return Margins(
        targets.count("readmission", "N", arm),
        targets.count("readmission", "n", arm),
        targets.count("readmission_days", "q3", arm),
        *targets.moments("readmission_days", arm),
        LONGEST,
    )


def _exchangeable(arm: Floats, room: Floats, days: Floats) -> np.ndarray:
    """Who may have whose days: in the intervention arm, among those readmitted, if they fit."""
    may = (arm == 1) & (room > 0)
    return (np.outer(may, may) & (days <= room[:, None])) | np.eye(len(arm), dtype=bool)
