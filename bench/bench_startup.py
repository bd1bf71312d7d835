"""What it costs to import the package, and to run the main command from start to last file."""

from __future__ import annotations

import statistics
import sys
import tempfile

from bench.report import Row, child, tell

REPEATS = 5
COMMAND = """
import sys
from core_trial.cli import main
sys.exit(main(["reproduce", "--quiet", *sys.argv[1:]]))
"""
CODE = {
    "pandas": "import pandas",
    "both": "import pandas, core_trial",
    "stack": "import pandas, scipy.stats, matplotlib.pyplot",
    "reproduce": COMMAND,
    "suppressed": COMMAND,
}


def medians(folder: str) -> dict[str, float]:
    """Median seconds of the processor, interleaved: a slow spell touches all alike."""
    arguments = {
        "reproduce": ("--out", f"{folder}/out"),
        "suppressed": ("--out", f"{folder}/safe", "--suppress-below", "8"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in CODE}
    for _ in range(REPEATS):
        for name, code in CODE.items():
            seconds[name].append(child(code, *arguments.get(name, ())).processor)
    return {name: statistics.median(values) for name, values in seconds.items()}


def main() -> list[Row]:
    """Time, and tell what was asked."""
    with tempfile.TemporaryDirectory() as folder:
        median = medians(folder)
    extra = median["both"] - median["pandas"]
    times = median["reproduce"] / median["stack"]
    more = median["suppressed"] - median["reproduce"]
    why = "leave-one-out fits and models of missing data, half of the time, are exact"
    return tell(
        [
            Row("import core_trial beside pandas", "at most 0.2 s", f"{extra:+.2f} s", extra / 0.2),
            Row(
                "core-trial reproduce on the bundled trial",
                "3 times the imports of pandas, scipy.stats and matplotlib (4 with all else)",
                f"{times:.1f} times ({median['reproduce']:.1f} s)",
                times / 3,
                why,
            ),
            Row("--suppress-below beside it", "at most 2 s", f"{more:+.1f} s", more / 2),
        ]
    )


if __name__ == "__main__":
    sys.exit(main() is None)
