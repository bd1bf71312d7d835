"""Draw adaptive_nodes.svg: ``python docs/methods/adaptive_nodes.py`` from the top folder."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from scipy import special

from core_trial.models.numerics.quadrature import hermite_rule

SD, EVENTS, ROWS = 1.5, 9, 10
BLUE, GREY = "#0072B2", "#999999"


def log_integrand(b: np.ndarray) -> np.ndarray:
    """Nine events among ten rows of one cluster, and the density of its random effect."""
    eta = SD * b
    events = EVENTS * special.log_expit(eta) + (ROWS - EVENTS) * special.log_expit(-eta)
    return events - b**2 / 2


def centre() -> tuple[float, float]:
    """Mode of the integrand and the scale that its curvature gives, by Newton's method."""
    b = 0.0
    for _ in range(50):
        p = special.expit(SD * b)
        curvature = 1 + SD**2 * ROWS * p * (1 - p)
        b += (SD * (EVENTS - ROWS * p) - b) / curvature
    return b, curvature**-0.5


def main() -> None:
    """Draw and save."""
    mpl.rcParams.update({"svg.hashsalt": "adaptive_nodes", "font.size": 9})
    b = np.linspace(-4, 4, 400)
    top = log_integrand(b).max()
    mode, scale = centre()
    nodes = hermite_rule(7).nodes
    figure, axes = plt.subplots(figsize=(5.2, 2.7), layout="constrained")
    axes.plot(b, np.exp(log_integrand(b) - top), color="black", lw=1.3)
    for at, colour, marker, y, label in (
        (nodes, GREY, "s", -0.09, "fixed: those of the random effect's own distribution"),
        (mode + scale * nodes, BLUE, "o", -0.2, "adaptive: about the mode, as wide as the curve"),
    ):
        axes.vlines(at, 0, np.exp(log_integrand(at) - top), color=colour, lw=1, ls="-")
        axes.plot(at, np.full(7, y), marker, color=colour, ms=5, clip_on=False, label=label)
    axes.set(xlabel="random effect of the cluster, in standard deviations", xlim=(-4, 4))
    axes.set(yticks=[], ylim=(-0.28, 1.7), ylabel="integrand")
    axes.legend(loc="upper left", frameon=False, title="seven nodes", alignment="left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
