"""The beginning of a user's own trial: a commented declaration, and made-up data that fit it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pandas as pd

from core_trial.data.export import text_of_frame
from core_trial.declaration.one_file import PARTICIPANTS, one_file
from core_trial.errors import OutputError
from core_trial.synthesis.example import made_up
from core_trial.trials.find import FILE, find

#: Participants of the made-up example.
PEOPLE = 60
TEMPLATE = "new_trial.txt"


def new(folder: Path) -> tuple[Path, ...]:
    """Write a declaration to change, and an example that runs at once.

    Parameters
    ----------
    folder
        Where to; made if need be.

    Returns
    -------
    tuple of Path
        The files that were written.

    Raises
    ------
    OutputError
        When one of the files is there already, or the folder cannot be written to.
    """
    text = resources.files("core_trial.trials").joinpath(TEMPLATE).read_text("utf-8")
    declaration, data = folder / FILE, folder / f"{PARTICIPANTS}.csv"
    there = [path.name for path in (declaration, data) if path.exists()]
    if there:
        raise OutputError(f"{folder.name} already has {', '.join(there)}; choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        declaration.write_text(text, encoding="utf-8", newline="\n")
        data.write_text(example(declaration), encoding="utf-8", newline="")
    except OSError as problem:
        raise OutputError(f"could not write {folder.name}: {problem.strerror}") from None
    return declaration, data


def example(declaration: Path) -> str:
    """A CSV file of made-up participants for the trial that a file declares."""
    trial = find(declaration)
    frame: pd.DataFrame = made_up(trial, PEOPLE)
    return text_of_frame(frame, one_file(trial).table(PARTICIPANTS))
