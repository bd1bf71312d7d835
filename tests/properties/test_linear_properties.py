"""What must hold for the linear model on any data, however badly laid out."""

import warnings

import numpy as np
import pandas as pd
import pytest
from effort import examples
from hypothesis import example, given
from hypothesis import strategies as st

from core_trial.errors import CoreTrialError
from core_trial.models.linear.mixed_linear import mixed_linear

#: Sums in another order differ in the last digits; the search for the variances magnifies it.
ROUNDING = 1e-8

FORMULAS = ("y ~ arm", "y ~ arm + x", "y ~ 1", "y ~ arm*x", "y ~ 0 + x", "y ~ arm + C(level)")


@st.composite
def trials(draw: st.DrawFn) -> pd.DataFrame:
    """Well-behaved partially nested trials of 30 to 80 participants."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, workers = draw(st.integers(30, 80)), draw(st.integers(3, 9))
    arm = np.arange(n) % 2
    g = np.where(arm == 1, rng.integers(0, workers, n), np.arange(n) + 100)
    u = rng.normal(size=workers) * draw(st.sampled_from([0.0, 0.3, 1.0]))
    y = arm + np.where(arm == 1, u[np.minimum(g, workers - 1)], 0) + rng.normal(size=n)
    return pd.DataFrame({"y": y, "arm": arm, "g": g, "x": rng.normal(size=n)})


MODELS = st.fixed_dictionaries(
    {
        "method": st.just("reml"),
        "df": st.sampled_from(["satterthwaite", "kenward_roger"]),
        "random": st.sampled_from(["1", "arm"]),
        "residual_by": st.sampled_from([None, "arm"]),
    }
)


def same(one, other, factor=1.0):
    """Coefficients up to a factor, and what does not depend on it."""
    error = one.std_error * abs(factor)
    np.testing.assert_allclose((other.beta - factor * one.beta) / error, 0, atol=ROUNDING)
    np.testing.assert_allclose(other.std_error / error, 1, atol=ROUNDING)
    np.testing.assert_allclose(other.df, one.df, rtol=1e-6)
    assert one.warnings == other.warnings


@examples(25)
@given(trials(), MODELS, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(frame, model, shuffler):
    order = list(range(len(frame)))
    shuffler.shuffle(order)
    fit = mixed_linear("y ~ arm + x", frame, cluster="g", **model)
    other = mixed_linear("y ~ arm + x", frame.iloc[order], cluster="g", **model)
    same(fit, other)
    np.testing.assert_allclose(other.fitted, fit.fitted[order], rtol=1e-7, atol=1e-9)


@examples(25)
@given(trials(), MODELS)
def test_swapping_the_arms_flips_the_sign(frame, model):
    swapped = frame.assign(treated=frame.arm, arm=1 - frame.arm)
    if model["random"] == "arm":
        model = model | {"random": "treated"}
    fit = mixed_linear("y ~ arm + x", frame.assign(treated=frame.arm), cluster="g", **model)
    other = mixed_linear("y ~ arm + x", swapped, cluster="g", **model)
    assert other.effect("arm").estimate == pytest.approx(-fit.effect("arm").estimate, rel=1e-7)
    assert other.effect("arm").std_error == pytest.approx(fit.effect("arm").std_error, rel=1e-8)
    assert other.loglik == pytest.approx(fit.loglik, abs=1e-8)


@examples(25)
@given(trials(), MODELS, st.floats(-1e6, 1e6), st.sampled_from([-3.0, 1e-5, 0.1, 7.0, 1e8]))
def test_shift_and_scale_of_the_outcome(frame, model, shift, scale):
    fit = mixed_linear("y ~ arm + x", frame, cluster="g", **model)
    moved = frame.assign(y=scale * (frame.y + shift / 1e3))
    other = mixed_linear("y ~ arm + x", moved, cluster="g", **model)
    fit.beta[0] += shift / 1e3
    same(fit, other, scale)
    for name, value in fit.variance.items():
        assert other.variance[name] == pytest.approx(scale**2 * value, rel=1e-6)
    rows = fit.n - len(fit.beta)
    assert other.loglik == pytest.approx(fit.loglik - rows * np.log(abs(scale)), rel=1e-9)


@examples(25)
@given(trials(), MODELS)
def test_labels_of_clusters_and_units_of_covariates_do_not_matter(frame, model):
    fit = mixed_linear("y ~ arm + x", frame, cluster="g", **model)
    renamed = frame.assign(g=[f"w{(g * 7919) % 10007}" for g in frame.g], x=frame.x * 1e6 + 3e7)
    other = mixed_linear("y ~ arm + x", renamed, cluster="g", **model)
    assert other.effect("arm").estimate == pytest.approx(fit.effect("arm").estimate, rel=1e-6)
    assert other.effect("arm").std_error == pytest.approx(fit.effect("arm").std_error, rel=1e-7)


@st.composite
def wrecks(draw: st.DrawFn) -> tuple[pd.DataFrame, dict]:
    """Designs that cannot carry the model, or hardly: few rows, ties, confounding, wild scales."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(2, 24))
    frame = pd.DataFrame(
        {
            "g": rng.integers(0, draw(st.integers(1, n)), n),
            "arm": rng.integers(0, 2, n),
            "x": rng.normal(size=n).round(draw(st.integers(0, 2))),
            "level": rng.integers(0, draw(st.integers(1, 3)), n),
        }
    )
    if draw(st.booleans()):
        frame["arm"] = frame.g % 2
    noise = rng.normal(size=n)
    frame["y"] = draw(
        st.sampled_from(
            [
                noise,
                rng.integers(0, 3, n).astype(float),
                np.zeros(n),
                frame.g + 1e-3 * noise,
                noise * 10.0 ** (4 * frame.level),
                1e12 + noise,
                1e-80 * noise,
                1e170 * noise,
            ]
        )
    )
    method = draw(st.sampled_from(["ml", "reml"]))
    few = ["normal", "satterthwaite"]
    model = {
        "method": method,
        "df": draw(st.sampled_from(few if method == "ml" else [*few, "kenward_roger"])),
        "random": draw(st.sampled_from(["1", "arm"])),
        "residual_by": draw(st.sampled_from([None, "arm", "level"])),
    }
    return frame, model


