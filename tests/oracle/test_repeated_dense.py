"""Repeated visits against matrices of n rows: V is written out, nothing is in closed form."""

import numpy as np
import pandas as pd
import pytest

from core_trial.models.design import build
from core_trial.models.repeated.repeated_measures import repeated_measures
from core_trial.models.repeated.structures import IN_WORDS

FORMULA = "y ~ arm * visit + x"
#: Relative: both are exact but for rounding.
SAME = 1e-8
#: Relative: central differences of a log-likelihood of size 100.
NUMERIC = 2e-5
CASES = {
    "alone": {},
    "by_arm": {"by": "arm"},
    "everywhere": {"cluster": "worker"},
    "one_arm": {"cluster": "worker", "random": "arm"},
    "one_arm_by_arm": {"cluster": "worker", "random": "arm", "by": "arm"},
}
LINEAR = {"unstructured", "compound_symmetry", "toeplitz"}


def trial(seed=3, n=40, workers=6):
    """Three visits, a sixth of them missed, workers who see both arms."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(n), 3)
    arm = who % 2
    worker = rng.integers(0, workers, n)[who]
    shared = np.linalg.cholesky([[1.0, 0.5, 0.3], [0.5, 1.5, 0.6], [0.3, 0.6, 1.2]])
    error = (rng.normal(size=(n, 3)) @ shared.T).ravel() * (1 + 0.3 * arm)
    x = rng.normal(size=3 * n)
    y = arm + 0.5 * x + 1.2 * rng.normal(size=workers)[worker] + error
    frame = pd.DataFrame({"who": who, "arm": arm, "worker": worker, "x": x, "y": y})
    frame["visit"] = np.tile(["v1", "v2", "v3"], n)
    return frame[rng.random(3 * n) > 1 / 6].reset_index(drop=True)


def sigma(kind, v, visits=3):
    """The covariance matrix from SAS's parameters; Toeplitz and compound symmetry linear."""
    lag = np.abs(np.subtract.outer(range(visits), range(visits)))
    if kind == "unstructured":
        S = np.zeros((visits, visits))
        S[np.triu_indices(visits)] = v
        return S + np.triu(S, 1).T
    if kind in ("compound_symmetry", "toeplitz"):
        return np.asarray(v)[np.minimum(lag, 1) if kind == "compound_symmetry" else lag]
    sd = np.sqrt(v[:-1]) if kind.startswith("het") else np.full(visits, np.sqrt(v[0]))
    power = lag if kind.endswith("ar1") else np.minimum(lag, 1)
    return np.outer(sd, sd) * v[-1] ** power


def parameters(kind, S):
    """SAS's parameters of a covariance matrix of the kind."""
    if kind == "unstructured":
        return S[np.triu_indices(len(S))]
    if kind in ("compound_symmetry", "toeplitz"):
        return S[0, : 2 if kind == "compound_symmetry" else len(S)]
    variances = np.diagonal(S) if kind.startswith("het") else S[0, :1]
    return np.append(variances, S[0, 1] / np.sqrt(S[0, 0] * S[1, 1]))


def read_theta(fit, kind, case):
    """Parameters of the fit, by way of its named variances."""
    parts, labels = [], ["v1", "v2", "v3"]
    for suffix in ["|0", "|1"] if "by" in case else [""]:
        S = np.empty((3, 3))
        for j in range(3):
            S[j, j] = fit.variance[f"variance[{labels[j]}{suffix}]"]
            for k in range(j):
                name = f"covariance[{labels[k]},{labels[j]}{suffix}]"
                S[j, k] = S[k, j] = fit.variance[name]
        parts.append(parameters(kind, S))
    tau = [fit.variance["cluster"]] if "cluster" in case else []
    return np.concatenate([*parts, tau])


def dense(frame, kind, case):
    """V as a function of the parameters."""
    who, visit = frame.who.to_numpy(), frame.visit.str[1].astype(int).to_numpy() - 1
    group = frame.arm.to_numpy() if "by" in case else np.zeros(len(frame), dtype=int)
    z = frame.arm.to_numpy() if "random" in case else np.ones(len(frame))
    same = np.equal.outer(frame.worker.to_numpy(), frame.worker.to_numpy())
    number = len(parameters(kind, np.eye(3)))

    def V(theta):
        out = np.zeros((len(frame), len(frame)))
        for g in range(2 if "by" in case else 1):
            S = sigma(kind, theta[g * number : (g + 1) * number])
            mine = np.equal.outer(who, who) & (group == g)[:, None]
            out += np.where(mine, S[visit[:, None], visit], 0.0)
        return out + theta[-1] * np.outer(z, z) * same if "cluster" in case else out

    return V


def likelihood(V, frame, restricted):
    X, y = build(FORMULA, frame).X, frame.y.to_numpy()
    W = np.linalg.inv(V)
    phi = np.linalg.inv(X.T @ W @ X)
    beta = phi @ X.T @ W @ y
    r = y - X @ beta
    n, p = X.shape
    total = (n - p * restricted) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + r @ W @ r
    return -0.5 * (total - restricted * np.linalg.slogdet(phi)[1]), beta, phi


