"""How many people reached each step of the trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.results import FlowCount
from core_trial.trials.core.words import FOLLOW_UPS, Visit


def flow_counts(
    participants: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> tuple[FlowCount, ...]:
    """Count the participants' flow.

    Parameters
    ----------
    participants
        The analysis set's frame.
    tables
        The typed frames by name; ``screening`` has the counts before randomisation.

    Returns
    -------
    tuple of FlowCount
        Screening first; each later step for the whole trial and by arm.
    """
    return (*_before(tables["screening"]), *_after(participants))


def _before(screening: pd.DataFrame) -> Iterator[FlowCount]:
    ordered = screening.sort_values(["step", "reason"], kind="stable")
    reasons = ordered["reason"].fillna("").tolist()
    for step, reason, n in zip(ordered["step"], reasons, ordered["n"], strict=True):
        yield FlowCount(step=str(step), n=int(n), reason=str(reason))


def _after(people: pd.DataFrame) -> Iterator[FlowCount]:
    pilot = people["internal_pilot"].to_numpy(bool)
    known = people["readmitted"].notna().to_numpy(bool)
    yield from _by_arm("randomised", people, np.ones(len(people), dtype=bool), of=False)
    yield from _by_arm("pilot", people, pilot, of=False)
    yield from _by_arm("main_trial", people, ~pilot, of=False)
    yield from _received(people[(people["arm"] == Group.INTERVENTION).to_numpy(bool)])
    yield from _by_arm("died", people, people["died"].to_numpy(bool))
    yield from _by_arm("primary_outcome_known", people, known)
    yield from _by_arm("acute_records_not_obtained", people, ~known)
    for visit in FOLLOW_UPS:
        held = people[f"interviewed_{visit}"].to_numpy(bool)
        design = pilot & (visit == Visit.MONTH_18) & ~held
        yield from _by_arm(f"interviewed_{visit}", people, held)
        if visit == Visit.MONTH_18:
            yield from _by_arm(f"not_expected_{visit}", people, design)
        yield from _by_arm(f"not_interviewed_{visit}", people, ~held & ~design)


def _received(rows: pd.DataFrame) -> Iterator[FlowCount]:
    """What the intervention group received; the control group is offered no worker."""
    reached = {
        "allocated_worker": rows["psw_id"].notna(),
        "attended_session": rows["sessions_attended"] > 0,
    }
    for step, mask in reached.items():
        arm = str(Group.INTERVENTION)
        yield FlowCount(step=step, n=int(mask.sum()), of=len(rows), arm=arm)


def _by_arm(
    step: str, people: pd.DataFrame, reached: NDArray[np.bool_], *, of: bool = True
) -> Iterator[FlowCount]:
    """The count in the whole trial, and in each arm."""
    yield FlowCount(step=step, n=int(reached.sum()), of=len(people) if of else 0)
    for arm in PRINTED_ARMS:
        member = (people["arm"] == str(arm)).to_numpy(bool)
        n, size = int((reached & member).sum()), int(member.sum())
        yield FlowCount(step=step, n=n, of=size if of else 0, arm=str(arm))
