"""Baseline hazard, and the survival that a Cox model predicts for given covariates."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from core_trial.errors import DesignError
from core_trial.models import columns as read
from core_trial.models.clusters import Ints
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.showing.page import Page, Shown
from core_trial.models.survival.cox_fit import CoxFit, cox_fit
from core_trial.models.survival.kaplan_meier import Interval, survival_limits


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PredictedCurve(Shown):
    """Predicted survival of one set of covariates, a value at each of k event times.

    Parameters
    ----------
    time
        The event times of its stratum, ascending, shape (k,).
    cumulative_hazard
        Up to and including each time, shape (k,).
    survival
        The exponential of minus that, shape (k,).
    std_error
        Of the cumulative hazard, which is that of log survival, shape (k,).
    low, high
        Pointwise confidence limits of survival, shape (k,).
    confidence
        Their coverage.
    """

    time: Floats
    cumulative_hazard: Floats
    survival: Floats
    std_error: Floats
    low: Floats
    high: Floats
    confidence: float = 0.95

    def survival_at(self, times: ArrayLike) -> pd.DataFrame:
        """Survival and its limits at given times, a row per time; 1 before the first event."""
        wanted = np.asarray(times, dtype=float)
        step = np.searchsorted(self.time, wanted, side="right")
        columns = {"survival": self.survival, "low": self.low, "high": self.high}
        values = {name: np.concatenate([[1.0], v])[step] for name, v in columns.items()}
        return pd.DataFrame(values, index=pd.Index(wanted, name="time"))

    def to_frame(self) -> pd.DataFrame:
        """A row per time."""
        names = ["time", "cumulative_hazard", "survival", "std_error", "low", "high"]
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def page(self) -> Page:
        """A row per time."""
        from core_trial.models.showing.curves import curve_page

        return curve_page("Predicted survival", self.to_frame(), "survival", self.confidence)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PredictedSurvival(Shown, Mapping[Hashable, PredictedCurve]):
    """The predicted curve of each row of the frame, by the row's label."""

    curves: Mapping[Hashable, PredictedCurve]
    interval: Interval
    confidence: float

    def __getitem__(self, row: Hashable) -> PredictedCurve:
        return self.curves[row]

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def to_frame(self) -> pd.DataFrame:
        """A row per row of the frame and time."""
        tables = {label: curve.to_frame() for label, curve in self.curves.items()}
        return pd.concat(tables, names=["row"]).reset_index(level=0).reset_index(drop=True)

    def page(self) -> Page:
        """Survival of each row of the frame at the last event."""
        from core_trial.models.showing.curves import predicted_page

        return predicted_page(self)


def baseline_hazard(fit: Fit) -> pd.DataFrame:
    """Baseline hazard of a Cox model, that of covariates and offset of zero.

    Breslow's estimate where ties are Breslow's, and Efron's where they are Efron's.

    Parameters
    ----------
    fit
        Of `cox`.

    Returns
    -------
    DataFrame
        A row per event time: ``time``, ``hazard`` (the jump), ``cumulative_hazard``; with strata
        also ``stratum``. With a frailty it is that of a log frailty of zero.

    Raises
    ------
    DesignError
        If a coefficient has no estimate.

    References
    ----------
    Breslow (1972), J R Stat Soc B 34: 216-7. Efron (1977), J Am Stat Assoc 72: 557-65.
    """
    known = cox_fit(fit, "baseline hazard")
    _refuse_lost(known)
    jumps = _Jumps.of(known)
    risk = known.design.risk
    hazard = np.add.reduceat(jumps.hazard, risk.starts) * np.exp(-known.design.centre @ known.beta)
    table = pd.DataFrame({"time": risk.time, "hazard": hazard})
    stratum = jumps.stratum[risk.starts]
    table["cumulative_hazard"] = table["hazard"].groupby(stratum).cumsum()
    if known.strata is not None:
        table.insert(0, "stratum", np.array(known.strata.labels)[stratum])
    return table


