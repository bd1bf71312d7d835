"""Tables of missing data from records made by hand."""

import math

import pytest
from records import counts, estimate, failure, number

from core_trial.report.styles import PLAIN
from core_trial.report.supplement.associations import associations, joint_tests
from core_trial.report.supplement.missing_data import extent, sensitivity
from core_trial.results import Results, Withheld
from core_trial.trials.core import CORE

NAME = "recovery_month_18"
LABEL = "Self-rated recovery at 18 months"


def row(table, label=LABEL):
    found = [r for r in table.rows if r.label == label]
    assert len(found) == 1
    return found[0].cells


# Extent.


def known(arm, known, by_design, otherwise):
    of = known + by_design + otherwise
    for level, n in (("known", known), ("by_design", by_design), ("otherwise", otherwise)):
        yield from counts(f"missingness.{NAME}", n, of, arm, level)


def test_what_is_missing_by_design_stands_apart():
    table = extent(
        Results((*known("intervention", 126, 20, 75), *known("control", 124, 0, 96))), CORE
    )
    assert row(table) == ("126/221 (57%)", "20 (9%)", "75 (34%)", "124/220 (56%)", "0", "96 (44%)")
    assert len(table.rows) == 1


def test_a_withheld_count_takes_its_percentage_with_it():
    records = [r for r in known("intervention", 126, 20, 75) if r.level != "by_design"]
    name = f"missingness.{NAME}"
    hidden = [
        Withheld(analysis=name, statistic=s, arm="intervention", level="by_design")
        for s in ("n", "percent")
    ]
    hidden.append(Withheld(analysis=name, statistic="N", arm="intervention", level="otherwise"))
    records = [r for r in records if (r.statistic, r.level) != ("N", "otherwise")]
    table = extent(Results((*records, *hidden, *known("control", 124, 20, 76))), CORE)
    assert row(table)[1:3] == ("[c]", "75")
    assert any("[c]=" in note for note in table.footnotes)


# Predictors.


def joint(characteristic, p, predicts):
    yield number(f"missingness.{NAME}", "joint_p", p, level=characteristic)
    yield number(f"missingness.{NAME}", "predicts", float(predicts), level=characteristic)


def test_what_is_adjusted_for_is_marked():
    records = (
        *joint("age", 0.0123, True),
        *joint("sex", 0.5, False),
        *joint("centre", math.nan, False),
    )
    table = joint_tests(Results(records), CORE, PLAIN)
    by_head = dict(zip(table.head[1:], row(table), strict=True))
    assert (by_head["Age"], by_head["Sex"], by_head["Centre"]) == ("0.0123#", "0.5000", "–")


def odds(term, value, **more):
    name = f"missingness.{NAME}"
    return estimate(name, value, value / 2, value * 2, measure="odds_ratio", level=term, **more)


def test_associations_are_told_level_by_level_with_the_joint_p_once():
    records = (
        odds("marital_status[widowed]", 2.0),
        odds("marital_status[married_or_cohabiting]", 0.5),
        odds("age", 1.01),
        *joint("marital_status", 0.04, True),
        *joint("age", 0.3, False),
    )
    table = associations(Results(records), CORE, PLAIN)
    assert [(r.label, *r.cells) for r in table.rows] == [
        (LABEL,),
        ("Age (years)", "OR 1.01 (0.51 to 2.02)", "0.3000"),
        ("Marital status: Married or cohabiting v Single", "OR 0.50 (0.25 to 1.00)", "0.0400"),
        ("Marital status: Widowed v Single", "OR 2.00 (1.00 to 4.00)", ""),
    ]


def test_one_line_says_why_there_is_no_association():
    name = f"missingness.{NAME}"
    failed = [failure(name, "nobody is missing", level=c) for c in ("age", "sex", "centre")]
    (heading, line) = associations(Results(tuple(failed)), CORE).rows
    assert (heading.label, line.label) == (LABEL, "Every characteristic")
    assert line.cells == ("not estimable: nobody is missing", "")


def test_a_single_failure_stands_beside_the_others():
    name = f"missingness.{NAME}"
    records = (odds("age", 1.0), failure(name, "centre is constant", level="centre"))
    rows = associations(Results(records), CORE).rows
    assert [r.label for r in rows] == [LABEL, "Age (years)", "Centre"]
    assert rows[2].cells[0] == "not estimable: centre is constant"


def test_withheld_associations_are_marked():
    hidden = Withheld(analysis=f"missingness.{NAME}", statistic="estimate", level="sex[female]")
    table = associations(Results((odds("age", 1.0), hidden)), CORE)
    assert row(table, "Sex: Female v Male") == ("[c]", "")


# Sensitivity.


@pytest.fixture
def fits():
    return (
        estimate(NAME, 0.48, -3.32, 4.29, p_value=0.8032, n=246),
        estimate(NAME, 0.91, -2.87, 4.7, p_value=0.6361, n=214, level="missingness_adjusted"),
    )


def test_fitted_and_adjusted_stand_side_by_side(fits):
    chosen = (*joint("sex", 0.001, True), *joint("lifetime_admissions", 0.01, True))
    same = estimate(NAME, 0.85, -2.9, 4.6, p_value=0.65, n=214, level="missingness_same_people")
    assert row(sensitivity(Results((*fits, same, *chosen)), CORE, PLAIN)) == (
        *("246", "DiM 0.48 (-3.32 to 4.29)", "0.8032"),
        *("sex, lifetime admissions", "214", "DiM 0.91 (-2.87 to 4.70)", "0.6361"),
        *("DiM 0.85 (-2.90 to 4.60)", "0.6500"),
    )


def test_without_a_predictor_there_is_nothing_to_adjust_for(fits):
    table = sensitivity(Results((*fits, *joint("sex", 0.3, False))), CORE, PLAIN)
    assert row(table)[3:] == ("–", "", "", "", "", "")


def test_an_adjusted_effect_that_is_withheld_is_marked(fits):
    names = ("estimate", "low", "high", "p_value", "n")
    hidden = [Withheld(analysis=NAME, statistic=s, level="missingness_adjusted") for s in names]
    table = sensitivity(Results((fits[0], *hidden, *joint("sex", 0.001, True))), CORE, PLAIN)
    assert row(table)[4:] == ("[c]", "[c]", "[c]", "", "")


def test_without_records_there_are_no_lines():
    for table in (extent, joint_tests, associations, sensitivity):
        assert table(Results(), CORE).rows == ()
