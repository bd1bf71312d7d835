"""Draw two_maxima.svg: ``python docs/methods/two_maxima.py`` from the top folder."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from core_trial.models.linear.likelihood import likelihood, profile
from core_trial.models.linear.mixed_linear import prepare_mixed_linear
from core_trial.models.linear.search import maximise
from core_trial.models.linear.sufficient import summarise

BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#999999"


def example() -> pd.DataFrame:
    """Twenty clusters of forty that do not differ, and four pairs that do."""
    pairs = [y for mean in (4, -4, 4, -4) for y in (mean - 0.5, mean + 0.5)]
    sizes = np.repeat([40, 2], [20, 4])
    y = np.append(np.tile([-1.0, 1.0], 400), pairs)
    return pd.DataFrame({"y": y, "g": np.repeat(np.arange(24), sizes)})


def main() -> None:
    """Draw and save."""
    mpl.rcParams.update({"svg.hashsalt": "two_maxima", "font.size": 9})
    model = prepare_mixed_linear("y ~ 1", example(), cluster="g", method="reml")
    stats = summarise(model.layout, model.design.y)
    function = likelihood(model.layout, stats, "reml")
    maximum = maximise(function)
    tau = np.append(0.0, np.geomspace(1e-4, 100, 400))
    values, theta = profile(function, np.column_stack([tau, np.ones(len(tau))]))
    shown = theta[:, 0] * stats.scale**2
    height = values - maximum.point.loglik
    figure, axes = plt.subplots(figsize=(5.2, 2.7), layout="constrained")
    axes.plot(shown, height, color="black", lw=1.3)
    at = maximum.point.theta[0] * stats.scale**2
    axes.plot(0, height[0], "s", color=VERMILLION, ms=6, clip_on=False)
    axes.plot(at, 0, "o", color=BLUE, ms=6)
    axes.annotate(
        "zero: downhill from here", (0, height[0]), (0.013, height[0] + 0.5), color=VERMILLION
    )
    axes.annotate("the maximum", (at, 0), (at, 0.5), color=BLUE, ha="center")
    axes.axhline(0, color=GREY, lw=0.6)
    axes.set_xscale("symlog", linthresh=0.01, linscale=0.4)
    axes.set(xlim=(0, 60), ylim=(-11, 2), xlabel="cluster variance")
    axes.set_ylabel("restricted log-likelihood,\nless its maximum")
    axes.set_xticks([0, 0.01, 0.1, 1, 10], ["0", "0.01", "0.1", "1", "10"])
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
