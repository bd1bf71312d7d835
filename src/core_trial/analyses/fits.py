"""Every outcome's model, fitted once: the stages ask here, and ask again for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core_trial import models
from core_trial.analyses.plan import AnalysisSpec, plan
from core_trial.declaration.models import ModelSpec
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError, FitError
from core_trial.models.fit import Fit

#: Values of a covariate below this multiple of the largest singular value are noise.
RANK_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """The people to whom a model is fitted.

    Parameters
    ----------
    spec
        The model, without the covariates that say nothing among them.
    frame
        Their rows, renumbered: the columns of the model, and the clusters of everybody.
    left_out
        A remark for each covariate that was taken out.
    """

    spec: ModelSpec
    frame: pd.DataFrame
    left_out: tuple[str, ...] = ()

    def without(self, keep: np.ndarray) -> Cases:
        """Some of them: `keep` is true for those who stay, shape (n,)."""
        return replace(self, frame=unused_levels_out(self.frame[keep].reset_index(drop=True)))


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model and the people it was fitted to."""

    cases: Cases
    fit: Fit


class Fits:
    """The models of one analysis set.

    Parameters
    ----------
    trial
        The declaration, complete.
    participants
        Rows of the analysis set.

    Attributes
    ----------
    plan
        Every outcome with its models.
    """

    def __init__(self, trial: Trial, participants: pd.DataFrame) -> None:
        self.trial = trial
        self.participants = participants
        self.plan: tuple[AnalysisSpec, ...] = plan(trial)
        self._cases: dict[object, Cases] = {}
        self._fitted: dict[object, Fitted | Exception] = {}
        # What is asked for once is not kept: a fit is several times as large as its data.
        self._kept = {(*_key(spec.fitted), spec.fitted.known) for spec in self.plan}

    def spec(self, name: str) -> AnalysisSpec:
        """The analysis of one outcome."""
        return next(spec for spec in self.plan if spec.name == name)

    def cases(self, spec: ModelSpec) -> Cases:
        """Who has outcome and covariates known, and the model without what they all share."""
        key = (*_key(spec), spec.known)
        if key not in self._kept:
            return complete_cases(self.trial, spec, self.participants)
        if key not in self._cases:
            self._cases[key] = complete_cases(self.trial, spec, self.participants)
        return self._cases[key]

    def of(self, spec: ModelSpec) -> Fitted:
        """The model fitted, now or before.

        Raises
        ------
        DesignError, FitError
            If the data cannot carry the model or the computation fails.
        """
        key = (*_key(spec), spec.known)
        if key not in self._kept:
            return fit(self.trial, self.cases(spec))
        if key not in self._fitted:
            try:
                self._fitted[key] = fit(self.trial, self.cases(spec))
            except (DesignError, FitError) as problem:
                self._fitted[key] = problem
        found = self._fitted[key]
        if isinstance(found, Exception):
            raise found
        return found


def complete_cases(trial: Trial, spec: ModelSpec, participants: pd.DataFrame) -> Cases:
    """The participants whose outcome and covariates are all known.

    Categories that nobody among them has are taken out of the factors, so that a centre without
    complete cases does not stop the others from being analysed; and so are covariates that have
    the same value in all of them.
    """
    clusters = (trial.cluster.membership,) if trial.cluster else ()
    columns = list(dict.fromkeys((*spec.columns, *clusters)))
    known = participants[columns].dropna().reset_index(drop=True)
    return _without_constants(spec, unused_levels_out(known))


def unused_levels_out(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with factors that have only the levels that somebody has."""
    changed = {
        str(name): frame[name].cat.remove_unused_categories()
        for name in frame.select_dtypes("category")
        if frame[name].nunique() < len(frame[name].cat.categories)
    }
    return frame.assign(**changed) if changed else frame


def fit(trial: Trial, cases: Cases) -> Fitted:
    """Fit a model to its people; a covariate that follows from the others is taken out.

    Raises
    ------
    DesignError, FitError
        If the data cannot carry the model or the computation fails.
    """
    if cases.frame.empty:
        raise DesignError("nobody has the outcome and all covariates known")
    refuse_one_person(trial, cases.frame)
    try:
        return Fitted(cases, _call(cases))
    except DesignError:
        fewer = _without_redundant(cases)
        if fewer is cases:
            raise
        return fit(trial, fewer)


def refuse_one_person(trial: Trial, frame: pd.DataFrame) -> None:
    """Refuse an arm of one: how much its outcome varies cannot be known.

    Raises
    ------
    DesignError
        If one of the arms has a single participant.
    """
    sizes = frame[trial.arm.column].value_counts() if trial.arm.column in frame else pd.Series()
    for level, n in sizes.items():
        if n == 1:
            raise DesignError(f"one participant alone is analysed in {level}: no comparison holds")


def _call(cases: Cases) -> Fit:
    spec = cases.spec
    function: Callable[..., Fit] = getattr(models, spec.model)
    return function(spec.formula, cases.frame, **spec.arguments)


def _key(spec: ModelSpec) -> tuple[object, ...]:
    return (spec.model, spec.formula, tuple(sorted(spec.arguments.items(), key=lambda i: i[0])))


def _nuisance(spec: ModelSpec) -> Iterator[str]:
    """Covariates without which the arms can still be compared, and that no interaction needs."""
    entangled = {part for name in spec.covariates if ":" in name for part in name.split(":")}
    yield from (n for n in spec.covariates[1:] if ":" not in n and n not in entangled)


def _without_constants(spec: ModelSpec, frame: pd.DataFrame) -> Cases:
    same = [name for name in _nuisance(spec) if _constant(frame[name])]
    notes = tuple(
        f"{name} is left out: it is {frame[name].iloc[0]} in everybody analysed" for name in same
    )
    return Cases(_less(spec, same), frame, notes)


def _constant(values: pd.Series) -> bool:
    return len(values) > 0 and bool((values == values.iloc[0]).all())


def _without_redundant(cases: Cases) -> Cases:
    """Without one covariate that all the others together already say.

    Where the covariates say who is in which arm, nothing is taken out: the arms cannot be compared.
    """
    frame, n = cases.frame, len(cases.frame)
    blocks = {name: _columns(frame[name]) for name in cases.spec.covariates if ":" not in name}
    whole = _rank(blocks.values(), n)
    if _rank(list(blocks.values())[1:], n) == whole:
        return cases
    for name in reversed(list(_nuisance(cases.spec))):
        others = [block for other, block in blocks.items() if other != name]
        if _rank(others, n) == whole:
            note = f"{name} is left out: it follows from the other covariates"
            return Cases(_less(cases.spec, [name]), cases.frame, (*cases.left_out, note))
    return cases


def _less(spec: ModelSpec, names: list[str]) -> ModelSpec:
    return replace(spec, covariates=tuple(n for n in spec.covariates if n not in names))


def _columns(values: pd.Series) -> np.ndarray:
    """A covariate as columns of a design, a factor with all its levels; shape (n, k)."""
    if isinstance(values.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(values):
        return pd.get_dummies(values).to_numpy(dtype=float)
    return values.to_numpy(dtype=float)[:, None]


def _rank(blocks: Iterable[np.ndarray], n: int) -> int:
    columns = np.column_stack([np.ones(n), *blocks])
    scale = np.abs(columns).max(axis=0)
    return int(
        np.linalg.matrix_rank(columns / np.where(scale > 0, scale, 1), tol=RANK_TOLERANCE * n)
    )
