"""How often a true null is rejected at 5 % with few clusters in one arm: models of times to events.

    python -m studies.survival_few_clusters 500

prints the table of docs/methods/survival_few_clusters.md. Workers with log frailties of standard
deviation 0.5 in one arm, as many people on their own, with frailties alike, in the other; events
at a rate of 0.003 a day, a competing event at 0.001, follow-up of 365 days.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from core_trial import models
from core_trial.errors import DesignError

SD, RATE, OTHER, END = 0.5, 0.003, 0.001, 365
DESIGNS = {
    "1 of 40": [40],
    "2 of 40": [40] * 2,
    "3 of 20": [20] * 3,
    "5 of 20": [20] * 5,
    "10 of 10": [10] * 10,
    "5 unequal": [60, 20, 10, 5, 5],
    "8 unequal": [40, 30, 20, 10, 5, 5, 3, 2],
    "20 of 5": [5] * 20,
}


def trial(rng: np.random.Generator, sizes: list[int]) -> pd.DataFrame:
    """One row per participant, with the times of all events, and of the first of two kinds."""
    worker = np.repeat(np.arange(len(sizes)), sizes)
    m = len(worker)
    z = SD * np.concatenate([rng.standard_normal(len(sizes))[worker], rng.standard_normal(m)])
    first = rng.exponential(1 / (RATE * np.exp(z)))
    other = rng.exponential(1 / OTHER, 2 * m)
    time = np.ceil(np.minimum(np.minimum(first, other), END))
    cause = np.where(np.minimum(first, other) > END, 0, np.where(first < other, 1, 2))
    return pd.DataFrame(
        {
            "id": np.arange(2 * m),
            "arm": np.repeat([1, 0], m),
            "worker": np.concatenate([worker, len(sizes) + np.arange(m)]),
            "time": np.minimum(np.ceil(first), END),
            "event": (first <= END).astype(int),
            "first": time,
            "cause": cause,
            "z": z,
        }
    )


def recurring(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows from event to event of the same people."""
    rows = []
    for person in frame.itertuples():
        start = 0.0
        while start < END:
            stop = start + np.ceil(rng.exponential(1 / (RATE * np.exp(person.z))))
            rows.append((person.arm, person.worker, start, min(stop, END), int(stop <= END)))
            start = stop
    return pd.DataFrame(rows, columns=["arm", "worker", "start", "stop", "event"])


def p_values(rng: np.random.Generator, sizes: list[int], inference: str | None) -> dict[str, float]:
    """The arm's p-value in each model."""
    frame = trial(rng, sizes)
    rows = recurring(rng, frame)
    common = {"cluster": "worker", "inference": inference}
    times = {"time": "time", "event": "event"}
    calls: Mapping[str, Callable[[], float]] = {
        "Cox": lambda: models.cox("arm", frame, **times, **common).effect("arm").p_value,
        "LWYY": lambda: (
            models.cox("arm", rows, time="stop", event="event", entry="start", **common)
            .effect("arm")
            .p_value
        ),
        "Fine-Gray": lambda: (
            models.fine_gray("arm", frame, time="first", event="cause", cause=1, **common)
            .effect("arm")
            .p_value
        ),
        "restricted mean": lambda: (
            models.restricted_mean(frame, **times, by="arm", limit=300, **common)
            .differences["1"]
            .p_value
        ),
    }
    return {name: call() for name, call in calls.items()}


def main(replicates: int) -> None:
    """Print the share of trials in which each model rejects, in percent."""
    print("| workers | " + " | ".join(["Cox", "LWYY", "Fine-Gray", "restricted mean"]) + " |")
    for name, sizes in DESIGNS.items():
        for inference in ("sandwich", None):
            try:
                found = [
                    p_values(np.random.default_rng([seed, len(sizes)]), sizes, inference)
                    for seed in range(replicates)
                ]
            except DesignError:
                print(f"| {name}, {inference or 'default'} | refused |", flush=True)
                continue
            share = (pd.DataFrame(found) < 0.05).mean() * 100
            cells = " | ".join(f"{value:.1f}" for value in share)
            print(f"| {name}, {inference or 'default'} | {cells} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
