"""The sample size: the paper's inputs and result, and what other inputs would have asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from core_trial.declaration.arms import Group
from core_trial.report import number
from core_trial.report.number import LANCET, Style
from core_trial.report.table import Row, Table
from core_trial.results import Results

ANALYSIS = "sample_size"
_VARIED = re.compile(r"size_(?P<size>\d+)_(?P<design>lost_\d+(_continuity)?)")
INPUTS_NOTE = (
    "Normal test of two proportions without continuity correction; in the intervention group the "
    "variance is multiplied by 1 + (m – 1) ICC for m participants per peer support worker. What "
    "the paper does not print is the simplest that gives its number."
)
VARIED_NOTE = (
    "Participants to be recruited in both groups together, all other inputs as in the paper. "
    "Corrected: for continuity. Last line: participants per peer support worker at which the "
    "number is the paper’s; –: one each would be too many."
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
    Input("Readmitted in the control group", "percent", Group.CONTROL, unit="%"),
    Input("Readmitted in the intervention group", "percent", Group.INTERVENTION, unit="%"),
    Input("Power", "power_percent", unit="%"),
    Input("Two-sided significance", "significance_percent", unit="%"),
    Input("Intraclass correlation (ICC), intervention group", "icc", decimals=2),
    Input("Participants per peer support worker", "cluster_size", printed=False),
    Input("Lost to follow-up", "lost_percent", unit="%", printed=False),
    Input("Participants to be recruited", "n"),
)


def sample_size_inputs(results: Results, style: Style = LANCET) -> Table:
    """What went into the paper's number, printed or found.

    Parameters
    ----------
    results
        Holds the inputs and the result.
    style
        How numbers are spelt.
    """
    found = [(line, results.value(ANALYSIS, line.statistic, line.arm)) for line in INPUTS]
    return Table(
        name="sample_size",
        title="Sample size: the paper’s calculation",
        head=("Input", "Value", "In the paper"),
        rows=tuple(_input(line, x, style) for line, x in found if not math.isnan(x)),
        footnotes=(INPUTS_NOTE,),
    )


def sample_size_varied(results: Results, style: Style = LANCET) -> Table:
    """What the inputs that are not printed do to the number.

    Parameters
    ----------
    results
        Holds the numbers by cluster size, loss and test, and the cluster sizes that give the
        paper's number.
    style
        How numbers are spelt.
    """
    levels = [key.level for key in results.numbers if key.analysis == ANALYSIS]
    varied = [found for level in levels if (found := _VARIED.fullmatch(level))]
    sizes = sorted({int(found["size"]) for found in varied})
    designs = sorted({found["design"] for found in varied})
    rows = [Row(str(size), tuple(_needed(results, size, designs, style))) for size in sizes]
    if rows:
        wanted = number.count(results.value(ANALYSIS, "n"), style)
        rows.append(Row(f"Size that gives {wanted}", tuple(_sizes(results, designs, style))))
    return Table(
        name="sample_size_varied",
        title="Sample size: inputs that the paper does not print, varied",
        head=("Participants per peer support worker", *map(_head, designs)),
        rows=tuple(rows),
        footnotes=(VARIED_NOTE,),
    )


def _input(line: Input, value: float, style: Style) -> Row:
    text = number.fixed(value, line.decimals, style) + line.unit
    return Row(line.label, (text, "printed" if line.printed else "not printed"))


def _needed(results: Results, size: int, designs: list[str], style: Style) -> Iterator[str]:
    for design in designs:
        yield number.count(results.value(ANALYSIS, "n", "", f"size_{size}_{design}"), style)


def _sizes(results: Results, designs: list[str], style: Style) -> Iterator[str]:
    for design in designs:
        size = results.value(ANALYSIS, "cluster_size", "", design)
        yield "–" if math.isnan(size) else number.fixed(size, 1, style)


def _head(design: str) -> str:
    lost = design.removeprefix("lost_").removesuffix("_continuity")
    return f"{lost}% lost" + ", corrected" * design.endswith("_continuity")
