"""Run every benchmark of this folder, or those named, each in a process of its own.

A process of its own keeps one benchmark's memory out of the next one's peak.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(names: list[str]) -> int:
    every = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    failed = 0
    for name in names or every:
        stem = name.removeprefix("bench_")
        print(f"\n== {stem} ==", flush=True)
        failed |= subprocess.run(
            [sys.executable, "-m", f"bench.bench_{stem}"], check=False
        ).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
