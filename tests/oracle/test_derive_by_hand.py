"""Outcomes from records, worked out by hand on a calendar."""

import math
from datetime import date, timedelta

import numpy as np
import pytest
from trial_folders import find, put, small_trial, write_files

from core_trial.data.derive import derive
from core_trial.pipeline import load

OUTCOMES = ("readmitted", "days_to_readmission", "acute_days", "readmission_days", "index_days")
PERSON = "P013"  # control, not in the pilot, records obtained
DAY_0 = date(2014, 6, 1)


def on(day):
    return "" if day is None else (DAY_0 + timedelta(days=day)).isoformat()


def outcomes(folder, episodes):
    """Outcomes of one participant with the given (service, index, first day, last day)."""
    files = small_trial()
    for name in ("questionnaires.csv", "adverse_events.csv", "sessions.csv", "acute_episodes.csv"):
        files[name] = [row for row in files[name] if PERSON not in row]
    files["workbook.csv"] = [row for row in files["workbook.csv"] if row[0] != PERSON]
    put(
        files,
        "participants.csv",
        find(files, "participants.csv", participant_id=PERSON),
        "randomised_on",
        on(0),
    )
    for service, index, start, end in episodes:
        files["acute_episodes.csv"].append([PERSON, service, index, on(start), on(end)])
    people = derive(load(write_files(folder, files))).participants.set_index("participant_id")
    return people.loc[PERSON]


WARD, TEAM, HOUSE = "inpatient_ward", "crisis_resolution_team", "crisis_house"

#: An index episode that ended before randomisation.
BEFORE = (TEAM, "yes", -30, -5)

