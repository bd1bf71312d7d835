"""Questions to least squares with errors by cluster, against clubSandwich."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial import models

DATA = Path(__file__).parent / "data"
R = json.loads((DATA / "cr2_questions.json").read_text())
#: Relative: both are exact but for rounding.
SAME = 1e-8
RATS = {
    "treatment": ["Treatment[High]", "Treatment[Low]"],
    "interaction": ["Treatment[High]:sex[Male]", "Treatment[Low]:sex[Male]"],
    "males": [f"Treatment[{x}] + Treatment[{x}]:sex[Male]" for x in ("High", "Low")],
    "high_in_males": ["Treatment[High] + Treatment[High]:sex[Male]"],
    "high_against_low": ["Treatment[High] - Treatment[Low]"],
    "all": None,
}
FIRMS = {"both": None, "difference": ["value - capital"]}


@pytest.fixture(scope="module")
def fits():
    rats = pd.read_csv(DATA / "public" / "RatPupWeight.csv")
    firms = pd.read_csv(DATA / "public" / "Grunfeld.csv")
    return {
        "rats": models.linear_regression(
            "weight ~ Treatment*sex + Lsize", rats, cluster="Litter", inference="cr2"
        ),
        "firms": models.linear_regression(
            "invest ~ value + capital", firms, cluster="firm", inference="cr2"
        ),
    }


@pytest.mark.parametrize(
    ("name", "question", "asked"),
    [("rats", *item) for item in RATS.items()] + [("firms", *item) for item in FIRMS.items()],
)
def test_joint_tests(fits, name, question, asked):
    found, r = fits[name].test(asked), R[name][question]
    assert found.statistic == pytest.approx(r["F"], rel=SAME)
    assert found.df == r["df"]
    assert found.denominator_df == pytest.approx(r["ddf"], rel=SAME)
    assert found.p_value == pytest.approx(r["p"], rel=1e-6)


@pytest.mark.parametrize(("name", "question"), [("rats", "high_in_males"), ("firms", "difference")])
def test_one_contrast_has_df_of_its_own(fits, name, question):
    asked = {**RATS, **FIRMS}[question]
    contrast = fits[name].contrast(asked)
    assert contrast.df[0] == pytest.approx(R[name][question]["ddf"], rel=SAME)
    assert contrast.statistic[0] ** 2 == pytest.approx(R[name][question]["F"], rel=SAME)


def test_subgroups_and_means_have_them_too(fits):
    by_sex = fits["rats"].subgroups("Treatment", "sex")
    name = next(n for n in by_sex.effects.names if "High - Control" in n and "Male" in n)
    assert by_sex.effects[name].df == pytest.approx(R["rats"]["high_in_males"]["ddf"], rel=SAME)
    assert by_sex.interaction.p_value == pytest.approx(R["rats"]["interaction"]["p"], rel=1e-6)


def test_the_answer_travels(fits):
    again = models.Fit.from_json(fits["rats"].to_json())
    asked = RATS["high_in_males"]
    np.testing.assert_array_equal(again.contrast(asked).df, fits["rats"].contrast(asked).df)
