"""Time and memory that the analysis of a frame takes, from its declaration to the records.

``python -m bench.bench_analyse 441 100000`` for frames of so many participants, with fifteen
outcomes and a worker for every ten participants of one arm.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

import core_trial as ct
from bench import report
from bench.report import Row, tell

SIZES = (441, 100_000)
#: Seconds and gigabytes asked of each size.
ASKED: dict[int, tuple[float, float | None]] = {441: (1.5, None), 100_000: (60, 4)}
SCORES = 12
#: Participants of a worker.
CASELOAD = 10


def trial() -> ct.Trial:
    """Fifteen outcomes of all kinds."""
    scores = (ct.Score(f"score_{k}", baseline=f"before_{k}") for k in range(SCORES))
    return ct.Trial(
        title="Benchmark",
        participant="id",
        arm=ct.Arm("arm", control="usual", intervention="new"),
        cluster=ct.Cluster("worker"),
        strata=("site",),
        baseline=("age", "sex"),
        outcomes=(
            ct.Binary("event", primary=True),
            ct.Time("days", event="event"),
            ct.Count("visits"),
            *scores,
        ),
    )


def frame(n: int) -> pd.DataFrame:
    """Participants of it, every tenth score missing."""
    rng = np.random.default_rng(1)
    treated = np.arange(n) % 2 == 0
    worker = np.char.mod("w%d", rng.integers(0, max(2, n // 2 // CASELOAD), n))
    event = rng.random(n) < 0.4
    columns = {
        "id": np.arange(n),
        "arm": np.where(treated, "new", "usual"),
        "worker": pd.Series(worker, dtype=object).where(treated),
        "site": rng.choice(list("abcdefg"), n),
        "age": rng.integers(18, 80, n),
        "sex": rng.choice(["f", "m"], n),
        "event": event,
        "days": np.where(event, rng.integers(1, 365, n), 365),
        "visits": rng.negative_binomial(1, 0.1, n),
    }
    for k in range(SCORES):
        before = rng.normal(50, 10, n).round()
        after = (20 + 0.6 * before + rng.normal(0, 8, n)).round()
        columns |= {f"before_{k}": before, f"score_{k}": np.where(rng.random(n) < 0.1, None, after)}
    return pd.DataFrame(columns)


def main(sizes: list[int]) -> int:
    """Analyse each size once the library is loaded; seconds of the processor, peak memory."""
    declared = trial()
    ct.analyse(declared, frame(120))
    for n in sizes:
        people = frame(n)
        start = time.process_time()
        study = ct.analyse(declared, people)
        seconds = time.process_time() - start
        print(f"{n:>8} participants: {seconds:6.1f} s, {len(study.results)} records")
        what, (asked, memory) = f"ct.analyse of {n:,} with 15 outcomes", ASKED.get(n, (None, None))
        if asked is not None:
            told = f"{seconds:.2f} s of processor"
            tell([Row(what, f"under {asked:g} s after imports", told, seconds / asked)])
        if memory is not None:
            gb = report.peak()
            tell([Row(f"{what}, memory", f"{memory:g} GB", f"{gb:.2f} GB", gb / memory)])
    return 0


if __name__ == "__main__":
    sys.exit(main([int(n) for n in sys.argv[1:]] or list(SIZES)))
