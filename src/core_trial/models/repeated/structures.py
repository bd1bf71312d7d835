r"""Covariance structures of one participant's visits, with their first and second derivatives.

A structure is either linear in its parameters (:math:`\Sigma = \sum_k \theta_k B_k`), or variances
and one correlation raised to a power (:math:`\Sigma_{jk} = s_j s_k \rho^{d_{jk}}`). The parameters
are those of SAS's PROC MIXED: Kenward and Roger's covariance depends on the choice where the
structure is not linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats

Covariance = Literal[
    "unstructured",
    "compound_symmetry",
    "heterogeneous_compound_symmetry",
    "ar1",
    "heterogeneous_ar1",
    "toeplitz",
]
IN_WORDS: dict[Covariance, str] = {
    "unstructured": "unstructured",
    "compound_symmetry": "compound symmetric",
    "heterogeneous_compound_symmetry": "heterogeneous compound symmetric",
    "ar1": "first-order autoregressive",
    "heterogeneous_ar1": "heterogeneous first-order autoregressive",
    "toeplitz": "Toeplitz",
}
#: Largest correlation that a search starts from.
LARGEST_START = 0.9


class Structure(Protocol):
    """A family of T x T covariance matrices with r parameters."""

    @property
    def size(self) -> int:
        """Number of parameters, r."""

    def sigma(self, theta: Floats) -> Floats:
        """The covariance matrix, shape (T, T), at parameters of shape (r,)."""

    def slopes(self, theta: Floats) -> Floats:
        """Its first derivatives, shape (r, T, T)."""

    def bends(self, theta: Floats) -> Floats:
        """Its second derivatives, shape (r, r, T, T)."""

    def nearest(self, sigma: Floats) -> Floats:
        """Parameters to start from, shape (r,), for a rough covariance matrix."""

    def possible(self, theta: Floats) -> bool:
        """Whether the derivatives exist there; the matrix may still not be positive definite."""


@dataclass(frozen=True, eq=False)
class Linear:
    """Sigma is a sum of fixed symmetric matrices, shape (r, T, T), each times a parameter."""

    basis: Floats

    @property
    def size(self) -> int:
        """Number of parameters, r."""
        return len(self.basis)

    def sigma(self, theta: Floats) -> Floats:
        """See `Structure`."""
        return np.tensordot(theta, self.basis, axes=1)

    def slopes(self, theta: Floats) -> Floats:
        """See `Structure`."""
        del theta
        return self.basis

    def bends(self, theta: Floats) -> Floats:
        """See `Structure`."""
        return np.zeros((len(theta), *self.basis.shape))

    def nearest(self, sigma: Floats) -> Floats:
        """See `Structure`; the basis matrices do not overlap."""
        total = np.einsum("kij,ij->k", self.basis, sigma)
        return np.asarray(total / self.basis.sum(axis=(1, 2)))

    def possible(self, theta: Floats) -> bool:
        """See `Structure`."""
        return bool(np.isfinite(theta).all())


@dataclass(frozen=True, eq=False)
class Powers:
    r"""Sigma has entries :math:`s_j s_k \rho^{d_{jk}}`; its parameters are variances and rho.

    Parameters
    ----------
    owner
        Which variance each visit has, shape (T,): all 0, or 0 to T - 1.
    power
        The powers d, shape (T, T): 0 on the diagonal, whole numbers elsewhere.
    """

    owner: Ints
    power: Floats

    @property
    def size(self) -> int:
        """Number of parameters, r."""
        return int(self.owner.max()) + 2

    @cached_property
    def _owned(self) -> Floats:
        """How often the square root of each variance stands in each entry, shape (r - 1, T, T)."""
        mine = (np.arange(self.size - 1)[:, None] == self.owner) * 1.0
        return np.asarray(mine[:, :, None] + mine[:, None, :])

    def _scale(self, theta: Floats) -> Floats:
        deviation = np.sqrt(theta[self.owner])
        return np.asarray(np.outer(deviation, deviation), dtype=float)

    def _power(self, rho: float, order: int) -> Floats:
        """Derivative of rho to the power d of an order from 0 to 2."""
        lead = np.prod([self.power - k for k in range(order)], axis=0)
        return np.asarray(lead * rho ** np.maximum(self.power - order, 0.0))

    def sigma(self, theta: Floats) -> Floats:
        """See `Structure`."""
        sigma: Floats = self._scale(theta) * self._power(float(theta[-1]), 0)
        return sigma

    def slopes(self, theta: Floats) -> Floats:
        """See `Structure`."""
        half = self._owned / (2.0 * theta[:-1, None, None])
        last = self._scale(theta) * self._power(theta[-1], 1)
        return np.concatenate([half * self.sigma(theta), last[None]])

    def bends(self, theta: Floats) -> Floats:
        """See `Structure`."""
        r, half = self.size, self._owned / (2.0 * theta[:-1, None, None])
        relative = half[:, None] * half[None]
        relative[range(r - 1), range(r - 1)] -= half / theta[:-1, None, None]
        bends = np.empty((r, r, *self.power.shape))
        bends[:-1, :-1] = relative * self.sigma(theta)
        bends[-1, :-1] = bends[:-1, -1] = half * self._scale(theta) * self._power(theta[-1], 1)
        bends[-1, -1] = self._scale(theta) * self._power(theta[-1], 2)
        return bends

    def nearest(self, sigma: Floats) -> Floats:
        """See `Structure`; the correlation is the mean of those of power 1."""
        diagonal = np.diagonal(sigma)
        variances = np.bincount(self.owner, diagonal) / np.bincount(self.owner)
        deviation = np.sqrt(diagonal)
        rho = float((sigma / np.outer(deviation, deviation))[self.power == 1].mean())
        return np.append(variances, np.clip(rho, -LARGEST_START, LARGEST_START))

    def possible(self, theta: Floats) -> bool:
        """See `Structure`."""
        return bool((theta[:-1] > 0).all() and abs(theta[-1]) < 1)


def structure(covariance: Covariance, visits: int) -> Structure:
    """The named structure for a number of visits."""
    index = np.arange(visits)
    lag = np.abs(index[:, None] - index) * 1.0
    if covariance == "unstructured":
        return Linear(_entries(visits))
    if covariance == "toeplitz":
        return Linear((lag == index[:, None, None]) * 1.0)
    if covariance == "compound_symmetry":
        return Linear(np.stack([np.eye(visits), 1.0 - np.eye(visits)]))
    owner = index if covariance.startswith("heterogeneous") else np.zeros_like(index)
    return Powers(owner, lag if covariance.endswith("ar1") else np.minimum(lag, 1.0))


def _entries(visits: int) -> Floats:
    """A matrix for each entry on and above the diagonal, row by row."""
    row, column = np.triu_indices(visits)
    basis = np.zeros((len(row), visits, visits))
    basis[range(len(row)), row, column] = basis[range(len(row)), column, row] = 1.0
    return basis
