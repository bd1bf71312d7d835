"""How far the missing must differ from the known before the conclusion changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.fit import Fit
from core_trial.models.many.imputation.imputations import Imputations


@dataclass(frozen=True, slots=True, eq=False)
class TippingPoint:
    """An effect under a grid of departures from missing at random.

    Parameters
    ----------
    table
        A row per pair of departures: ``delta[arm]`` for each arm, estimate, low, high, p_value.
    term, level
        The effect, and the size of its test.
    null
        The effect's value without a difference: 0, or 1 for a ratio.
    """

    table: pd.DataFrame
    term: str
    level: float
    null: float

    @property
    def tipped(self) -> pd.DataFrame:
        """The rows in which the test says something else than at the smallest departure."""
        deltas = self.table.filter(like="delta[").to_numpy(dtype=float)
        start = int(np.abs(deltas).sum(axis=1).argmin())
        side = np.sign(self.table["estimate"].to_numpy(dtype=float) - self.null)
        said = np.where(self.table["p_value"].to_numpy(dtype=float) < self.level, side, 0.0)
        return pd.DataFrame(self.table[said != said[start]])

    def __repr__(self) -> str:
        head = (
            f"{self.term}: the conclusion changes in {len(self.tipped)} of {len(self.table)} rows"
        )
        return f"{head}\n{self.table.to_string(index=False, float_format='{:.4g}'.format)}"


def tipping_point(
    imputations: Imputations,
    variable: str,
    deltas: Mapping[str, Sequence[float]],
    model: Callable[..., Fit],
    formula: str,
    *,
    term: str,
    level: float = 0.05,
    workers: int | None = None,
    **options: Any,
) -> TippingPoint:
    """Fit and pool a model under every combination of departures, arm by arm.

    Parameters
    ----------
    imputations
        Made under missing at random.
    variable
        The continuous variable whose imputed values are moved.
    deltas
        For each arm the numbers to be added to its imputed values, such as
        ``{"intervention": [0, -2, -4], "control": [0]}``.
    model, formula, **options
        As in `Imputations.fit`.
    term
        The effect, as in `Pooled.effect`.
    level
        Size of the test whose conclusion may change.
    workers
        Processes.

    References
    ----------
    Cro, Morris, Kenward and Carpenter (2020), Stat Med 39: 2815-42. Yan, Lee and Li (2009), J
    Biopharm Stat 19: 1085-98 (tipping point).

    Examples
    --------
    >>> from core_trial.models.linear.mixed_linear import mixed_linear
    >>> from core_trial.models.many.imputation.impute import impute
    >>> rng = np.random.default_rng(1)
    >>> trial = pd.DataFrame({"arm": ["a", "b"] * 40, "person": range(80)})
    >>> trial["before"] = rng.normal(20, 4, 80)
    >>> gain = np.where(trial["arm"] == "b", 2.0, 0.0) + rng.normal(0, 2, 80)
    >>> trial["after"] = (trial["before"] + gain).where(rng.random(80) < 0.7)
    >>> imputed = impute(trial, variables={"before": "continuous", "after": "continuous"},
    ...                  arm="arm", m=5, seed=1, progress=False)
    >>> found = tipping_point(imputed, "after", {"a": [0], "b": [0, -8]}, mixed_linear,
    ...                       "after ~ arm + before", term="arm", cluster="person")
    >>> found.tipped["delta[b]"].tolist()
    [-8.0]
    """
    if not 0 < level < 1:
        raise DesignError(f"level must lie between 0 and 1, not {level!r}")
    arms, rows, ratio = list(deltas), [], False
    for values in product(*deltas.values()):
        delta = dict(zip(arms, map(float, values), strict=True))
        moved = imputations.shift(variable, delta)
        pooled = moved.fit(model, formula, workers=workers, **options)
        effect, ratio = pooled.effect(term), pooled.scale != "identity"
        rows.append(
            {f"delta[{arm}]": x for arm, x in delta.items()}
            | {"estimate": effect.estimate, "low": effect.low, "high": effect.high}
            | {"p_value": effect.p_value}
        )
    table = pd.DataFrame(rows)
    return TippingPoint(table, term, level, null=1.0 if ratio else 0.0)
