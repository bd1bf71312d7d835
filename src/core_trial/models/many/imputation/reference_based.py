"""Reference-based imputation: after dropping out, as the reference arm fares."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.columns import column
from core_trial.models.design import build
from core_trial.models.inference import Floats
from core_trial.models.many.imputation.diagnostics import diagnose, unsettled
from core_trial.models.many.imputation.imputations import Cells, Imputations
from core_trial.models.many.imputation.visits import (
    ArmVisits,
    arm_visits,
    conditional_draw,
    run_arm,
)
from core_trial.models.many.work import each

Strategy = Literal["missing_at_random", "jump_to_reference", "copy_reference", "copy_increments"]
STRATEGIES = ("missing_at_random", "jump_to_reference", "copy_reference", "copy_increments")
#: People that an arm must have beyond its coefficients and visits.
SPARE_PEOPLE = 5


def impute_visits(
    frame: pd.DataFrame,
    *,
    visits: Sequence[str],
    arm: str,
    reference: str,
    strategy: Strategy = "jump_to_reference",
    covariates: Sequence[str] = (),
    m: int = 50,
    iterations: int = 100,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
    resume: str | Path | None = None,
) -> Imputations:
    r"""Impute repeated visits under an assumption about those who stop coming.

    In each arm the visits are multivariate normal given the covariates, with a covariance of its
    own. Parameters are drawn from their posterior under missing at random. Then, in every arm but
    the reference, the visits after a participant's last known one are drawn from the distribution
    that the strategy makes of the two arms' parameters.

    Parameters
    ----------
    frame
        A row per participant, a column per visit.
    visits
        The outcome's columns in the order of time.
    arm
        Column of the arm, complete.
    reference
        The level of the reference arm; there missing is missing at random.
    strategy
        ``"jump_to_reference"``: after the last known visit the mean of the reference arm;
        ``"copy_reference"``: the reference arm's mean at every visit; ``"copy_increments"``: from
        the mean reached in the own arm, the changes of the reference arm; each with the reference
        arm's regression of later visits on earlier ones. ``"missing_at_random"``: the own arm's.
        Visits missing before the last known one are missing at random.
    covariates
        Complete columns, such as the baseline.
    m, seed, workers, progress, resume
        As in `impute`.
    iterations
        Draws of parameters and missing values before the last are kept, in each data set.

    Returns
    -------
    Imputations
        Pool with `Imputations.fit`. Rubin's variance keeps the information that missing at random
        would leave, which is what regulators ask for; it is larger than the variance over repeated
        trials (Cro, Carpenter and Kenward 2019).

    Raises
    ------
    DesignError
        If a column or level is wrong, an arm has too few people, or nothing is missing.

    Notes
    -----
    There is no worker effect in this model: who has left a worker and jumps to the reference has
    none there. Where the analysis has one, it is estimated from the known values alone.

    References
    ----------
    Carpenter, Roger and Kenward (2013), J Biopharm Stat 23: 1352-71. Cro, Carpenter and Kenward
    (2019), J R Stat Soc A 182: 623-45. Gower-Page, Noci and Wolbers (2022), J Open Source Softw 7:
    4251 (rbmi).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> trial = pd.DataFrame({"arm": ["drug", "placebo"] * 40, "week_4": rng.normal(20, 4, 80)})
    >>> trial["week_8"] = (trial["week_4"] + rng.normal(0, 2, 80)).where(rng.random(80) < 0.8)
    >>> found = impute_visits(trial, visits=["week_4", "week_8"], arm="arm", reference="placebo",
    ...                       strategy="copy_increments", m=5, seed=1, progress=False)
    >>> len(found), int(found[0]["week_8"].isna().sum())
    (5, 0)
    """
    _refuse_settings(frame, visits, strategy, m, iterations)
    arms = _arranged(frame, visits, arm, reference, covariates)
    tasks = np.random.SeedSequence(seed).spawn(m)
    one = partial(_impute_once, arms, str(reference), strategy, iterations)
    found = each(one, tasks, workers=workers, progress=progress, label="imputing", resume=resume)
    return _gather(frame, visits, arms, found, strategy, iterations)


def departed_mean(strategy: Strategy, own: Floats, reference: Floats, seen: int) -> Floats:
    """Means of all visits for somebody last seen at visit `seen`, under a strategy.

    Parameters
    ----------
    strategy
        See `impute_visits`.
    own, reference
        Means in the own and in the reference arm, shape (n, V).
    seen
        Number of visits up to the last known one; 0 for none.
    """
    if strategy == "missing_at_random":
        return own
    if strategy == "copy_reference" or seen == 0:
        return reference
    late = reference[:, seen:]
    if strategy == "copy_increments":
        late = late + own[:, seen - 1 : seen] - reference[:, seen - 1 : seen]
    return np.concatenate([own[:, :seen], late], axis=1)


def _impute_once(
    arms: Sequence[ArmVisits],
    reference: str,
    strategy: Strategy,
    iterations: int,
    seed: np.random.SeedSequence,
) -> tuple[list[Floats], list[Floats]]:
    """Completed visits of each arm, and their traces."""
    rng = np.random.default_rng(seed)
    runs = [run_arm(rng, visits, iterations) for visits in arms]
    base = next(run[0] for visits, run in zip(arms, runs, strict=True) if visits.arm == reference)
    done = []
    for visits, (own, Y, _) in zip(arms, runs, strict=True):
        if visits.arm != reference and strategy != "missing_at_random":
            means = visits.X @ own.coefficients, visits.X @ base.coefficients
            Y = _departed(rng, visits, Y, means, base.cov, strategy)
        done.append(Y)
    return done, [trace for _, _, trace in runs]


def _departed(
    rng: np.random.Generator,
    visits: ArmVisits,
    Y: Floats,
    means: tuple[Floats, Floats],
    cov: Floats,
    strategy: Strategy,
) -> Floats:
    """The visits after the last known one drawn anew."""
    Y, V = Y.copy(), Y.shape[1]
    for seen in np.unique(visits.seen[visits.seen < V]):
        rows = np.flatnonzero(visits.seen == seen)
        mean = departed_mean(strategy, means[0][rows], means[1][rows], int(seen))
        late = np.arange(V) >= seen
        Y[np.ix_(rows, late)] = conditional_draw(rng, Y[rows], mean, cov, late)
    return Y


def _arranged(
    frame: pd.DataFrame, visits: Sequence[str], arm: str, reference: str, covariates: Sequence[str]
) -> tuple[ArmVisits, ...]:
    values = column(frame, arm)
    codes, levels = pd.factorize(values.astype(str), sort=True)
    if str(reference) not in levels:
        raise DesignError(
            f"reference {reference!r} is no level of {arm!r}; they are {', '.join(levels)}"
        )
    X = build(" + ".join(covariates), frame).X if covariates else np.ones((len(frame), 1))
    Y = frame[list(visits)].to_numpy(dtype=float, na_value=np.nan)
    if not np.isnan(Y).any():
        raise DesignError("no visit is missing: there is nothing to impute")
    made = []
    for k, level in enumerate(levels):
        rows = np.flatnonzero(codes == k)
        _refuse_few(str(level), Y[rows], X.shape[1], visits)
        made.append(arm_visits(str(level), rows, X[rows], Y[rows]))
    return tuple(made)


def _gather(
    frame: pd.DataFrame,
    visits: Sequence[str],
    arms: Sequence[ArmVisits],
    found: Sequence[tuple[list[Floats], list[Floats]]],
    strategy: str,
    iterations: int,
) -> Imputations:
    cells, traces = [], []
    for a, own in enumerate(arms):
        missing = np.isnan(own.Y)
        for k, name in enumerate(visits):
            gone = np.flatnonzero(missing[:, k])
            if len(gone):
                draws = np.stack([done[a][gone, k] for done, _ in found])
                known = int((~missing[:, k]).sum())
                rows = own.rows[gone]
                cells.append(Cells(name, "continuous", own.arm, rows, draws, known, 0, 0))
                traces.append(np.stack([trace[a][:, k] for _, trace in found]))
    means = np.stack(traces, axis=2)
    return Imputations(
        frame=frame.copy(),
        m=len(found),
        cells=tuple(cells),
        derived={},
        method=f"{strategy.replace('_', ' ')}, multivariate normal by arm, {iterations} iterations",
        means=means,
        warnings=tuple(unsettled(diagnose(means, [(c.name, c.arm) for c in cells]))),
    )


def _refuse_few(arm: str, Y: Floats, p: int, visits: Sequence[str]) -> None:
    known = (~np.isnan(Y)).sum(axis=0)
    needed = p + len(visits) + SPARE_PEOPLE
    if known.min() < needed:
        raise DesignError(
            f"visit {visits[int(known.argmin())]!r} is known for {known.min()} people in arm "
            f"{arm!r}; {needed} are needed for {p} coefficients and {len(visits)} visits"
        )


def _refuse_settings(
    frame: pd.DataFrame, visits: Sequence[str], strategy: str, m: int, iterations: int
) -> None:
    if strategy not in STRATEGIES:
        raise DesignError(f"strategy {strategy!r}: choose {', '.join(STRATEGIES)}")
    if isinstance(visits, str) or len(visits) < 2 or len(set(visits)) < len(visits):
        raise DesignError("visits are at least two columns, each once, in the order of time")
    gone = [name for name in visits if name not in frame.columns]
    if gone:
        raise DesignError(f"no column {', '.join(map(repr, gone))}")
    texts = [name for name in visits if not pd.api.types.is_numeric_dtype(frame[name])]
    if texts:
        raise DesignError(f"column {', '.join(map(repr, texts))} must be numeric")
    for label, value, least in (("m", m, 2), ("iterations", iterations, 10)):
        if not isinstance(value, int) or value < least:
            raise DesignError(f"{label} must be a whole number of at least {least}, not {value!r}")
