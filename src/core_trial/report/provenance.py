"""Where the numbers come from: input files by their hashes, and versions of what computed."""

from __future__ import annotations

from collections.abc import Mapping

from core_trial.report import cells
from core_trial.report.table import Row, Table
from core_trial.results import Results


def inputs_table(results: Results) -> Table:
    """The input files with their SHA-256; names only, no folder."""
    head = ("File", "SHA-256")
    return _two_columns(results, "inputs", "Input files", head, results.provenance.inputs)


def versions_table(results: Results) -> Table:
    """Versions of this library and of what it computes with."""
    head = ("Software", "Version")
    return _two_columns(results, "versions", "Software", head, results.provenance.versions)


def _two_columns(
    results: Results, name: str, title: str, head: tuple[str, str], entries: Mapping[str, str]
) -> Table:
    rows = tuple(Row(label, (text,)) for label, text in sorted(entries.items()))
    remark = cells.remark(results)
    return Table(name=name, title=title, head=head, rows=rows, remark=remark)
