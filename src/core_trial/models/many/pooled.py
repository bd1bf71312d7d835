"""The answer of a model over multiply imputed data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from core_trial.errors import DesignError, FitError
from core_trial.models.fit import Effect, Fit, Scale
from core_trial.models.inference import Floats, Wald, wald
from core_trial.models.many.estimates import Estimates, estimates_of
from core_trial.models.many.joint import JointTest, joint_test
from core_trial.models.many.rubin import Rules, imputations_needed, jackknife_errors, rubin


@dataclass(frozen=True, eq=False, kw_only=True)
class Pooled:
    """A model's answer over m completed data sets, by Rubin's rules.

    Parameters
    ----------
    model, formula, method, terms, scale, confidence
        As in `Fit`; `method` says how the imputations were pooled.
    each
        The estimates of each completed data set.
    complete_df
        Degrees of freedom of each coefficient without missing data, shape (p,).
    n
        Rows of a completed data set.
    converged
        Whether every fit converged; `warnings` says which did not, and what they warned of.
    """

    model: str
    formula: str
    method: str
    terms: tuple[str, ...]
    scale: Scale
    confidence: float
    each: tuple[Estimates, ...]
    complete_df: Floats
    n: int
    converged: bool
    warnings: tuple[str, ...]

    @property
    def m(self) -> int:
        """Number of completed data sets that are pooled."""
        return len(self.each)

    @cached_property
    def rules(self) -> Rules:
        """Within, between and total covariance, degrees of freedom, missing information."""
        return rubin(*self._stacked(), self.complete_df)

    @property
    def beta(self) -> Floats:
        """Pooled coefficients on the link scale, shape (p,)."""
        return self.rules.estimate

    @property
    def cov(self) -> Floats:
        """Their total covariance, shape (p, p)."""
        return self.rules.total

    @property
    def df(self) -> Floats:
        """Degrees of freedom of each coefficient, shape (p,)."""
        return self.rules.df

    @property
    def std_error(self) -> Floats:
        """Standard errors, shape (p,)."""
        return self.rules.std_error

    @cached_property
    def inference(self) -> Wald:
        """Statistic, p-value and interval of every coefficient, on the link scale."""
        return wald(self.beta, self.std_error, self.df, self.confidence)

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """A row per term on the link scale, as `Fit.coefficients`, with fmi and riv."""
        w = self.inference
        columns = {
            "estimate": self.beta,
            "std_error": self.std_error,
            "statistic": w.statistic,
            "df": self.df,
            "p_value": w.p_value,
            "low": w.low,
            "high": w.high,
            "fmi": self.rules.fmi,
            "riv": self.rules.riv,
        }
        return pd.DataFrame(columns, index=pd.Index(self.terms, name="term"))

    @cached_property
    def monte_carlo_errors(self) -> pd.DataFrame:
        """A row per term: how far each number would move with other seeds (link scale)."""
        errors = jackknife_errors(*self._stacked(), self.complete_df, self.confidence)
        return pd.DataFrame(errors, index=pd.Index(self.terms, name="term"))

    def effect(self, term: str) -> Effect:
        """One coefficient on the reported scale (ratios are exponentiated), as `Fit.effect`."""
        i, w = self.position(term), self.inference
        estimate, low, high = (self._reported(x[i]) for x in (self.beta, w.low, w.high))
        return Effect(
            term=self.terms[i],
            estimate=estimate,
            low=low,
            high=high,
            p_value=float(w.p_value[i]),
            std_error=float(self.std_error[i]),
            statistic=float(w.statistic[i]),
            df=float(self.df[i]),
        )

    def position(self, term: str) -> int:
        """Position of a term, or of a variable's only coefficient, among the coefficients."""
        found = self._columns(term)
        if len(found) != 1:
            raise DesignError(
                f"term {term!r} has {len(found)} columns; the terms are {', '.join(self.terms)}"
            )
        return found[0]

    def test(self, terms: str | Sequence[str]) -> JointTest:
        """Wald test that several coefficients are all zero (D1).

        Parameters
        ----------
        terms
            Names of coefficients, or of variables for all of their coefficients.

        Notes
        -----
        Where the coefficients' complete-data degrees of freedom differ, the smallest are used.
        """
        names = [terms] if isinstance(terms, str) else list(terms)
        chosen = list(dict.fromkeys(i for name in names for i in self._columns(name)))
        q, u = self._stacked()
        block = rubin(q[:, chosen], u[:, chosen][:, :, chosen])
        if not np.isfinite(block.total).all() or np.linalg.matrix_rank(block.within) < len(chosen):
            raise DesignError(f"{', '.join(names)}: not every coefficient has a standard error")
        return joint_test(block, float(np.min(self.complete_df[chosen])))

    def imputations_needed(self, term: str, *, cv: float = 0.05) -> int:
        """Imputations after which a term's standard error varies by `cv` over seeds at most.

        See `rubin.imputations_needed`; these imputations are the pilot.
        """
        fmi = float(self.rules.fmi[self.position(term)])
        return imputations_needed(fmi, self.m, cv)

    def to_frame(self) -> pd.DataFrame:
        """A row per term on the reported scale, with the Monte Carlo error of the estimate."""
        frame = self.coefficients.copy()
        frame["monte_carlo_error"] = self.monte_carlo_errors["estimate"]
        for name in ("estimate", "low", "high"):
            frame[name] = [self._reported(x) for x in frame[name]]
        return frame.reset_index()

    def _reported(self, x: float) -> float:
        with np.errstate(over="ignore"):
            return float(x if self.scale == "identity" else np.exp(x))

    def _columns(self, term: str) -> list[int]:
        found = [i for i, t in enumerate(self.terms) if t == term]
        found = found or [i for i, t in enumerate(self.terms) if t.startswith(f"{term}[")]
        if not found:
            raise DesignError(
                f"term {term!r} is not in the model; the terms are {', '.join(self.terms)}"
            )
        return found

    def _stacked(self) -> tuple[Floats, Floats]:
        return np.stack([e.beta for e in self.each]), np.stack([e.cov for e in self.each])

    def _head(self) -> list[str]:
        return [
            f"{self.model}: {self.formula}",
            f"{self.method}; n = {self.n}, {self.m} imputations",
        ]

    def __repr__(self) -> str:
        lines = [*self._head(), self.coefficients.to_string(float_format="{:.5g}".format)]
        return "\n".join([*lines, *(f"warning: {w}" for w in self.warnings)])

    def _repr_html_(self) -> str:
        head = "".join(f"<p>{escape(line)}</p>" for line in self._head())
        tail = "".join(f"<p>Warning: {escape(w)}</p>" for w in self.warnings)
        return head + self.coefficients.to_html(float_format="{:.5g}".format) + tail


