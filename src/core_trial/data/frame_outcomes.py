"""Outcomes of a frame: each column as its kind of outcome wants it."""

from __future__ import annotations

import numpy as np

from core_trial.data.cells import Floats, Read, numbers, yes_no
from core_trial.data.frame_reading import Reading
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Score, Time
from core_trial.declaration.sensitivity import Sensitivity


def read_outcomes(reading: Reading) -> None:
    """Read every declared outcome, and whatever belongs to it."""
    for outcome in reading.trial.outcomes:
        if isinstance(outcome, Binary):
            _read_yes_no(reading, outcome, outcome.column, outcome.success)
        elif isinstance(outcome, Time):
            _read_time(reading, outcome)
        elif isinstance(outcome, Count):
            _read_count(reading, outcome)
        else:
            _read_score(reading, outcome)
        if outcome.asked:
            _read_asked(reading, outcome)
        _tell_missing(reading, outcome)
    _read_compliers(reading)
    for one in reading.trial.sensitivities:
        _read_sensitivity(reading, one)


def _read_yes_no(
    reading: Reading, outcome: AnyOutcome, name: str, yes: str | int | bool | None = None
) -> Floats | None:
    """A column of 0 and 1; one that two outcomes share is read the same way for both."""
    role = f"outcome {outcome.key!r}"
    column = reading.column(name, role, in_formula=True)
    if column is None:
        return None
    if yes is None:
        shared = (o for o in reading.trial.outcomes if isinstance(o, Binary) and o.column == name)
        yes = next((o.success for o in shared if o.success is not None), None)
    read = yes_no(column, yes)
    if read.strange:
        how = "success=" if isinstance(outcome, Binary) and name == outcome.column else "0 and 1"
        reading.fault(
            f"{role}: column {name!r} has {read.shown} in {read.rows} "
            f"row{'s' if read.rows > 1 else ''}; it must be 0 or 1, true or false, yes or no: "
            + ("say how it is spelt with success=" if how == "success=" else "recode it")
        )
    reading.keep(name, read.values)
    return read.values


def _read_numbers(
    reading: Reading, outcome: AnyOutcome, name: str, *, what: str = ""
) -> Floats | None:
    role = f"outcome {outcome.key!r}"
    column = reading.column(name, f"{role}{what and f' ({what})'}", in_formula=not what)
    if column is None:
        return None
    read = numbers(column)
    _fault_strange(reading, role, name, read)
    reading.keep(name, read.values)
    return read.values


def _fault_strange(reading: Reading, role: str, name: str, read: Read) -> None:
    if read.strange:
        reading.fault(
            f"{role}: column {name!r} must hold numbers, and has {read.shown} in {read.rows} "
            f"row{'s' if read.rows > 1 else ''}"
        )


def _read_score(reading: Reading, outcome: Score) -> None:
    _read_numbers(reading, outcome, outcome.column)
    if outcome.baseline:
        _read_numbers(reading, outcome, outcome.baseline, what="baseline")


def _read_count(reading: Reading, outcome: Count) -> None:
    values = _read_numbers(reading, outcome, outcome.column)
    role = f"outcome {outcome.key!r}"
    if values is not None:
        known = values[~np.isnan(values)]
        _forbid(reading, role, known < 0, "negative")
        if not outcome.mean:
            _forbid(reading, role, known != np.floor(known), "not whole: declare a ct.Score")
    if outcome.baseline:
        _read_numbers(reading, outcome, outcome.baseline, what="baseline")
    if outcome.exposure:
        exposure = _read_numbers(reading, outcome, outcome.exposure, what="exposure")
        if exposure is not None:
            _forbid(reading, f"{role} (exposure)", exposure <= 0, "not above zero")


def _read_time(reading: Reading, outcome: Time) -> None:
    role = f"outcome {outcome.key!r}"
    event = _read_yes_no(reading, outcome, outcome.event)
    time = _read_numbers(reading, outcome, outcome.column)
    if time is not None:
        _forbid(reading, role, time < 0, "before zero: a time runs from its origin")
    if time is not None and event is not None:
        _forbid(
            reading,
            role,
            np.isnan(time) & ~np.isnan(event),
            f"missing where {outcome.event!r} is known",
        )
        lost = np.isnan(event) & ~np.isnan(time)
        _forbid(reading, role, lost, f"known where {outcome.event!r} is missing")
    if outcome.entry:
        entry = _read_numbers(reading, outcome, outcome.entry, what="entry")
        if entry is not None and time is not None:
            _forbid(reading, f"{role} (entry)", entry >= time, "not before the time itself")


def _forbid(reading: Reading, role: str, bad: np.ndarray, what: str) -> None:
    rows = int(bad.sum())
    if rows:
        reading.fault(f"{role}: {rows} value{'s are' if rows > 1 else ' is'} {what}")


def _read_asked(reading: Reading, outcome: AnyOutcome) -> None:
    role = f"outcome {outcome.key!r} (asked)"
    column = reading.column(outcome.asked, role)
    if column is None:
        return
    read = yes_no(column)
    if read.strange or np.isnan(read.values).any():
        reading.fault(f"{role}: column {outcome.asked!r} must be 0 or 1 in every row")
    reading.keep(outcome.asked, read.values)


def _read_compliers(reading: Reading) -> None:
    compliers = reading.trial.compliers
    if compliers is None:
        return
    column = reading.column(compliers.received, "compliers")
    if column is None:
        return
    read = numbers(column)
    if read.strange:
        read = yes_no(column)
    _fault_strange(reading, "compliers", compliers.received, read)
    reading.keep(compliers.received, read.values)


def _read_sensitivity(reading: Reading, one: Sensitivity) -> None:
    """The columns that a sensitivity analysis puts in the place of others."""
    outcome, role = reading.trial.outcome(one.of), f"sensitivity {one.name!r}"
    flags = [one.among, one.event, one.column if isinstance(outcome, Binary) else ""]
    measured = [one.entry, "" if isinstance(outcome, Binary) else one.column]
    for name in filter(None, (*flags, *measured)):
        column = None if name in reading.done else reading.column(name, role, in_formula=True)
        if column is None:
            continue
        read = yes_no(column) if name in flags else numbers(column)
        if read.strange:
            wanted = "0 or 1, true or false, yes or no" if name in flags else "numbers"
            reading.fault(f"{role}: column {name!r} has {read.shown}; it must be {wanted}")
        reading.keep(name, read.values)


def _tell_missing(reading: Reading, outcome: AnyOutcome) -> None:
    """How many values are missing, of those that were to be collected."""
    if outcome.column not in reading.done:
        return
    missing = reading.columns[outcome.column].isna()
    if outcome.asked in reading.done:
        missing &= reading.columns[outcome.asked] == 1
    if missing.any():
        reading.note(outcome.column, "missing", int(missing.sum()), f"{outcome.title} not known")
