"""The data dictionary for people, made from the declaration of a trial's files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from core_trial.data.checks import rules_of
from core_trial.declaration.columns import Category, Column, Table
from core_trial.declaration.files import Files
from core_trial.declaration.instruments import Instrument
from core_trial.declaration.rules import RuleOutcome

ANALYSIS_SET = """\
## The analysis set

`derive` makes one row for each randomised participant. A value that is not known is missing.
"""
RULE_PAGE = """\
## Rules between columns, files and people

A broken rule is refused or noted. What is refused stops the load; what is noted is counted in the
load report.
"""


def dictionary_page(files: Files, introduction: str, *, scores: str = "", days: str = "") -> str:
    """The data dictionary of a trial, as Markdown.

    Parameters
    ----------
    files
        The declared files.
    introduction
        What stands above the tables.
    scores, days
        How questionnaires are scored, and how days are counted; blank where there are none.
    """
    instruments = files.instruments
    header = ("instrument", "items", "answers", "reversed", "total", "better", "source")
    variables = ((f"`{v.name}`", v.description, v.unit) for v in files.variables)
    parts = [
        introduction,
        *(_table_section(table, instruments) for table in files.tables),
        *([scores, _markdown(header, map(_instrument_row, instruments))] if instruments else []),
        *([days] if days else []),
        ANALYSIS_SET,
        _markdown(("variable", "what it is", "unit"), variables),
        RULE_PAGE,
        _rules(files, "Refused", "refuse", "must be"),
        _rules(files, "Noted", "note", "what is counted"),
    ]
    return "\n".join(parts)


def _table_section(table: Table, instruments: Sequence[Instrument]) -> str:
    header = ("column", "what it is", "holds", "a blank means")
    head = f"## {table.file}: {table.title[0].lower()}{table.title[1:]}\n\nA row is {table.row}. "
    head += f"No two rows have the same {' and '.join(f'`{name}`' for name in table.key)}.\n\n"
    return head + _markdown(header, _column_rows(table, instruments))


def _column_rows(table: Table, instruments: Sequence[Instrument]) -> Iterator[Sequence[str]]:
    """A row for each column; the items of one questionnaire share a row."""
    last_items = {scale.columns[-1]: scale for scale in instruments}
    items = {name for scale in instruments for name in scale.columns}
    for column in table.columns:
        if column.name in last_items:
            yield _items_row(last_items[column.name], column)
        elif column.name not in items:
            unit = f" ({column.unit})" if column.unit else ""
            yield f"`{column.name}`", column.description + unit, _holds(column), _blank(column)


def _items_row(scale: Instrument, column: Column) -> Sequence[str]:
    names = f"`{scale.columns[0]}` to `{scale.columns[-1]}`"
    return names, f"Items of the {scale.title}.", _holds(column), _blank(column)


def _holds(column: Column) -> str:
    if isinstance(column.kind, Category):
        return "; ".join(f"`{code}` {label}" for code, label in column.kind.labels.items())
    return column.kind.allowed


def _blank(column: Column) -> str:
    return "may not be blank" if column.required else column.blank or "not known"


def _instrument_row(scale: Instrument) -> Sequence[str]:
    turned = ", ".join(map(str, scale.reversed_items)) or "none"
    better = "higher" if scale.higher_is_better else "lower"
    low, high = scale.range
    answers = f"{scale.low} to {scale.high}"
    return scale.title, str(scale.items), answers, turned, f"{low} to {high}", better, scale.source


def _rules(files: Files, title: str, outcome: RuleOutcome, said: str) -> str:
    """The rules of one outcome; a rule that several files share has one row."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for rule in rules_of(files):
        if rule.outcome == outcome:
            key = (rule.name, rule.allowed, rule.reason)
            rows.setdefault(key, []).append(f"{rule.file} {rule.column}".strip())
    table = (
        (f"`{name}`", "; ".join(at), allowed, why) for (name, allowed, why), at in rows.items()
    )
    return f"### {title}\n\n" + _markdown(("rule", "at", said, "why"), table)


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
