"""Table 1: baseline characteristics by arm, laid out as in the paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.report import cells
from core_trial.report.cells import Place
from core_trial.report.number import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Results
from core_trial.trials.core import words


@dataclass(frozen=True, slots=True)
class Categories:
    """A characteristic with categories: a heading, and a line for each, n/N (%)."""

    label: str
    analysis: str
    levels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OneCategory:
    """A characteristic of which one category is printed, n/N (%)."""

    label: str
    analysis: str
    level: str


@dataclass(frozen=True, slots=True)
class Number:
    """A characteristic that is a number, mean (SD) without decimals."""

    label: str
    analysis: str


Line = Categories | OneCategory | Number

#: The paper's rows, in its order.
LINES: tuple[Line, ...] = (
    Categories("Sex", "sex", words.SEX),
    Number("Age (years)", "age"),
    Categories("Ethnicity", "ethnicity", words.ETHNICITY),
    OneCategory("UK born", "uk_born", "yes"),
    Categories("Marital status", "marital_status", words.MARITAL_STATUS),
    Categories("Clinical diagnosis", "diagnosis", words.DIAGNOSIS),
    Categories(
        "Lifetime admissions to psychiatric hospital",
        "lifetime_admissions",
        words.LIFETIME_ADMISSIONS,
    ),
    Categories(
        "Periods of support from a crisis resolution team", "crt_periods", words.CRT_PERIODS
    ),
)

NOTE = "Data are n/N (%) or mean (SD); N counts the participants in whom the item is known."


def table1(results: Results, style: Style = LANCET) -> Table:
    """Lay out the baseline characteristics.

    Parameters
    ----------
    results
        Holds the descriptives that `LINES` name.
    style
        How numbers are spelt.

    Examples
    --------
    >>> from core_trial.results import Descriptive
    >>> n, of = (Descriptive(analysis="uk_born", statistic=s, value=v, arm="control", level="yes")
    ...          for s, v in (("n", 147.0), ("N", 196.0)))
    >>> [row.cells[1] for row in table1(Results((n, of))).rows if row.label == "UK born"]
    ['147/196 (75%)']
    """
    rows = tuple(row for line in LINES for row in _rows(line, results, style))
    return Table(
        name="table1",
        title="Table 1: Baseline characteristics",
        head=("Characteristic", *(str(arm).capitalize() for arm in PRINTED_ARMS)),
        rows=rows,
        footnotes=(NOTE, *cells.confidential_notes(rows)),
    )


def _rows(line: Line, results: Results, style: Style) -> Iterator[Row]:
    if isinstance(line, Number):
        texts = [
            cells.mean_sd(results, Place(line.analysis, a), style, (0, 0)) for a in PRINTED_ARMS
        ]
        yield Row(line.label, tuple(texts))
    elif isinstance(line, OneCategory):
        yield Row(line.label, _fractions(results, line.analysis, line.level, style))
    else:
        yield Row(line.label, kind=Kind.GROUP)
        for level, label in line.levels.items():
            yield Row(label, _fractions(results, line.analysis, level, style), Kind.MEMBER)


def _fractions(results: Results, analysis: str, level: str, style: Style) -> tuple[str, ...]:
    places = [Place(analysis, arm, level) for arm in PRINTED_ARMS]
    return tuple(cells.fraction(results, place, style) for place in places)
