"""Designs that carry too little: no error but ours, no warning of NumPy's, no number uncovered."""

import numpy as np
import pandas as pd
from clustered import trial
from effort import examples
from hypothesis import assume, given
from hypothesis import strategies as st

from core_trial.errors import DesignError
from core_trial.models.counts.modified_poisson import modified_poisson
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.models.intercept.mixed_poisson import mixed_poisson
from core_trial.models.marginal.standardised import standardised

seeds = st.integers(0, 2**32 - 1)


@st.composite
def designs(draw, counts):
    """A frame of 1 to 40 rows, most of them degenerate in some way, and a formula."""
    rng = np.random.default_rng(draw(seeds))
    n = draw(st.sampled_from([1, 2, 3, 6, 10, 20, 40]))
    arm = rng.integers(0, 2, n)
    cluster = rng.integers(0, draw(st.integers(1, n)), n)
    if draw(st.booleans()):
        cluster = np.where(arm == 1, cluster, n + np.arange(n))
    scale = 10.0 ** draw(st.integers(-6, 6))
    frame = pd.DataFrame(
        {
            "arm": arm,
            "cluster": cluster,
            "centre": rng.integers(0, draw(st.integers(1, 4)), n).astype(str),
            "x": rng.normal(size=n) * scale + draw(st.sampled_from([0.0, 1e3])),
        }
    )
    eta = draw(st.sampled_from([-3.0, 0.0, 2.0])) + draw(st.sampled_from([0.0, 8.0])) * arm
    eta = eta + draw(st.sampled_from([0.0, 1.0, 10.0])) * rng.normal(size=2 * n + 1)[cluster]
    y = (
        rng.poisson(np.exp(np.clip(eta, -30, 10)))
        if counts
        else rng.random(n) < 1 / (1 + np.exp(-eta))
    )
    y = np.asarray(y, dtype=float)
    shape = draw(st.sampled_from(["as drawn", "none", "not in one arm", "by cluster", "by x"]))
    y = {
        "as drawn": y,
        "none": 0 * y,
        "not in one arm": y * (arm == 0),
        "by cluster": cluster % 2 * 1.0,
        "by x": (frame["x"] > frame["x"].median()).to_numpy(dtype=float),
    }[shape]
    terms = draw(st.lists(st.sampled_from(["arm", "centre", "x", "arm:x"]), unique=True))
    return frame.assign(y=y), "y ~ " + (" + ".join(terms) or "1")


def check(fit):
    """Every number is finite, or it is nan and a warning says so."""
    numbers = [*fit.beta, *fit.std_error, fit.loglik, *fit.variance.values()]
    if fit.converged and not fit.warnings:
        assert np.isfinite(numbers).all()
    assert fit.converged or fit.warnings
    assert not np.isinf(numbers).any()
    assert len(fit.coefficients) == len(fit.terms)
    assert ((fit.std_error > 0) | np.isnan(fit.std_error)).all()
    assert (np.isfinite(fit.beta) | np.isnan(fit.std_error)).all()


@examples(150)
@given(designs(False), st.sampled_from([1, 2, 7, 25, 51]), st.sampled_from(["1", "arm"]))
def test_mixed_logistic(design, points, random):
    frame, formula = design
    try:
        fit = mixed_logistic(formula, frame, cluster="cluster", points=points, random=random)
    except DesignError:
        return
    check(fit)


@examples(100)
@given(designs(True), st.sampled_from([1, 7, 8]), st.sampled_from(["1", "arm"]))
def test_mixed_poisson(design, points, random):
    frame, formula = design
    try:
        fit = mixed_poisson(formula, frame, cluster="cluster", points=points, random=random)
    except DesignError:
        return
    check(fit)


@examples(75)
@given(designs(False), st.sampled_from(["cluster", None]))
def test_modified_poisson(design, cluster):
    frame, formula = design
    try:
        fit = modified_poisson(formula, frame, cluster=cluster)
    except DesignError:
        return
    check(fit)


@examples(75)
@given(designs(False), st.sampled_from(["risk_difference", "risk_ratio"]))
def test_standardised(design, measure):
    frame, formula = design
    try:
        fit = standardised(formula + " + arm", frame, cluster="cluster", measure=measure)
    except DesignError:
        return
    check(fit)
    risks = [q for name, q in fit.quantities.items() if name.startswith("risk[")]
    assert all(np.isnan(q.estimate) or 0 <= q.estimate <= 1 for q in risks)


MODELS = {"event": mixed_logistic, "count": mixed_poisson}
outcomes = st.sampled_from(sorted(MODELS))


@examples(40)
@given(seeds, outcomes)
def test_order_of_rows_does_not_matter(seed, outcome):
    frame = trial(seed, n=70, both=True)
    shuffled = frame.sample(frac=1, random_state=seed % 1000)
    fits = [
        MODELS[outcome](f"{outcome} ~ arm + centre + age", f, cluster="cluster")
        for f in (frame, shuffled)
    ]
    assume(fits[0].converged)
    np.testing.assert_allclose(fits[0].beta, fits[1].beta, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fits[0].cov, fits[1].cov, rtol=1e-5, atol=1e-9)
    order = shuffled.index.to_numpy()
    np.testing.assert_allclose(fits[0].fitted[order], fits[1].fitted, rtol=1e-6)


@examples(40)
@given(seeds, outcomes)
def test_swapping_the_arms_flips_the_sign(seed, outcome):
    frame = trial(seed, n=70, both=True)
    swapped = frame.assign(arm=1 - frame["arm"])
    one, other = (
        MODELS[outcome](f"{outcome} ~ arm + age", f, cluster="cluster") for f in (frame, swapped)
    )
    assume(one.converged)
    assert one.beta[1] == -other.beta[1] or abs(one.beta[1] + other.beta[1]) < 1e-6
    np.testing.assert_allclose(one.std_error[1], other.std_error[1], rtol=1e-5)
    np.testing.assert_allclose(one.loglik, other.loglik, rtol=1e-10)


@examples(25)
@given(seeds)
def test_a_copy_of_every_cluster_halves_the_variance_of_the_estimates(seed):
    frame = trial(seed, n=60, both=True)
    twice = pd.concat([frame, frame.assign(cluster=frame["cluster"] + "copy")])
    one, two = (mixed_logistic("event ~ arm + age", f, cluster="cluster") for f in (frame, twice))
    assume(one.converged)
    np.testing.assert_allclose(two.beta, one.beta, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(two.cov, one.cov / 2, rtol=1e-4, atol=1e-9)
