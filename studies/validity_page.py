"""The validity study as a page: what the table says, in words, in numbers and in one figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core_trial.report import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: The three panels: outcome, SD of the control arm, heading.
PANELS = (
    ("score", 1.0, "Score, equal variances"),
    ("score", 1.6, "Score, control SD 1.6 times as large"),
    ("readmission", np.nan, "Readmission"),
)
#: Colour, marker and label by the place of a model among those of its outcome.
PENS = {
    "random intercept, ML, z": (
        figure.VERMILLION,
        "s",
        "published: random intercept everywhere, z",
    ),
    "random intercept, 7 nodes, z": (figure.VERMILLION, "s", ""),
    "random intercept, REML, Kenward-Roger": (
        figure.BLUE,
        "o",
        "random intercept everywhere, REML, Kenward-Roger (scores)",
    ),
    "partially nested, two variances, REML, Kenward-Roger": (
        figure.GREEN,
        "^",
        "partially nested (scores: a residual variance for each arm, REML, Kenward-Roger)",
    ),
    "partially nested, 7 nodes, z": (figure.GREEN, "^", ""),
}
ROWS = (
    ("type_i_error", "Type I error, %", (0, 16), (0, 5, 10, 15)),
    ("power", "Power, %", (0, 100), (0, 20, 40, 60, 80, 100)),
)

#: The page's words, with places for the numbers.
TEMPLATE = Path(__file__).with_suffix(".md")

COLUMNS = {
    "workers": "Workers",
    "icc": "ICC",
    "model": "Model",
    "type_i_error": "Type I",
    "coverage": "Coverage",
    "power": "Power",
    "bias": "Bias",
    "sd": "SD of estimates",
    "mean_std_error": "Mean SE",
    "median_df": "Median df",
    "zero_variance": "Zero",
}


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write validity.png and validity.md for a table of the study's cells."""
    drawn = figure.Figure(
        "validity", "Type I error and power", describe(table), lambda: paint(table)
    )
    (folder / "validity.png").write_bytes(drawn.png)
    (folder / "validity.md").write_text(text(table), encoding="utf-8")


def panel(table: pd.DataFrame, outcome: str, control_sd: float) -> pd.DataFrame:
    """The rows of one panel."""
    own = table[table["outcome"] == outcome]
    return own if np.isnan(control_sd) else own[own["control_sd"] == control_sd]


def paint(table: pd.DataFrame) -> Drawing:
    """Two rows of three panels, and a legend above them."""
    drawing = figure.blank(figure.TWO_COLUMNS, 109.0)
    for column, (outcome, control_sd, heading) in enumerate(PANELS):
        for row, (name, label, limits, ticks) in enumerate(ROWS):
            axes = figure.place(drawing, 12 + 53 * column, 17 + 45 * row, 48, 35)
            _draw(axes, panel(table, outcome, control_sd), name)
            axes.set_ylim(*limits)
            axes.set_yticks(ticks)
            if column == 0:
                axes.set_ylabel(label)
            if row == 0:
                axes.set_title(heading, loc="left", pad=6)
            else:
                axes.set_xlabel("workers, by intraclass correlation (ICC)", labelpad=13)
    _legend(drawing)
    return drawing


def _draw(axes: Axes, rows: pd.DataFrame, name: str) -> None:
    """One panel: for each correlation a group of 8, 20 and 40 workers."""
    workers, iccs = sorted(rows["workers"].unique()), sorted(rows["icc"].unique())
    width = len(workers) + 1
    if name == "type_i_error":
        spread = 196 * np.sqrt(0.05 * 0.95 / rows["replicates"].iloc[0])
        axes.axhspan(5 - spread, 5 + spread, color="#e4e4e4", linewidth=0)
        axes.axhline(5, color=figure.BLACK, linewidth=0.6)
    models = list(dict.fromkeys(rows["model"]))
    for m, model in enumerate(models):
        own = rows[rows["model"] == model]
        place = own["workers"].map(workers.index) + width * own["icc"].map(iccs.index)
        colour, marker, _ = PENS[model]
        shift = 0.27 * (m - (len(models) - 1) / 2)
        style = {"color": colour, "marker": marker, "markersize": 2.9, "linestyle": "none"}
        axes.plot(place + shift, 100 * own[name], clip_on=False, zorder=3, **style)
    axes.set_xticks([width * i + j for i in range(len(iccs)) for j in range(len(workers))])
    axes.set_xticklabels([str(w) for _ in iccs for w in workers])
    for i, icc in enumerate(iccs):
        middle = width * i + (len(workers) - 1) / 2
        axes.annotate(
            f"ICC {icc:g}",
            (middle, 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, -13),
            textcoords="offset points",
            ha="center",
            va="top",
        )
    axes.set_xlim(-0.7, width * len(iccs) - 1.3)
    axes.tick_params(axis="x", length=0)


