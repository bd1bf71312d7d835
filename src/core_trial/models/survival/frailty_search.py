"""Looking for a frailty's variance along its logarithm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core_trial.models.survival.frailty_likelihood import State
from core_trial.models.survival.frailty_profile import Profile

#: The frailty variance is looked for between these; below, it is zero.
SMALLEST, LARGEST = 1e-6, 1e3
#: A gain in log-likelihood that could be rounding is none.
NO_GAIN = 1e-8
#: Steps in log theta until the root is between two: the first, and those after it.
FIRST_STRIDE, STRIDE = 0.75, 1.5
#: A step in log theta that is none, and the most steps between two points.
CLOSE, MOST_SECANTS = 1e-7, 60


def search(profile: Callable[[float, State], Profile], zero: Profile, start: float) -> Profile:
    """The variance at which the slope is zero; zero itself if the likelihood falls from there."""
    path = _Path(profile, zero.state)
    low, high = _bracket(path, float(np.log(start)))
    if low is None:
        return zero
    if high is None:
        return replace(path.last, theta=np.inf)
    best = _root(path, low, high)
    return best if best.loglik > zero.loglik + NO_GAIN else zero


class _Path:
    """Profiles along log theta, each begun where the last two point to."""

    def __init__(self, profile: Callable[[float, State], Profile], first: State) -> None:
        self._profile, self._first = profile, first
        self._seen: list[tuple[float, Profile]] = []

    @property
    def last(self) -> Profile:
        """The profile worked out last."""
        return self._seen[-1][1]

    def __call__(self, log_theta: float) -> Profile:
        found = self._profile(float(np.exp(log_theta)), self._near(log_theta))
        self._seen.append((log_theta, found))
        return found

    def _near(self, log_theta: float) -> State:
        """Coefficients and log frailties on the line through the two nearest profiles."""
        if not self._seen:
            return self._first
        nearest = sorted(self._seen, key=lambda pair: abs(pair[0] - log_theta))[:2]
        (one, here), (other, there) = nearest[0], nearest[-1]
        away = abs(log_theta - one)
        if len(nearest) < 2 or not away < abs(one - other):
            return here.state
        share = (log_theta - one) / (other - one)
        a, b = here.state, there.state
        return replace(a, beta=a.beta + share * (b.beta - a.beta), b=a.b + share * (b.b - a.b))


#: A value of log theta, and the slope there.
Point = tuple[float, Profile]


def _bracket(path: _Path, start: float) -> tuple[Point | None, Point | None]:
    """Two points with the root between; None for the side on which there is none."""
    at = (start, path(start))
    rising = at[1].slope > 0
    low, high = (at, None) if rising else (None, at)
    stride = FIRST_STRIDE
    while low is None or high is None:
        here = at[0] + (stride if rising else -stride)
        if here > np.log(LARGEST) or here < np.log(SMALLEST):
            break
        at, stride = (here, path(here)), STRIDE
        if at[1].slope > 0:
            low = at
        else:
            high = at
    return low, high


def _root(path: _Path, low: Point, high: Point) -> Profile:
    """Where the slope is zero, by secants through the last two points that stay in the bracket."""
    before, at = (high, low) if path.last is low[1] else (low, high)
    for _ in range(MOST_SECANTS):
        change = at[1].slope - before[1].slope
        step = -at[1].slope * (at[0] - before[0]) / change if change else np.inf
        if abs(step) < CLOSE:
            return at[1]
        here = at[0] + step
        if not low[0] < here < high[0]:
            here = (low[0] + high[0]) / 2
        if high[0] - low[0] < CLOSE:
            return at[1]
        before, at = at, (here, path(here))
        low, high = (at, high) if at[1].slope > 0 else (low, at)
    return at[1]
