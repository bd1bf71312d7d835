"""The answer of a model over multiply imputed data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.fit import Effect, Scale
from core_trial.models.inference import Floats, Wald, wald
from core_trial.models.many.estimates import Estimates, combined
from core_trial.models.many.joint import JointTest, joint_test
from core_trial.models.many.rubin import Rules, imputations_needed, jackknife_errors, rubin
from core_trial.models.names import columns_of, interactions, locate
from core_trial.models.questions.contrasts import Asked, read
from core_trial.models.showing.page import Page, Shown
from core_trial.models.showing.summary import coefficients_block


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Pooled(Shown):
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
        """One coefficient on the reported scale (ratios are exponentiated), as `Fit.effect`.

        Raises
        ------
        DesignError
            If there is no such term, or it is a variable that stands in an interaction.
        """
        self._refuse_interaction(term)
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
        return locate(term, self.terms)

    def contrast(self, asked: Asked) -> Pooled:
        """Linear combinations of the coefficients, each pooled as a coefficient is.

        Parameters
        ----------
        asked
            As in `Fit.contrast`: an expression such as ``"arm[i] + arm[i]:sex[F]"``, several as a
            list or as a mapping from names, or weights of shape (k, p).

        Returns
        -------
        Pooled
            With a term for each combination. The complete-data degrees of freedom are the smallest
            of the coefficients that it combines.

        Raises
        ------
        DesignError
            If an expression compares with a number other than zero.
        """
        names, weights, null = read(asked, self.terms)
        if null.any():
            raise DesignError("a pooled contrast is compared with zero, not with another number")
        complete = [self.complete_df[row != 0].min(initial=np.inf) for row in weights]
        return replace(
            self,
            terms=tuple(names),
            each=tuple(combined(e, tuple(names), weights) for e in self.each),
            complete_df=np.array(complete),
        )

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
        complete = float(np.min(self.complete_df[chosen]))
        known = np.isfinite(block.total).all() and not np.isnan(complete)
        if not known or np.linalg.matrix_rank(block.within) < len(chosen):
            raise DesignError(
                f"{', '.join(names)}: not every coefficient has a standard error and degrees of "
                "freedom of its own"
            )
        return joint_test(block, complete)

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
        return frame

    def _reported(self, x: float) -> float:
        with np.errstate(over="ignore"):
            return float(x if self.scale == "identity" else np.exp(x))

    def _columns(self, term: str) -> list[int]:
        """Positions of a coefficient, or of all of a variable's."""
        found = [] if term in self.terms else columns_of(term, self.terms)
        return found or [locate(term, self.terms)]

    def _refuse_interaction(self, term: str) -> None:
        found = interactions(term, self.each[0].term_columns)
        if found:
            raise DesignError(
                f"{term!r} stands in the interaction {', '.join(found)}, so its effect differs: "
                "ask for a combination by contrast(...)"
            )

    def _stacked(self) -> tuple[Floats, Floats]:
        return np.stack([e.beta for e in self.each]), np.stack([e.cov for e in self.each])

    def page(self) -> Page:
        """Coefficients on the reported scale, with the fraction of missing information."""
        table = self.coefficients.copy()
        shown = ["estimate", "low", "high"]
        table[shown] = table[shown].map(self._reported)
        block = coefficients_block(self.model, self.scale, table, self.confidence)
        missing = [f"{fmi:.2f}" for fmi in table.loc[list(block.labels), "fmi"]]
        block = replace(
            block,
            head=[*block.head, "missing information"],
            columns=[*block.columns, missing],
        )
        size = f"n = {self.n:,}; {self.m} imputations"
        title = f"{self.model}: {self.formula}"
        return Page(title, (block,), self.warnings, (self.method, size))
