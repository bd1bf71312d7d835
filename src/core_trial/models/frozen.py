"""A mapping that cannot be changed, and that pickles, copies and compares like a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ReadOnly(Mapping[K, V]):
    """A mapping without a way to change it.

    Python's own ``mappingproxy`` is one too, but can be neither pickled nor copied, and a result
    that cannot travel between processes is of no use to a simulation.

    Examples
    --------
    >>> import pickle
    >>> pickle.loads(pickle.dumps(ReadOnly({"cluster": 0.12})))
    ReadOnly({'cluster': 0.12})
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V] | None = None) -> None:
        self._items: dict[K, V] = dict(items or {})

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"ReadOnly({self._items!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return ReadOnly, (self._items,)
