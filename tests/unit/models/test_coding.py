"""Contrasts, functions and splines in a design, and the recipe that repeats them on other rows."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models import mixed_linear
from core_trial.models.design import build

RNG = np.random.default_rng(8)
N = 80
FRAME = pd.DataFrame(
    {
        "y": RNG.normal(size=N),
        "g": np.arange(N) % 4,
        "arm": np.where(np.arange(N) % 7 < 4, "a", "b"),
        "x": RNG.normal(size=N),
        "site": pd.Categorical(["x", "y", "z", "z"] * 20, ["z", "y", "x"]),
        "age": RNG.uniform(18, 70, N),
        "c": np.arange(N) % 10,
    }
)


@pytest.mark.parametrize(
    ("formula", "columns"),
    [
        ("y ~ C(site, contr.treatment('y'))", ("Intercept", "site[z]", "site[x]")),
        ("y ~ C(site, Treatment('x'))", ("Intercept", "site[z]", "site[y]")),
        ("y ~ C(site, levels=['x', 'y', 'z'])", ("Intercept", "site[y]", "site[z]")),
        ("y ~ C(site, contr.sum)", ("Intercept", "site[S.z]", "site[S.y]")),
        ("y ~ C(site, Sum)", ("Intercept", "site[S.z]", "site[S.y]")),
        ("y ~ 0 + C(site, Sum)", ("site[z]", "site[y]", "site[x]")),
        ("y ~ arm:site", ("Intercept", "site[y]", "site[x]", "arm[b]:site[z]", "arm[b]:site[y]")),
        ("y ~ np.log(age)", ("Intercept", "np.log(age)")),
        ("y ~ poly(age, 2)", ("Intercept", "poly(age, 2)[1]", "poly(age, 2)[2]")),
        ("y ~ I(arm == 'b')", ("Intercept", "I(arm == 'b')")),
    ],
)
def test_columns_are_named_in_our_style(formula, columns):
    assert build(formula, FRAME).columns[: len(columns)] == columns


def test_a_spline_that_holds_the_constant_gives_one_column_to_the_intercept():
    with_intercept = build("y ~ cr(age, df=4)", FRAME)
    without = build("y ~ 0 + cr(age, df=4)", FRAME)
    assert with_intercept.X.shape == without.X.shape == (N, 4)
    both = np.column_stack([with_intercept.X, without.X])
    assert np.linalg.matrix_rank(both) == 4
    assert build("y ~ bs(age, df=4)", FRAME).X.shape == (N, 5)


def test_a_cox_design_codes_factors_as_if_it_had_an_intercept():
    assert build("arm", FRAME, baseline=True).columns == ("arm[b]",)
    assert build("arm:age", FRAME, baseline=True).columns == ("arm[a]:age", "arm[b]:age")
    assert len(build("arm:site", FRAME, baseline=True).columns) == 5


@pytest.mark.parametrize(
    "right",
    [
        "bs(age, df=5) + arm",
        "cr(age, df=5)*arm",
        "poly(age, 3)*arm + scale(x):arm",
        "center(age) + C(site, contr.helmert)",
        "C(g, Treatment(2))*np.log(age) + I(arm == 'b')",
    ],
)
def test_a_recipe_codes_other_rows_as_the_rows_of_the_fit(right):
    built = build(f"y ~ {right}", FRAME)
    for recipe in (built.recipe, pickle.loads(pickle.dumps(built.recipe))):
        for rows in ([7], [3, 3, 50], slice(10, 20)):
            np.testing.assert_allclose(recipe.matrix(FRAME.iloc[rows]), built.X[rows], atol=1e-12)
    assert built.recipe.columns == built.columns
    assert set(built.recipe.variables) <= set(FRAME.columns)
    again = copy.deepcopy(built)
    np.testing.assert_array_equal(again.X, built.X)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"site": "Z"}, "level 'Z' that the fit did not see; did you mean 'z'"),
        ({"arm": "c"}, "level 'c' that the fit did not see"),
        ({"age": 99.0}, "cannot be worked out"),
        ({"age": np.nan}, "missing values; choose the complete rows"),
        ({"age": "old"}, "cannot be worked out|number"),
        ({"g": None}, "missing values; choose the complete rows"),
    ],
)
def test_a_recipe_refuses_what_the_fit_did_not_see(change, message):
    recipe = build("y ~ site + bs(age, df=4) + g + I(arm == 'b')", FRAME).recipe
    with pytest.raises(DesignError, match=message):
        recipe.matrix(FRAME.assign(**change))
    with pytest.raises(DesignError, match="no column 'age'"):
        recipe.matrix(FRAME.drop(columns="age"))


@pytest.mark.parametrize(
    ("right", "message"),
    [
        ("C(site, Treatment('w'))", "no level 'w' to refer to.*its levels are z, y, x"),
        ("C(site, 'x')", r"write C\(site, contr.treatment\('x'\)\)"),
        ("C(site, levels=['x', 'y'])", "levels= leaves out z"),
        ("C(site, levels=['x', 'y', 'z', 'w'])", "nobody has level w"),
        ("C(age > 40)", "make a column of it first"),
        ("np.log(age - 40)", "is not a finite number in"),
        ("x[0]", "does not give a number for each row"),
        ("I(x.mean())", "does not give a number for each row"),
        ("lgo(age)", "did you mean 'log'"),
        ("bs(age, df=2)", "cannot be worked out"),
        ("np.log(arm)", "cannot be worked out"),
        ("lag(age)", "is not a finite number in 1 row$"),
        ("arm*C(k)", r"nobody is in arm\[b\]:k\[2\]: join levels"),
        ("age + I(2*age)", "follows from the columns before it"),
    ],
)
def test_what_cannot_be_coded_is_said(right, message):
    k = np.where((FRAME["arm"] == "a") & (FRAME["g"] > 1), 2, 1)
    with pytest.raises(DesignError, match=message):
        build(f"y ~ {right}", FRAME.assign(k=k))


def test_transformed_covariates_in_a_fit():
    fit = mixed_linear("y ~ np.log(age)*arm", FRAME, cluster="c")
    assert fit.terms == ("Intercept", "np.log(age)", "arm[b]", "np.log(age):arm[b]")
    by_hand = mixed_linear("y ~ l*arm", FRAME.assign(l=np.log(FRAME["age"])), cluster="c")
    np.testing.assert_allclose(fit.beta, by_hand.beta, rtol=1e-10)
