"""Which model answers for each outcome, worked out again from the declaration alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from core_trial.declaration.models import MEASURES, Model, Option, Using
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Score, Time
from core_trial.declaration.trial import MIXED
from core_trial.results.measures import RATIOS
from core_trial.witness.reading import People

Rows = pd.Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One model, and to whom it is fitted.

    Parameters
    ----------
    model
        Its name.
    outcome, time
        Column of the outcome (of the event), and of the time where there is one.
    covariates
        Columns beside the intercept, the arm first; ``a:b`` for a product.
    options
        What the trial or the recommendation says besides.
    where
        Arm in which people share clusters: ``"intervention"``, ``"control"``, ``"both"`` or blank.
    known
        Columns that must be known besides.
    random
        Arm in which a random effect enters; ``"both"`` for all, blank for none.
    by_arm
        Whether each arm has a residual variance of its own.
    exposure
        Column of the time over which things were counted; blank for none.
    entry
        Column of the time after which people are at risk; blank for the start.
    levels
        The arms as the data spell them, control first.
    """

    model: Model
    outcome: str
    covariates: tuple[str, ...]
    time: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    known: tuple[str, ...] = ()
    random: str = ""
    by_arm: bool = False
    exposure: str = ""
    entry: str = ""
    levels: tuple[str, ...] = ()

    @property
    def ratio(self) -> bool:
        """Whether the effect is a ratio."""
        return MEASURES[self.model] in RATIOS

    def columns(self) -> list[str]:
        """Columns that must be known."""
        parts = [part for name in self.covariates for part in name.split(":")]
        told = [self.outcome, self.time, self.entry, self.exposure, *parts, *self.known]
        return list(dict.fromkeys(name for name in told if name))

    def rows(self, people: People) -> Rows:
        """Who has all of it known."""
        return people.frame[self.columns()].notna().all(axis=1)

    def plain(self) -> Asked:
        """The arm alone, in the same people."""
        return replace(self, covariates=self.covariates[:1], known=tuple(self.columns()))

    def and_for(self, *more: str) -> Asked:
        """With further covariates."""
        return replace(self, covariates=tuple(dict.fromkeys((*self.covariates, *more))))

    def among(self, other: Asked) -> Asked:
        """In the people of another model."""
        return replace(self, known=tuple(other.columns()))


def asked(people: People, outcome: AnyOutcome, *, planned: bool = False) -> Asked:
    """The model of an outcome: as declared, or as recommended for its kind."""
    using = outcome.planned if planned else outcome.model
    if using is None:
        return recommended(people, outcome)
    chosen = using if isinstance(using, Using) else Using(using)
    made = _of(people, outcome, chosen.model, chosen.adjust)
    options = dict(chosen.options)
    random = "both" if chosen.model in MIXED else ""
    if "random" in options:
        random = _where_of(people, str(options["random"]))
    by_arm = options.get("residual_by") == people.trial.arm.column
    return replace(made, options=options, random=random, by_arm=by_arm)


def recommended_beside(people: People, outcome: AnyOutcome) -> dict[str, Asked]:
    """Models beside the chosen one by level: of its scale, ratio and difference of means."""
    chosen, like = asked(people, outcome), outcome
    found = {}
    if isinstance(outcome, Count) and chosen.model != Model.NEGATIVE_BINOMIAL:
        found["ratio_of_means"] = recommended(people, outcome)
    if isinstance(outcome, Count) and not outcome.exposure:
        found |= _difference(people, outcome, chosen)
    if chosen.model in (Model.LINEAR, Model.MIXED_LINEAR) and isinstance(outcome, Score | Count):
        like = Score(outcome.column, baseline=outcome.baseline, adjust=outcome.adjust)
    model = recommended(people, like)
    other = (model.model, dict(model.options)) != (chosen.model, dict(chosen.options))
    other |= (model.random, model.by_arm) != (chosen.random, chosen.by_arm)
    if outcome.model is not None and other and MEASURES[model.model] == MEASURES[chosen.model]:
        found["recommended"] = model
    return found


def _difference(people: People, outcome: Count, chosen: Asked) -> dict[str, Asked]:
    """The difference in means where the chosen model has another measure; CR2 with clusters."""
    if MEASURES[chosen.model] == MEASURES[Model.LINEAR]:
        return {}
    robust: dict[str, Option] = {} if people.cluster is None else {"inference": "cr2"}
    like = recommended(people, outcome)
    return {"difference_in_means": replace(like, model=Model.LINEAR, options=robust)}


def shared_in(people: People) -> str:
    """Arm in which people share clusters, as declared or as the data have it; blank for none."""
    declared = people.trial.cluster
    if declared is None or people.named is None:
        return ""
    if declared.arm is not None:
        return declared.arm
    shared = [
        arm for arm, inside in people.arms() if people.named[inside].dropna().duplicated().any()
    ]
    return "both" if len(shared) == 2 else "".join(shared)


def recommended(people: People, outcome: AnyOutcome) -> Asked:
    """The model that is recommended for its kind."""
    where = shared_in(people)
    if isinstance(outcome, Binary):
        model = Model.MIXED_LOGISTIC if where else Model.LOGISTIC
    elif isinstance(outcome, Score):
        model = Model.MIXED_LINEAR if where else Model.LINEAR
    else:
        model = Model.COX if isinstance(outcome, Time) else Model.NEGATIVE_BINOMIAL
    made = _of(people, outcome, model, None)
    options: dict[str, Option] = {"ties": "efron"} if model == Model.COX else {}
    if model == Model.MIXED_LINEAR:
        options = {"method": "reml", "df": "kenward_roger"}
    return replace(
        made,
        options=options,
        random=where if model in MIXED else "",
        by_arm=model == Model.MIXED_LINEAR,
    )


