"""The sample size: the paper's inputs and result, and what other inputs would have asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.report import number
from core_trial.report.number import LANCET, Style
from core_trial.report.table import Row, Table
from core_trial.results import Results
from core_trial.vocabulary import Arm

ANALYSIS = "sample_size"
SIZES = (5, 10, 15, 20, 25)
LOST = (0, 10, 20)
TESTS = {"": "no correction", "_continuity": "continuity correction"}
INPUTS_NOTE = (
    "Normal test of two proportions; in the intervention group the variance is multiplied by "
    "1 + (m – 1) ICC for m participants per peer support worker. What the paper does not print is "
    "the simplest that gives its number."
)
VARIED_NOTE = (
    "Participants to be recruited in both groups together, all other inputs as in the paper. Last "
    "line: participants per peer support worker at which the number is the paper’s; –: none is "
    "small enough."
)


def sample_size_inputs(results: Results, style: Style = LANCET) -> Table:
    """What went into the paper's number, printed or found."""
    known = not math.isnan(results.value(ANALYSIS, "n"))
    return Table(
        name="sample_size",
        title="Sample size: the paper’s calculation",
        head=("Input", "Value", "In the paper"),
        rows=tuple(_inputs(results, style)) if known else (),
        footnotes=(INPUTS_NOTE,),
    )


def sample_size_varied(results: Results, style: Style = LANCET) -> Table:
    """What the inputs that are not printed do to the number."""
    heads = (f"{lost}% lost, {test}" for lost in LOST for test in TESTS.values())
    rows = [
        Row(f"{size} per peer support worker", tuple(_needed(results, f"size_{size}_", style)))
        for size in SIZES
        if not math.isnan(results.value(ANALYSIS, "n", "", f"size_{size}_lost_0"))
    ]
    wanted = results.value(ANALYSIS, "n")
    last = Row(f"Size that gives {number.fixed(wanted, 0, style)}", tuple(_sizes(results, style)))
    return Table(
        name="sample_size_varied",
        title="Sample size: inputs that the paper does not print, varied",
        head=("Cluster size", *heads),
        rows=(*rows, last) if rows else (),
        footnotes=(VARIED_NOTE,),
    )


def _inputs(results: Results, style: Style) -> Iterator[Row]:
    for label, (statistic, arm, decimals, unit), printed in (
        ("Readmitted in the control group", ("percent", Arm.CONTROL, 0, "%"), True),
        ("Readmitted in the intervention group", ("percent", Arm.INTERVENTION, 0, "%"), True),
        ("Power", ("power_percent", "", 0, "%"), True),
        ("Two-sided significance", ("significance_percent", "", 0, "%"), True),
        ("Intraclass correlation (ICC), intervention group", ("icc", "", 2, ""), True),
        ("Participants per peer support worker", ("cluster_size", "", 0, ""), False),
    ):
        value = results.value(ANALYSIS, statistic, arm)
        text = number.fixed(value, decimals, style) + unit
        yield Row(label, (text, "printed" if printed else "not printed"))
    yield Row("Lost to follow-up", ("none", "not printed"))
    yield Row("Continuity correction", ("none", "not printed"))
    n = number.fixed(results.value(ANALYSIS, "n"), 0, style)
    yield Row("Participants to be recruited", (n, "printed"))


def _needed(results: Results, prefix: str, style: Style) -> Iterator[str]:
    for lost in LOST:
        for test in TESTS:
            n = results.value(ANALYSIS, "n", "", f"{prefix}lost_{lost}{test}")
            yield "–" if math.isnan(n) else number.count(n, style)


def _sizes(results: Results, style: Style) -> Iterator[str]:
    for lost in LOST:
        for test in TESTS:
            size = results.value(ANALYSIS, "cluster_size", "", f"lost_{lost}{test}")
            yield "–" if math.isnan(size) else number.fixed(size, 1, style)
