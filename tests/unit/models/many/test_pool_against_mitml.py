"""Rubin's rules against what mitml and mice print, and by hand."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from core_trial.errors import DesignError, FitError
from core_trial.models.many.estimates import Estimates
from core_trial.models.many.joint import joint_test, pool_chi_squares
from core_trial.models.many.pool import pool
from core_trial.models.many.rubin import (
    imputations_needed,
    jackknife_errors,
    rubin,
)

DATA = Path(__file__).parents[3] / "reference" / "data" / "imputation"
MITML = json.loads((DATA / "mitml_studentratings_rubin.json").read_text())
Q, U = np.array(MITML["qhat"]), np.array(MITML["uhat"])
#: The reference has 15 significant digits; its p-values are cut at 1e-16.
DIGITS = 1e-12
#: mice, pool.scalar, from its documentation's shape of input.
SCALAR_Q = np.array([[0.412], [0.455], [0.378], [0.431], [0.402]])
SCALAR_U = np.array([0.0441, 0.0462, 0.0429, 0.0450, 0.0437])[:, None, None]


def estimates(k, **changes):
    settings = {
        "model": "mixed_linear",
        "formula": "rating ~ sex + ses",
        "method": "REML",
        "terms": ("Intercept", "sex[girl]", "ses", "school_ses"),
        "beta": Q[k],
        "cov": U[k],
        "df": np.full(4, 46.0),
        "scale": "identity",
        "n": 750,
        "confidence": 0.95,
        "converged": True,
        "warnings": (),
        "term_columns": {},
    }
    return Estimates(**{**settings, **changes})


@pytest.fixture(scope="module")
def pooled():
    return pool([estimates(k) for k in range(20)])


@pytest.mark.parametrize(("table", "complete"), [("rubin", np.inf), ("barnard_rubin_46", 46)])
def test_printed_table(table, complete):
    found = pool([estimates(k) for k in range(20)], complete_df=complete)
    printed = MITML[table]
    columns = {"Estimate": "estimate", "Std.Error": "std_error", "t.value": "statistic"}
    columns |= {"df": "df", "RIV": "riv", "FMI": "fmi"}
    for theirs, ours in columns.items():
        expected = [row[theirs] for row in printed]
        np.testing.assert_allclose(found.coefficients[ours], expected, rtol=DIGITS)
    p = [row["P(>|t|)"] for row in printed]
    np.testing.assert_allclose(found.coefficients["p_value"], p, rtol=1e-11, atol=1e-16)


def test_joint_tests():
    rules = rubin(Q[:, 2:], U[:, 2:, 2:])
    for printed, complete in (("D1", np.inf), ("D1_reiter_46", 46.0)):
        found = joint_test(rules, complete)
        expected = MITML[printed]
        assert found.statistic == pytest.approx(expected["F.value"], rel=DIGITS)
        assert (found.df1, found.df2) == pytest.approx((2, expected["df2"]), rel=DIGITS)
        assert found.p_value == pytest.approx(expected["P(>F)"], rel=1e-11)
        assert found.riv == pytest.approx(expected["RIV"], rel=DIGITS)


def test_pooled_chi_squares():
    wald = [q @ np.linalg.solve(u, q) for q, u in zip(Q[:, 2:], U[:, 2:, 2:], strict=True)]
    found, expected = pool_chi_squares(wald, 2), MITML["D2"]
    assert found.statistic == pytest.approx(expected["F.value"], rel=1e-11)
    assert found.df2 == pytest.approx(expected["df2"], rel=1e-11)
    assert found.p_value == pytest.approx(expected["P(>F)"], rel=1e-11)


def test_mice_scalar():
    found = rubin(SCALAR_Q, SCALAR_U)
    assert found.estimate[0] == pytest.approx(0.4156)
    assert found.within[0, 0] == pytest.approx(0.04438)
    assert found.between[0, 0] == pytest.approx(0.0008503)
    assert found.total[0, 0] == pytest.approx(0.04540036)
    assert found.riv[0] == pytest.approx(0.0229914375845, rel=1e-11)
    assert found.df[0] == pytest.approx(7919.02536907, rel=1e-11)
    small = rubin(SCALAR_Q, SCALAR_U, 39)
    assert small.df[0] == pytest.approx(36.1423723243, rel=1e-11)
    assert small.fmi[0] == pytest.approx(0.0724218778734, rel=1e-11)


def test_nothing_missing_leaves_the_complete_data_answer():
    found = rubin(np.ones((3, 1)), np.full((3, 1, 1), 4.0), 10)
    assert (found.riv[0], found.total[0, 0]) == (0.0, 4.0)
    assert found.df[0] == pytest.approx(11 / 13 * 10)  # as Barnard and Rubin define it
    assert rubin(np.ones((3, 1)), np.full((3, 1, 1), 4.0)).df[0] == np.inf
    test = joint_test(rubin(np.ones((3, 1)), np.full((3, 1, 1), 4.0)))
    assert (test.df2, test.statistic) == (np.inf, 0.25)
    assert test.p_value == pytest.approx(0.6170750774519738)  # chi-square of 0.25


def test_degrees_of_freedom_of_few_imputations():
    """With k (m - 1) of 4 the small form, of 5 the large one (Li, Raghunathan and Rubin)."""
    rng = np.random.default_rng(0)
    for m, k, small in ((5, 1, True), (6, 1, False)):
        rules = rubin(rng.normal(size=(m, k)), np.ones((m, k, k)))
        r, t = rules.riv[0], k * (m - 1)
        few, many = t * (1 + 1 / k) * (1 + 1 / r) ** 2 / 2, 0.0
        if not small:
            many = 4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2
        assert joint_test(rules).df2 == pytest.approx(few if small else many)
        assert joint_test(rules, 30.0).df2 < joint_test(rules).df2


def test_one_coefficient_is_the_square_of_its_t(pooled):
    found = pooled.test("ses")
    assert found.statistic == pytest.approx(pooled.coefficients.loc["ses", "statistic"] ** 2)
    both = pooled.test(["ses", "school_ses"])
    assert both.df2 == pytest.approx(MITML["D1_reiter_46"]["df2"])


def test_effect_and_frame(pooled):
    effect = pooled.effect("sex")
    assert effect.term == "sex[girl]"
    assert effect.estimate == pytest.approx(Q[:, 1].mean())
    log = pool([estimates(k, scale="log") for k in range(20)])
    ratio = log.effect("ses")
    assert (ratio.estimate, ratio.low) == pytest.approx(
        (np.exp(pooled.effect("ses").estimate), np.exp(pooled.effect("ses").low))
    )
    frame = log.to_frame()
    assert frame.loc["ses", "high"] == pytest.approx(ratio.high)
    with pytest.raises(DesignError, match="not in the model"):
        pooled.effect("age")
    with pytest.raises(DesignError, match="2 columns"):
        pool([estimates(k, terms=("a", "b[x]", "b[y]", "c")) for k in range(20)]).effect("b")


def test_monte_carlo_error_by_hand(pooled):
    errors = pooled.monte_carlo_errors
    # of a mean the jackknife gives its standard error
    expected = Q.std(axis=0, ddof=1) / np.sqrt(20)
    np.testing.assert_allclose(errors["estimate"], expected, rtol=1e-10)
    without = [rubin(np.delete(Q, i, 0), np.delete(U, i, 0), 46).std_error[2] for i in range(20)]
    by_hand = np.sqrt(19 / 20 * ((without - np.mean(without)) ** 2).sum())
    assert errors.loc["ses", "std_error"] == pytest.approx(by_hand)
    assert np.isnan(jackknife_errors(Q[:2], U[:2], 46, 0.95)["estimate"]).all()
    assert np.isfinite(jackknife_errors(Q[:3], U[:3], 46, 0.95)["estimate"]).all()


def test_number_of_imputations(pooled):
    # von Hippel's example: fmi 0.39 from a pilot of 5 has the upper limit 0.69: 95 imputations
    upper = 1 / (1 + (1 - 0.39) / 0.39 * np.exp(-1.959963985 * np.sqrt(2 / 5)))
    assert imputations_needed(0.39, 5) == int(np.ceil(1 + (upper / 0.05) ** 2 / 2))
    assert imputations_needed(0.0, 5) == 2
    assert pooled.imputations_needed("ses") > pooled.imputations_needed("ses", cv=0.1)
    for fmi, m, cv in ((1.0, 5, 0.05), (0.5, 1, 0.05), (0.5, 5, 0.0)):
        with pytest.raises(DesignError):
            imputations_needed(fmi, m, cv)


def test_what_went_wrong_is_told():
    fits = [estimates(k) for k in range(18)]
    fits += [estimates(18, converged=False, warnings=("few clusters",)), estimates(19)]
    found = pool(fits)
    assert not found.converged
    assert found.warnings == ("1 of 20 fits did not converge", "few clusters (in 1 of 20 fits)")
    assert "did not converge" in repr(found)
    assert "did not converge" in found._repr_html_()
    beta = Q[3].copy()
    beta[1] = np.nan
    lost = pool([*fits[:3], estimates(3, beta=beta)])
    assert "sex[girl]: no estimate in 1 of 4 fits" in lost.warnings[0]
    assert np.isnan(lost.coefficients.loc["sex[girl]", "estimate"])
    assert np.isfinite(lost.coefficients.loc["ses", "estimate"])
    with pytest.raises(DesignError, match="standard error"):
        lost.test(["sex", "ses"])
    nowhere = pool(fits, complete_df=[46, 46, np.nan, 46])
    assert np.isnan(nowhere.coefficients.loc["ses", ["df", "p_value", "low"]]).all()
    with pytest.raises(DesignError, match="degrees of"):
        nowhere.test("ses")


def test_failed_fits_are_left_out_and_told():
    found = pool([estimates(0), "centre is constant", estimates(1)])
    assert found.m == 2
    assert not found.converged
    assert "1 of 3 imputations could not be fitted" in found.warnings[0]
    with pytest.raises(FitError, match="2 of 3 imputations could not"):
        pool([estimates(0), "no", "no"])


def test_refusals():
    with pytest.raises(DesignError, match="at least two"):
        pool([estimates(0)])
    with pytest.raises(DesignError, match="fit 1 is not of the model"):
        pool([estimates(0), estimates(1, model="cox")])
    with pytest.raises(DesignError, match="not int"):
        pool([1, 2])
    with pytest.raises(DesignError, match="at least two estimates"):
        rubin([[1.0]], [[[1.0]]])
    with pytest.raises(DesignError, match="chi-square"):
        pool_chi_squares([1.0], 2)


def test_pickle(pooled):
    again = pickle.loads(pickle.dumps(pooled))
    assert again.coefficients.equals(pooled.coefficients)


def test_contrasts_by_hand(pooled):
    found = pooled.contrast({"both": "ses + school_ses", "gap": "ses - school_ses"})
    w = np.array([[0, 0, 1, 1], [0, 0, 1, -1]])
    expected = rubin(Q @ w.T, w @ U @ w.T, 46)
    np.testing.assert_allclose(found.beta, expected.estimate)
    np.testing.assert_allclose(found.df, expected.df)
    assert found.effect("gap").estimate == pytest.approx(expected.estimate[1])
    beta = Q[3].copy()
    beta[1] = np.nan
    lost = pool([*(estimates(k) for k in range(3)), estimates(3, beta=beta)])
    both = lost.contrast(["ses - school_ses", "ses + sex[girl]"])
    assert np.isnan(both.beta).tolist() == [False, True]
    with pytest.raises(DesignError, match="with zero"):
        pooled.contrast("ses = 1")


def test_a_variable_in_an_interaction_has_no_single_effect():
    terms = ("Intercept", "arm[new]", "sex[F]", "arm[new]:sex[F]")
    columns = {"Intercept": (0,), "arm": (1,), "sex": (2,), "arm:sex": (3,)}
    found = pool([estimates(k, terms=terms, term_columns=columns) for k in range(20)])
    with pytest.raises(DesignError, match="interaction arm:sex"):
        found.effect("arm")
    assert found.effect("arm[new]").term == "arm[new]"
    women = found.contrast("arm[new] + arm[new]:sex[F]")
    assert women.beta[0] == pytest.approx((Q[:, 1] + Q[:, 3]).mean())
