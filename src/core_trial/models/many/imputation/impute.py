"""Multiple imputation of a trial whose workers are in one arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from core_trial.errors import DesignError
from core_trial.models.clusters import Ints
from core_trial.models.columns import column
from core_trial.models.many.imputation.chain import Chain, run_chain
from core_trial.models.many.imputation.columns import Flags
from core_trial.models.many.imputation.diagnostics import diagnose, unsettled
from core_trial.models.many.imputation.imputations import Cells, Imputations
from core_trial.models.many.imputation.plan import ArmPlan, plan_arms
from core_trial.models.many.work import each


def impute(
    frame: pd.DataFrame,
    *,
    variables: Mapping[str, str],
    arm: str | None,
    cluster: str | None = None,
    auxiliary: Sequence[str] = (),
    by_design: Mapping[str, str | ArrayLike] | None = None,
    derived: Mapping[str, str] | None = None,
    m: int = 50,
    iterations: int = 10,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
    resume: str | Path | None = None,
) -> Imputations:
    """Impute missing values by chained equations, in each arm on its own.

    In an arm with workers every variable's model has a random effect of the worker; in an arm
    without it is a plain regression. All parameters are drawn from their posterior, the variance of
    the worker effect too, before values are drawn given them.

    Parameters
    ----------
    frame
        A row per participant.
    variables
        Kind of each variable that takes part and may be incomplete. ``"continuous"``: normal;
        ``"matched"``: the value of one of the five people of the arm who are predicted most alike
        (bounded or skewed scores, whose imputed values stay among the known ones); ``"binary"`` and
        ``"ordinal"``: probit; ``"count"``: negative binomial. Every one predicts every other, an
        ordinal one by the rank of its level, a count by its logarithm (plus 1).
    arm
        Column of the arm, complete; None for one group.
    cluster
        Column of the worker. In an arm in which no two people share one, or all are blank, there is
        no worker effect; somebody blank in the other arm is a cluster of one.
    auxiliary
        Complete columns that predict: numbers as they are, text and categories as factors.
    by_design
        For some variables the people who were never to have a value: a boolean column's name, or
        booleans of shape (n,). They are never imputed; as predictors they count as the mean, with
        an indicator.
    derived
        Columns worked out in each completed frame, such as ``{"change": "after - before"}``; they
        follow the imputed values and predict nothing.
    m
        Number of completed data sets.
    iterations
        Rounds through the variables before the values are kept; each data set has its own chain.
    seed
        Each data set has a generator of its own, made from it and the data set's number.
    workers
        Processes; the result is the same, bit for bit, for any number.
    progress
        Whether to show a progress bar.
    resume
        Folder that keeps what is done; see `replicate`.

    Returns
    -------
    Imputations
        A sequence of completed frames, with `trace`, `diagnostics`, `describe()`, `fit` (a model on
        every frame, pooled) and `shift` (delta adjustment).

    Raises
    ------
    DesignError
        If a column, kind or mask is wrong, an arm has too few known values, or nothing is missing.

    References
    ----------
    van Buuren (2018), Flexible Imputation of Missing Data, 2nd ed., sections 4.5 and 7.
    Enders, Keller and Levy (2018), Psychol Methods 23: 298-317 (chained equations with clusters,
    latent variables for categories). White, Royston and Wood (2011), Stat Med 30: 377-99.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> trial = pd.DataFrame({
    ...     "arm": ["control", "intervention"] * 60,
    ...     "worker": [None if i % 2 == 0 else f"w{i % 12}" for i in range(120)],
    ...     "hope": rng.normal(20, 4, 120).round(),
    ... })
    >>> trial["hope_later"] = (trial["hope"] + rng.normal(2, 3, 120)).where(rng.random(120) < 0.8)
    >>> found = impute(trial, variables={"hope": "continuous", "hope_later": "continuous"},
    ...                arm="arm", cluster="worker", m=5, seed=1, progress=False)
    >>> len(found), int(found[0]["hope_later"].isna().sum())
    (5, 0)
    """
    _refuse_settings(frame, variables, auxiliary, arm, cluster, m, iterations)
    masks = _masks(frame, by_design or {}, variables)
    _refuse_derived(frame, derived or {}, variables)
    arms = _arms(frame, arm)
    plans = plan_arms(frame, variables, auxiliary, arms, cluster, masks)
    if not any(plan.steps for plan in plans):
        raise DesignError("no value of these variables is missing: there is nothing to impute")
    chains = each(
        partial(run_chain, plans, iterations),
        np.random.SeedSequence(seed).spawn(m),
        workers=workers,
        progress=progress,
        label="imputing",
        resume=resume,
    )
    return _gather(frame, plans, chains, masks, derived or {})


def _gather(
    frame: pd.DataFrame,
    plans: Sequence[ArmPlan],
    chains: Sequence[Chain],
    masks: Mapping[str, Flags],
    derived: Mapping[str, str],
) -> Imputations:
    cells, k, told = [], 0, []
    for plan in plans:
        for step in plan.steps:
            draws = np.stack([chain.drawn[k] for chain in chains])
            mask = masks.get(step.name)
            absent = 0 if mask is None else int(mask[plan.rows].sum())
            rows, known = plan.rows[step.missing], len(step.known)
            cells.append(
                Cells(step.name, step.kind, plan.arm, rows, draws, known, absent, plan.workers)
            )
            if len(step.levels) == 1:
                told.append(f"{step.name} in {plan.arm}: one level is known, and it is imputed")
            k += 1
    means = np.stack([chain.trace for chain in chains])
    told += unsettled(diagnose(means, [(c.name, c.arm) for c in cells]))
    return Imputations(
        frame=frame.copy(),
        m=len(chains),
        cells=tuple(cells),
        derived=dict(derived),
        method=f"chained equations by arm, {means.shape[1]} iterations",
        means=means,
        warnings=tuple(told),
    )


def _arms(frame: pd.DataFrame, arm: str | None) -> list[tuple[str, Ints]]:
    if arm is None:
        return [("", np.arange(len(frame)))]
    values = column(frame, arm)
    codes, levels = pd.factorize(values, sort=True)
    return [(str(level), np.flatnonzero(codes == k)) for k, level in enumerate(levels)]


def _masks(
    frame: pd.DataFrame, by_design: Mapping[str, str | ArrayLike], variables: Mapping[str, str]
) -> dict[str, Flags]:
    found = {}
    for name, given in by_design.items():
        if name not in variables:
            raise DesignError(f"by_design names {name!r}, which is not among the variables")
        mask = column(frame, given).to_numpy() if isinstance(given, str) else np.asarray(given)
        if mask.shape != (len(frame),) or mask.dtype != bool:
            raise DesignError(
                f"by_design[{name!r}] must be {len(frame)} booleans, or the name of such a column"
            )
        found[name] = mask
    return found


def _refuse_derived(
    frame: pd.DataFrame, derived: Mapping[str, str], variables: Mapping[str, str]
) -> None:
    for name, expression in derived.items():
        if name in variables:
            raise DesignError(f"{name!r} is derived, and so cannot be imputed: take it out of one")
        try:
            frame.eval(expression)
        except Exception as error:  # whatever pandas makes of an expression that it cannot read
            raise DesignError(f"derived {name!r} = {expression!r}: {error}") from None


def _refuse_settings(
    frame: pd.DataFrame,
    variables: Mapping[str, str],
    auxiliary: Sequence[str],
    arm: str | None,
    cluster: str | None,
    m: int,
    iterations: int,
) -> None:
    if not isinstance(frame, pd.DataFrame) or not isinstance(variables, Mapping):
        raise DesignError("impute takes a data frame, and the variables with their kinds as a dict")
    if isinstance(auxiliary, str):
        raise DesignError(f"auxiliary is a list of columns: [{auxiliary!r}]")
    names = [*variables, *auxiliary, *(x for x in (arm, cluster) if x is not None)]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise DesignError(
            f"{', '.join(map(repr, twice))} is given twice; a column is a variable, auxiliary, the "
            "arm or the cluster"
        )
    for label, value, least in (("m", m, 2), ("iterations", iterations, 1)):
        if not isinstance(value, int) or value < least:
            raise DesignError(f"{label} must be a whole number of at least {least}, not {value!r}")
    if cluster is not None and cluster not in frame.columns:
        raise DesignError(f"no column {cluster!r}; the frame has {', '.join(map(str, frame))}")
