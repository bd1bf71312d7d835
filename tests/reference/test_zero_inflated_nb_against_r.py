"""Zero-inflated counts against R: the likelihood written out there, and pscl in the limit.

``make_events.R`` made the sets ``events_*``; the sets ``d*`` are simulated trials of the CORE kind.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial.models.counts.zero_inflated_nb import zero_inflated_nb

DATA = Path(__file__).parent / "data"
OWN = sorted(p for p in DATA.glob("events_*.json") if "poisson" not in p.stem)
TRIALS = sorted(DATA.glob("d*.json"))

#: Relative, in standard errors: R's last Newton steps are on exact scores.
COEFFICIENT = 1e-6
STD_ERROR = 1e-6
#: Absolute: our likelihood may be higher than R's, never lower.
LOGLIK = 1e-8
#: The older sets end at gradients of 1e-7 to 1e-6 and on numeric second derivatives.
OLDER_COEFFICIENT = 1e-6
OLDER_STD_ERROR = 5e-5


def read(path: Path) -> tuple[pd.DataFrame, dict]:
    return pd.read_csv(path.with_suffix(".csv")), json.loads(path.read_text())


@pytest.mark.parametrize("inflation", ["1", "arm"])
@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_small_trials(path, inflation):
    frame, fits = read(path)
    r = fits[f"zinb_{inflation}"]
    assert r["gradient"] < 1e-6
    formula = "days ~ arm + psychosis + age"
    for name, settings in {
        "se_model": {"inference": "model"},
        "se_row": {"small_sample": False},
        "se_cluster": {"cluster": "cluster", "inference": "sandwich", "small_sample": False},
        "se_cluster_g1": {"cluster": "cluster", "inference": "sandwich"},
    }.items():
        fit = zero_inflated_nb(formula, frame, inflation=inflation, **settings)
        np.testing.assert_allclose(fit.std_error, r[name], rtol=STD_ERROR)
        np.testing.assert_allclose((fit.beta - r["coef"]) / r["se_model"], 0, atol=COEFFICIENT)
        assert fit.loglik == pytest.approx(r["loglik"], abs=LOGLIK)
        assert fit.dispersion == pytest.approx(np.exp(r["coef"][-1]), rel=1e-6)
    ratio, zeros = fit.quantities["mean_ratio:arm"], fit.quantities["zeros_expected"]
    assert np.log(ratio.estimate) == pytest.approx(r["log_mean_ratio"], abs=1e-7)
    assert ratio.std_error / ratio.estimate == pytest.approx(r["se_log_mean_ratio"], rel=1e-6)
    assert zeros.estimate == pytest.approx(r["zeros_expected"], rel=1e-7)
    assert zeros.std_error == pytest.approx(r["se_zeros_expected"], rel=1e-6)


def test_no_dispersion_ends_in_the_zero_inflated_poisson():
    frame, fits = read(DATA / "events_poisson.json")
    r = fits["zip"]
    formula = "days ~ arm + psychosis + age"
    fit = zero_inflated_nb(
        formula, frame, cluster="cluster", inference="sandwich", small_sample=False
    )
    assert fit.dispersion == 0
    np.testing.assert_allclose((fit.beta[:-1] - r["coef"]) / r["se_model"], 0, atol=COEFFICIENT)
    np.testing.assert_allclose(fit.std_error[:-1], r["se_cluster"], rtol=STD_ERROR)
    assert fit.loglik == pytest.approx(r["loglik"], abs=LOGLIK)
    assert np.isnan(fit.beta[-1])
    assert "zero-inflated Poisson" in fit.warnings[0]


@pytest.mark.parametrize("inflation", ["1", "full"])
@pytest.mark.parametrize("path", TRIALS, ids=lambda p: p.stem)
def test_trials_of_the_core_kind(path, inflation):
    frame, fits = read(path)
    frame = frame.dropna(subset=["arm", "psychosis", "centre", "days"])
    r = fits[f"zinb_{inflation}"]
    covariates = "arm + psychosis + centre"
    part = covariates if inflation == "full" else "1"
    estimates = np.array(list(r["coef"].values())) * np.append(np.ones(len(r["coef"]) - 1), -1)
    oim = np.array(list(r["se_oim"].values()))
    for name, settings in {
        "se_oim": {"inference": "model"},
        "se_cluster_hc0": {"cluster": "psw", "inference": "sandwich", "small_sample": False},
        "se_cluster_G1": {"cluster": "psw", "inference": "sandwich"},
    }.items():
        fit = zero_inflated_nb(f"days ~ {covariates}", frame, inflation=part, **settings)
        np.testing.assert_allclose((fit.beta - estimates) / oim, 0, atol=OLDER_COEFFICIENT)
        np.testing.assert_allclose(fit.std_error, list(r[name].values()), rtol=OLDER_STD_ERROR)
        assert fit.loglik > r["loglik"] - LOGLIK
        assert fit.converged
        said = [text for text in fit.warnings if not text.endswith("errors are too small")]
        assert len(said) == (inflation == "1")
        assert all("stands in the counts alone" in text for text in said)
