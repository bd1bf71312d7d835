"""Draw strategies.svg: ``python docs/methods/strategies.py`` from the top folder."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from core_trial.models.many.imputation.reference_based import STRATEGIES, departed_mean

COLOURS = ("#0072B2", "#D55E00", "#CC79A7", "#009E73")
#: Means of either arm at five visits, and the last visit of those who leave.
OWN, REFERENCE = np.array([[20.0, 23, 26, 28.5, 30]]), np.array([[20.0, 21, 22.5, 23.5, 25]])
SEEN = 3


def main() -> None:
    """Draw and save."""
    mpl.rcParams.update({"svg.hashsalt": "strategies", "font.size": 9})
    figure, axes = plt.subplots(figsize=(5.6, 3.1), layout="constrained")
    visit = np.arange(1, 6)
    axes.plot(visit, OWN[0], color="black", lw=1.4, label="own arm")
    axes.plot(visit, REFERENCE[0], color="black", lw=1.4, ls=":", label="reference arm")
    for k, (strategy, colour) in enumerate(zip(STRATEGIES, COLOURS, strict=True)):
        mean = departed_mean(strategy, OWN, REFERENCE, SEEN)[0]
        shift = 0.06 * (k - 1.5)  # side by side where two agree
        name = strategy.replace("_", " ")
        axes.plot(visit[SEEN:] + shift, mean[SEEN:], "o", color=colour, ms=5, label=name)
    axes.axvline(SEEN + 0.5, color="#999999", lw=0.6)
    axes.set(xlabel="Visit", ylabel="Mean", xticks=visit)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
