"""Missing values by column: by the trial's design, or otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core_trial.data.columns import Column
from core_trial.data.episodes import Mask
from core_trial.data.rules import Files, yes
from core_trial.data.tables import TABLES
from core_trial.data.trial import Missing
from core_trial.declaration.arms import Group
from core_trial.trials.core import words
from core_trial.trials.core.words import Visit

#: Item columns of the scales that the internal pilot did not have.
AMENDED = frozenset(
    name
    for scale in words.INSTRUMENTS
    if scale.name in words.AMENDMENT_INSTRUMENTS
    for name in scale.columns
)


def count_missing(files: Files) -> Iterator[Missing]:
    """Missing values of every column that may be blank, and of whole interviews."""
    for visit in Visit:
        yield _interviews(files, visit)
    for table in TABLES:
        for column in table.columns:
            if not column.required:
                yield _column(files, table.name, column)


def _interviews(files: Files, visit: Visit) -> Missing:
    """Interviews not held; the pilot never had the one at 18 months."""
    people = files["participants"]
    held = files.person("questionnaires")[(files["questionnaires"]["visit"] == str(visit))]
    absent = ~np.isin(np.arange(len(people)), held)
    design = absent & yes(people["internal_pilot"]) & (visit == Visit.MONTH_18)
    counts = (len(people), int(design.sum()), int((absent & ~design).sum()))
    return Missing("questionnaires.csv", f"visit {visit}", *counts)


def _column(files: Files, name: str, column: Column) -> Missing:
    blank = files[name][column.name].isna().to_numpy(bool)
    design = blank & _by_design(files, name, column.name)
    counts = (len(blank), int(design.sum()), int((blank & ~design).sum()))
    return Missing(f"{name}.csv", column.name, *counts)


def _by_design(files: Files, name: str, column: str) -> Mask:
    """Rows in which the trial did not ask for a value."""
    if column == "psw_id":
        return (files[name]["arm"] == str(Group.CONTROL)).to_numpy(bool)
    if column in AMENDED:
        return yes(files.of_person(name, "internal_pilot"))
    if column == "reason":
        return files[name]["step"].isin(["screened", "eligible"]).to_numpy(bool)
    return np.zeros(len(files[name]), dtype=bool)
