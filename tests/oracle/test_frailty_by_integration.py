"""Shared frailty: likelihoods by integration, information by dense matrices and differences."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from core_trial.errors import DesignError
from core_trial.models.clusters import clusters
from core_trial.models.survival.cox import cox
from core_trial.models.survival.design import maximum, prepare, right_hand_side
from core_trial.models.survival.follow_up import follow_up
from core_trial.models.survival.frailty import share
from core_trial.models.survival.frailty_likelihood import (
    factored,
    gamma_penalty,
    information_by,
    maximise_penalised,
    normal_penalty,
    profile_information,
    solve,
)
from core_trial.models.survival.frailty_profile import gamma_profile, normal_profile
from core_trial.models.survival.partial_likelihood import sums

TIMES = {"time": "time", "event": "event", "cluster": "g"}


def made_up(seed=0, n=40, groups=8, theta=0.6, distinct=False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    arm, g = np.arange(n) % 2, rng.integers(0, groups, n)
    hazard = 0.05 * np.exp(-0.4 * arm) * rng.gamma(1 / theta, theta, groups)[g]
    time = rng.exponential(1 / hazard)
    time = time if distinct else np.ceil(time / 4)
    end = np.quantile(time, 0.75)
    return pd.DataFrame(
        {
            "time": np.minimum(time, end),
            "event": (time <= end).astype(int),
            "arm": arm,
            "x": rng.normal(size=n).round(1),
            "s": rng.integers(0, 2, n),
            "g": g,
        }
    )


def shared_of(frame, ties="breslow", strata=False):
    layers = frame["s"].to_numpy() if strata else None
    design = prepare(
        right_hand_side("arm + x", frame), follow_up(frame, "time", "event"), layers, ties
    )
    return share(design, clusters(frame, "g"), maximum(design).informed), design


@pytest.mark.parametrize("theta", [0.05, 0.5, 3.0])
def test_gamma_likelihood_by_integration(theta):
    """Each cluster's likelihood integrated over its frailty, at the hazards that were found."""
    shared, _ = shared_of(made_up(1, distinct=True))
    found = gamma_profile(shared, theta, np.zeros(2), np.zeros(shared.count))
    eta = found.state.beta @ shared.x
    at = found.state.sums
    jump = 1 / (at.total * np.exp(_highest(shared, found.state)))
    cumulative = np.concatenate([[0], np.cumsum(jump)])[shared.risk.seen]
    total = 0.0
    for g in range(shared.count):
        rows = shared.codes == g
        mass, d = (np.exp(eta) * cumulative)[rows].sum(), shared.events[g]
        frailty = stats.gamma(1 / theta, scale=theta)

        def density(u, mass=mass, d=d, frailty=frailty):
            return u**d * np.exp(-u * mass) * frailty.pdf(u)

        total += np.log(integrate.quad(density, 0, 1)[0] + integrate.quad(density, 1, np.inf)[0])
    dead = shared.risk.rows
    total += eta[dead].sum() + np.log(jump[shared.risk.moment]).sum()
    assert found.loglik == pytest.approx(total + len(dead), abs=1e-6)


def _highest(shared, state):
    """What `sums` takes out of the linear predictor before it exponentiates."""
    return (state.beta @ shared.x + state.b[shared.codes]).max()


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("theta", [1e-4, 0.3, 2.0])
def test_slope_of_the_gamma_likelihood_by_differences(theta, ties):
    shared, _ = shared_of(made_up(2), ties)
    start = np.zeros(2), np.zeros(shared.count)
    h = 1e-3
    slope = gamma_profile(shared, theta, *start).slope
    ends = [gamma_profile(shared, theta * np.exp(s), *start).loglik for s in (h, -h)]
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-5, abs=1e-8)


def dense(shared, state):
    """The penalised information by differences of the penalised score, every entry."""

    def score(v):
        p = len(state.beta)
        s = sums(shared.risk, shared.x[:0], v[:p] @ shared.x + v[p:][shared.codes])
        residual = shared.risk.event - s.hazard
        return np.concatenate([shared.x @ residual, shared.by_cluster(residual)])

    at, h = np.concatenate([state.beta, state.b]), 1e-5
    columns = [(score(at - e) - score(at + e)) / (2 * h) for e in h * np.eye(len(at))]
    H = np.array(columns)
    H[np.diag_indices(len(H))] += np.concatenate([np.zeros(len(state.beta)), state.curvature])
    return H


@pytest.mark.parametrize("strata", [False, True])
@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("penalty", [gamma_penalty(0.4), normal_penalty(0.7)])
@pytest.mark.parametrize(("n", "groups"), [(40, 8), (40, 30)])
def test_matrix_free_information_is_the_dense_one(n, groups, penalty, ties, strata):
    """Fewer clusters than event times and the other way round; ties; strata."""
    shared, _ = shared_of(made_up(3, n, groups), ties, strata)
    state = maximise_penalised(shared, penalty, np.zeros(2), np.zeros(shared.count))
    H = dense(shared, state)
    identity = np.eye(len(H))
    np.testing.assert_allclose(information_by(shared, state, identity), H, atol=1e-6)
    right = np.random.default_rng(0).normal(size=(len(H), 3))
    np.testing.assert_allclose(
        solve(shared, state, right, 1e-12), np.linalg.solve(H, right), rtol=1e-5, atol=1e-6
    )
    found = profile_information(shared, state)
    inverse = np.linalg.inv(H)
    np.testing.assert_allclose(np.linalg.inv(found.schur), inverse[:2, :2], rtol=1e-5, atol=1e-8)
    inner, block = factored(shared, state), H[2:, 2:]
    right = np.random.default_rng(0).normal(size=(shared.count, 3))
    np.testing.assert_allclose(inner.solve(right), np.linalg.solve(block, right), rtol=1e-5)
    assert inner.log_det == pytest.approx(np.linalg.slogdet(block)[1], abs=1e-5)
    assert inner.trace == pytest.approx(np.trace(np.linalg.inv(block)), rel=1e-5)


