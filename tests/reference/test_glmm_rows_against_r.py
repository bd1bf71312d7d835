"""Mixed models whose rows have offsets or exposures, or stand for several people, against glmer.

``make_glmm_rows.R`` made the sets ``rows_*`` from the data ``few_*``.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial.models import mixed_logistic, mixed_poisson

DATA = Path(__file__).parent / "data"
SETS = sorted(DATA.glob("rows_*.json"))
#: In standard errors, and relative: glmer's optimiser stops, and its Hessian is numeric.
COEFFICIENT, SD, STD_ERROR = 1e-4, 1e-4, 1e-3


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem[5:])
@pytest.mark.parametrize(
    ("name", "model", "formula", "settings"),
    [
        ("rate", mixed_poisson, "count ~ arm + psychosis", {"exposure": "years"}),
        ("offset", mixed_logistic, "event ~ arm + psychosis", {"offset": "lean"}),
        ("trials", mixed_logistic, "events ~ arm + psychosis", {"trials": "people"}),
        ("weights", mixed_logistic, "event ~ arm + psychosis", {"weights": "often"}),
    ],
)
def test_rows_that_are_more_than_rows(path, name, model, formula, settings):
    frame = pd.read_csv(DATA / f"few_{path.stem[5:]}.csv")
    frame["lean"] = frame["age"] / 2
    r = json.loads(path.read_text())[name]
    if name == "trials":
        by = frame.assign(people=1, events=frame["event"]).groupby(["cluster", "arm", "psychosis"])
        frame = by[["events", "people"]].sum().reset_index()
    fit = model(formula, frame, cluster="cluster", **settings)
    np.testing.assert_allclose((fit.beta - r["coef"]) / r["se"], 0, atol=COEFFICIENT)
    np.testing.assert_allclose(fit.std_error, r["se"], rtol=STD_ERROR)
    assert np.sqrt(fit.variance["cluster"]) == pytest.approx(r["sd"], abs=SD)
