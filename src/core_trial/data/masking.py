"""A dummy allocation in the place of the real one, so that a report can be developed blind.

The arms are drawn again within strata, and within blocks where the order of randomisation is
declared. What only one arm can have, workers and sessions say, is then dealt at random among those
who are in that arm by the dummy allocation. Both draws are independent of who was really allocated
to what; outcomes stay with their participants.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.data.revealing import refuse_revealing
from core_trial.data.trial import LoadReport, TrialData
from core_trial.declaration.columns import Table
from core_trial.declaration.dates import Day
from core_trial.declaration.files import Files
from core_trial.declaration.masked import Masked
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError, nearest

Ints = NDArray[np.int64]
#: A table and a column of it; a blank column is the whole table.
Place = tuple[str, str]
Frames = dict[str, pd.DataFrame]
#: Bits of a seed that nobody can find by trying all of them.
BITS_OF_A_SEED = 128
#: A shorter block than this, and what follows joins it: two people alone would tell on each other.
SMALLEST_BLOCK = 4


@dataclass(frozen=True, slots=True)
class Dealt:
    """A dummy allocation.

    Parameters
    ----------
    arm
        Row of the participants' table from which each one has the dummy arm; shape (n,).
    bundle
        Row from which each one has what goes with that arm; shape (n,).
    alone
        Participants of strata with one arm, whose allocation cannot be masked.
    """

    arm: Ints
    bundle: Ints
    alone: int = 0


def new_seed() -> int:
    """A seed that cannot be guessed: who knows it can undo the dummy allocation."""
    return secrets.randbits(BITS_OF_A_SEED)


def mask(data: TrialData, *, seed: int) -> TrialData:
    """The same people under a dummy allocation.

    Parameters
    ----------
    data
        The real trial, as `load` gives it.
    seed
        Of the dummy allocation. It undoes the masking: keep it from whoever is to be masked.

    Returns
    -------
    TrialData
        The same rows with other arms, workers and so on, sorted; its report says that it is masked.

    Raises
    ------
    DesignError
        When the data are masked already, a declared place is not there, or a column that is not
        declared gives the arm away.

    Examples
    --------
    >>> import core_trial as ct
    >>> real = ct.load(ct.bundled())
    >>> dummy = ct.mask(real, seed=20260102)
    >>> dummy.report.masked, len(dummy.sessions) == len(real.sessions)
    (True, True)
    """
    return masked(data, seed=seed)[0]


def masked(data: TrialData, *, seed: int) -> tuple[TrialData, int]:
    """The same as `mask`, and how many are in strata of one arm, and cannot be masked."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise DesignError(f"seed={seed!r} is not a whole number of 0 or more")
    if data.report.masked:
        raise DesignError("these data are masked already: mask the real ones")
    moved = places_moved(data.trial, data.files)
    declared = data.trial.masked or Masked()
    shuffled = tuple(_place(data.files, name) for name in declared.shuffled)
    _refuse_unknown((*moved, *shuffled), data.files)
    _refuse_alone(moved, data.files)
    within = tuple((data.files.participants, name) for name in strata_of(data))
    refuse_revealing(data, (*moved, *shuffled, *within))
    rng = np.random.default_rng(seed)
    dealt = deal(data, rng)
    tables = _moved(data, moved, dealt)
    for table, column in shuffled:
        tables[table] = _shuffled(tables[table], column, data.files, rng)
    if declared.settled is not None:
        tables = dict(declared.settled(tables))
    tables = {table.name: _sorted(tables[table.name], table) for table in data.files.tables}
    report = LoadReport(masked=True, synthetic=data.report.synthetic)
    return replace(data, tables=tables, report=report), dealt.alone


