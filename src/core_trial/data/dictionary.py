"""The data dictionary for people, ``docs/data.md``, made from the declarations.

``python -m core_trial.data.dictionary > docs/data.md`` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from core_trial.data import episodes
from core_trial.data.checks import RULES
from core_trial.data.columns import Category, Column, Table
from core_trial.data.rules import Outcome
from core_trial.data.tables import TABLES
from core_trial.data.variables import VARIABLES
from core_trial.trials.core.words import INSTRUMENTS, Instrument

INTRODUCTION = """\
# The data dictionary

This page is made from the declarations in `core_trial.data`; a test holds it against them. The same
is in `datapackage.json`, for machines.

A trial is a folder of eight CSV files: UTF-8, commas, one header row, a line for each row. Dates
are written YYYY-MM-DD, statements `yes` or `no`, numbers in plain digits. A blank cell is the only
way to say that a value is missing. Identifiers are text, written the same everywhere. Spaces around
a value and letter case in a category are forgiven, and the load report mentions them; everything
else that is not exactly as declared is refused, with file, line and column, all faults at once. The
order of rows and of columns does not matter.
"""
SCORES = """\
## How the questionnaires are scored

A total is the sum of all items; an item marked as reversed enters as lowest plus highest answer
minus the answer. There is a total only where every item was answered. `scoring.score(..., share=s)`
fills missing items with the person's mean over the answered ones, where at least the share `s` of
the items was answered; the paper's analysis does not do so. `scoring.reliability` gives Cronbach's
alpha for each visit.
"""
ANALYSIS_SET = """\
## The analysis set

`derive` makes one row for each randomised participant. A value that is not known is missing.
"""
RULE_PAGE = """\
## Rules between columns, files and people

A broken rule is refused or noted. What is refused stops the load; what is noted is counted in the
load report.
"""


def dictionary_page() -> str:
    """The text of ``docs/data.md``.

    Examples
    --------
    >>> dictionary_page().splitlines()[0]
    '# The data dictionary'
    """
    parts = [
        INTRODUCTION,
        *(_table_section(table) for table in TABLES),
        SCORES,
        _markdown(("instrument", "items", "answers", "reversed", "total", "better", "source"),
                  map(_instrument_row, INSTRUMENTS)),
        _days_section(),
        ANALYSIS_SET,
        _markdown(("variable", "what it is", "unit"),
                  ((f"`{v.name}`", v.description, v.unit) for v in VARIABLES)),
        RULE_PAGE,
        _rules("Refused", "refuse", "must be"),
        _rules("Noted", "note", "what is counted"),
    ]  # fmt: skip
    return "\n".join(parts)


def _table_section(table: Table) -> str:
    header = ("column", "what it is", "holds", "a blank means")
    head = f"## {table.file}: {table.title[0].lower()}{table.title[1:]}\n\nA row is {table.row}. "
    head += f"No two rows have the same {' and '.join(f'`{name}`' for name in table.key)}.\n\n"
    return head + _markdown(header, _column_rows(table))


def _column_rows(table: Table) -> Iterator[Sequence[str]]:
    """A row for each column; the items of one questionnaire share a row."""
    last_items = {scale.columns[-1]: scale for scale in INSTRUMENTS}
    items = {name for scale in INSTRUMENTS for name in scale.columns}
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


def _days_section() -> str:
    """How days are counted, in the words of the module that counts them."""
    text = (episodes.__doc__ or "").partition("\n\n")[2]
    return f"## How days in acute care are counted\n\n{text}"


def _rules(title: str, outcome: Outcome, said: str) -> str:
    """The rules of one outcome; a rule that several files share has one row."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for rule in RULES:
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


if __name__ == "__main__":
    print(dictionary_page(), end="")
