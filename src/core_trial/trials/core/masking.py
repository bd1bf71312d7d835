"""What in CORE's files tells the arms apart, and what a dummy allocation leaves to settle."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core_trial.declaration.masked import Masked
from core_trial.trials.core.words import DEATHS


def settled(tables: Mapping[str, pd.DataFrame]) -> Mapping[str, pd.DataFrame]:
    """Nobody attends a session after death, whoever the session came from."""
    events, sessions = tables["adverse_events"], tables["sessions"]
    died = events[events["category"].isin([str(kind) for kind in DEATHS])]
    death = died.set_index("participant_id")["occurred_on"]
    after = sessions["offered_on"] > sessions["participant_id"].map(death)
    attended = sessions["attended"].mask(after.to_numpy(bool, na_value=False), False)
    return {**tables, "sessions": sessions.assign(attended=attended)}


#: Randomisation was in blocks, stratified by centre, the internal pilot a stratum of its own. Both
#: arms had the workbook; whether it was used, and whether harm was related, tells of the support.
MASKED = Masked(
    moved=("psw_id", "sessions"),
    shuffled=("workbook", "adverse_events.related"),
    strata=("centre", "internal_pilot"),
    order="randomised_on",
    settled=settled,
)
