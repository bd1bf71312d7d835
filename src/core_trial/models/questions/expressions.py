"""Linear expressions over the names of coefficients: ``arm[i] + arm[i]:sex[F] = 0``.

Numbers, names, ``+``, ``-``, ``*``, ``/``, parentheses, and one ``=``. A name is a coefficient's as
the fit prints it, whatever signs it holds; where a shorter and a longer name fit, the longer is
meant. The name of a variable that has one column stands for that column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core_trial.errors import DesignError
from core_trial.models.inference import Floats
from core_trial.models.names import columns_of, locate

_NUMBER = re.compile(r"\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[^\s+*/()=-]+")
_SIGNS = frozenset("+-*/()=")


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A linear combination of the coefficients plus a number.

    Parameters
    ----------
    weights
        Weight of each coefficient, shape (p,).
    constant
        The number.
    """

    weights: Floats
    constant: float

    @property
    def is_number(self) -> bool:
        """Whether no coefficient is in it."""
        return not self.weights.any()

    def plus(self, other: Linear, sign: float = 1.0) -> Linear:
        """Sum, or difference."""
        return Linear(self.weights + sign * other.weights, self.constant + sign * other.constant)

    def times(self, factor: float) -> Linear:
        """Multiple."""
        return Linear(self.weights * factor, self.constant * factor)


def parse(text: str, terms: Sequence[str]) -> Linear:
    """Read an expression; what stands right of ``=`` goes to the left.

    Parameters
    ----------
    text
        The expression.
    terms
        Names of the p coefficients.

    Raises
    ------
    DesignError
        For a name that is not in the model, a product of coefficients, or what cannot be read; the
        message shows where.

    Examples
    --------
    >>> found = parse("arm[i] + 2 * sex[F] = 1", ["Intercept", "arm[i]", "sex[F]"])
    >>> found.weights.tolist(), found.constant
    ([0.0, 1.0, 2.0], -1.0)
    """
    reader = _Reader(text, _tokens(text, terms), len(terms))
    left = reader.sum()
    if reader.take("="):
        left = left.plus(reader.sum(), -1.0)
    if not reader.at_end:
        raise reader.error()
    if left.is_number:
        raise DesignError(f"{text!r} names no coefficient; there are {', '.join(terms)}")
    return left


Token = str | float | int


def _tokens(text: str, terms: Sequence[str]) -> list[tuple[Token, int]]:
    """Signs as text, numbers as floats, coefficients as their position; each with its place."""
    names = sorted(terms, key=len, reverse=True)
    found: list[tuple[Token, int]] = []
    at = 0
    while at < len(text):
        token, length = _next(text, at, names, terms)
        if token is not None:
            found.append((token, at))
        at += length
    return found


def _next(
    text: str, at: int, names: Sequence[str], terms: Sequence[str]
) -> tuple[Token | None, int]:
    """The token at a place and its length; None for a blank."""
    if text[at].isspace():
        return None, 1
    for name in names:
        if text.startswith(name, at) and _ends(text, at + len(name)):
            return terms.index(name), len(name)
    number = _NUMBER.match(text, at)
    if number and _ends(text, number.end()):
        return float(number.group()), number.end() - at
    if text[at] in _SIGNS:
        return text[at], 1
    for variable in _variables(terms):
        if text.startswith(variable, at) and _ends(text, at + len(variable)):
            return locate(variable, terms), len(variable)
    word = _WORD.match(text, at)
    return locate(word.group() if word else text[at:], terms), 0  # raises, with the nearest name


def _ends(text: str, at: int) -> bool:
    """Whether a name or number may end here."""
    return at >= len(text) or text[at].isspace() or text[at] in _SIGNS


def _variables(terms: Sequence[str]) -> list[str]:
    """Variables that have columns of their own, the longest name first."""
    found = {name.partition("[")[0] for name in terms if "[" in name}
    return sorted((name for name in found if columns_of(name, terms)), key=len, reverse=True)


class _Reader:
    """Recursive descent over the tokens: sums of products of factors."""

    def __init__(self, text: str, tokens: list[tuple[Token, int]], p: int) -> None:
        self.text, self.tokens, self.p, self.at = text, tokens, p, 0

    @property
    def at_end(self) -> bool:
        return self.at >= len(self.tokens)

    def take(self, *signs: str) -> str:
        """The next token if it is one of some signs, else blank."""
        if not self.at_end and self.tokens[self.at][0] in signs:
            self.at += 1
            return str(self.tokens[self.at - 1][0])
        return ""

    def error(self) -> DesignError:
        place = len(self.text) if self.at_end else self.tokens[self.at][1]
        rest = repr(self.text[place:]) if place < len(self.text) else "its end"
        return DesignError(
            f"contrast {self.text!r}: cannot read {rest}; write names, numbers, + - * / and "
            "parentheses, such as 'arm[b] - arm[c]' or 'arm[b] + arm[b]:sex[F] = 0'"
        )

    def sum(self) -> Linear:
        sign = -1.0 if self.take("-", "+") == "-" else 1.0
        total = self.product().times(sign)
        while found := self.take("+", "-"):
            total = total.plus(self.product(), 1.0 if found == "+" else -1.0)
        return total

    def product(self) -> Linear:
        total = self.factor()
        while found := self.take("*", "/"):
            total = self._combine(total, self.factor(), found)
        return total

    def _combine(self, left: Linear, right: Linear, sign: str) -> Linear:
        if sign == "/":
            if not right.is_number or right.constant == 0:
                raise DesignError(f"contrast {self.text!r}: divide by a number other than zero")
            return left.times(1.0 / right.constant)
        if right.is_number:
            return left.times(right.constant)
        if left.is_number:
            return right.times(left.constant)
        raise DesignError(f"contrast {self.text!r}: a product of coefficients is not linear")

    def factor(self) -> Linear:
        if self.take("("):
            inner = self.sum()
            if not self.take(")"):
                raise self.error()
            return inner
        if self.take("-"):
            return self.factor().times(-1.0)
        token = None if self.at_end else self.tokens[self.at][0]
        if token is None or isinstance(token, str):
            raise self.error()
        self.at += 1
        weights = np.zeros(self.p)
        if isinstance(token, float):
            return Linear(weights, token)
        weights[token] = 1.0
        return Linear(weights, 0.0)
