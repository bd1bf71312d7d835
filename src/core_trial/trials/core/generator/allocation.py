"""Stage 1: who was recruited when and where, and how the blocks fell.

Participants were recruited in six centres and allocated in random permuted blocks, stratified by
centre. The internal pilot ran in one centre, which took part in the main trial too; it was a
stratum of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core_trial.declaration.arms import Group
from core_trial.synthesis.calendar import working_days
from core_trial.synthesis.targets import Targets
from core_trial.trials.core.words import CENTRES

PILOT_CENTRE = "A"
#: Share of the main trial that each centre recruited; ours, the paper does not say.
CENTRE_SHARES = (0.16, 0.21, 0.19, 0.17, 0.15, 0.12)
BLOCK_SIZES = (4, 6)


def allocate(targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """One row per participant: identifier, centre, arm, day of randomisation, pilot.

    Returns
    -------
    pandas.DataFrame
        Columns participant_id, centre, arm, randomised_on, internal_pilot; sorted by identifier,
        which numbers the participants within their centre by day of randomisation.
    """
    pilot_size = np.array([targets.count("flow", level="pilot")])
    pilot = _recruit(pilot_size, (PILOT_CENTRE,), _period(targets, "pilot"), rng)
    sizes = rng.multinomial(targets.count("flow", level="main_trial"), CENTRE_SHARES)
    main = _recruit(sizes, CENTRES, _period(targets, "main_trial"), rng)
    people = pd.concat(
        [pilot.assign(internal_pilot=True), main.assign(internal_pilot=False)], ignore_index=True
    )
    wanted = targets.count("flow", "n", Group.INTERVENTION, "randomised")
    people["arm"] = _allocate_until(people, wanted, rng)
    people["participant_id"] = _identifiers(people["centre"])
    order = ["participant_id", "centre", "arm", "randomised_on", "internal_pilot"]
    return people[order].sort_values("participant_id", ignore_index=True)


def _period(targets: Targets, phase: str) -> tuple[np.datetime64, np.datetime64]:
    """First and last day of recruitment."""
    first, last = (targets.date("recruitment", f"{end}_date", phase) for end in ("first", "last"))
    return first, last


def _recruit(
    sizes: np.ndarray,
    centres: Sequence[str],
    period: tuple[np.datetime64, np.datetime64],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Days of randomisation: uniform over working days, the period's first and last taken."""
    centre = np.repeat(np.array(centres), sizes)
    days = rng.choice(working_days(*period), len(centre))
    days[rng.choice(len(days), 2, replace=False)] = period
    frame = pd.DataFrame({"centre": centre, "randomised_on": days})
    return frame.sort_values(["centre", "randomised_on"], ignore_index=True)


def _allocate_until(people: pd.DataFrame, wanted: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the blocks anew until the intervention arm has its printed size."""
    strata = people.groupby(["internal_pilot", "centre"], sort=False).indices.values()
    for _ in range(1000):
        arm = np.full(len(people), str(Group.CONTROL), dtype=object)
        for rows in strata:
            arm[rows[_blocks(len(rows), rng)]] = str(Group.INTERVENTION)
        if (arm == Group.INTERVENTION).sum() == wanted:
            return arm
    raise ValueError(f"no allocation in blocks gives an intervention arm of {wanted}")


def _blocks(n: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of the intervention arm in one stratum's list of random permuted blocks."""
    drawn: list[bool] = []
    while len(drawn) < n:
        half = int(rng.choice(BLOCK_SIZES)) // 2
        drawn += list(rng.permutation([True] * half + [False] * half))
    return np.flatnonzero(drawn[:n])


def _identifiers(centre: pd.Series) -> pd.Series:
    number = centre.groupby(centre).cumcount() + 1
    return centre + number.map("{:03d}".format)


def days_since_first(days: pd.Series) -> np.ndarray:
    """Whole days since the earliest of them, shape (n,)."""
    return np.asarray((days - days.min()).dt.days)
