"""Missing values by column: by the trial's design, or otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core_trial.data.folder import Folder
from core_trial.data.trial import Missing
from core_trial.declaration.columns import Column


def count_missing(folder: Folder) -> Iterator[Missing]:
    """Missing values of every column that may be blank, and of whole visits."""
    files = folder.files
    if files.missing_visits is not None:
        yield from files.missing_visits(folder)
    for table in files.tables:
        for column in table.columns:
            if not column.required:
                yield _column(folder, table.name, column)


def _column(folder: Folder, name: str, column: Column) -> Missing:
    blank = folder[name][column.name].isna().to_numpy(bool)
    design = np.zeros(len(blank), dtype=bool)
    if folder.files.by_design is not None:
        design = blank & folder.files.by_design(folder, name, column.name)
    counts = (len(blank), int(design.sum()), int((blank & ~design).sum()))
    return Missing(f"{name}.csv", column.name, *counts)
