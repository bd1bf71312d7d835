"""Pieces of the second programme that have an answer on paper."""

import numpy as np
import pytest
from scipy import integrate, stats

from core_trial.witness.hazards import Seen, residuals, risk_sets
from core_trial.witness.intercepts import GLM, Intercept, expected
from core_trial.witness.plan import Sample
from core_trial.witness.sandwiches import bell_mccaffrey, bias_reduced

ROUNDING = 1e-10


def _people(y, arm):
    n = len(y)
    return Sample(
        y=np.array(y, float), time=np.ones(n), entry=np.full(n, -np.inf),
        X=np.column_stack([np.ones(n), arm]), names=("Intercept", "arm"),
        arm=np.array(arm, bool), codes=np.arange(n), named=np.ones(n, bool), inside=np.ones(n),
        offset=np.zeros(n), labels=tuple(map(str, range(n))),
    )  # fmt: skip


def test_bias_reduced_errors_of_two_means_of_people_are_those_of_welch():
    y = np.array([1.0, 4.0, 2.0, 8.0, 3.0, 7.0, 5.0])
    arm = np.array([0, 0, 0, 0, 1, 1, 1])
    data = _people(y, arm)
    means = np.where(arm == 1, y[arm == 1].mean(), y[arm == 0].mean())
    cov, weights = bias_reduced(data.X, y - means, data.codes)
    first, second = y[arm == 0], y[arm == 1]
    welch = first.var(ddof=1) / 4 + second.var(ddof=1) / 3
    assert cov[1, 1] == pytest.approx(welch, rel=ROUNDING)
    # Welch's rule with equal variances, which CR2 takes for its degrees of freedom.
    df = (1 / 4 + 1 / 3) ** 2 / (1 / (16 * 3) + 1 / (9 * 2))
    assert bell_mccaffrey(weights, np.array([0.0, 1.0])) == pytest.approx(df, rel=ROUNDING)


def test_who_comes_late_is_at_risk_only_after_that():
    seen = Seen(np.array([2.0, 3.0, 5.0]), np.ones(3), np.array([-np.inf, 2.0, 1.0]))
    at_risk = [list(there) for there, _, _ in risk_sets(seen, "breslow")]
    # Who comes at day 2 is not there for the event of day 2.
    assert at_risk == [[True, False, True], [False, True, True], [False, False, True]]
    X = np.array([[0.0], [1.0], [1.0]])
    information, scores = residuals(seen, X, np.zeros(1), "breslow")
    assert information[0, 0] == pytest.approx(1 / 4, rel=ROUNDING)
    assert scores.sum() == pytest.approx(-1 / 2, rel=ROUNDING)


def test_expected_counts_are_poisson_without_variance_and_average_it_otherwise():
    data = _people([0, 1, 2, 3], [0, 0, 1, 1])
    beta = {"Intercept": 0.2, "arm": 0.5}
    everybody = np.ones(4, dtype=bool)
    fixed = expected(data, Intercept(beta, np.eye(3), 0.0, 0.0, GLM), everybody, 3)
    poisson = sum(2 * stats.poisson.pmf(np.arange(4), np.exp(m)) for m in (0.2, 0.7))
    assert fixed == pytest.approx(poisson, rel=1e-8)
    spread = expected(data, Intercept(beta, np.eye(3), 1.5, 0.0, GLM), data.arm, 0)
    none = integrate.quad(lambda b: np.exp(-np.exp(0.7 + 1.5 * b)) * stats.norm.pdf(b), -9, 9)
    assert spread[0] == pytest.approx(2 * none[0], rel=1e-7)
