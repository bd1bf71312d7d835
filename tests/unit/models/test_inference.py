"""Wald inference against the distributions of scipy.stats, far tails included."""

import math

import numpy as np
import pytest
from scipy import stats

from core_trial.models.inference import boundary_p, chi_square_p, wald


@pytest.mark.parametrize("z", [0.0, 0.5, 1.96, 8.3, 30.0])
def test_normal_p_values_keep_their_digits_in_the_tail(z):
    p = wald([z], [1.0]).p_value[0]
    assert p == pytest.approx(2 * stats.norm.sf(z), rel=1e-12)
    assert p > 0


@pytest.mark.parametrize("df", [1.0, 7.3, 250.0])
def test_student_inference(df):
    found = wald([2.0], [0.8], df=df, confidence=0.9)
    assert found.p_value[0] == pytest.approx(2 * stats.t.sf(2.5, df), rel=1e-10)
    half = 0.8 * stats.t.ppf(0.95, df)
    assert found.low[0] == pytest.approx(2 - half, rel=1e-10)
    assert found.high[0] == pytest.approx(2 + half, rel=1e-10)


@pytest.mark.parametrize("se", [0.0, -1.0, math.nan, math.inf])
def test_nothing_follows_from_a_standard_error_that_is_none(se):
    found = wald([1.0], [se])
    assert all(math.isnan(x[0]) for x in (found.statistic, found.p_value, found.low, found.high))


def test_degrees_of_freedom_may_differ_by_coefficient():
    found = wald([1.0, 1.0], [1.0, 1.0], df=[np.inf, 3.0])
    assert found.p_value[1] > found.p_value[0]


def test_the_mixture_for_a_variance_at_its_bound():
    assert boundary_p(0.0) == 1.0
    assert boundary_p(-1e-9) == 1.0
    assert boundary_p(2.7055) == pytest.approx(0.05, rel=1e-3)
    assert chi_square_p(400.0, 1) == pytest.approx(stats.chi2.sf(400.0, 1), rel=1e-10)
