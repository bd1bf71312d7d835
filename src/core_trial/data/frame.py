"""A frame and a declaration to the analysis set; every contradiction between them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from core_trial.data.analysis_set import AnalysisSet
from core_trial.data.cells import texts, to_pandas
from core_trial.data.frame_covariates import read_covariates
from core_trial.data.frame_outcomes import read_outcomes
from core_trial.data.frame_reading import Reading
from core_trial.declaration.arms import Cluster, Where
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError, nearest

#: Clusters and other names that a message lists.
LISTED = 5


def analysis_set(trial: Trial, frame: object) -> AnalysisSet:
    """Read a frame as its declaration says.

    Parameters
    ----------
    trial
        The declaration.
    frame
        A row per randomised participant: a frame of pandas, polars or pyarrow, or a mapping of
        columns. It is not changed; the order of its rows and its index do not matter.

    Returns
    -------
    AnalysisSet
        With the declaration completed: where clusters are, and what kind of thing each
        characteristic is, as far as it was left to be taken from the data.

    Raises
    ------
    DesignError
        With every contradiction between declaration and frame, each with the nearest right name.
    """
    table = to_pandas(frame)
    if table is None:
        raise DesignError(
            f"a frame of pandas, polars or pyarrow is needed, not {type(frame).__name__}"
        )
    reading = Reading(trial, table)
    _refuse_shape(table, reading)
    _read_participants(reading)
    _read_arm(reading)
    cluster = _read_cluster(reading)
    read_outcomes(reading)
    baseline = read_covariates(reading)
    reading.refuse()
    people = reading.made().sort_values(trial.participant, kind="stable", ignore_index=True)
    complete = replace(trial, cluster=cluster, baseline=baseline)
    return AnalysisSet(people, notes=tuple(reading.notes), trial=complete)


def checked(data: AnalysisSet) -> AnalysisSet:
    """The same analysis set with its rows read again: they may have been changed since.

    Raises
    ------
    DesignError
        With every contradiction between the declaration and the rows.
    """
    again = analysis_set(data.trial, data.participants)
    notes = (*data.notes, *(note for note in again.notes if note not in data.notes))
    return replace(data, participants=again.participants, trial=again.trial, notes=notes)


def _refuse_shape(table: pd.DataFrame, reading: Reading) -> None:
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()].unique()
        reading.fault(f"columns {', '.join(map(str, twice))} are there more than once")
        reading.refuse()
    if len(table) == 0:
        reading.fault("the frame has no rows")
        reading.refuse()


def _read_participants(reading: Reading) -> None:
    name = reading.trial.participant
    column = reading.column(name, "participant")
    if column is None:
        return
    labels = texts(column)
    blank = int(labels.isna().sum())
    if blank:
        reading.fault(f"participant {name!r}: {_rows(blank)} no identifier")
    twice = labels[labels.duplicated() & labels.notna()].unique()
    if len(twice):
        reading.fault(
            f"participant {name!r}: {_some(twice)} there more than once; give a row to each"
        )
    ordered = pd.api.types.is_numeric_dtype(column) and not blank
    reading.keep(name, column.to_numpy() if ordered else labels)


def _read_arm(reading: Reading) -> None:
    arm = reading.trial.arm
    column = reading.column(arm.column, "arm", in_formula=True)
    if column is None:
        return
    labels, levels = texts(column), arm.levels
    there = [str(level) for level in labels.dropna().unique()]
    if set(there) <= {"True", "False"} and set(levels) == {"0", "1"}:
        labels = labels.map({"True": "1", "False": "0"})
        there = [str(level) for level in labels.dropna().unique()]
    others = [level for level in there if level not in levels]
    for role, level in zip(("control", "intervention"), levels, strict=True):
        if level not in there:
            reading.fault(
                f"arm {arm.column!r}: nobody has {role}={level!r}{nearest(level, others)}"
            )
    if others and set(levels) <= set(there):
        reading.fault(f"arm {arm.column!r}: {_some(others)} neither control nor intervention")
    missing = int(labels.isna().sum())
    if missing:
        reading.fault(f"arm {arm.column!r}: {_rows(missing)} no arm")
    known = labels.where(labels.isin(levels), None)
    reading.keep(arm.column, pd.Categorical(known, list(levels), ordered=True))
    reading.treated = (labels == levels[1]).to_numpy(bool)


def _read_cluster(reading: Reading) -> Cluster | None:
    declared = reading.trial.cluster
    if declared is None:
        return None
    column = reading.column(declared.column, "cluster")
    if column is None or reading.treated is None:
        return declared
    labels = texts(column)
    treated = pd.Series(reading.treated, index=labels.index)
    named = labels.notna()
    if not named.any():
        reading.fault(f"cluster {declared.column!r} is blank in everybody: leave cluster= out")
        return declared
    by_arm = treated[named].groupby(labels[named].to_numpy())
    arms_of = by_arm.nunique()
    spanning = list(arms_of.index[arms_of > 1])
    if spanning:
        reading.fault(
            f"cluster {declared.column!r}: {_some(spanning)} in both arms; give the clusters "
            "of each arm names of their own"
        )
    where = _where(declared, labels, reading)
    _tell_blank(declared, where, labels, reading)
    reading.keep(declared.column, labels)
    reading.keep(declared.membership, _or_own(labels, reading))
    return replace(declared, arm=where, filled=declared.membership)


def _where(declared: Cluster, labels: pd.Series, reading: Reading) -> Where:
    """In which arm people share clusters."""
    treated = np.asarray(reading.treated)
    shared = {
        "intervention": bool(labels[treated].dropna().duplicated().any()),
        "control": bool(labels[~treated].dropna().duplicated().any()),
    }
    found: Where = "control" if shared["control"] else "intervention"
    found = "both" if all(shared.values()) else found
    arms = "both arms" if found == "both" else f"the {found} arm"
    if not any(shared.values()):
        reading.fault(f"cluster {declared.column!r}: nobody shares one: leave cluster= out")
    if declared.arm is None:
        reading.note(declared.column, "clusters_found", labels.nunique(), f"clusters in {arms}")
        return found
    if declared.arm != "both" and found != declared.arm and any(shared.values()):
        reading.fault(
            f"cluster {declared.column!r}: declared in the {declared.arm} arm, and people share "
            f"one in {arms}"
        )
    return declared.arm


def _tell_blank(declared: Cluster, where: Where, labels: pd.Series, reading: Reading) -> None:
    """Who is in no cluster where there are some is told; elsewhere that goes without saying."""
    treated = np.asarray(reading.treated)
    inside = {"intervention": treated, "control": ~treated, "both": np.ones(len(treated), bool)}
    blank = int(labels[inside[where]].isna().sum())
    if blank:
        text = f"without a {declared.label} where there are some: each is a cluster of one"
        reading.note(declared.column, "cluster_blank", blank, text)


def _or_own(labels: pd.Series, reading: Reading) -> pd.Series:
    """The cluster of everybody; whoever is in none has one of their own."""
    own = texts(reading.columns[reading.trial.participant]).to_numpy()
    taken = set(labels.dropna())
    mark = ""
    while any(f"{mark}{name}" in taken for name in own):
        mark += "own "
    alone = [f"{mark}{name}" for name in own]
    return labels.where(labels.notna(), pd.Series(alone, index=labels.index))


def _rows(n: int) -> str:
    return f"{n} row has" if n == 1 else f"{n} rows have"


def _some(names: Iterable[object]) -> str:
    """``'a', 'b' are``: the first of some names."""
    listed = list(names)
    shown = ", ".join(repr(text) for text in listed[:LISTED])
    more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
    return f"{shown}{more} {'is' if len(listed) == 1 else 'are'}"