@pytest.mark.parametrize("penalty", [gamma_penalty(0.4), normal_penalty(0.7)])
def test_the_penalised_search_ends_at_a_maximum(penalty):
    shared, _ = shared_of(made_up(4))
    state = maximise_penalised(shared, penalty, np.zeros(2), np.zeros(shared.count))
    residual = shared.risk.event - state.sums.hazard
    np.testing.assert_allclose(shared.x @ residual, 0, atol=1e-7)
    np.testing.assert_allclose(shared.by_cluster(residual) + state.slope, 0, atol=1e-7)


def test_laplace_likelihood_is_close_to_an_integral():
    """One cluster of two: its likelihood integrated over a grid of both log frailties."""
    frame = made_up(5, n=30, groups=2)
    shared, _ = shared_of(frame)
    theta = 0.3
    found = normal_profile(shared, theta, np.zeros(2), np.zeros(2), "ml")
    points = np.linspace(-4, 4, 161) * np.sqrt(theta)
    eta = found.state.beta @ shared.x
    grid = np.array(
        [
            [sums(shared.risk, shared.x[:0], eta + np.array([u, v])[shared.codes]).loglik
             for u in points]
            for v in points
        ]
    )  # fmt: skip
    weight = stats.norm.pdf(points, scale=np.sqrt(theta)) * (points[1] - points[0])
    integral = np.log(weight @ np.exp(grid - grid.max()) @ weight) + grid.max()
    assert found.loglik == pytest.approx(integral, abs=0.02)


@pytest.mark.parametrize(
    "options",
    [
        {"frailty": "gamma"},
        {"frailty": "lognormal"},
        {"frailty": "lognormal", "frailty_method": "ml"},
    ],
)
def test_the_variance_maximises_the_likelihood(options):
    """No variance near by has a higher likelihood."""
    frame = made_up(6, n=200, groups=25)
    fit = cox("arm + x", frame, **TIMES, **options)
    theta = fit.variance["frailty"]
    assert theta > 0.05
    shared, _ = shared_of(frame)
    start = np.zeros(2), np.zeros(shared.count)
    method = options.get("frailty_method", "reml")
    for factor in (0.7, 1.4):
        if options["frailty"] == "gamma":
            other = gamma_profile(shared, theta * factor, *start)
        else:
            other = normal_profile(shared, theta * factor, *start, method)
        assert other.loglik < fit.loglik
    plain = cox("arm + x", frame, time="time", event="event")
    if method == "ml" or options["frailty"] == "gamma":
        expected = 2 * (fit.loglik - plain.loglik)
        assert fit.tests["variance"].statistic == pytest.approx(expected, rel=1e-9)
    assert fit.tests["variance"].p_value < 0.05
    assert len(fit.random_effects) == 25
    assert fit.converged


def test_no_frailty_is_the_plain_model_and_said():
    rng = np.random.default_rng(7)
    frame = made_up(7, n=120, groups=20, theta=1e-6).assign(g=rng.permutation(np.arange(120) % 20))
    plain = cox("arm + x", frame, time="time", event="event")
    seen = []
    for frailty in ("gamma", "lognormal"):
        fit = cox("arm + x", frame, **TIMES, frailty=frailty)
        seen.append(fit.variance["frailty"])
        if seen[-1] == 0:
            np.testing.assert_allclose(fit.beta, plain.beta, rtol=1e-9)
            np.testing.assert_allclose(fit.std_error, plain.std_error, rtol=1e-9)
            assert "bound of zero" in fit.warnings[0]
            assert fit.tests["variance"].p_value == 1
            np.testing.assert_array_equal(fit.random_effects, 0)
    assert 0 in seen


def test_refusals(monkeypatch):
    frame = made_up()
    monkeypatch.setattr("core_trial.models.survival.frailty.LARGEST_MATRIX", 10)
    with pytest.raises(DesignError, match="too many event times"):
        cox("arm", frame, **TIMES, frailty="lognormal")
    assert cox("arm", frame, **TIMES, frailty="gamma").converged
    with pytest.raises(DesignError, match="needs a cluster column"):
        cox("arm", frame, time="time", event="event", frailty="gamma")
    with pytest.raises(DesignError, match="at least two clusters"):
        cox("arm", frame.assign(g=1), **TIMES, frailty="gamma")
    with pytest.raises(DesignError, match="no frailty 'gamma' with 'reml'"):
        cox("arm", frame, **TIMES, frailty="gamma", frailty_method="reml")
    with pytest.raises(DesignError, match="frailty must be one of 'gamma', 'lognormal'"):
        cox("arm", frame, **TIMES, frailty="stable")


def test_all_singletons_are_said():
    frame = made_up(8).assign(g=range(40))
    fit = cox("arm", frame, **TIMES, frailty="gamma")
    assert any("every cluster has one row" in text for text in fit.warnings)