def _of(people: People, outcome: AnyOutcome, model: Model, adjust: tuple[str, ...] | None) -> Asked:
    before = outcome.baseline if isinstance(outcome, Score | Count) else ""
    strata = people.trial.strata if outcome.adjust is None else outcome.adjust
    covariates = (*strata, before) if adjust is None else adjust
    names = (people.trial.arm.column, *(name for name in covariates if name))
    event, time = (outcome.event, outcome.column) if isinstance(outcome, Time) else ("", "")
    exposure = outcome.exposure if isinstance(outcome, Count) else ""
    return Asked(
        model=model,
        outcome=event or outcome.column,
        covariates=tuple(dict.fromkeys(names)),
        time=time,
        entry=outcome.entry if isinstance(outcome, Time) else "",
        exposure=exposure if model == Model.NEGATIVE_BINOMIAL else "",
        levels=people.trial.arm.levels,
    )


def _where_of(people: People, random: str) -> str:
    """Arm of a random effect as an option spells it."""
    arm = people.trial.arm
    if random == "1":
        return "both"
    return "control" if random == f"{arm.column}[{arm.control}]" else "intervention"


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The people of one model as arrays.

    Parameters
    ----------
    y, time, entry
        Outcome (event), time, and the time after which people are at risk, -inf where there is
        none; shape (n,).
    X, names
        Covariates with an intercept first, shape (n, p), and names of the columns.
    arm
        True in the intervention arm, shape (n,).
    codes
        Cluster of each row from 0, shape (n,); rows of nobody's cluster are their own.
    named
        True where the data name the cluster.
    inside
        1 where the random effect enters, shape (n,).
    offset
        Part of the linear predictor that is known, shape (n,).
    labels
        Names of the clusters by code.
    """

    y: np.ndarray
    time: np.ndarray
    entry: np.ndarray
    X: np.ndarray
    names: tuple[str, ...]
    arm: np.ndarray
    codes: np.ndarray
    named: np.ndarray
    inside: np.ndarray
    offset: np.ndarray
    labels: tuple[str, ...]

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.y)

    @property
    def n_clusters(self) -> int:
        """Clusters, those of one among them."""
        return len(self.labels)

    def only(self, keep: np.ndarray) -> Sample:
        """Some of the rows; columns that are then empty go."""
        labels, codes = np.unique(self.codes[keep], return_inverse=True)
        X = self.X[keep]
        use = (X != 0).any(axis=0)
        return replace(
            self,
            **{name: getattr(self, name)[keep] for name in _BY_ROW},
            X=X[:, use],
            names=tuple(n for n, u in zip(self.names, use, strict=True) if u),
            codes=codes,
            labels=tuple(self.labels[k] for k in labels),
        )


_BY_ROW = ("y", "time", "entry", "arm", "named", "inside", "offset")


def sample(people: People, model: Asked, rows: Rows | None = None) -> Sample:
    """The people of a model, its factors as columns of 0 and 1 against their first level."""
    keep = model.rows(people) if rows is None else rows & model.rows(people)
    frame = people.frame[keep]
    names, columns = ["Intercept"], [np.ones(len(frame))]
    for covariate in model.covariates:
        if ":" not in covariate and covariate != model.covariates[0] and _same(frame[covariate]):
            continue
        for name, column in _columns(frame, covariate, people):
            names.append(name)
            columns.append(column)
    arm = (people.group[keep] == "intervention").to_numpy()
    alone = pd.Series(range(len(frame)), index=frame.index).map("row {}".format)
    labels = (people.cluster[keep] if people.cluster is not None else alone).to_numpy()
    found, codes = np.unique(labels.astype(str), return_inverse=True)
    where = {"intervention": arm, "control": ~arm, "both": np.ones(len(arm), bool)}
    inside = where.get(model.random, np.zeros(len(arm), bool)).astype(float)
    exposure = frame[model.exposure].to_numpy() if model.exposure else np.ones(len(frame))
    named = people.named[keep].notna().to_numpy() if people.named is not None else ~arm & arm
    return Sample(
        y=frame[model.outcome].to_numpy(float),
        time=(frame[model.time] if model.time else frame[model.outcome]).to_numpy(float),
        entry=frame[model.entry].to_numpy(float) if model.entry else np.full(len(frame), -np.inf),
        X=np.column_stack(columns),
        names=tuple(names),
        arm=arm,
        codes=codes,
        named=named,
        inside=inside,
        offset=np.log(exposure),
        labels=tuple(found),
    )


def _same(values: pd.Series) -> bool:
    return len(values) > 0 and bool((values == values.iloc[0]).all())


def _columns(frame: pd.DataFrame, covariate: str, people: People) -> list[tuple[str, np.ndarray]]:
    if ":" in covariate:
        left, right = (_columns(frame, part, people) for part in covariate.split(":"))
        return [(f"{a}:{b}", x * y) for a, x in left for b, y in right]
    values = frame[covariate]
    if covariate == people.trial.arm.column:
        return [(people.trial.arm.term, values.to_numpy(float))]
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = [level for level in values.cat.categories if (values == level).any()]
        return [
            (f"{covariate}[{level}]", (values == level).to_numpy(float)) for level in levels[1:]
        ]
    return [(covariate, values.to_numpy(float))]
