"""Pictures of a fit. Matplotlib is imported when the first is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core_trial.errors import DesignError
from core_trial.models.names import EXCESS, locate
from core_trial.models.showing.summary import RATIOS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from core_trial.models.fit import Fit

#: Height of a row of a forest, and what axis and title need besides, in inches.
ROW, FRAME = 0.3, 1.0
WIDTH = 6.4
_NOT_EFFECTS = ("Intercept", f"{EXCESS}Intercept", "ln_alpha")
#: Ratios on an axis are written so.
_TICKS = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100])


def forest(fit: Fit, *, terms: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """See `Fit.plot`."""
    if terms is None:
        chosen = [k for k, name in enumerate(fit.terms) if name not in _NOT_EFFECTS]
    else:
        chosen = [locate(name, fit.terms) for name in terms]
    w = fit.inference
    known = [k for k in chosen if np.isfinite([w.low[k], w.high[k]]).all()]
    if not known:
        raise DesignError("no coefficient with an interval to draw")
    axes = _axes(ax, FRAME + ROW * len(chosen))
    rows = np.array([chosen.index(k) for k in known])
    at = fit.reported(np.array([fit.beta[known], w.low[known], w.high[known]]))
    axes.hlines(rows, at[1], at[2], color="C0", linewidth=1.5)
    axes.plot(at[0], rows, "s", color="C0", markersize=5)
    axes.axvline(0.0 if fit.scale == "identity" else 1.0, color="0.5", linewidth=0.8, zorder=0)
    axes.set_yticks(range(len(chosen)), [fit.terms[k] for k in chosen])
    axes.set_ylim(len(chosen) - 0.5, -0.5)
    _measure(fit, axes)
    return axes


def _measure(fit: Fit, axes: Axes) -> None:
    """Scale and title of a forest's horizontal axis."""
    interval = f"with {100 * fit.confidence:g}% interval"
    if fit.scale == "identity":
        axes.set_xlabel(f"Difference {interval}")
        return
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    ticks = _TICKS[(low <= _TICKS) & (high >= _TICKS)]
    if len(ticks) > 1:
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    axes.set_xlabel(f"{RATIOS.get(fit.model, 'ratio').capitalize()} {interval}")


def residual_plot(fit: Fit, *, kind: str | None = None, ax: Axes | None = None) -> Axes:
    """See `Fit.plot_residuals`."""
    from core_trial.models.questions.residuals import KINDS

    kinds = KINDS.get(fit.model, {})
    chosen = kind or ("pearson" if "pearson" in kinds else "response")
    values = fit.residuals(chosen)
    axes = _axes(ax, 4.0)
    axes.plot(fit.fitted, values, "o", color="C0", markersize=3, alpha=0.5, markeredgewidth=0)
    axes.axhline(0.0, color="0.5", linewidth=0.8, zorder=0)
    axes.set_xlabel("Fitted mean")
    axes.set_ylabel(f"{chosen.capitalize()} residual")
    return axes


def _axes(ax: Axes | None, height: float) -> Axes:
    """The axes that were given, or new ones."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(WIDTH, height), layout="constrained")[1]
