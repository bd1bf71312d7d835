r"""The power of a trial one of whose arms is treated in clusters.

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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scipy import special

from core_trial.errors import DesignError

Distribution = Literal["normal", "t"]


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

    def null_variances(self, size: float, cv: float, share: float) -> tuple[float, float]:
        """The same: the test's own standard error is that of the alternative."""
        del share
        return self.variances(size, cv)


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

    def __post_init__(self) -> None:
        rules = {
            "a proportion lies between 0 and 1": min(self.clustered, self.control) > 0
            and max(self.clustered, self.control) < 1,
            "an intraclass correlation lies between 0 and 1": 0 <= self.icc <= 1,
        }
        _refuse_broken(rules)

    @property
    def difference(self) -> float:
        """The one to be found."""
        return self.clustered - self.control

    def variances(self, size: float, cv: float) -> tuple[float, float]:
        """Variance times participants, of the clustered arm's proportion and of the controls'."""
        inflation = 1 + ((1 + cv**2) * size - 1) * self.icc
        return inflation * self.clustered * (1 - self.clustered), self.control * (1 - self.control)

    def null_variances(self, size: float, cv: float, share: float) -> tuple[float, float]:
        """The same under the test's null hypothesis, with that share of all in the clustered arm.

        The common proportion is that of both arms together, so that an arm of four times the
        participants counts four times (Fleiss, Tytun and Ury 1980, equation 3).
        """
        if not self.pooled:
            return self.variances(size, cv)
        mean = share * self.clustered + (1 - share) * self.control
        equal = Binary(clustered=mean, control=mean, icc=self.icc)
        return equal.variances(size, cv)


def _refuse_broken(rules: Mapping[str, bool]) -> None:
    """Refuse inputs by the rules that they break."""
    if broken := [rule for rule, kept in rules.items() if not kept]:
        raise DesignError("; ".join(broken))


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

    Raises
    ------
    DesignError
        If an arm has nobody, or a cluster has no participant.
    """
    test = test or Test()
    _refuse_broken(
        {
            "an arm has participants": min(clustered, controls) > 0,
            "a cluster has at least one participant": size >= 1,
            "a coefficient of variation is not negative": cv >= 0,
        }
    )
    share = clustered / (clustered + controls)
    alternative, null = outcome.variances(size, cv), outcome.null_variances(size, cv, share)
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


def _satterthwaite(parts: tuple[float, float], clusters: float, controls: float) -> float:
    """Degrees of freedom of a sum of two variances with k - 1 and c - 1."""
    if min(clusters, controls) <= 1:
        raise DesignError("Student's t needs two clusters and two controls at the least")
    return sum(parts) ** 2 / (parts[0] ** 2 / (clusters - 1) + parts[1] ** 2 / (controls - 1))
