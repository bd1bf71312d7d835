"""Two fits of the same rows: likelihood ratio, AIC and BIC, or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.inference import Test, chi_square_p
from core_trial.models.names import EXCESS
from core_trial.models.showing.page import Block, Page, Shown, number, number_cells, p_value
from core_trial.models.showing.summary import cautions

if TYPE_CHECKING:
    from core_trial.models.fit import Fit

LN_ALPHA = "ln_alpha"
#: A larger model whose likelihood is lower than the smaller one's by more than this is no maximum.
NO_LOSS = 1e-4


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Comparison(Shown):
    """What two likelihoods say of two models.

    Parameters
    ----------
    table
        A row per model, the smaller first: parameters, log-likelihood, AIC, BIC.
    test
        The likelihood ratio; None where neither model holds the other.
    mixture
        Weights of the chi-square distributions with `test.df` - k, ..., `test.df` degrees of
        freedom in the reference distribution: ``(1.0,)`` unless a variance is tested.
    reason
        Why there is no test, or what its reference distribution is.
    warnings
        Those of the fits, with the formula of each.
    """

    table: pd.DataFrame
    test: Test | None
    mixture: tuple[float, ...]
    reason: str
    warnings: tuple[str, ...] = ()

    def page(self) -> Page:
        """The table, and the test in a line."""
        kept = [number_cells(self.table[name]) for name in ("loglik", "aic", "bic")]
        cells = [[str(k) for k in self.table["parameters"]], *kept]
        head = ["parameters", "log-likelihood", "AIC", "BIC"]
        facts = [self.reason]
        if self.test is not None:
            test = self.test
            told = f"likelihood ratio = {number(test.statistic)}, df = {test.df:g}, p = "
            facts.insert(0, told + p_value(test.p_value))
        block = Block("", head, list(self.table["model"]), cells)
        return Page("Comparison of two models", (block,), self.warnings, tuple(facts))

    def to_frame(self) -> pd.DataFrame:
        """The table, with statistic, df and p-value in the larger model's row."""
        test = self.test or Test("", np.nan, np.nan, np.nan)
        added = {"statistic": test.statistic, "df": test.df, "p_value": test.p_value}
        return self.table.assign(**{name: [np.nan, value] for name, value in added.items()})


def compare(first: Fit, second: Fit) -> Comparison:
    """Compare two models that were fitted to the same rows.

    Parameters
    ----------
    first, second
        The fits, in any order.

    Returns
    -------
    Comparison
        AIC and BIC of both; and where one model holds the other, the likelihood ratio. Where a
        variance is tested, which under the null is at the bound of its range, the reference
        distribution is a mixture of chi-squares. A term that separates the outcomes is compared
        like any other: the likelihood is finite where its coefficient is not.

    Raises
    ------
    DesignError
        If the likelihoods are not of the same rows and outcome, not of the same kind (restricted
        with other coefficients, partial with full), or not trusted (a sandwich).

    References
    ----------
    Self and Liang (1987), J Am Stat Assoc 82: 605-10. Stram and Lee (1994), Biometrics 50: 1171-7.

    Examples
    --------
    >>> import pandas as pd
    >>> from core_trial.models import compare, mixed_logistic
    >>> frame = pd.DataFrame({
    ...     "readmitted": [1, 1, 0, 0, 0, 0, 1, 0, 1, 1],
    ...     "arm": [1, 1, 1, 1, 1, 1, 0, 0, 0, 0],
    ...     "worker": ["a", "a", "a", "b", "b", "b", "c", "d", "e", "f"],
    ... })
    >>> null = mixed_logistic("readmitted ~ 1", frame, cluster="worker")
    >>> round(compare(null, mixed_logistic("readmitted ~ arm", frame, cluster="worker")).test.df)
    1
    """
    _refuse(first, second)
    small, large = sorted((first, second), key=lambda fit: fit.n_parameters)
    test, mixture, reason = _ratio(small, large)
    told = tuple(f"{fit.formula}: {note}" for fit in (small, large) for note in cautions(fit))
    return Comparison(
        table=_table(small, large), test=test, mixture=mixture, reason=reason, warnings=told
    )


def _table(*fits: Fit) -> pd.DataFrame:
    rows = [
        {
            "model": f"{fit.model}: {fit.formula}",
            "parameters": fit.n_parameters,
            "loglik": fit.loglik,
            "aic": fit.aic,
            "bic": fit.bic,
        }
        for fit in fits
    ]
    return pd.DataFrame(rows)


