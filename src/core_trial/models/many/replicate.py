"""The same model over many data sets: simulation, bootstrap, multiple imputation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from core_trial.errors import DesignError, FitError
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats, wald
from core_trial.models.many.rejection import Rejection, rejection
from core_trial.models.many.work import each
from core_trial.models.names import locate

Data = TypeVar("Data")
Draw = Callable[[np.random.Generator], Data]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What is kept of one fit.

    Parameters
    ----------
    terms
        Names of the p coefficients; none if the data could not be fitted.
    beta, std_error, df
        Arrays of shape (p,).
    variance
        Variance components by name.
    loglik
        Log-likelihood.
    converged, warnings
        As the fit has them; where the data could not be fitted, the reason.
    confidence
        Coverage of the fit's intervals.
    """

    terms: tuple[str, ...]
    beta: Floats
    std_error: Floats
    df: Floats
    variance: dict[str, float]
    loglik: float
    converged: bool
    warnings: tuple[str, ...]
    confidence: float = np.nan


@dataclass(frozen=True, eq=False)
class Replicates:
    """The fits of `replicate`, in the order of their tasks.

    Parameters
    ----------
    outcomes
        What is kept of each fit.
    """

    outcomes: tuple[Outcome, ...]

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """A row per replicate and term, on the link scale, with statistic, p-value and interval."""
        kept = self.outcomes
        beta, error, df = (
            np.concatenate([getattr(o, name) for o in kept] or [np.empty(0)])
            for name in ("beta", "std_error", "df")
        )
        known = [o.confidence for o in kept if o.terms]
        w = wald(beta, error, df, known[0] if known else 0.95)
        numbers = np.repeat(np.arange(len(kept)), [len(o.terms) for o in kept])
        columns = {
            "replicate": numbers,
            "term": [term for o in kept for term in o.terms],
            "estimate": beta,
            "std_error": error,
            "statistic": w.statistic,
            "df": w.df,
            "p_value": w.p_value,
            "low": w.low,
            "high": w.high,
        }
        return pd.DataFrame(columns)

    @cached_property
    def fits(self) -> pd.DataFrame:
        """A row per replicate: loglik, converged, warnings, and a column per variance component."""
        rows = [
            {
                "loglik": o.loglik,
                "converged": o.converged,
                "warnings": "; ".join(o.warnings),
                **{f"variance[{name}]": value for name, value in o.variance.items()},
            }
            for o in self.outcomes
        ]
        return pd.DataFrame(rows).rename_axis("replicate")

    def of(self, term: str) -> pd.DataFrame:
        """One term, a row per replicate; ``nan`` where its fit failed.

        Parameters
        ----------
        term
            A coefficient's name, or the name of a variable that has one coefficient.

        Raises
        ------
        DesignError
            If there is no such coefficient, or no data set could be fitted.
        """
        names = tuple(dict.fromkeys(t for o in self.outcomes for t in o.terms))
        if not names:
            reason = next((o.warnings[0] for o in self.outcomes if o.warnings), "there are none")
            raise DesignError(f"no data set could be fitted: {reason}")
        chosen = self.estimates
        chosen = chosen[chosen["term"] == names[locate(term, names)]]
        every = pd.RangeIndex(len(self.outcomes), name="replicate")
        return chosen.set_index("replicate").drop(columns="term").reindex(every)

    def rejection(self, term: str, *, level: float = 0.05) -> Rejection:
        """Share of the data sets in which a term differs from zero: power, or type I error.

        Data sets that could not be fitted, or whose fit did not converge, are counted apart and
        not as tests that found nothing.

        Parameters
        ----------
        term
            As in `of`.
        level
            Size of the two-sided test.
        """
        p = self.of(term)["p_value"].to_numpy(dtype=float)
        converged = np.array([o.converged for o in self.outcomes], dtype=bool)
        return rejection(p, converged, level)


def replicate(
    fit: Callable[[Data], Fit],
    draw: Draw[Data] | Sequence[Data],
    times: int | None = None,
    *,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
    resume: str | Path | None = None,
) -> Replicates:
    """Fit the same model to many data sets.

    Each data set has a random generator of its own, made from `seed` and its number, so that the
    result is the same for any number of workers. Work is handed out by joblib: inside
    ``joblib.parallel_config(backend="dask")``, or any other backend's, it goes there.

    Parameters
    ----------
    fit
        From a data set to a fit: ``prepare_mixed_logistic(...).fit``, which shares the design
        between responses, or a function that calls a model with a formula.
    draw
        From a generator to a data set, such as `draws.simulation` or `draws.cluster_bootstrap`
        give; or the data sets themselves, such as imputed frames.
    times
        Number of data sets to draw; None for a sequence of data sets.
    seed
        Seed of all generators.
    workers
        Number of processes; None leaves it to joblib's configuration, which is one by default.
    progress
        Whether to show a progress bar with the time left, on the standard error stream.
    resume
        Folder that keeps what is done: the same call again, after a stop, begins where the first
        one stopped and gives the same bits. None keeps nothing.

    Returns
    -------
    Replicates
        `estimates`, a row per replicate and term; `fits`, a row per replicate. A data set that
        cannot be fitted (`DesignError`, `FitError`) is a row that says why.

    Raises
    ------
    DesignError
        If `times` does not fit `draw`, or `resume` holds the results of another call.

    Examples
    --------
    >>> import pandas as pd
    >>> from core_trial.models.many.draws import simulation
    >>> from core_trial.models.intercept.mixed_logistic import prepare_mixed_logistic
    >>> frame = pd.DataFrame({
    ...     "readmitted": 0.0,
    ...     "arm": [1] * 20 + [0] * 20,
    ...     "worker": [i // 5 if i < 20 else i for i in range(40)],
    ... })
    >>> model = prepare_mixed_logistic("readmitted ~ arm", frame, cluster="worker")
    >>> trials = simulation(model, beta=[-0.5, -0.4], sd=0.3)
    >>> many = replicate(model.fit, trials, 20, seed=1, progress=False)
    >>> len(many.of("arm")), len(many.fits)
    (20, 20)
    """
    tasks = _tasks(draw, times, seed)
    kept = each(partial(_keep, fit), tasks, workers=workers, progress=progress, resume=resume)
    return Replicates(tuple(kept))


def _tasks(
    draw: Draw[Data] | Sequence[Data], times: int | None, seed: int
) -> list[Callable[[], Data]]:
    """Each data set as a function without arguments that makes it."""
    if callable(draw):
        if times is None or times < 0:
            raise DesignError("say how many data sets to draw: times=...")
        return [partial(_drawn, draw, own) for own in np.random.SeedSequence(seed).spawn(times)]
    if times not in (None, len(draw)):
        raise DesignError(f"there are {len(draw)} data sets, so times={times} cannot be done")
    return [partial(_given, data) for data in draw]


def _drawn(draw: Draw[Data], seed: np.random.SeedSequence) -> Data:
    return draw(np.random.default_rng(seed))


def _given(data: Data) -> Data:
    return data


def _keep(fit: Callable[[Data], Fit], task: Callable[[], Data]) -> Outcome:
    none = np.empty(0)
    try:
        found = fit(task())
    except (DesignError, FitError) as error:
        return Outcome((), none, none, none, {}, np.nan, False, (str(error),))
    return Outcome(
        terms=found.terms,
        beta=found.beta,
        std_error=found.std_error,
        df=found.df,
        variance=dict(found.variance),
        loglik=found.loglik,
        converged=found.converged,
        warnings=found.warnings,
        confidence=found.confidence,
    )
