r"""What V is made of, by pattern of visits and by cell, at one value of the parameters.

The covariance matrix of a cluster is :math:`V = B + \tau z z'`, with B block diagonal: a block of
:math:`\Sigma` for each participant, cut to the visits that were seen. With :math:`w = B^{-1} z`,

.. math:: V^{-1} = B^{-1} - c\, w w', \qquad c = \tau / (1 + \tau z' w),

so that all of :math:`A' V^{-1} A`, :math:`A' V^{-1} G_k V^{-1} A` and the traces with two
derivatives are sums over patterns of visits and over cells, for :math:`A = [X\ y]` and
:math:`G_k = \partial V / \partial \theta_k`. Matrices of a pattern are T x T, zero at visits that
were not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.repeated.layout import Cells, Patterns
from core_trial.models.repeated.structures import Structure


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Sufficient statistics, covariance structure and method.

    The parameters are the structure's, once for each group, and last the cluster variance if there
    are clusters: m in all.

    Parameters
    ----------
    patterns, cells, log_det
        From the layout: patterns, cells and the determinant of its basis.
    cross, sums
        As in `Statistics`.
    structure, groups
        Covariance structure, and the number of covariance matrices.
    restricted
        Whether the likelihood is the restricted one.
    """

    patterns: Patterns
    cells: Cells
    log_det: float
    cross: Floats
    sums: Floats
    structure: Structure
    groups: int
    restricted: bool

    @cached_property
    def p(self) -> int:
        """Number of coefficients."""
        return int(self.cross.shape[-1]) - 1

    @cached_property
    def clustered(self) -> bool:
        """Whether there is a random effect of the cluster."""
        return self.cells.clusters > 0

    @cached_property
    def m(self) -> int:
        """Number of parameters of the covariance."""
        return self.groups * self.structure.size + self.clustered

    @cached_property
    def rows(self) -> float:
        """Rows, less the coefficients when the likelihood is restricted."""
        rows = float(self.patterns.seen.sum(axis=1) @ self.patterns.count)
        return rows - self.p * self.restricted

    def split(self, theta: Floats) -> tuple[Floats, float]:
        """Parameters of each covariance matrix, shape (groups, r), and the cluster variance."""
        own = self.groups * self.structure.size
        tau = float(theta[own]) if self.clustered else 0.0
        return theta[:own].reshape(self.groups, -1), tau

    def place(self, group: int) -> slice:
        """Where a group's parameters stand."""
        r = self.structure.size
        return slice(group * r, (group + 1) * r)

    def sigmas(self, theta: Floats) -> Floats:
        """The covariance matrices, shape (groups, T, T)."""
        return np.stack([self.structure.sigma(part) for part in self.split(theta)[0]])


