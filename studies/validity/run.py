"""Runs cells, keeps what is done, and makes the table."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from core_trial.errors import DesignError, nearest
from core_trial.models.many.work import each
from studies.validity import performance
from studies.validity.cell import Cell, one_trial

KEYS = ["study", "design", "effect", "model", "inference"]


def chosen(cells: Iterable[Cell], patterns: Iterable[str]) -> list[Cell]:
    """The cells whose names fit a pattern such as ``scores/8 workers*``; all without a pattern.

    Raises
    ------
    DesignError
        If a pattern fits no cell.
    """
    cells, patterns = list(cells), list(patterns)
    for pattern in patterns:
        if not any(_fits(cell, pattern) for cell in cells):
            hint = nearest(pattern, sorted({c.study for c in cells} | {c.name for c in cells}))
            raise DesignError(f"no cell is called {pattern!r}{hint}")
    return [c for c in cells if not patterns or any(_fits(c, p) for p in patterns)]


def _fits(cell: Cell, pattern: str) -> bool:
    return fnmatch(cell.name, pattern) or cell.study == pattern


def run(
    cell: Cell,
    *,
    replicates: int | None = None,
    workers: int | None = None,
    progress: bool = True,
    resume: Path | None = None,
) -> pd.DataFrame:
    """The rows of one cell.

    Parameters
    ----------
    cell
        What to simulate.
    replicates
        Number of trials; None for the cell's own.
    workers
        Number of processes; None leaves it to joblib's configuration, and so to a cluster.
    progress
        Whether to show a progress bar.
    resume
        Folder of the study, with one for each cell; finished trials are read from there.
    """
    n = replicates or cell.replicates
    found = each(
        partial(one_trial, cell),
        cell.seeds(n),
        workers=workers,
        progress=progress,
        label=cell.name,
        resume=None if resume is None else resume / _file_name(cell, n),
    )
    return pd.DataFrame(performance.rows(cell, np.array(found)))


def _file_name(cell: Cell, replicates: int) -> str:
    safe = "".join(c if c.isalnum() else "_" for c in cell.name)
    return f"{safe}-{replicates}"


def merged(old: pd.DataFrame | None, new: pd.DataFrame, order: Iterable[Cell]) -> pd.DataFrame:
    """The table with the cells that were run anew, in the order of the registry.

    Cells that the registry no longer has are left out.
    """
    place = {(cell.study, cell.mechanism.label): k for k, cell in enumerate(order)}
    table = new if old is None else pd.concat([_without(old, new), new], ignore_index=True)
    rank = [place.get(key, -1) for key in zip(table["study"], table["design"], strict=True)]
    table = table.assign(rank=rank)
    return table[table["rank"] >= 0].sort_values("rank", kind="stable").drop(columns="rank")


def _without(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    again = set(zip(*(new[key] for key in KEYS[:3]), strict=True))
    keep = [key not in again for key in zip(*(old[key] for key in KEYS[:3]), strict=True)]
    return old[keep]
