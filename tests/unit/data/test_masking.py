"""A dummy allocation: what stays, what moves, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import third_trial

import core_trial as ct
from core_trial.data import masking
from core_trial.data.derive import derive
from core_trial.data.revealing import FEWEST_OF_ONE_VALUE, FEWEST_VALUES_OF_ONE_ARM
from core_trial.declaration.masked import LETTERS, with_letters
from core_trial.errors import DesignError

MOVED = {"arm", "psw_id"}


@pytest.fixture(scope="module")
def masked(bundled_trial):
    return masking.mask(bundled_trial, seed=11)


def strata(data):
    return data.participants.groupby(["centre", "internal_pilot"], observed=True)


def test_arms_keep_their_size_in_every_stratum(bundled_trial, masked):
    real, dummy = (strata(d)["arm"].value_counts().sort_index() for d in (bundled_trial, masked))
    pd.testing.assert_series_equal(real, dummy)
    assert (bundled_trial.participants["arm"] != masked.participants["arm"]).mean() > 0.4


def caseloads(data, worker):
    return data.participants[worker].value_counts().to_dict()


def test_workers_keep_their_caseload(bundled_trial, masked):
    assert caseloads(bundled_trial, "psw_id") == caseloads(masked, "psw_id")


def test_only_the_dummy_intervention_arm_has_workers_and_sessions(masked):
    people = masked.participants.set_index("participant_id")
    assert people.loc[people["arm"] == "control", "psw_id"].isna().all()
    with_sessions = people.loc[masked.sessions["participant_id"], "arm"]
    assert (with_sessions == "intervention").all()


def test_a_workers_participants_have_as_many_sessions_as_before(bundled_trial, masked):
    def by_worker(data):
        worker = data.participants.set_index("participant_id")["psw_id"].fillna("none")
        return data.sessions["participant_id"].map(worker).value_counts().to_dict()

    assert by_worker(bundled_trial) == by_worker(masked)


def test_sessions_keep_their_day_of_the_week_and_come_after_randomisation(bundled_trial, masked):
    def weekdays(data):
        return data.sessions["offered_on"].dt.day_of_week.value_counts().sort_index().to_dict()

    assert weekdays(bundled_trial) == weekdays(masked)
    start = masked.participants.set_index("participant_id")["randomised_on"]
    assert (masked.sessions["offered_on"] >= masked.sessions["participant_id"].map(start)).all()


def test_everything_else_stays(bundled_trial, masked):
    stays = bundled_trial.participants.columns.difference(list(MOVED))
    pd.testing.assert_frame_equal(bundled_trial.participants[stays], masked.participants[stays])
    for table in bundled_trial.files.tables:
        if table.name in {"questionnaires", "acute_episodes", "service_use", "screening"}:
            key = list(table.key)
            real = bundled_trial.tables[table.name].sort_values(key, ignore_index=True)
            pd.testing.assert_frame_equal(real, masked.tables[table.name])


def test_what_both_arms_have_is_dealt_anew(bundled_trial, masked):
    real, dummy = bundled_trial.workbook, masked.workbook
    assert (real["participant_id"] == dummy["participant_id"]).all()
    assert real["read"].sum() == dummy["read"].sum()
    assert not real["read"].equals(dummy["read"])


def test_the_masked_trial_can_be_derived_and_meets_every_rule(masked):
    assert len(derive(masked).participants) == len(masked.participants)


def test_the_same_seed_gives_the_same_dummy_and_another_seed_another(bundled_trial, masked):
    again, other = (masking.mask(bundled_trial, seed=k).participants["arm"] for k in (11, 12))
    assert again.equals(masked.participants["arm"])
    assert not other.equals(again)


def test_seeds_cannot_be_guessed():
    seeds = {masking.new_seed() for _ in range(8)}
    assert len(seeds) == 8
    assert max(seeds).bit_length() > 100


@pytest.mark.parametrize("seed", [-1, 1.0, None, "7", True])
def test_a_seed_that_is_none_is_told(bundled_trial, seed):
    with pytest.raises(DesignError, match="is not a whole number of 0 or more"):
        masking.mask(bundled_trial, seed=seed)


def test_masked_data_are_not_masked_again(masked):
    with pytest.raises(DesignError, match="masked already"):
        masking.mask(masked, seed=1)


def one_file(tmp_path, trial, frame):
    frame.to_csv(tmp_path / "participants.csv", index=False)
    return ct.load(tmp_path, trial)


def test_a_trial_of_one_file_needs_no_further_declaration(tmp_path):
    data = one_file(tmp_path, third_trial.TRIAL, third_trial.frame())
    masked = masking.mask(data, seed=4)
    assert caseloads(masked, "caseworker") == caseloads(data, "caseworker")
    dummy = masked.participants
    # Workers of this trial are named after their arm.
    named = dummy[dummy["caseworker"].notna()]
    assert (named["caseworker"].str.startswith("H") == (named["offer"] == "Housing support")).all()


def people(n=60, **columns):
    arm = np.repeat(["usual", "new"], n // 2)
    return pd.DataFrame({"id": [f"P{i}" for i in range(n)], "arm": arm, **columns})


TRIAL = ct.Trial(
    title="Two arms",
    participant="id",
    arm=ct.Arm("arm", control="usual", intervention="new"),
    outcomes=(ct.Score("hope"),),
)


@pytest.mark.parametrize("known", [FEWEST_VALUES_OF_ONE_ARM - 1, FEWEST_VALUES_OF_ONE_ARM])
def test_a_column_that_one_arm_alone_has_must_be_declared(tmp_path, known):
    hope = np.where(np.arange(60) >= 60 - known, 5.0, np.nan)
    trial = replace(TRIAL, outcomes=(ct.Score("mood"), ct.Score("hope")))
    data = one_file(tmp_path, trial, people(hope=hope, mood=np.arange(60.0)))
    if known < FEWEST_VALUES_OF_ONE_ARM:
        masking.mask(data, seed=1)
        return
    with pytest.raises(DesignError, match=r"hope is blank in the whole of one arm(.|\n)*Masked"):
        masking.mask(data, seed=1)


@pytest.mark.parametrize("n", [FEWEST_OF_ONE_VALUE - 1, FEWEST_OF_ONE_VALUE])
def test_a_value_that_one_arm_alone_has_must_be_declared(tmp_path, n):
    ward = ["elsewhere"] * (60 - n) + ["ours"] * n
    ward[0] = "a" if n < FEWEST_OF_ONE_VALUE else "ward"
    trial = replace(TRIAL, baseline=("ward",))
    data = one_file(tmp_path, trial, people(hope=np.arange(60.0), ward=ward))
    if n < FEWEST_OF_ONE_VALUE:
        masking.mask(data, seed=1)
        return
    with pytest.raises(DesignError, match="ward is 'ours' in one arm alone"):
        masking.mask(data, seed=1)
    declared = replace(trial, masked=ct.Masked(moved=("ward",)))
    dummy = masking.mask(replace(data, trial=declared), seed=1).participants
    assert (dummy.loc[dummy["ward"] == "ours", "arm"] == "new").all()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (ct.Masked(moved=("sesions",)), "no column 'sesions'"),
        (ct.Masked(moved=("session.attended",)), "no table 'session'; did you mean 'sessions'"),
        (ct.Masked(moved=("sessions.attended",)), "cannot move alone"),
        (ct.Masked(moved=("screening",)), "belong to no participant"),
        (ct.Masked(moved=("sessions",), strata=("center",)), "did you mean 'centre'"),
        (ct.Masked(moved=("sessions",), strata=(), order="day"), "no column 'day'"),
        (ct.Masked(), "sessions.csv has rows of one arm alone"),
    ],
)
def test_a_wrong_declaration_is_told_what_is_right(bundled_trial, declared, message):
    data = replace(bundled_trial, trial=replace(ct.CORE, masked=declared))
    with pytest.raises(DesignError, match=message):
        masking.mask(data, seed=1)


def test_who_is_in_a_stratum_of_one_arm_is_counted(tmp_path):
    trial = replace(TRIAL, strata=("site",))
    site = ["a"] * 27 + ["b"] * 33
    data = one_file(tmp_path, trial, people(hope=np.arange(60.0), site=site))
    dummy, alone = masking.masked(data, seed=1)
    assert alone == 27
    left = dummy.participants[dummy.participants["site"] == "a"]
    assert (left["arm"] == "usual").all()


@pytest.mark.parametrize(
    ("arms", "sizes"),
    [
        ("ABAB", [4]),
        ("ABBAABABAB", [4, 6]),
        ("ABBAABABABBA", [4, 4, 4]),
        ("AAAB", [4]),
        ("ABBAA", [5]),
        ("AABBAABBA", [4, 5]),
    ],
)
def test_blocks_end_where_the_arms_are_even(arms, sizes):
    found = masking.blocks(np.array(list(arms)), ordered=True)
    assert [len(block) for block in found] == sizes
    assert [k for block in found for k in block] == list(range(len(arms)))


def test_without_an_order_a_stratum_is_one_block():
    (block,) = masking.blocks(np.array(list("ABBAABAB")), ordered=False)
    assert len(block) == 8


def test_arms_print_as_letters_and_nothing_is_held_against_a_paper():
    lettered = with_letters(ct.CORE)
    assert tuple(lettered.arm.label(arm) for arm in ("intervention", "control")) == LETTERS
    assert lettered.registry is None


@pytest.mark.parametrize("wrong", [{"moved": "sessions"}, {"strata": "site"}])
def test_a_text_in_the_place_of_a_tuple_is_told(wrong):
    with pytest.raises(DesignError, match=r"write (moved|strata)=\('\w+',\), a tuple"):
        ct.Masked(**wrong)


def test_something_else_than_masked_is_told():
    with pytest.raises(DesignError, match=r"write ct\.Masked"):
        replace(TRIAL, masked=("sessions",))