@dataclass(frozen=True, eq=False)
class Algebra:
    """What V is made of at one value of the parameters; what only derivatives need is made late.

    Parameters
    ----------
    model, theta
        The likelihood and the value.
    inverse
        Inverse of each pattern's block of Sigma, shape (K, T, T).
    w
        ``inverse @ z``, shape (K, T).
    precision
        z'w of each cluster, shape (G,).
    t
        A'B^-1 z, shape (G, q).
    log_det
        Logarithm of the determinant of V.
    """

    model: Likelihood
    theta: Floats
    inverse: Floats
    w: Floats
    precision: Floats
    t: Floats
    log_det: float

    @cached_property
    def shrink(self) -> Floats:
        """1 + tau z'w of each cluster, shape (G,)."""
        return 1.0 + self.model.split(self.theta)[1] * self.precision

    @cached_property
    def c(self) -> Floats:
        """Weight of ww' in the inverse of V, shape (G,)."""
        return self.model.split(self.theta)[1] / self.shrink

    @cached_property
    def slopes(self) -> list[Floats]:
        """Derivatives of each group's covariance matrix, shape (r, T, T)."""
        return [self.model.structure.slopes(part) for part in self.model.split(self.theta)[0]]

    @cached_property
    def form(self) -> Floats:
        """A'V^-1 A, shape (q, q)."""
        flat = self.model.cross.reshape(self.inverse.size, -1)
        alone = (self.inverse.ravel() @ flat).reshape(self.model.p + 1, -1)
        return np.asarray(alone - self.t.T @ (self.c[:, None] * self.t))

    @cached_property
    def solved(self) -> Floats:
        """B^-1 A, summed over the participants of each cell, shape (E, T, q)."""
        return np.asarray(self.inverse[self.model.cells.pattern] @ self.model.sums)

    @cached_property
    def blocks(self) -> Floats:
        """Sum of participants' diagonal blocks of V^-1, by pattern, shape (K, T, T)."""
        count, cells = self.model.patterns.count, self.model.cells
        taken = np.bincount(cells.pattern, cells.count * self.c[cells.cluster], len(count))
        square = self.w[:, :, None] * self.w[:, None, :]
        return np.asarray(count[:, None, None] * self.inverse - square * taken[:, None, None])

    @cached_property
    def _moved(self) -> list[Floats]:
        """G_k w by group, shape (K, r, T); zero for patterns of another group."""
        found = []
        for group, slopes in enumerate(self.slopes):
            own = self.model.patterns.group == group
            moved = (slopes @ self.w.T).transpose(2, 0, 1)
            found.append(np.where(own[:, None, None], moved, 0.0))
        return found

    @cached_property
    def bent(self) -> Floats:
        """w'G_k w of each cluster, shape (G, m); zero for the cluster variance."""
        cells = self.model.cells
        bent = np.zeros((cells.clusters, self.model.m))
        for group, moved in enumerate(self._moved if cells.clusters else ()):
            of_pattern = (moved @ self.w[:, :, None])[:, :, 0]
            total = cells.total(cells.count[:, None] * of_pattern[cells.pattern])
            bent[:, self.model.place(group)] = total
        return bent

    @cached_property
    def turned(self) -> Floats:
        """A'V^-1 G_k w of each cluster, shape (G, m, q); zero for the cluster variance."""
        cells = self.model.cells
        turned = -self.bent[:, :, None] * (self.c[:, None] * self.t)[:, None, :]
        for group, moved in enumerate(self._moved if cells.clusters else ()):
            turned[:, self.model.place(group)] += cells.total(moved[cells.pattern] @ self.solved)
        return turned

    @cached_property
    def outer(self) -> Floats:
        """Sums of (V^-1 A)_i (V^-1 A)_i' over participants, shape (K, T, T, q, q), by pattern."""
        K, T, q = *self.w.shape, self.model.p + 1
        half = (self.inverse @ self.model.cross.reshape(K, T, -1)).reshape(K, T, T, -1)
        outer = (self.inverse[:, None] @ half).reshape(K, T, T, q, q)
        cells, ct = self.model.cells, self.c[:, None] * self.t
        for k in np.unique(cells.pattern):
            mine, w = cells.pattern == k, self.w[k]
            of_cell = ct[cells.cluster[mine]]
            mixed = np.tensordot(self.solved[mine], of_cell, axes=(0, 0))
            outer[k] -= mixed[:, None] * w[None, :, None, None]
            outer[k] -= mixed.swapaxes(1, 2)[None] * w[:, None, None, None]
            square = of_cell.T @ (cells.count[mine, None] * of_cell)
            outer[k] += np.outer(w, w)[:, :, None, None] * square
        return np.asarray(outer)


def algebra(model: Likelihood, theta: Floats) -> Algebra:
    """The matrices by pattern and cell.

    Raises
    ------
    numpy.linalg.LinAlgError
        When a covariance matrix is not positive definite.
    """
    pat, cells, tau = model.patterns, model.cells, model.split(theta)[1]
    inverse, log_det = _inverses(model, theta)
    w = (inverse @ pat.random[:, :, None])[:, :, 0]
    of_pattern = (w * pat.random).sum(axis=1)
    precision = cells.total(cells.count * of_pattern[cells.pattern])
    t = cells.total((w[cells.pattern][:, None] @ model.sums)[:, 0])
    log_det += float(np.log1p(tau * precision).sum())
    return Algebra(model, theta, inverse, w, precision, t, log_det)


def _inverses(model: Likelihood, theta: Floats) -> tuple[Floats, float]:
    """Inverse of the seen part of each pattern's Sigma, and the log determinant of B."""
    sigmas, seen = model.sigmas(theta), model.patterns.seen
    np.linalg.cholesky(sigmas)
    both = seen[:, :, None] & seen[:, None, :]
    padded = np.where(both, sigmas[model.patterns.group], np.eye(seen.shape[1]))
    log_det = np.linalg.slogdet(padded)[1] @ model.patterns.count
    return np.where(both, np.linalg.inv(padded), 0.0), float(log_det)
