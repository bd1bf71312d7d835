"""Canonical regression without a random effect: boundary and start of the mixed models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.intercept.adaptive_quadrature import plain
from core_trial.models.intercept.layout import Rows
from core_trial.models.numerics.canonical import Family
from core_trial.models.numerics.newton import Optimum, maximise
from core_trial.models.numerics.separation import Separation, separation

#: Steps within which ordinary data converge; data that do not are examined for separation.
ORDINARY = 12
#: Steps after which a regression is given up that neither converges nor separates.
PATIENCE = 200


@dataclass(frozen=True, slots=True, eq=False)
class Orthonormal:
    """Coordinates in which the weighted columns of a design are orthonormal.

    In them a step or a tolerance means the same whatever the units of the covariates.

    Parameters
    ----------
    columns
        The distinct rows in these coordinates, shape (p, P).
    back
        The design's own coefficients are ``back @`` the ones here, shape (p, p).
    """

    columns: Floats
    back: Floats


def orthonormal(X: Floats, counts: Floats) -> Orthonormal:
    """Coordinates for distinct rows `X`, shape (P, p), and how often each is there, (P,)."""
    triangle = np.linalg.qr(X * np.sqrt(counts / counts.sum())[:, None], mode="r")
    back = np.linalg.inv(triangle)
    return Orthonormal(np.ascontiguousarray(back.T @ X.T), back)


def regress(rows: Rows, family: Family, most: int = ORDINARY) -> Optimum:
    """Maximum likelihood of a regression with canonical link.

    Parameters
    ----------
    rows
        Distinct rows in orthonormal coordinates.
    family
        Distribution of the response.
    most
        Steps after which to stop and say that it did not converge.
    """

    def evaluate(theta: Floats) -> tuple[float, Floats, Floats]:
        value, gradient, hessian = plain(rows, family, theta)
        return value, gradient, -hessian

    share = rows.trials / rows.trials.sum()
    towards = family.start(rows.successes / rows.trials) - rows.shift
    start = rows.columns @ (share * towards)
    return maximise(evaluate, start, most=most)


def examine(X: Floats, rows: Rows, family: Family) -> tuple[Optimum, Separation | None]:
    """Regress, and where that does not converge soon look for separation.

    Parameters
    ----------
    X
        The distinct rows in the design's own coordinates, shape (P, p).
    rows
        The same in orthonormal coordinates.
    family
        Distribution of the response.
    """
    best = regress(rows, family)
    if best.converged:
        return best, None
    apart = separation(X, rows.trials, rows.successes, bounded=family.bounded)
    return (best, apart) if apart is not None else (regress(rows, family, PATIENCE), None)
