"""What is counted over the trials of a cell, each with its Monte Carlo error.

The formulas are those of Morris, White and Crowther (2019), Stat Med 38: 2074-102, table 6.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import special, stats

from core_trial.models.inference import wald
from studies.validity.cell import Analysis, Answer, Cell, Floats

LEVEL = 0.05
Row = dict[str, str | float | int]


def rows(cell: Cell, answers: Floats) -> Iterator[Row]:
    """A row for each analysis, and a second one where an effect can be added to the same fits.

    Parameters
    ----------
    cell
        What was simulated.
    answers
        Shape (replicates, analyses, fields of `Answer`).
    """
    for k, analysis in enumerate(cell.analyses):
        found = Answer(*answers[:, k].T)
        truth = cell.mechanism.truths.get(analysis.estimand, 0.0)
        named = _named(cell, analysis)
        yield {**named, **measure(analysis, found, truth)}
        if np.isfinite(cell.shift):
            moved = shifted(found, cell.shift)
            effect = f"difference of {cell.shift:g}"
            yield {**named, "effect": effect, **measure(analysis, moved, truth + cell.shift)}


def _named(cell: Cell, analysis: Analysis) -> Row:
    mechanism = cell.mechanism
    return {
        "study": cell.study,
        "design": mechanism.label,
        "workers": mechanism.workers,
        "icc": mechanism.icc,
        "effect": mechanism.effect or "none",
        "model": analysis.model,
        "inference": analysis.inference,
        "estimand": analysis.estimand,
    }


def measure(analysis: Analysis, found: Answer, truth: float) -> Row:
    """All measures of one analysis; those that it has no part in are not a number."""
    p = p_values(analysis, found)
    tested = np.isfinite(p)
    known = np.isfinite(found.estimate) & np.isfinite(found.std_error)
    estimate, error = found.estimate[known], found.std_error[known]
    interval = ~np.isnan(found.low) & ~np.isnan(found.high)
    covered = (found.low <= truth) & (found.high >= truth)
    scale = np.sqrt(2.0) if analysis.pooled else 1.0  # the quantile is simulated as well
    empirical, n = _spread(estimate), len(estimate)
    model = float(np.sqrt(np.mean(error**2))) if n else np.nan
    return {
        "truth": truth,
        "replicates": len(p),
        "refused": int(found.refused.sum()),
        "without_test": int((~tested).sum() - found.refused.sum()),
        **_share("rejected", p[tested] < LEVEL, scale),
        **_share("coverage", covered[interval]),
        "bias": float(np.mean(estimate) - truth) if n else np.nan,
        "bias_mcse": empirical / np.sqrt(n) if n else np.nan,
        "empirical_se": empirical,
        "empirical_se_mcse": empirical / np.sqrt(2 * (n - 1)) if n > 1 else np.nan,
        "model_se": model,
        "model_se_mcse": _spread(error**2) / (2 * np.sqrt(n) * model) if n > 1 else np.nan,
        "median_df": float(np.median(found.df[known])) if n else np.nan,
    }


def p_values(analysis: Analysis, found: Answer) -> Floats:
    """The p-value of each trial: as told, or from likelihood ratios."""
    ratio = np.asarray(found.ratio)
    if analysis.pooled:
        simulated = np.sort(found.simulated[np.isfinite(found.simulated)])
        above = len(simulated) - np.searchsorted(simulated, ratio)
        return np.where(np.isfinite(ratio), (1 + above) / (1 + len(simulated)), np.nan)
    return np.where(np.isfinite(ratio), stats.chi2.sf(ratio, 1), found.p_value)


def shifted(found: Answer, shift: float) -> Answer:
    """The answers had the effect been so much larger."""
    estimate = found.estimate + shift
    p = wald(estimate, found.std_error, found.df).p_value
    return found._replace(
        estimate=estimate, low=found.low + shift, high=found.high + shift, p_value=p
    )


def _share(name: str, happened: np.ndarray, scale: float = 1.0) -> Row:
    """A share with its binomial error; none where there is nothing to count."""
    n = len(happened)
    share = float(np.mean(happened)) if n else np.nan
    error = scale * np.sqrt(share * (1 - share) / n) if n else np.nan
    return {name: share, f"{name}_mcse": float(error)}


def _spread(values: Floats) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else np.nan


def latent_icc(worker_sd: float) -> float:
    """Intraclass correlation on the latent scale of a logistic model."""
    return worker_sd**2 / (worker_sd**2 + np.pi**2 / 3)


def log_odds(risk: float, worker_sd: float) -> float:
    """Log odds at an average worker that make a risk over all workers."""
    from scipy import optimize

    nodes, weights = np.polynomial.hermite_e.hermegauss(61)

    def excess(eta: float) -> float:
        return float(weights @ special.expit(eta + worker_sd * nodes) / weights.sum()) - risk

    return float(optimize.brentq(excess, -10, 10, xtol=1e-12))
