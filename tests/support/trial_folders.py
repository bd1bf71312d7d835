"""Small valid trials as rows of text, to be written as files, and damaged on the way."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from core_trial.trials.core.tables import TABLES
from core_trial.trials.core.words import AMENDMENT_INSTRUMENTS, INSTRUMENTS

#: Rows of every file, by its name; the header comes first.
Files = dict[str, list[list[str]]]


def small_trial(seed: int = 0, n: int = 24) -> Files:
    """A valid trial of n participants in two centres; everybody's story is made from the seed."""
    rng = random.Random(seed)
    files: Files = {table.file: [list(table.header)] for table in TABLES}
    for i in range(n):
        _add_participant(files, rng, i, pilot=i < n // 6)
    asked = n * 3
    files["screening.csv"] += [
        ["screened", "", str(asked + 40)],
        ["not_eligible", "moved away", "30"],
        ["not_eligible", "too unwell, says the team", "10"],
        ["eligible", "", str(asked)],
        ["not_randomised", "declined", str(asked - n)],
    ]
    return files


def write_files(folder: Path, files: Files) -> Path:
    """Write the files of a trial, without a description."""
    for name, rows in files.items():
        (folder / name).write_bytes(as_bytes(rows))
    return folder


def as_bytes(rows: Sequence[Sequence[str]], end: str = "\n") -> bytes:
    """Rows as CSV; a cell is quoted where it must be."""
    return "".join(",".join(map(_quoted, row)) + end for row in rows).encode("utf-8")


def column(files: Files, file: str, name: str) -> int:
    """Place of a column."""
    return files[file][0].index(name)


def put(files: Files, file: str, row: int, name: str, text: str) -> None:
    """Write a cell; row 1 is the first below the header, so its line in the file is row + 1."""
    files[file][row][column(files, file, name)] = text


def find(files: Files, file: str, **where: str) -> int:
    """Number of the first row with the given cells."""
    places = {column(files, file, name): text for name, text in where.items()}
    for number, row in enumerate(files[file]):
        if number and all(row[place] == text for place, text in places.items()):
            return number
    raise LookupError(where)


def row_of(file: str, cells: Mapping[str, str]) -> list[str]:
    """A row with the given cells and blanks."""
    table = next(table for table in TABLES if table.file == file)
    return [cells.get(name, "") for name in table.header]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(',"') else cell


def _add_participant(files: Files, rng: random.Random, i: int, *, pilot: bool) -> None:
    person = f"P{i + 1:03d}"
    centre, arm = "AB"[i % 2], ("control", "intervention")[i // 2 % 2]
    worker = f"W{centre}{i // 4 % 2 + 1}" if arm == "intervention" else ""
    begun = date(2013, 5, 14) if pilot else date(2014, 3, 12)
    day = begun + timedelta(days=rng.randint(0, 120))
    records = i % 11 != 5
    cells = {
        "participant_id": person,
        "centre": centre,
        "arm": arm,
        "psw_id": worker,
        "randomised_on": day.isoformat(),
        "internal_pilot": "yes" if pilot else "no",
        "acute_records_obtained": "yes" if records else "no",
        "psychosis": rng.choice(["yes", "no"]),
        "sex": rng.choice(["male", "female", ""]),
        "age": rng.choice([str(rng.randint(18, 80)), ""]),
        "ethnicity": rng.choice(["white", "black", "asian", "other"]),
        "uk_born": rng.choice(["yes", "no", ""]),
        "marital_status": "single",
        "diagnosis": rng.choice(["depression", "bipolar_affective", ""]),
        "lifetime_admissions": rng.choice(["never", "1", "2_to_5"]),
        "crt_periods": rng.choice(["1", "2", "3_to_5"]),
    }
    files["participants.csv"].append(row_of("participants.csv", cells))
    if records:
        _add_episodes(files, rng, person, day)
    _add_interviews(files, rng, person, day, pilot=pilot)
    if arm == "intervention":
        _add_sessions(files, rng, person, day)
    contacts = [str(rng.randint(0, 30)), str(rng.randint(0, 30))]
    files["service_use.csv"].append([person, *contacts])
    if i % 5 == 0:
        later = (day + timedelta(days=rng.randint(5, 100))).isoformat()
        files["adverse_events.csv"].append([f"E{i:02d}", person, later, "readmission", "no"])


def _add_episodes(files: Files, rng: random.Random, person: str, day: date) -> None:
    def add(service: str, index: str, start: int, end: int) -> None:
        dates = [(day + timedelta(days=d)).isoformat() for d in (start, end)]
        files["acute_episodes.csv"].append([person, service, index, *dates])

    index_end = rng.choice([-10, -3, 0, 9])
    add("crisis_resolution_team", "yes", -40, index_end)
    if rng.random() < 0.5:
        start = rng.randint(max(1, index_end + 1), 360)
        add("inpatient_ward", "no", start, start + rng.randint(0, 30))


def _add_interviews(
    files: Files, rng: random.Random, person: str, day: date, *, pilot: bool
) -> None:
    held = {"baseline": -2, "month_4": 122} | ({} if pilot else {"month_18": 548})
    for visit, after in held.items():
        if visit != "baseline" and rng.random() < 0.2:
            continue
        items = [_answer(rng, s.name, s.low, s.high, pilot) for s in INSTRUMENTS for _ in s.columns]
        date_held = (day + timedelta(days=after)).isoformat()
        files["questionnaires.csv"].append([person, visit, date_held, *items])
        if visit == "month_4":
            answers = [rng.choice(["yes", "no"]) for _ in range(4)]
            files["workbook.csv"].append([person, "yes", *answers])


def _answer(rng: random.Random, scale: str, low: int, high: int, pilot: bool) -> str:
    if (pilot and scale in AMENDMENT_INSTRUMENTS) or rng.random() < 0.01:
        return ""
    return str(rng.randint(low, high))


def _add_sessions(files: Files, rng: random.Random, person: str, day: date) -> None:
    for number in range(1, rng.randint(1, 10) + 1):
        when = (day + timedelta(days=7 * number)).isoformat()
        files["sessions.csv"].append([person, str(number), when, rng.choice(["yes", "no"])])
