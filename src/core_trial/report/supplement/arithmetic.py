"""What the paper's own arithmetic speaks against, as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from core_trial.report import number
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Certainty, Finding, Results

#: Headings, from what no data can give to what the paper leaves to be guessed.
HEADINGS: Mapping[Certainty, str] = MappingProxyType(
    {
        "impossible": "No data give what is printed",
        "contradicted": "Printed numbers contradict one another",
        "unlikely": "Rare, if chance alone decides",
        "unsaid": "Possible, with something that the paper does not say",
    }
)


NOTE = (
    "Found from the printed numbers alone, and from what the text says beside them. Reasons are "
    "possible ones; where several fit, none is the likeliest."
)


def arithmetic_table(results: Results, style: Style = LANCET) -> Table:
    """Lay out the findings by their certainty.

    Parameters
    ----------
    results
        Holds findings; other records are passed over.
    style
        How numbers are spelt.
    """
    findings = [record for record in results if isinstance(record, Finding)]
    rows: list[Row] = []
    for certainty, heading in HEADINGS.items():
        members = [_row(f, style) for f in findings if f.certainty == certainty]
        rows += [Row(heading, kind=Kind.GROUP), *members] if members else []
    return Table(
        name="arithmetic",
        title="What the arithmetic of the paper speaks against",
        head=("Printed", "Entry", "What is bounded", "Possible", "Possible reason"),
        rows=tuple(rows),
        footnotes=(NOTE,),
    )


def possible(finding: Finding, style: Style) -> str:
    """What is possible in place of what is printed.

    Examples
    --------
    >>> possible(Finding(rule="sum", certainty="contradicted", entries=("a",), printed="70",
    ...                  quantity="sum", low=71, high=71, reason="a slip"), LANCET)
    '71'
    """
    low, high = finding.low, finding.high
    if math.isnan(low):
        return "nothing"
    if math.isinf(low):
        return "–"
    if math.isinf(high):
        return f"above {number.fixed(low, finding.decimals, style)}"
    if low == high:
        return number.fixed(low, finding.decimals, style)
    return number.interval(low, high, finding.decimals, style)


def _row(finding: Finding, style: Style) -> Row:
    texts = (finding.entries[0], finding.quantity, possible(finding, style), finding.reason)
    return Row(finding.printed, texts, Kind.MEMBER)
