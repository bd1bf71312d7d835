"""The imputation study runs, resumes, and draws trials with the difference it says."""

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "studies"))
    return importlib.import_module("imputation")


def test_a_small_run_writes_its_table(study, monkeypatch, tmp_path):
    monkeypatch.setattr(study, "WORKERS", (20,))
    for _ in range(2):  # the second time from what the first one kept
        study.main(
            ["--replicates", "2", "--out", str(tmp_path), "--resume", str(tmp_path / "parts")]
        )
    table = pd.read_csv(tmp_path / "imputation.csv")
    assert table["method"].tolist() == list(study.METHODS)
    assert np.isfinite(table.select_dtypes("number")).all(axis=None)


def test_the_difference_is_what_the_study_calls_the_truth(study):
    scenario, rng = study.Scenario(400, 0.1), np.random.default_rng(1)
    frames = pd.concat([study.draw(scenario, rng) for _ in range(60)])
    mean = frames.groupby("treated")["after"].mean()
    # 26,460 people with a standard deviation of about 1.2: a standard error of 0.015
    assert mean[1.0] - mean[0.0] == pytest.approx(study.TRUTH, abs=0.06)
    seen = study.lose(frames.reset_index(drop=True), rng)
    lost = seen["after"].isna().groupby([seen["treated"], seen["readmitted"]]).mean()
    expected = [0.2, study.MISSING_READMITTED[1], 0.2, study.MISSING_READMITTED[0]]
    np.testing.assert_allclose(lost, expected, atol=0.03)


def test_summary_by_hand(study):
    truth = study.TRUTH
    found = np.array([[[truth, 1.0, np.inf]] * 4, [[truth + 3.0, 1.0, np.inf]] * 4])
    row = study.summarise(study.Scenario(8, 0.1), found)[0]
    assert (row["bias"], row["coverage"], row["model_se"]) == (1.5, 0.5, 1.0)
    assert row["bias_mcse"] == pytest.approx(1.5)


def test_the_page_prints_what_the_study_found(study):
    table = pd.read_csv(ROOT / "docs" / "imputation.csv")
    page = (ROOT / "docs" / "methods" / "imputation.md").read_text(encoding="utf-8")
    assert len(table) == len(study.WORKERS) * len(study.ICCS) * len(study.METHODS)
    for row in table.itertuples():
        bias = f"{row.bias:.3f}".replace("-", "–")
        coverage = f"{100 * row.coverage:.1f} ({100 * row.coverage_mcse:.1f})"
        line = f"| {row.workers} | {row.method} | {bias} ({row.bias_mcse:.3f}) | "
        line += f"{row.empirical_se:.3f} | {row.model_se:.3f} | {coverage} |"
        assert line in page
    assert f"the true difference is {study.TRUTH:.3f}" in page
