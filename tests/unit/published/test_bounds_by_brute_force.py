"""Means and standard deviations: every data set of a few whole numbers in a small range."""

import math
from collections import defaultdict
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
import pytest

from core_trial.published.bounds import Sample, largest_sd, possible, sd_range, squares, sums
from core_trial.published.window import read
from core_trial.report.number import fixed
from core_trial.report.styles import LANCET

#: n, lowest, highest, zeros: small enough to be written out whole.
SHAPES = [
    (2, 0, 9, 0),
    (3, 0, 6, 0),
    (4, 1, 5, 0),
    (5, 0, 4, 0),
    (6, 2, 4, 0),
    (5, 1, 4, 2),
    (6, 1, 6, 3),
]
DECIMALS = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 0)]


@cache
def everything(shape):
    """Sum and sum of squares of every data set of this shape."""
    n, low, high, zeros = shape
    values = combinations_with_replacement(range(low, high + 1), n - zeros)
    return frozenset((sum(v), sum(x * x for x in v)) for v in values)


def moments(total, q, n):
    return total / n, math.sqrt(Fraction(q * n - total**2, n * (n - 1)))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_extreme_sums_of_squares_are_those_of_all_data_sets(shape):
    by_sum = defaultdict(list)
    for total, q in everything(shape):
        by_sum[total].append(q)
    for total, found in by_sum.items():
        assert squares(total, Sample(*shape)) == (min(found), max(found))


@pytest.mark.parametrize("places", DECIMALS)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_data_set_is_called_impossible_and_the_bounds_are_attained(shape, places):
    sample = Sample(*shape)
    spreads = defaultdict(list)
    for total, q in everything(shape):
        mean, sd = moments(total, q, sample.n)
        printed = fixed(mean, places[0], LANCET), fixed(sd, places[1], LANCET)
        assert total in sums(read(printed[0]), sample)
        assert possible(read(printed[0]), read(printed[1]), sample), printed
        spreads[printed[0]].append(sd)
    for printed_mean, found in spreads.items():
        assert sd_range(read(printed_mean), sample) == pytest.approx((min(found), max(found)))


@pytest.mark.parametrize("shape", [(12, 0, 4, 0), (10, 0, 6, 0), (16, 1, 4, 6)])
def test_what_is_called_possible_mostly_is(shape):
    """Necessary, not sufficient: from ten numbers on, what it lets pass is 19 times in 20 there."""
    sample = Sample(*shape)
    attained = {
        tuple(fixed(x, 1, LANCET) for x in moments(total, q, sample.n))
        for total, q in everything(shape)
    }
    grid = [
        (fixed(mean, 1, LANCET), fixed(sd, 1, LANCET))
        for mean in np.arange(0, shape[2] + 0.05, 0.1)
        for sd in np.arange(0, shape[2], 0.1)
    ]
    passed = {texts for texts in grid if possible(read(texts[0]), read(texts[1]), sample)}
    assert attained <= passed
    assert len(passed - attained) <= 0.05 * len(passed)
    assert len(passed) < 0.4 * len(grid)


def test_the_published_58_70_by_the_whole_of_the_range():
    """The largest spread puts everybody at an end of 0 to 88: try every such split up to 400."""
    mean, sd = read("58"), read("70")
    largest = max(
        moments(88 * high + rest, 88**2 * high + rest**2, n)[1]
        for n in range(2, 400)
        for high in range(n)
        for rest in range(88)
        if 57.5 <= (88 * high + rest) / n < 58.5
    )
    assert largest == pytest.approx(max(sd_range(mean, Sample(n, 0, 88))[1] for n in range(2, 400)))
    assert largest < largest_sd(mean, 0, 88) < 60 < float(sd.low)
    assert not any(possible(mean, sd, Sample(n, 0, 88)) for n in range(2, 400))
    assert possible(mean, read("17"), Sample(120, 0, 88))


def test_nobody_with_any_days():
    nothing = Sample(5, 1, 365, zeros=5)
    assert squares(0, nothing) == (0, 0)
    assert possible(read("0"), read("0"), nothing)
    assert not possible(read("1"), read("0"), nothing)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_sample_exceeds_the_bound_for_its_size_or_any(shape):
    n, low, high, zeros = shape
    for total, q in everything(shape):
        mean, sd = moments(total, q, n)
        window = read(fixed(mean, 1, LANCET))
        bound = largest_sd(window, 0 if zeros else low, high, n)
        assert sd <= bound * (1 + 1e-12)
        assert bound <= largest_sd(window, 0 if zeros else low, high)


def test_grim_by_hand():
    """A mean of 2·53 of 15 whole numbers would need a sum of 37·95: 37 and 38 give 2·47, 2·53."""
    sample = Sample(15, 0, 10)
    assert list(sums(read("2·53"), sample)) == [38]
    assert list(sums(read("2·50"), sample)) == []
    assert math.isnan(sd_range(read("2·50"), sample)[0])


def test_grimmer_by_hand():
    """Of two numbers with sum 6 the sum of squares is even, 18 at least and 36 at most.

    The variance is that sum less 18, so 1 and 3 are out: no standard deviation is 1·00 or 1·73.
    """
    sample = Sample(2, 0, 6)
    found = [i for i in range(500) if possible(read("3·00"), read(f"{i / 100:.2f}"), sample)]
    assert found == [round(100 * math.sqrt(q - 18)) for q in range(18, 37, 2)]
    assert not {100, 173} & set(found)
