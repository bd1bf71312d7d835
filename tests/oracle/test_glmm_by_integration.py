"""The adaptive likelihood against integration on a fine grid, and a cluster worked by hand."""

import numpy as np
import pandas as pd
import pytest
from clustered import trial
from scipy import special, stats

from core_trial.models.clusters import Clusters, clusters
from core_trial.models.design import build
from core_trial.models.intercept.adaptive_quadrature import Likelihood
from core_trial.models.intercept.layout import arrange, tabulate
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.models.intercept.mixed_poisson import mixed_poisson
from core_trial.models.numerics.canonical import LOGISTIC, POISSON
from core_trial.models.numerics.quadrature import hermite_rule

#: 51 nodes at standard deviations up to 1.5: what the rule itself leaves, summed over clusters.
QUADRATURE = 1e-7
GRID = np.linspace(-12, 12, 6001)


def by_grid(frame, outcome, beta, sd, random):
    """Log-likelihood of intercept, arm and age by the trapezoidal rule, cluster by cluster."""
    eta = beta[0] + beta[1] * frame["arm"] + beta[2] * frame["age"]
    total = 0.0
    for _, rows in frame.assign(eta=eta, z=random).groupby("cluster"):
        at = rows["eta"].to_numpy()[:, None] + sd * rows["z"].to_numpy()[:, None] * GRID
        y = rows[outcome].to_numpy()[:, None]
        if outcome == "event":
            log = y * special.log_expit(at) + (1 - y) * special.log_expit(-at)
        else:
            log = stats.poisson.logpmf(y, np.exp(at))
        integrand = np.exp(log.sum(axis=0)) * stats.norm.pdf(GRID)
        total += np.log(np.trapezoid(integrand, GRID))
    return total


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize(("outcome", "family"), [("event", LOGISTIC), ("count", POISSON)])
@pytest.mark.parametrize("sd", [0.0, 0.3, 1.5])
def test_likelihood_at_any_parameters(outcome, family, partial, sd):
    frame = trial(1)
    design = build(f"{outcome} ~ arm + age", frame)
    random = frame["arm"].to_numpy(dtype=float) if partial else np.ones(len(frame))
    layout = arrange(design.X, clusters(frame, "cluster"), random)
    table = tabulate(layout, np.ascontiguousarray(layout.patterns.T), design.y, 51)
    beta = np.array([-0.2, -0.4, 0.3])
    value = Likelihood(table, family, hermite_rule(51))(np.append(beta, sd))[0]
    expected = by_grid(frame, outcome, beta, sd, random)
    assert value + family.constant(design.y) == pytest.approx(expected, abs=QUADRATURE)


@pytest.mark.parametrize(
    ("model", "outcome"), [(mixed_logistic, "event"), (mixed_poisson, "count")]
)
def test_fit_is_a_maximum_of_the_integrated_likelihood(model, outcome):
    frame = trial(4, n=80, workers=8)
    fit = model(f"{outcome} ~ arm + age", frame, cluster="cluster", points=51)
    sd = fit.quantities["sd"].estimate
    assert sd > 0.1
    top = by_grid(frame, outcome, fit.beta, sd, 1.0)
    assert fit.loglik == pytest.approx(top, abs=QUADRATURE)
    for k, step in [(0, 0.02), (1, 0.02), (2, 0.02), (3, 0.02)]:
        for sign in (-1, 1):
            moved = np.append(fit.beta, sd)
            moved[k] += sign * step
            assert by_grid(frame, outcome, moved[:3], moved[3], 1.0) < top


def test_one_node_is_the_laplace_approximation_worked_by_hand():
    # one cluster of two events and one non-event, intercept 0.2, standard deviation 0.9: the mode
    # solves b = 0.9 (2 - 3 p), p = expit(0.2 + 0.9 b); L = exp(h) / sqrt(1 + 0.81 * 3 p (1 - p))
    b = 0.0
    for _ in range(200):
        p = special.expit(0.2 + 0.9 * b)
        b = 0.5 * b + 0.5 * 0.9 * (2 - 3 * p)
    log = 2 * np.log(p) + np.log(1 - p) - b**2 / 2 - 0.5 * np.log(1 + 0.81 * 3 * p * (1 - p))
    one = Clusters(np.zeros(3, dtype=np.intp), pd.Index(["a"]))
    layout = arrange(np.ones((3, 1)), one)
    table = tabulate(layout, np.ones((1, 1)), np.array([1.0, 1.0, 0.0]), 1)
    value = Likelihood(table, LOGISTIC, hermite_rule(1))(np.array([0.2, 0.9]))[0]
    assert value == pytest.approx(log, abs=1e-13)
