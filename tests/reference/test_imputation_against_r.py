"""Imputation and instruments against R: mice (norm, pmm, 2l.pan), AER with sandwich, boot.

``make_imputation.R`` made the data and the figures in ``data/imputation``.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial.models.many.bootstrap import summarise
from core_trial.models.many.imputation.impute import impute
from core_trial.models.marginal.instrument import two_stage_least_squares

DATA = Path(__file__).parent / "data" / "imputation"
#: Random draws on both sides: means within 4.5 Monte Carlo errors of their difference.
MONTE_CARLO_ERRORS = 4.5
#: Relative: standard deviations over 400 imputations are known to 3.5 %.
SPREAD = 0.15
#: Relative: AER and sandwich work in double precision on a design of condition below 10.
INSTRUMENT = 1e-10


def read(name):
    return json.loads((DATA / name).read_text())


def slope(frame):
    return np.polyfit(frame["x"], frame["y"], 1)[0]


def intraclass(frame):
    """Analysis of variance estimate, as in the script."""
    groups = frame.groupby("worker")["y"]
    sizes, n, k = groups.size(), len(frame), groups.ngroups
    between = (sizes * (groups.mean() - frame["y"].mean()) ** 2).sum() / (k - 1)
    within = ((frame["y"] - groups.transform("mean")) ** 2).sum() / (n - k)
    n0 = (n - (sizes**2).sum() / n) / (k - 1)
    return (between - within) / (between + (n0 - 1) * within)


@pytest.mark.parametrize(
    ("method", "kind", "cluster"),
    [("norm", "continuous", None), ("pmm", "matched", None), ("pan", "continuous", "worker")],
)
def test_imputations_are_distributed_as_those_of_mice(method, kind, cluster):
    frame = pd.read_csv(DATA / "one_arm.csv")
    m, expected = 400, read("one_arm.json")[method]
    found = impute(
        frame,
        variables={"x": "continuous", "y": kind},
        arm=None,
        cluster=cluster,
        m=m,
        iterations=1,
        seed=1,
        progress=False,
    )
    statistics = {"mean": lambda f: f["y"].mean(), "slope": slope, "icc": intraclass}
    for name, statistic in statistics.items():
        ours = np.array([statistic(f) for f in found])
        theirs, spread = expected[name], expected[f"{name}_sd"]
        error = spread * np.sqrt(1 / m + 1 / expected["m"])
        assert abs(ours.mean() - theirs) < MONTE_CARLO_ERRORS * error, name
        assert ours.std(ddof=1) == pytest.approx(spread, rel=SPREAD), name


@pytest.mark.parametrize("errors", ["iid", "HC0", "HC1", "CR1"])
def test_two_stage_least_squares_against_aer(errors):
    frame, expected = pd.read_csv(DATA / "instrument.csv"), read("instrument.json")
    fit = two_stage_least_squares(
        "score ~ d + age",
        frame,
        received="d",
        arm="z",
        errors=errors,
        cluster="w" if errors == "CR1" else None,
    )
    np.testing.assert_allclose(fit.beta, expected["coef"], rtol=INSTRUMENT)
    np.testing.assert_allclose(fit.std_error, expected[errors], rtol=INSTRUMENT)
    assert fit.quantities["first_stage_F"].estimate == pytest.approx(
        expected["first_stage_F"], rel=INSTRUMENT
    )


def test_bootstrap_intervals_against_boot():
    expected = read("bca.json")
    values, draws = np.array(expected["values"]), np.array(expected["draws"])[:, None]
    left = np.array([[np.log(np.delete(values, i).mean())] for i in range(len(values))])
    for interval in ("percentile", "bca"):
        ours = summarise(np.array([np.log(values.mean())]), draws, [left], interval, 0.95)
        # boot interpolates on the normal scale between the same two order statistics
        assert (ours.low[0], ours.high[0]) == pytest.approx(expected[interval], abs=5e-4)
