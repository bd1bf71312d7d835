"""The study's figure: type I error of scores, of a binary outcome, and with few workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core_trial.report import figure
from studies.validity import binary, few_workers, scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: Colour, marker and words of an analysis.
Pen = tuple[str, str, str]
USUAL, RECOMMENDED, OTHER, FOURTH = figure.VERMILLION, figure.GREEN, figure.BLUE, figure.GREY

SCORES: dict[tuple[str, str], Pen] = {
    scores.PUBLISHED: (USUAL, "s", "random intercept everywhere, ML, z"),
    scores.ALIKE: (OTHER, "o", "the same, REML, Kenward-Roger"),
    scores.RECOMMENDED: (RECOMMENDED, "^", "partially nested, two variances, Kenward-Roger"),
    scores.UNCLUSTERED: (FOURTH, "x", "no clusters"),
}
BINARY: dict[tuple[str, str], Pen] = {
    (binary.NESTED, "z"): (USUAL, "s", "mixed logistic, z"),
    (binary.NESTED, "t, between-within"): (OTHER, "o", "t, between-within"),
    (binary.NESTED, "bootstrap"): (RECOMMENDED, "^", "bootstrap"),
    ("modified Poisson", "jackknife, t"): (FOURTH, "x", "modified Poisson, jackknife"),
}
FEW: dict[str, str] = {
    "modified Poisson": "risk ratio",
    "negative binomial": "mean count",
    few_workers.ZERO_INFLATED: "zero-inflated",
    "Cox": "Cox",
    "recurrent events (LWYY)": "LWYY",
    "restricted mean": "restricted mean",
}
TICKS = (0, 5, 10, 15, 20, 25, 30)


def paint(table: pd.DataFrame) -> Drawing:
    """Three panels beside each other, each with its legend above."""
    drawing = figure.blank(figure.TWO_COLUMNS, 80.0)
    painters = (_scores, _binary, _few)
    for k, painter in enumerate(painters):
        axes = figure.place(drawing, 10 + 56 * k, 19, 47, 46)
        painter(axes, table)
        axes.set_ylim(0, 31 if k == 2 else 16)
        axes.set_yticks(TICKS if k == 2 else TICKS[:4])
        axes.tick_params(axis="x", length=0)
        axes.axhline(5, color=figure.BLACK, linewidth=0.6, zorder=1)
        if k == 0:
            axes.set_ylabel("type I error, %")
    return drawing


def _scores(axes: Axes, table: pd.DataFrame) -> None:
    """By the control arm's spread, at one correlation."""
    rows = table[(table["study"] == "scores") & (table["effect"] == "none")]
    rows = rows[(rows["icc"] == 0.05) & ~rows["design"].str.contains("skewed|bounded")]
    spread = rows["design"].str.extract(r"control SD ([\d.]+)")[0].fillna(1).astype(float)
    rows = rows.assign(group=spread)
    _grouped(axes, rows, SCORES, [8, 20, 40])
    axes.set_xlabel("workers, by control SD over the intervention's", labelpad=13)
    _legend(axes, "Score", SCORES.values())


def _grouped(
    axes: Axes, rows: pd.DataFrame, pens: dict[tuple[str, str], Pen], workers: list[int]
) -> None:
    groups = sorted(rows["group"].unique())
    width = len(workers) + 1
    for m, ((model, inference), (colour, marker, _)) in enumerate(pens.items()):
        own = rows[(rows["model"] == model) & (rows["inference"] == inference)]
        place = own["workers"].map(workers.index) + width * own["group"].map(groups.index)
        shift = 0.2 * (m - (len(pens) - 1) / 2)
        _points(axes, place + shift, own["rejected"], colour, marker)
    axes.set_xticks([width * i + j for i in range(len(groups)) for j in range(len(workers))])
    axes.set_xticklabels([str(w) for _ in groups for w in workers], fontsize=5.5)
    for i, group in enumerate(groups):
        _below(axes, width * i + 1, f"{group:g}")
    axes.set_xlim(-0.7, width * len(groups) - 1.3)


def _binary(axes: Axes, table: pd.DataFrame) -> None:
    """By the number of workers, at a correlation of 0.1."""
    rows = table[table["study"].isin(["binary", "bootstrap"]) & (table["effect"] == "none")]
    rows = rows[rows["icc"] == 0.1]
    workers = sorted(rows["workers"].unique())
    for m, ((model, inference), (colour, marker, _)) in enumerate(BINARY.items()):
        own = rows[(rows["model"] == model) & (rows["inference"] == inference)]
        place = own["workers"].map(workers.index) + 0.15 * (m - 1.5)
        _points(axes, place, own["rejected"], colour, marker)
    axes.set_xticks(range(len(workers)))
    axes.set_xticklabels(map(str, workers))
    axes.set_xlabel("workers, ICC 0.1")
    _legend(axes, "Binary outcome", BINARY.values())


def _few(axes: Axes, table: pd.DataFrame) -> None:
    """Sandwich and default, by design: a mark for each model."""
    rows = table[table["study"] == "few workers"]
    pens = {"sandwich, z": (USUAL, "s", "errors by cluster, z"),
            few_workers.DEFAULT: (RECOMMENDED, "^", "the library's default")}  # fmt: skip
    rows = rows[rows["model"].isin(FEW) & rows["inference"].isin(pens) & rows["rejected"].notna()]
    designs = [d for d in few_workers.DESIGNS if d in set(rows["design"])]
    for m, (inference, (colour, marker, _)) in enumerate(pens.items()):
        own = rows[rows["inference"] == inference]
        spread = np.linspace(-0.12, 0.12, len(FEW))
        within = own["model"].map(dict(zip(FEW, spread, strict=True)))
        place = own["design"].map(designs.index) + 0.36 * (m - 0.5) + within
        _points(axes, place, own["rejected"], colour, marker)
    axes.set_xticks(range(len(designs)))
    axes.set_xticklabels([_short(d) for d in designs], fontsize=5.5)
    axes.set_xlabel("workers × participants of each")
    _legend(axes, "Few workers: " + ", ".join(FEW.values()), pens.values(), wrap=True)


def _short(design: str) -> str:
    """A design as a label of an axis."""
    workers, _, each = design.partition(" workers of ")
    return f"{workers}×{each.replace(' to ', '–')}"


def _points(axes: Axes, x: pd.Series, share: pd.Series, colour: str, marker: str) -> None:
    style = {"color": colour, "marker": marker, "markersize": 2.6, "linestyle": "none"}
    axes.plot(x, 100 * share, clip_on=False, zorder=3, **style)


def _below(axes: Axes, x: float, words: str) -> None:
    axes.annotate(
        words,
        (x, 0),
        xycoords=("data", "axes fraction"),
        xytext=(0, -12),
        textcoords="offset points",
        ha="center",
        va="top",
    )


def _legend(axes: Axes, title: str, pens: Sequence[Pen], *, wrap: bool = False) -> None:
    from matplotlib.lines import Line2D

    shown = [
        Line2D([], [], color=c, marker=m, markersize=3.2, linestyle="none", label=words)
        for c, m, words in pens
    ]
    if wrap:
        first, rest = title.split(": ")
        names = rest.split(", ")
        title = f"{first}:\n{', '.join(names[:3])},\n{', '.join(names[3:])}"
    axes.legend(
        handles=shown,
        title=title,
        alignment="left",
        loc="lower left",
        bbox_to_anchor=(-0.03, 1.01),
        fontsize=6,
        title_fontsize=7,
        handletextpad=0.3,
        labelspacing=0.25,
        borderpad=0,
        borderaxespad=0.2,
        frameon=False,
    )
