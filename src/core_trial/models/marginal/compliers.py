"""Effect among those who take the treatment if it is offered, when nobody else can have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.choices import refuse_choice, refuse_count
from core_trial.models.inference import Floats, Quantity, wald
from core_trial.models.many.bootstrap import (
    INTERVALS,
    Bootstrap,
    Interval,
    summarise,
)
from core_trial.models.marginal.receipt import Receipt, few_workers, receipt_of
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.showing.page import Page, Shown

#: What is estimated of a binary outcome, in this order; of another one all that is no ratio.
MEASURES = (
    "compliers",
    "mean[treated compliers]",
    "mean[control compliers]",
    "difference",
    "ratio",
    "odds_ratio",
    "intention_to_treat_difference",
    "intention_to_treat_ratio",
)
RATIOS = ("ratio", "odds_ratio", "intention_to_treat_ratio")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ComplierEffects(Shown):
    """Effects among compliers.

    Parameters
    ----------
    quantities
        By name (see `MEASURES`), each with standard error, interval and p-value; ratios with the
        standard error of their logarithm times the ratio. Of a continuous outcome there are no
        ratios.
    method
        How estimates and intervals were made.
    n, n_clusters
        People and clusters.
    warnings
        What a careful reader should know.
    confidence
        Coverage of every interval.
    bootstrap
        The draws, if any.
    """

    quantities: Mapping[str, Quantity]
    method: str
    n: int
    n_clusters: int
    warnings: tuple[str, ...]
    confidence: float
    bootstrap: Bootstrap | None = None

    def to_frame(self) -> pd.DataFrame:
        """A row per quantity."""
        rows = {
            name: [q.estimate, q.std_error, q.low, q.high, q.p_value]
            for name, q in self.quantities.items()
        }
        columns = ["estimate", "std_error", "low", "high", "p_value"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("quantity")

    def page(self) -> Page:
        """Estimates, intervals and p-values."""
        from core_trial.models.showing.curves import quantities_block

        block = quantities_block("", self.quantities, self.confidence)
        facts = (f"{self.method}; n = {self.n:,}; clusters = {self.n_clusters:,}",)
        return Page("Complier effects", (block,), self.warnings, facts)


def complier_effects(
    outcome: str,
    frame: pd.DataFrame,
    *,
    received: str,
    arm: str = "arm",
    cluster: str | None = None,
    bootstrap: int = 0,
    interval: Interval = "percentile",
    seed: int = 0,
    confidence: float = 0.95,
) -> ComplierEffects:
    r"""Compare treated compliers with would-be compliers of the control arm.

    With :math:`\pi` the share of the intervention arm that received the treatment, the mean of the
    control arm is :math:`\pi\mu_0 + (1 - \pi)\nu`, where :math:`\nu` is that of people who do not
    take the treatment, seen in the intervention arm. So
    :math:`\mu_0 = (\bar y_0 - \overline{y(1 - d)}_1)/\pi`.

    Parameters
    ----------
    outcome
        Column of the outcome: 0 and 1, or numbers.
    frame
        A row per participant, complete in the columns used.
    received
        Column with 1 for those who received the treatment; 0 for everybody in the control arm.
    arm
        Column of the arm: 0 and 1, or a factor whose second level is the intervention.
    cluster
        Column of the worker, blank where there is none; None for no clusters.
    bootstrap
        Number of draws for the intervals (`FEWEST_DRAWS` at least), which resample workers in their
        arm and participants in the other; 0 takes the delta method.
    interval
        ``"percentile"`` or ``"bca"``, for the bootstrap.
    seed
        Of the bootstrap.
    confidence
        Coverage of the intervals.

    Returns
    -------
    ComplierEffects

    Raises
    ------
    DesignError
        If somebody in the control arm received the treatment (see `structural_mean` and
        `two_stage_least_squares`), or the implied risk of would-be compliers leaves 0 to 1.

    Notes
    -----
    It assumes randomisation, that the offer changes nothing for those who do not take it
    (exclusion), and no access outside the offer. `principal_bounds` shows what is known without the
    second.

    References
    ----------
    Sommer and Zeger (1991), Stat Med 10: 45-52. Angrist, Imbens and Rubin (1996), J Am Stat Assoc
    91: 444-55.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = [(0, 0, 0, 60), (0, 0, 1, 40), (1, 0, 0, 12), (1, 0, 1, 8), (1, 1, 0, 64),
    ...          (1, 1, 1, 16)]
    >>> frame = pd.DataFrame(
    ...     [(z, d, y) for z, d, y, n in cells for _ in range(n)], columns=["arm", "took", "died"])
    >>> found = complier_effects("died", frame, received="took")
    >>> round(found.quantities["difference"].estimate, 4)
    -0.2
    """
    refuse_confidence(confidence)
    refuse_count("bootstrap", bootstrap, 0)
    refuse_choice("interval", interval, INTERVALS)
    trial = receipt_of(frame, outcome, arm, received, cluster)
    _refuse_two_sided(trial, received)
    found = trial.moments()
    estimate = _effects(found.mean, trial.binary)
    _refuse_implied(estimate, trial.binary)
    slope = _slopes(found.mean, trial.binary)
    error = np.sqrt(np.einsum("ij,jk,ik->i", slope, found.cov, slope))
    names = MEASURES if trial.binary else tuple(m for m in MEASURES if m not in RATIOS)
    result = ComplierEffects(
        quantities=_quantities(names, estimate, error, confidence),
        method="one-sided plug-in, delta method by cluster",
        n=len(trial.y),
        n_clusters=trial.members.count,
        warnings=few_workers(trial.members, trial.z),
        confidence=confidence,
    )
    return _resampled(result, trial, bootstrap, interval, seed) if bootstrap else result


def _effects(mean: NDArray[Any], binary: bool) -> NDArray[Any]:
    """Everything that is estimated, in the order of `MEASURES`, ratios as logarithms.

    Parameters
    ----------
    mean
        Moments, shape (..., 2, 3).
    """
    share, took, others = (mean[..., 1, k] for k in range(3))
    control = mean[..., 0, 1] + mean[..., 0, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        treated, untreated = took / share, (control - others) / share
        whole = took + others
        linear = [share, treated, untreated, treated - untreated]
        if not binary:
            return np.stack([*linear, whole - control], axis=-1)
        # a draw's implied risk may leave 0 to 1; the estimate's own is refused there
        exact = np.iscomplexobj(mean)
        inside = untreated if exact else np.clip(untreated, 0.0, 1.0)
        ratio = np.log(treated) - np.log(inside)
        odds = ratio - np.log1p(-treated) + np.log1p(-inside)
        totals = [whole - control, np.log(whole) - np.log(control)]
        return np.stack([*linear, ratio, odds, *totals], axis=-1)


def _slopes(mean: Floats, binary: bool) -> Floats:
    """Derivatives of `_effects` by the six moments, shape (k, 6), exact by complex steps."""
    columns = []
    for k in range(6):
        moved = mean.astype(complex).ravel()
        moved[k] += 1e-30j
        columns.append(_effects(moved.reshape(2, 3), binary).imag / 1e-30)
    return np.stack(columns, axis=1)


def _quantities(
    names: tuple[str, ...], estimate: Floats, error: Floats, confidence: float
) -> dict[str, Quantity]:
    w = wald(estimate, error, np.inf, confidence)
    found = {}
    for k, name in enumerate(names):
        value, spread, low, high = (float(x[k]) for x in (estimate, error, w.low, w.high))
        if name in RATIOS:
            value, low, high = (float(np.exp(x)) for x in (value, low, high))
            spread *= value
        test = "difference" in name or name in RATIOS
        found[name] = Quantity(value, spread, low, high, float(w.p_value[k]) if test else np.nan)
    return found


def _resampled(
    result: ComplierEffects, trial: Receipt, times: int, interval: Interval, seed: int
) -> ComplierEffects:
    """The same effects with intervals from the bootstrap."""
    units, rng = trial.units(), np.random.default_rng(seed)
    totals = [rng.multinomial(len(u), np.full(len(u), 1 / len(u)), times) @ u for u in units]
    draws = _effects(_means(totals), trial.binary)
    found = summarise(
        _effects(trial.moments().mean, trial.binary),
        draws,
        [_effects(x, trial.binary) for x in _left_out(units)],
        interval,
        result.confidence,
    )
    outside = int(((draws[:, 2] < 0) | (draws[:, 2] > 1)).sum()) if trial.binary else 0
    told = (
        f"in {outside} of {times} draws the implied risk of would-be compliers left 0 to 1; it "
        "counts there as 0 or 1",
    )
    made = {}
    for k, (name, q) in enumerate(result.quantities.items()):
        low, high = float(found.low[k]), float(found.high[k])
        if name in RATIOS:
            low, high = float(np.exp(low)), float(np.exp(high))
        made[name] = replace(q, low=low, high=high)
    return replace(
        result,
        quantities=made,
        method=f"one-sided plug-in, {interval} intervals from {times} draws of workers in their "
        "arm and participants in the other; p by the delta method",
        warnings=(*result.warnings, *(told if outside else ()), *found.warnings),
        bootstrap=found,
    )


def _means(totals: list[Floats]) -> Floats:
    """Moments from totals of either arm, each (..., 4): shape (..., 2, 3)."""
    return np.stack([t[..., 1:] / t[..., :1] for t in totals], axis=-2)


def _left_out(units: tuple[Floats, Floats]) -> list[Floats]:
    """Moments without each unit of the control arm, then of the intervention arm."""
    whole = [u.sum(axis=0) for u in units]
    found = []
    for arm in (0, 1):
        totals = [np.broadcast_to(t, (len(units[arm]), 4)) for t in whole]
        totals[arm] = whole[arm] - units[arm]
        found.append(_means(totals))
    return found


def _refuse_two_sided(trial: Receipt, received: str) -> None:
    if not trial.one_sided:
        count = int(trial.d[trial.z == 0].sum())
        raise DesignError(
            f"{count} people of the control arm have {received!r}: the plug-in is for trials "
            "without access there; use structural_mean or two_stage_least_squares"
        )


def _refuse_implied(estimate: Floats, binary: bool) -> None:
    implied = float(estimate[2])
    if binary and not 0 <= implied <= 1:
        raise DesignError(
            f"the implied risk of would-be compliers in the control arm is {implied:.4f}, which no "
            "risk is: the data speak against the assumptions, or are too few; see principal_bounds"
        )
