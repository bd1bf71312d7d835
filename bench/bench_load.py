"""Time and memory that loading takes, on a folder of any size made for the purpose.

``python bench/bench_load.py 1000000`` for a million participants. Each load runs in a process of
its own, so that the peak memory is that of the load alone.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core_trial.data.export import template
from core_trial.trials.core.tables import TABLES
from core_trial.trials.core.words import INSTRUMENTS

#: Participants of the CORE trial, and its interviews and sessions per participant.
CORE = 441


def make(folder: Path, n: int) -> None:
    """Write a valid folder of n participants, in the proportions of the CORE trial."""
    template(folder)
    rng = np.random.default_rng(2018)
    arm = np.arange(n) % 2
    ids = np.char.mod("P%08d", np.arange(n))
    day = np.datetime64("2014-03-12") + rng.integers(0, 480, n)
    months = {"baseline": (np.ones(n, bool), -2), "month_4": (rng.random(n) < 344 / CORE, 122)}
    months["month_18"] = (rng.random(n) < 255 / CORE, 548)
    _participants(folder, ids, arm, day, rng)
    _episodes(folder, ids, day, rng)
    _interviews(folder, ids, day, months, rng)
    contacts = [np.char.mod("%d", rng.integers(0, 40, n)) for _ in range(2)]
    _write(folder, "service_use", [ids, *contacts])
    _sessions(folder, ids[arm == 1], day[arm == 1], rng)
    asked = months["month_4"][0]
    answers = [rng.choice(["yes", "no", ""], asked.sum()) for _ in range(5)]
    _write(folder, "workbook", [ids[asked], *answers])
    some = rng.choice(n, max(1, n * 71 // CORE), replace=False)
    events = np.char.mod("E%08d", np.arange(len(some)))
    category = np.full(len(some), "readmission")
    _write(folder, "adverse_events", [events, ids[some], day[some] + 60, category, _no(len(some))])
    people = np.char.mod("%d", [n * 7, n * 4])
    _write(folder, "screening", [["screened", "eligible"], ["", ""], people])


def _no(n: int) -> np.ndarray:
    return np.full(n, "no")


def _participants(folder, ids, arm, day, rng) -> None:
    n = len(ids)
    centre = np.arange(n) // 2 % 6
    worker = np.char.mod("W%d", centre + 6 * rng.integers(0, max(1, n // 48), n))
    table = TABLES[0]
    columns = [
        ids,
        np.array(list("ABCDEF"))[centre],
        np.array(["control", "intervention"])[arm],
        np.where(arm == 1, worker, ""),
        day,
        _no(n),
        np.full(n, "yes"),
        rng.choice(["yes", "no"], n),
        rng.choice(["male", "female"], n),
        np.char.mod("%d", rng.integers(18, 80, n)),
    ]
    for column in table.columns[10:]:
        codes = [*getattr(column.kind, "labels", ("yes", "no")), ""]
        columns.append(rng.choice(codes, n))
    _write(folder, "participants", columns)


def _episodes(folder, ids, day, rng) -> None:
    """An index episode for everybody, a later one for every third."""
    n = len(ids)
    again = np.flatnonzero(rng.random(n) < 1 / 3)
    start = day[again] + rng.integers(20, 380, len(again))
    columns = [
        np.concatenate([ids, ids[again]]),
        rng.choice(["inpatient_ward", "crisis_resolution_team"], n + len(again)),
        np.concatenate([np.full(n, "yes"), _no(len(again))]),
        np.concatenate([day - rng.integers(20, 60, n), start]),
        np.concatenate([day + rng.integers(-10, 15, n), start + rng.integers(0, 60, len(again))]),
    ]
    _write(folder, "acute_episodes", columns)


def _interviews(folder, ids, day, months, rng) -> None:
    """Items are single digits, so the text can be laid out as a matrix of bytes."""
    lows = np.array([s.low for s in INSTRUMENTS for _ in s.columns])
    highs = np.array([s.high for s in INSTRUMENTS for _ in s.columns])
    with (folder / "questionnaires.csv").open("ab") as stream:
        stream.truncate(_end_of_header(folder / "questionnaires.csv"))
        for visit, (held, after) in months.items():
            dates = (day[held] + after).astype("datetime64[D]").astype("S10")
            lead = np.char.add(np.char.add(ids[held].astype("S9"), f",{visit},".encode()), dates)
            for start in range(0, len(lead), 50_000):
                part = lead[start : start + 50_000]
                stream.write(_item_bytes(part, lows, highs, rng))


def _item_bytes(lead, lows, highs, rng) -> bytes:
    items = rng.integers(lows, highs + 1, (len(lead), len(lows))).astype(np.uint8) + ord("0")
    cells = np.full((len(lead), 2 * len(lows)), ord(","), dtype=np.uint8)
    cells[:, 1::2] = items
    width = lead.dtype.itemsize
    text = np.frombuffer(lead.tobytes(), dtype=np.uint8).reshape(len(lead), width)
    end = np.full((len(lead), 1), ord("\n"), dtype=np.uint8)
    return np.hstack([text, cells, end]).tobytes()


def _sessions(folder, ids, day, rng) -> None:
    number = np.tile(np.arange(1, 11), len(ids))
    person = np.repeat(np.arange(len(ids)), 10)
    attended = rng.choice(["yes", "no"], len(person))
    dates = day[person] + 7 * number
    _write(folder, "sessions", [ids[person], np.char.mod("%d", number), dates, attended])


def _end_of_header(path: Path) -> int:
    return path.read_bytes().index(b"\n") + 1


def _write(folder: Path, name: str, columns) -> None:
    """Replace the example row of a file."""
    path = folder / f"{name}.csv"
    header = path.read_bytes()[: _end_of_header(path)]
    with path.open("wb") as stream:
        stream.write(header)
        for start in range(0, len(columns[0]), 100_000):
            block = [np.asarray(c[start : start + 100_000]).astype(str) for c in columns]
            stream.write("".join(",".join(row) + "\n" for row in zip(*block, strict=True)).encode())


def measure(folder: Path) -> str:
    """Seconds by the clock and of the processor, and peak memory, of one load."""
    from core_trial.data.derive import derive
    from core_trial.errors import DataError
    from core_trial.pipeline import load

    begun = _now()
    try:
        trial = load(folder)
    except DataError as error:
        return f"refused in {_seconds(begun)}, {len(error.faults)} faults, {_peak():.2f} GB"
    loading, begun = _seconds(begun), _now()
    derive(trial)
    return f"load {loading}, derive {_seconds(begun)}, {_peak():.2f} GB at most"


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _seconds(begun: tuple[float, float]) -> str:
    clock, processor = (now - then for now, then in zip(_now(), begun, strict=True))
    return f"{clock:.2f} s ({processor:.2f} s of processor)"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def damage(folder: Path) -> None:
    """An item out of range in the last line, and a short row in the middle of a file."""
    path = folder / "questionnaires.csv"
    with path.open("r+b") as stream:
        stream.seek(-2, 2)
        stream.write(b"9")
    path = folder / "acute_episodes.csv"
    text = path.read_bytes()
    middle = text.index(b"\n", len(text) // 2)
    path.write_bytes(text[: middle + 1] + b"P00000000,short\n" + text[middle + 1 :])


def main(sizes: Sequence[int] = (441, 100_000)) -> None:
    """Make, load, damage and load again."""
    for n in sizes:
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), n)
            print(f"{n:>9,} participants: {_in_a_process(name)}", flush=True)
            damage(Path(name))
            print(f"{'':>9} the same, damaged: {_in_a_process(name)}", flush=True)


def _in_a_process(folder: str) -> str:
    command = [sys.executable, __file__, "--measure", folder]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(measure(Path(sys.argv[2])))
    else:
        main([int(size) for size in sys.argv[1:]] or (441, 100_000))
