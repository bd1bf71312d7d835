"""A trial as one value: who was randomised to what, what was measured, and how it is analysed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from core_trial.declaration.arms import Arm, Cluster
from core_trial.declaration.covariates import Categories, Covariate, Number, YesNo
from core_trial.declaration.files import ColumnMap, Files
from core_trial.declaration.layout import Layout
from core_trial.declaration.masked import Masked
from core_trial.declaration.models import Model, Using
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Outcome, Score, Time
from core_trial.declaration.paper import Paper
from core_trial.declaration.sensitivity import Sensitivity
from core_trial.declaration.stages import Denominator, Second, Stage
from core_trial.declaration.wording import Wording
from core_trial.errors import DesignError, nearest


@dataclass(frozen=True, slots=True)
class Compliers:
    """Who received the intervention, for the effect in those who would take it up.

    Parameters
    ----------
    received
        Column, true or 1 for those who received it, or a number of sessions.
    at_least
        With a number of sessions, how many count as received.
    label
        In words, such as ``"at least three sessions"``.
    """

    received: str
    at_least: float = 1
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a trial is: the one argument by which every other room knows it.

    Parameters
    ----------
    title
        Title of the trial, as it heads the report.
    participant
        Column that identifies the participants.
    arm
        Who was allocated to what.
    outcomes
        In the order of print, the primary outcome first.
    cluster
        Who was treated by whom; None where nobody is clustered.
    strata
        Columns by which randomisation was stratified; models adjust for them unless an outcome
        says otherwise.
    baseline
        Characteristics of Table 1, in its order; a bare column name has everything inferred from
        the data, which the report then says.
    name
        Short name, such as ``"CORE"``; by default the title.
    subgroups
        Baseline columns by which the effect on the primary outcome is told apart.
    compliers
        Who received the intervention.
    missingness
        Columns that may predict who is missing; None for arm, strata and baseline.
    planned_adjustments
        Columns for which the protocol planned to adjust the primary outcome besides.
    sensitivities
        Outcomes to be analysed once more with one thing changed.
    columns
        How columns and values are spelt in the data, where not as declared.
    files
        The CSV files, where there are several; None for one with a row per participant.
    confidence
        Coverage of every interval.
    stages
        Analyses that only this trial has, after those that every trial has.
    denominators
        Numbers in the tables that are held against steps of the flow besides the outcomes'.
    layout
        What the tables and the flow have beyond what follows from the rest.
    wording
        How the findings are worded, where not by the general sentences.
    registry
        What a paper printed: the CSV file of its numbers, or a `Paper` with what their arithmetic
        needs to know; None where nothing is to be compared.
    masked
        What besides arm, cluster and receipt tells the arms apart, for a dummy allocation.
    second
        Where the files are several: the analysis set and this trial's own numbers made a second
        time from the raw cells, for the second programme (`declaration.stages.Second`).

    Raises
    ------
    DesignError
        When the declaration contradicts itself; every contradiction is named.
    """

    title: str
    participant: str
    arm: Arm
    outcomes: tuple[AnyOutcome, ...]
    cluster: Cluster | None = None
    strata: tuple[str, ...] = ()
    baseline: tuple[str | Covariate, ...] = ()
    name: str = ""
    subgroups: tuple[str, ...] = ()
    compliers: Compliers | None = None
    missingness: tuple[str, ...] | None = None
    planned_adjustments: tuple[str, ...] = ()
    sensitivities: tuple[Sensitivity, ...] = ()
    columns: ColumnMap = field(default_factory=ColumnMap)
    files: Files | None = None
    confidence: float = 0.95
    stages: tuple[Stage, ...] = ()
    denominators: tuple[Denominator, ...] = ()
    layout: Layout = field(default_factory=Layout)
    wording: Wording = field(default_factory=Wording)
    registry: Paper | str | Path | None = None
    masked: Masked | None = None
    second: Second | None = None

    def __post_init__(self) -> None:
        for name in TUPLES:
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        faults = list(_of_types(self)) or list(_contradictions(self))
        if faults:
            raise DesignError("the declaration contradicts itself:\n  " + "\n  ".join(faults))

    @property
    def primary(self) -> AnyOutcome | None:
        """The primary outcome; None where none is named."""
        return next((outcome for outcome in self.outcomes if outcome.primary), None)

    @property
    def paper(self) -> Paper | None:
        """The paper to compare with, however it was declared; None where there is none."""
        if self.registry is None or isinstance(self.registry, Paper):
            return self.registry
        return Paper(file=Path(self.registry))

    @property
    def label(self) -> str:
        """Short name, as texts and pages call the trial."""
        return self.name or self.title

    def __repr__(self) -> str:
        from core_trial.declaration.showing import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        """Show the declaration in a notebook."""
        from core_trial.declaration.showing import as_html

        return as_html(self)

    def outcome(self, key: str) -> AnyOutcome:
        """The outcome of a name.

        Raises
        ------
        DesignError
            If none has it.
        """
        found = next((outcome for outcome in self.outcomes if outcome.key == key), None)
        if found is None:
            known = [outcome.key for outcome in self.outcomes]
            raise DesignError(f"there is no outcome {key!r}{nearest(key, known)}")
        return found

    def adjusted_for(self, outcome: Outcome) -> tuple[str, ...]:
        """Covariates of an outcome's model beside arm and baseline value."""
        return self.strata if outcome.adjust is None else outcome.adjust


