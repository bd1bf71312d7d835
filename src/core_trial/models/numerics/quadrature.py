"""Gauss-Hermite rules for the standard normal distribution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.choices import shown
from core_trial.models.inference import Floats

#: The most nodes that may be asked for; beyond, the outermost weights mean nothing any more.
MOST_POINTS = 51


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    r"""Nodes and weights with :math:`\int g(z)\,\phi(z)\,dz \approx \sum_k \omega_k g(x_k)`.

    Parameters
    ----------
    nodes
        The K nodes :math:`x_k`, ascending, shape (K,).
    log_lifted
        :math:`\log\omega_k + x_k^2/2`, shape (K,): the weights for an integrand that holds its
        normal density itself, as moved nodes need them.
    powers
        The nodes to the powers 0, 1 and 2, shape (3, K).
    """

    nodes: Floats
    log_lifted: Floats
    powers: Floats

    @property
    def points(self) -> int:
        """Number of nodes, K."""
        return len(self.nodes)


def hermite_rule(points: int) -> Rule:
    """Rule of Gauss and Hermite; exact for polynomials up to degree ``2 * points - 1``.

    Parameters
    ----------
    points
        Number of nodes, 1 to `MOST_POINTS`.

    Raises
    ------
    DesignError
        If the number of nodes is not a whole number in that range.

    Examples
    --------
    >>> hermite_rule(3).nodes.round(4).tolist()
    [-1.7321, 0.0, 1.7321]
    """
    whole = isinstance(points, (int, np.integer)) and not isinstance(points, bool)
    if not whole or not 1 <= points <= MOST_POINTS:
        raise DesignError(
            f"points must be a whole number from 1 to {MOST_POINTS}, not {shown(points)}"
        )
    return _rule(int(points))


@lru_cache(maxsize=MOST_POINTS)
def _rule(points: int) -> Rule:
    nodes, weights = special.roots_hermitenorm(points)
    lifted = np.log(weights) - np.log(weights.sum()) + nodes**2 / 2
    powers = np.stack([np.ones(points), nodes, nodes**2])
    for array in (nodes, lifted, powers):
        array.flags.writeable = False  # every caller gets the same arrays
    return Rule(nodes, lifted, powers)
