"""Pictures of a fit, drawn on axes that may be given."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from tests.support.questions import fits

from core_trial.errors import DesignError


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_a_forest_shows_every_effect_at_its_place():
    fit = fits()["logistic"]
    axes = fit.plot()
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == list(fit.terms[1:])
    drawn = axes.lines[0].get_xdata()
    np.testing.assert_allclose(drawn, fit.to_frame()["estimate"].iloc[1:])
    assert axes.get_xscale() == "log"
    assert "Odds ratio" in axes.get_xlabel()


def test_axes_that_are_given_are_used():
    _, axes = plt.subplots()
    assert fits()["linear"].plot(terms=["age", "sex"], ax=axes) is axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["age", "sex[M]"]
    assert axes.get_xscale() == "linear"


def test_residuals_against_fitted_means():
    fit = fits()["linear"]
    axes = fit.plot_residuals()
    np.testing.assert_allclose(axes.lines[0].get_ydata(), fit.residuals("pearson"))
    np.testing.assert_allclose(axes.lines[0].get_xdata(), fit.fitted)
    assert fits()["zeros"].plot_residuals().get_ylabel() == "Response residual"


def test_nothing_to_draw_is_refused():
    with pytest.raises(DesignError, match="did you mean 'age'"):
        fits()["linear"].plot(terms=["agee"])
    with pytest.raises(DesignError, match="no coefficient"):
        fits()["linear"].plot(terms=[])
