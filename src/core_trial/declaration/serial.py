"""A declaration as canonical text: equal declarations give equal text, wherever they are read.

A dataclass is an object that names its type and the fields that are not left at their default, so
that a field which a later version adds does not change what was declared before. A function is its
qualified name and a hash of its source, with that of the functions of its own module that it calls.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any

from core_trial.errors import DesignError

#: What JSON can hold.
Plain = None | bool | int | float | str | list[Any] | dict[str, Any]
#: Entry under which an object has its type, and a function its name.
TYPE, FUNCTION, SOURCE = "is", "function", "source"


def canonical(declaration: object) -> str:
    """A declaration as text, a line for every value.

    Parameters
    ----------
    declaration
        A `Trial`, or any part of one.

    Raises
    ------
    DesignError
        When it holds something that has no text of its own.

    Examples
    --------
    >>> from core_trial.declaration.covariates import Number
    >>> print(canonical(Number("age", unit="years")), end="")
    {
     "is": "Number",
     "column": "age",
     "unit": "years"
    }
    """
    return text_of(plain(declaration))


def text_of(value: Plain) -> str:
    """Plain values as text."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def digest(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value: object) -> Plain:
    """A value as what JSON can hold, in the order declared: the first level is the reference.

    Raises
    ------
    DesignError
        When it holds something that has no text of its own.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, date | Path):
        return value.name if isinstance(value, Path) else value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {TYPE: type(value).__name__, **dict(_declared(value))}
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, AbstractSet):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return _callable(value)


def _declared(value: Any) -> Iterator[tuple[str, Plain]]:
    """Fields that are not left at their default."""
    for each in fields(value):
        said = plain(getattr(value, each.name))
        if not _has_default(each) or said != plain(_default(each)):
            yield each.name, said


def _has_default(each: Field[Any]) -> bool:
    return each.default is not MISSING or each.default_factory is not MISSING


def _default(each: Field[Any]) -> object:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _mapping(value: Mapping[Any, Any]) -> Plain:
    """An object; pairs where a key is no text, so that 1 and "1" stay apart."""
    if all(isinstance(key, str) for key in value):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    return [[plain(key), plain(item)] for key, item in value.items()]


def _callable(value: object) -> Plain:
    if isinstance(value, partial):
        told = {"with": plain(value.args), "options": plain(value.keywords)}
        return {FUNCTION: "partial", "of": plain(value.func), **told}
    if isinstance(value, MethodType):
        return {FUNCTION: value.__qualname__, "of": plain(value.__self__)}
    if isinstance(value, FunctionType):
        return {FUNCTION: f"{value.__module__}.{value.__qualname__}", SOURCE: _hash(value)}
    if isinstance(value, type) or inspect.isbuiltin(value):
        return {FUNCTION: f"{value.__module__}.{value.__qualname__}"}
    raise DesignError(
        f"a {type(value).__name__} in the declaration cannot be locked: it has no text of its own; "
        "declare values, mappings, dataclasses and functions"
    )


def _hash(function: FunctionType) -> str:
    """SHA-256 of a function's source, and of the functions of its module that it calls."""
    found: dict[str, str] = {}
    _add_sources(function, found)
    return digest("\0".join(found[name] for name in sorted(found)))


def _add_sources(function: FunctionType, found: dict[str, str]) -> None:
    if function.__qualname__ in found:
        return
    found[function.__qualname__] = _source(function)
    for name in sorted(_names(function.__code__)):
        other = function.__globals__.get(name)
        if isinstance(other, FunctionType) and other.__module__ == function.__module__:
            _add_sources(other, found)


def _names(code: CodeType) -> set[str]:
    nested = (const for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*map(_names, nested))


def _source(function: Callable[..., object]) -> str:
    """The source as it is written; what it was compiled to where no source is kept."""
    try:
        return textwrap.dedent(inspect.getsource(function)).rstrip()
    except (OSError, TypeError):
        assert isinstance(function, FunctionType)
        return _compiled(function.__code__)


def _compiled(code: CodeType) -> str:
    consts = [_compiled(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return "\0".join([code.co_code.hex(), *code.co_names, *consts])
