"""A stage adds columns, and can do nothing else."""

import numpy as np
import pandas as pd
import pytest

from core_trial.trials.core.generator import draft

PEOPLE = pd.DataFrame({"arm": ["control", "intervention"], "lifetime_admissions": ["never", None]})


def test_a_stage_may_not_change_what_stands_nor_leave_anybody_out():
    with pytest.raises(ValueError, match="not change arm"):
        draft.add(PEOPLE, pd.DataFrame({"arm": ["control", "control"]}))
    with pytest.raises(ValueError, match="only add"):
        draft.add(PEOPLE, pd.DataFrame({"age": [30]}))
    assert list(draft.add(PEOPLE, pd.DataFrame({"age": [30, 40]}))) == [*PEOPLE.columns, "age"]


def test_categories_are_those_of_the_analysis_set():
    coded = draft.as_analysed(PEOPLE)
    assert list(coded["arm"].cat.categories) == ["control", "intervention"]
    assert draft.treated(PEOPLE).tolist() == [0.0, 1.0]


def test_standing_counts_from_the_mean_and_is_zero_where_unknown():
    people = pd.DataFrame({"lifetime_admissions": ["never", "1", "2_to_5", "more_than_5", None]})
    standing = draft.standing(people, "lifetime_admissions")
    assert standing[4] == 0
    assert np.diff(standing[:4]) == pytest.approx(np.diff(standing[:4])[0] * np.ones(3))
    assert standing[:4].std(ddof=1) == pytest.approx(1)
