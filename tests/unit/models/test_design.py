"""Formula to design matrix: what is understood, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models import clusters, design

FRAME = pd.DataFrame(
    {
        "y": [1.0, 2.0, 3.0, 5.0, 8.0, 4.0],
        "arm": pd.Categorical(
            ["control", "intervention"] * 3, categories=["control", "intervention"]
        ),
        "x": [0.5, 1.5, 2.0, 2.5, 4.0, 0.0],
        "site": ["b", "a", "c", "a", "b", "c"],
        "flag": [True, False, False, True, False, True],
        "who": ["p2", "p1", "p2", "p1", "p3", "p3"],
    }
)


def test_columns_are_named_by_factor_and_level():
    built = design.build("y ~ arm + x + site", FRAME)
    assert built.columns == ("Intercept", "arm[intervention]", "x", "site[b]", "site[c]")
    np.testing.assert_array_equal(built.X[:, 1], [0, 1, 0, 1, 0, 1])
    np.testing.assert_array_equal(built.X[:, 3], [1, 0, 0, 0, 1, 0])
    np.testing.assert_array_equal(built.y, FRAME["y"])


def test_a_star_is_main_effects_and_product():
    built = design.build("y ~ arm*x", FRAME)
    assert built.columns == ("Intercept", "arm[intervention]", "x", "arm[intervention]:x")
    np.testing.assert_array_equal(built.X[:, 3], built.X[:, 1] * built.X[:, 2])


def test_the_order_of_a_categorical_decides_the_reference():
    turned = FRAME.assign(arm=FRAME["arm"].cat.reorder_categories(["intervention", "control"]))
    assert design.build("y ~ arm", turned).columns == ("Intercept", "arm[control]")


@pytest.mark.parametrize("formula", ["y ~ 0 + x", "y ~ x - 1"])
def test_the_intercept_can_be_taken_out(formula):
    assert design.build(formula, FRAME).columns == ("x",)


def test_booleans_are_numbers_and_c_makes_a_factor_of_a_number():
    assert design.build("y ~ flag", FRAME).columns == ("Intercept", "flag")
    scored = FRAME.assign(k=[1, 2, 3, 1, 2, 3])
    assert design.build("y ~ C(k)", scored).columns == ("Intercept", "k[2]", "k[3]")


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ nothing", "no column 'nothing'"),
        ("y ~ lgo(x)", "did you mean 'log'"),
        ("y ~ x + y", "both sides"),
        ("y ~ x - arm", "no term 'arm' to take out"),
        ("y ~ ", "cannot read"),
        ("a ~ b ~ c", "left side"),
        ("y ~ x:x", "by itself"),
        ("site ~ x", "must be numeric"),
    ],
)
def test_a_formula_that_cannot_be_meant_is_refused(formula, message):
    with pytest.raises(DesignError, match=message):
        design.build(formula, FRAME)


def test_missing_values_are_refused_and_counted():
    with pytest.raises(DesignError, match="'x' has 2 missing values"):
        design.build("y ~ x", FRAME.assign(x=[1.0, None, 2.0, None, 3.0, 4.0]))


def test_infinite_values_are_refused():
    with pytest.raises(DesignError, match="infinite"):
        design.build("y ~ x", FRAME.assign(x=[1.0, np.inf, 2.0, 5.0, 3.0, 4.0]))


def test_a_level_that_nobody_has_is_refused():
    grown = FRAME.assign(arm=FRAME["arm"].cat.add_categories("other"))
    with pytest.raises(DesignError, match="nobody has level other"):
        design.build("y ~ arm", grown)


def test_constant_and_collinear_columns_are_named():
    with pytest.raises(DesignError, match="x is constant"):
        design.build("y ~ x", FRAME.assign(x=1.0))
    with pytest.raises(DesignError, match="z follows from"):
        design.build("y ~ x + z", FRAME.assign(z=2 * FRAME["x"] + 1))


@pytest.mark.parametrize("factor", [1e200, 1e-200])
def test_a_column_whose_square_is_no_number_is_named(factor):
    with pytest.raises(DesignError, match="column x cannot be squared"):
        design.build("y ~ x", FRAME.assign(x=FRAME["x"] * factor))


def test_more_columns_than_rows_are_collinear():
    with pytest.raises(DesignError, match="follows from"):
        design.build("y ~ arm + x + site", FRAME.iloc[:3])


def test_clusters_are_coded_in_the_order_of_their_labels():
    found = clusters.clusters(FRAME, "who")
    assert list(found.labels) == ["p1", "p2", "p3"]
    np.testing.assert_array_equal(found.codes, [1, 0, 1, 0, 2, 2])
    np.testing.assert_array_equal(found.sizes, [2, 2, 2])


def test_an_indicator_is_zero_one_or_a_factor_of_two():
    np.testing.assert_array_equal(clusters.indicator(FRAME, "arm"), [0, 1, 0, 1, 0, 1])
    np.testing.assert_array_equal(clusters.indicator(FRAME, "flag"), [1, 0, 0, 1, 0, 1])
    with pytest.raises(DesignError, match="0 and 1"):
        clusters.indicator(FRAME, "x")


def test_another_response_for_the_same_design():
    built = design.build("y ~ x", FRAME)
    np.testing.assert_array_equal(built.with_response(np.arange(6.0)).y, np.arange(6.0))
    with pytest.raises(DesignError, match="6 finite numbers"):
        built.with_response(np.array([1.0, np.nan, 0, 0, 0, 0]))


def test_a_column_that_is_there_twice_is_refused():
    twice = pd.concat([FRAME, FRAME[["x"]]], axis=1)
    with pytest.raises(DesignError, match="2 times"):
        design.build("y ~ x", twice)
