"""Drawn formulas: our parser for simple ones and formulaic's give the same terms and columns."""

import numpy as np
import pandas as pd
from effort import examples
from formulaic import model_matrix
from hypothesis import given
from hypothesis import strategies as st

from core_trial.models.design import build
from core_trial.models.formula import Formula, plain
from core_trial.models.reading.by_formulaic import by_formulaic

RNG = np.random.default_rng(3)
N = 240
FRAME = pd.DataFrame(
    {
        "g": RNG.choice(list("abc"), N),
        "h": pd.Categorical(RNG.choice(["no", "yes"], N), categories=["yes", "no"]),
        "k": RNG.choice([1, 2, 3], N),
        "x": RNG.normal(size=N),
        "z": RNG.uniform(1, 2, N),
    }
)
#: Smallest singular value, relative to the largest, of columns that are independent.
RANK = 1e-9

names = st.sampled_from(["g", "h", "x", "z", "C(k)"])
joined = st.tuples(st.lists(names, min_size=1, max_size=3, unique=True), st.sampled_from(":*"))
products = joined.map(lambda drawn: drawn[1].join(drawn[0]))
sides = st.tuples(
    st.sampled_from(["", "0 + ", "1 + ", "-1 + "]),
    st.lists(products, min_size=1, max_size=4),
    st.sampled_from(["", " - 1", " + 0", " + 1"]),
).map(lambda drawn: drawn[0] + " + ".join(drawn[1]) + drawn[2])


@given(sides)
def test_both_parsers_read_the_same_terms(right):
    read = plain(right, right)
    assert read is not None
    assert read == by_formulaic(right, right)


@given(sides)
def test_a_formula_reads_as_it_is_printed(right):
    terms, intercept = by_formulaic(right, right)
    printed = str(Formula("", terms, intercept))
    assert plain(printed, printed) == (terms, intercept)


@examples(40)
@given(sides)
def test_the_columns_span_what_formulaics_do(right):
    ours = build(right, FRAME)
    theirs = model_matrix(right, FRAME).to_numpy(dtype=float)
    assert ours.X.shape[1] == theirs.shape[1]
    assert rank(np.column_stack([ours.X, theirs])) == rank(ours.X) == ours.X.shape[1]


@given(sides)
def test_terms_share_the_columns_out_and_the_recipe_repeats_them(right):
    built = build(right, FRAME)
    places = [k for columns in built.term_columns.values() for k in columns]
    assert places == list(range(len(built.columns)))
    assert len(set(built.columns)) == len(built.columns)
    np.testing.assert_array_equal(built.recipe.matrix(FRAME), built.X)
    part = FRAME.iloc[[5, 3, 3]]
    np.testing.assert_array_equal(built.recipe.matrix(part), built.X[[5, 3, 3]])


def rank(X):
    size = np.linalg.svd(X / np.linalg.norm(X, axis=0), compute_uv=False)
    return int((size > RANK * size[0]).sum())
