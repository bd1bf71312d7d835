"""The table of the study, laid out: a row per design, a column per analysis."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

#: Model and inference of a column, and its heading.
Column = tuple[str, str, str]


def percent(row: pd.Series, name: str = "rejected") -> str:
    """A share with its Monte Carlo error, in percent."""
    if np.isnan(row[name]):
        return "refused" if row["refused"] == row["replicates"] else "no test"
    return f"{100 * row[name]:.1f} ({100 * row[f'{name}_mcse']:.1f})"


def number(row: pd.Series, name: str) -> str:
    """A number with its Monte Carlo error."""
    shown = f"{row[name]:.3f} ({row[f'{name}_mcse']:.3f})"
    return shown.replace("-", "–")


def by_design(
    rows: pd.DataFrame,
    columns: Sequence[Column],
    show: Callable[[pd.Series], str] = percent,
    heading: str = "design",
) -> str:
    """Designs down, analyses across."""
    lines = [[heading, *(words for *_, words in columns)]]
    for design in dict.fromkeys(rows["design"]):
        own = rows[rows["design"] == design].set_index(["model", "inference"])
        cells = [show(own.loc[key]) if (key := tuple(c[:2])) in own.index else "" for c in columns]
        lines.append([design, *cells])
    return markdown(lines)


def by_analysis(rows: pd.DataFrame, heading: str = "model, inference") -> str:
    """Analyses down, designs across: how often each rejects."""
    designs = list(dict.fromkeys(rows["design"]))
    lines = [[heading, *designs]]
    for model, inference in dict.fromkeys(zip(rows["model"], rows["inference"], strict=True)):
        own = rows[(rows["model"] == model) & (rows["inference"] == inference)]
        shown = own.set_index("design")
        name = f"{model}, {inference}"
        name = f"**{name}**" if inference in ("default", "bootstrap") else name
        lines.append([name, *(percent(shown.loc[d]) for d in designs)])
    return markdown(lines)


def of_measures(rows: pd.DataFrame) -> str:
    """A row per design and analysis with every measure."""
    lines = [["design", "method", "bias", "empirical SE", "model SE", "coverage, %", "rejected, %"]]
    for _, row in rows.iterrows():
        measures = [number(row, name) for name in ("bias", "empirical_se", "model_se")]
        shares = [percent(row, name) for name in ("coverage", "rejected")]
        lines.append([row["design"], f"{row['model']}, {row['inference']}", *measures, *shares])
    return markdown(lines, text=2)


def markdown(lines: Sequence[Sequence[str]], text: int = 1) -> str:
    """A Markdown table; the first columns are text."""
    head, *body = lines
    rule = ["---" if k < text else "---:" for k in range(len(head))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *body))