#: Models that fit each kind of outcome.
FITTING: Mapping[type[Outcome], tuple[Model, ...]] = MappingProxyType(
    {
        Binary: (Model.LOGISTIC, Model.MIXED_LOGISTIC, Model.MODIFIED_POISSON),
        Score: (Model.LINEAR, Model.MIXED_LINEAR),
        Time: (Model.COX,),
        Count: (
            Model.NEGATIVE_BINOMIAL,
            Model.ZERO_INFLATED_NB,
            Model.MIXED_POISSON,
            Model.LINEAR,
            Model.MIXED_LINEAR,
        ),
    }
)
#: Fields that hold several things.
TUPLES = (
    *("outcomes", "strata", "baseline", "subgroups", "missingness", "planned_adjustments"),
    "sensitivities",
)
#: Models with a random effect, which need clusters.
MIXED = frozenset({Model.MIXED_LOGISTIC, Model.MIXED_LINEAR, Model.MIXED_POISSON})


def _contradictions(trial: Trial) -> Iterator[str]:
    if str(trial.arm.control).strip() == str(trial.arm.intervention).strip():
        yield f"arm: control and intervention are both {trial.arm.control!r}"
    if not trial.outcomes:
        yield "outcomes: there is none"
    for outcome in trial.outcomes:
        yield from _of_outcome(outcome, trial)
    primary = [outcome.key for outcome in trial.outcomes if outcome.primary]
    if len(primary) > 1:
        yield f"outcomes: {' and '.join(primary)} are both primary"
    keys = Counter(outcome.key for outcome in trial.outcomes)
    yield from (f"outcomes: {key!r} is there {n} times" for key, n in keys.items() if n > 1)
    columns = Counter(column_of(item) for item in trial.baseline)
    yield from (f"baseline: {name!r} is there {n} times" for name, n in columns.items() if n > 1)
    if trial.subgroups and trial.primary is None:
        yield "subgroups: no outcome is primary, and they are of the primary outcome"
    if not 0 < trial.confidence < 1:
        yield f"confidence: {trial.confidence} is not between 0 and 1"
    yield from _of_sensitivities(trial)
    yield from trial.wording.unknown({*keys, *columns, *trial.layout.analyses})


