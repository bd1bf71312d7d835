"""Merging rows and clusters changes nothing but the amount of work."""

import numpy as np
import pandas as pd
import pytest
from clustered import trial

from core_trial.models.clusters import Clusters, clusters
from core_trial.models.design import build
from core_trial.models.intercept import layout as module
from core_trial.models.intercept.adaptive_quadrature import Likelihood
from core_trial.models.intercept.layout import arrange, distinct, tabulate
from core_trial.models.numerics.canonical import LOGISTIC
from core_trial.models.numerics.quadrature import hermite_rule


def test_distinct_rows_and_where_they_are():
    X = np.array([[1.0, 0.0], [1.0, 2.0], [1.0, -0.0], [1.0, 2.0], [3.0, 0.0]])
    pattern_of, first = distinct(X)
    assert len(first) == 3
    np.testing.assert_array_equal(X[first][pattern_of], X)


def test_rows_that_differ_in_the_last_bit_are_kept_apart():
    X = np.array([[0.1], [np.nextafter(0.1, 1)], [0.1]])
    pattern_of, first = distinct(X)
    assert len(first) == 2
    assert pattern_of[0] == pattern_of[2] != pattern_of[1]


def test_rows_with_the_same_key_are_never_merged(monkeypatch):
    monkeypatch.setattr(np.random, "default_rng", lambda seed: _Even())
    X = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]])  # equal multipliers make their keys equal
    pattern_of, first = distinct(X)
    np.testing.assert_array_equal(pattern_of, [0, 1, 2])
    np.testing.assert_array_equal(first, [0, 1, 2])


class _Even:
    def integers(self, high):
        return 1


def merged():
    # cluster a: two rows alike, one not; b and c: single rows alike; d: single, other response
    codes = np.array([0, 0, 0, 1, 2, 3])
    X = np.array([[1.0, 0], [1, 0], [1, 1], [1, 1], [1, 1], [1, 1]])
    y = np.array([1.0, 0, 1, 0, 0, 1])
    return arrange(X, Clusters(codes, pd.Index(list("abcd")))), y


def test_what_is_merged():
    layout, y = merged()
    table = tabulate(layout, layout.patterns.T, y, 7)
    (block,) = table.blocks
    assert block.trials.tolist() == [2, 1, 1, 1] or block.trials.tolist() == [1, 2, 1, 1]
    assert block.successes.sum() == 3
    assert block.weight.tolist() == [1, 2, 1]
    np.testing.assert_array_equal(table.clusters, [0, 1, 2, 3])
    np.testing.assert_array_equal(table.units, [0, 1, 1, 2])
    assert layout.compares_within
    assert layout.compares_clusters


def test_rows_outside_the_random_effect():
    codes = np.array([0, 0, 1, 2])
    X = np.array([[1.0], [1], [1], [1]])
    members = Clusters(codes, pd.Index(list("abc")))
    layout = arrange(X, members, np.array([1.0, 1, 0, 0]))
    table = tabulate(layout, np.ones((1, 1)), np.array([1.0, 0, 1, 1]), 7)
    assert table.fixed.trials.tolist() == [2]
    assert table.fixed.successes.tolist() == [2]
    assert table.clusters.tolist() == [0]
    assert not layout.compares_clusters


@pytest.mark.parametrize("covariates", ["arm + centre", "arm + centre + age"])
def test_merging_is_exact(covariates, monkeypatch):
    frame = trial(3, n=90)
    design, members = build(f"event ~ {covariates}", frame), clusters(frame, "cluster")
    theta = np.linspace(-0.5, 0.7, design.X.shape[1] + 1)

    def evaluate():
        layout = arrange(design.X, members)
        table = tabulate(layout, np.ascontiguousarray(layout.patterns.T), design.y, 7)
        return Likelihood(table, LOGISTIC, hermite_rule(7))(theta), len(table.blocks)

    short, _ = evaluate()
    apart = np.arange(design.n)
    monkeypatch.setattr(module, "distinct", lambda X: (apart, apart))
    long, _ = evaluate()
    monkeypatch.setattr(module, "BLOCK", 70)
    cut, blocks = evaluate()
    assert blocks > 5
    for other in (long, cut):
        for a, b in zip(short, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)
