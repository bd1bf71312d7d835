"""What is to be imputed, arm by arm, worked out once from the frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats
from core_trial.models.many.imputation.columns import Coded, Variable, coded_columns
from core_trial.models.many.imputation.step import Step

#: Prior standard deviation of a latent or log-linear slope, per standard deviation of a covariate.
SLOPE_SD = 2.5
#: Prior standard deviation of the intercept of such a model.
INTERCEPT_SD = 10.0
#: Numerical ridge of the normal model, relative to a column's sum of squares.
RIDGE = 1e-5
#: Known values that an arm must have beyond its coefficients.
SPARE_VALUES = 5


@dataclass(frozen=True, slots=True, eq=False)
class ArmPlan:
    """What is to be imputed in one arm.

    Parameters
    ----------
    arm
        The arm's label; blank if there is one group.
    rows
        Its rows in the frame, shape (n,).
    columns
        Coded columns, shape (n, P), the first of ones; 0 where a value is missing.
    steps
        The incomplete variables, fewest missing first.
    workers
        Number of workers; 0 where there is no worker effect.
    """

    arm: str
    rows: Ints
    columns: Floats
    steps: tuple[Step, ...]
    workers: int


def plan_arms(
    frame: pd.DataFrame,
    variables: Mapping[str, str],
    auxiliary: Sequence[str],
    arms: Sequence[tuple[str, Ints]],
    cluster: str | None,
    masks: Mapping[str, np.ndarray],
) -> tuple[ArmPlan, ...]:
    """A plan for each arm.

    Parameters
    ----------
    frame
        A row per participant.
    variables
        Kind of each variable that may be incomplete.
    auxiliary
        Complete columns that predict.
    arms
        Label and rows of each arm.
    cluster
        Column of the workers, or None.
    masks
        For some variables, the rows in which they are missing by design, shape (n,).
    """
    coded = coded_columns(frame, variables, auxiliary, masks)
    return tuple(_arm(label, rows, coded, frame, cluster) for label, rows in arms)


def _arm(label: str, rows: Ints, coded: Coded, frame: pd.DataFrame, cluster: str | None) -> ArmPlan:
    codes, workers = _workers(frame, rows, cluster)
    own = [c.restricted(rows) for c in coded.variables]
    columns, positions = [np.ones(len(rows))], {}
    for c in own:
        positions[c.name] = len(columns)
        columns.append(c.standard())
    columns += _varying(coded.complete[rows])
    matrix = np.column_stack(columns)
    todo = [c for c in own if c.missing.any()]
    todo.sort(key=lambda c: int(c.missing.sum()))
    steps = tuple(_step(c, positions[c.name], codes, workers, matrix.shape[1], label) for c in todo)
    return ArmPlan(label, rows, matrix, steps, workers)


def _varying(extra: Floats) -> list[Floats]:
    """Complete columns that vary in this arm, standardised."""
    spread = extra.std(axis=0)
    kept = np.flatnonzero(spread > 1e-12)
    return [(extra[:, k] - extra[:, k].mean()) / spread[k] for k in kept]


def _workers(frame: pd.DataFrame, rows: Ints, cluster: str | None) -> tuple[Ints, int]:
    """Worker of each row of an arm and their number; none where no worker has two rows."""
    none = np.empty(0, dtype=np.intp)
    if cluster is None:
        return none, 0
    codes = pd.factorize(frame[cluster].iloc[rows])[0].astype(np.intp)
    if not (np.bincount(codes[codes >= 0]) > 1).any():
        return none, 0
    blank = codes < 0  # somebody without a worker is a cluster of one
    codes[blank] = codes.max() + 1 + np.arange(blank.sum())
    return codes, int(codes.max()) + 1


def _step(c: Variable, own: int, codes: Ints, workers: int, width: int, arm: str) -> Step:
    known = np.flatnonzero(c.known)
    missing = np.flatnonzero(c.missing)
    _refuse_few(c.name, arm, len(known), width - 1)
    _refuse_constant(c, known, arm)
    worker_known = worker_missing = present = starts = np.empty(0, dtype=np.intp)
    sizes = np.empty(0)
    if workers:
        known = known[np.argsort(codes[known], kind="stable")]
        worker_known, worker_missing = codes[known], codes[missing]
        present, starts = np.unique(worker_known, return_index=True)
        sizes = np.bincount(worker_known, minlength=workers).astype(float)
    values, levels = c.entries[known], np.empty(0)
    if c.kind in ("binary", "ordinal"):
        levels, positions = np.unique(values, return_inverse=True)
        values = positions.astype(float)
    return Step(
        name=c.name,
        kind=c.kind,
        own=own,
        known=known,
        missing=missing,
        values=values,
        levels=levels,
        centre=c.centre,
        scale=c.scale,
        starts=starts,
        present=present,
        sizes=sizes,
        worker_known=worker_known,
        worker_missing=worker_missing,
        penalty=_penalty(c.kind, width - 1),
    )


def _penalty(kind: str, p: int) -> Floats:
    """Prior precisions of p coefficients, the intercept's first."""
    if kind in ("continuous", "matched"):
        return np.full(p, RIDGE)
    penalty = np.full(p, 1 / SLOPE_SD**2)
    penalty[0] = 1 / INTERCEPT_SD**2
    return penalty


def _refuse_few(name: str, arm: str, known: int, coefficients: int) -> None:
    where = f" in arm {arm!r}" if arm else ""
    needed = coefficients + SPARE_VALUES
    if known < needed:
        raise DesignError(
            f"variable {name!r} is known for {known} people{where}, too few for a model of "
            f"{coefficients} coefficients ({needed} are needed): give fewer variables or "
            "fewer auxiliary columns"
        )


def _refuse_constant(c: Variable, known: Ints, arm: str) -> None:
    if c.kind in ("continuous", "matched") and np.ptp(c.entries[known]) == 0:
        where = f" in arm {arm!r}" if arm else ""
        raise DesignError(
            f"variable {c.name!r} has one value only{where}, {c.entries[known][0]:g}: there is "
            "nothing to be learnt of the missing ones"
        )
