"""A fit as JSON and back, exact to the last digit.

Every value is written with the type that it had, so that what comes back equals what went in:
arrays with their shape, ``nan`` and infinities by name, labels of clusters as the numbers or texts
that they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.frozen import ReadOnly

if TYPE_CHECKING:
    from core_trial.models.fit import Fit

FORMAT = "core_trial.Fit/1"
#: What holds functions, or the data, and does not travel.
LEFT_OUT = ("recipe", "excess_recipe", "profiler")


def to_json(fit: Fit) -> str:
    """See `Fit.to_json`."""
    from core_trial.models.fit import Fit

    kept = {f.name: _pack(getattr(fit, f.name)) for f in fields(Fit) if f.name not in LEFT_OUT}
    return json.dumps({"format": FORMAT, "fit": kept}, allow_nan=False)


def from_json(text: str) -> Fit:
    """See `Fit.from_json`."""
    from core_trial.models.fit import Fit

    try:
        stored = json.loads(text)
        if stored["format"] != FORMAT:
            raise DesignError(f"this is format {stored['format']!r}, not {FORMAT!r}")
        return Fit(**{name: _unpack(value) for name, value in stored["fit"].items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DesignError(f"this is not a fit that to_json wrote ({error})") from None


def _kinds() -> dict[str, type[Any]]:
    """The frozen values that a fit may hold, by name."""
    from core_trial.models.fit import RandomIntercept
    from core_trial.models.inference import Quantity, Test
    from core_trial.models.numerics.cluster_sample import ClusterSample
    from core_trial.models.numerics.small_sample import SmallSample
    from core_trial.models.reference import Reference

    every = (Quantity, Test, SmallSample, ClusterSample, RandomIntercept, Reference)
    return {kind.__name__: kind for kind in every}


def _pack(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic):
        return {"numpy": value.dtype.str, "value": _pack(value.item())}
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else {"float": str(value)}
    if isinstance(value, np.ndarray):
        flat = [_pack(item) for item in value.ravel().tolist()]
        return {"array": flat, "shape": list(value.shape), "dtype": value.dtype.str}
    if isinstance(value, pd.Timestamp):
        return {"time": value.isoformat()}
    if isinstance(value, tuple):
        return {"tuple": [_pack(item) for item in value]}
    if isinstance(value, Mapping):
        return {"mapping": [[_pack(key), _pack(item)] for key, item in value.items()]}
    return _pack_named(value)


def _pack_named(value: Any) -> Any:
    if isinstance(value, pd.Series):
        labels = [_pack(label) for label in value.index.tolist()]
        kind = str(value.index.dtype)
        return {"series": _pack(value.to_numpy()), "index": labels, "of": kind, "name": value.name}
    if is_dataclass(value) and type(value).__name__ in _kinds():
        kept = {f.name: _pack(getattr(value, f.name)) for f in fields(value)}
        return {"value_of": type(value).__name__, "fields": kept}
    raise DesignError(f"a value of type {type(value).__name__} cannot be written as JSON")


def _unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "float" in value:
        return float(value["float"])
    if "numpy" in value:
        return np.dtype(value["numpy"]).type(_unpack(value["value"]))
    if "array" in value:
        flat = [_unpack(item) for item in value["array"]]
        return np.array(flat, dtype=value["dtype"]).reshape(value["shape"])
    if "time" in value:
        return pd.Timestamp(value["time"])
    if "tuple" in value:
        return tuple(_unpack(item) for item in value["tuple"])
    if "mapping" in value:
        return ReadOnly({_unpack(key): _unpack(item) for key, item in value["mapping"]})
    return _unpack_named(value)


def _unpack_named(value: dict[str, Any]) -> Any:
    if "series" in value:
        index = pd.Index([_unpack(label) for label in value["index"]], dtype=value["of"])
        return pd.Series(_unpack(value["series"]), index=index, name=value["name"])
    kept = {name: _unpack(item) for name, item in value["fields"].items()}
    return _kinds()[value["value_of"]](**kept)