# (episodes, readmitted, days to readmission, acute days, readmission days, index days)
HISTORIES = {
    "index ended before randomisation": ([BEFORE], 0, 365, 0, 0, 0),
    "index ended on the day": ([(TEAM, "yes", -30, 0)], 0, 365, 0, 0, 0),
    "index went on for nine days": ([(TEAM, "yes", -30, 9)], 0, 365, 9, 0, 9),
    "no index episode": ([], 0, 365, 0, 0, 0),
    "index in two services": ([(WARD, "yes", -60, -20), (TEAM, "yes", -20, 4)], 0, 365, 4, 0, 4),
    "index never ended": ([(WARD, "yes", -60, None)], 0, 365, 365, 0, 365),
    "index longer than a year": ([(WARD, "yes", -60, 400)], 0, 365, 365, 0, 365),
    "admitted and discharged on day 1": ([BEFORE, (WARD, "no", 1, 1)], 1, 1, 1, 1, 0),
    "ten days, both ends counted": ([BEFORE, (WARD, "no", 10, 19)], 1, 10, 10, 10, 0),
    "day after the index end": ([(TEAM, "yes", -30, 9), (WARD, "no", 10, 19)], 1, 10, 19, 10, 9),
    "on the day of the index end": ([(TEAM, "yes", -30, 9), (WARD, "no", 9, 19)], 0, 365, 19, 0, 9),
    "within the index, then later": (
        [(TEAM, "yes", -30, 9), (WARD, "no", 5, 12), (WARD, "no", 50, 51)],
        1, 50, 14, 2, 9,
    ),
    "last day of follow-up": ([BEFORE, (WARD, "no", 365, 400)], 1, 365, 1, 1, 0),
    "day after follow-up": ([BEFORE, (WARD, "no", 366, 400)], 0, 365, 0, 0, 0),
    "into the end of follow-up": ([BEFORE, (WARD, "no", 361, 400)], 1, 361, 5, 5, 0),
    "still in care": ([BEFORE, (WARD, "no", 356, None)], 1, 356, 10, 10, 0),
    "overlapping services count once": (
        [BEFORE, (WARD, "no", 20, 29), (TEAM, "no", 25, 34), (HOUSE, "no", 22, 23)],
        1, 20, 15, 15, 0,
    ),
    "the earlier of two": (
        [BEFORE, (WARD, "no", 200, 209), (TEAM, "no", 100, 104)],
        1, 100, 15, 15, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", HISTORIES)
def test_outcomes_from_records(tmp_path, story):
    episodes, *expected = HISTORIES[story]
    person = outcomes(tmp_path, episodes)
    assert [person[name] for name in OUTCOMES] == expected


@pytest.fixture
def analysis(tmp_path):
    return derive(load(write_files(tmp_path, small_trial())))


def test_there_is_a_row_for_each_participant_in_the_order_of_identifiers(analysis):
    ids = analysis.participants["participant_id"].tolist()
    assert ids == [f"P{i:03d}" for i in range(1, 25)]


def test_without_records_outcomes_are_not_known(analysis):
    people = analysis.participants
    unknown = ~people["acute_records_obtained"]
    assert unknown.sum() == 2
    for name in (
        "readmitted",
        "days_to_readmission",
        "acute_days",
        "readmission_days",
        "index_days",
    ):
        assert people.loc[unknown, name].isna().all()
        assert people.loc[~unknown, name].notna().all()


def test_clusters_are_workers_in_the_intervention_and_people_in_the_control_group(analysis):
    people = analysis.participants
    control = people["arm"] == "control"
    assert (people.loc[control, "cluster_id"] == people.loc[control, "participant_id"]).all()
    assert set(people.loc[~control, "cluster_id"]) == {"WA1", "WA2", "WB1", "WB2"}
    assert people["psw_id"].isna().equals(control)


def test_interviews_scores_and_what_the_pilot_never_had(tmp_path):
    files = small_trial()
    row = find(files, "questionnaires.csv", participant_id="P020", visit="baseline")
    for i in range(1, 9):
        put(files, "questionnaires.csv", row, f"csq_{i}", "3")
        put(files, "questionnaires.csv", row, f"uls_{i}", "4")
    put(files, "questionnaires.csv", row, "qpr_7", "")
    people = derive(load(write_files(tmp_path, files))).participants.set_index("participant_id")
    assert people.loc["P020", "satisfaction_baseline"] == 24
    assert people.loc["P020", "loneliness_baseline"] == 6 * 4 + 2 * 1
    assert math.isnan(people.loc["P020", "recovery_baseline"])
    pilot = people["internal_pilot"]
    assert pilot.sum() == 4
    assert not people.loc[pilot, "expected_month_18"].any()
    assert not people.loc[pilot, "interviewed_month_18"].any()
    assert people.loc[pilot, "loneliness_baseline"].isna().all()
    held = {r[0] for r in files["questionnaires.csv"] if r[1] == "month_4"}
    assert set(people.index[people["interviewed_month_4"]]) == held


def test_sessions_are_counted_in_the_intervention_group_alone(tmp_path):
    files = small_trial()
    lonely = "P003"
    files["sessions.csv"] = [r for r in files["sessions.csv"] if r[0] != lonely]
    people = derive(load(write_files(tmp_path, files))).participants.set_index("participant_id")
    control = people["arm"] == "control"
    assert people.loc[control, ["sessions_offered", "sessions_attended"]].isna().all(axis=None)
    assert (people.loc[lonely, ["sessions_offered", "sessions_attended"]] == 0).all()
    rows = [r for r in files["sessions.csv"][1:] if r[0] == "P004"]
    assert people.loc["P004", "sessions_offered"] == len(rows)
    assert people.loc["P004", "sessions_attended"] == sum(r[3] == "yes" for r in rows)


def test_contacts_and_workbook_are_missing_where_there_is_no_row(tmp_path):
    files = small_trial()
    files["service_use.csv"] = [r for r in files["service_use.csv"] if r[0] != "P002"]
    files["workbook.csv"] = [files["workbook.csv"][0], ["P001", "yes", "no", "", "no", "yes"]]
    find(files, "questionnaires.csv", participant_id="P001", visit="month_4")
    people = derive(load(write_files(tmp_path, files))).participants.set_index("participant_id")
    assert people.loc["P002", ["cmht_contacts_baseline", "cmht_contacts"]].isna().all()
    answers = people.loc["P001", ["workbook_read", "plans_moving_on", "plans_keeping_well"]]
    np.testing.assert_array_equal(answers.to_numpy(float), [1, 0, np.nan])
    assert people["workbook_read"].notna().sum() == 1


def test_the_flow_counts_people(analysis):
    counts = {(f.step, f.arm, f.reason): (f.n, f.of) for f in analysis.flow}
    assert counts["screened", "", ""] == (112, 0)
    assert counts["not_eligible", "", "moved away"] == (30, 0)
    assert counts["randomised", "", ""] == (24, 0)
    assert counts["randomised", "control", ""] == (12, 0)
    assert counts["pilot", "", ""] == (4, 0)
    assert counts["main_trial", "", ""] == (20, 0)
    assert counts["primary_outcome_known", "", ""] == (22, 24)
    by_arm = [counts["primary_outcome_known", arm, ""] for arm in ("control", "intervention")]
    assert [of for _, of in by_arm] == [12, 12]
    assert sum(n for n, _ in by_arm) == 22
    assert counts["not_expected_month_18", "", ""] == (4, 24)
    held, of = counts["interviewed_month_18", "", ""]
    assert held + counts["not_interviewed_month_18", "", ""][0] + 4 == of == 24