def pool(
    fits: Sequence[Fit | Estimates | str],
    *,
    complete_df: ArrayLike | None = None,
    confidence: float | None = None,
) -> Pooled:
    """Pool the fits of one model to multiply imputed data sets.

    Parameters
    ----------
    fits
        One of each completed data set; or, as `Imputations.analyse` gives it, the reason why it
        could not be fitted. Those are left out, which is told.
    complete_df
        Degrees of freedom of the coefficients' tests without missing data, scalar or shape (p,);
        None takes the fits' own, averaged (those of Kenward and Roger, say; ``inf`` for z). Finite
        ones give Barnard and Rubin's degrees of freedom, ``inf`` Rubin's.
    confidence
        Coverage of the intervals; None takes the fits' own.

    Returns
    -------
    Pooled
        Estimates, Rubin's standard errors, tests and intervals by Student's t, fractions of missing
        information, Monte Carlo errors, joint tests.

    Raises
    ------
    DesignError
        If there are fewer than two fits, or they are not of the same model.
    FitError
        If fewer than two are left of those that could be fitted.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys. Barnard and Rubin (1999),
    Biometrika 86: 948-55. Reiter (2007), Biometrika 94: 502-8 (`Pooled.test`).
    """
    lost = [fit for fit in fits if isinstance(fit, str)]
    kept = tuple(estimates_of(fit) for fit in fits if not isinstance(fit, str))
    _refuse_few(kept, lost)
    _refuse_mixture(kept)
    first = kept[0]
    if complete_df is None:
        complete = np.mean([e.df for e in kept], axis=0)
    else:
        complete = np.array(np.broadcast_to(np.asarray(complete_df, float), first.beta.shape))
    return Pooled(
        model=first.model,
        formula=first.formula,
        method=f"{first.method}; Rubin's rules, {_reference(complete)}",
        terms=first.terms,
        scale=first.scale,
        confidence=first.confidence if confidence is None else confidence,
        each=kept,
        complete_df=complete,
        n=first.n,
        converged=all(e.converged for e in kept) and not lost,
        warnings=_warnings(kept, lost),
    )


def _refuse_few(kept: Sequence[Estimates], lost: Sequence[str]) -> None:
    if len(kept) < 2 and lost:
        count = len(kept) + len(lost)
        raise FitError(f"{len(lost)} of {count} imputations could not be fitted: {lost[0]}")
    if len(kept) < 2:
        raise DesignError(f"pooling needs the fits of at least two imputations, not {len(kept)}")


def _refuse_mixture(kept: Sequence[Estimates]) -> None:
    first = kept[0]
    for i, e in enumerate(kept):
        if e.model != first.model or e.terms != first.terms or e.scale != first.scale:
            raise DesignError(
                f"fit {i} is not of the model of fit 0: {e.model} with {', '.join(e.terms)}, not "
                f"{first.model} with {', '.join(first.terms)}"
            )


def _reference(complete: Floats) -> str:
    finite = np.isfinite(complete)
    return "t of Barnard and Rubin" if finite.all() else "t of Rubin (1987)"


def _warnings(kept: Sequence[Estimates], lost: Sequence[str]) -> tuple[str, ...]:
    m, first = len(kept), kept[0]
    told = []
    if lost:
        told.append(
            f"{len(lost)} of {m + len(lost)} imputations could not be fitted and are left out: "
            f"{lost[0]}"
        )
    unfinished = sum(not e.converged for e in kept)
    if unfinished:
        told.append(f"{unfinished} of {m} fits did not converge")
    gone = np.array([~np.isfinite(e.beta) | ~np.isfinite(np.diagonal(e.cov)) for e in kept])
    for term, times in zip(first.terms, gone.sum(axis=0), strict=True):
        if times:
            told.append(f"{term}: no estimate in {times} of {m} fits, so none is pooled")
    said = dict.fromkeys(w for e in kept for w in e.warnings)
    times = {w: sum(w in e.warnings for e in kept) for w in said}
    return (*told, *(f"{w} (in {k} of {m} fits)" for w, k in times.items()))