#: The three rows of level 0 are fitted exactly as its variance goes to zero, where the restricted
#: likelihood has its maximum.
EXACT = pd.DataFrame(
    {
        "g": [0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1],
        "arm": [0, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1],
        "x": [1.0, 2, -1, 2, -1, 0, 1, 1, 1, 1, 1, 0, 1],
        "level": [1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
        "y": [-0.6, -1.2, -0.9, -0.5, 1.0, 0.3, -1.6, 1.1, 0.8, 0.1, 0.0, 0.5, 0.1],
    }
)
KENWARD_ROGER = {
    "method": "reml",
    "df": "kenward_roger",
    "random": "arm",
    "residual_by": "level",
}


@examples(150)
@given(wrecks(), st.sampled_from(FORMULAS))
@example((EXACT, KENWARD_ROGER), "y ~ arm*x")
def test_a_wreck_is_refused_or_its_numbers_are_covered(wreck, formula):
    frame, model = wreck
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no warning of NumPy may come through
        try:
            fit = mixed_linear(formula, frame, cluster="g", **model)
        except CoreTrialError:
            return
        table = fit.coefficients
    assert np.isfinite(fit.beta).all()
    assert np.isfinite(fit.fitted).all()
    assert np.isfinite(fit.loglik)
    complete = np.isfinite(table["std_error"]).all() and (table["df"] > 0).all()
    assert complete or fit.warnings
    assert fit.converged or fit.warnings
    for name, value in fit.variance.items():
        assert value >= 0 or (name == "cluster" and fit.warnings)
    for icc in fit.quantities.values():
        inside = 0 <= icc.low <= icc.estimate + 1e-9 <= icc.high + 2e-9 <= 1 + 3e-9
        assert inside or (np.isnan(icc.low) and fit.warnings)
    assert fit.tests["variance"].statistic >= 0 or fit.warnings
