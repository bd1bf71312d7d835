"""A stage adds columns, and can do nothing else."""

import numpy as np
import pandas as pd
import pytest

from core_trial.synthesis.people import add, codes, treated

PEOPLE = pd.DataFrame({"arm": ["control", "intervention"]})


def test_a_stage_may_not_change_what_stands_nor_leave_anybody_out():
    with pytest.raises(ValueError, match="not change arm"):
        add(PEOPLE, pd.DataFrame({"arm": ["control", "control"]}))
    with pytest.raises(ValueError, match="only add"):
        add(PEOPLE, pd.DataFrame({"age": [30]}))
    assert list(add(PEOPLE, pd.DataFrame({"age": [30, 40]}))) == [*PEOPLE.columns, "age"]


def test_arms_and_labels_are_numbered():
    assert treated(PEOPLE).tolist() == [0.0, 1.0]
    assert np.array_equal(codes(pd.Series(["b", "a", "b"])), [1, 0, 1])
