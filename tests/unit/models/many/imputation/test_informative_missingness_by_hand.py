import numpy as np
import pytest
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.many.imputation.informative import (
    ArmCount,
    extreme_cases,
    informative_missingness,
)

INTERVENTION, CONTROL = ArmCount(64, 218, 3), ArmCount(83, 216, 4)


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        ((0, 0), (-0.090681, 0.764010, 0.665936)),
        ((1, 0), (-0.087466, 0.772378, 0.676308)),
        ((np.log(3), -np.log(3)), (-0.083278, 0.781080, 0.688536)),
    ],
)
def test_closed_form_to_the_printed_digits(deltas, expected):
    found = informative_missingness(INTERVENTION, CONTROL, deltas)
    estimates = (found.difference.estimate, found.ratio.estimate, found.odds_ratio.estimate)
    assert tuple(round(x, 6) for x in estimates) == expected


def test_extreme_cases_to_the_printed_digits():
    found = extreme_cases(INTERVENTION, CONTROL)
    printed = {"worst": (0.7181, 0.4834, 1.0667), "best": (0.6232, 0.4190, 0.9268)}
    for name, expected in printed.items():
        q = found[name].odds_ratio
        assert (round(q.estimate, 4), round(q.low, 4), round(q.high, 4)) == expected
    swapped = extreme_cases(INTERVENTION, CONTROL, event_is_good=True)
    assert swapped["best"].odds_ratio == found["worst"].odds_ratio


def test_large_odds_ratios_lead_to_the_extreme_cases():
    far = informative_missingness(INTERVENTION, CONTROL, (40.0, -40.0))
    assert far.odds_ratio.estimate == pytest.approx(
        extreme_cases(INTERVENTION, CONTROL)["worst"].odds_ratio.estimate
    )


def test_missing_at_random_is_the_complete_cases():
    found = informative_missingness(INTERVENTION, CONTROL)
    error = np.sqrt(1 / 64 + 1 / 154 + 1 / 83 + 1 / 133)
    assert found.odds_ratio.std_error / found.odds_ratio.estimate == pytest.approx(error)


def test_variance_by_simulation():
    """The risk's variance over repeated trials in which known and missing are multinomial."""
    arm, delta = ArmCount(120, 300, 100), 1.0
    rng = np.random.default_rng(1)
    missing = rng.binomial(400, 0.25, 40_000)
    seen = rng.binomial(400 - missing, 0.4) / (400 - missing)
    risk = seen + missing / 400 * (special.expit(special.logit(seen) + delta) - seen)
    found = informative_missingness(arm, ArmCount(10**6, 2 * 10**6, 0), (delta, 0.0))
    # 40,000 trials know a standard deviation to 0.35 %
    assert found.difference.std_error == pytest.approx(risk.std(), rel=0.015)


@pytest.mark.parametrize("counts", [(5, 4, 0), (-1, 4, 0), (0, 0, 3), (1, 2, -1), (1.5, 4, 0)])
def test_counts_that_cannot_be(counts):
    with pytest.raises(DesignError, match="whole numbers"):
        ArmCount(*counts)


def test_refusals():
    with pytest.raises(DesignError, match="events and others"):
        informative_missingness(ArmCount(0, 10, 1), CONTROL)
    with pytest.raises(DesignError, match="events and others"):
        informative_missingness(ArmCount(10, 10, 1), CONTROL)
    with pytest.raises(DesignError, match="finite"):
        informative_missingness(INTERVENTION, CONTROL, (np.inf, 0))
