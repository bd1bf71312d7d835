"""A binary outcome whose missing values differ from the known ones, in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.inference import Quantity, wald


@dataclass(frozen=True, slots=True)
class ArmCount:
    """What is known of a binary outcome in one arm.

    Parameters
    ----------
    events, known, missing
        Events among those whose outcome is known; how many are known, and how many are not.
    """

    events: int
    known: int
    missing: int

    def __post_init__(self) -> None:
        whole = all(
            isinstance(x, int | np.integer) for x in (self.events, self.known, self.missing)
        )
        if not whole or not 0 <= self.events <= self.known or self.known < 1 or self.missing < 0:
            raise DesignError(
                f"an arm has whole numbers, events at most known and one known at least: {self}"
            )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms under an assumption about the missing.

    Parameters
    ----------
    assumption
        In words.
    risks
        Risk of either arm, intervention first.
    difference, ratio, odds_ratio
        Intervention against control.
    """

    assumption: str
    risks: tuple[float, float]
    difference: Quantity
    ratio: Quantity
    odds_ratio: Quantity


def informative_missingness(
    intervention: ArmCount,
    control: ArmCount,
    log_odds_ratio: tuple[float, float] = (0.0, 0.0),
    *,
    confidence: float = 0.95,
) -> Comparison:
    r"""Compare two arms if the odds of the missing differ from those of the known by a ratio.

    With :math:`\pi` the risk of the known and :math:`\delta` the logarithm of the
    informative-missingness odds ratio, the missing have :math:`\mathrm{expit}(\mathrm{logit}\,\pi +
    \delta)`, and the arm has the average of the two, weighted by their numbers.

    Parameters
    ----------
    intervention, control
        The counts.
    log_odds_ratio
        :math:`\delta` of the intervention arm and of the control arm; 0 means missing at random.
    confidence
        Coverage of the intervals, by the delta method (ratios on the log scale). They hold
        :math:`\delta` for known, and count in that the shares missing are estimates.

    Raises
    ------
    DesignError
        If an arm has no events, or no others, among the known.

    References
    ----------
    Higgins, White and Wood (2008), Clin Trials 5: 225-39. White, Higgins and Wood (2008), Stat Med
    27: 711-27.

    Examples
    --------
    >>> found = informative_missingness(ArmCount(64, 218, 3), ArmCount(83, 216, 4))
    >>> round(found.difference.estimate, 4), round(found.odds_ratio.estimate, 4)
    (-0.0907, 0.6659)
    """
    arms = (intervention, control)
    risk, variance = np.array(
        [_risk(arm, delta) for arm, delta in zip(arms, log_odds_ratio, strict=True)]
    ).T
    told = ", ".join(f"{x:g}" for x in log_odds_ratio)
    return _compare(f"log informative-missingness odds ratios {told}", risk, variance, confidence)


def extreme_cases(
    intervention: ArmCount,
    control: ArmCount,
    *,
    event_is_good: bool = False,
    confidence: float = 0.95,
) -> Mapping[str, Comparison]:
    """Compare two arms if all the missing spoke against the treatment, and if all spoke for it.

    Parameters
    ----------
    intervention, control
        The counts.
    event_is_good
        Whether the event is what the treatment should bring about.
    confidence
        Coverage of the intervals (Wald; ratios on the log scale).

    Returns
    -------
    dict
        ``"worst"`` and ``"best"``.

    References
    ----------
    Hollis and Campbell (1999), BMJ 319: 670-4.

    Examples
    --------
    >>> found = extreme_cases(ArmCount(64, 218, 3), ArmCount(83, 216, 4))
    >>> round(found["worst"].odds_ratio.estimate, 4), round(found["best"].odds_ratio.estimate, 4)
    (0.7181, 0.6232)
    """
    found = {}
    for name, all_events in (("worst", not event_is_good), ("best", event_is_good)):
        filled = (
            _filled(intervention, all_events),
            _filled(control, not all_events),
        )
        risk, variance = np.array([_risk(arm, 0.0) for arm in filled]).T
        found[name] = _compare(f"{name} case", risk, variance, confidence)
    return found


def _filled(arm: ArmCount, events: bool) -> ArmCount:
    return ArmCount(arm.events + arm.missing * events, arm.known + arm.missing, 0)


def _risk(arm: ArmCount, delta: float) -> tuple[float, float]:
    """Risk of an arm and its variance."""
    if not 0 < arm.events < arm.known:
        raise DesignError(f"an arm needs events and others among the known, not {arm}")
    if not np.isfinite(delta):
        raise DesignError("a log odds ratio must be finite; see extreme_cases for the ends")
    n = arm.known + arm.missing
    share, seen = arm.missing / n, arm.events / arm.known
    unseen = float(special.expit(special.logit(seen) + delta))
    slope = 1 - share + share * unseen * (1 - unseen) / (seen * (1 - seen))
    variance = slope**2 * seen * (1 - seen) / arm.known
    variance += (unseen - seen) ** 2 * share * (1 - share) / n
    return (1 - share) * seen + share * unseen, variance


def _compare(
    assumption: str, risk: np.ndarray, variance: np.ndarray, confidence: float
) -> Comparison:
    logit = special.logit(risk)
    estimates = [risk[0] - risk[1], np.log(risk[0] / risk[1]), logit[0] - logit[1]]
    errors = [
        np.sqrt(variance.sum()),
        np.sqrt((variance / risk**2).sum()),
        np.sqrt((variance / (risk * (1 - risk)) ** 2).sum()),
    ]
    w = wald(estimates, errors, np.inf, confidence)
    made = []
    for k, (estimate, error) in enumerate(zip(estimates, errors, strict=True)):
        low, high, p = float(w.low[k]), float(w.high[k]), float(w.p_value[k])
        if k == 0:
            made.append(Quantity(float(estimate), float(error), low, high, p))
        else:
            ratio = float(np.exp(estimate))
            limits = (float(np.exp(low)), float(np.exp(high)))
            made.append(Quantity(ratio, ratio * float(error), *limits, p))
    return Comparison(assumption, (float(risk[0]), float(risk[1])), *made)
