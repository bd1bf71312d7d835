"""Draw midpoint.svg: ``python docs/methods/midpoint.py`` from the top folder."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from core_trial.models.survival.kaplan_meier import kaplan_meier

BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#999999"


def example() -> pd.DataFrame:
    """Ten participants; with the fifth event the curve is level with one half."""
    return pd.DataFrame(
        {
            "days": [20, 45, 60, 90, 120, 210, 260, 300, 365, 365],
            "readmitted": [1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
        }
    )


def main() -> None:
    """Draw and save."""
    mpl.rcParams.update({"svg.hashsalt": "midpoint", "font.size": 9})
    figure, axes = plt.subplots(figsize=(5.2, 2.9), layout="constrained")
    for interval, colour, style in (("log-log", BLUE, "-"), ("log", VERMILLION, "--")):
        km = kaplan_meier(example(), time="days", event="readmitted", interval=interval)[""]
        time = np.append(0, km.time)
        for limit in (km.low, km.high):
            height = np.append(1, limit)
            axes.step(time, height, where="post", color=colour, ls=style, lw=0.9)
        axes.plot([], [], color=colour, ls=style, lw=0.9, label=f"95% limits, {interval}")
    axes.step(time, np.append(1, km.survival), where="post", color="black", lw=1.6)
    censored = km.censored > 0
    axes.plot(km.time[censored], km.survival[censored], "|", color="black", ms=8)
    axes.axhline(0.5, color=GREY, lw=0.6)
    axes.plot(km.median, 0.5, "o", color="black", ms=5)
    axes.annotate(f"median {km.median:.0f} days", (km.median, 0.5), (km.median, 0.55), ha="center")
    axes.set(xlim=(0, 370), ylim=(0, 1.02), xlabel="days", ylabel="not readmitted")
    axes.legend(frameon=False, loc="lower left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
