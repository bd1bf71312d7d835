"""Cox regression by algebra that fits on a page, and by loops over its definition."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from core_trial.errors import DesignError
from core_trial.models.survival.cox import cox
from core_trial.models.survival.design import maximum, prepare, right_hand_side
from core_trial.models.survival.follow_up import FollowUp, follow_up
from core_trial.models.survival.partial_likelihood import derivatives, score_residuals, sums
from core_trial.models.survival.risk_sets import risk_sets

EXACT = {"rel": 1e-10}


def six() -> pd.DataFrame:
    """Deaths at 1 (x = 1), at 6 (x = 1 and x = 0, tied) and at 9; censored at 1 and at 8."""
    return pd.DataFrame(
        {
            "time": [9, 1, 1, 6, 6, 8],
            "event": [1, 1, 0, 1, 1, 0],
            "x": [0, 1, 1, 1, 0, 0],
            "pair": list("aabbcc"),
        }
    )


def test_breslow_by_hand():
    """With r = exp(b) the risk sets weigh 3r + 3, r + 3 (twice) and 1.

    The score is 2 - r/(r+1) - 2r/(r+3), zero where r^2 - 3r - 6 = 0.
    """
    r = (3 + np.sqrt(33)) / 2
    fit = cox("x", six(), time="time", event="event")
    assert fit.effect("x").estimate == pytest.approx(r, **EXACT)
    information = r / (r + 1) ** 2 + 2 * 3 * r / (r + 3) ** 2
    assert fit.std_error[0] == pytest.approx(information**-0.5, **EXACT)
    loglik = 2 * np.log(r) - np.log(3 * r + 3) - 2 * np.log(r + 3)
    assert fit.loglik == pytest.approx(loglik, **EXACT)
    assert (fit.n, fit.n_events, fit.converged, fit.warnings) == (6, 4, True, ())


def test_efron_by_hand():
    """The tie's second risk set loses half of both: r/2 + 5/2. Zero where r^3 - 23r - 30 = 0."""
    r = np.roots([1, 0, -23, -30]).real.max()
    fit = cox("x", six(), time="time", event="event", ties="efron")
    assert fit.effect("x").estimate == pytest.approx(r, **EXACT)
    information = r / (r + 1) ** 2 + 3 * r / (r + 3) ** 2 + 5 * r / (r + 5) ** 2
    assert fit.std_error[0] == pytest.approx(information**-0.5, **EXACT)
    loglik = 2 * np.log(r) - np.log(3 * r + 3) - np.log(r + 3) - np.log(r / 2 + 5 / 2)
    assert fit.loglik == pytest.approx(loglik, **EXACT)


def test_clustered_error_by_hand():
    """Each row's residual from the means p = r/(r+1), q = r/(r+3) and the hazard's jumps h, k."""
    r = (3 + np.sqrt(33)) / 2
    p, q, h, k = r / (r + 1), r / (r + 3), 1 / (3 * r + 3), 2 / (r + 3)
    waiting = h * p + k * q  # at risk with x = 0 at both times
    rows = [
        waiting,
        (1 - p) - r * h * (1 - p),
        -r * h * (1 - p),
        (1 - q) - r * (h * (1 - p) + k * (1 - q)),
        -q + waiting,
        waiting,
    ]
    assert sum(rows) == pytest.approx(0, abs=1e-12)
    information = r / (r + 1) ** 2 + 2 * 3 * r / (r + 3) ** 2
    pairs = np.reshape(rows, (3, 2)).sum(axis=1)
    expected = np.sqrt((pairs**2).sum()) / information
    frame = six()
    settings = {"time": "time", "event": "event", "cluster": "pair", "inference": "sandwich"}
    fit = cox("x", frame, small_sample=False, **settings)
    assert fit.std_error[0] == pytest.approx(expected, **EXACT)
    fit = cox("x", frame, **settings)
    assert fit.std_error[0] == pytest.approx(expected * np.sqrt(3 / 2), **EXACT)
    assert fit.n_clusters == 3


