"""The sample size: its inputs and result, and what other inputs would have asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from core_trial.declaration.arms import Group
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.number import LANCET, Style
from core_trial.report.table import Row, Table
from core_trial.results import Results

ANALYSIS = "sample_size"
_VARIED = re.compile(r"size_(?P<size>\d+)_(?P<design>lost_\d+(_continuity)?)")
INPUTS_NOTE = (
    "Normal test of two proportions without continuity correction; in the intervention group the "
    "variance is multiplied by 1 + (m – 1) ICC for m participants per {cluster}. What "
    "the {source} does not print is the simplest that gives its number."
)
VARIED_NOTE = (
    "Participants to be recruited in both groups together, all other inputs as in the {source}. "
    "Corrected: for continuity. Last line: participants per {cluster} at which the "
    "number is the {source}’s; –: one each would be too many."
)


@dataclass(frozen=True, slots=True)
class Input:
    """One input: what it is, where its number stands, how it is spelt, and if it is printed."""

    label: str
    statistic: str
    arm: str = ""
    decimals: int = 0
    unit: str = ""
    printed: bool = True


INPUTS = (
    Input("{primary}, {control}", "percent", Group.CONTROL, unit="%"),
    Input("{primary}, {intervention}", "percent", Group.INTERVENTION, unit="%"),
    Input("Power", "power_percent", unit="%"),
    Input("Two-sided significance", "significance_percent", unit="%"),
    Input("Intraclass correlation (ICC), intervention group", "icc", decimals=2),
    Input("Participants per {cluster}", "cluster_size", printed=False),
    Input("Lost to follow-up", "lost_percent", unit="%", printed=False),
    Input("Participants to be recruited", "n"),
)


def sample_size_inputs(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """What went into the number, printed or found.

    Parameters
    ----------
    results
        Holds the inputs and the result.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    found = [(line, results.get(ANALYSIS, line.statistic, line.arm)) for line in INPUTS]
    rows = tuple(_input(line, x, trial, style) for line, x in found if not math.isnan(x))
    return Table(
        name="sample_size",
        title=_said("Sample size: the {source}’s calculation", trial),
        head=("Input", "Value", _said("In the {source}", trial)),
        rows=rows,
        footnotes=cells.footnotes(results, trial, "sample_size", rows, _said(INPUTS_NOTE, trial)),
        remark=cells.remark(results),
    )


def sample_size_varied(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """What the inputs that are not printed do to the number.

    Parameters
    ----------
    results
        Holds the numbers by cluster size, loss and test, and the cluster sizes that give the
        paper's number.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    levels = [key.level for key in results.numbers if key.analysis == ANALYSIS]
    varied = [found for level in levels if (found := _VARIED.fullmatch(level))]
    sizes = sorted({int(found["size"]) for found in varied})
    designs = sorted({found["design"] for found in varied})
    rows = [Row(str(size), tuple(_needed(results, size, designs, style))) for size in sizes]
    if rows:
        wanted = number.count(results.get(ANALYSIS, "n"), style)
        rows.append(Row(f"Size that gives {wanted}", tuple(_sizes(results, designs, style))))
    return Table(
        name="sample_size_varied",
        title=_said("Sample size: inputs that the {source} does not print, varied", trial),
        head=(_said("Participants per {cluster}", trial), *map(_head, designs)),
        rows=tuple(rows),
        footnotes=(_said(VARIED_NOTE, trial),),
        remark=cells.remark(results),
    )


def _said(text: str, trial: Trial) -> str:
    """A label with the trial's own words in it."""
    return text.format(
        source="paper" if trial.paper else "protocol",
        cluster=trial.cluster.label if trial.cluster else "cluster",
        primary=trial.primary.title if trial.primary else "Event",
        control=labels.group(trial, Group.CONTROL),
        intervention=labels.group(trial, Group.INTERVENTION),
    )


def _input(line: Input, value: float, trial: Trial, style: Style) -> Row:
    text = number.fixed(value, line.decimals, style) + line.unit
    return Row(_said(line.label, trial), (text, "printed" if line.printed else "not printed"))


def _needed(results: Results, size: int, designs: list[str], style: Style) -> Iterator[str]:
    for design in designs:
        yield number.count(results.get(ANALYSIS, "n", "", f"size_{size}_{design}"), style)


def _sizes(results: Results, designs: list[str], style: Style) -> Iterator[str]:
    for design in designs:
        size = results.get(ANALYSIS, "cluster_size", "", design)
        yield "–" if math.isnan(size) else number.fixed(size, 1, style)


def _head(design: str) -> str:
    lost = design.removeprefix("lost_").removesuffix("_continuity")
    return f"{lost}% lost" + ", corrected" * design.endswith("_continuity")
