r"""How many participants a trial needs when one of its arms is treated in clusters.

With k clusters of m participants in the clustered arm (k m of them) and c controls, the difference
of the arm means has variance

.. math:: V = \frac{\sigma_w^2 + m (1 + v^2) \sigma_b^2}{k m} + \frac{\sigma_c^2}{c},

where the variances are those within and between clusters and among controls, and v is the
coefficient of variation of the cluster sizes. For a proportion p with intraclass correlation rho
they are (1 - rho) p (1 - p), rho p (1 - p), and p (1 - p) in the controls, so the clustered arm is
inflated by 1 + ((1 + v^2) m - 1) rho. A two-sided test at level alpha finds a difference d with
power :math:`\Phi(d/\sqrt V - z)`, or that of the non-central t with Satterthwaite's degrees of
freedom, the clustered arm having k - 1.

References
----------
Moerbeek and Wong (2008), Stat Med 27: 2850-64, for the variance and the t. Eldridge, Ashby and
Kerry (2006), Int J Epidemiol 35: 1292-300, for unequal clusters. Fleiss, Tytun and Ury (1980),
Biometrics 36: 343-6, for the continuity correction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

from scipy import special

from core_trial.errors import DesignError
from core_trial.results import Descriptive
from core_trial.vocabulary import Arm

Distribution = Literal["normal", "t"]
#: A design larger than this in any arm is no design.
LARGEST = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuous:
    """A difference in means.

    Parameters
    ----------
    difference
        The one to be found, in the outcome's unit.
    within, between
        Variances within and between the clusters of the clustered arm.
    control
        Variance among controls.
    """

    difference: float
    within: float
    between: float
    control: float

    def variances(self, size: float, cv: float) -> tuple[float, float]:
        """Variance times participants, of the clustered arm's mean and of the controls'."""
        return self.within + size * (1 + cv**2) * self.between, self.control

    #: The test's own standard error is that of the alternative.
    null_variances = variances


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """A difference in proportions.

    Parameters
    ----------
    clustered, control
        Proportions in the clustered arm and among controls.
    icc
        Intraclass correlation in the clustered arm.
    pooled
        Whether the test takes its standard error from the mean of the two proportions, as the
        test of equal proportions does.
    """

    clustered: float
    control: float
    icc: float = 0.0
    pooled: bool = True

    @property
    def difference(self) -> float:
        """The one to be found."""
        return self.clustered - self.control

    def variances(self, size: float, cv: float) -> tuple[float, float]:
        """Variance times participants, of the clustered arm's proportion and of the controls'."""
        inflation = 1 + ((1 + cv**2) * size - 1) * self.icc
        return inflation * self.clustered * (1 - self.clustered), self.control * (1 - self.control)

    def null_variances(self, size: float, cv: float) -> tuple[float, float]:
        """The same under the test's null hypothesis."""
        if not self.pooled:
            return self.variances(size, cv)
        mean = (self.clustered + self.control) / 2
        equal = Binary(clustered=mean, control=mean, icc=self.icc)
        return equal.variances(size, cv)


Outcome = Continuous | Binary


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """How the difference will be tested.

    Parameters
    ----------
    power
        Probability of finding it.
    significance
        Two-sided level.
    distribution
        Reference distribution: ``"normal"`` or ``"t"``.
    continuity
        Whether a difference in proportions is tested with the continuity correction.
    """

    __test__ = False  # a value, not something for pytest to collect

    power: float = 0.8
    significance: float = 0.05
    distribution: Distribution = "normal"
    continuity: bool = False


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


def power(
    outcome: Outcome,
    clustered: float,
    controls: float,
    *,
    size: float,
    cv: float = 0.0,
    test: Test | None = None,
) -> float:
    """Probability that the test finds the difference, on its own side.

    Parameters
    ----------
    outcome
        The difference and its variances.
    clustered, controls
        Participants analysed in each arm.
    size, cv
        Mean and coefficient of variation of the participants analysed per cluster.
    test
        How it is tested; its `power` is not used. By default by the normal at 5 %.
    """
    test = test or Test()
    alternative, null = outcome.variances(size, cv), outcome.null_variances(size, cv)
    parts = alternative[0] / clustered, alternative[1] / controls
    error = math.sqrt(sum(parts))
    null_error = math.sqrt(null[0] / clustered + null[1] / controls)
    cut = (1 / clustered + 1 / controls) / 2 if test.continuity else 0.0
    distance = max(abs(outcome.difference) - cut, 0.0) / error
    tail = test.significance / 2
    if test.distribution == "normal":
        critical = -float(special.ndtri(tail)) * null_error / error
        return float(special.ndtr(distance - critical))
    df = _satterthwaite(parts, clustered / size, controls)
    critical = -float(special.stdtrit(df, tail)) * null_error / error
    return float(special.nctdtr(df, -distance, -critical))  # the upper tail, mirrored


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
    Proportions of 50 % and 35 %, the latter treated by workers with 21 participants each:

    >>> core = Binary(clustered=0.35, control=0.50, icc=0.03)
    >>> sample_size(core, size=21).recruited
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


#: The paper's calculation, as far as it is printed.
CORE = Binary(clustered=0.35, control=0.50, icc=0.03)
#: The input that the paper does not print, in the simplest design that gives its 440: nobody lost,
#: because the outcome comes from records, and no continuity correction.
CORE_CLUSTER_SIZE = 21
CORE_N = 440
SIZES = (5, 10, 15, 20, 25)
ATTRITION = (0.0, 0.1, 0.2)
CONTINUITY = (False, True)


def records() -> Iterator[Descriptive]:
    """The paper's inputs and result, then what other cluster sizes and losses would have asked.

    Levels name the inputs that vary: ``size_15_lost_10_continuity``. The statistic
    ``cluster_size`` is the one that gives the paper's 440 under the loss and the test of its level.
    """
    needed = sample_size(CORE, size=CORE_CLUSTER_SIZE)
    test = Test()
    yield _record("n", needed.recruited)
    yield _record("percent", 100 * CORE.control, Arm.CONTROL)
    yield _record("percent", 100 * CORE.clustered, Arm.INTERVENTION)
    yield _record("power_percent", 100 * test.power)
    yield _record("significance_percent", 100 * test.significance)
    yield _record("allocation", 1.0, Arm.INTERVENTION)
    yield _record("allocation", needed.controls / needed.clustered, Arm.CONTROL)
    yield _record("icc", CORE.icc)
    for lost, continuity in product(ATTRITION, CONTINUITY):
        test = Test(continuity=continuity)
        level = f"lost_{round(100 * lost)}" + "_continuity" * continuity
        size = cluster_size(CORE, CORE_N, attrition=lost, test=test)
        yield _record("cluster_size", size, level=level)
        for size in SIZES:
            n = sample_size(CORE, size=size, attrition=lost, test=test).recruited
            yield _record("n", n, level=f"size_{size}_{level}")


def _record(statistic: str, value: float, arm: str = "", level: str = "") -> Descriptive:
    return Descriptive(
        analysis="sample_size", statistic=statistic, value=float(value), arm=arm, level=level
    )


def _satterthwaite(parts: tuple[float, float], clusters: float, controls: float) -> float:
    """Degrees of freedom of a sum of two variances with k - 1 and c - 1."""
    if min(clusters, controls) <= 1:
        raise DesignError("Student's t needs two clusters and two controls at the least")
    return sum(parts) ** 2 / (parts[0] ** 2 / (clusters - 1) + parts[1] ** 2 / (controls - 1))


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