def _sorted(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Rows in the order of their key: a file that was sorted by arm would tell it."""
    return frame.sort_values(list(table.key), kind="stable", ignore_index=True)


def places_moved(trial: Trial, files: Files) -> tuple[Place, ...]:
    """Tables and columns that go with the dummy arm."""
    header = files.table(files.participants).header
    own = [trial.arm.column]
    own += [trial.cluster.column] if trial.cluster else []
    own += [trial.compliers.received] if trial.compliers else []
    declared = (trial.masked or Masked()).moved
    names = [*(name for name in own if name in header), *declared]
    return tuple(dict.fromkeys(_place(files, name) for name in names))


def _place(files: Files, text: str) -> Place:
    if any(table.name == text for table in files.tables):
        return text, ""
    table, point, column = text.partition(".")
    return (table, column) if point else (files.participants, text)


def _refuse_unknown(places: tuple[Place, ...], files: Files) -> None:
    tables = {table.name: table for table in files.tables}
    for name, column in places:
        if name not in tables:
            raise DesignError(f"masked: there is no table {name!r}{nearest(name, tables)}")
        header = tables[name].header
        if column and column not in header:
            raise DesignError(
                f"masked: {name}.csv has no column {column!r}{nearest(column, header)}"
            )
        if not column and files.participant not in header:
            raise DesignError(f"masked: the rows of {name}.csv belong to no participant")


def _refuse_alone(moved: tuple[Place, ...], files: Files) -> None:
    for name, column in moved:
        if column and name != files.participants:
            raise DesignError(
                f"masked: {name}.{column} cannot move alone; let the table {name!r} move, or "
                "shuffle the column"
            )


def deal(data: TrialData, rng: np.random.Generator) -> Dealt:
    """Draw arms within blocks, and what goes with them within strata."""
    people = data.tables[data.files.participants]
    arms = people[data.trial.arm.column].astype("string").to_numpy(str)
    arm, bundle = np.arange(len(people)), np.arange(len(people))
    alone = 0
    for stratum in _strata(data, people):
        alone += len(stratum) if len(set(arms[stratum])) == 1 else 0
        for block in blocks(arms[stratum], ordered=_ordered(data)):
            rows = stratum[block]
            arm[rows] = rng.permutation(rows)
        dummy = arms[arm[stratum]]
        for level in sorted(set(dummy)):
            takers, givers = stratum[dummy == level], stratum[arms[stratum] == level]
            bundle[takers] = rng.permutation(givers)
    return Dealt(arm, bundle, alone)


def _ordered(data: TrialData) -> bool:
    return bool(data.trial.masked and data.trial.masked.order)


def _strata(data: TrialData, people: pd.DataFrame) -> Iterator[Ints]:
    """Rows of each stratum, in the order of randomisation where it is declared."""
    names = strata_of(data)
    order = np.arange(len(people))
    if _ordered(data):
        assert data.trial.masked is not None
        column, identifier = data.trial.masked.order, data.files.participant
        numbered = people[[column, identifier]].reset_index(drop=True)
        order = numbered.sort_values([column, identifier], kind="stable").index.to_numpy()
    if not names:
        yield order
        return
    keys = people[list(names)].astype("string").fillna("").agg("\0".join, axis=1).to_numpy(str)
    for key in sorted(set(keys)):
        yield order[keys[order] == key]


def strata_of(data: TrialData) -> tuple[str, ...]:
    """Columns within whose levels the arms are drawn again.

    Raises
    ------
    DesignError
        When a declared one is not in the participants' table.
    """
    header = data.files.table(data.files.participants).header
    masked = data.trial.masked
    if masked is not None and masked.strata is not None:
        for name in (*masked.strata, *((masked.order,) if masked.order else ())):
            if name not in header:
                raise DesignError(f"masked: no column {name!r}{nearest(name, header)}")
        return masked.strata
    return tuple(name for name in data.trial.strata if name in header)


def blocks(arms: NDArray[np.str_], *, ordered: bool) -> list[Ints]:
    """Places of each block: as few people as have both arms as often, `SMALLEST_BLOCK` at least.

    Blocks are not in the files, but where one ends the arms are balanced; between two such places
    people change places freely. What is left at the end joins the block before if it is short.

    Examples
    --------
    >>> [len(block) for block in blocks(np.array(list("ABBAABABAB")), ordered=True)]
    [4, 6]
    """
    everybody = np.arange(len(arms))
    levels = sorted(set(arms))
    if not ordered or len(levels) != 2:
        return [everybody]
    lead = np.cumsum(np.where(arms == levels[0], 1, -1))
    cuts = [0]
    for end in np.flatnonzero(lead == 0) + 1:
        if min(end - cuts[-1], len(arms) - end) >= SMALLEST_BLOCK or end == len(arms):
            cuts.append(int(end))
    return [part for part in np.split(everybody, cuts[1:]) if len(part)]


def _moved(data: TrialData, places: tuple[Place, ...], dealt: Dealt) -> Frames:
    tables = dict(data.tables)
    for name, column in places:
        if name == data.files.participants:
            rows = dealt.arm if column == data.trial.arm.column else dealt.bundle
            values = tables[name][column].take(rows).set_axis(tables[name].index)
            tables[name] = tables[name].assign(**{column: values})
        else:
            tables[name] = _handed_on(data, name, dealt)
    return tables


def _handed_on(data: TrialData, name: str, dealt: Dealt) -> pd.DataFrame:
    """A table whose rows go to those who have their participant's place in the dummy arm."""
    files, frame = data.files, data.tables[name]
    people = data.tables[files.participants]
    ids = pd.Index(people[files.participant])
    taker = np.empty(len(people), dtype=np.int64)
    taker[dealt.bundle] = np.arange(len(people))
    giver = ids.get_indexer(pd.Index(frame[files.participant]))
    rows = taker[giver]
    made = frame.assign(**{files.participant: people[files.participant].take(rows).to_numpy()})
    if files.origin:
        days = _whole_weeks(people[files.origin], giver, rows)
        for column in files.table(name).columns:
            if isinstance(column.kind, Day):
                made[column.name] = made[column.name] + days
    made[files.participant] = made[files.participant].astype(frame[files.participant].dtype)
    return made


def _whole_weeks(origin: pd.Series, giver: Ints, taker: Ints) -> NDArray[np.timedelta64]:
    """Days by which dates move: as many days after randomisation, on the same day of the week.

    A session on a Sunday would show that it is somebody else's, hence whole weeks, rounded up so
    that nothing comes before randomisation.
    """
    day = origin.to_numpy("datetime64[D]")
    weeks = np.ceil((day[taker] - day[giver]).astype("int64") / 7).astype("int64")
    moved: NDArray[np.timedelta64] = (7 * weeks).astype("timedelta64[s]")
    return moved * 86_400


def _shuffled(
    frame: pd.DataFrame, column: str, files: Files, rng: np.random.Generator
) -> pd.DataFrame:
    """A column, or all of a row but whose it is, dealt anew among the rows."""
    order = rng.permutation(len(frame))
    names = [column] if column else [name for name in frame if name != files.participant]
    return frame.assign(**{str(n): frame[n].take(order).set_axis(frame.index) for n in names})
