"""A fit on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core_trial.models.inference import Quantity
from core_trial.models.showing import page
from core_trial.models.showing.page import (
    Block,
    Page,
    interval_cells,
    interval_head,
    number_cells,
    p_cells,
)

if TYPE_CHECKING:
    from core_trial.models.fit import Fit

#: What the exponential of a coefficient is called.
RATIOS = {
    "logistic_regression": "odds ratio",
    "mixed_logistic": "odds ratio",
    "cox": "hazard ratio",
    "fine_gray": "subdistribution hazard ratio",
    "modified_poisson": "risk ratio",
    "negative_binomial": "ratio of means",
    "poisson": "ratio of means",
    "mixed_poisson": "rate ratio",
    "standardised": "risk ratio",
}
#: Quantities that compare with more quadrature nodes are for the reader of `Fit.quantities`.
_BESIDE = " nodes)"
_DISPERSION = "ln_alpha"


def as_text(fit: Fit) -> str:
    """The page as lines of text."""
    return page.as_text(summary(fit))


def as_html(fit: Fit) -> str:
    """The page as HTML."""
    return page.as_html(summary(fit))


def summary(fit: Fit) -> Page:
    """Warnings, method, sizes, coefficients on the reported scale, variances, other quantities."""
    blocks = [_coefficients(fit), _variances(fit), _quantities(fit), _tests(fit)]
    return Page(
        f"{fit.model}: {fit.formula}",
        tuple(block for block in blocks if block.labels),
        cautions(fit),
        (fit.method, _sizes(fit)),
    )


def cautions(fit: Fit) -> tuple[str, ...]:
    """What stands before every number of a fit, and before every answer that it gives."""
    unbelievable = () if fit.converged else ("these numbers cannot be believed",)
    return (*unbelievable, *fit.warnings)


def _sizes(fit: Fit) -> str:
    dropped = f" ({fit.n_dropped:,} dropped)" if fit.n_dropped else ""
    known = [f"n = {fit.n:,}{dropped}"]
    if fit.n_clusters != fit.n:
        known.append(f"clusters = {fit.n_clusters:,}")
    if fit.n_events is not None:
        known.append(f"events = {fit.n_events:,}")
    kinds = {"restricted": "restricted ", "partial": "partial ", "pseudo": "pseudo-"}
    known.append(f"{kinds.get(fit.likelihood, '')}log-likelihood = {fit.loglik:.2f}")
    if np.isfinite(fit.aic):
        known.append(f"AIC = {fit.aic:.1f}")
    return "; ".join(known)


def _coefficients(fit: Fit) -> Block:
    return coefficients_block(fit.model, fit.scale, fit.to_frame(), fit.confidence)


def coefficients_block(model: str, scale: str, table: pd.DataFrame, confidence: float) -> Block:
    """Coefficients on the reported scale; df where there are any.

    Parameters
    ----------
    model, scale, confidence
        As `Fit` has them.
    table
        A row per term, as `Fit.to_frame` has them.
    """
    table = table.drop(index=_DISPERSION, errors="ignore")
    name = "estimate" if scale == "identity" else RATIOS.get(model, "ratio")
    low, high = table["low"].to_numpy(), table["high"].to_numpy()
    head = [name, interval_head(confidence)]
    cells = [number_cells(table["estimate"]), interval_cells(low, high)]
    if np.isfinite(table["df"]).any():
        head.append("df")
        cells.append([f"{df:.1f}" if np.isfinite(df) else "-" for df in table["df"]])
    return Block(
        "Coefficients", [*head, "p"], list(table.index), [*cells, p_cells(table["p_value"])]
    )


def _variances(fit: Fit) -> Block:
    known = {name: _variance(fit, name) for name in fit.variance}
    if np.isfinite(fit.dispersion):
        known["alpha (dispersion)"] = _dispersion(fit)
    method = " (Wald, on the log scale)" if fit.variance_intervals else ""
    return _of_quantities("Variances", known, interval_head(fit.confidence) + method)


def _dispersion(fit: Fit) -> Quantity:
    """Alpha of a negative binomial, with the interval of its logarithm's exponential."""
    if _DISPERSION not in fit.terms:
        return Quantity(fit.dispersion, np.nan, np.nan, np.nan)
    effect = fit.effect(_DISPERSION)
    return Quantity(fit.dispersion, np.nan, effect.low, effect.high)


def _variance(fit: Fit, name: str) -> Quantity:
    nothing = Quantity(fit.variance[name], np.nan, np.nan, np.nan)
    return fit.variance_intervals.get(name, nothing)


def _quantities(fit: Fit) -> Block:
    known = {name: q for name, q in fit.quantities.items() if not name.endswith(_BESIDE)}
    return _of_quantities("Other quantities", known, interval_head(fit.confidence))


def _of_quantities(caption: str, known: dict[str, Quantity], head: str) -> Block:
    values = list(known.values())
    low, high = np.array([[q.low, q.high] for q in values]).reshape(-1, 2).T
    estimates = number_cells(q.estimate for q in values)
    return Block(caption, ["estimate", head], list(known), [estimates, interval_cells(low, high)])


def _tests(fit: Fit) -> Block:
    tests = list(fit.tests.values())
    statistics = number_cells(test.statistic for test in tests)
    p = p_cells(test.p_value for test in tests)
    return Block("Tests", ["statistic", "p"], [test.hypothesis for test in tests], [statistics, p])
