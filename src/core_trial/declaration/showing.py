"""A declaration as a small table, for the prompt and for a notebook."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from core_trial.declaration.covariates import Categories, Number, YesNo

if TYPE_CHECKING:
    from core_trial.declaration.outcomes import AnyOutcome
    from core_trial.declaration.trial import Trial

#: Characters of a line.
WIDTH = 100
_HEAD = ("outcome", "kind", "title", "")
#: Set so that no style sheet of a notebook can set it flush right.
_LEFT = ' style="text-align:left"'


def as_text(trial: Trial) -> str:
    """What is declared, a line each, and the outcomes in columns."""
    facts = dict(_facts(trial))
    widest = max(map(len, facts))
    lines = [f"Trial: {trial.title}"]
    for name, text in facts.items():
        wrapped = textwrap.wrap(text, WIDTH - widest - 4) or [""]
        lines += [f"  {name.ljust(widest)}  {wrapped[0]}"]
        lines += [f"  {''.ljust(widest)}  {more}" for more in wrapped[1:]]
    rows = [_HEAD, *map(_outcome, trial.outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(f"  {'  '.join(cells)}".rstrip())
    return "\n".join(lines)


def as_html(trial: Trial) -> str:
    """The same as HTML."""
    facts = "".join(
        f'<tr><th scope="row"{_LEFT}>{escape(name)}</th><td{_LEFT}>{escape(text)}</td></tr>'
        for name, text in _facts(trial)
    )
    head = "".join(f'<th scope="col"{_LEFT}>{escape(text)}</th>' for text in _HEAD)
    rows = "".join(
        f"<tr>{''.join(f'<td{_LEFT}>{escape(cell)}</td>' for cell in _outcome(outcome))}</tr>"
        for outcome in trial.outcomes
    )
    title = escape(trial.title)
    return (
        f"<table><caption{_LEFT}>{title}</caption><tbody>{facts}</tbody></table>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _facts(trial: Trial) -> Iterator[tuple[str, str]]:
    arm = trial.arm
    yield "participant", trial.participant
    yield "arm", f"{arm.column}: {arm.intervention!s} against {arm.control!s}"
    if trial.cluster is not None:
        yield "cluster", f"{trial.cluster.column} ({trial.cluster.label})"
    if trial.strata:
        yield "strata", ", ".join(trial.strata)
    if trial.baseline:
        yield "baseline", ", ".join(map(_name, trial.baseline))
    if trial.subgroups:
        yield "subgroups", ", ".join(trial.subgroups)
    if trial.files is not None:
        yield "files", ", ".join(table.name for table in trial.files.tables)
    if trial.paper is not None:
        yield "paper", trial.paper.file.name


def _name(item: object) -> str:
    return item.column if isinstance(item, Categories | Number | YesNo) else str(item)


def _outcome(outcome: AnyOutcome) -> tuple[str, str, str, str]:
    remarks = ("primary" * outcome.primary, "post hoc" * outcome.post_hoc)
    said = ", ".join(filter(None, remarks))
    return outcome.key, type(outcome).__name__.lower(), outcome.title, said
