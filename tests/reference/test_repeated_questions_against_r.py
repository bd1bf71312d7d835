"""Questions to repeated visits against emmeans and pbkrtest, under compound symmetry."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial import models

DATA = Path(__file__).parent / "data"
R = json.loads((DATA / "questions_repeated.json").read_text())
#: Relative: lmer was run to a tight tolerance.
SAME = 1e-7
#: In standard errors.
ESTIMATE = 1e-8


@pytest.fixture(scope="module")
def fit():
    frame = pd.read_csv(DATA / "repeated_orthodont.csv")
    return models.repeated_measures(
        "y ~ sex * C(visit)", frame, participant="id", visit="visit",
        covariance="compound_symmetry",
    )  # fmt: skip


def same(found, r, estimate):
    error = np.array(r["SE"])
    np.testing.assert_allclose((found.estimate - np.array(r[estimate])) / error, 0, atol=ESTIMATE)
    np.testing.assert_allclose(found.std_error, error, rtol=SAME)
    np.testing.assert_allclose(found.df, r["df"], rtol=SAME)
    np.testing.assert_allclose((found.low - r["lower.CL"]) / error, 0, atol=SAME)
    np.testing.assert_allclose(found.p_value, r["p.value"], rtol=1e-5, atol=1e-300)


def test_adjusted_means(fit):
    means, r = fit.means("sex", by="visit").to_frame().sort_values(["visit", "sex"]), R["means"]
    np.testing.assert_allclose(means["estimate"], r["emmean"], rtol=SAME)
    np.testing.assert_allclose(means["std_error"], r["SE"], rtol=SAME)
    np.testing.assert_allclose(means["df"], r["df"], rtol=SAME)
    np.testing.assert_allclose(means["low"], r["lower.CL"], rtol=SAME)


def test_differences_at_each_visit(fit):
    same(fit.subgroups("sex", "visit").effects, R["differences"], "estimate")


@pytest.mark.parametrize(("asked", "name"), [("sex:visit", "interaction"), ("visit", "visits")])
def test_joint_tests(fit, asked, name):
    found, r = fit.test(asked), R[name]
    assert found.statistic == pytest.approx(r["F"], rel=SAME)
    assert found.df == r["df"]
    assert found.denominator_df == pytest.approx(r["ddf"], rel=SAME)
    assert found.p_value == pytest.approx(r["p"], rel=1e-5)


def test_predictions_are_the_cells_means(fit):
    frame = pd.read_csv(DATA / "repeated_orthodont.csv").drop_duplicates(["sex", "visit"])
    frame = frame.sort_values(["visit", "sex"])
    found = fit.predict(frame, interval="confidence")
    np.testing.assert_allclose(found["estimate"], R["means"]["emmean"], rtol=SAME)
    np.testing.assert_allclose(found["low"], R["means"]["lower.CL"], rtol=SAME)
