"""The search: try many small moves, take the best, until the aim is near.

Every stage states its problem in the same words: what small moves are allowed, how far each would
leave it from its targets (the gauge: 0 at the aim, 1 on the border of what prints as it should),
and how a move is made. Moves never break what earlier stages or the margins have fixed, so a
search only ever has to look at its own targets.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import FitError

Floats = NDArray[np.float64]
Move = TypeVar("Move")
Result = TypeVar("Result")
#: A search stops this near to its aim, as a share of the way from there to the border.
GOAL = 0.25
#: A stage that ends nearer than this does not start anew.
NEAR = 0.3
#: Gauges nearer than this count as equal, so that the last bits of a machine decide nothing.
SAME = 1e-7


#: Told the name of every row that a search begins to work on; set by whoever wants to show it.
listener: ContextVar[Callable[[str], None]] = ContextVar("listener", default=lambda row: None)


class Problem(Protocol[Move]):
    """What a stage states; it holds the state that the moves change."""

    def gauge(self) -> float:
        """Distance of the present state from its targets."""
        ...

    def moves(self, rng: np.random.Generator) -> tuple[list[Move], Floats]:
        """Some allowed moves, and the gauge that each would lead to, shape (k,)."""
        ...

    def make(self, move: Move) -> None:
        """Change the state by one move."""
        ...


def descend(
    problem: Problem[Move],
    rng: np.random.Generator,
    *,
    goal: float = GOAL,
    steps: int = 2000,
    patience: int = 25,
) -> float:
    """Make the best of some moves, again and again, until the goal is reached.

    Parameters
    ----------
    problem
        Its state is changed in place.
    rng
        Draws the moves.
    goal
        Gauge at which to stop.
    steps
        Rounds at most.
    patience
        Rounds without progress after which one random move is made all the same.

    Returns
    -------
    float
        The gauge that was reached.
    """
    reached, idle = problem.gauge(), 0
    for _ in range(steps):
        if reached <= goal:
            break
        moves, gauges = problem.moves(rng)
        if not moves:
            continue
        best = int(np.argmin(np.round(gauges / SAME)))
        idle = 0 if gauges[best] < reached - SAME else idle + 1
        if idle == 0 or idle > patience:
            chosen, idle = (best, 0) if idle == 0 else (int(rng.integers(len(moves))), 0)
            problem.make(moves[chosen])
            reached = problem.gauge()
    return reached


@dataclass(frozen=True, slots=True)
class Attempt:
    """How near a stage came to one printed row.

    Parameters
    ----------
    row
        Name of the analysis.
    wanted
        The row as printed.
    gauge
        Distance from the aim, as a share of the way to the border of what prints so; below 1 it
        prints so.
    estimate, std_error
        What was reached, on the scale of the linear predictor; a moment has no standard error.
    """

    row: str
    wanted: str
    gauge: float
    estimate: float = np.nan
    std_error: float = np.nan

    @property
    def met(self) -> bool:
        """Whether it prints as wanted."""
        return self.gauge < 1

    def __str__(self) -> str:
        verdict = "met" if self.met else "NOT MET"
        error = f" with standard error {self.std_error:.5g}" if np.isfinite(self.std_error) else ""
        return (
            f"{self.row}: {verdict}, wanted {self.wanted}, reached {self.estimate:.5g}{error}, "
            f"{self.gauge:.2g} of the way from the aim to the border"
        )


class Impossible(FitError):
    """A draw that cannot have the printed numbers; another draw may."""


def best_of(
    draw: Callable[[np.random.Generator], tuple[Result, float]],
    rng: np.random.Generator,
    *,
    tries: int = 8,
) -> tuple[Result, float]:
    """Start a whole stage anew until it is near its targets; the nearest try when none is.

    Parameters
    ----------
    draw
        Makes one try and gives its result and gauge.
    rng
        Passed on to `draw`.
    tries
        Tries at most.

    Raises
    ------
    Impossible
        When every try was.
    """
    nearest: tuple[Result, float] | None = None
    reason = Impossible("no try was made")
    for _ in range(tries):
        try:
            found = draw(rng)
        except Impossible as impossible:
            reason = impossible
            continue
        if nearest is None or found[1] < nearest[1]:
            nearest = found
        if found[1] < NEAR:
            break
    if nearest is None:
        raise reason
    return nearest
