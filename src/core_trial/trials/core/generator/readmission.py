"""Stage 3: who is readmitted within the year.

The primary model knows a participant by arm, centre and condition only. With no variance between
clusters it is an ordinary logistic regression on the counts of those cells, so the odds ratio and
its standard error are settled by how many of each cell are readmitted. Those counts start from a
plausible risk per cell and move, one participant at a time and never between the arms, until the
printed row stands. Within a cell, those with more admissions behind them are readmitted first, in
an order that is drawn again until the difference between the arms persists with the planned
adjustments, as the paper says in words.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.analyses.deviations import planned_adjustments
from core_trial.analyses.fits import Fits
from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.published import window
from core_trial.results import Key
from core_trial.synthesis.cells import calibrated_events, first_in_cells
from core_trial.synthesis.people import treated
from core_trial.synthesis.search import Floats, Impossible
from core_trial.synthesis.targets import Targets
from core_trial.trials.core import CORE
from core_trial.trials.core.generator.draft import as_analysed, standing
from core_trial.trials.core.paper import PAPER
from core_trial.trials.core.words import CENTRES

#: Log odds of readmission: psychosis, and how much the centres differ.
PSYCHOSIS_EFFECT = 0.35
CENTRE_SPREAD = 0.3
#: Noise beside the history of admissions in the choice of who is readmitted.
HISTORY_NOISE = 3.5
#: Where the paper says that the difference persisted, and in how many orders that is looked for.
PERSISTED = Key("readmission", "claim", "", "planned_adjustments")
ORDERS = 300
#: The adjusted upper limit stays this factor clear of its bound: clusters, drawn later, move it.
CLEARANCE = 1.03


def readmit(people: pd.DataFrame, targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """Whose acute care records were obtained, and who of them was readmitted.

    How near the odds ratio came is told once there are workers (see `peers`).

    Returns
    -------
    pandas.DataFrame
        Columns acute_records_obtained (bool) and readmitted (0, 1, or ``nan`` without records).
    """
    obtained = _records_obtained(people, targets, rng)
    known = people[obtained]
    arm = treated(known)
    cell, counts, _ = calibrated_events(
        arm,
        _centre_and_condition(known),
        _risk(known, rng),
        {int(a == Group.INTERVENTION): targets.count("readmission", "n", a) for a in PRINTED_ARMS},
        targets.region("readmission", ratio=True),
        rng,
    )
    readmitted = pd.Series(np.nan, index=people.index)
    readmitted[obtained] = _persistent(known, cell, counts.events, targets, rng)
    return pd.DataFrame({"acute_records_obtained": obtained, "readmitted": readmitted})


def _persistent(
    known: pd.DataFrame,
    cell: NDArray[np.intp],
    events: Floats,
    targets: Targets,
    rng: np.random.Generator,
) -> Floats:
    """Who is readmitted, such that the adjusted difference is as the paper says; shape (n,)."""
    said = targets.printed.get(PERSISTED)
    for _ in range(ORDERS):
        chosen = first_in_cells(_history(known, rng), cell, events)
        if said is None or _read(said).contains(_adjusted_limit(known, chosen)):
            return chosen
    raise Impossible(f"in {ORDERS} orders of readmission the difference never {said}")


def _adjusted_limit(known: pd.DataFrame, readmitted: Floats) -> float:
    """Upper limit of the adjusted odds ratio, everybody a cluster of one."""
    people = known.assign(readmitted=readmitted, cluster_id=known["participant_id"])
    adjusted = next(planned_adjustments(Fits(CORE, as_analysed(people))))
    return CLEARANCE * adjusted.high


def _read(said: str) -> window.Window:
    """The values that the paper's word stands for."""
    return window.read(said, PAPER.phrases)


def _records_obtained(
    people: pd.DataFrame, targets: Targets, rng: np.random.Generator
) -> pd.Series:
    obtained = pd.Series(False, index=people.index)
    for arm in PRINTED_ARMS:
        rows = people.index[people["arm"] == arm]
        obtained[rng.choice(rows, targets.count("readmission", "N", arm), replace=False)] = True
    return obtained


def _centre_and_condition(known: pd.DataFrame) -> Floats:
    centres = pd.get_dummies(known["centre"], drop_first=True, dtype=float)
    return np.column_stack([known["psychosis"].astype(float), centres])


def _risk(known: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """Weight in the draw: psychosis raises it, and centres differ."""
    spread = dict(zip(CENTRES, CENTRE_SPREAD * rng.standard_normal(len(CENTRES)), strict=True))
    centre = known["centre"].map(spread).to_numpy(dtype=float)
    return np.asarray(np.exp(PSYCHOSIS_EFFECT * known["psychosis"].to_numpy(dtype=float) + centre))


def _history(known: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """Standing by past admissions and crises, with noise; unknown ones stand in the middle."""
    score = HISTORY_NOISE * rng.standard_normal(len(known))
    for name in ("lifetime_admissions", "crt_periods"):
        score += standing(known, name)
    return score
