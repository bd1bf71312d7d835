"""Kaplan-Meier points of six people, by hand."""

import numpy as np
import pandas as pd
import pytest
from analysis_sets import fits

from core_trial.analyses import curves

#: Readmitted on days 5, 5 and 9; one censored on day 7, two at the end.
INTERVENTION = [(5.0, 1.0), (5.0, 1.0), (7.0, 0.0), (9.0, 1.0), (365.0, 0.0), (365.0, 0.0)]
CONTROL = [(20.0, 1.0), (365.0, 0.0)]


@pytest.fixture
def people():
    rows = [("intervention", *x) for x in INTERVENTION] + [("control", *x) for x in CONTROL]
    frame = pd.DataFrame(rows, columns=["arm", "days_to_readmission", "readmitted"])
    frame["arm"] = pd.Categorical(frame["arm"], ["control", "intervention"])
    frame["cluster_id"] = [f"c{i}" for i in frame.index]
    return frame


def test_points_are_the_product_limit(people):
    points = [p for p in curves.records(fits(people)) if p.arm == "intervention"]
    found = [(p.time, p.at_risk, p.events, p.censored, p.survival) for p in points]
    assert found == [
        (5.0, 6, 2, 0, pytest.approx(4 / 6)),
        (7.0, 4, 0, 1, pytest.approx(4 / 6)),
        (9.0, 3, 1, 0, pytest.approx(4 / 6 * 2 / 3)),
        (365.0, 2, 0, 2, pytest.approx(4 / 6 * 2 / 3)),
    ]
    assert all(p.low <= p.survival <= p.high for p in points)
    assert {p.analysis for p in points} == {"time_to_readmission"}


def test_each_arm_has_its_own_curve(people):
    points = [p for p in curves.records(fits(people)) if p.arm == "control"]
    assert [(p.time, p.survival) for p in points] == [(20.0, 0.5), (365.0, 0.5)]


def test_those_whose_readmissions_are_not_known_are_not_at_risk(people):
    people.loc[0, ["days_to_readmission", "readmitted"]] = np.nan
    first = next(p for p in curves.records(fits(people)) if p.arm == "intervention")
    assert (first.at_risk, first.events) == (5, 1)


def test_there_is_no_curve_when_nobody_is_known(people):
    assert list(curves.records(fits(people.assign(readmitted=np.nan)))) == []
