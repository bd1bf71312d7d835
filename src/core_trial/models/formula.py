"""The grammar of formulas: from text to terms.

Formulas are R's, read by formulaic: ``y ~ a + b``, ``a:b``, ``a*b``, ``a/b``, ``(a + b)**2``,
``0 +`` and ``- 1`` without intercept, functions such as ``np.log(x)``, ``I(x**2)``, ``bs(x, df=4)``
and ``C(x, contr.treatment("ref"))``, names in backquotes. Formulas of names, ``:``, ``*`` and
``C(name)`` alone, which are most, are read here without loading formulaic, to the same terms. What
stands in other programs' formulas and has an argument of its own here is refused with that
argument's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Literal

from core_trial.errors import DesignError
from core_trial.models.reading.foreign import NAME, refuse_foreign

INTERCEPT = "Intercept"

_PLAIN_FACTOR = re.compile(rf"C\(\s*({NAME})\s*\)|({NAME})")
_RESPONSE = re.compile(rf"({NAME})|`([^`]+)`|Q\((?:'([^']+)'|\"([^\"]+)\")\)")


@dataclass(frozen=True, slots=True)
class Factor:
    """One part of a term: a column, a column taken as categories, or a function of columns.

    Parameters
    ----------
    text
        As written.
    variables
        The frame's columns that it reads.
    kind
        ``"column"`` for a column as it stands, ``"categories"`` for ``C(...)``, ``"function"`` for
        anything else.
    """

    text: str
    variables: tuple[str, ...]
    kind: Literal["column", "categories", "function"]

    @property
    def label(self) -> str:
        """How its columns are named: a column's own name, also within ``C()``, else the text."""
        return self.text if self.kind == "function" else self.variables[0]

    def __str__(self) -> str:
        return self.text


Term = tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed formula: parse once, build many designs.

    Parameters
    ----------
    response
        Name of the outcome column; blank for a right-hand side alone.
    terms
        Each term as the factors whose product it is; main effects first.
    intercept
        Whether there is one.
    """

    response: str
    terms: tuple[Term, ...]
    intercept: bool

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Every factor once, in order."""
        return tuple(dict.fromkeys(factor for term in self.terms for factor in term))

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the covariates' columns, each once, in order."""
        return tuple(dict.fromkeys(name for f in self.factors for name in f.variables))

    @property
    def alone(self) -> tuple[str, ...]:
        """Covariates that stand in one term only, by themselves: nothing else moves with them."""
        terms = [(term, {v for f in term for v in f.variables}) for term in self.terms]
        return tuple(
            term[0].variables[0]
            for term, _ in terms
            if len(term) == 1
            and term[0].kind != "function"
            and sum(term[0].variables[0] in used for _, used in terms) == 1
        )

    def __str__(self) -> str:
        parts = [] if self.intercept else ["0"]
        parts += [":".join(map(str, term)) for term in self.terms]
        right = " + ".join(parts) or "1"
        return f"{spelled(self.response)} ~ {right}" if self.response else right


def parse(formula: str) -> Formula:
    """Parse a formula.

    Raises
    ------
    DesignError
        If it does not follow the grammar; the message shows the part that does not, and what to
        write instead where that is known.

    Examples
    --------
    >>> parse("readmitted ~ arm + centre").variables
    ('arm', 'centre')
    >>> str(parse("score ~ arm*np.log(age) - 1"))
    'score ~ 0 + arm + np.log(age) + arm:np.log(age)'
    """
    if not isinstance(formula, str):
        raise DesignError(_not_text(formula))
    return _parse(formula)


@lru_cache(maxsize=256)
def _parse(formula: str) -> Formula:
    left, tilde, right = formula.partition("~")
    if not tilde:
        left, right = "", formula
    refuse_foreign(formula, left)
    refuse_foreign(formula, right)
    if not right.strip():
        raise DesignError(f"formula {formula!r}: cannot read an empty right side; write 1")
    response = _response(left.strip(), formula) if tilde and left.strip() else ""
    if "~" in re.sub(r"\([^()]*\)|`[^`]*`", "", right):
        raise DesignError(f"formula {formula!r}: the left side must be one column name")
    terms, intercept = plain(right, formula) or _by_formulaic(right, formula)
    parsed = Formula(response, terms, intercept)
    if response in parsed.variables:
        raise DesignError(f"formula {formula!r}: {response!r} stands on both sides")
    return parsed


def _by_formulaic(right: str, formula: str) -> tuple[tuple[Term, ...], bool]:
    # imported late: formulaic takes as long to load as NumPy
    from core_trial.models.reading.by_formulaic import by_formulaic

    return by_formulaic(right, formula)


def _not_text(formula: object) -> str:
    if hasattr(formula, "columns"):
        return "the formula comes first and the frame second, as in model('y ~ arm', frame)"
    return f"a formula is text such as 'y ~ arm + age', not {type(formula).__name__}"


def spelled(name: str) -> str:
    """A column's name as a formula has it: in backquotes where it needs them."""
    return name if re.fullmatch(NAME, name) else f"`{name}`"


def _response(left: str, formula: str) -> str:
    found = _RESPONSE.fullmatch(left)
    if found is None:
        raise DesignError(
            f"formula {formula!r}: the left side must be one column name; make a column of "
            f"{left!r} first"
        )
    return next(name for name in found.groups() if name)


def plain(right: str, formula: str) -> tuple[tuple[Term, ...], bool] | None:
    """The terms of a formula of names, ``C(name)``, ``:``, ``*``, 0 and 1; None for any other."""
    signed = re.findall(r"([+-]?)([^+-]+)", right.strip())
    if not signed or "".join(sign + text for sign, text in signed) != right.strip():
        return None
    intercept = True
    terms: dict[frozenset[Factor], Term] = {}
    for sign, text in signed:
        part = text.strip()
        if part in {"0", "1"}:
            intercept = (part == "1") != (sign == "-")
            continue
        expanded = _expand(part, formula)
        if sign == "-" or expanded is None:
            return None
        for term in expanded:
            terms.setdefault(frozenset(term), term)
    return tuple(sorted(terms.values(), key=len)), intercept


def _expand(part: str, formula: str) -> list[Term] | None:
    """``a*b`` as its three terms, ``a:b`` as one; None where formulaic has to read it."""
    pieces = [piece.strip() for piece in re.split(r"[*:]", part)]
    matches = [_PLAIN_FACTOR.fullmatch(piece) for piece in pieces]
    if not all(matches) or ("*" in part and ":" in part):
        return None
    factors = [_simple(m.group(1) or m.group(2), m.group(1) is not None) for m in matches if m]
    names = [factor.label for factor in factors]
    if len(set(names)) != len(names):
        twice = max(names, key=names.count)
        raise DesignError(
            f"formula {formula!r}: {part!r} multiplies a variable by itself; write I({twice}**2) "
            "for its square"
        )
    if "*" not in part:
        return [tuple(factors)]
    sizes = range(1, len(factors) + 1)
    return [term for size in sizes for term in combinations(factors, size)]


def _simple(name: str, categories: bool) -> Factor:
    return Factor(f"C({name})" if categories else name, (name,), _kind(categories))


def _kind(categories: bool) -> Literal["column", "categories"]:
    return "categories" if categories else "column"
