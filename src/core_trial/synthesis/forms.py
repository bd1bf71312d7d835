r"""The linear mixed model as forms of its outcome.

Given the ratio q of cluster to residual variance, V = I + q Z Z', everything in the model is a
linear or a quadratic form of the outcome y (Harville 1977, J Am Stat Assoc 72: 320-38):

.. math::
   b = w'y, \qquad s^2 = c\, y'Py / n, \qquad
   S = \tfrac12 \left( n \frac{y'PZZ'Py}{y'Py} - \mathrm{tr}(V^{-1} Z Z') \right)

with P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1, w the arm's row of (X'V^-1 X)^-1 X'V^-1 and c its
diagonal element of (X'V^-1 X)^-1. S is the slope of the profile likelihood by q, zero where q is
estimated above its bound. So what a change of a few participants' scores does is known without a
fit, for thousands of changes at once: the forms at the present q, and one Newton step of q.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq

from core_trial.models.design import build
from core_trial.models.linear.mixed_linear import mixed_linear
from core_trial.synthesis.people import codes
from core_trial.synthesis.regions import Region
from core_trial.synthesis.search import Floats

#: Step of the variance ratio by which its effect is measured, and how far it is trusted.
RATIO_STEP = 1e-3
LARGEST_RATIO_CHANGE = 0.1
#: Between these the variance ratio is looked for.
RATIOS = (0.0, 0.02, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
CLUSTER, OUTCOME, ARM = "cluster_id", "outcome", "arm"

Pairs = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Profile:
    """A model at one variance ratio; S is the slope, the likelihood lacks a constant."""

    estimate: float
    std_error: float
    slope: float
    loglik: float


@dataclass(frozen=True, eq=False)
class Row:
    """One printed row: a model, and where its estimate and standard error should lie.

    Parameters
    ----------
    formula
        Right-hand side; the arm is its first covariate.
    frame
        Covariates and clusters of the participants in this model; its index says which positions
        of the outcome they have.
    region
        Where (difference in means, standard error) should lie.
    """

    formula: str
    frame: pd.DataFrame
    region: Region

    @cached_property
    def X(self) -> Floats:
        """Design matrix, shape (n, p); column 1 is the arm."""
        return build(self.formula, self.frame).X

    @cached_property
    def cluster(self) -> np.ndarray:
        """Cluster of each participant as an integer from 0, shape (n,)."""
        return codes(self.frame[CLUSTER])

    def sums(self, values: Floats) -> Floats:
        """Z'A: sums by cluster of the rows of a matrix or of a vector, shape (G, ...)."""
        found = np.zeros((self.cluster.max() + 1, *values.shape[1:]))
        np.add.at(found, self.cluster, values)
        return found

    def weigh(self, values: Floats, ratio: float) -> Floats:
        """V^-1 A for a matrix or a vector of n rows."""
        share = ratio / (1 + ratio * np.bincount(self.cluster))
        shrunk = self.sums(values) * share.reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray(values - shrunk[self.cluster])

    def trace(self, ratio: float) -> float:
        """Trace of V^-1 ZZ'."""
        size = np.bincount(self.cluster)
        return float((size / (1 + ratio * size)).sum())

    def fit(self, y: Floats) -> tuple[float, float, float]:
        """Difference, standard error, and ratio of cluster to residual variance.

        The ratio is zero, or where S crosses zero downwards, whichever is likelier; it is rounded,
        so that the last bits of a machine decide nothing.
        """
        slopes = [self.profile(q, y).slope for q in RATIOS]
        peaks = [0.0] if slopes[0] <= 0 else []
        for k in range(len(RATIOS) - 1):
            if slopes[k] > 0 >= slopes[k + 1]:
                ends = RATIOS[k], RATIOS[k + 1]
                root = brentq(lambda q: self.profile(q, y).slope, *ends, xtol=1e-13)
                peaks.append(round(float(root), 9))
        found = {q: self.profile(q, y) for q in peaks or RATIOS[-1:]}
        ratio = max(found, key=lambda q: found[q].loglik)
        return found[ratio].estimate, found[ratio].std_error, ratio

    def profile(self, ratio: float, y: Floats) -> Profile:
        """The model at a variance ratio."""
        own, X, n = y[self.frame.index], self.X, len(self.X)
        half = self.weigh(X, ratio)
        bread = np.linalg.inv(X.T @ half)
        beta = bread @ (half.T @ own)
        residual = self.weigh(own - X @ beta, ratio)
        square = own @ residual
        slope = (n * (self.sums(residual) ** 2).sum() / square - self.trace(ratio)) / 2
        log_det = np.log1p(ratio * np.bincount(self.cluster)).sum()
        return Profile(
            estimate=float(beta[1]),
            std_error=float(np.sqrt(bread[1, 1] * square / n)),
            slope=float(slope),
            loglik=float(-(n * np.log(square / n) + log_det) / 2),
        )

    def confirm(self, y: Floats) -> tuple[float, float]:
        """Difference and standard error by the models of the analyses."""
        frame = self.frame.assign(**{OUTCOME: y[self.frame.index]})
        found = mixed_linear(f"{OUTCOME} ~ {self.formula}", frame, cluster=CLUSTER, method="ml")
        effect = found.effect(ARM)
        return effect.estimate, effect.std_error

    def weights(self, ratio: float, size: int) -> Floats:
        """w, over all `size` positions of the outcome."""
        half = self.weigh(self.X, ratio)
        found = np.zeros(size)
        found[self.frame.index] = half @ np.linalg.inv(self.X.T @ half)[:, 1]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Forms:
    """The forms of one row at a variance ratio, over all N positions (zero outside the model).

    Parameters
    ----------
    weights
        w, shape (N,).
    projection, between
        P and PZZ'P, shape (N, N).
    factor
        c / n.
    n, trace
        Participants in the model, and the trace of V^-1 ZZ'.
    """

    weights: Floats
    projection: Floats
    between: Floats
    factor: float
    n: int
    trace: float

    @classmethod
    def of(cls, row: Row, ratio: float, size: int) -> Forms:
        """The forms of a row in a trial of `size` positions."""
        X, n = row.X, len(row.X)
        half = row.weigh(X, ratio)
        bread = np.linalg.inv(X.T @ half)
        P = row.weigh(np.eye(n), ratio) - half @ bread @ half.T
        by_cluster = row.sums(P)
        at = row.frame.index.to_numpy()
        weights, projection, between = (
            np.zeros(size),
            np.zeros((size, size)),
            np.zeros((size, size)),
        )
        weights[at] = (half @ bread)[:, 1]
        projection[np.ix_(at, at)], between[np.ix_(at, at)] = P, by_cluster.T @ by_cluster
        return cls(weights, projection, between, float(bread[1, 1]) / n, n, row.trace(ratio))

    def state(self, y: Floats, who: Pairs, step: Floats) -> Floats:
        """Estimate, standard error and S after each of k changes of the outcome, shape (3, k)."""
        estimate = self.weights @ y + (self.weights[who] * step).sum(axis=1)
        square = _form(self.projection, y, who, step)
        between = _form(self.between, y, who, step)
        return np.array(
            [
                estimate,
                np.sqrt(self.factor * square),
                (self.n * between / square - self.trace) / 2,
            ]
        )


