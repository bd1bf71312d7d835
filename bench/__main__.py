"""Run every benchmark of this folder, or those named, each in a process of its own.

A process of its own keeps one benchmark's memory out of the next one's peak. A run of all writes
``docs/performance.md``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import report

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def main(names: list[str]) -> int:
    every = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.jsonl"
        failed = max(_run(name.removeprefix("bench_"), rows) for name in names or every)
        if not names:
            PAGE.write_text(report.page(report.read(rows)), encoding="utf-8", newline="\n")
    return failed


def _run(stem: str, rows: Path) -> int:
    print(f"\n== {stem} ==", flush=True)
    command = [sys.executable, "-m", f"bench.bench_{stem}"]
    return subprocess.run(
        command, check=False, env=os.environ | {report.ROWS: str(rows)}
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
