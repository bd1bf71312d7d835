"""A nuisance covariate without events takes its own coefficient, and not the arm's."""

import numpy as np
import pandas as pd
import pytest

from core_trial import models

RNG = np.random.default_rng(12)
N = 200
ARM, RARE = np.arange(N) % 2, np.arange(N) >= N - 20
FRAME = pd.DataFrame(
    {
        "arm": ARM,
        "rare": RARE.astype(int),
        "event": np.where(RARE, 0, RNG.random(N) < 0.3 + 0.2 * ARM).astype(int),
        "days": np.where(RARE, 0, RNG.poisson(3 + 2 * ARM)),
        "time": RNG.integers(1, 99, N),
        "who": RNG.integers(0, 40, N),
    }
)


def logistic(right, frame):
    return models.mixed_logistic(f"event ~ {right}", frame, cluster="who")


def plain(right, frame):
    return models.logistic_regression(f"event ~ {right}", frame)


def poisson(right, frame):
    return models.mixed_poisson(f"days ~ {right}", frame, cluster="who")


def risks(right, frame):
    return models.modified_poisson(f"event ~ {right}", frame, cluster="who", small_sample=False)


def hazards(right, frame):
    return models.cox(right, frame, time="time", event="event")


def counts(right, frame):
    return models.zero_inflated_nb(f"days ~ {right}", frame, inference="model")


@pytest.mark.parametrize("fit", [logistic, plain, poisson, risks, hazards, counts])
def test_the_arm_stands_where_a_nuisance_covariate_has_no_events(fit):
    found = fit("arm + rare", FRAME)
    arm, rare = found.position("arm"), found.position("rare")
    assert found.converged
    assert found.estimable[arm]
    assert not found.estimable[rare]
    assert any("rare" in warning for warning in found.warnings)
    assert np.isfinite(found.effect("arm").p_value)


@pytest.mark.parametrize("fit", [logistic, poisson, risks])
def test_its_estimate_is_that_of_the_other_rows(fit):
    found, without = fit("arm + rare", FRAME), fit("arm", FRAME[~RARE])
    assert found.effect("arm").estimate == pytest.approx(without.effect("arm").estimate, rel=1e-8)


def test_nothing_is_estimable_without_events():
    none = FRAME.assign(event=0)
    for fit in (logistic, plain, risks, hazards):
        found = fit("arm", none)
        assert not found.converged
        assert not any(found.estimable)
