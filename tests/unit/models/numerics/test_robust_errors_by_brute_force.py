"""Bias reduction and the jackknife against their definitions, written out with whole matrices."""

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models import design as designs
from core_trial.models.counts.likelihood import evaluate, informations
from core_trial.models.counts.search import prepare
from core_trial.models.numerics import sandwich
from core_trial.models.numerics.sandwich import bias_reduced, cluster_informations, left_out


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(4)
    codes = np.sort(rng.integers(0, 6, 40))
    X = np.column_stack([np.ones(40), codes > 2, rng.normal(size=40)])
    return X, rng.normal(size=40), rng.uniform(0.5, 3.0, 40), codes


def power(A, exponent):
    value, vectors = np.linalg.eigh(A)
    return (vectors * value**exponent) @ vectors.T


def whole_matrices(X, residual, variance, codes):
    """Covariance, and Satterthwaite's df from the quadratic forms in n errors."""
    V, W = np.diag(variance), np.diag(variance)
    bread = np.linalg.inv(X.T @ W @ X)
    H = W @ X @ bread @ X.T
    rest = np.eye(len(X)) - H
    cov, G = 0, []
    for g in np.unique(codes):
        own = codes == g
        D = np.sqrt(V[np.ix_(own, own)])
        B = D @ (rest @ V @ rest.T)[np.ix_(own, own)] @ D
        A = D @ power(B, -0.5) @ D
        half = bread @ X[own].T @ A
        move = half @ residual[own]
        cov = cov + np.outer(move, move)
        G.append(half @ rest[own])
    df = []
    for k in range(X.shape[1]):
        rows = np.stack([g[k] for g in G])
        P = rows @ V @ rows.T
        df.append(np.trace(P) ** 2 / (P**2).sum())
    return cov, np.array(df)


@pytest.mark.parametrize("constant", [True, False])
def test_bias_reduction_is_its_definition(data, constant):
    X, residual, variance, codes = data
    if constant:  # within clusters
        variance = 1.0 + codes / 3
    residual = residual - X @ np.linalg.lstsq(X, residual, rcond=None)[0]
    cov, df = whole_matrices(X, residual, variance, codes)
    found = bias_reduced(X, residual, variance, codes)
    np.testing.assert_allclose(found.cov, cov, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.df, df, rtol=1e-9)
    turn = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]])
    some = bias_reduced(X, residual, variance, codes, contrasts=turn)
    np.testing.assert_allclose(some.cov, turn @ cov @ turn.T, rtol=1e-9, atol=1e-12)


def test_equal_rows_may_be_merged_or_not(data):
    X, residual, variance, codes = data
    often = 1.0 + np.arange(40) % 3
    long = np.repeat(np.arange(40), often.astype(int))
    merged = bias_reduced(X, residual, variance, codes, weights=often)
    laid_out = bias_reduced(X[long], residual[long], variance[long], codes[long])
    np.testing.assert_allclose(merged.cov, laid_out.cov, rtol=1e-10)
    np.testing.assert_allclose(merged.df, laid_out.df, rtol=1e-10)


def test_a_mean_that_one_cluster_determines_has_no_df(data):
    _, y, _, codes = data
    X = np.column_stack([np.ones(40), codes == 0])
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    both = np.array([[1.0, 1.0], [1.0, 0.0]])  # the mean of cluster 0, and of all the others
    found = bias_reduced(X, y - X @ beta, np.ones(40), codes, contrasts=both)
    assert np.isnan(found.df[0])
    assert found.cov[0, 0] == pytest.approx(0, abs=1e-15)
    assert 1 < found.df[1] < 5


@pytest.mark.parametrize("rows", [3, 4])
def test_very_large_clusters_are_refused(data, monkeypatch, rows):
    monkeypatch.setattr(sandwich, "LARGEST_CLUSTER_FOR_CR2", 3)
    X, residual, variance, _ = data
    codes = np.arange(40) // 2
    codes[:rows] = 0
    codes[rows:] += 1
    if rows == 3:
        bias_reduced(X, residual, variance, codes)
        return
    with pytest.raises(DesignError, match="inference='jackknife'"):
        bias_reduced(X, residual, variance, codes)


def test_leaving_out_a_cluster_of_a_linear_model_is_the_refit(data):
    X, y, _, codes = data
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    own = cluster_informations(X, np.ones(40), codes, 6)
    sums = np.stack([X[codes == g].T @ (y - X @ beta)[codes == g] for g in range(6)])
    found = left_out(X.T @ X, own, sums, np.eye(3))
    for g in range(6):
        rest = codes != g
        without = np.linalg.lstsq(X[rest], y[rest], rcond=None)[0]
        np.testing.assert_allclose(found[g], without - beta, rtol=1e-9, atol=1e-12)


def test_what_is_not_estimable_without_a_cluster_is_nan(data):
    X, y, _, codes = data
    X = np.column_stack([X, codes == 0])
    own = cluster_informations(X, np.ones(40), codes, 6)
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    sums = np.stack([X[codes == g].T @ (y - X @ beta)[codes == g] for g in range(6)])
    found = left_out(X.T @ X, own, sums, np.eye(4))
    assert np.isnan(found[0, 3])
    assert np.isnan(found).sum() == 1
    rest = codes != 0
    without = np.linalg.lstsq(X[rest][:, :3], y[rest], rcond=None)[0]
    np.testing.assert_allclose(found[0, :3], without - beta[:3], rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("log_alpha", [-3.0, 0.5])
@pytest.mark.parametrize("inflated", [True, False])
def test_informations_of_clusters_add_up_to_the_whole(inflated, log_alpha):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"days": rng.negative_binomial(1, 0.2, 60), "x": rng.normal(size=60)})
    frame["arm"] = np.arange(60) % 2
    count = designs.build("days ~ arm + x", frame)
    excess = designs.build("arm", frame) if inflated else None
    model = prepare(count, excess, offset=0.1 * rng.normal(size=60))
    at = np.append(0.3 * rng.normal(size=model.data.n_parameters - 1), log_alpha)
    codes = rng.integers(0, 5, 60)
    own = informations(model.data, at, model.row, codes, model.weights)
    np.testing.assert_allclose(own.sum(axis=0), evaluate(model.data, at)[2], rtol=1e-9, atol=1e-9)
