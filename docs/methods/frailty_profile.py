"""Draw frailty_profile.svg: ``python docs/methods/frailty_profile.py`` from the top folder."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from core_trial.models.design import clusters
from core_trial.models.survival.cox import cox
from core_trial.models.survival.design import prepare, right_hand_side
from core_trial.models.survival.follow_up import follow_up
from core_trial.models.survival.frailty import gamma_profile, share

BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#999999"
DATA = Path(__file__).parents[2] / "tests" / "reference" / "data" / "d26_botharms_k40.csv"
FORMULA = "arm + psychosis + centre"
#: Where coxph with its defaults stops on these data (survival 3.5-3).
COXPH = 0.000162


def main() -> None:
    """Draw and save."""
    mpl.rcParams.update({"svg.hashsalt": "frailty_profile", "font.size": 9})
    frame = pd.read_csv(DATA).dropna(subset=["time", "event", "arm", "psychosis", "centre"])
    columns = {"time": "time", "event": "event"}
    fit = cox(FORMULA, frame, cluster="psw", frailty="gamma", **columns)
    plain = cox(FORMULA, frame, **columns)
    design = prepare(right_hand_side(FORMULA, frame), follow_up(frame, "time", "event"))
    shared = share(design, clusters(frame, "psw"))
    start = np.zeros(len(design.columns)), np.zeros(shared.count)

    def height(theta):
        return np.array([gamma_profile(shared, t, *start).loglik for t in theta]) - plain.loglik

    theta = np.linspace(1e-5, 0.006, 120)
    figure, axes = plt.subplots(figsize=(5.2, 2.6), layout="constrained")
    axes.plot(theta, 1e3 * height(theta), color="black", lw=1.3)
    best, stop = fit.variance["frailty"], COXPH
    axes.plot(best, 1e3 * (fit.loglik - plain.loglik), "o", color=BLUE, ms=6)
    axes.plot(stop, 1e3 * height([stop]), "s", color=VERMILLION, ms=6)
    axes.annotate("the maximum", (best, 0.6), (best, 0.75), color=BLUE, ha="center")
    axes.annotate("coxph stops", (stop, 0.05), (0.0004, -0.05), color=VERMILLION)
    axes.axhline(0, color=GREY, lw=0.6)
    axes.set(xlim=(0, 0.006), xlabel="frailty variance θ")
    axes.set_ylabel("log-likelihood less that\nwithout frailty, thousandths")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
