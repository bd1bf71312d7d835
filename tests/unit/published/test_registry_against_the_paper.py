"""The registry, put together again, gives the paper's own lines.

``paper/`` holds short quotations of the paper: the lines of its two tables, and the sentences of
its text that carry numbers.
"""

import re
from pathlib import Path

import pytest
from core_paper import load

from core_trial.declaration.arms import Group
from core_trial.declaration.paper import SECTIONS as PLACES
from core_trial.results.measures import MEASURE_ABBREVIATIONS, RATIOS, Measure

PAPER = Path(__file__).parent / "paper"
REGISTRY = load()
#: Numbers of the quoted sentences that are no part of the registry: conventions, time points,
#: thresholds that define a category, and "one" as a pronoun.
EXEMPT = (
    r"95% CI|\d+[- ]months?|1 year|at least three|fewer than three|all ten meetings"
    r"|in one of these"
)
NUMBER = (
    r"[A-Z][a-z]{2,4} \d{1,2}, \d{4}"
    r"|more than half|persisted|around a quarter|nearly 80%|just below 60%"
    r"|[Aa]bout one in seven|one in four"
    r"|<?(?:(?<![\d])–)?\d+(?:·\d+)?"
    r"|\b(?:[Nn]one|[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine)\b"
)


def lines(name):
    return (PAPER / name).read_text(encoding="utf-8").splitlines()


def printed(place, where, arm=""):
    """Texts of one table row (and arm) by statistic."""
    return {e.key.statistic: e.printed for e in REGISTRY.find(place=place, where=where, arm=arm)}


def cell(texts):
    if "n" in texts:
        return "{n}/{N} ({percent}%)".format(**texts)
    if "median" in texts:
        return "{median} ({q1} to {q3})".format(**texts)
    return "{mean} ({sd})".format(**texts)


def estimate(where):
    measure = REGISTRY.find(place="table2", where=where, statistic="estimate")[0].measure
    mark = {Measure.ODDS_RATIO: "*", Measure.DIFFERENCE_IN_MEANS: "†"}.get(measure, "")
    text = "{estimate} ({low} to {high})" + mark + " {p_value}"
    return f"{MEASURE_ABBREVIATIONS[measure]} {text.format(**printed('table2', where))}"


def rows(place):
    """Labels of a table's rows, in the registry's order."""
    return list(dict.fromkeys(e.where for e in REGISTRY.find(place=place)))


def cells(place, where):
    return " ".join(cell(printed(place, where, arm)) for arm in (Group.INTERVENTION, Group.CONTROL))


def table1():
    """Table 1 from the registry; a heading stands above the categories it holds."""
    heading = None
    for where in rows("table1"):
        group, colon, label = where.partition(": ")
        if colon and group != heading:
            yield group
        heading = group
        yield f"{label or group} {cells('table1', where)}"


def test_table_1_is_the_papers_line_by_line():
    assert list(table1()) == lines("table1.txt")


def test_table_2_is_the_papers_line_by_line():
    headings = {"Primary outcome", "Secondary outcomes", "Service use"}
    assembled = [f"{where} {cells('table2', where)} {estimate(where)}" for where in rows("table2")]
    assert assembled == [line for line in lines("table2.txt") if line not in headings]


@pytest.mark.parametrize("place", ["abstract", "methods", "results", "discussion"])
def test_the_text_has_the_registrys_numbers_in_the_registrys_order(place):
    quotations = [line.partition("\t") for line in lines("text.tsv")]
    text = " | ".join(quote for section, _, quote in quotations if section == place)
    found = re.findall(NUMBER, re.sub(EXEMPT, "", text))
    assert found == [entry.printed for entry in REGISTRY.find(place=place)]


def test_every_place_is_covered():
    quoted = {line.partition("\t")[0] for line in lines("text.tsv")} | {"table1", "table2"}
    assert quoted == set(PLACES) == {entry.place for entry in REGISTRY}


def test_n_N_and_percent_are_three_rows_wherever_one_stands():
    for row in REGISTRY.rows:
        if row.has("N"):
            assert row.has("n", "percent"), row


def test_every_estimate_has_its_interval_and_its_measure():
    for row in REGISTRY.rows:
        if row.has("estimate"):
            assert row.has("low", "high")
            assert len({row.cells[s].measure for s in ("estimate", "low", "high")}) == 1
    for entry in REGISTRY:
        assert (entry.measure is not None) == (
            entry.key.statistic in {"estimate", "low", "high", "p_value"}
        )


def test_only_differences_have_negative_limits_but_for_the_one_misnamed():
    negative = {e.id for e in REGISTRY if e.measure in RATIOS and e.printed.startswith("–")}
    assert negative == {"results.recovery_month_4.missingness_adjusted.low"}


def test_numbers_by_place():
    """As counted by hand: 29 rows of n/N (%) in two arms and age make 178 for Table 1."""
    assert {place: len(REGISTRY.find(place=place)) for place in PLACES} == {
        "abstract": 18,
        "methods": 16,
        "results": 95,
        "table1": 29 * 2 * 3 + 4,
        "table2": 10 + 13 * 8 + 2 * 10,
        "discussion": 25,
    }
