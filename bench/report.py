"""Rows of what was asked and what was measured, and the page that is made of them."""

from __future__ import annotations

import json
import math
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

#: Environment variable with the file in which a whole run collects its rows.
ROWS = "CORE_TRIAL_BENCH_ROWS"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    what
        What was timed.
    asked, measured
        In words, with units.
    share
        Measured over asked, where less is better: 1 or less is met.
    why
        What stands in the way, where it is not met.
    """

    what: str
    asked: str
    measured: str
    share: float
    why: str = ""

    @classmethod
    def times_as_fast(cls, what: str, peer: str, asked: float, measured: float) -> Row:
        """How many times as long a peer takes; ``nan`` where it is not installed."""
        if math.isnan(measured):
            told = f"not measured: {peer} is not installed"
            return cls(what, f"{asked:g} times as fast as {peer}", told, math.inf)
        return cls(
            what, f"{asked:g} times as fast as {peer}", f"{measured:.1f} times", asked / measured
        )

    @property
    def met(self) -> bool:
        """Whether it is what was asked."""
        return self.share <= 1

    @property
    def missed(self) -> str:
        """By how much it misses; blank where it does not."""
        if math.isinf(self.share):
            return "not measured"
        return "" if self.met else f"{100 * (self.share - 1):.0f}%"

    def __str__(self) -> str:
        verdict = "met" if self.met else f"misses by {self.missed}"
        return f"{self.what}: {self.measured} (asked: {self.asked}; {verdict})"


@dataclass(frozen=True)
class Took:
    """Seconds by the clock and of the processor, and peak memory, of a process."""

    seconds: float
    processor: float
    gigabytes: float


def child(code: str, *arguments: str) -> Took:
    """Run Python code in a process of its own.

    Raises
    ------
    RuntimeError
        When the process fails in another way than by a verdict (exit code 6).
    """
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 6):
        raise RuntimeError(f"exit code {process.returncode}")
    return Took(
        time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20
    )


def peak() -> float:
    """Peak memory of this process, in gigabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def tell(rows: Iterable[Row]) -> list[Row]:
    """Print rows, and keep them where the whole run collects them."""
    found = list(rows)
    for row in found:
        print(f"  {row}", flush=True)
    if path := os.environ.get(ROWS):
        keep(found, Path(path))
    return found


def keep(rows: Iterable[Row], path: Path) -> None:
    """Add rows to a file of them, one JSON object a line."""
    with path.open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(asdict(row)) + "\n" for row in rows)


def read(path: Path) -> list[Row]:
    """The rows of a file, the last of each name."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    found = {row.what: row for row in (Row(**json.loads(line)) for line in lines)}
    return list(found.values())


def machine() -> str:
    """The machine in words, and how busy it was."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{_processor()}, {cores} cores, {memory:.0f} GB; {platform.system()}, "
        f"Python {platform.python_version()}; {load:.1f} processes were running at the end"
    )


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (path.read_text() if path.exists() else "").splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


HEAD = """# Performance

What was asked of the speed and memory of the library, and what one run of `make bench` measured.
Ratios are of medians of interleaved runs, so that a slow spell of the machine touches both sides.
Seconds of whole commands are those of the processor, all in one process: on an idle machine they
are those of the clock.
This page is written by that command; nobody edits it.

"""


def page(rows: Iterable[Row]) -> str:
    """The page, in Markdown."""
    lines = ["| | asked | measured | misses by | why |", "|---|---|---|---|---|"]
    lines += [
        f"| {r.what} | {r.asked} | {r.measured} | {r.missed} | {'' if r.met else r.why} |"
        for r in rows
    ]
    return f"{HEAD}Measured on: {machine()}.\n\n" + "\n".join(lines) + "\n"
