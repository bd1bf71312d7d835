import pickle

import numpy as np
import pytest
from clustered import trial

from core_trial.errors import DesignError
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.models.many.rejection import rejection
from core_trial.models.many.replicate import replicate


def test_counts_by_hand():
    p = np.array([0.01, 0.04, 0.05, 0.9, 0.02, np.nan, 0.03, np.nan])
    converged = np.array([True, True, True, True, False, True, True, False])
    found = rejection(p, converged)
    assert (found.rejected, found.tested, found.failed, found.unconverged) == (3, 5, 2, 1)
    assert found.share == 3 / 5  # 0.05 is not below 0.05
    assert (found.least, found.most) == (3 / 8, 6 / 8)
    assert found.monte_carlo_error == pytest.approx(np.sqrt(0.6 * 0.4 / 5))
    assert "2 failed and 1 unconverged left out: 37.5%" in str(found)


def test_wilson_interval():
    # Newcombe (1998), Stat Med 17: 857-72, table I: 81 of 263 is 0.2553 to 0.3662
    p = np.r_[np.zeros(81), np.ones(182)]
    found = rejection(p, np.ones(263, dtype=bool))
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert "left out" not in str(found)


def test_nothing_was_tested():
    found = rejection(np.array([np.nan]), np.array([False]))
    assert np.isnan([found.share, found.low, found.high, found.monte_carlo_error]).all()
    assert (found.least, found.most) == (0.0, 1.0)
    assert np.isnan(rejection(np.empty(0), np.empty(0, dtype=bool)).least)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.05, np.nan])
def test_level(level):
    with pytest.raises(DesignError, match="level"):
        rejection(np.array([0.1]), np.array([True]), level)


def test_failed_fits_are_not_counted_as_not_significant():
    frames = [trial(k, n=80) for k in range(4)] + [trial(9, n=80).assign(arm=1)]
    many = replicate(
        lambda f: mixed_logistic("event ~ arm", f, cluster="cluster"), frames, progress=False
    )
    found = many.rejection("arm", level=0.9)
    p = many.of("arm")["p_value"]
    assert (found.tested, found.failed) == (4, 1)
    assert found.share == (p.dropna() < 0.9).mean() != (p < 0.9).mean()


def test_replicates_can_be_pickled_and_resumed(tmp_path):
    frames = [trial(k, n=80) for k in range(3)]
    fit = lambda f: mixed_logistic("event ~ arm", f, cluster="cluster")  # noqa: E731
    many = replicate(fit, frames, progress=False, resume=tmp_path)
    for other in (
        pickle.loads(pickle.dumps(many)),
        replicate(fit, frames, progress=False, resume=tmp_path),
    ):
        assert other.estimates.equals(many.estimates)
        assert other.fits.equals(many.fits)
