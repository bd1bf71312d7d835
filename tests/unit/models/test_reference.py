"""What a fit remembers of its covariates, and a mapping that cannot change."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from core_trial.models.design import build
from core_trial.models.frozen import ReadOnly

FRAME = pd.DataFrame(
    {
        "y": np.arange(8.0),
        "arm": list("bababbba"),
        "site": pd.Categorical(list("xxyyxxyx"), categories=["y", "x"]),
        "sick": [True, False] * 4,
        "dose": [1.5, 2.5] * 4,
        "age": [30.0, 40, 50, 60, 35, 45, 55, 61],
    }
)


def test_levels_means_and_how_often_they_come_together():
    about = build("y ~ arm + site + age", FRAME).reference
    assert about.levels == {"arm": ("a", "b"), "site": ("y", "x")}
    assert about.means == {"age": FRAME["age"].mean()}
    assert about.counts.sum() == 8
    counted = FRAME.groupby(["arm", "site"], observed=True).size() / 8
    assert about.shares(["arm", "site"]) == counted.to_dict()
    assert about.shares(["site"]) == {("y",): 3 / 8, ("x",): 5 / 8}


def test_a_number_with_two_values_is_a_factor():
    about = build("y ~ sick + dose:age + age", FRAME).reference
    assert about.levels == {"sick": (0, 1), "dose": (1.5, 2.5)}
    three = FRAME.assign(dose=[1.5, 2.5, 3.5, 1.5] * 2)
    assert build("y ~ dose", three).reference.means == {"dose": 2.25}


def test_variables_inside_functions_are_known_too():
    about = build("y ~ np.log(age) + C(arm)", FRAME).reference
    assert about.means == {"age": FRAME["age"].mean()}
    assert about.levels == {"arm": ("a", "b")}


def test_no_covariates():
    about = build("y ~ 1", FRAME).reference
    assert about.variables == ()
    assert about.shares([]) == {(): 1.0}


def test_a_read_only_mapping_is_a_value():
    one = ReadOnly({"a": 1})
    assert one == {"a": 1} == copy.deepcopy(one) == pickle.loads(pickle.dumps(one))
    with pytest.raises(TypeError):
        one["b"] = 2
    source = {"a": 1}
    kept = ReadOnly(source)
    source["a"] = 2
    assert kept["a"] == 1