def survival_curve(
    fit: Fit,
    frame: pd.DataFrame,
    *,
    interval: Interval = "log-log",
    confidence: float | None = None,
) -> PredictedSurvival:
    r"""Survival that a Cox model predicts, with pointwise confidence intervals.

    Parameters
    ----------
    fit
        Of `cox`, without frailty.
    frame
        A row per curve, with every covariate, stratum and offset of the model.
    interval
        Scale of the limits: ``"log-log"``, ``"log"`` or ``"plain"``; see `kaplan_meier`.
    confidence
        Coverage of the limits; that of the fit if None.

    Returns
    -------
    PredictedSurvival
        A mapping from the frame's row labels to curves. The variance of the cumulative hazard has
        a part from the baseline, for which rows count as independent, and a part from the
        coefficients, in which the fit's clustered covariance enters.

    Raises
    ------
    DesignError
        For a fit with frailty, sampling weights or a lost coefficient, a column that is missing,
        and a level or stratum that the fit has not seen.

    References
    ----------
    Tsiatis (1981), Ann Stat 9: 93-108. Therneau and Grambsch (2000), Modeling Survival Data,
    section 10.2.
    """
    known = cox_fit(fit, "predicted survival")
    _refuse_lost(known)
    if known.variance or known.design.risk.case is not None:
        what = "a frailty" if known.variance else "sampling weights"
        raise DesignError(f"predicted survival has no interval with {what}; see baseline_hazard()")
    level = fit.confidence if confidence is None else confidence
    refuse_confidence(level)
    jumps, X = _Jumps.of(known), _covariates(known, frame)
    shift = read.numeric(frame, known.offset) if known.offset else np.zeros(len(frame))
    strata = _strata_of_rows(known, frame)
    curves = {
        label: _predict(known, jumps, X[i], shift[i], int(strata[i]), interval, level)
        for i, label in enumerate(frame.index)
    }
    if len(curves) < len(frame):
        raise DesignError("the frame's rows need labels that differ: use frame.reset_index()")
    return PredictedSurvival(curves, interval, level)


def _covariates(fit: CoxFit, frame: pd.DataFrame) -> Floats:
    if fit.recipe is None:
        raise DesignError("this fit came from no frame, so that no other rows can be read")
    return fit.recipe.matrix(frame)


def _strata_of_rows(fit: CoxFit, frame: pd.DataFrame) -> Ints:
    if fit.strata is None:
        return np.zeros(len(frame), dtype=np.intp)
    known = {level: k for k, level in enumerate(fit.strata.levels)}
    wanted = zip(*(read.column(frame, name) for name in fit.strata.names), strict=True)
    codes = [known.get(tuple(level), -1) for level in wanted]
    if -1 in codes:
        raise DesignError(
            f"the fit has no such stratum; its strata are {'; '.join(fit.strata.labels)}"
        )
    return np.array(codes, dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class _Jumps:
    """The baseline's jumps at the covariates' means, one per term of the likelihood.

    Parameters
    ----------
    hazard, variance
        Shape (K,).
    mean
        Mean of the centred covariates over those at risk, shape (p, K).
    stratum
        Stratum of each term, shape (K,).
    """

    hazard: Floats
    variance: Floats
    mean: Floats
    stratum: Ints

    @classmethod
    def of(cls, fit: CoxFit) -> _Jumps:
        risk = fit.design.risk
        s = fit.sums(fit.design.centred())
        at = risk.rows[np.searchsorted(risk.moment, risk.group)]  # a row of each term's time
        total = s.total * np.exp(np.broadcast_to(s.top, (fit.n,))[at])
        codes = fit.design.strata
        stratum = np.zeros(len(at), dtype=np.intp) if codes is None else codes[at]
        hazard = risk.weight / total
        return cls(hazard, hazard / total, s.mean, stratum)


def _predict(
    fit: CoxFit,
    jumps: _Jumps,
    x: Floats,
    shift: float,
    stratum: int,
    interval: Interval,
    confidence: float,
) -> PredictedCurve:
    risk, own = fit.design.risk, jumps.stratum == stratum
    centred = x - fit.design.centre
    factor = float(np.exp(centred @ fit.beta + shift))
    away = np.cumsum((centred[:, None] - jumps.mean[:, own]) * jumps.hazard[own], axis=1)
    variance = np.cumsum(jumps.variance[own]) + np.einsum("ik,ij,jk->k", away, fit.cov, away)
    group = risk.group[own]
    last = np.append(np.flatnonzero(np.diff(group)), len(group) - 1) if len(group) else group
    hazard = factor * np.cumsum(jumps.hazard[own])[last]
    std_error = factor * np.sqrt(variance[last])
    survival = np.exp(-hazard)
    low, high = survival_limits(survival, std_error, interval, confidence)
    return PredictedCurve(
        risk.time[group[last]], hazard, survival, std_error, low, high, confidence
    )


def _refuse_lost(fit: CoxFit) -> None:
    if np.isnan(fit.beta).any():
        raise DesignError(f"nothing can be predicted: {'; '.join(fit.warnings)}")
