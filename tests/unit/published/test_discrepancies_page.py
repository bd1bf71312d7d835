"""The page on discrepancies says what the checks find, and its arithmetic is right."""

import math
import re
from pathlib import Path

import pytest
from core_paper import load

from core_trial.declaration.paper import REASONS
from core_trial.published.bounds import Sample, sd_range
from core_trial.published.consistency import check
from core_trial.published.wald import corners
from core_trial.published.window import read
from core_trial.report.styles import LANCET, PLAIN
from core_trial.report.supplement.arithmetic import HEADINGS, arithmetic_table, possible
from core_trial.results import Finding, Results
from core_trial.trials.core.analyses.sample_size import ATTRITION, CONTINUITY, SIZES, records

PAGE = (Path(__file__).parents[3] / "docs" / "discrepancies.md").read_text(encoding="utf-8")
FINDINGS = Results(check(load()))


def between(name):
    (found,) = re.findall(rf"<!-- {name}: begin -->\n(.*?)\n<!-- {name}: end -->", PAGE, re.DOTALL)
    return found


def test_the_findings_are_those_of_the_checks():
    assert between("findings") in arithmetic_table(FINDINGS).to_markdown()
    assert len(between("findings").splitlines()) == 2 + len(HEADINGS) + len(FINDINGS)


def test_the_sample_sizes_are_those_computed():
    results = Results(tuple(records()))
    _, _, *lines = between("sample size").splitlines()
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    expected = []
    for lost in ATTRITION:
        for continuity in CONTINUITY:
            level = f"lost_{round(100 * lost)}" + "_continuity" * continuity
            sizes = [results.value("sample_size", "n", "", f"size_{m}_{level}") for m in SIZES]
            found = results.value("sample_size", "cluster_size", "", level)
            last = "none" if math.isnan(found) else f"{found:.1f}"
            name = [f"{round(100 * lost)}%", "yes" if continuity else "no"]
            expected.append([*name, *(f"{n:.0f}" for n in sizes), last])
    assert shown == expected


def test_the_registry_is_counted():
    assert f"{len(load())} printed numbers" in PAGE
    for reason in REASONS:
        n = sum(entry.reason == reason for entry in load())
        assert f"| `{reason}` | {n} |" in PAGE


def test_the_standard_deviation_that_the_interval_asks_for():
    """The table of 1.2: standard error times the square root of n over 2, less the other arm."""
    region = corners(read("0·48"), read("–3·32"), read("4·29"), ratio=False)
    errors = [corner.s for corner in region]
    assert 1.935 < min(errors) < max(errors) < 1.945
    for n, residual, control in re.findall(r"\| (\d{3})[^|]*\| (\d\d·\d) \| (\d\d·\d) \|", PAGE):
        s = sum(errors) / len(errors) * math.sqrt(int(n)) / 2
        assert s == pytest.approx(float(residual.replace("·", ".")), abs=0.06)
        assert math.sqrt(2 * s**2 - 13**2) == pytest.approx(
            float(control.replace("·", ".")), abs=0.1
        )
    assert sd_range(read("58"), Sample(3, 0, 88))[1] == pytest.approx(50.5, abs=0.05)
    assert sd_range(read("58"), Sample(100, 0, 88))[1] == pytest.approx(42, abs=0.5)


def test_whose_quartiles_stand_between_the_sessions():
    """With 61 below three, the 56th of 221 is below three; with 38, the 50th of 198 is not."""
    registry = load()
    below = registry.get("sessions", "N", "intervention", "at_least_3") - 160
    assert below == 61 > 221 * 25 // 100
    assert 198 - 160 == 38 < 198 * 25 // 100
    assert registry.get("sessions", "q1", "intervention") < 3


def test_the_rate_ratio_is_that_of_those_with_days():
    by_participant, by_patient = 13 / 19, (13 * 218 / 64) / (19 * 216 / 83)
    assert round(by_participant, 2) == 0.68
    assert read("0·90").contains(by_patient)


def test_what_is_possible_in_words():
    def text(low, high, decimals=0, style=LANCET):
        finding = Finding(
            rule="sum",
            certainty="contradicted",
            entries=("a",),
            printed="1",
            quantity="sum",
            low=low,
            high=high,
            decimals=decimals,
            reason="a slip",
        )
        return possible(finding, style)

    assert text(0, 50.52, 1) == "0·0 to 50·5"
    assert text(21.918, 21.918, 1, PLAIN) == "21.9"
    assert text(0, math.inf) == "above 0"
    assert text(math.nan, math.nan) == "nothing"


def test_a_table_of_nothing_has_no_rows():
    assert arithmetic_table(Results()).rows == ()