def test_log_rank_by_hand():
    """At b = 0 the score is observed less expected deaths: 2 - 3/6 - 2 * 1/4."""
    frame = six()
    design = prepare(right_hand_side("x", frame), follow_up(frame, "time", "event"))
    x = np.array(frame["x"][design.risk.order], dtype=float)[None]
    at = sums(design.risk, x, np.zeros(6))
    score, information = derivatives(design.risk, x, at)
    assert score == pytest.approx(2 - 3 / 6 - 2 / 4, **EXACT)
    assert information[0] == pytest.approx(1 / 4 + 2 * 3 / 16, **EXACT)


def test_strata_do_not_share_risk_sets():
    """Two strata of one event each: r/(r+1) of one and 1/(r+1) of the other; r = 1."""
    frame = pd.DataFrame(
        {
            "time": [1, 2, 1, 2],
            "event": [1, 0, 1, 0],
            "x": [1, 0, 0, 1],
            "where": ["a", "a", "b", "b"],
        }
    )
    fit = cox("x", frame, time="time", event="event", strata="where")
    assert fit.beta[0] == pytest.approx(0, abs=1e-12)
    assert fit.std_error[0] == pytest.approx(np.sqrt(2), **EXACT)
    assert fit.loglik == pytest.approx(2 * np.log(1 / 2), **EXACT)


def test_one_stratum_is_no_strata():
    """The first row leaves before the first event, which is where two risk sets could be mixed."""
    frame = six().assign(time=[9, 0.5, 1, 6, 6, 8], event=[1, 0, 0, 1, 1, 0], where="a")
    settings = {"time": "time", "event": "event", "cluster": "pair", "inference": "sandwich"}
    for ties in ("breslow", "efron"):
        plain = cox("x", frame, ties=ties, **settings)
        single = cox("x", frame, ties=ties, strata="where", **settings)
        assert single.beta[0] == pytest.approx(plain.beta[0], **EXACT)
        assert single.std_error[0] == pytest.approx(plain.std_error[0], **EXACT)


def test_nothing_to_compare_is_told():
    """The only event has nobody else at risk."""
    frame = pd.DataFrame({"time": [0, 1], "event": [0, 1], "x": [0, 1]})
    fit = cox("x", frame, time="time", event="event")
    assert np.isnan(fit.beta[0])
    assert "x (not determined)" in fit.warnings[0]
    assert not fit.converged


