"""The second programme, from data and declaration to the difference log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from core_trial.declaration.files import ColumnMap
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError
from core_trial.results import Results, Witnessed
from core_trial.witness import checks, survival
from core_trial.witness.beside import beside, subgroups
from core_trial.witness.effects import Fitter
from core_trial.witness.log import beside as further
from core_trial.witness.log import in_order, log
from core_trial.witness.made import Made
from core_trial.witness.missing import Missing
from core_trial.witness.packages import by_packages
from core_trial.witness.plan import asked
from core_trial.witness.reading import People, read
from core_trial.witness.sensitivity import fragility, sensitivities, unknown
from core_trial.witness.tables import tables


def again(people: People) -> Made:
    """Make every number of a trial's report from its data, with nothing of the first programme."""
    trial, fitter = people.trial, Fitter(people)
    found: Made = {}
    missing = Missing(fitter)
    steps = [partial(tables, people), partial(survival.curves, people)]
    for outcome in trial.outcomes:
        model = asked(people, outcome)
        steps.append(partial(fitter.effect, outcome.key, "", model))
        if len(model.covariates) > 1:
            steps.append(partial(fitter.effect, outcome.key, "crude", model.plain()))
        steps += [partial(beside, fitter, outcome), partial(missing.of, outcome)]
        of_outcome = (checks.count_fit, checks.assumptions, checks.single_clusters)
        steps += [partial(check, fitter, outcome) for check in of_outcome]
    of_all = (checks.planned, subgroups, sensitivities, unknown, fragility)
    for step in [*steps, *(partial(each, fitter) for each in of_all)]:
        found |= _tried(step)
    return found


def _tried(step: Callable[[], Made]) -> Made:
    """What a step makes; where it cannot, nothing, and the log says that nobody made it twice."""
    try:
        return step()
    except (np.linalg.LinAlgError, ValueError, ArithmeticError, LookupError):
        return {}


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
        people = read(self.trial, self.data, self.columns)
        packages = further(results, by_packages(people))
        return in_order([*log(results, again(people)), *packages])
