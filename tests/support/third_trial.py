"""A third trial, of another shape than CORE: what the engine must not take for granted.

Seven sites, totals of scales and no items, follow-up from discharge and not from randomisation, no
pilot, no workbook, three visits, and workers in the control arm who are named.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import core_trial as ct
from core_trial.trials.find import find

#: Words that only CORE has.
CORES_WORDS = re.compile(
    r"peer support|psw|readmi|crisis|workbook|month_4|month_18|pilot|psychosis", re.IGNORECASE
)

SITES = ("Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Oak")
VISITS = ("week_6", "month_6", "month_12")
#: Days of follow-up from discharge.
YEAR = 365

#: The declaration with its files, as a user would write it.
DECLARED = Path(__file__).with_name("home_trial") / "trial.py"
#: The same trial as one frame: with names as declared, and without files and paper.
TRIAL = replace(find(DECLARED), files=None, columns=ct.ColumnMap(), registry=None)


def frame(n: int = 210, seed: int = 3) -> pd.DataFrame:
    """Participants of the trial; those randomised late are still followed up."""
    rng = np.random.default_rng(seed)
    treated = rng.permutation(np.arange(n) % 2 == 0)
    site = rng.integers(0, len(SITES), n)
    side, each = np.where(treated, "H", "L"), rng.integers(0, 2, n)
    worker = [f"{a}{s}{k}" for a, s, k in zip(side, site, each, strict=True)]
    latent = rng.exponential(500 * np.exp(0.3 * treated))
    followed = np.minimum(YEAR, rng.integers(200, 700, n))
    before = np.round(rng.normal(50, 10, n))
    people = pd.DataFrame(
        {
            "record": [f"R{k:04d}" for k in rng.permutation(n)],
            "offer": np.where(treated, "Housing support", "leaflet"),
            "caseworker": worker,
            "site": np.array(SITES)[site],
            "age": rng.integers(18, 80, n),
            "tenure": rng.integers(1, 4, n),
            "employed": rng.choice(["Y", "N"], n),
            "debt": np.round(rng.gamma(1.0, 900.0, n)),
            "lost": latent < followed,
            "days_housed": np.ceil(np.minimum(latent, followed)),
            "wellbeing": before,
            "visits": rng.negative_binomial(1, 0.3, n) * (rng.random(n) < 0.6),
        }
    )
    for k, visit in enumerate(VISITS):
        score = 20 + 0.6 * before + 2 * treated + rng.normal(0, 8, n)
        missing = rng.random(n) < 0.08 * (k + 1)
        people[f"wellbeing_{visit}"] = pd.Series(np.round(score)).mask(missing)
    people.loc[rng.random(n) < 0.05, "caseworker"] = None
    people.loc[rng.random(n) < 0.05, "debt"] = None
    return people


def write(folder: Path, people: pd.DataFrame) -> None:
    """The same participants as three CSV files, with the declaration beside them."""
    folder.mkdir()
    shutil.copy(DECLARED, folder)
    rng = np.random.default_rng(1)
    out = people.rename(columns={"record": "record_id", "offer": "arm_code"})
    out["arm_code"] = (people["offer"] == "Housing support").astype(int)
    discharged = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, len(out)), "D")
    end = discharged + pd.to_timedelta(people["days_housed"].to_numpy(), "D")
    out["discharged_on"] = discharged.strftime("%Y-%m-%d")
    later = pd.to_timedelta(np.where(people["lost"], 30, 0), "D")
    out["last_seen_on"] = (end + later).strftime("%Y-%m-%d")
    held = ["record_id", "arm_code", "caseworker", "site", "age", "tenure", "employed", "debt"]
    days = ["discharged_on", "last_seen_on", "visits"]
    out["debt"] = out["debt"].fillna(-9)
    _csv(out[held + days], folder / "participants.csv")
    _csv(_interviews(out), folder / "interviews.csv")
    losses = pd.DataFrame({"record_id": out["record_id"], "lost_on": end.strftime("%Y-%m-%d")})
    _csv(losses[people["lost"].to_numpy()], folder / "losses.csv")


def _interviews(out: pd.DataFrame) -> pd.DataFrame:
    """A row for each interview; a total that is not known is -9 at one visit, 999 at another."""
    rows = []
    for visit, code in (("before", None), ("week_6", -9), ("month_6", 999), ("month_12", None)):
        name = "wellbeing" if visit == "before" else f"wellbeing_{visit}"
        totals = out[name].astype(object).where(out[name].notna(), code)
        rows.append(pd.DataFrame({"record_id": out["record_id"], "visit": visit, "total": totals}))
    found = pd.concat(rows).rename(columns={"total": "wellbeing"})
    return found[found["wellbeing"].notna()].sample(frac=1, random_state=2)


def _csv(frame: pd.DataFrame, path: Path) -> None:
    """Whole numbers without a decimal point, blanks for what is missing."""
    texts = {name: [_text(value) for value in frame[name].astype(object)] for name in frame}
    pd.DataFrame(texts).to_csv(path, index=False, lineterminator="\n")


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)
