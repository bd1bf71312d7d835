"""Timings that survive a shared machine: interleaved, repeated, medians, and told as ratios."""

from __future__ import annotations

import math
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

#: Read a line, run once, answer; the time is taken by the caller, so that all clocks are the same.
R_LOOP = """
.stream <- file("stdin", "r")
cat("ready\\n")
while (length(.line <- readLines(.stream, 1)) == 1) {
    suppressMessages(suppressWarnings(run()))
    cat("done\\n")
}
"""


Clock = Callable[[], float]
#: Seconds for which a function is called, again and again if it is fast, when its turn comes.
TURN = 0.02


@dataclass(frozen=True)
class Timings:
    """Seconds of each repeat, by name, in the order in which they were given."""

    seconds: Mapping[str, tuple[float, ...]]

    def median(self, name: str) -> float:
        """Median seconds."""
        return statistics.median(self.seconds[name])

    def ratio(self, other: str, own: str) -> float:
        """How many times as long `other` takes as `own`."""
        return self.median(other) / self.median(own)

    def times_as_fast(self, other: str, own: str) -> float:
        """As `ratio`, ``nan`` where the other one was not there to be timed."""
        return self.ratio(other, own) if other in self.seconds else math.nan

    def show(self, own: str) -> None:
        """Print medians, and ratios to `own`."""
        width = max(map(len, self.seconds))
        for name, seconds in self.seconds.items():
            ratio = "" if name == own else f"{self.ratio(name, own):8.1f} x"
            line = f"  {name:<{width}}  {1e3 * self.median(name):10.2f} ms {ratio:>10}"
            print(f"{line}  ({len(seconds)} repeats)", flush=True)


def compare(
    callables: Mapping[str, Callable[[], object]],
    *,
    repeats: int = 21,
    limit: float = 5.0,
    clock: Clock = time.perf_counter,
) -> Timings:
    """Time functions against one another, in turns.

    Parameters
    ----------
    callables
        What to time, by name; each is called once beforehand.
    repeats
        Rounds; in each every function has a turn of `TURN` seconds at least, and its time is that
        of a call: a fast one is not charged for finding the caches full of a slow one's data.
    limit
        A function that has used this many seconds sits out the remaining rounds, three at least
        done.
    clock
        What tells the time; `time.process_time` where everything runs in this process, and others
        are at work on the machine.
    """
    seconds: dict[str, list[float]] = {name: [] for name in callables}
    used = dict.fromkeys(callables, 0.0)
    for run in callables.values():
        run()
    for _ in range(repeats):
        for name, run in callables.items():
            taken = seconds[name]
            if len(taken) < 3 or used[name] < limit:
                calls, spent = _turn(run, clock)
                taken.append(spent / calls)
                used[name] += spent
    return Timings({name: tuple(taken) for name, taken in seconds.items()})


def _turn(run: Callable[[], object], clock: Clock) -> tuple[int, float]:
    """Call a function until a turn is over: how many calls, and how many seconds in all."""
    start, calls, spent = clock(), 0, 0.0
    while spent < TURN:
        run()
        calls += 1
        spent = clock() - start
    return calls, spent


class R:
    """An R process that runs one expression each time it is called; a context manager.

    Parameters
    ----------
    code
        R code that defines a function ``run()``.
    """

    def __init__(self, code: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        script = Path(self._folder.name) / "run.R"
        script.write_text(code + R_LOOP)
        self._process = subprocess.Popen(
            ["Rscript", "--vanilla", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    @staticmethod
    def available(*packages: str) -> bool:
        """Whether R is installed, with these packages."""
        if shutil.which("Rscript") is None:
            return False
        quoted = ", ".join(f"'{name}'" for name in packages)
        code = f"quit(status = !all(c({quoted}) %in% rownames(installed.packages())))"
        return subprocess.run(["Rscript", "-e", code], capture_output=True).returncode == 0

    def __enter__(self) -> Self:
        self._expect("ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def __call__(self) -> None:
        """Run once."""
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        self._expect("done")

    def _expect(self, word: str) -> None:
        for line in self._process.stdout:
            if line.strip() == word:
                return
        raise RuntimeError("R stopped before it was done")
