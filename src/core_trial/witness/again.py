"""The second programme, from data and declaration to the difference log."""

from __future__ import annotations

from dataclasses import dataclass

from core_trial.declaration.files import ColumnMap
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError
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


def again(trial: Trial, source: object, columns: ColumnMap | None = None) -> Made:
    """Make every number of a trial's report from its data, with nothing of the first programme.

    Parameters
    ----------
    trial
        The declaration.
    source
        Folder of the CSV files, or a frame with a row per participant, as `analyse` takes it.
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


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a second programmer is given: the declaration as it was made, and where the data are.

    Parameters
    ----------
    trial
        The declaration, not completed from the data by anybody.
    data
        Folder of the CSV files, or the frame; None where neither is what was analysed.
    columns
        How columns and values are spelt; None for what the trial says.
    """

    trial: Trial
    data: object
    columns: ColumnMap | None = None

    def log(self, results: Results) -> tuple[Witnessed, ...]:
        """The difference log of a report: every number, unexplained differences first.

        Raises
        ------
        DesignError
            Where the data are not at hand, or a trial of several files has no second derivation.
        """
        if self.data is None:
            raise DesignError(
                "the second programme reads files, and these frames were changed in Python: write "
                "them with core_trial.write, and load the folder"
            )
        if self.trial.files is not None and self.trial.files.derive and self.trial.second is None:
            raise DesignError(
                "the analysis set is derived from several files, and nobody has derived it a "
                "second time: declare second="
            )
        return log(results, again(self.trial, self.data, self.columns))
