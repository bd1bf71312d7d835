"""How many participants a trial needs when one of its arms is treated in clusters.

The number at which `power.power`, whose formulas stand there with their sources, is the one wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from core_trial.analyses.power import Binary, Outcome, Test, power
from core_trial.errors import DesignError

#: A design larger than this in any arm is no design.
LARGEST = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """What a design asks for.

    Parameters
    ----------
    clustered, controls
        Participants to be analysed in each arm, before rounding.
    recruited_clustered, recruited_controls
        Participants to be recruited: inflated for attrition, rounded up.
    clusters
        Clusters to be recruited, rounded up.
    """

    clustered: float
    controls: float
    recruited_clustered: int
    recruited_controls: int
    clusters: int

    @property
    def recruited(self) -> int:
        """Participants to be recruited in both arms."""
        return self.recruited_clustered + self.recruited_controls


def sample_size(
    outcome: Outcome,
    *,
    size: float,
    cv: float = 0.0,
    ratio: float = 1.0,
    attrition: float = 0.0,
    test: Test | None = None,
) -> SampleSize:
    """Participants for a test of given power.

    Parameters
    ----------
    outcome
        The difference and its variances.
    size, cv
        Mean and coefficient of variation of the participants analysed per cluster.
    ratio
        Controls per participant of the clustered arm.
    attrition
        Share of the recruited who will not be analysed, the same in both arms.
    test
        How the difference is tested; by default 80 % power at 5 % by the normal.

    Raises
    ------
    DesignError
        If an input is out of its range, or no number of participants reaches the power.

    Examples
    --------
    >>> outcome = Binary(clustered=0.35, control=0.50, icc=0.03)
    >>> sample_size(outcome, size=21).recruited  # 21 participants for each worker
    440
    """
    test = test or Test()
    _check(outcome, size, cv, ratio, attrition, test)
    n = _least(
        lambda n: power(outcome, n, ratio * n, size=size, cv=cv, test=test),
        test.power,
        fewest=max(2 * size, 2 / ratio),
    )
    return SampleSize(
        clustered=n,
        controls=ratio * n,
        recruited_clustered=_whole(n / (1 - attrition)),
        recruited_controls=_whole(ratio * n / (1 - attrition)),
        clusters=_whole(n / size),
    )


def controls(
    outcome: Outcome, *, clusters: int, size: float, cv: float = 0.0, test: Test | None = None
) -> float:
    """Controls to be analysed when the clustered arm cannot grow: its clusters are what there is.

    Raises
    ------
    DesignError
        If an input is out of its range, or no number of controls reaches the power.

    Examples
    --------
    >>> from core_trial.analyses.power import Continuous
    >>> outcome = Continuous(difference=0.5, within=0.9, between=0.1, control=1.0)
    >>> round(controls(outcome, clusters=10, size=10), 2)
    77.81
    """
    test = test or Test()
    _check(outcome, size, cv, 1.0, 0.0, test)
    n = clusters * size
    return _least(lambda c: power(outcome, n, c, size=size, cv=cv, test=test), test.power, fewest=2)


def cluster_size(
    outcome: Outcome, recruited: int, *, attrition: float = 0.0, test: Test | None = None
) -> float:
    """The cluster size at which equal arms of so many recruited reach the power exactly.

    ``nan`` when even clusters of one would need more.
    """
    test = test or Test()
    n = recruited / 2 * (1 - attrition)
    if power(outcome, n, n, size=1.0, test=test) < test.power:
        return math.nan
    return _root(lambda m: power(outcome, n, n, size=m, test=test) - test.power, 1.0, n / 2)


def _check(
    outcome: Outcome, size: float, cv: float, ratio: float, attrition: float, test: Test
) -> None:
    rules = {
        "the difference must not be zero": outcome.difference != 0,
        "variances must not be negative": min(outcome.variances(size, cv)) >= 0,
        "a cluster has at least one participant": size >= 1,
        "a coefficient of variation is not negative": cv >= 0,
        "the ratio of controls must be positive": ratio > 0,
        "attrition must be at least 0 and below 1": 0 <= attrition < 1,
        "power must lie between the significance and 1": test.significance < test.power < 1,
        "significance must be above 0": test.significance > 0,
        "the continuity correction is for proportions": (
            isinstance(outcome, Binary) or not test.continuity
        ),
    }
    broken = [rule for rule, kept in rules.items() if not kept]
    if broken:
        raise DesignError("; ".join(broken))


def _least(power_of: Callable[[float], float], wanted: float, *, fewest: float) -> float:
    """The number of participants, as a real number, at which the power is the one wanted."""
    low = fewest * (1 + 1e-9)  # two clusters and two controls are what Student's t needs
    if power_of(low) >= wanted:
        return low
    if power_of(LARGEST) < wanted:
        raise DesignError("no number of participants reaches this power: add clusters")
    return _root(lambda n: power_of(n) - wanted, low, LARGEST)


def _root(f: Callable[[float], float], low: float, high: float) -> float:
    """Where a monotone function crosses zero, by bisection to the last bit but a few."""
    rising = f(high) > f(low)
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if (f(middle) > 0) == rising else (middle, high)
    return (low + high) / 2


def _whole(n: float) -> int:
    """Rounded up; what is above a whole number by float noise only is that number."""
    return math.ceil(n - 1e-6)
