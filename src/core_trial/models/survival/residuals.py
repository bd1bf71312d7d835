"""Residuals of a fitted Cox model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.fit import Fit
from core_trial.models.frozen import ReadOnly
from core_trial.models.inference import Floats
from core_trial.models.survival.cox_fit import CoxFit, cox_fit
from core_trial.models.survival.design import information_at
from core_trial.models.survival.partial_likelihood import schoenfeld_residuals, score_residuals


def cox_residuals(fit: Fit, kind: str = "martingale") -> pd.Series | pd.DataFrame:
    r"""Residuals of a Cox model.

    Parameters
    ----------
    fit
        Of `cox`.
    kind
        ``"martingale"``: events less expected events; their mean is zero, and a smooth of them over
        a covariate left out shows its form. ``"deviance"``: the same made symmetric. ``"score"``:
        each row's part of the score. ``"dfbeta"``: what leaving the row out would change,
        approximately, with the sign turned. ``"schoenfeld"``: covariates of each event less their
        mean over those at risk. ``"scaled_schoenfeld"``: the same in units of the coefficient, as
        :math:`\hat\beta + d\, r V` with d events, whose smooth over time is the coefficient's
        course.

    Returns
    -------
    Series or DataFrame
        In the order of the frame, labelled as its rows are: a value per row, or a column per
        coefficient. Schoenfeld residuals have a row per event, in order of stratum and time, and
        the column ``time`` first.

    Raises
    ------
    DesignError
        For a fit of another model, or an unknown kind.

    References
    ----------
    Therneau and Grambsch (2000), Modeling Survival Data, chapters 4 and 6.
    """
    known = cox_fit(fit, "residuals")
    if kind not in _KINDS:
        raise DesignError(f"kind must be one of {', '.join(map(repr, _KINDS))}, not {kind!r}")
    return _KINDS[kind](known)


def _per_row(fit: CoxFit, values: Floats, name: str) -> pd.Series | pd.DataFrame:
    """Residuals in the order of the risk sets as a labelled table in that of the frame."""
    ordered = fit.in_frame_order(values)
    if ordered.ndim == 1:
        return pd.Series(ordered, fit.rows, name=name)
    return pd.DataFrame(ordered, fit.rows, columns=list(fit.terms))


def _case(fit: CoxFit) -> Floats:
    case = fit.design.risk.case
    return np.ones(fit.n) if case is None else case


def martingale(fit: CoxFit) -> Floats:
    """Events less expected events of each row, shape (n,), in the order of the risk sets."""
    s = fit.sums(fit.design.centred()[:0])
    residual: Floats = (fit.design.risk.event - s.hazard) / _case(fit)
    return residual


def _martingale(fit: CoxFit) -> pd.Series | pd.DataFrame:
    return _per_row(fit, martingale(fit), "martingale")


def _deviance(fit: CoxFit) -> pd.Series | pd.DataFrame:
    m, d = martingale(fit), fit.design.observed.event
    expected = np.where(d > 0, d - m, 1.0)
    inner = -2 * (m + d * np.log(expected))
    return _per_row(fit, np.sign(m) * np.sqrt(np.maximum(inner, 0.0)), "deviance")


def _score_values(fit: CoxFit) -> Floats:
    x = fit.design.centred()
    return score_residuals(fit.design.risk, x, fit.sums(x)) / _case(fit)[:, None]


def _score(fit: CoxFit) -> pd.Series | pd.DataFrame:
    return _per_row(fit, _score_values(fit), "score")


def _dfbeta(fit: CoxFit) -> pd.Series | pd.DataFrame:
    return _per_row(fit, _score_values(fit) @ _inverse(fit), "dfbeta")


def _inverse(fit: CoxFit) -> Floats:
    """Inverse information at the estimates, shape (p, p); ``nan`` for what has no estimate."""
    return information_at(fit.design, fit.eta).covariance()


def _schoenfeld(fit: CoxFit) -> pd.Series | pd.DataFrame:
    x = fit.design.centred()
    return _per_event(fit, schoenfeld_residuals(fit.design.risk, x, fit.sums(x)))


def _scaled_schoenfeld(fit: CoxFit) -> pd.Series | pd.DataFrame:
    x = fit.design.centred()
    raw = schoenfeld_residuals(fit.design.risk, x, fit.sums(x))
    return _per_event(fit, fit.beta + len(raw) * raw @ _inverse(fit))


def _per_event(fit: CoxFit, values: Floats) -> pd.DataFrame:
    risk = fit.design.risk
    labels = fit.rows[risk.order[risk.rows]]
    table = pd.DataFrame(values, labels, columns=list(fit.terms))
    table.insert(0, "time", risk.time[risk.moment], allow_duplicates=True)
    return table


_KINDS: Mapping[str, Callable[[CoxFit], pd.Series | pd.DataFrame]] = ReadOnly(
    {
        "martingale": _martingale,
        "deviance": _deviance,
        "score": _score,
        "dfbeta": _dfbeta,
        "schoenfeld": _schoenfeld,
        "scaled_schoenfeld": _scaled_schoenfeld,
    }
)
