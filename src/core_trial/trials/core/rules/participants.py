"""Rules on the participants and the design: arms, centres, peer support workers, screening."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.data.episodes import Mask
from core_trial.data.folder import Folder, Found, no, yes
from core_trial.declaration.arms import Group
from core_trial.declaration.rules import rule

#: Weights of the digits of an NHS number; their weighted sum is a multiple of 11.
NHS_WEIGHTS = np.array([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
#: So many ten-digit identifiers do not all pass that test by chance.
FEWEST_NHS_NUMBERS = 5


@rule("participants.psw_id", "refuse", "a blank for the control group")
def control_with_psw(folder: Folder) -> Found:
    """Peer support workers belong to the intervention."""
    people = folder["participants"]
    return (people["arm"] == str(Group.CONTROL)) & people["psw_id"].notna()


@rule(
    "participants.psw_id",
    "note",
    "intervention participants without a peer support worker; each is a cluster of one",
)
def intervention_without_psw(folder: Folder) -> Found:
    """Allocation comes before a worker is assigned, and some are never assigned one."""
    people = folder["participants"]
    return (people["arm"] == str(Group.INTERVENTION)) & people["psw_id"].isna()


@rule("participants.psw_id", "refuse", "one centre for each peer support worker")
def psw_in_two_centres(folder: Folder) -> Found:
    """A peer support worker works in one centre: clusters are nested in centres."""
    centres = folder["participants"].groupby("psw_id", observed=True)["centre"].transform("nunique")
    return centres > 1


@rule("participants.psw_id", "refuse", "an identifier that no participant has")
def shared_identifier(folder: Folder) -> Found:
    """Participants without a worker are clusters of one, named by their own identifier."""
    people = folder["participants"]
    return people["psw_id"].isin(people["participant_id"].dropna())


@rule("participants.arm", "note", "participants of centres in which one arm is missing")
def arm_missing_from_centre(folder: Folder) -> Found:
    """Such a centre says nothing about the difference between the arms."""
    people = folder["participants"]
    arms = people.groupby("centre", observed=True)["arm"].transform("nunique")
    return arms == 1


@rule(
    "participants.psw_id",
    "note",
    "participants whose peer support worker, as every other, has just one; the variance between "
    "clusters is not identified",
)
def every_cluster_a_singleton(folder: Folder) -> Found:
    """Clusters of one cannot tell variation between clusters from variation within."""
    workers = folder["participants"]["psw_id"]
    return workers.notna() & bool(workers.dropna().is_unique)


@rule(
    "participants.psw_id",
    "note",
    "participants of the only peer support worker; the variance between clusters is not identified",
)
def one_cluster(folder: Folder) -> Found:
    """One cluster says nothing about variation between clusters."""
    workers = folder["participants"]["psw_id"]
    return workers.notna() & (len(workers.dropna().unique()) == 1)


@rule(
    "participants.internal_pilot",
    "note",
    "pilot participants who were randomised when the main trial had begun",
)
def pilot_after_main_trial(folder: Folder) -> Found:
    """The internal pilot came before the main trial."""
    people = folder["participants"]
    begun = people.loc[no(people["internal_pilot"]), "randomised_on"].min()
    late: Mask = (people["randomised_on"] >= begun).to_numpy(bool)
    return yes(people["internal_pilot"]) & late


@rule(
    "participants.participant_id",
    "refuse",
    "identifiers made for the trial; these are all valid NHS numbers",
)
def nhs_number_as_identifier(folder: Folder) -> Found:
    """An NHS number tells who somebody is."""
    ids = folder["participants"]["participant_id"]
    if len(ids) < FEWEST_NHS_NUMBERS or not ids.str.fullmatch("[0-9]{10}").fillna(False).all():
        return np.zeros(len(ids), dtype=bool)
    digits = np.array([list(text) for text in ids], dtype=np.int64)
    remainder = (digits * NHS_WEIGHTS).sum(axis=1) % 11
    return np.full(len(ids), (remainder == 0).all())


@rule(
    "screening.reason",
    "refuse",
    "a reason where people left, and a blank where everybody is counted",
)
def reason_out_of_place(folder: Folder) -> Found:
    """A count is either of everybody at a step or of those who left for one reason."""
    step = folder["screening"]["step"]
    left = step.isin(["not_eligible", "not_randomised"])
    wrong: pd.Series = step.notna() & (left == folder.blank("screening", "reason"))
    return wrong


@rule("screening.n", "refuse", "those screened less those who left, as not eligible")
def eligible_do_not_add_up(folder: Folder) -> Found:
    """The flow of people has to add up."""
    steps = _Steps(folder)
    wrong = _wrong(steps.n("screened"), steps.n("not_eligible"), steps.n("eligible"))
    return steps.rows("eligible") & (wrong and steps.whole)


@rule(
    "screening.n",
    "refuse",
    "those eligible less those who were not randomised, as many as the rows of participants.csv",
)
def randomised_do_not_add_up(folder: Folder) -> Found:
    """The flow of people has to add up, also where a step was not counted."""
    steps = _Steps(folder)
    randomised = float(len(folder.people)) if folder.knows_everybody else np.nan
    last = "screened" if np.isnan(steps.n("eligible")) else "eligible"
    left = steps.n("not_randomised")
    if last == "screened":
        left = steps.n("not_eligible") + left
    wrong = _wrong(steps.n(last), left, randomised)
    return steps.rows(last) & (wrong and steps.whole)


class _Steps:
    """The counts before randomisation, by step; what is not there is ``nan``."""

    def __init__(self, folder: Folder) -> None:
        frame = folder["screening"]
        self.step = frame["step"]
        self.count = frame["n"].to_numpy("float64", na_value=np.nan)
        self.whole = folder.readings["screening"].whole and bool(self.step.notna().all())

    def rows(self, step: str) -> Mask:
        return (self.step == step).to_numpy(bool)

    def n(self, step: str) -> float:
        rows = self.rows(step)
        return float(self.count[rows].sum()) if rows.any() else np.nan


def _wrong(before: float, left: float, after: float) -> bool:
    """Whether those who arrive are not those before less those who left.

    Without a count of those who left, only more arriving than there were before is wrong. What is
    not known cannot be wrong.
    """
    if np.isnan(before) or np.isnan(after):
        return False
    return after > before if np.isnan(left) else before - left != after