def _legend(drawing: Drawing) -> None:
    from matplotlib.lines import Line2D

    shown = [
        Line2D([], [], color=colour, marker=marker, markersize=3.6, linestyle="none", label=label)
        for colour, marker, label in PENS.values()
        if label
    ]
    drawing.legend(
        handles=shown,
        loc="upper left",
        bbox_to_anchor=(0.06, 0.995),
        ncols=1,
        fontsize=7,
        handletextpad=0.4,
        labelspacing=0.3,
        borderaxespad=0.2,
    )


def describe(table: pd.DataFrame) -> str:
    """The figure in words."""
    score = panel(table, "score", 1.6)
    nested = score[score["model"].str.startswith("partially")]["type_i_error"]
    wide = score[score["model"].str.endswith("z")]["type_i_error"]
    return (
        "Type I error and power by model, number of workers and intraclass correlation. With a "
        f"larger standard deviation in controls the published model's type I error is at most "
        f"{100 * wide.max():.1f} %, that of the partially nested model with two residual variances "
        f"{100 * nested.min():.1f} to {100 * nested.max():.1f} %."
    )


def text(table: pd.DataFrame) -> str:
    """The page."""
    equal, wide, binary = (panel(table, *chosen[:2]) for chosen in PANELS)
    published, robust, nested = (model for model in PENS if model in set(equal["model"]))
    plain, partial = (model for model in PENS if model in set(binary["model"]))
    all_nested = 100 * pd.concat([equal, wide]).query("model == @nested")["type_i_error"]
    cost = 100 * (_by_cell(equal, robust)["power"] - _by_cell(equal, nested)["power"])
    gap = _by_cell(binary, plain)["type_i_error"] - _by_cell(binary, partial)["type_i_error"]
    power = _by_cell(binary, plain)["power"] - _by_cell(binary, partial)["power"]
    replicates = int(table["replicates"].iloc[0])
    return TEMPLATE.read_text(encoding="utf-8").format(
        replicates=replicates,
        alt=describe(table),
        difference=0.3,
        published_few=_percent(equal, published, 8, 0.1),
        published_many=_percent(equal, published, 40, 0.1),
        robust_few=_percent(equal, robust, 8, 0.1),
        robust_many=_percent(equal, robust, 40, 0.1),
        published_wide=100 * _by_cell(wide, published)["type_i_error"].max(),
        robust_wide=100 * _by_cell(wide, robust)["type_i_error"].max(),
        power_low=100 * _by_cell(wide, published)["power"].min(),
        power_high=100 * _by_cell(wide, published)["power"].max(),
        nested_low=100 * _by_cell(wide, nested)["power"].min(),
        nested_high=100 * _by_cell(wide, nested)["power"].max(),
        nested_min=all_nested.min(),
        nested_max=all_nested.max(),
        cost=cost.mean(),
        cost_most=cost.max(),
        logistic_gap=100 * gap.abs().max(),
        logistic_few=_percent(binary, plain, 8, 0.1),
        logistic_many=100 * binary.query("workers == 40")["type_i_error"].max(),
        score_bias=pd.concat([equal, wide])["bias"].abs().max(),
        logistic_bias=binary["bias"].abs().max(),
        logistic_gain=-100 * power.min(),
        error=100 * np.sqrt(0.05 * 0.95 / replicates),
        tables="\n\n".join(_table(panel(table, *chosen[:2]), chosen[2]) for chosen in PANELS),
    )


def _by_cell(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    return rows[rows["model"] == model].set_index(["workers", "icc"])


def _percent(rows: pd.DataFrame, model: str, workers: int, icc: float) -> float:
    return 100 * float(_by_cell(rows, model).loc[(workers, icc), "type_i_error"])


def _table(rows: pd.DataFrame, heading: str) -> str:
    """One panel as a Markdown table."""
    shown = rows[list(COLUMNS)].copy()
    for name in ("type_i_error", "coverage", "power", "zero_variance"):
        shown[name] = (100 * shown[name]).map("{:.1f}".format)
    for name in ("bias", "sd", "mean_std_error"):
        shown[name] = shown[name].map("{:.3f}".format)
    shown["median_df"] = shown["median_df"].map(lambda df: "∞" if np.isinf(df) else f"{df:.0f}")
    lines = ["| " + " | ".join(COLUMNS.values()) + " |", "| --: | --: | :-- |" + " --: |" * 8]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in shown.itertuples(index=False)]
    return f"### {heading}\n\n" + "\n".join(lines)