def _of_sensitivities(trial: Trial) -> Iterator[str]:
    outcomes = {outcome.key: outcome for outcome in trial.outcomes}
    for one in trial.sensitivities:
        outcome = outcomes.get(one.of)
        if outcome is None:
            yield f"sensitivity {one.name!r}: no outcome {one.of!r}{nearest(one.of, outcomes)}"
        elif (one.event or one.entry) and not isinstance(outcome, Time):
            yield f"sensitivity {one.name!r}: event= and entry= are for times to an event"
    levels = Counter((one.of, one.name) for one in trial.sensitivities)
    for (key, name), n in levels.items():
        if n > 1:
            yield f"sensitivity {name!r} of {key!r} is there {n} times"


def _of_types(trial: Trial) -> Iterator[str]:
    """Arguments of another type than declared, as hasty typing makes them: ``strata="site"``."""
    if not isinstance(trial.arm, Arm):
        yield f"arm: write ct.Arm(column, control=..., intervention=...), not {trial.arm!r}"
    if trial.cluster is not None and not isinstance(trial.cluster, Cluster):
        yield f"cluster: write ct.Cluster(column), not {trial.cluster!r}"
    if not isinstance(trial.registry, Paper | str | Path | None):
        yield f"registry: name the CSV file of printed numbers, not {trial.registry!r}"
    if trial.masked is not None and not isinstance(trial.masked, Masked):
        yield f"masked: write ct.Masked(moved=(...)), not {trial.masked!r}"
    for name in TUPLES:
        value = getattr(trial, name)
        if value is not None and not isinstance(value, tuple):
            yield f"{name}: write a tuple, such as ({value!r},), not {type(value).__name__}"
    for one in trial.sensitivities if isinstance(trial.sensitivities, tuple) else ():
        if not isinstance(one, Sensitivity):
            yield f"sensitivities: write ct.Sensitivity(name=..., of=..., label=...), not {one!r}"
    for item in trial.baseline if isinstance(trial.baseline, tuple) else ():
        if not isinstance(item, str | Categories | Number | YesNo):
            yield f"baseline: {item!r} is neither a column's name nor Categories, Number or YesNo"


def _of_outcome(outcome: AnyOutcome, trial: Trial) -> Iterator[str]:
    if not isinstance(outcome, Binary | Score | Time | Count):
        yield f"outcomes: {outcome!r} is none of Binary, Score, Time and Count"
        return
    if isinstance(outcome, Time) and not outcome.event:
        yield f"outcome {outcome.key!r}: a time needs event=, the column that says how it ended"
    columns = {outcome.column, getattr(outcome, "event", "")} - {""}
    baseline = getattr(outcome, "baseline", "")
    if baseline and baseline in columns:
        yield f"outcome {outcome.key!r}: its baseline value is itself"
    later = {other.column: other.key for other in trial.outcomes if other is not outcome}
    for name in outcome.adjust or () if not isinstance(outcome.adjust, str) else ():
        if name in columns:
            yield f"outcome {outcome.key!r}: adjusted for itself"
        elif name == trial.arm.column:
            yield f"outcome {outcome.key!r}: the arm is compared, and no covariate"
        elif name in later:
            yield f"outcome {outcome.key!r}: adjusted for the outcome {later[name]!r}"
    if isinstance(outcome.adjust, str):
        yield f"outcome {outcome.key!r}: write adjust=({outcome.adjust!r},), a tuple"
    for using in (outcome.model, outcome.planned):
        yield from _of_model(outcome, using, trial)


def _of_model(outcome: AnyOutcome, using: Using | str | None, trial: Trial) -> Iterator[str]:
    if using is None:
        return
    model = using.model if isinstance(using, Using) else using
    fitting = FITTING[type(outcome)]
    if model not in fitting:
        known = ", ".join(fitting)
        yield f"outcome {outcome.key!r}: {model!s} does not fit its kind; these do: {known}"
    elif model in MIXED and trial.cluster is None:
        yield f"outcome {outcome.key!r}: {model!s} needs clusters, and none are declared"


def column_of(item: str | Covariate) -> str:
    """Column of a baseline characteristic, however it is declared."""
    return item.column if isinstance(item, Categories | Number | YesNo) else item
