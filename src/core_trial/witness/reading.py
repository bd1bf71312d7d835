"""The data a second time: plain ``pandas.read_csv``, and every declared column read by its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core_trial.declaration.arms import Level
from core_trial.declaration.covariates import Categories, Number, YesNo
from core_trial.declaration.files import ColumnMap
from core_trial.declaration.outcomes import Binary, Count, Score, Time
from core_trial.declaration.sensitivity import Sensitivity
from core_trial.declaration.trial import Trial, column_of
from core_trial.results import Key

#: The file of a trial that declares none.
ONE_FILE = "participants"
YES, NO = ("yes", "true", "1", "1.0"), ("no", "false", "0", "0.0")
GROUPS = ("intervention", "control")


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """The participants as the second programme reads them.

    Parameters
    ----------
    trial
        The declaration.
    frame
        A row for each participant: numbers as floats, factors as categories with their reference
        first, ``nan`` where not known.
    group
        ``"intervention"`` or ``"control"`` of each row.
    cluster
        Cluster of each row, everybody else being one of their own; None where nobody is clustered.
    named
        Cluster of each row as the data name it, ``nan`` where they name none.
    own
        Numbers that only this trial has.
    """

    trial: Trial
    frame: pd.DataFrame
    group: pd.Series
    cluster: pd.Series | None
    named: pd.Series | None
    own: Mapping[Key, float]

    def arms(self, *, total: bool = False) -> Iterator[tuple[str, pd.Series]]:
        """Each arm with who is in it; the whole trial last, if asked for."""
        for name in GROUPS:
            yield name, self.group == name
        if total:
            yield "", self.group.notna()


def read(trial: Trial, source: object, columns: ColumnMap | None = None) -> People:
    """Read a folder of CSV files, or a frame, by nothing but pandas and the declaration."""
    spelt = columns or trial.columns
    if not isinstance(source, Path):
        return people(trial, _as_pandas(source), {})
    names = [table.name for table in trial.files.tables] if trial.files else [ONE_FILE]
    cells = {name: as_declared(_cells(source / f"{name}.csv"), spelt) for name in names}
    if trial.second is not None:
        frame, numbers = trial.second(cells)
        return people(trial, frame, {Key(*name): value for name, value in numbers.items()})
    main = trial.files.participants if trial.files else ONE_FILE
    return people(trial, cells[main], {})


def _as_pandas(frame: Any) -> pd.DataFrame:
    """A frame of pandas, polars or pyarrow, or a mapping of columns."""
    if hasattr(frame, "to_pydict"):
        return pd.DataFrame(frame.to_pydict())
    if hasattr(frame, "schema"):
        return pd.DataFrame(frame.to_dict(as_series=False))
    return pd.DataFrame(frame)


def _cells(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def as_declared(cells: pd.DataFrame, spelt: ColumnMap) -> pd.DataFrame:
    """Columns and values that are spelt otherwise than declared, spelt as declared."""
    made = cells.rename(columns={found: name for name, found in spelt.names.items()})
    made = made.map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    for name in spelt.changed & set(made.columns):
        made[name] = [spelt.text(name, cell) for cell in made[name]]
    return made


def people(trial: Trial, cells: pd.DataFrame, own: Mapping[Key, float]) -> People:
    """Every declared column by its kind; rows in the order of the participants' identifiers."""
    raw = cells.copy()
    raw.columns = raw.columns.map(str)
    order = raw[trial.participant].argsort(kind="stable")
    raw = raw.iloc[order].reset_index(drop=True)
    label = _words(raw[trial.arm.column])
    group = label.map({trial.arm.level(name): name for name in GROUPS})
    if group.isna().any():  # booleans for arms declared as 0 and 1
        swapped = label.map({"True": "1", "False": "0"})
        group = swapped.map({trial.arm.level(name): name for name in GROUPS})
    frame = pd.DataFrame({trial.arm.column: (group == "intervention").astype(float)})
    for name, kind in _kinds(trial).items():
        frame[name] = _typed(raw[name], kind, stratum=name in trial.strata)
    named = cluster = None
    if trial.cluster is not None:
        words = _words(raw[trial.cluster.column])
        named = words.where(words != "")
        alone = "alone " + raw[trial.participant].map(str)
        cluster = named.where(named.notna(), alone)
    return People(trial, frame, group, cluster, named, own)


