"""The files of a trial that declares none: one, with a row for each participant."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.declaration.arms import Arm
from core_trial.declaration.columns import (
    Category,
    Column,
    Decimal,
    Identifier,
    Indicator,
    Inferred,
    Table,
)
from core_trial.declaration.covariates import Categories, Covariate, Number, YesNo, in_words
from core_trial.declaration.files import Files
from core_trial.declaration.kinds import Kind
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Score, Time
from core_trial.declaration.sensitivity import Sensitivity
from core_trial.declaration.trial import Trial

#: Name of the file, without ``.csv``.
PARTICIPANTS = "participants"


def files_of(trial: Trial) -> Files:
    """The files that a trial declares, or the one that follows from its declaration."""
    return trial.files or one_file(trial)


def one_file(trial: Trial) -> Files:
    """A file with every column that the declaration names, each of the kind that follows from it.

    Examples
    --------
    >>> from core_trial.declaration.outcomes import Binary
    >>> trial = Trial(
    ...     title="Peers",
    ...     participant="id",
    ...     arm=Arm("allocation", control="usual care", intervention="peers"),
    ...     outcomes=(Binary("recovered"),),
    ...     strata=("site",),
    ... )
    >>> one_file(trial).table("participants").header
    ('id', 'allocation', 'site', 'recovered')
    """
    columns: dict[str, Column] = {}
    for column in _columns(trial):
        columns.setdefault(column.name, column)
    table = Table(
        PARTICIPANTS,
        "Randomised participants",
        "a randomised participant",
        tuple(columns.values()),
        (trial.participant,),
    )
    return Files(
        tables=(table,), participant=trial.participant, title=trial.title, undeclared="note"
    )


def _columns(trial: Trial) -> Iterator[Column]:
    """Every column that is named, what says more of it first."""
    yield _column(trial.participant, Identifier(), "Identifier of the participant.", True)
    yield _column(trial.arm.column, _arms(trial.arm), "Arm that was allocated.", True)
    if trial.cluster is not None:
        text = f"Identifier of the {trial.cluster.label}; blank where there is none."
        yield _column(trial.cluster.column, Identifier(), text)
    for item in trial.baseline:
        yield _baseline(item)
    for name in trial.strata:
        yield _column(
            name, Inferred(), f"Stratum of randomisation: {in_words(name).lower()}.", True
        )
    for outcome in trial.outcomes:
        yield from _outcome(outcome)
    for one in trial.sensitivities:
        yield from _sensitivity(one, trial)
    for name in _others(trial):
        yield _column(name, Inferred(), f"{in_words(name)}.")


def _column(name: str, kind: Kind, description: str, required: bool = False) -> Column:
    return Column(name, in_words(name), description, kind, required)


def _arms(arm: Arm) -> Kind:
    return Category(
        {str(arm.level(group)): arm.label(group) for group in ("control", "intervention")}
    )


def _baseline(item: str | Covariate) -> Column:
    if isinstance(item, str):
        return _column(item, Inferred(), f"{in_words(item)} at baseline.")
    label = item.label or in_words(item.column)
    return _column(item.column, _kind(item), f"{label} at baseline.")


def _kind(item: Covariate) -> Kind:
    if isinstance(item, Number):
        return Decimal()
    if isinstance(item, YesNo):
        usual = (item.yes, item.no) == ("yes", "no")
        return Indicator() if usual else Category({str(x): str(x) for x in (item.no, item.yes)})
    if isinstance(item, Categories) and item.levels:
        return Category({str(level): label for level, label in item.levels.items()})
    return Inferred()


def _outcome(outcome: AnyOutcome) -> Iterator[Column]:
    if isinstance(outcome, Binary):
        kind = Indicator() if outcome.success is None else Inferred()
        yield _column(outcome.column, kind, f"{outcome.title}.")
        return
    yield _column(outcome.column, Decimal(), f"{outcome.title}.")
    if isinstance(outcome, Time):
        yield _column(outcome.event, Indicator(), f"{outcome.title}: it ended in the event.")
        if outcome.entry:
            yield _column(outcome.entry, Decimal(), f"{outcome.title}: at risk from this time.")
    if isinstance(outcome, Score | Count) and outcome.baseline:
        yield _column(outcome.baseline, Decimal(), f"{outcome.title}: value at baseline.")
    if isinstance(outcome, Count) and outcome.exposure:
        yield _column(outcome.exposure, Decimal(), f"{outcome.title}: time over which it counts.")


def _sensitivity(one: Sensitivity, trial: Trial) -> Iterator[Column]:
    """Columns that a sensitivity analysis puts in the place of its outcome's."""
    flag = isinstance(trial.outcome(one.of), Binary)
    kinds: dict[str, Kind] = {
        one.column: Indicator() if flag else Decimal(),
        one.event: Indicator(),
        one.entry: Decimal(),
        one.among: Indicator(),
    }
    for name, kind in kinds.items():
        if name:
            yield _column(name, kind, f"{one.label}.")


def _others(trial: Trial) -> Iterator[str]:
    """Columns that are named as covariates and the like, and nowhere described."""
    for outcome in trial.outcomes:
        yield from outcome.adjust or ()
        yield from filter(None, (outcome.asked,))
    yield from (*trial.subgroups, *(trial.missingness or ()), *trial.planned_adjustments)
    for one in trial.sensitivities:
        yield from one.adjust or ()
    if trial.compliers is not None:
        yield trial.compliers.received
    if trial.masked is not None:
        masked = trial.masked
        yield from (*(masked.strata or ()), *filter(None, (masked.order,)))
        yield from (*masked.moved, *masked.shuffled)