def slopes(f, theta, step=1e-4):
    """First derivatives of a matrix function, by central differences exact for its powers."""
    out = []
    for k in range(len(theta)):
        h = step * max(abs(theta[k]), 0.1) * np.eye(len(theta))[k]
        near, far = f(theta + h) - f(theta - h), f(theta + 2 * h) - f(theta - 2 * h)
        out.append((8 * near - far) / (12 * h[k]))
    return np.array(out)


def hessian(f, theta, step=2e-3):
    return slopes(lambda t: slopes(f, t, step), theta, step)


def kenward_roger(V, theta, frame, linear):
    """Covariance and degrees of freedom as in the paper of 1997, with second derivatives of V."""
    X = build(FORMULA, frame).X
    W = np.linalg.inv(V(theta))
    phi = np.linalg.inv(X.T @ W @ X)
    G, m = slopes(V, theta), len(theta)
    bends = np.zeros((m, m, 1, 1)) if linear else hessian(V, theta)
    WX = W @ X
    P = [-WX.T @ g @ WX for g in G]
    Q = [[WX.T @ G[i] @ W @ G[j] @ WX for j in range(m)] for i in range(m)]
    R = [[WX.T @ (np.broadcast_to(bends[i, j], W.shape)) @ WX for j in range(m)] for i in range(m)]
    PV = W - WX @ phi @ WX.T
    info = [[0.5 * np.trace(PV @ G[i] @ PV @ G[j]) for j in range(m)] for i in range(m)]
    w = np.linalg.inv(np.array(info))
    inside = sum(
        w[i, j] * (Q[i][j] - P[i] @ phi @ P[j] - R[i][j] / 4) for i in range(m) for j in range(m)
    )
    adjusted = phi + 2 * phi @ inside @ phi
    g = np.array([np.diagonal(phi @ P[i] @ phi) for i in range(m)])
    return adjusted, 2 * np.diagonal(phi) ** 2 / np.einsum("ik,ij,jk->k", g, w, g)


@pytest.mark.parametrize("kind", IN_WORDS)
@pytest.mark.parametrize("case", CASES)
def test_the_maximum_and_kenward_roger(kind, case):
    frame, settings = trial(), CASES[case]
    fit = repeated_measures(
        FORMULA, frame, participant="who", visit="visit", covariance=kind, **settings
    )
    V, theta = dense(frame, kind, settings), read_theta(fit, kind, settings)
    loglik, beta, _ = likelihood(V(theta), frame, True)
    assert fit.loglik == pytest.approx(loglik, rel=1e-12)
    np.testing.assert_allclose(fit.beta, beta, rtol=SAME)
    score = slopes(lambda t: likelihood(V(t), frame, True)[0], theta)
    free = theta != 0
    np.testing.assert_allclose(score[free], 0, atol=1e-5)
    assert (score[~free] < 0).all()
    adjusted, df = kenward_roger(V, theta, frame, kind in LINEAR)
    rtol = SAME if kind in LINEAR else 1e-6
    np.testing.assert_allclose(fit.cov, adjusted, rtol=rtol, atol=rtol * np.abs(adjusted).max())
    np.testing.assert_allclose(fit.df, df, rtol=rtol)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("kind", ["unstructured", "heterogeneous_ar1"])
@pytest.mark.parametrize("case", ["by_arm", "one_arm"])
def test_satterthwaite_from_numeric_derivatives(kind, case, method):
    frame, settings = trial(), CASES[case]
    fit = repeated_measures(
        FORMULA, frame, participant="who", visit="visit", covariance=kind, method=method,
        df="satterthwaite", **settings,
    )  # fmt: skip
    V, theta = dense(frame, kind, settings), read_theta(fit, kind, settings)
    assert (theta != 0).all()
    A = np.linalg.inv(-hessian(lambda t: likelihood(V(t), frame, method == "reml")[0], theta))
    cov = likelihood(V(theta), frame, method == "reml")[2]
    np.testing.assert_allclose(fit.cov, cov, rtol=SAME, atol=SAME)
    g = slopes(lambda t: np.diagonal(likelihood(V(t), frame, True)[2]), theta)
    expected = 2 * np.diagonal(cov) ** 2 / np.einsum("ik,ij,jk->k", g, A, g)
    np.testing.assert_allclose(fit.df, expected, rtol=NUMERIC)


@pytest.mark.parametrize("case", CASES)
def test_no_other_covariance_is_likelier(case):
    frame, settings = trial(), CASES[case]
    fit = repeated_measures(FORMULA, frame, participant="who", visit="visit", **settings)
    V, theta = dense(frame, "unstructured", settings), read_theta(fit, "unstructured", settings)
    rng = np.random.default_rng(0)
    for size in (0.01, 0.1, 0.3):
        for _ in range(20):
            other = theta + size * rng.normal(size=len(theta))
            if "cluster" in settings:
                other[-1] = abs(other[-1])
            if np.linalg.eigvalsh(V(other))[0] > 0:
                assert likelihood(V(other), frame, True)[0] <= fit.loglik + 1e-9
