"""Formula and frame to design at a million rows, beside the linear fit of that design."""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from bench import timing
from bench.report import Row, tell
from core_trial.models.design import build, clusters
from core_trial.models.linear.mixed_linear import fit_mixed_linear

ROWS, WORKERS = 1_000_000, 10_000
FORMULA = "score ~ arm + baseline + centre"


def frame() -> pd.DataFrame:
    """A million participants, with categories as a file's reader leaves them."""
    rng = np.random.default_rng(1)
    arm = np.arange(ROWS) % 2
    worker = rng.integers(0, WORKERS, ROWS)
    score = 50 + arm + rng.standard_normal(WORKERS)[worker] + rng.normal(0, 5, ROWS)
    return pd.DataFrame(
        {
            "arm": pd.Categorical.from_codes(arm, ["usual", "new"]),
            "baseline": rng.normal(50, 10, ROWS),
            "centre": pd.Categorical.from_codes(rng.integers(0, 6, ROWS), list("ABCDEF")),
            "worker": pd.Categorical.from_codes(worker, np.char.mod("w%d", np.arange(WORKERS))),
            "score": score,
        }
    )


def main() -> list[Row]:
    """Interleaved, three times each."""
    people = frame()
    design, members = build(FORMULA, people), clusters(people, "worker")
    taken = timing.compare(
        {
            "design": lambda: (build(FORMULA, people), clusters(people, "worker")),
            "fit": lambda: fit_mixed_linear(design, members),
        },
        repeats=5,
        limit=20,
        clock=time.process_time,
    )
    taken.show("fit")
    share = taken.ratio("design", "fit")
    told = f"{share:.2f} times ({taken.median('design'):.2f} s)"
    return tell(
        [Row("design from formula and frame, 1,000,000 rows", "the linear fit", told, share)]
    )


if __name__ == "__main__":
    sys.exit(main() is None)
