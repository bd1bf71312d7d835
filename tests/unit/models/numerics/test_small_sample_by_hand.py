"""Degrees of freedom of contrasts and joint tests, from the pieces that a fit keeps."""

import numpy as np
import pytest
from scipy import stats
from tests.support.questions import fits

from core_trial.models.numerics.small_sample import SmallSample

DIAGONAL = np.diag([1.0, 2.0, 4.0])


def kept(method, spread):
    """Independent coefficients whose variances are in proportion to one variance."""
    return SmallSample(method, DIAGONAL, DIAGONAL[None], np.array([[spread]]))


def test_one_variance_gives_every_contrast_its_degrees_of_freedom():
    small = kept("satterthwaite", 0.1)  # 2 v^2 / (v^2 * 0.1)
    found = small.df(np.array([[1.0, 0, 0], [0, 1, -1], [2, 3, 5]]))
    np.testing.assert_allclose(found, 20.0)
    joint = small.joint("", np.eye(3), np.ones(3), DIAGONAL)
    assert joint.denominator_df == pytest.approx(20.0)
    assert joint.statistic == pytest.approx((1 + 1 / 2 + 1 / 4) / 3)
    assert joint.p_value == pytest.approx(stats.f.sf(joint.statistic, 3, 20))


def test_kenward_roger_of_one_variance_is_the_exact_f():
    """With one variance known up to a chi-square the statistic is F itself: no scale is needed."""
    for df in (5.0, 20.0, 200.0):
        small = kept("kenward_roger", 2 / df)
        joint = small.joint("", np.eye(3)[:2], np.ones(2), DIAGONAL)
        assert joint.denominator_df == pytest.approx(df)
        assert joint.statistic == pytest.approx((1 + 1 / 2) / 2)


def test_variances_that_are_known_give_chi_square():
    for method in ("satterthwaite", "kenward_roger"):
        joint = kept(method, 0.0).joint("", np.eye(3), np.ones(3), DIAGONAL)
        assert np.isposinf(joint.denominator_df)
        assert joint.p_value == pytest.approx(stats.chi2.sf(3 * joint.statistic, 3))


def test_few_degrees_of_freedom_under_fai_and_cornelius():
    assert kept("satterthwaite", 1.0 + 1e-9).joint(
        "", np.eye(3), np.ones(3), DIAGONAL
    ).denominator_df == pytest.approx(2.0, abs=1e-6)
    unequal = SmallSample(
        "satterthwaite",
        np.eye(2),
        np.array([np.diag([1.0, 0.0]), np.diag([0.0, 1.0])]),
        np.diag([1.1, 0.1]),  # 1.8 and 20
    )
    assert unequal.joint("", np.eye(2), np.ones(2), np.eye(2)).denominator_df == 2.0


def test_no_degrees_of_freedom_where_the_variances_have_no_covariance():
    small = kept("satterthwaite", np.nan)
    assert np.isnan(small.df(np.eye(3))).all()
    assert np.isnan(small.joint("", np.eye(3), np.ones(3), DIAGONAL).denominator_df)


def test_a_fit_has_the_degrees_of_freedom_that_its_pieces_give():
    fit = fits()["reml"]
    np.testing.assert_allclose(fit.small_sample.df(np.eye(len(fit.terms))), fit.df)
