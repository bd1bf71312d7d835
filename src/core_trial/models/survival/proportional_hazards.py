"""Are the hazards proportional? Schoenfeld residuals, and a test for each term."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import columns as read
from core_trial.models.choices import refuse_choice
from core_trial.models.columns import Missing
from core_trial.models.frozen import ReadOnly
from core_trial.models.inference import Floats, Test, chi_square_p
from core_trial.models.numerics.newton import Estimable
from core_trial.models.numerics.threads import one_thread
from core_trial.models.showing.page import Page, Shown
from core_trial.models.survival.design import (
    CoxDesign,
    estimable,
    maximum,
    prepare,
    right_hand_side,
)
from core_trial.models.survival.follow_up import FollowUp, follow_up, strata_arguments, strata_codes
from core_trial.models.survival.kaplan_meier import curve
from core_trial.models.survival.partial_likelihood import (
    Sums,
    schoenfeld_residuals,
    sums,
    weighted_derivatives,
)
from core_trial.models.survival.risk_sets import Ties

Transform = Literal["identity", "log", "km"]
#: Of a term's information, what is left after the model's must be more than this.
NOTHING_LEFT = 1e-10


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ProportionalHazards(Shown):
    """Tests of proportional hazards, and the residuals behind them.

    Parameters
    ----------
    tests
        A score test of each term and of all together (``"global"``) against a coefficient that
        changes in proportion to the transformed time; ``nan`` where there is nothing to test.
    transform
        The transformation of time.
    residuals
        A row per event in order of time: ``time``, ``transformed``, and for each coefficient the
        scaled Schoenfeld residual, whose smooth over time shows the coefficient's course.
    """

    tests: Mapping[str, Test]
    transform: Transform
    residuals: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """A row per test."""
        rows = {k: (t.statistic, t.df, t.p_value) for k, t in self.tests.items()}
        columns = ["statistic", "df", "p_value"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("term")

    def page(self) -> Page:
        """The tests."""
        from core_trial.models.showing.curves import tests_block

        facts = (f"against coefficients that change with time, transformed by {self.transform!r}",)
        return Page("Are the hazards proportional?", (tests_block(self.tests),), (), facts)


def proportional_hazards(
    formula: str,
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    ties: Ties = "breslow",
    strata: str | Sequence[str] | None = None,
    entry: str | None = None,
    transform: Transform = "km",
    missing: Missing = "refuse",
) -> ProportionalHazards:
    """Test a Cox model's proportional hazards.

    Parameters
    ----------
    formula, frame, time, event, ties, strata, entry, missing
        As for `core_trial.models.survival.cox.cox`.
    transform
        ``"km"`` for one minus the Kaplan-Meier curve just before the event (R's default),
        ``"identity"``, or ``"log"``.

    Raises
    ------
    DesignError
        For what `cox` refuses, and for the logarithm of an event at time zero.

    References
    ----------
    Grambsch and Therneau (1994), Biometrika 81: 515-26. The tests are the exact score tests of
    ``cox.zph`` in R's survival 3, not the approximation of the paper.

    Examples
    --------
    >>> frame = pd.DataFrame({"arm": [0, 1, 0, 1, 0, 1], "days": [3, 5, 6, 8, 9, 9],
    ...                       "readmitted": [1, 1, 1, 0, 1, 1]})
    >>> test = proportional_hazards("arm", frame, time="days", event="readmitted")
    >>> test.tests["arm"].df
    1.0
    """
    rows = read.sample(
        frame,
        formula,
        missing=missing,
        time=time,
        event=event,
        entry=entry,
        **strata_arguments(strata),
    )
    covariates = right_hand_side(formula, rows)
    observed = follow_up(rows.frame, time, event, entry)
    design = prepare(covariates, observed, strata_codes(rows.frame, strata), ties)
    if design.risk.n_events == 0:
        raise DesignError("there is no event, so there are no hazards to compare")
    refuse_choice("transform", transform, _TRANSFORMS)
    g = _TRANSFORMS[transform](observed, design.risk.time)
    best = maximum(design).best
    found = estimable(design, best)
    x = np.ascontiguousarray(covariates.X[design.risk.order].T)
    x -= x.mean(axis=1, keepdims=True)
    at = sums(design.risk, x, design.predictor(best.point))
    beta = np.where(found.lost, np.nan, design.white.back @ best.point)
    residuals = _residuals(design, x, at, g, beta, found.covariance())
    return ProportionalHazards(ReadOnly(_tests(design, x, at, g, found)), transform, residuals)


def _identity(observed: FollowUp, times: Floats) -> Floats:
    return times


def _log(observed: FollowUp, times: Floats) -> Floats:
    if (times <= 0).any():
        raise DesignError("an event at time zero has no logarithm: choose another transform")
    return np.log(times)


def _kaplan_meier(observed: FollowUp, times: Floats) -> Floats:
    km = curve(observed.time, observed.event, entry=observed.entry)
    return 1 - np.append(1.0, km.survival)[np.searchsorted(km.time, times, side="left")]


_TRANSFORMS: Mapping[Transform, Callable[[FollowUp, Floats], Floats]] = MappingProxyType(
    {"identity": _identity, "log": _log, "km": _kaplan_meier}
)


@one_thread
def _tests(design: CoxDesign, x: Floats, at: Sums, g: Floats, found: Estimable) -> dict[str, Test]:
    """Score tests of the columns times g, added to the model one term at a time.

    The information of the model's own columns stands in the upper left of the larger model's; what
    it explains is taken from the added columns' (a Schur complement).
    """
    risk, p = design.risk, len(x)
    g = g - g.mean()
    score, cross = weighted_derivatives(risk, x, at, g)
    _, square = weighted_derivatives(risk, x, at, g**2)
    back = design.white.back
    remaining = square - cross @ (back @ found.inverse @ back.T) @ cross.T
    terms = {term: list(columns) for term, columns in design.term_columns.items()}
    sets = {**terms, "global": [k for k in range(p) if not found.lost[k]]}
    usable = np.diagonal(remaining) > NOTHING_LEFT * np.diagonal(square)
    tests = {}
    for term, columns in sets.items():
        fine = len(columns) > 0 and usable[columns].all() and not found.lost[columns].any()
        block = remaining[np.ix_(columns, columns)]
        statistic = (
            float(score[columns] @ np.linalg.solve(block, score[columns])) if fine else np.nan
        )
        df = float(len(columns))
        tests[term] = Test(f"{term}: proportional", statistic, df, chi_square_p(statistic, df))
    return tests


def _residuals(
    design: CoxDesign, x: Floats, at: Sums, g: Floats, beta: Floats, cov: Floats
) -> pd.DataFrame:
    """Scaled Schoenfeld residuals, a row per event."""
    risk = design.risk
    group = risk.moment
    raw = schoenfeld_residuals(risk, x, at)
    scaled = beta + risk.n_events * raw @ cov
    frame = pd.DataFrame(scaled, columns=list(design.columns))
    frame.insert(0, "time", risk.time[group])
    frame.insert(1, "transformed", g[group])
    return frame.sort_values("time", kind="stable", ignore_index=True)
