"""Levels of factors and labels of clusters: told apart, or refused by name."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.columns import nearest

#: Text that holds nothing but numbers is a factor of codes up to this many levels.
MOST_LEVELS_OF_NUMERALS = 12


def distinct(name: str, values: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Which of the distinct values each row has, -1 for none, and these values.

    Raises
    ------
    DesignError
        For values that cannot be compared, such as lists.
    """
    try:
        codes, found = pd.factorize(values)
        return codes, pd.Index(found)
    except (TypeError, NotImplementedError):
        raise DesignError(
            f"column {name!r} holds values that cannot be told apart as labels, such as "
            f"{values.iloc[0]!r}: make text or numbers of them"
        ) from None


def refuse_mixed(name: str, levels: Iterable[object]) -> None:
    """Refuse labels that mix text and other things, or that print alike, such as 1 and ``"1"``.

    Raises
    ------
    DesignError
        With one label of either kind.
    """
    if isinstance(getattr(levels, "dtype", None), pd.StringDtype):
        return
    labels = list(levels)
    text = [label for label in labels if isinstance(label, str)]
    if text and len(text) < len(labels):
        other = next(label for label in labels if not isinstance(label, str))
        raise DesignError(
            f"column {name!r} mixes text and other labels ({text[0]!r} and {other!r}); "
            f"write frame[{name!r}].astype(str) if {other!r} and '{other}' are the same"
        )
    if not text and len({str(label) for label in labels}) < len(labels):
        raise DesignError(f"column {name!r} has labels that print alike; make text of them")


def levels_of(name: str, values: pd.Series, *, declared: bool = False) -> tuple[object, ...]:
    """The levels of a factor: a `Categorical`'s own, else sorted.

    Parameters
    ----------
    declared
        Whether the user said that it is a factor, as by ``C()``.

    Raises
    ------
    DesignError
        For a level that nobody has, a single level, mixed labels, or text of many numbers.
    """
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        levels = tuple(kind.categories)
        there = np.bincount(values.cat.codes.to_numpy(), minlength=len(levels)) > 0
        empty = [str(level) for level, used in zip(levels, there, strict=True) if not used]
        if empty:
            raise DesignError(f"factor {name!r}: nobody has level {', '.join(empty)}")
    else:
        found = distinct(name, values)[1]
        refuse_mixed(name, found)
        levels = tuple(pd.Index(found).sort_values())
        if not declared:
            _refuse_numerals(name, levels)
    refuse_mixed(name, levels)
    if len(levels) < 2:
        raise DesignError(f"factor {name!r} has one level, {levels[0]!r}: take it out")
    return levels


def _refuse_numerals(name: str, levels: tuple[object, ...]) -> None:
    if len(levels) <= MOST_LEVELS_OF_NUMERALS or not isinstance(levels[0], str):
        return
    if pd.to_numeric(pd.Series(levels, dtype=object), errors="coerce").notna().all():
        raise DesignError(
            f"column {name!r} holds {len(levels)} different numbers as text; write "
            f"pd.to_numeric(frame[{name!r}]) for a number, or C({name}) for a factor"
        )


def codes_of(name: str, values: pd.Series, levels: tuple[object, ...]) -> np.ndarray:
    """Position of each value among the levels, shape (n,).

    Raises
    ------
    DesignError
        For a value that is no level.
    """
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        codes = values.cat.codes.to_numpy()
        own = tuple(kind.categories)
        codes = codes if own == levels else pd.Index(levels).get_indexer(kind.categories)[codes]
    else:
        codes = pd.Index(levels).get_indexer(pd.Index(values))
    if (codes < 0).any():
        unseen = str(values.iloc[int(np.argmax(codes < 0))])
        known = ", ".join(map(str, levels))
        raise DesignError(
            f"column {name!r} has a level {unseen!r} that the fit did not see"
            f"{nearest(unseen, levels)}; its levels are {known}"
        )
    return np.asarray(codes, dtype=np.intp)
