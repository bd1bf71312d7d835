"""The columns of the draft, coded as the analysis set codes them."""

import numpy as np
import pandas as pd
import pytest

from core_trial.trials.core.generator import draft

PEOPLE = pd.DataFrame({"arm": ["control", "intervention"], "lifetime_admissions": ["never", None]})


def test_categories_are_those_of_the_analysis_set():
    coded = draft.as_analysed(PEOPLE)
    assert list(coded["arm"].cat.categories) == ["control", "intervention"]


def test_standing_counts_from_the_mean_and_is_zero_where_unknown():
    people = pd.DataFrame({"lifetime_admissions": ["never", "1", "2_to_5", "more_than_5", None]})
    standing = draft.standing(people, "lifetime_admissions")
    assert standing[4] == 0
    assert np.diff(standing[:4]) == pytest.approx(np.diff(standing[:4])[0] * np.ones(3))
    assert standing[:4].std(ddof=1) == pytest.approx(1)
