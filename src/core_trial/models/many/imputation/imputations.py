"""Multiply imputed data sets as one value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from core_trial.errors import DesignError, FitError
from core_trial.models.clusters import Ints
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.many.estimates import Estimates, estimates_of
from core_trial.models.many.imputation.diagnostics import as_frame, diagnose
from core_trial.models.many.pool import pool
from core_trial.models.many.pooled import Pooled
from core_trial.models.many.work import each

#: Kinds whose imputed values can be moved by a number.
MOVABLE = ("continuous", "matched")


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Imputed values of one variable in one arm.

    Parameters
    ----------
    name, kind, arm
        Which variable, and in which arm.
    rows
        The rows of the frame that they fill, shape (r,).
    draws
        Shape (m, r); positions among the categories for a factor.
    known, by_design
        People of the arm whose value is known, and who lack it by design.
    workers
        Workers whose effects were drawn; 0 for a regression without them.
    """

    name: str
    kind: str
    arm: str
    rows: Ints
    draws: Floats
    known: int
    by_design: int
    workers: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Imputations(Sequence[pd.DataFrame]):
    """Completed data sets: a sequence of frames, each made when it is asked for.

    Parameters
    ----------
    frame
        The data as they were given.
    m
        Number of completed data sets.
    cells
        Imputed values by variable and arm.
    derived
        Expressions of columns that are worked out anew in each completed frame.
    method
        How the values were imputed, in words.
    means
        Mean and standard deviation of the imputed values after each iteration, shape
        (m, iterations, number of `cells`, 2).
    warnings
        What a careful reader should know.
    """

    frame: pd.DataFrame
    m: int
    cells: tuple[Cells, ...]
    derived: Mapping[str, str]
    method: str
    means: Floats
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.m

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self._completed(k) for k in range(*i.indices(self.m))]
        if not -self.m <= i < self.m:
            raise IndexError(f"there are {self.m} completed data sets")
        return self._completed(i % self.m)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return (self._completed(k) for k in range(self.m))

    @cached_property
    def frames(self) -> tuple[pd.DataFrame, ...]:
        """All completed frames, held in memory once they are asked for."""
        return tuple(self)

    def _completed(self, i: int) -> pd.DataFrame:
        frame = self.frame.copy()
        for name in dict.fromkeys(cell.name for cell in self.cells):
            own = [cell for cell in self.cells if cell.name == name]
            frame[name] = _filled(self.frame[name], own, i)
        for name, expression in self.derived.items():
            frame[name] = frame.eval(expression)
        return frame

    def analyse(
        self,
        function: Callable[[pd.DataFrame], Fit],
        *,
        workers: int | None = None,
        progress: bool = False,
        resume: str | Path | None = None,
    ) -> list[Estimates | str]:
        """Apply a model to every completed data set.

        Parameters
        ----------
        function
            From a completed frame to a fit.
        workers, progress, resume
            As in `replicate`.

        Returns
        -------
        list
            What pooling needs of each fit, or the reason why the data could not be fitted.
        """
        one = partial(_fit_one, self, function)
        return each(one, range(self.m), workers=workers, progress=progress, resume=resume)

    def fit(
        self,
        model: Callable[..., Fit],
        formula: str,
        *,
        complete_df: ArrayLike | None = None,
        workers: int | None = None,
        progress: bool = False,
        **options: Any,
    ) -> Pooled:
        """Fit a model to every completed data set, and pool.

        Parameters
        ----------
        model
            One of ours, such as `mixed_linear`.
        formula
            Its formula.
        complete_df
            As in `pool`.
        workers, progress
            As in `replicate`.
        **options
            What the model takes besides formula and frame, such as ``cluster="worker"``.
        """
        function = partial(_call, model, formula, options)
        found = self.analyse(function, workers=workers, progress=progress)
        return pool(found, complete_df=complete_df)

    def shift(self, variable: str, delta: Mapping[str, float]) -> Imputations:
        """Move the imputed values of a variable by arm, as if the missing differed from the known.

        Parameters
        ----------
        variable
            A continuous (or matched) variable.
        delta
            What is added to each imputed value, by arm, such as
            ``{"intervention": -2, "control": 0}``; every arm is named.

        Notes
        -----
        The other variables' imputations stay as they are. For a binary outcome see
        `informative_missingness`.

        References
        ----------
        Cro, Morris, Kenward and Carpenter (2020), Stat Med 39: 2815-42.
        """
        own = [cell for cell in self.cells if cell.name == variable]
        delta = {str(arm): float(value) for arm, value in delta.items()}
        self._refuse_shift(variable, own, delta)
        moved = tuple(
            replace(c, draws=c.draws + delta[c.arm]) if c.name == variable else c
            for c in self.cells
        )
        told = ", ".join(f"{arm} {value:+g}" for arm, value in delta.items())
        return replace(self, cells=moved, method=f"{self.method}; {variable} moved by {told}")

    def _refuse_shift(self, variable: str, own: list[Cells], delta: Mapping[str, float]) -> None:
        if not own:
            known = ", ".join(dict.fromkeys(c.name for c in self.cells))
            raise DesignError(f"nothing is imputed in {variable!r}; imputed are {known}")
        if own[0].kind not in MOVABLE:
            raise DesignError(
                f"{variable!r} is {own[0].kind}: only continuous values can be moved by a number; "
                "for a binary outcome use informative_missingness"
            )
        arms = self.arms
        if sorted(delta) != sorted(arms):
            raise DesignError(f"delta names {', '.join(delta)}; the arms are {', '.join(arms)}")
        if not all(np.isfinite(value) for value in delta.values()):
            raise DesignError("delta must be finite numbers")

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms' labels; one blank label if there is one group."""
        return tuple(dict.fromkeys(c.arm for c in self.cells))

    @cached_property
    def trace(self) -> pd.DataFrame:
        """A row per imputation, iteration, variable and arm: mean and sd of the imputed values."""
        return as_frame(self.means, [(c.name, c.arm) for c in self.cells])

    @cached_property
    def diagnostics(self) -> pd.DataFrame:
        """A row per variable and arm: whether the chains have settled; see `diagnose`."""
        return diagnose(self.means, [(c.name, c.arm) for c in self.cells])

    def describe(self) -> pd.DataFrame:
        """A row per variable and arm: kind, model, known, missing by design, imputed and share."""
        rows = [
            {
                "variable": c.name,
                "arm": c.arm,
                "kind": c.kind,
                "worker_effect": f"{c.workers} workers" if c.workers else "none",
                "known": c.known,
                "by_design": c.by_design,
                "imputed": len(c.rows),
                "share": len(c.rows) / (c.known + len(c.rows)),
            }
            for c in self.cells
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        table = self.describe().to_string(index=False, formatters={"share": "{:.1%}".format})
        head = f"{self.m} imputations: {self.method}"
        return "\n".join([head, table, *(f"warning: {w}" for w in self.warnings)])


def _filled(column: pd.Series, own: list[Cells], i: int) -> pd.Series:
    """A column with the values of data set i; numeric ones become floats."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy().copy()
        for cell in own:
            codes[cell.rows] = cell.draws[i]
        made = pd.Categorical.from_codes(codes, dtype=column.dtype)
        return pd.Series(made, index=column.index, name=column.name)
    values = column.to_numpy(dtype=float, na_value=np.nan).copy()
    for cell in own:
        values[cell.rows] = cell.draws[i]
    return pd.Series(values, index=column.index, name=column.name)


def _call(
    model: Callable[..., Fit], formula: str, options: Mapping[str, Any], frame: pd.DataFrame
) -> Fit:
    return model(formula, frame, **options)


def _fit_one(
    imputations: Imputations, function: Callable[[pd.DataFrame], Fit], i: int
) -> Estimates | str:
    try:
        return estimates_of(function(imputations[i]))
    except (DesignError, FitError) as error:
        return str(error)
