"""Centres and dates of six participants, read off by eye."""

import datetime

import pandas as pd

from core_trial.data.analysis_set import AnalysisSet
from core_trial.results import Results
from core_trial.trials.core import CORE
from core_trial.trials.core.analyses.recruitment import records

PARTICIPANTS = pd.DataFrame(
    {
        "centre": list("AAABBC"),
        "internal_pilot": [True, True, False, False, False, False],
        "randomised_on": pd.to_datetime(
            ["2013-05-20", "2013-05-14", "2014-03-12", "2015-07-03", "2014-05-01", "2014-06-01"]
        ),
    }
)
QUESTIONNAIRES = pd.DataFrame(
    {
        "visit": ["baseline", "month_4", "month_4", "month_18"],
        "completed_on": pd.to_datetime(["2013-05-14", "2014-07-01", pd.NaT, "2017-02-23"]),
    }
)
DATA = AnalysisSet(PARTICIPANTS, trial=CORE, tables={"questionnaires": QUESTIONNAIRES})
FOUND = Results(tuple(records(DATA)))


def day(year, month, day):
    return float(datetime.date(year, month, day).toordinal())


def test_centres():
    assert FOUND.value("centres", "n") == 3
    assert FOUND.value("centres", "n", "", "pilot") == 1
    assert FOUND.value("centres", "n", "", "main_trial") == 3


def test_dates():
    assert FOUND.value("recruitment", "first_date", "", "pilot") == day(2013, 5, 14)
    assert FOUND.value("recruitment", "last_date", "", "pilot") == day(2013, 5, 20)
    assert FOUND.value("recruitment", "last_date", "", "main_trial") == day(2015, 7, 3)
    assert FOUND.value("interviews", "last_date", "", "month_4") == day(2014, 7, 1)
    assert FOUND.value("interviews", "last_date", "", "month_18") == day(2017, 2, 23)
