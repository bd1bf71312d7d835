"""The linear model against matrices of n rows: V is written out, nothing is in closed form."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime, brentq, minimize, minimize_scalar

from core_trial.models.clusters import clusters, indicator
from core_trial.models.design import build
from core_trial.models.linear.layout import arrange
from core_trial.models.linear.likelihood import evaluate, likelihood, profile
from core_trial.models.linear.mixed_linear import mixed_linear
from core_trial.models.linear.sufficient import summarise

#: Dense solves of 30 rows are right to about 1e-12.
SAME = 1e-8
#: Central differences of a likelihood of size 100, second derivatives.
NUMERIC = 1e-4

#: The random column, the residual column. In the last four they cut across clusters.
DESIGNS = {
    "all": ("1", None),
    "partial": ("nested", None),
    "by_arm": ("1", "nested"),
    "both": ("nested", "nested"),
    "crossed": ("1", "kind"),
    "part": ("kind", None),
    "part_crossed": ("kind", "nested"),
    "three": ("1", "third"),
}


def trial(seed: int = 4, n: int = 32) -> pd.DataFrame:
    """A small unbalanced trial with columns that cut across the clusters."""
    rng = np.random.default_rng(seed)
    nested = np.repeat([0, 1], [n // 3, n - n // 3])
    g = np.where(nested == 1, rng.integers(0, 5, n), np.arange(n) + 100)
    g[: n // 6] = 200  # one cluster of controls too
    frame = pd.DataFrame({"g": g, "nested": nested, "x": rng.normal(size=n).round(2)})
    frame["kind"] = rng.integers(0, 2, n)
    frame["third"] = rng.choice(["p", "q", "r"], n)
    u = pd.Series(rng.normal(size=300))
    frame["y"] = (2 + nested + frame.x + 1.2 * u[g].to_numpy() + rng.normal(size=n)).round(3)
    return frame


def derivatives(frame: pd.DataFrame, random: str, residual: str | None) -> list[np.ndarray]:
    """G_i: the matrices by which the variances are multiplied."""
    g = frame["g"].to_numpy()
    z = np.ones(len(g)) if random == "1" else frame[random].to_numpy(float)
    levels = pd.Series(0, index=frame.index) if residual is None else frame[residual]
    same = (g[:, None] == g[None, :]) * np.outer(z, z)
    return [same] + [np.diag((levels == k).to_numpy(float)) for k in sorted(levels.unique())]


def dense(theta, frame, G, restricted):
    """Log-likelihood, coefficients, covariance, with V written out."""
    X = np.column_stack([np.ones(len(frame)), frame.nested, frame.x])
    y = frame.y.to_numpy()
    V = sum(t * g for t, g in zip(theta, G, strict=True))
    W = np.linalg.inv(V)
    cov = np.linalg.inv(X.T @ W @ X)
    beta = cov @ X.T @ W @ y
    r = y - X @ beta
    rows = len(y) - X.shape[1] * restricted
    ll = rows * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + r @ W @ r
    ll -= restricted * np.linalg.slogdet(cov)[1]
    return -0.5 * ll, beta, cov, W, X


def kenward_roger(theta, frame, G):
    """Covariance and degrees of freedom, from the formulas of the 1997 paper as they stand."""
    _, _, phi, W, X = dense(theta, frame, G, True)
    m, p = len(G), X.shape[1]
    P = [-X.T @ W @ g @ W @ X for g in G]
    Q = [[X.T @ W @ g @ W @ h @ W @ X for h in G] for g in G]
    information = np.empty((m, m))
    for i in range(m):
        for j in range(m):
            information[i, j] = 0.5 * (
                np.trace(W @ G[i] @ W @ G[j])
                - 2 * np.trace(phi @ Q[i][j])
                + np.trace(phi @ P[i] @ phi @ P[j])
            )
    w = np.linalg.inv(information)
    middle = sum(w[i, j] * (Q[i][j] - P[i] @ phi @ P[j]) for i in range(m) for j in range(m))
    adjusted = phi + 2 * phi @ middle @ phi
    df = np.empty(p)
    for k in range(p):
        contrast = np.eye(p)[:, [k]]
        theta_k = contrast @ contrast.T / phi[k, k]
        A1 = A2 = 0.0
        for i in range(m):
            for j in range(m):
                left, right = theta_k @ phi @ P[i] @ phi, theta_k @ phi @ P[j] @ phi
                A1 += w[i, j] * np.trace(left) * np.trace(right)
                A2 += w[i, j] * np.trace(left @ right)
        B = (A1 + 6 * A2) / 2
        g = (2 * A1 - 5 * A2) / (3 * A2)
        c1, c2, c3 = (x / (3 + 2 * (1 - g)) for x in (g, 1 - g, 3 - g))
        mean = 1 / (1 - A2)
        spread = 2 * (1 + c1 * B) / ((1 - c2 * B) ** 2 * (1 - c3 * B))
        df[k] = 4 + 3 / (spread / (2 * mean**2) - 1)
    return adjusted, df


def hessian(f, x, step=1e-3):
    steps = step * np.diag(x)
    second = lambda a, b: (f(x + a + b) - f(x + a - b) - f(x - a + b) + f(x - a - b)) / 4  # noqa: E731
    rows = [[second(a, b) for b in steps] for a in steps]
    return np.array(rows) / (step**2 * np.outer(x, x))


def settings(random: str, residual: str | None) -> dict:
    return {"cluster": "g", "random": random, "residual_by": residual}


@pytest.mark.parametrize("restricted", [True, False], ids=["reml", "ml"])
@pytest.mark.parametrize("design", DESIGNS)
def test_likelihood_score_and_information(design, restricted):
    random, residual = DESIGNS[design]
    frame, G = trial(), derivatives(trial(), random, residual)
    layout = arrange(
        build("y ~ nested + x", frame),
        clusters(frame, "g"),
        None if random == "1" else indicator(frame, random),
        None if residual is None else clusters(frame, residual),
    )
    stats = summarise(layout, frame.y.to_numpy())
    model = likelihood(layout, stats, "reml" if restricted else "ml")
    theta = np.linspace(0.7, 1.6, len(G))
    point = evaluate(model, theta / stats.scale**2)

    def loglik(t):
        return dense(t, frame, G, restricted)[0]

    shift = model.rows * np.log(stats.scale)
    assert point.loglik - shift == pytest.approx(loglik(theta), rel=1e-12)
    score = approx_fprime(theta, loglik, 1e-7)
    np.testing.assert_allclose(point.score / stats.scale**2, score, atol=1e-4)
    numeric = -hessian(loglik, theta)
    np.testing.assert_allclose(point.observed / stats.scale**4, numeric, atol=NUMERIC)
    best, _ = profile(model, theta[None])
    assert best[0] >= point.loglik
    scaled = minimize_scalar(lambda s: -loglik(np.exp(s) * theta), (-3, 0, 3), tol=1e-12)
    assert best[0] - shift == pytest.approx(-scaled.fun, abs=1e-8)


@pytest.mark.parametrize("design", DESIGNS)
def test_kenward_roger_formula_by_formula(design):
    random, residual = DESIGNS[design]
    frame, G = trial(), derivatives(trial(), random, residual)
    fit = mixed_linear(
        "y ~ nested + x", frame, method="reml", df="kenward_roger", **settings(random, residual)
    )
    theta = np.array(list(fit.variance.values()))
    assert theta[0] > 0
    ll, beta, _, _, _ = dense(theta, frame, G, True)
    adjusted, df = kenward_roger(theta, frame, G)
    assert fit.loglik == pytest.approx(ll, rel=SAME)
    np.testing.assert_allclose(fit.beta, beta, rtol=SAME)
    np.testing.assert_allclose(fit.cov, adjusted, rtol=SAME)
    np.testing.assert_allclose(fit.df, df, rtol=1e-6)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("design", DESIGNS)
def test_satterthwaite_from_numeric_derivatives(design, method):
    random, residual = DESIGNS[design]
    frame, G = trial(), derivatives(trial(), random, residual)
    fit = mixed_linear(
        "y ~ nested + x", frame, method=method, df="satterthwaite", **settings(random, residual)
    )
    theta = np.array(list(fit.variance.values()))
    restricted = method == "reml"
    A = np.linalg.inv(-hessian(lambda t: dense(t, frame, G, restricted)[0], theta))
    cov = dense(theta, frame, G, restricted)[2]
    np.testing.assert_allclose(fit.cov, cov, rtol=SAME)
    for k in range(3):
        slope = approx_fprime(theta, lambda t, k=k: dense(t, frame, G, restricted)[2][k, k], 1e-7)
        assert fit.df[k] == pytest.approx(2 * cov[k, k] ** 2 / (slope @ A @ slope), rel=NUMERIC)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("design", DESIGNS)
def test_no_other_variances_are_likelier(design, method):
    random, residual = DESIGNS[design]
    frame, G = trial(), derivatives(trial(), random, residual)
    fit = mixed_linear("y ~ nested + x", frame, method=method, **settings(random, residual))
    rng = np.random.default_rng(0)
    for _ in range(200):
        theta = np.exp(rng.normal(0, 1.5, len(G)))
        assert dense(theta, frame, G, method == "reml")[0] <= fit.loglik + 1e-9
    null = fit.loglik - fit.tests["variance"].statistic / 2
    for _ in range(50):
        theta = np.append(0.0, np.exp(rng.normal(0, 1, len(G) - 1)))
        assert dense(theta, frame, G, method == "reml")[0] <= null + 1e-9


@pytest.mark.parametrize("design", ["all", "both", "crossed", "three"])
def test_interval_of_the_intraclass_correlation(design):
    """Its limits are where the profile, found by a general optimiser, has lost 1.92."""
    random, residual = DESIGNS[design]
    frame, G = trial(seed=5), derivatives(trial(seed=5), random, residual)
    fit = mixed_linear("y ~ nested + x", frame, method="reml", **settings(random, residual))
    name, icc = next(iter(fit.quantities.items()))
    level = list(fit.variance).index(name.replace("icc", "residual"))

    def lost(ratio):
        def minus(logs):
            theta = np.append(0.0, np.exp(logs))
            theta[0] = ratio * theta[level]
            return -dense(theta, frame, G, True)[0]

        start = np.log(list(fit.variance.values())[1:])
        found = minimize(
            minus, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-11}
        )
        return 2 * (fit.loglik + found.fun) - 3.841458820694124

    odds = icc.high / (1 - icc.high)
    assert brentq(lost, 0.8 * odds, 1.25 * odds, xtol=1e-9) == pytest.approx(odds, rel=1e-4)
    if icc.low > 0:
        odds = icc.low / (1 - icc.low)
        assert brentq(lost, 0.8 * odds, 1.25 * odds, xtol=1e-9) == pytest.approx(odds, rel=1e-4)
    else:
        assert lost(0.0) <= 0
