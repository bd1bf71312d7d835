"""Kenward-Roger as R's mmrm prints it, on the dental data of Potthoff and Roy.

mmrm's default differs from SAS's and ours in two choices: the covariance of the parameters comes
from the observed information, and the second derivatives of V are those in its own parameters, the
logarithm of the diagonal of a Cholesky factor and its rows divided by that diagonal. With these two
its printed errors come out. The numbers are mmrm's for ``distance ~ sex * age + us(age | id)``, as
kept in the tests of github.com/PeterSlezak/BESHstatNG.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from core_trial.models.design import build
from core_trial.models.repeated.repeated_measures import repeated_measures

DATA = Path(__file__).parent / "data"
FORMULA = "y ~ female * visit"
ESTIMATES = [15.8422452, 1.583124, 0.8268123, -0.3504484]
ERRORS = [1.0021906, 1.57013092, 0.08368595, 0.13111069]
DF = [24.99999, 24.99999, 24.99671, 24.99671]
#: Relative: mmrm's search stops at about four to five digits of the covariance.
MMRM = 2e-4
LOWER = np.tril_indices(4, -1)


def frame():
    found = pd.read_csv(DATA / "repeated_orthodont.csv")
    return found.assign(female=(found["sex"] == "Female").astype(int)).sort_values(["id", "visit"])


def sigma(theta):
    factor = np.eye(4)
    factor[LOWER] = theta[4:]
    factor *= np.exp(theta[:4])[:, None]
    return factor @ factor.T


def slopes(f, theta, step):
    """Central differences of the fourth order."""
    out = []
    for h in step * np.eye(len(theta)):
        near, far = f(theta + h) - f(theta - h), f(theta + 2 * h) - f(theta - 2 * h)
        out.append((8 * near - far) / (12 * step))
    return np.array(out)


def loglik(S, X, y):
    W = np.linalg.inv(S)
    form = np.einsum("nta,ts,nsb->ab", X, W, X)
    beta = np.linalg.solve(form, np.einsum("nta,ts,ns->a", X, W, y))
    r = y - X @ beta
    square = np.einsum("nt,ts,ns->", r, W, r)
    return -0.5 * (len(y) * np.linalg.slogdet(S)[1] + np.linalg.slogdet(form)[1] + square)


def as_mmrm(theta, X, y):
    """Kenward-Roger's errors with mmrm's two choices."""
    W = np.linalg.inv(sigma(theta))
    G = slopes(sigma, theta, 1e-4)
    bends = slopes(lambda t: slopes(sigma, t, 2e-3), theta, 2e-3)
    information = -slopes(lambda t: slopes(lambda s: loglik(sigma(s), X, y), t, 2e-3), theta, 2e-3)
    spread = np.linalg.inv(information)

    def form(middle):
        return np.einsum("nta,ts,nsb->ab", X, W @ middle @ W, X)

    phi = np.linalg.inv(np.einsum("nta,ts,nsb->ab", X, W, X))
    P = [form(g) for g in G]
    inside = sum(
        spread[i, j] * (form(G[i] @ W @ G[j]) - P[i] @ phi @ P[j] - form(bends[i, j]) / 4)
        for i in range(10)
        for j in range(10)
    )
    return np.sqrt(np.diagonal(phi + 2 * phi @ inside @ phi))


def test_estimates_and_degrees_of_freedom():
    fit = repeated_measures(FORMULA, frame(), participant="id", visit="visit")
    np.testing.assert_allclose(fit.beta, ESTIMATES, rtol=MMRM)
    np.testing.assert_allclose(fit.df, DF, rtol=MMRM)


def test_errors_come_out_with_the_choices_of_mmrm():
    data = frame()
    fit = repeated_measures(FORMULA, data, participant="id", visit="visit")
    S = np.empty((4, 4))
    S[np.triu_indices(4)] = list(fit.variance.values())
    S = np.triu(S) + np.triu(S, 1).T
    factor = np.linalg.cholesky(S)
    diagonal = np.diagonal(factor)
    theta = np.append(np.log(diagonal), (factor / diagonal[:, None])[LOWER])
    X = build(FORMULA, data).X.reshape(27, 4, 4)
    errors = as_mmrm(theta, X, data["y"].to_numpy().reshape(27, 4))
    np.testing.assert_allclose(errors, ERRORS, rtol=MMRM)
    assert (fit.std_error > 1.04 * errors).all()
