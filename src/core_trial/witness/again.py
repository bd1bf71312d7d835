"""The second programme, from data and declaration to the difference log."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from core_trial.declaration.files import ColumnMap
from core_trial.declaration.trial import Trial
from core_trial.results import Results, Witnessed
from core_trial.witness import checks, survival
from core_trial.witness.beside import beside, subgroups
from core_trial.witness.effects import Fitter
from core_trial.witness.log import log
from core_trial.witness.made import Made
from core_trial.witness.missing import Missing
from core_trial.witness.plan import asked
from core_trial.witness.reading import read
from core_trial.witness.tables import tables


def again(
    trial: Trial, source: Path | pd.DataFrame, columns: ColumnMap | None = None
) -> Made:
    """Make every number of a trial's report from its data, with nothing of the first programme.

    Parameters
    ----------
    trial
        The declaration.
    source
        Folder of the CSV files, or a frame with a row per participant.
    columns
        How columns and values are spelt; None for what the trial says.
    """
    people = read(trial, source, columns)
    fitter = Fitter(people)
    found = tables(people) | survival.curves(people)
    missing = Missing(fitter)
    for outcome in trial.outcomes:
        model = asked(people, outcome)
        found |= fitter.effect(outcome.key, "", model)
        if len(model.covariates) > 1:
            found |= fitter.effect(outcome.key, "crude", model.plain())
        found |= beside(fitter, outcome) | missing.of(outcome)
        found |= checks.count_fit(fitter, outcome) | checks.assumptions(fitter, outcome)
        found |= checks.single_clusters(fitter, outcome)
    return found | checks.planned(fitter) | subgroups(fitter)


def witness(
    trial: Trial,
    source: Path | pd.DataFrame,
    results: Results,
    columns: ColumnMap | None = None,
) -> tuple[Witnessed, ...]:
    """The difference log of a report: every number, unexplained differences first."""
    return log(results, again(trial, source, columns))
