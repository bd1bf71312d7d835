"""Gradient and Hessian of the moving-node approximation against differences of its value."""

import numpy as np
import pytest
from clustered import trial

from core_trial.models.clusters import clusters
from core_trial.models.design import build
from core_trial.models.intercept.adaptive_quadrature import Likelihood
from core_trial.models.intercept.layout import arrange, tabulate
from core_trial.models.numerics.canonical import LOGISTIC, POISSON
from core_trial.models.numerics.quadrature import hermite_rule

STEP = 1e-5
#: Central differences with that step: rounding of the value over the step, plus the step squared.
GRADIENT = 1e-7
HESSIAN = 1e-7


def likelihood(outcome, family, points, partial):
    frame = trial(2, n=70)
    design = build(f"{outcome} ~ arm + age + centre", frame)
    random = frame["arm"].to_numpy(dtype=float) if partial else None
    layout = arrange(design.X, clusters(frame, "cluster"), random)
    table = tabulate(layout, np.ascontiguousarray(layout.patterns.T), design.y, points)
    return Likelihood(table, family, hermite_rule(points))


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("points", [1, 2, 7, 8, 25])
@pytest.mark.parametrize(("outcome", "family"), [("event", LOGISTIC), ("count", POISSON)])
@pytest.mark.parametrize("sd", [0.05, 0.9, -1.7])
def test_derivatives(outcome, family, points, partial, sd):
    log = likelihood(outcome, family, points, partial)
    theta = np.array([0.3, -0.5, 0.2, 0.1, -0.3, sd])
    value, gradient, information = log(theta)
    moves = STEP * np.eye(len(theta))
    ahead, behind = ([log(theta + sign * move) for move in moves] for sign in (1, -1))
    slopes = np.array([a[0] - b[0] for a, b in zip(ahead, behind, strict=True)]) / (2 * STEP)
    bends = np.array([a[1] - b[1] for a, b in zip(ahead, behind, strict=True)]) / (2 * STEP)
    scale = np.abs(information).max()
    np.testing.assert_allclose(gradient, slopes, rtol=0, atol=GRADIENT * scale)
    np.testing.assert_allclose(-information, bends, rtol=0, atol=HESSIAN * scale)
    assert np.isfinite(value)


def test_value_does_not_depend_on_where_the_search_for_modes_began():
    fresh = likelihood("count", POISSON, 7, False)
    used = likelihood("count", POISSON, 7, False)
    theta = np.array([0.3, -0.5, 0.2, 0.1, -0.3, 0.9])
    used(theta * 3)
    used(-theta)
    assert used(theta)[0] == pytest.approx(fresh(theta)[0], rel=1e-14)


def test_likelihood_is_even_in_the_standard_deviation():
    log = likelihood("event", LOGISTIC, 7, True)
    theta = np.array([0.3, -0.5, 0.2, 0.1, -0.3, 0.9])
    mirrored = theta * np.array([1, 1, 1, 1, 1, -1])
    assert log(theta)[0] == pytest.approx(log(mirrored)[0], rel=1e-14)
