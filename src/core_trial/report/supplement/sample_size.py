"""The sample size: its inputs and result, and what other inputs would have asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core_trial.declaration.arms import Group
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Row, Table
from core_trial.results import Results, SizeNeeded

ANALYSIS = "sample_size"
#: Percentage lost, and whether the test is corrected for continuity.
Design = tuple[int, bool]
INPUTS_NOTE = (
    "Normal test of two proportions without continuity correction; in the {intervention} the "
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
    Input("Intraclass correlation (ICC), {intervention}", "icc", decimals=2),
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
    found = [record for record in results if isinstance(record, SizeNeeded)]
    varied = [record for record in found if record.solved_for == "recruited"]
    designs = sorted({(record.lost_percent, record.continuity) for record in varied})
    sizes = sorted({record.cluster_size for record in varied})
    rows = [
        Row(number.count(size, style), tuple(_needed(varied, size, designs, style)))
        for size in sizes
    ]
    if rows:
        wanted = number.count(results.get(ANALYSIS, "n"), style)
        rows.append(Row(f"Size that gives {wanted}", tuple(_sizes(found, designs, style))))
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


def _needed(
    records: Iterable[SizeNeeded], size: float, designs: list[Design], style: Style
) -> Iterator[str]:
    found = {_design(r): r.recruited for r in records if r.cluster_size == size}
    for design in designs:
        yield number.count(found[design], style) if design in found else ""


def _sizes(records: Iterable[SizeNeeded], designs: list[Design], style: Style) -> Iterator[str]:
    found = {_design(r): r.cluster_size for r in records if r.solved_for == "cluster_size"}
    for design in designs:
        size = found.get(design, math.nan)
        yield "–" if math.isnan(size) else number.fixed(size, 1, style)


def _design(record: SizeNeeded) -> Design:
    return record.lost_percent, record.continuity


def _head(design: Design) -> str:
    lost, continuity = design
    return f"{lost}% lost" + ", corrected" * continuity
