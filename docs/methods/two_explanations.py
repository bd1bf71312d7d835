"""Draw two_explanations.svg: ``python docs/methods/two_explanations.py`` from the top folder."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import optimize

from core_trial.models import design
from core_trial.models.counts.likelihood import evaluate
from core_trial.models.counts.search import ALPHAS, SHARES, prepare
from core_trial.models.counts.zero_inflated_nb import zero_inflated_nb

BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#999999"


def example() -> pd.DataFrame:
    """Forty counts, half of them zero and one of them large."""
    counts = [0] * 20 + [1] * 6 + [2] * 4 + [3] * 3 + [4, 5, 6, 8, 11, 15, 40]
    return pd.DataFrame({"days": counts})


def main() -> None:
    """Draw and save."""
    mpl.rcParams.update({"svg.hashsalt": "two_explanations", "font.size": 9})
    frame = example()
    model = prepare(design.build("days ~ 1", frame), design.build("1", frame))
    fit = zero_inflated_nb("days ~ 1", frame)
    zeros = (frame["days"] == 0).mean()
    share, alpha = np.linspace(0.005, 0.995, 80), np.geomspace(0.02, 20, 80)
    height = np.array([[profile(model, s * zeros, a) for s in share] for a in alpha]) - fit.loglik
    figure, axes = plt.subplots(figsize=(5.2, 3.0), layout="constrained")
    levels = [-20, -10, -5, -3, -2, -1, -0.5, -0.1]
    lines = axes.contour(100 * share, alpha, height, levels, colors=GREY, linewidths=0.8)
    axes.clabel(lines, fontsize=7)
    grid = np.meshgrid(100 * SHARES, ALPHAS)
    axes.plot(*grid, ".", color=BLUE, ms=4, clip_on=False)
    axes.plot([], [], ".", color=BLUE, label="grid of starts")
    at = 0 if np.isnan(fit.beta[1]) else 100 / (1 + np.exp(-fit.beta[1])) / zeros
    axes.plot(at, fit.dispersion, "s", color=VERMILLION, ms=6, clip_on=False, label="maximum")
    axes.set(yscale="log", xlim=(0, 100), ylabel="dispersion α")
    axes.set_xlabel("zeros put down to inflation, %")
    axes.legend(loc="lower left", frameon=True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})


def profile(model, inflated: float, alpha: float) -> float:
    """Log-likelihood at the best mean for a probability of inflation and a dispersion."""
    zeta, a = np.log(inflated / (1 - inflated)), np.log(alpha)

    def minus(log_mean: float) -> float:
        return -evaluate(model.data, np.linalg.solve(model.back, [log_mean, zeta, a]))[0]

    best = optimize.minimize_scalar(minus, bracket=(0.0, 1.0))
    return -best.fun - model.data.constant


if __name__ == "__main__":
    main()
