"""Variables and auxiliary columns of a frame as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.clusters import Ints
from core_trial.models.columns import column
from core_trial.models.inference import Floats

Flags = NDArray[np.bool_]
KINDS = ("continuous", "matched", "binary", "ordinal", "count")


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A column that may be incomplete.

    Parameters
    ----------
    name, kind
        The column and its kind, one of `KINDS`.
    entries
        Numbers, shape (n,): positions among the categories for an ordered factor; ``nan`` where
        missing.
    absent
        Where it is missing by design, and is not imputed, shape (n,).
    centre, scale
        Of the coded form; see `Step`.
    """

    name: str
    kind: str
    entries: Floats
    absent: Flags
    centre: float = 0.0
    scale: float = 1.0

    @property
    def known(self) -> Flags:
        """Where it is known, shape (n,)."""
        return np.asarray(~np.isnan(self.entries))

    @property
    def missing(self) -> Flags:
        """Where it is to be imputed, shape (n,)."""
        return np.asarray(np.isnan(self.entries) & ~self.absent)

    def restricted(self, rows: Ints) -> Variable:
        """The variable in some rows, with the mean and standard deviation that it has there."""
        values = self.entries[rows]
        raw = np.log1p(values) if self.kind == "count" else values
        seen = raw[~np.isnan(raw)]
        centre, scale = (seen.mean(), seen.std()) if len(seen) else (0.0, 1.0)
        return replace(
            self,
            entries=values,
            absent=self.absent[rows],
            centre=float(centre),
            scale=float(scale) if scale > 0 else 1.0,
        )

    def standard(self) -> Floats:
        """Its coded form, shape (n,), 0 (the mean) where it is missing."""
        raw = np.log1p(self.entries) if self.kind == "count" else self.entries
        return np.nan_to_num((raw - self.centre) / self.scale)


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """All columns that take part.

    Parameters
    ----------
    variables
        Those that may be incomplete.
    complete
        Auxiliary columns and indicators of what is missing by design, shape (n, A).
    """

    variables: tuple[Variable, ...]
    complete: Floats


def coded_columns(
    frame: pd.DataFrame,
    variables: Mapping[str, str],
    auxiliary: Sequence[str],
    masks: Mapping[str, Flags],
) -> Coded:
    """Columns as numbers.

    Raises
    ------
    DesignError
        If a column is not there, a variable is not what its kind says, an auxiliary column is not
        complete, or a mask covers a known value.
    """
    found = tuple(_variable(frame, name, kind, masks.get(name)) for name, kind in variables.items())
    extra = [part for name in auxiliary for part in _auxiliary(frame, name)]
    indicators = {v.absent.tobytes(): v.absent.astype(float) for v in found if v.absent.any()}
    extra += indicators.values()
    complete = np.column_stack(extra) if extra else np.empty((len(frame), 0))
    return Coded(found, complete)


def _variable(frame: pd.DataFrame, name: str, kind: str, mask: Flags | None) -> Variable:
    if name not in frame.columns:
        raise DesignError(f"no column {name!r}; the frame has {', '.join(map(str, frame.columns))}")
    if kind not in KINDS:
        raise DesignError(f"variable {name!r}: kind {kind!r} is none of {', '.join(KINDS)}")
    values = numbers(frame[name], name, kind)
    absent = np.zeros(len(frame), dtype=bool) if mask is None else mask
    known = ~np.isnan(values)
    if (absent & known).any():
        raise DesignError(
            f"variable {name!r} is missing by design in {int((absent & known).sum())} rows in "
            "which it has a value"
        )
    _refuse_values(name, kind, values[known])
    return Variable(name, kind, values, absent)


def numbers(values: pd.Series, name: str, kind: str) -> Floats:
    """A variable as numbers, shape (n,), ``nan`` where missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        if kind not in ("binary", "ordinal"):
            raise DesignError(f"variable {name!r} is a factor: its kind is binary or ordinal")
        if kind == "ordinal" and not values.cat.ordered:
            raise DesignError(
                f"variable {name!r}: the factor's levels have no order; make it an ordered "
                "Categorical, or give it as auxiliary if it is complete"
            )
        codes = values.cat.codes.to_numpy().astype(float)
        return np.where(codes < 0, np.nan, codes)
    if not pd.api.types.is_numeric_dtype(values):
        raise DesignError(f"variable {name!r} must be numeric or a factor, not {values.dtype}")
    array = values.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(array).any():
        raise DesignError(f"variable {name!r} has infinite values")
    return array


def _refuse_values(name: str, kind: str, known: Floats) -> None:
    if not len(known):
        raise DesignError(f"variable {name!r} is known for nobody")
    if kind == "binary" and len(np.unique(known)) > 2:
        raise DesignError(f"variable {name!r} is not binary: it has {len(np.unique(known))} values")
    if kind == "count" and ((known < 0) | (known != np.floor(known))).any():
        raise DesignError(f"variable {name!r} is no count: it has values that are not 0, 1, 2, ...")


def _auxiliary(frame: pd.DataFrame, name: str) -> list[Floats]:
    """A complete column as one column, or one for each level but the first."""
    missing = int(frame[name].isna().sum()) if name in frame.columns else 0
    if missing:
        raise DesignError(
            f"auxiliary column {name!r} has {missing} missing value{'s' if missing > 1 else ''}: "
            "give it among the variables, with its kind, and it is imputed as well"
        )
    values = column(frame, name)
    if pd.api.types.is_numeric_dtype(values):
        array = values.to_numpy(dtype=float)
        if not np.isfinite(array).all():
            raise DesignError(f"column {values.name!r} has infinite values")
        return [array]
    codes, levels = pd.factorize(values, sort=True)
    return [(codes == k).astype(float) for k in range(1, len(levels))]
