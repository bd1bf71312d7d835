"""A third trial, of another shape than CORE: what the engine must not take for granted.

Seven sites, totals of scales and no items, follow-up from discharge and not from randomisation, no
pilot, no workbook, three visits, and workers in the control arm who are named.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import core_trial as ct

SITES = ("Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Oak")
VISITS = ("week_6", "month_6", "month_12")
#: Days of follow-up from discharge.
YEAR = 365

TRIAL = ct.Trial(
    title="Housing support after discharge",
    name="HOME",
    participant="record",
    arm=ct.Arm("offer", control="leaflet", intervention="Housing support", control_label="Leaflet"),
    cluster=ct.Cluster("caseworker", label="caseworker"),
    strata=("site",),
    baseline=(
        "age",
        ct.Categories("tenure", "Tenure", {1: "Own home", 2: "Rented", 3: "None"}),
        ct.YesNo("employed", "In paid work", yes="Y", no="N"),
        ct.Number("debt", "Debt", unit="pounds", median=True),
    ),
    outcomes=(
        ct.Time(
            "days_housed",
            "Time to loss of housing",
            event="lost",
            limit=YEAR,
            origin="discharge",
            primary=True,
        ),
        ct.Binary("lost", "Loss of housing within 1 year", adjust=("site", "tenure")),
        *(ct.Score(f"wellbeing_{v}", baseline="wellbeing", better="higher") for v in VISITS),
        ct.Count("visits", "Emergency visits", model=ct.Using("zero_inflated_nb", inflation="1")),
    ),
    subgroups=("tenure",),
)


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
    return people