def text(value: object) -> str:
    """A cell as text, blank where nothing stands; whole numbers without a point."""
    if value is None or value is pd.NA or pd.isna(value):  # type: ignore[call-overload]
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _words(values: pd.Series) -> pd.Series:
    return pd.Series([text(value) for value in values], index=values.index, dtype=object)


def _numbers(values: pd.Series) -> pd.Series:
    numbers = [float(word) if word else np.nan for word in map(text, values)]
    return pd.Series(numbers, index=values.index, dtype=float)


def _kinds(trial: Trial) -> dict[str, object]:
    """Every column that is used with what it is: a number, yes or no, categories, or unsaid."""
    found: dict[str, object] = {}
    for outcome in trial.outcomes:
        if isinstance(outcome, Binary):
            found[outcome.column] = YesNo(outcome.column, yes=_success(trial, outcome))
        else:
            found[outcome.column] = float
        if isinstance(outcome, Time):
            found.setdefault(outcome.event, YesNo(outcome.event))
            found |= {outcome.entry: float} if outcome.entry else {}
        if isinstance(outcome, Score | Count) and outcome.baseline:
            found[outcome.baseline] = float
        if isinstance(outcome, Count) and outcome.exposure:
            found[outcome.exposure] = float
        if outcome.asked:
            found[outcome.asked] = YesNo(outcome.asked)
    declared = {column_of(item): item for item in trial.baseline}
    for one in trial.sensitivities:
        told = _sensitivity(trial, one)
        found |= {name: kind for name, kind in told.items() if name and name not in found}
    for name in _covariates(trial):
        if name != trial.arm.column:
            found.setdefault(name, declared.get(name, name))
    return found


def _sensitivity(trial: Trial, one: Sensitivity) -> dict[str, object]:
    """Columns that a sensitivity analysis puts in the place of its outcome's."""
    yes_no = isinstance(trial.outcome(one.of), Binary)
    column = YesNo(one.column) if yes_no else float
    flags: dict[str, object] = {name: YesNo(name) for name in (one.among, one.event)}
    return {**flags, one.entry: float, one.column: column}


def _success(trial: Trial, outcome: Binary) -> Level:
    binary = [o for o in trial.outcomes if isinstance(o, Binary)]
    same = [o.success for o in binary if o.column == outcome.column]
    return next((value for value in same if value is not None), "yes")


def _covariates(trial: Trial) -> list[str]:
    names = [*map(column_of, trial.baseline), *trial.strata, *trial.subgroups]
    names += [*(trial.missingness or ()), *trial.planned_adjustments]
    for one in trial.sensitivities:
        names += one.adjust or ()
    for outcome in trial.outcomes:
        names += outcome.adjust or ()
        for using in (outcome.model, outcome.planned):
            names += getattr(using, "adjust", None) or ()
    return list(dict.fromkeys(names))


def _typed(values: pd.Series, kind: object, *, stratum: bool) -> pd.Series:
    if kind is float or isinstance(kind, Number):
        return _numbers(values)
    if isinstance(kind, YesNo):
        return _yes_no(values, kind)
    if isinstance(kind, Categories) and kind.levels:
        levels = [text(level) for level in kind.levels]
        return pd.Series(pd.Categorical(_words(values), levels), index=values.index)
    return _unsaid(values, stratum=stratum)


def _yes_no(values: pd.Series, kind: YesNo) -> pd.Series:
    words = _words(values).str.lower()
    ayes = {text(kind.yes).lower()} if kind.yes != "yes" else set(YES)
    usual = ayes <= {*YES, *NO}
    ayes |= set(YES) if usual else set()
    known = words != ""
    return words.isin(list(ayes)).astype(float).where(known, np.nan)


def _unsaid(values: pd.Series, *, stratum: bool) -> pd.Series:
    """What the declaration leaves to the data: yes or no, a number, or categories."""
    words = _words(values)
    levels = [level for level in words.unique() if level]
    lowered = {level.lower() for level in levels}
    if lowered <= {*YES, *NO} and lowered & set(YES) and lowered & set(NO):
        return _yes_no(values, YesNo(""))
    numbers = pd.to_numeric(pd.Series(levels, dtype=object), errors="coerce")
    ordered = isinstance(values.dtype, pd.CategoricalDtype)
    if numbers.notna().all() and not stratum and not ordered:
        return _numbers(values)
    if ordered:
        levels = [text(x) for x in values.cat.categories if text(x) in set(levels)]
    else:
        levels = sorted(levels, key=float) if numbers.notna().all() else sorted(levels)
    return pd.Series(pd.Categorical(words, levels), index=values.index)
