"""What CORE did not ask of everybody: the internal pilot's interviews and scales, and workers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core_trial.data.episodes import Mask
from core_trial.data.folder import Folder, yes
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


def missing_visits(folder: Folder) -> Iterator[Missing]:
    """Interviews not held; the pilot never had the one at 18 months."""
    people = folder.people
    for visit in Visit:
        held = folder.person("questionnaires")[(folder["questionnaires"]["visit"] == str(visit))]
        absent = ~np.isin(np.arange(len(people)), held)
        design = absent & yes(people["internal_pilot"]) & (visit == Visit.MONTH_18)
        counts = (len(people), int(design.sum()), int((absent & ~design).sum()))
        yield Missing("questionnaires.csv", f"visit {visit}", *counts)


def by_design(folder: Folder, name: str, column: str) -> Mask:
    """Rows in which the trial did not ask for a value."""
    if column == "psw_id":
        return (folder[name]["arm"] == str(Group.CONTROL)).to_numpy(bool)
    if column in AMENDED:
        return yes(folder.of_person(name, "internal_pilot"))
    if column == "reason":
        return folder[name]["step"].isin(["screened", "eligible"]).to_numpy(bool)
    return np.zeros(len(folder[name]), dtype=bool)
