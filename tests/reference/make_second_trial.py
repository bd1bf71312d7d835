"""A second trial of CORE's files, smaller, whose workers differ in every outcome of Table 2.

    python tests/reference/make_second_trial.py
    Rscript tests/reference/witness.R tests/reference/data/second_trial \
        > tests/reference/data/second_trial.witness.csv

In the bundled trial the primary row has no variance between workers, so that quadrature is never
asked there. Here half of the people of another seed are kept, and workers of one centre exchange
participants until those of one worker are more alike than chance in every row that has a variance.
"""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from core_trial.data.derive import derive
from core_trial.data.export import write
from core_trial.models.design import build
from core_trial.synthesis.people import codes
from core_trial.trials.core.generator.stages import synthesise
from core_trial.trials.core.words import FOLLOW_UPS, INSTRUMENTS

FOLDER = Path(__file__).parent / "data" / "second_trial"
SEED, KEPT, CALLED_OFF = 21, 0.5, 3000
ADJUSTED = "arm + psychosis + centre"
ROWS = {
    "readmitted": ADJUSTED,
    "cmht_contacts": f"{ADJUSTED} + cmht_contacts_baseline",
    **{
        f"{i.outcome}_{visit}": f"{ADJUSTED} + {i.outcome}_baseline"
        for i in INSTRUMENTS
        for visit in FOLLOW_UPS
    },
}


def keep(trial, rng):
    """Half of the participants of each arm; the screening counts what is left."""
    people = trial.participants
    chosen = people.groupby("arm", observed=True)["participant_id"].sample(
        frac=KEPT, random_state=rng
    )
    for name, frame in trial.tables.items():
        if "participant_id" in frame:
            rows = frame["participant_id"].isin(chosen)
            trial.tables[name] = frame[rows].reset_index(drop=True)
    screening = trial.tables["screening"]
    lost = len(people) - len(trial.tables["participants"])
    first = screening["step"] == "eligible"
    screening.loc[first | (screening["step"] == "screened"), "n"] -= lost


def residuals(people):
    """What the covariates leave of every outcome, in standard deviations; nan where not known."""
    found = {}
    for outcome, formula in ROWS.items():
        names = [outcome, *(n for n in formula.split(" + ") if n not in ("arm", "centre"))]
        frame = people[people[names].notna().all(axis=1)].astype(dict.fromkeys(names, float))
        X, y = build(formula, frame).X, frame[outcome].to_numpy()
        left = y - X @ np.linalg.lstsq(X, y)[0]
        found[outcome] = pd.Series(left / left.std(), frame.index)
    return pd.DataFrame(found, index=people.index)


def exchange(people, rng):
    """Workers such that the least of all rows' excess of likeness is as large as it gets."""
    treated = people.index[people["psw_id"].notna()]
    worker = codes(people.loc[treated, "psw_id"])
    stratum = (people["centre"].astype(str) + people["internal_pilot"].astype(str))[treated]
    left = residuals(people).loc[treated].fillna(0.0).to_numpy()
    stratum, best = stratum.to_numpy(), -np.inf
    for _ in range(CALLED_OFF):
        a = rng.integers(len(worker))
        b = rng.choice(np.flatnonzero(stratum == stratum[a]))
        worker[[a, b]] = worker[[b, a]]
        sums = np.zeros((worker.max() + 1, left.shape[1]))
        np.add.at(sums, worker, left)
        likeness = ((sums**2).sum(axis=0) - (left**2).sum(axis=0)).min()
        if likeness < best:
            worker[[a, b]] = worker[[b, a]]
        best = max(best, likeness)
    names = np.sort(people.loc[treated, "psw_id"].unique())
    return pd.Series(names[worker], treated)


def main():
    rng = np.random.default_rng(SEED)
    trial = synthesise(SEED).trial
    keep(trial, rng)
    workers = exchange(derive(trial).participants, rng)
    participants = trial.tables["participants"]
    participants.loc[workers.index, "psw_id"] = workers.astype(participants["psw_id"].dtype)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    write(trial, FOLDER)


if __name__ == "__main__":
    main()
