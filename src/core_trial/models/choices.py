"""Arguments that take one of a few words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import numpy as np

from core_trial.errors import DesignError


def refuse_choice(argument: str, value: object, among: Iterable[str], *, why: str = "") -> None:
    """Refuse what is not one of the words that an argument takes.

    Parameters
    ----------
    argument
        Its name.
    value
        What was given.
    among
        The words.
    why
        What the message says behind them.

    Raises
    ------
    DesignError
        For another word, a list, a number.

    Examples
    --------
    >>> refuse_choice("ties", "exact", ("breslow", "efron"))
    Traceback (most recent call last):
    ...
    core_trial.errors.DesignError: ties must be one of 'breslow', 'efron', not 'exact'
    """
    words = tuple(among)
    if isinstance(value, str) and value in words:
        return
    close = difflib.get_close_matches(str(value).lower(), words, n=1)
    meant = f"; did you mean {close[0]!r}?" if close and isinstance(value, str) else ""
    known = ", ".join(map(repr, words))
    raise DesignError(f"{argument} must be one of {known}, not {shown(value)}{why}{meant}")


def refuse_count(argument: str, value: object, least: int) -> None:
    """Refuse what is no whole number from a least one up.

    Raises
    ------
    DesignError
        For anything else.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:  # type: ignore[operator]
        raise DesignError(f"{argument} must be a whole number from {least}, not {shown(value)}")


def shown(value: object) -> str:
    """A value as a message shows it: text and numbers as they are, else what it is."""
    if value is None or isinstance(value, str | int | float):
        return repr(value)
    return f"a {type(value).__name__}"
