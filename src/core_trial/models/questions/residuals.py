"""Residuals of the rows, by model and kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.frozen import ReadOnly
from core_trial.models.inference import Floats
from core_trial.models.names import hint

if TYPE_CHECKING:
    from core_trial.models.fit import Fit

Kind = Callable[["Fit"], Floats]


def residuals(fit: Fit, kind: str = "response") -> Floats:
    """See `Fit.residuals`."""
    kinds = KINDS.get(fit.model, ReadOnly())
    if not kinds or len(fit.fitted) == 0 or len(fit.response) == 0:
        raise DesignError(f"this {fit.model} fit has no residuals of its rows")
    if kind not in kinds:
        raise DesignError(f"{fit.model} has no residuals of kind {kind!r}{hint(kind, kinds)}")
    return kinds[kind](fit)


def _response(fit: Fit) -> Floats:
    return np.asarray(fit.response - fit.fitted)


def _pearson_linear(fit: Fit) -> Floats:
    """Divided by the residual standard deviation of the row's level."""
    variance = fit.row_variance if len(fit.row_variance) else fit.variance["residual"]
    return np.asarray(_response(fit) / np.sqrt(variance))


def _pearson_binary(fit: Fit) -> Floats:
    return _scaled(fit, fit.fitted * (1 - fit.fitted))


def _pearson_count(fit: Fit) -> Floats:
    return _scaled(fit, fit.fitted)


def _scaled(fit: Fit, variance: Floats) -> Floats:
    """Divided by the standard deviation; zero where a row is fitted perfectly and has none."""
    found = np.zeros(len(variance))
    np.divide(_response(fit), np.sqrt(variance), out=found, where=variance > 0)
    return found


def _deviance_binary(fit: Fit) -> Floats:
    y, mean = fit.response, fit.fitted
    deviance = -2 * (special.xlogy(y, mean) + special.xlogy(1 - y, 1 - mean))
    return np.asarray(np.sign(y - mean) * np.sqrt(np.maximum(deviance, 0.0)))


def _deviance_count(fit: Fit) -> Floats:
    y, mean = fit.response, fit.fitted
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.where(y > 0, special.xlogy(y, y / mean), 0.0)
    deviance = 2 * (log_ratio - (y - mean))
    return np.asarray(np.sign(y - mean) * np.sqrt(np.maximum(deviance, 0.0)))


_LINEAR: Mapping[str, Kind] = ReadOnly({"response": _response, "pearson": _pearson_linear})
_BINARY: Mapping[str, Kind] = ReadOnly(
    {"response": _response, "pearson": _pearson_binary, "deviance": _deviance_binary}
)
_COUNT: Mapping[str, Kind] = ReadOnly(
    {"response": _response, "pearson": _pearson_count, "deviance": _deviance_count}
)
#: The kinds that each model has. A model whose residuals are of another nature adds its own here.
KINDS: Mapping[str, Mapping[str, Kind]] = ReadOnly(
    {
        "linear_regression": _LINEAR,
        "mixed_linear": _LINEAR,
        "repeated_measures": _LINEAR,
        "logistic_regression": _BINARY,
        "mixed_logistic": _BINARY,
        "mixed_poisson": _COUNT,
        "modified_poisson": _COUNT,
        "poisson": _COUNT,
        "negative_binomial": ReadOnly({"response": _response}),
        "zero_inflated_nb": ReadOnly({"response": _response}),
    }
)
