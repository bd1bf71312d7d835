"""The whole report, files to last page, of trials as large as registries.

The folders repeat the bundled trial's files with new identifiers, so that every rule of the files
is met. ``python -m bench.bench_whole 23 227`` for so many copies with workers of their own.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.report import Row, child, tell
from core_trial.pipeline import bundled

#: Files with a row for people or their records, and the columns that name somebody or something.
NAMES = ("participant_id", "psw_id", "event_id")


@dataclass(frozen=True)
class Asked:
    """A size of trial, and what was asked of it.

    Parameters
    ----------
    copies
        How often the bundled trial is repeated.
    own_workers
        Copies that have workers of their own; the others share them in turn.
    seconds, gigabytes
        What was asked at most; seconds are those of an idle processor.
    """

    copies: int
    own_workers: int
    seconds: float
    gigabytes: float

    @property
    def title(self) -> str:
        """Participants and workers, in words."""
        return f"{441 * self.copies:,} participants with {41 * self.own_workers:,} workers"


SIZES = (
    Asked(23, 23, 60, 0.6),
    Asked(227, 1, 75, 1.0),
    Asked(227, 122, 150, 1.0),
)
#: The largest; it is run when asked for by name, ``million``.
MILLION = Asked(2268, 1, 720, 8.0)


def make(folder: Path, copies: int, own_workers: int) -> None:
    """Write the bundled trial so many times over."""
    for source in bundled().glob("*.csv"):
        frame = pd.read_csv(source, dtype=str, keep_default_na=False)
        with (folder / source.name).open("w", encoding="utf-8", newline="") as stream:
            if source.stem == "screening":
                frame = _screening(frame, copies)
                frame.to_csv(stream, index=False, lineterminator="\n")
                continue
            for k in range(copies):
                _copy(frame, k, own_workers).to_csv(
                    stream, index=False, header=k == 0, lineterminator="\n"
                )


def _copy(frame: pd.DataFrame, k: int, own_workers: int) -> pd.DataFrame:
    changed = {}
    for name in set(NAMES) & set(frame.columns):
        number = k % own_workers if name == "psw_id" else k
        changed[name] = frame[name].where(frame[name] == "", frame[name] + f"-{number}")
    return frame.assign(**changed)


def _screening(frame: pd.DataFrame, copies: int) -> pd.DataFrame:
    """Counts of people, as many times as large."""
    column = frame.columns[-1]
    return frame.assign(**{column: (frame[column].astype(int) * copies).astype(str)})


CODE = """
import sys
from core_trial.cli import main
sys.exit(main(["reproduce", sys.argv[1], "--out", sys.argv[2], "--quiet"]))
"""


def measure(asked: Asked) -> list[Row]:
    """The command, start to last file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "trial"
        folder.mkdir()
        make(folder, asked.copies, asked.own_workers)
        took = child(CODE, str(folder), str(Path(name) / "out"))
    title = f"whole report, {asked.title}"
    told = f"{took.processor:.0f} s of processor ({took.seconds:.0f} s by the clock)"
    return [
        Row(title, f"under {asked.seconds:g} s", told, took.processor / asked.seconds),
        Row(
            f"{title}, memory",
            f"{asked.gigabytes:g} GB",
            f"{took.gigabytes:.2f} GB",
            took.gigabytes / asked.gigabytes,
        ),
    ]


def main(names: list[str]) -> list[Row]:
    """Every size, or those that are named by their copies."""
    chosen = [s for s in SIZES if not names or str(s.copies) in names]
    chosen += [MILLION] * ("million" in names)
    return [row for asked in chosen for row in tell(measure(asked))]


if __name__ == "__main__":
    main(sys.argv[1:])
