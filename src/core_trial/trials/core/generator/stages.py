"""The generator: how the synthetic trial is made, stage by stage.

Every stage draws from a stream of chance of its own, sees what earlier stages have made, and adds
columns to it; none changes a column that stands. So what one stage has calibrated, no later one can
undo, and the same seed gives the same trial.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core_trial.data.trial import TrialData
from core_trial.synthesis.people import add
from core_trial.synthesis.progress import watched
from core_trial.synthesis.search import Attempt
from core_trial.synthesis.targets import Targets
from core_trial.trials.core.generator.allocation import allocate
from core_trial.trials.core.generator.characteristics import characterise
from core_trial.trials.core.generator.events import draw_events
from core_trial.trials.core.generator.files import as_trial
from core_trial.trials.core.generator.index_days import draw_index_days
from core_trial.trials.core.generator.interviews import interview
from core_trial.trials.core.generator.peers import assign_workers
from core_trial.trials.core.generator.readmission import readmit
from core_trial.trials.core.generator.readmission_days import draw_readmission_days
from core_trial.trials.core.generator.scales import draw_scores
from core_trial.trials.core.generator.service_use import draw_contacts
from core_trial.trials.core.generator.targets import published
from core_trial.trials.core.generator.times import draw_days
from core_trial.trials.core.generator.uptake import draw_sessions, draw_workbook

Columns = pd.DataFrame | tuple[pd.DataFrame, list[Attempt]]
Stage = Callable[[pd.DataFrame, Targets, np.random.Generator], Columns]

#: The stages after allocation, in order; what each does stands at the head of its module.
STAGES: tuple[tuple[str, Stage], ...] = (
    ("baseline characteristics", characterise),
    ("readmission", readmit),
    ("days to first readmission", draw_days),
    ("peer support workers", assign_workers),
    ("days of readmission", draw_readmission_days),
    ("days of the index episode", draw_index_days),
    ("interviews", interview),
    ("questionnaire scores", draw_scores),
    ("contacts with community teams", draw_contacts),
    ("sessions", draw_sessions),
    ("workbook", draw_workbook),
)
#: The seed of the trial that comes with the library.
SEED = 2018


@dataclass(frozen=True, eq=False)
class Synthesis:
    """A synthetic trial, and how near it came to what it was to print.

    Parameters
    ----------
    trial
        The trial as `load` would give it.
    attempts
        Every calibrated row.
    """

    trial: TrialData
    attempts: tuple[Attempt, ...]

    @property
    def unmet(self) -> tuple[Attempt, ...]:
        """The rows that do not print as wanted."""
        return tuple(attempt for attempt in self.attempts if not attempt.met)

    def report(self) -> str:
        """Every row with how near it came, a line each."""
        return "\n".join(map(str, self.attempts)) + "\n"


def synthesise(
    seed: int = SEED, targets: Targets | None = None, *, progress: bool = False
) -> Synthesis:
    """Make a synthetic trial.

    Parameters
    ----------
    seed
        Of all chance; the same seed gives the same trial.
    targets
        What it should print; by default what the trial's paper prints.
    progress
        Show a bar with the stage and the row in work.

    Returns
    -------
    Synthesis
        The trial, and how near each calibrated row came.

    Raises
    ------
    Impossible
        When the margins contradict one another, so that there is no such trial at all.
    """
    wanted = replace(targets or published(), seed=seed)
    streams = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(len(STAGES) + 3))
    attempts: list[Attempt] = []
    people = allocate(wanted, next(streams))
    with watched(len(STAGES), progress) as begin:
        for name, stage in STAGES:
            begin(name)
            columns, reached = _split(stage(people, wanted, next(streams)))
            people = add(people, columns)
            attempts += reached
    events = draw_events(people, wanted, next(streams))
    return Synthesis(as_trial(people, events, wanted, next(streams)), tuple(attempts))


def _split(made: Columns) -> tuple[pd.DataFrame, list[Attempt]]:
    return made if isinstance(made, tuple) else (made, [])
