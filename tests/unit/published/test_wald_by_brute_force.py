"""The p-values that an estimate and an interval leave open: a grid of estimates and errors."""

import math

import numpy as np
import pytest
from scipy import special

from core_trial.published.wald import corners, p_range
from core_trial.published.window import read
from core_trial.report.number import fixed
from core_trial.report.styles import LANCET

Q = special.ndtri(0.975)


def printed(b, s, places, ratio):
    link = math.exp if ratio else float
    return tuple(fixed(link(x), places, LANCET) for x in (b, b - Q * s, b + Q * s))


def p_of(b, s):
    return float(2 * special.ndtr(-abs(b) / s))


@pytest.mark.parametrize("ratio", [False, True])
@pytest.mark.parametrize("places", [1, 2])
def test_every_estimate_has_its_p_value_in_the_range(ratio, places):
    rng = np.random.default_rng(1)
    for b, s in zip(rng.normal(0, 1, 300), rng.uniform(0.05, 1, 300), strict=True):
        texts = printed(b, s, places, ratio)
        low, high = p_range(corners(*map(read, texts), ratio=ratio))
        assert low - 1e-9 <= p_of(b, s) <= high + 1e-9, texts


@pytest.mark.parametrize(
    ("texts", "ratio"),
    [
        (("0·66", "0·43", "0·99"), True),
        (("2·90", "0·08", "5·72"), False),
        (("0·1", "–0·4", "0·6"), False),
    ],
)
def test_the_ends_of_the_range_are_those_of_a_fine_grid(texts, ratio):
    points = corners(*map(read, texts), ratio=ratio)
    bs = np.linspace(min(c.b for c in points), max(c.b for c in points), 500)
    ss = np.linspace(min(c.s for c in points), max(c.s for c in points), 500)
    b, s = (x.ravel() for x in np.meshgrid(bs, ss))
    link = np.exp if ratio else np.asarray
    inside = np.ones(len(b), dtype=bool)
    for text, x in zip(texts, (b, b - Q * s, b + Q * s), strict=True):
        inside &= (link(x) >= float(read(text).low)) & (link(x) < float(read(text).high))
    p = 2 * special.ndtr(-np.abs(b[inside]) / s[inside])
    low, high = p_range(points)
    assert low <= p.min() + 1e-12
    assert high >= p.max() - 1e-12
    # a step of the grid is 1/500 of the region, and its corners are sharp
    assert p.min() - low < 0.1 * (high - low)
    assert high - p.max() < 0.1 * (high - low)


def test_the_primary_result_by_hand():
    """Log 0·425 to log 0·995 is at most 3.92 s, and the estimate at least log 0·655 from 1."""
    low, high = p_range(corners(read("0·66"), read("0·43"), read("0·99"), ratio=True))
    assert low > 2 * special.ndtr(math.log(0.655) / (math.log(0.985 / 0.435) / 2 / Q))
    assert low < 0.0438 < high < 0.05


def test_an_interval_that_is_not_around_its_estimate_leaves_nothing():
    assert corners(read("1·00"), read("0·43"), read("0·99"), ratio=False) == ()
    assert corners(read("0·90"), read("0·43"), read("0·99"), ratio=True) == ()
    assert all(map(math.isnan, p_range(())))


def test_a_ratio_has_no_negative_limit_but_may_print_as_zero():
    assert corners(read("2·18"), read("–0·72"), read("5·08"), ratio=True) == ()
    assert corners(read("2·18"), read("–0·72"), read("5·08"), ratio=False)
    assert corners(read("0·05"), read("0·00"), read("3·21"), ratio=True)


def test_an_estimate_of_either_sign_may_have_any_p_up_to_one():
    assert p_range(corners(read("0·0"), read("–0·5"), read("0·5"), ratio=False))[1] == 1