def made_up(seed: int, n: int = 24):
    """Rows with many ties, two covariates and two strata."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2)).round(1)
    observed = FollowUp(rng.integers(0, 6, n).astype(float), rng.integers(0, 2, n).astype(float))
    return X, observed, rng.integers(0, 2, n), rng.normal(size=2)


def by_definition(X, observed, strata, beta, ties, weights=None):
    """Log-likelihood and score residuals, straight from the formulas."""
    t, d = observed.time, observed.event
    w = np.exp(X @ beta) * (np.ones(len(t)) if weights is None else weights)
    once = np.ones(len(t)) if weights is None else weights
    loglik, residuals = 0.0, np.zeros_like(X)
    for stratum, time in product(np.unique(strata), np.unique(t)):
        here = strata == stratum
        at_risk = here & (t >= time)
        dead = here & (t == time) & (d == 1)
        m = int(dead.sum())
        if m == 0:
            continue
        means = []
        for k in range(m):
            gone = k / m if ties == "efron" else 0.0
            share = at_risk - gone * dead
            total = (share * w).sum()
            mean = (share * w) @ X / total
            loglik -= once[dead].mean() * np.log(total)
            residuals -= (share * w / total)[:, None] * (X - mean)
            means.append(mean)
        loglik += (once * (X @ beta))[dead].sum()
        residuals[dead] += X[dead] - np.mean(means, axis=0)
    return loglik, residuals


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("seed", range(4))
def test_likelihood_and_residuals_by_definition(seed, ties):
    X, observed, strata, beta = made_up(seed)
    risk = risk_sets(observed.time, observed.event, strata, ties)
    x = np.ascontiguousarray(X[risk.order].T)
    at = sums(risk, x, beta @ x)
    loglik, residuals = by_definition(X, observed, strata, beta, ties)
    assert at.loglik == pytest.approx(loglik, rel=1e-12)
    np.testing.assert_allclose(score_residuals(risk, x, at), residuals[risk.order], atol=1e-12)
    np.testing.assert_allclose(derivatives(risk, x, at)[0], residuals.sum(axis=0), atol=1e-12)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("seed", range(3))
def test_derivatives_by_differences(seed, ties):
    X, observed, strata, beta = made_up(seed)
    risk = risk_sets(observed.time, observed.event, strata, ties)
    x = np.ascontiguousarray(X[risk.order].T)

    def loglik(b):
        return sums(risk, x, b @ x).loglik

    def gradient(b):
        return derivatives(risk, x, sums(risk, x, b @ x))[0]

    score, information = derivatives(risk, x, sums(risk, x, beta @ x))
    np.testing.assert_allclose(score, optimize.approx_fprime(beta, loglik, 1e-7), atol=1e-5)
    np.testing.assert_allclose(
        -information, optimize.approx_fprime(beta, gradient, 1e-7), atol=1e-5
    )


@pytest.mark.parametrize("seed", range(3))
def test_breslow_residuals_are_derivatives_by_case_weight(seed):
    X, observed, strata, beta = made_up(seed)
    h = 1e-3

    def score(weights):
        def along(step):
            return by_definition(X, observed, strata, beta + step, "breslow", weights)[0]

        return [(along(e) - along(-e)) / 2e-4 for e in 1e-4 * np.eye(2)]

    _, residuals = by_definition(X, observed, strata, beta, "breslow")
    for i in range(0, len(X), 5):
        bump = h * (np.arange(len(X)) == i)
        slope = (np.array(score(1 + bump)) - score(1 - bump)) / (2 * h)
        np.testing.assert_allclose(slope, residuals[i], atol=1e-5)


def test_many_strata_are_as_good_as_their_sum():
    """The likelihood of pairs is the sum over pairs: conditional logistic regression."""
    rng = np.random.default_rng(1)
    pairs = 40
    frame = pd.DataFrame(
        {
            "pair": np.repeat(np.arange(pairs), 2),
            "event": np.tile([1, 0], pairs),
            "time": np.tile([1.0, 2.0], pairs),
            "x": rng.normal(size=2 * pairs),
        }
    )
    fit = cox("x", frame, time="time", event="event", strata="pair")
    apart = -np.diff(frame["x"].to_numpy().reshape(-1, 2), axis=1)[:, 0]

    def score(b):
        return (apart / (1 + np.exp(b * apart))).sum()

    assert fit.beta[0] == pytest.approx(optimize.brentq(score, -5, 5, xtol=1e-14), abs=1e-9)


def test_large_values_neither_overflow_nor_lose_digits():
    frame = six()
    settings = {"time": "time", "event": "event"}
    plain = cox("x", frame, **settings)
    for scale, shift in ((1e8, 1e12), (1e-7, 3.0), (-1.0, 1e6)):
        moved = cox("z", frame.assign(z=scale * frame.x + shift), **settings)
        assert moved.beta[0] * scale == pytest.approx(plain.beta[0], rel=1e-6)
        assert moved.loglik == pytest.approx(plain.loglik, rel=1e-9)


def test_what_search_finds_is_a_maximum():
    X, observed, strata, _ = made_up(5, n=60)
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "t": observed.time, "d": observed.event})
    for ties in ("breslow", "efron"):
        design = prepare(right_hand_side("a + b", frame), observed, strata, ties)
        best = maximum(design).best
        beta = design.white.back @ best.point
        for step in np.random.default_rng(0).normal(size=(20, 2)) * 0.05:
            assert by_definition(X, observed, strata, beta + step, ties)[0] < best.value


@pytest.mark.parametrize(
    ("columns", "lost"),
    [
        ({"event": [0, 0, 0, 0, 0, 0]}, [True]),
        ({"event": [1, 0, 0, 0, 0, 0]}, [True]),
        ({"x": [1, 0, 0, 0, 0, 0], "event": [0, 1, 1, 1, 1, 1]}, [True]),
    ],
)
def test_what_cannot_be_estimated_is_said(columns, lost):
    fit = cox("x", six().assign(**columns), time="time", event="event")
    np.testing.assert_array_equal(np.isnan(fit.beta), lost)
    assert np.isnan(fit.std_error).all()
    assert not fit.converged
    assert len(fit.warnings) == 1


def test_a_centre_without_events_leaves_the_arm_alone():
    """In the limit the centre's rows count for nothing: the fit is that of the others."""
    rng = np.random.default_rng(4)
    n = 90
    frame = pd.DataFrame(
        {
            "arm": rng.integers(0, 2, n),
            "centre": np.array(list("ABC"))[rng.integers(0, 3, n)],
            "time": rng.integers(1, 40, n),
            "event": rng.integers(0, 2, n),
            "g": rng.integers(0, 25, n),
        }
    )
    frame.loc[frame.centre == "C", "event"] = 0
    settings = {"time": "time", "event": "event", "cluster": "g", "inference": "sandwich"}
    settings["small_sample"] = False
    for ties in ("breslow", "efron"):
        fit = cox("arm + centre", frame, ties=ties, **settings)
        rest = cox("arm + centre", frame[frame.centre != "C"], ties=ties, **settings)
        assert np.isnan(fit.effect("centre[C]").estimate)
        np.testing.assert_allclose(fit.beta[:2], rest.beta, rtol=1e-8)
        np.testing.assert_allclose(fit.std_error[:2], rest.std_error, rtol=1e-7)
        assert fit.converged
        assert "centre[C] (diverges to -infinity)" in fit.warnings[0]


