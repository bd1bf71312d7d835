"""A fit as a value: it travels, prints, and says what to ask."""

import copy
import dataclasses
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from tests.support.questions import fits, trial

from core_trial import models
from core_trial.errors import DesignError

NAMES = sorted(fits())


def same(one, other):
    """Whether two field values are equal, arrays and series to the last bit."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
    if isinstance(one, pd.Series):
        return one.index.dtype == other.index.dtype and one.equals(other) and one.name == other.name
    if dataclasses.is_dataclass(one) and not isinstance(one, type):
        return type(one) is type(other) and all(
            same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one)
        )
    if hasattr(one, "items"):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    return one == other or (one != one and other != other)


def differing(one, other, without=()):
    names = [f.name for f in dataclasses.fields(models.Fit) if f.name not in without]
    return [name for name in names if not same(getattr(one, name), getattr(other, name))]


@pytest.mark.parametrize("name", NAMES)
def test_a_pickled_fit_is_the_same_but_for_its_likelihood(name):
    fit = fits()[name]
    back = pickle.loads(pickle.dumps(fit))
    assert differing(fit, back, without=("profiler", "recipe", "excess_recipe")) == []
    assert back.profiler is None
    assert repr(back) == repr(fit)


@pytest.mark.parametrize("name", NAMES)
def test_a_fit_in_json_comes_back_to_the_last_bit(name):
    fit = fits()[name]
    back = models.Fit.from_json(fit.to_json())
    assert differing(fit, back, without=("profiler", "recipe", "excess_recipe")) == []
    assert back.to_json() == fit.to_json()


def test_a_copy_keeps_the_likelihood_and_shares_nothing_that_can_change():
    fit = fits()["linear"]
    for copied in (copy.copy(fit), copy.deepcopy(fit), dataclasses.replace(fit, confidence=0.9)):
        assert copied.profiler is fit.profiler
        assert np.array_equal(copied.beta, fit.beta)
    assert copy.deepcopy(fit).beta is not fit.beta


def test_a_fit_goes_through_joblib_and_asdict(tmp_path):
    fit = fits()["logistic"]
    joblib.dump(fit, tmp_path / "fit")
    assert joblib.load(tmp_path / "fit").loglik == fit.loglik
    assert dataclasses.asdict(fit)["variance"]["cluster"] == fit.variance["cluster"]


def test_results_beside_fits_pickle_too():
    time = {"time": "time", "event": "status"}
    mean = models.restricted_mean(trial(), limit=40, by="arm", **time)
    assert same(pickle.loads(pickle.dumps(mean)), mean)
    hazards = models.proportional_hazards("arm", trial(), **time)
    assert pickle.loads(pickle.dumps(hazards)).tests["arm"] == hazards.tests["arm"]


@pytest.mark.parametrize("text", ["{}", "[]", "no", '{"format": "core_trial.Fit/0", "fit": {}}'])
def test_what_is_no_fit_in_json_is_refused(text):
    with pytest.raises(DesignError, match=r"to_json|format"):
        models.Fit.from_json(text)


def test_mappings_cannot_be_changed():
    with pytest.raises(TypeError):
        fits()["linear"].variance["cluster"] = 0.0


def test_a_fit_without_a_frame_after_json_says_that_it_cannot_predict():
    back = models.Fit.from_json(fits()["linear"].to_json())
    with pytest.raises(DesignError, match="fit the model from a frame"):
        back.predict(trial())


def test_the_effect_of_a_variable_in_an_interaction_says_what_to_ask():
    with pytest.raises(DesignError, match=r"fit.subgroups\('arm', 'sex'\)"):
        fits()["linear"].effect("arm")
    assert fits()["linear"].effect("arm[peer]").term == "arm[peer]"
    assert fits()["linear"].effect("arm[peer]:sex[M]").term == "arm[peer]:sex[M]"


def test_a_numeric_variable_in_an_interaction_says_it_too():
    d = trial().assign(treated=(trial()["arm"] == "peer").astype(int))
    fit = models.mixed_linear("score ~ treated * sex", d, cluster="worker")
    with pytest.raises(DesignError, match="stands in the interaction treated:sex"):
        fit.effect("treated")
    assert fit.contrast("treated").estimate[0] == fit.coefficients.loc["treated", "estimate"]


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("ages", "did you mean 'age'"),
        ("centre", r"has 2 columns: centre\[B\], centre\[C\]"),
        ("Age", "did you mean 'age'"),
        (3, "not int"),
    ],
)
def test_a_wrong_name_gets_the_nearest(term, said):
    with pytest.raises(DesignError, match=said):
        fits()["linear"].effect(term)


def test_criteria_count_coefficients_and_variances():
    fit = fits()["reml"]
    assert fit.n_parameters == len(fit.terms) + 3
    assert fit.aic == pytest.approx(-2 * fit.loglik + 2 * fit.n_parameters)
    assert fit.bic == pytest.approx(-2 * fit.loglik + np.log(160) * fit.n_parameters)
    cox = fits()["cox"]
    assert cox.bic == pytest.approx(-2 * cox.loglik + np.log(cox.n_events) * 6)
    assert np.isnan(fits()["risk"].aic)


def test_the_frame_is_on_the_reported_scale():
    fit = fits()["logistic"]
    table = fit.to_frame()
    assert table.loc["age", "estimate"] == fit.effect("age").estimate
    assert table.loc["age", "std_error"] == fit.std_error[fit.position("age")]
    pd.testing.assert_frame_equal(fits()["linear"].to_frame(), fits()["linear"].coefficients)
