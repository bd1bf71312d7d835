"""The validity study runs, and what it committed says what its page says."""

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "studies"))
    return importlib.import_module("validity")


def test_a_small_run_writes_its_three_files(study, monkeypatch, tmp_path):
    monkeypatch.setattr(study, "WORKERS", (8, 40))
    monkeypatch.setattr(study, "ICCS", (0.1,))
    study.main(["--replicates", "6", "--workers", "1", "--out", str(tmp_path)])
    table = pd.read_csv(tmp_path / "validity.csv")
    assert len(table) == 2 * (2 * 3 + 2)
    assert (table["replicates"] == 6).all()
    assert np.isfinite(table.drop(columns=["control_sd", "median_df"]).select_dtypes("number")).all(
        axis=None
    )
    assert (tmp_path / "validity.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "validity.md").read_text(encoding="utf-8")
    assert "6 trials in each cell" in page
    assert "{" not in page.replace("{data}", "")


def test_the_result_does_not_depend_on_how_often_it_is_run(study):
    def run(fit, draw):
        return study.replicate(fit, draw, 3, seed=1, workers=1, progress=False)

    once, again = (list(study.scores(8, 0.1, 1.6, run)) for _ in range(2))
    assert once == again


@pytest.mark.parametrize("workers", [8, 20, 40])
def test_simulated_trials_are_of_the_size_of_core(study, workers):
    frame, worker = study.trial(workers)
    assert (frame["arm"] == 1).sum() == 221
    assert (frame["arm"] == 0).sum() == 220
    caseload = np.bincount(worker[worker >= 0])
    assert len(caseload) == workers
    assert caseload.min() >= 1
    assert frame.loc[frame["arm"] == 0, "worker"].is_unique
    assert not set(frame.loc[frame["arm"] == 0, "worker"]) & set(range(workers))


def test_the_risk_over_all_workers_is_the_one_asked_for(study):
    eta = study.conditional(0.38, 0.6)
    draws = np.random.default_rng(1).standard_normal(400_000)
    # Standard error of the mean risk: 0.6 * 0.24 / sqrt(400,000).
    assert special.expit(eta + 0.6 * draws).mean() == pytest.approx(0.38, abs=1e-3)
    assert study.conditional(0.38, 0.0) == pytest.approx(special.logit(0.38))


def test_the_committed_table_carries_the_conclusions(study):
    table = pd.read_csv(DOCS / "validity.csv")
    assert len(table) == 18 * 3 + 9 * 2
    assert (table["replicates"] >= 2000).all()
    assert (table["failed"] <= 0.001 * table["replicates"]).all()
    score = table[table["outcome"] == "score"].set_index(["model", "workers", "icc", "control_sd"])
    nested = score.loc[study.NESTED_SCORE]
    published = score.loc[study.PUBLISHED_SCORE]
    # Four simulation errors of 2,000 replicates about 5 %; cautious only where nothing clusters.
    assert nested["type_i_error"].max() < 0.07
    assert nested[nested.index.get_level_values("icc") > 0]["type_i_error"].min() > 0.03
    assert published.loc[(8, 0.1, 1.0), "type_i_error"] > 0.08
    assert published.xs(1.6, level="control_sd")["type_i_error"].max() < 0.035
    gain = nested["power"] - published["power"]
    assert gain.xs(1.6, level="control_sd").min() > 0.15
    # Four simulation errors: the score's estimates scatter by less than 0.2, the log odds by 0.35.
    assert score["bias"].abs().max() < 0.018
    assert table["bias"].abs().max() < 0.032
    # A normal estimate's interval misses as often as its test rejects.
    np.testing.assert_allclose(score["coverage"], 1 - score["type_i_error"], atol=1e-9)


def test_the_committed_page_is_made_of_the_committed_table(study):
    page = importlib.import_module("validity_page")
    table = pd.read_csv(DOCS / "validity.csv")
    assert (DOCS / "validity.md").read_text(encoding="utf-8") == page.text(table)
