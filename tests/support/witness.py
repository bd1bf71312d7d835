"""What ``tests/reference/witness.R`` found in a folder of CORE's files."""

import csv
from pathlib import Path

from core_trial.results import Key

DATA = Path(__file__).parents[1] / "reference" / "data"


def witnessed(name):
    """Every number of R's raw output, by its name."""
    lines = [line for line in lines_of(name) if not line.startswith("#")]
    return {
        Key(row["analysis"], row["statistic"], row["arm"], row["level"]): float(row["value"])
        for row in csv.DictReader(lines)
    }


def lines_of(name):
    return (DATA / name).read_text(encoding="utf-8").splitlines()
