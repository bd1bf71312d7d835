"""Intervals by the profile likelihood: all values that the data do not speak against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from core_trial.errors import DesignError, FitError
from core_trial.models.inference import Floats
from core_trial.models.names import hint, locate
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.numerics.profiling import Profiler
from core_trial.models.numerics.threads import one_thread
from core_trial.models.showing.page import (
    Block,
    Page,
    Shown,
    interval_cells,
    interval_head,
    number_cells,
)
from core_trial.models.showing.summary import cautions

if TYPE_CHECKING:
    from core_trial.models.fit import Fit

#: How closely a limit meets the quantile of the normal distribution, and tries allowed for it.
TIGHT, TRIES = 1e-7, 60
#: Beyond so many first steps from the estimate the likelihood is taken never to fall enough.
FARTHEST = 1e4
#: A likelihood may exceed its maximum by this and be rounding.
ROUNDING = 1e-6
#: First step where there is no standard error, as a share of the estimate, or by itself.
SHARE = 0.5


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Profile(Shown):
    """Intervals by the profile likelihood.

    Parameters
    ----------
    names
        The k coefficients and variance components.
    estimate, low, high
        Shape (k,); coefficients on the reported scale. A limit that does not exist is infinite,
        and that of a variance that may be zero is zero.
    confidence
        Coverage.
    warnings
        Those of the fit.
    """

    names: tuple[str, ...]
    estimate: Floats
    low: Floats
    high: Floats
    confidence: float
    warnings: tuple[str, ...] = ()

    def page(self) -> Page:
        """One table."""
        cells = [number_cells(self.estimate), interval_cells(self.low, self.high)]
        head = ["estimate", interval_head(self.confidence)]
        block = Block("", head, self.names, cells)
        return Page("Profile likelihood", (block,), self.warnings)

    def to_frame(self) -> pd.DataFrame:
        """A row for each."""
        columns = {name: getattr(self, name) for name in ("estimate", "low", "high")}
        return pd.DataFrame(columns, index=pd.Index(self.names, name="name"))


@one_thread
def profile(
    fit: Fit, asked: str | Sequence[str] | None = None, *, confidence: float | None = None
) -> Profile:
    """See `Fit.profile`."""
    level = fit.confidence if confidence is None else confidence
    refuse_confidence(level)
    source = _source(fit)
    names = [_found(fit, source, name) for name in _asked(source, asked)]
    limits = np.array([_limits(fit, source, name, level) for name in names]).reshape(-1, 3)
    return Profile(
        names=tuple(names),
        estimate=limits[:, 0],
        low=limits[:, 1],
        high=limits[:, 2],
        confidence=level,
        warnings=cautions(fit),
    )


def _source(fit: Fit) -> Profiler:
    if fit.profiler is None:
        raise DesignError(
            f"this {fit.model} fit has no likelihood to profile: models with a frailty and "
            "standardised risks have none, and a fit that was pickled, or read from JSON, left it "
            "behind (fit it again)"
        )
    if fit.robust:
        raise DesignError(
            "the standard errors are a sandwich because the likelihood is not trusted: its profile "
            "would be no better; use the Wald interval, or fit with model-based standard errors"
        )
    return fit.profiler


def _asked(source: Profiler, asked: str | Sequence[str] | None) -> list[str]:
    if asked is None:
        return [*source.coefficients, *source.variances]
    return [asked] if isinstance(asked, str) else list(asked)


def _found(fit: Fit, source: Profiler, name: str) -> str:
    """The name of what can be profiled."""
    known = (*source.coefficients, *source.variances)
    if name in known:
        return name
    everything = (*fit.terms, *fit.variance)
    if name not in fit.variance:
        try:
            name = fit.terms[locate(name, fit.terms)]
        except DesignError:
            raise DesignError(f"nothing called {name!r}{hint(name, everything)}") from None
    if name not in known:
        raise DesignError(f"no profile of {name!r}: {source.refusal}")
    return name


def _limits(fit: Fit, source: Profiler, name: str, confidence: float) -> tuple[float, float, float]:
    """Estimate and both limits on the reported scale."""
    z = float(special.ndtri(0.5 + confidence / 2))
    if name in source.variances:
        return _variance_limits(fit, source, name, z)
    k = fit.terms.index(name)
    middle, error = float(fit.beta[k]), float(fit.std_error[k])
    first = z * error if np.isfinite(error) else SHARE * max(abs(middle), 1.0)
    root = _root(source, name, lambda value: value)
    values = [
        middle,
        middle - _distance(lambda d: root(middle - d), first, z),
        middle + _distance(lambda d: root(middle + d), first, z),
    ]
    with np.errstate(over="ignore"):
        low = fit.reported(np.array(values))
    return float(low[0]), float(low[1]), float(low[2])


def _variance_limits(fit: Fit, source: Profiler, name: str, z: float) -> tuple[float, float, float]:
    """The same for a variance, sought as a standard deviation, in which zero is no cliff."""
    variance = fit.variance[name]
    sd = float(np.sqrt(variance))
    known = fit.variance_intervals.get(name)
    error = np.nan if known is None or sd == 0 else known.std_error / (2 * sd)
    first = z * error if error > 0 else SHARE * (sd or _typical_sd(fit))
    root = _root(source, name, lambda value: value**2)
    high = sd + _distance(lambda d: root(sd + d), first, z)
    low = 0.0
    if sd > 0 and root(0.0) > z:
        low = sd - _distance(lambda d: root(sd - d), min(first, sd / 2), z, farthest=sd)
    return variance, low**2, high**2


def _typical_sd(fit: Fit) -> float:
    """A first step away from a variance of zero."""
    residual = [value for name, value in fit.variance.items() if name.startswith("residual")]
    return float(np.sqrt(residual[0])) if residual else 1.0


def _root(source: Profiler, name: str, inner: Callable[[float], float]) -> Callable[[float], float]:
    """Root of the deviance between a held value and the maximum."""

    def root(value: float) -> float:
        held = source.held(name, inner(value))
        if np.isnan(held):
            raise FitError(f"the likelihood with {name} held at {inner(value):.4g} has no maximum")
        fall = source.top - held
        if fall < -ROUNDING * max(1.0, abs(source.top)):
            raise FitError(
                f"the likelihood is higher with {name} at {inner(value):.4g} than at its estimate: "
                "the fit is not the maximum"
            )
        return float(np.sqrt(max(2.0 * fall, 0.0)))

    return root


def _distance(
    root: Callable[[float], float], first: float, z: float, farthest: float = np.inf
) -> float:
    """How far from the estimate the root of the deviance reaches z; infinite if it never does.

    It grows about in proportion to the distance, so that bracketing takes a step or two and the
    interpolation between the ends a few more.
    """
    low, high = (0.0, -z), (min(first, farthest), 0.0)
    for _ in range(TRIES):
        high = (high[0], root(high[0]) - z)
        if high[1] >= 0 or high[0] >= farthest:
            break
        if high[0] > FARTHEST * first:
            return np.inf
        grow = 1.1 * z / max(high[1] + z, z / 8)
        low, high = high, (min(high[0] * max(grow, 1.05), farthest), 0.0)
    if high[1] < 0:
        return np.inf if farthest == np.inf else farthest
    return _between(root, low, high, z)


def _between(
    root: Callable[[float], float], low: tuple[float, float], high: tuple[float, float], z: float
) -> float:
    """Where the root is z between two distances on either side, by the Illinois rule."""
    for _ in range(TRIES):
        at = high[0] - high[1] * (high[0] - low[0]) / (high[1] - low[1])
        gap = root(at) - z
        if abs(gap) < TIGHT:
            return at
        if gap * high[1] < 0:
            low, high = high, (at, gap)
        else:
            low, high = (low[0], low[1] / 2), (at, gap)
    return high[0]
