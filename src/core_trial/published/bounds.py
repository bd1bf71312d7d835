"""Which means and standard deviations whole numbers inside a range can have.

For n whole numbers from `low` to `high` with sum S and sum of squares Q, the variance with divisor
n - 1 is (Q - S^2/n) / (n - 1). A printed mean leaves the whole sums S with S/n in its window (GRIM:
Brown and Heathers 2017, Soc Psychol Personal Sci 8: 363-9). Given S, Q is smallest when all numbers
are within one of each other, largest when all but one lie at an end of the range, and has the
parity of S, because x^2 and x have (GRIMMER: Anaya 2016, PeerJ Preprints 4: e2400v1). All of it in
whole numbers and fractions: nothing here rounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core_trial.published.window import Window

#: Relative error of a bound in floats.
_FLOAT_NOISE = 1e-12


@dataclass(frozen=True, slots=True)
class Sample:
    """What is known of the numbers behind a mean and a standard deviation.

    Parameters
    ----------
    n
        How many there are, at least 2.
    low, high
        Range of those that are not fixed at zero.
    zeros
        How many of the n are known to be zero.
    """

    n: int
    low: int
    high: int
    zeros: int = 0

    @property
    def free(self) -> int:
        """How many are not fixed at zero."""
        return self.n - self.zeros


def sums(mean: Window, sample: Sample) -> range:
    """The whole sums whose mean lies in a window and that the range allows."""
    first = math.ceil(mean.low * sample.n)
    if not mean.includes_low and first == mean.low * sample.n:
        first += 1
    last = math.floor(mean.high * sample.n)
    if not mean.includes_high and last == mean.high * sample.n:
        last -= 1
    lowest, highest = sample.free * sample.low, sample.free * sample.high
    return range(max(first, lowest), min(last, highest) + 1)


def squares(total: int, sample: Sample) -> tuple[int, int]:
    """Smallest and largest sum of squares that go with a sum inside the range."""
    if sample.free == 0:
        return 0, 0
    k, more = divmod(total, sample.free)
    smallest = (sample.free - more) * k**2 + more * (k + 1) ** 2
    width = sample.high - sample.low
    at_high, rest = divmod(total - sample.free * sample.low, width)
    if at_high == sample.free:
        return smallest, sample.free * sample.high**2
    at_low = sample.free - at_high - 1
    largest = at_low * sample.low**2 + (sample.low + rest) ** 2 + at_high * sample.high**2
    return smallest, largest


def sd_range(mean: Window, sample: Sample) -> tuple[float, float]:
    """Smallest and largest standard deviation that go with a printed mean; ``nan`` if none do."""
    variances = [
        _variance(q, total, sample.n)
        for total in sums(mean, sample)
        for q in squares(total, sample)
    ]
    if not variances:
        return math.nan, math.nan
    return math.sqrt(min(variances)), math.sqrt(max(variances))


def possible(mean: Window, sd: Window, sample: Sample) -> bool:
    """Whether some whole numbers could have this printed mean and standard deviation.

    False is a proof; true says that GRIM and GRIMMER find nothing against them.
    """
    lowest = 0 if sample.zeros else sample.low
    if float(sd.low) > largest_sd(mean, lowest, sample.high, sample.n) * (1 + _FLOAT_NOISE):
        return False
    return any(_has_square(total, sd, sample) for total in sums(mean, sample))


def largest_sd(mean: Window, low: float, high: float, n: int = 2) -> float:
    """The standard deviation that no n or more numbers in a range exceed, whole or not.

    With mean m the sum of squares about it is at most n (m - low) (high - m) (Bhatia and Davis
    2000, Am Math Mon 107: 353-7), and the factor n / (n - 1) falls with n.
    """
    m = min(max((low + high) / 2, float(mean.low)), float(mean.high))
    return math.sqrt(max(n / (n - 1) * (m - low) * (high - m), 0.0))


def _has_square(total: int, sd: Window, sample: Sample) -> bool:
    """Whether a sum of squares with the sum's parity gives a standard deviation in the window."""
    smallest, largest = squares(total, sample)
    return any(
        (q - total) % 2 == 0 and _sd_holds(q, total, sample.n, sd)
        for q in _candidates(total, sd, sample.n, smallest, largest)
    )


def _candidates(total: int, sd: Window, n: int, smallest: int, largest: int) -> Iterator[int]:
    """The first sums of squares of either parity at or above the window's lower end."""
    start = (n - 1) * Fraction(max(sd.low, Decimal(0))) ** 2 + Fraction(total**2, n)
    first = max(smallest, math.ceil(start))
    return iter(range(first, min(first + 3, largest + 1)))


def _sd_holds(q: int, total: int, n: int, sd: Window) -> bool:
    """Whether a sum of squares puts the standard deviation into a window, exactly."""
    variance = _variance(q, total, n)
    low, high = Fraction(max(sd.low, Decimal(0))) ** 2, Fraction(sd.high) ** 2
    above = low <= variance if sd.includes_low or sd.low < 0 else low < variance
    return above and (variance <= high if sd.includes_high else variance < high)


def _variance(q: int, total: int, n: int) -> Fraction:
    return Fraction(q * n - total**2, n * (n - 1))