def _form(matrix: Floats, y: Floats, who: Pairs, step: Floats) -> Floats:
    """A quadratic form after each change, shape (k,)."""
    slopes = matrix @ y
    own = np.einsum("kij,ki,kj->k", matrix[who[:, :, None], who[:, None, :]], step, step)
    return np.asarray(y @ slopes + 2 * (slopes[who] * step).sum(axis=1) + own)


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """A row near its present outcome: forms at the fitted ratio, and what a change of it does.

    Parameters
    ----------
    forms, ratio
        The forms, and the ratio they are at.
    change
        What estimate and log standard error gain per unit of the ratio, and the curvature of the
        profile likelihood by it.
    """

    forms: Forms
    ratio: float
    change: tuple[float, float, float]

    @classmethod
    def of(cls, row: Row, ratio: float, y: Floats) -> Local:
        """Expand a row at its fitted ratio."""
        here, beside = (row.profile(q, y) for q in (ratio, ratio + RATIO_STEP))
        gains = (
            beside.estimate - here.estimate,
            float(np.log(beside.std_error / here.std_error)),
            here.slope - beside.slope,
        )
        by_estimate, by_error, curvature = (gain / RATIO_STEP for gain in gains)
        return cls(Forms.of(row, ratio, len(y)), ratio, (by_estimate, by_error, curvature))

    def predict(self, y: Floats, who: Pairs, step: Floats) -> tuple[Floats, Floats]:
        """Estimate and standard error after each change and a new fit, shape (k,) each."""
        b, s, S = self.forms.state(y, who, step)
        by_estimate, by_error, curvature = self.change
        moved = S / curvature if curvature > 0 else np.zeros_like(S)
        moved = np.clip(moved, -self.ratio, LARGEST_RATIO_CHANGE)
        return b + by_estimate * moved, s * np.exp(by_error * moved)