def _refuse(first: Fit, second: Fit) -> None:
    """Refuse likelihoods that are not of the same data, or not likelihoods."""
    for fit in (first, second):
        if not hasattr(fit, "n_parameters"):
            raise DesignError(f"compare takes two fits, not {type(fit).__name__}")
        if fit.likelihood == "pseudo" or fit.robust:
            raise DesignError(
                f"the {fit.model} fit of {fit.formula!r} has a sandwich because its likelihood is "
                "not trusted, so it compares no models: test the term by fit.test(...), or fit "
                "with model-based standard errors"
            )
        if not np.isfinite(fit.loglik):
            raise DesignError(f"the {fit.model} fit of {fit.formula!r} has no likelihood")
    if first.n != second.n or not _same_outcome(first, second):
        raise DesignError(
            f"the fits are not of the same rows ({first.n} and {second.n}), or not of the same "
            "outcome in the same order: fit both to one frame, complete in every variable of both"
        )
    if _family(first) != _family(second):
        raise DesignError(
            f"{first.model} and {second.model} take the outcome as differently distributed: their "
            "likelihoods are not on one scale"
        )
    _refuse_kinds(first, second)


def _refuse_kinds(first: Fit, second: Fit) -> None:
    kinds = {first.likelihood, second.likelihood}
    if len(kinds) > 1:
        raise DesignError(
            f"one likelihood is {' and the other '.join(sorted(kinds))}: fit both alike"
        )
    if kinds == {"restricted"} and set(first.terms) != set(second.terms):
        raise DesignError(
            "restricted likelihoods of models with other coefficients are of other data: fit both "
            "with method='ml'"
        )


#: Models whose likelihoods are of one distribution, in which one can hold the other.
_FAMILIES = (
    {"linear_regression", "mixed_linear", "repeated_measures"},
    {"logistic_regression", "mixed_logistic"},
    {"poisson", "mixed_poisson", "negative_binomial", "zero_inflated_nb"},
)


def _family(fit: Fit) -> str:
    return next((min(family) for family in _FAMILIES if fit.model in family), fit.model)


def _same_outcome(first: Fit, second: Fit) -> bool:
    """Whether the outcome is the same; true where a fit did not keep it."""
    a, b = first.response, second.response
    return not (len(a) and len(b)) or (a.shape == b.shape and bool((a == b).all()))


def _ratio(small: Fit, large: Fit) -> tuple[Test | None, tuple[float, ...], str]:
    """The test with its mixture, or None; and what it is in words."""
    bounded = _new_at_bound(small, large)
    nested = set(small.terms) <= set(large.terms) and bounded is not None
    df = large.n_parameters - small.n_parameters
    if not nested or df == 0:
        return None, (), "neither model holds the other: no likelihood ratio, only AIC and BIC"
    if _inflated(large) and not _inflated(small):
        return (
            None,
            (),
            (
                "without excess zeros their coefficients mean nothing, so that the likelihood "
                "ratio has no known distribution: only AIC and BIC"
            ),
        )
    ratio = 2.0 * (large.loglik - small.loglik)
    if ratio < -NO_LOSS * max(1.0, abs(small.loglik) * 1e-4):
        raise DesignError(
            f"the larger model's log-likelihood is lower by {-ratio / 2:.3g}: it is not at its "
            "maximum, or the models do not hold one another"
        )
    ratio, k = max(ratio, 0.0), len(bounded or ())
    mixture = tuple(float(special.binom(k, j)) / 2**k for j in range(k + 1))
    p = float(sum(w * _tail(ratio, df - k + j) for j, w in enumerate(mixture)))
    hypothesis = f"{small.formula} against {large.formula}"
    return Test(hypothesis, ratio, float(df), p), mixture, _in_words(mixture, df)


def _tail(ratio: float, df: int) -> float:
    """Upper tail of chi-square; with no degrees of freedom all of it is at zero."""
    return chi_square_p(ratio, df) if df > 0 else float(ratio <= 0)


def _inflated(fit: Fit) -> bool:
    return any(name.startswith(EXCESS) for name in fit.terms)


def _new_at_bound(small: Fit, large: Fit) -> tuple[str, ...] | None:
    """Variances of random effects, or a dispersion, of the larger model only; None if it lacks one.

    A residual variance that is split by level is no variance at a bound.
    """
    a, b = (
        {name for name in (*fit.variance, *fit.terms) if _at_bound(name, fit)}
        for fit in (small, large)
    )
    if not a <= b or len(small.variance) > len(large.variance):
        return None
    return tuple(sorted(b - a))


def _at_bound(name: str, fit: Fit) -> bool:
    """Whether a parameter is at the bound of its range where it is not needed."""
    if name not in fit.variance:
        return name == LN_ALPHA
    return not name.startswith(("residual", "correlation", "covariance"))


def _in_words(mixture: tuple[float, ...], df: int) -> str:
    if len(mixture) == 1:
        return f"reference distribution: chi-square with {df} df"
    k = len(mixture) - 1
    told = " + ".join(f"{w:g} chi-square({df - k + j})" for j, w in enumerate(mixture))
    return f"a variance at its bound is tested: reference distribution {told}"
