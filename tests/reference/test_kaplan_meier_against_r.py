"""Survival curves and restricted means against R's survfit."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial.models.survival.kaplan_meier import kaplan_meier
from core_trial.models.survival.restricted_mean import restricted_mean

DATA = Path(__file__).parent / "data"
OWN = sorted(DATA.glob("events_*.json"))
TRIALS = sorted(DATA.glob("d*.json"))
BY_CLUSTER = {"cluster": "cluster", "inference": "sandwich"}
TIMES = {"time": "time", "event": "event"}

#: Relative: both are a few sums and products.
ROUNDING = 1e-11


def read(path: Path) -> tuple[pd.DataFrame, dict]:
    return pd.read_csv(path.with_suffix(".csv")), json.loads(path.read_text())


def numbers(values):
    return np.array([np.nan if v is None else v for v in np.atleast_1d(values)], dtype=float)


@pytest.mark.parametrize("interval", ["log-log", "log", "plain"])
@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_curves_and_quantiles(path, interval):
    frame, fits = read(path)
    curves = kaplan_meier(frame, **TIMES, by="arm", interval=interval)
    for arm in ("0", "1"):
        r, km = fits["curves"][f"{arm} {interval}"], curves[arm]
        for name in ("time", "at_risk", "events", "censored", "survival", "std_error"):
            np.testing.assert_allclose(getattr(km, name), numbers(r[name]), rtol=ROUNDING)
        for name in ("low", "high"):
            limit = np.where(km.survival == 1, 1.0, numbers(r[name]))  # R: NA on the log-log scale
            np.testing.assert_allclose(getattr(km, name), limit, rtol=ROUNDING)
        found = np.array([km.quantile(share) for share in (0.1, 0.25, 0.5)])
        expected = [numbers(r[f"quantile{end}"]) for end in ("", "_low", "_high")]
        np.testing.assert_allclose(found.T, expected, rtol=ROUNDING)


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_restricted_means(path):
    frame, fits = read(path)
    for settings, error in (({}, "se"), (BY_CLUSTER, "se_cluster")):
        found = restricted_mean(frame, **TIMES, by="arm", limit=300, small_sample=False, **settings)
        for arm in ("0", "1"):
            r = fits["curves"][f"{arm} rmst"]
            assert found.means[arm].estimate == pytest.approx(r["mean"], rel=ROUNDING)
            assert found.means[arm].std_error == pytest.approx(r[error], rel=ROUNDING)


@pytest.mark.parametrize("path", TRIALS, ids=lambda p: p.stem)
def test_medians_of_trials_of_the_core_kind(path):
    frame, fits = read(path)
    r = fits["survfit"]
    frame = frame.dropna(subset=["arm", "time", "event"])
    curves = kaplan_meier(frame, **TIMES, by="arm", interval=r["conf_type"])
    for arm in ("0", "1"):
        found = (curves[arm].median, *curves[arm].median_interval)
        expected = [r[f"{name}_arm{arm}"] for name in ("median", "lcl", "ucl")]
        np.testing.assert_allclose(found, numbers(expected), rtol=ROUNDING)
