"""A hash of what a call computes: the same in every process and on every day."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np
import pandas as pd

from core_trial.errors import DesignError

_PLAIN = (str, bytes, int, float, complex, bool, type(None))
#: Globals that count as part of the function that names them.
_HELD = (*_PLAIN, list, tuple, dict, set, frozenset, np.ndarray, pd.DataFrame, pd.Series)


def fingerprint(*values: Any) -> str:
    """Hash of values by what they hold, functions by their code and what it closes over.

    Of the functions that a function calls those of its own module count, and the constants there.

    `pickle` alone would not do: the order of a set, and with it the bytes, differs between
    processes.

    Examples
    --------
    >>> fingerprint({"a": 1, "b": {1, 2}}) == fingerprint({"b": {2, 1}, "a": 1})
    True
    """
    return _digest(values).hex()


def _digest(value: Any) -> bytes:
    kind = type(value)
    parts = (f"{kind.__module__}.{kind.__qualname__}".encode(), *_parts(value))
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.digest()


def _parts(value: Any) -> Iterator[bytes]:
    """The bytes that tell a value from another one of its kind."""
    if isinstance(value, _PLAIN):
        yield repr(value).encode()
    elif isinstance(value, np.ndarray) and value.dtype != object:
        yield from (str(value.dtype).encode(), repr(value.shape).encode(), value.tobytes())
    elif isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        yield from _of_pandas(value)
    elif isinstance(value, Mapping):
        yield from sorted(_digest(pair) for pair in value.items())
    elif isinstance(value, set | frozenset):
        yield from sorted(map(_digest, value))
    elif isinstance(value, list | tuple | np.ndarray):
        yield from map(_digest, value)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (_digest(getattr(value, f.name)) for f in fields(value))
    else:
        yield from _of_others(value)


def _of_pandas(value: pd.DataFrame | pd.Series | pd.Index) -> Iterator[bytes]:
    if isinstance(value, pd.DataFrame):
        yield _digest([str(name) for name in value.columns])
        yield from (_digest(value.iloc[:, k]) for k in range(value.shape[1]))
    else:
        yield str(value.dtype).encode()
        yield pd.util.hash_pandas_object(value).to_numpy().tobytes()


def _of_others(value: Any) -> Iterator[bytes]:
    if isinstance(value, FunctionType):
        yield from _of_function(value)
    elif isinstance(value, CodeType):
        yield value.co_code
        yield from map(_digest, (value.co_consts, value.co_names))
    elif isinstance(value, MethodType):
        yield from map(_digest, (value.__func__, value.__self__))
    elif isinstance(value, BuiltinFunctionType | type):
        yield f"{value.__module__}.{value.__qualname__}".encode()
    elif isinstance(value, partial):
        yield from map(_digest, (value.func, value.args, value.keywords))
    elif isinstance(value, np.random.SeedSequence):
        yield from map(_digest, (value.entropy, value.spawn_key))
    else:
        yield _pickled(value)


def _of_function(function: FunctionType) -> Iterator[bytes]:
    """Code of a function and of those of its module that it calls, and the constants they use."""
    todo, seen = [function], set()
    while todo:
        one = todo.pop()
        if one in seen:
            continue
        seen.add(one)
        yield one.__qualname__.encode()
        yield from map(_digest, (one.__code__, one.__defaults__, one.__kwdefaults__))
        for name, used in _used(one):
            if isinstance(used, FunctionType) and used.__module__ == function.__module__:
                todo.append(used)
            elif isinstance(used, FunctionType):
                yield f"{used.__module__}.{used.__qualname__}".encode()
            elif isinstance(used, _HELD) or not name:
                yield _digest((name, used))


def _used(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function closes over, under a blank name, and the globals that it names."""
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # a cell that nothing has been put into yet
            yield "", cell.cell_contents
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            yield name, function.__globals__[name]


def _names(code: CodeType) -> set[str]:
    inner = (_names(part) for part in code.co_consts if isinstance(part, CodeType))
    return set(code.co_names).union(*inner)


def _pickled(value: Any) -> bytes:
    try:
        return pickle.dumps(value)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        kind = type(value).__name__
        raise DesignError(
            f"a {kind} cannot be kept for resume= ({error}): give data and functions only"
        ) from None
