"""The table of planned and fitted models from records made by hand."""

from records import estimate, failure

from core_trial.report.styles import PLAIN
from core_trial.report.supplement.deviations import deviations
from core_trial.results import ModelChoice, Results, Withheld
from core_trial.trials.core import CORE

COX = ModelChoice(
    analysis="time_to_readmission",
    planned="Cox regression, gamma frailty by cluster",
    fitted="Cox regression, robust errors",
    reason="the frailty model did not converge",
)
LINEAR = "Linear regression, random intercept by cluster"
SCORES = ("recovery_month_4", "recovery_month_18")
FITTED = estimate("time_to_readmission", 0.71, 0.52, 0.97, measure="hazard_ratio", p_value=0.0291)
FAILED = failure(
    "time_to_readmission", "the search did not end", level="planned", measure="hazard_ratio"
)


def lines(*records):
    table = deviations(Results(records), CORE, PLAIN)
    return table, [(row.label, *row.cells) for row in table.rows]


def test_planned_and_fitted_stand_under_their_outcome_with_the_reason():
    _, found = lines(COX, FAILED, FITTED)
    assert found == [
        ("Days to first readmission to acute care during 1 year follow-up",),
        (
            "Planned: Cox regression, gamma frailty by cluster",
            *("400", "not estimable", "", "", "no", "The search did not end."),
        ),
        (
            "Fitted: Cox regression, robust errors",
            *("400", "HR 0.71 (0.52 to 0.97)", "0.0291", "", "yes"),
            "Fitted because the frailty model did not converge.",
        ),
    ]


def test_outcomes_that_were_fitted_as_planned_are_listed_by_model():
    choices = [ModelChoice(analysis=name, planned=LINEAR, fitted=LINEAR) for name in SCORES]
    fits = [estimate(name, 1.0, 0.0, 2.0, variance={"cluster": 0.25}) for name in SCORES]
    _, found = lines(*choices, *fits)
    assert [line[0] for line in found] == [
        "Fitted as planned: linear regression, random intercept by cluster",
        "Self-rated recovery at 4 months",
        "Self-rated recovery at 18 months",
    ]
    assert found[1][4] == "0.250"


def test_a_remark_on_several_fits_is_a_footnote():
    choices = [ModelChoice(analysis=name, planned=LINEAR, fitted=LINEAR) for name in SCORES]
    fits = [estimate(n, 1.0, 0.0, 2.0, warnings=("the variance is zero",)) for n in SCORES]
    table, found = lines(*choices, *fits)
    assert [line[2] for line in found[1:]] == ["DiM 1.00 (0.00 to 2.00)*"] * 2
    assert all(line[6] == "" for line in found[1:])
    assert "*The variance is zero." in table.footnotes


def test_planned_adjustments_are_named():
    choice = ModelChoice(analysis="readmission", planned="Logistic", fitted="Logistic")
    formula = "readmitted ~ arm + psychosis + centre"
    ratio = {"measure": "odds_ratio", "model": "mixed_logistic"}
    _, found = lines(
        choice,
        estimate("readmission", 0.66, 0.43, 0.99, formula=formula, **ratio),
        estimate(
            "readmission",
            *(0.6, 0.37, 0.96),
            formula=f"{formula} + age + lifetime_admissions",
            level="planned_adjustments",
            **ratio,
        ),
    )
    assert found[1][0] == "Planned and fitted: logistic"
    assert found[2][0] == "Planned too: the same, adjusted"
    assert found[2][6] == "Adjusted for age, lifetime admissions."


def test_a_withheld_effect_keeps_its_line():
    names = ("estimate", "low", "high", "p_value", "n")
    hidden = [Withheld(analysis="time_to_readmission", statistic=s) for s in names]
    table, found = lines(COX, FAILED, *hidden)
    assert found[2][1:6] == ("[c]",) * 5
    assert any("[c]=" in note for note in table.footnotes)


def test_without_choices_there_are_no_lines():
    assert lines(FITTED)[1] == []
