"""Columns and tables that only one arm has although they are not declared to depend on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.data.trial import TrialData
from core_trial.errors import DesignError

#: Known values in one arm, with none in the other, that are no chance: one in 2 to this power.
FEWEST_VALUES_OF_ONE_ARM = 12
#: The same for people with one and the same value, of which a file has many.
FEWEST_OF_ONE_VALUE = 20
#: A column with more distinct values than this is looked at for what is missing alone.
MOST_VALUES = 100

Mask = NDArray[np.bool_]


def refuse_revealing(data: TrialData, declared: tuple[tuple[str, str], ...]) -> None:
    """Refuse data in which something that stays as it is would give the arm away.

    Raises
    ------
    DesignError
        With every such column.
    """
    found = list(_revealing(data, declared))
    if found:
        raise DesignError(
            "not everything that gives the arm away is declared:\n  "
            + "\n  ".join(found)
            + "\nname them in the trial's declaration: masked=ct.Masked(moved=(...)) for what "
            "only one arm can have, shuffled=(...) for what both have"
        )


def _revealing(data: TrialData, declared: tuple[tuple[str, str], ...]) -> Iterator[str]:
    files = data.files
    people = data.tables[files.participants]
    treated = (people[data.trial.arm.column] == data.trial.arm.levels[1]).to_numpy(bool)
    ids = pd.Index(people[files.participant])
    for table in files.tables:
        frame = data.tables[table.name]
        if (table.name, "") in declared or files.participant not in frame:
            continue
        arm = treated[ids.get_indexer(pd.Index(frame[files.participant]))]
        if _one_arm_only(np.ones(len(frame), bool), arm, treated, FEWEST_VALUES_OF_ONE_ARM):
            yield f"{table.name}.csv has rows of one arm alone"
            continue
        for name in frame.columns.drop(files.participant):
            if (table.name, name) not in declared:
                yield from _of_column(f"{table.name}.{name}", frame[name], arm)


def _of_column(place: str, values: pd.Series, arm: Mask) -> Iterator[str]:
    known = values.notna().to_numpy(bool)
    if _one_arm_only(known, arm, arm, FEWEST_VALUES_OF_ONE_ARM):
        yield f"{place} is blank in the whole of one arm"
        return
    distinct = values.dropna().unique()
    if len(distinct) > MOST_VALUES:
        return
    for value in distinct:
        holds = (values == value).fillna(False).to_numpy(bool)
        if _one_arm_only(holds, arm, arm, FEWEST_OF_ONE_VALUE):
            yield f"{place} is {value!r} in one arm alone"


def _one_arm_only(found: Mask, arm: Mask, everybody: Mask, fewest: int) -> bool:
    """Whether so many are all of one arm, while the other arm has as many who could be."""
    in_arm = int((found & arm).sum())
    other = int(found.sum()) - in_arm
    room = min(int(everybody.sum()), int((~everybody).sum()))
    return min(in_arm, other) == 0 and max(in_arm, other) >= fewest and room >= fewest