def test_the_reference_centre_without_events_leaves_the_arm_alone():
    rng = np.random.default_rng(4)
    n = 90
    frame = pd.DataFrame(
        {
            "arm": rng.integers(0, 2, n),
            "centre": np.array(list("ABC"))[rng.integers(0, 3, n)],
            "time": rng.integers(1, 40, n),
            "event": rng.integers(0, 2, n),
        }
    )
    frame.loc[frame.centre == "A", "event"] = 0
    fit = cox("arm + centre", frame, time="time", event="event")
    rest = cox("arm + centre", frame[frame.centre != "A"], time="time", event="event")
    assert fit.effect("arm").estimate == pytest.approx(rest.effect("arm").estimate, rel=1e-8)
    assert np.isnan(fit.beta[1:]).all()
    assert fit.converged  # B and C can still be told apart, though not from A


def test_few_clusters_are_said():
    settings = {"time": "time", "event": "event", "cluster": "pair"}
    fit = cox("x", six(), **settings, inference="sandwich")
    assert any("3 clusters" in text for text in fit.warnings)
    fit = cox("x", six(), **settings)
    assert any("3 clusters" in text for text in fit.warnings)
    with pytest.raises(DesignError, match="cannot be learnt from one"):
        cox("x", six().assign(pair="a"), **settings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ties": "exact"}, "ties must be"),
        ({"confidence": 95}, "between 0 and 1"),
        ({"frailty_method": "ml"}, "there is none"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(DesignError, match=message):
        cox("x", six(), time="time", event="event", **options)


@pytest.mark.parametrize("formula", ["time ~ x", "1", "x - 1", "nothing"])
def test_impossible_formulas_are_refused(formula):
    with pytest.raises(DesignError):
        cox(formula, six(), time="time", event="event")
