"""A small page of tables as text and as HTML: how every answer of this folder shows itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from core_trial.models.inference import Floats

#: Rows of a table that are shown; the rest is counted.
MOST_ROWS = 40
#: Significant digits of a number on a page.
DIGITS = 4
#: From here on a number is written as a power of ten.
MOST_WITHOUT_EXPONENT = 1e7
WIDTH = 88
_GAP = "  "
#: JupyterLab's own rules have two classes and an element; three classes win over them anywhere.
_ROOT = ".core-trial-fit.core-trial-fit.core-trial-fit"
_STYLE = f"""<style>
{_ROOT} {{ font-size: 0.95em; max-width: 60em; }}
{_ROOT} table {{ border-collapse: collapse; table-layout: auto; margin: 0.6em 0; }}
{_ROOT} caption {{ text-align: left; font-weight: 600; padding: 0.2em 0; color: inherit; }}
{_ROOT} tr {{ background: none; }}
{_ROOT} th, {_ROOT} td {{ padding: 0.15em 0.8em 0.15em 0; vertical-align: baseline; }}
{_ROOT} th {{ text-align: left; font-weight: 400; white-space: normal; }}
{_ROOT} td {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }}
{_ROOT} thead th {{ font-weight: 600; border-bottom: 1px solid; vertical-align: bottom; }}
{_ROOT} thead th + th {{ text-align: right; }}
{_ROOT} .warnings {{ border-left: 0.3em solid #b45309; padding: 0.1em 0.8em; margin: 0.4em 0; }}
{_ROOT} p, {_ROOT} ul {{ margin: 0.2em 0; }}
</style>"""


@dataclass(frozen=True, slots=True)
class Block:
    """A table of text.

    Parameters
    ----------
    caption
        Its heading; blank for none.
    head
        Headings of the k columns behind the labels.
    labels
        Label of each row.
    columns
        The k columns, each a cell per row.
    """

    caption: str
    head: Sequence[str]
    labels: Sequence[str]
    columns: Sequence[Sequence[str]]

    def rows(self) -> list[tuple[str, ...]]:
        """Label and cells of the rows that are shown."""
        return list(zip(self.labels, *self.columns, strict=True))[:MOST_ROWS]

    @property
    def hidden(self) -> int:
        """Rows that are not shown."""
        return max(len(self.labels) - MOST_ROWS, 0)


@dataclass(frozen=True, slots=True)
class Page:
    """A title, warnings before all else, what is known, and tables.

    Parameters
    ----------
    title
        The first line.
    blocks
        The tables.
    warnings
        What a careful reader should know.
    facts
        Lines between title and tables.
    """

    title: str
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


class Shown:
    """What shows itself as a page: in a terminal as text, in a notebook as HTML."""

    __slots__ = ()

    def page(self) -> Page:
        """What is shown."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return as_text(self.page())

    def _repr_html_(self) -> str:
        return as_html(self.page())


def as_text(page: Page) -> str:
    """A page in lines of `WIDTH` characters, as far as its tables allow."""
    import textwrap

    lines = []
    for warning in page.warnings:
        lines += textwrap.wrap(f"Warning: {warning}", WIDTH, subsequent_indent="  ")
    lines.append(page.title)
    for fact in page.facts:
        lines += textwrap.wrap(fact, WIDTH, subsequent_indent="  ", break_long_words=False)
    for block in page.blocks:
        lines += ["", *_text_of(block)]
    return "\n".join(lines)


def _text_of(block: Block) -> list[str]:
    rows = [(block.caption, *block.head), *block.rows()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append(_GAP.join(cells).rstrip())
    return [*lines, *_more(block)]


def _more(block: Block) -> list[str]:
    return [f"... and {block.hidden} more: to_frame() has them all"] if block.hidden else []


def as_html(page: Page) -> str:
    """A page with tables that a screen reader can read, warnings first."""
    parts = [_STYLE, '<div class="core-trial-fit">']
    if page.warnings:
        items = "".join(f"<li>{escape(warning)}</li>" for warning in page.warnings)
        parts.append(f'<div class="warnings" role="note"><p>Warnings</p><ul>{items}</ul></div>')
    parts.append(f"<p><strong>{escape(page.title)}</strong></p>")
    parts += [f"<p>{escape(fact)}</p>" for fact in page.facts]
    parts += [_html_of(block) for block in page.blocks]
    return "\n".join([*parts, "</div>"])


def _html_of(block: Block) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in block.head)
    caption = f"<caption>{escape(block.caption)}</caption>" if block.caption else ""
    body = "\n".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for label, *cells in block.rows()
    )
    more = "".join(f"<p>{escape(line)}</p>" for line in _more(block))
    corner = '<th scope="col"><span aria-hidden="true"></span></th>'
    top = f"<thead><tr>{corner}{head}</tr></thead>"
    return f"<table>{caption}{top}<tbody>{body}</tbody></table>{more}"


def number(value: float) -> str:
    """A number with `DIGITS` significant digits; a dash for none.

    Examples
    --------
    >>> number(0.6581234), number(1234567.0), number(float("nan"))
    ('0.6581', '1234567', '-')
    """
    if np.isnan(value):
        return "-"
    text = f"{value:#.{DIGITS}g}"
    if "e" not in text:
        return text.rstrip(".")
    return f"{value:.0f}" if 1 < abs(value) < MOST_WITHOUT_EXPONENT else f"{value:.2e}"


def p_value(value: float) -> str:
    """A p-value with three decimals, or the bound that it is below."""
    if np.isnan(value):
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def number_cells(values: Iterable[float]) -> list[str]:
    """Numbers as cells."""
    return [number(float(value)) for value in values]


def p_cells(values: Iterable[float]) -> list[str]:
    """P-values as cells."""
    return [p_value(float(value)) for value in values]


def interval_cells(low: Floats, high: Floats) -> list[str]:
    """Intervals as cells."""
    return [_interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def _interval(low: float, high: float) -> str:
    return "-" if np.isnan(low) and np.isnan(high) else f"{number(low)} to {number(high)}"


def interval_head(confidence: float) -> str:
    """Heading of a column of intervals."""
    return f"{100 * confidence:g}% interval"
