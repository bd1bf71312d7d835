"""What it costs to import the package, and to run the main command from start to last file."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = Path(sys.executable).with_name("core-trial")
REPEATS = 5


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def python(code: str) -> float:
    return seconds(sys.executable, "-c", code)


def reproduce(folder: str) -> float:
    return seconds(str(COMMAND), "reproduce", "--out", f"{folder}/out", "--quiet")


def main() -> None:
    """Interleaved, so that a slow spell of the machine touches all alike."""
    rows: dict[str, list[float]] = {"pandas": [], "both": [], "stack": [], "reproduce": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(REPEATS):
            rows["pandas"].append(python("import pandas"))
            rows["both"].append(python("import pandas, core_trial"))
            rows["stack"].append(python("import pandas, scipy.stats, matplotlib.pyplot"))
            rows["reproduce"].append(reproduce(folder))
    median = {name: statistics.median(values) for name, values in rows.items()}
    extra = median["both"] - median["pandas"]
    ratio = median["reproduce"] / median["stack"]
    print(f"import core_trial beside pandas: {extra:+.3f} s (asked: at most 0.2 s)")
    print(
        f"core-trial reproduce: {median['reproduce']:.2f} s, {ratio:.1f} times the imports of "
        f"pandas, scipy.stats and matplotlib.pyplot (asked: at most 4)"
    )


if __name__ == "__main__":
    main()
