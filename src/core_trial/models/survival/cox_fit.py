"""A fitted Cox model together with the risk sets it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.survival.design import CoxDesign
from core_trial.models.survival.follow_up import Strata
from core_trial.models.survival.partial_likelihood import Sums, sums


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CoxFit(Fit):
    """A `Fit` of `cox` that can be asked for the baseline hazard, survival and residuals.

    Parameters
    ----------
    design
        Covariates, follow-up and risk sets, in the order of the risk sets.
    eta
        Linear predictor at the estimates in that order, shape (n,), less ``centre @ beta``; offset
        and log frailty are part of it.
    rows
        Labels of the n rows in the order of the frame.
    strata
        The strata of the rows in that order, None without.
    offset
        Name of the column with the offset, blank without.
    """

    design: CoxDesign
    eta: Floats
    rows: pd.Index
    strata: Strata | None = None
    offset: str = ""

    def sums(self, x: Floats) -> Sums:
        """The sums over the risk sets at the estimates, for covariates in rows, shape (q, n)."""
        return sums(self.design.risk, x, self.eta)

    def residuals(self, kind: str = "martingale") -> Floats:
        """Residuals as an array; `core_trial.models.survival.residuals.cox_residuals` names them.

        Parameters
        ----------
        kind
            ``"martingale"``, ``"deviance"``, ``"score"``, ``"dfbeta"``, ``"schoenfeld"`` or
            ``"scaled_schoenfeld"``.
        """
        from core_trial.models.survival.residuals import cox_residuals

        return np.asarray(cox_residuals(self, kind), dtype=float)

    def in_frame_order(self, values: Floats) -> Floats:
        """From the order of the risk sets to that of the frame, along the first axis."""
        back = np.empty_like(values)
        back[self.design.risk.order] = values
        return back


def unfitted(
    design: CoxDesign, n_clusters: int, confidence: float, rows: pd.Index | None = None
) -> CoxFit:
    """A fit of which all is known but the estimates, which are ``nan``.

    Parameters
    ----------
    rows
        Labels of the rows in the order given to `prepare`; their numbers if None.
    """
    p = len(design.columns)
    return CoxFit(
        model="cox",
        formula=design.formula,
        method="",
        terms=design.columns,
        beta=np.full(p, np.nan),
        cov=np.full((p, p), np.nan),
        df=np.full(p, np.inf),
        scale="log",
        loglik=np.nan,
        n=design.n,
        n_clusters=n_clusters,
        n_events=design.risk.n_events,
        n_dropped=design.dropped,
        converged=False,
        confidence=confidence,
        likelihood="partial" if design.risk.case is None else "pseudo",
        term_columns=design.term_columns,
        recipe=design.recipe,
        reference=design.reference,
        response=design.response,
        design=design,
        eta=np.zeros(design.n),
        rows=pd.RangeIndex(design.n) if rows is None else rows,
    )


def cox_fit(fit: Fit, purpose: str) -> CoxFit:
    """The fit, if it is of `cox` and has estimates.

    Raises
    ------
    DesignError
        If it is of another model, or nothing was estimated.
    """
    if isinstance(fit, CoxFit) and np.isfinite(fit.loglik):
        return fit
    if not isinstance(fit, Fit):
        raise DesignError(f"{purpose} is for a fit of cox(...), not for {type(fit).__name__}")
    if fit.model == "cox":
        raise DesignError(f"no {purpose}: {'; '.join(fit.warnings) or 'nothing was estimated'}")
    raise DesignError(f"{purpose} is for a fit of cox(...), not of {fit.model}(...)")
