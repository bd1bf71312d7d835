"""What pooling keeps of a fit."""

from __future__ import annotations

from dataclasses import dataclass

from core_trial.errors import DesignError
from core_trial.models.fit import Fit, Scale
from core_trial.models.inference import Floats


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Estimates:
    """What pooling needs of a fit to one completed data set; fields as in `Fit`."""

    model: str
    formula: str
    method: str
    terms: tuple[str, ...]
    beta: Floats
    cov: Floats
    df: Floats
    scale: Scale
    n: int
    confidence: float
    converged: bool
    warnings: tuple[str, ...]


def estimates_of(fit: Fit | Estimates) -> Estimates:
    """What pooling needs of a fit.

    Raises
    ------
    DesignError
        If it is not a fit.
    """
    if isinstance(fit, Estimates):
        return fit
    if not isinstance(fit, Fit):
        raise DesignError(f"pooling takes fits of our models, not {type(fit).__name__}")
    return Estimates(**{name: getattr(fit, name) for name in Estimates.__dataclass_fields__})
