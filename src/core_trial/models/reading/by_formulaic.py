"""Formulas with functions, brackets or quotes, as formulaic reads them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from core_trial.errors import DesignError
from core_trial.models.formula import Factor, Term, spelled
from core_trial.models.reading.expression import executable
from core_trial.models.reading.foreign import QUOTED

if TYPE_CHECKING:
    from formulaic.parser.types import Factor as ParsedFactor
    from formulaic.parser.types import Term as ParsedTerm

_MASK = re.compile(r"_q(\d+)_")


def by_formulaic(right: str, formula: str) -> tuple[tuple[Term, ...], bool]:
    """The terms of any other formula, as formulaic reads it."""
    from formulaic.parser import DefaultFormulaParser

    masked, quoted = _mask(right)
    _refuse_powers(masked, formula)
    parser = DefaultFormulaParser(operator_resolver=_strict_operators(), feature_flags=set())
    try:
        found = list(parser.get_terms(masked))
    except DesignError as error:
        raise DesignError(f"formula {formula!r}: {error}") from None
    except Exception as error:  # whatever text its parser was not written for
        why = str(error).strip().splitlines()
        reason = f" ({why[0]})" if why else ""
        raise DesignError(f"formula {formula!r}: cannot read {right.strip()!r}{reason}") from None
    if not all(hasattr(term, "factors") for term in found):
        raise DesignError(f"formula {formula!r}: cannot read {right.strip()!r}")
    spellings: dict[str, str] = {}
    read = [_term(term, quoted, spellings, formula) for term in found]
    return tuple(sorted((t for t in read if t), key=len)), () in read


def _strict_operators() -> Any:
    """Formulaic's operators, with a minus that refuses to take out what is not there."""
    from formulaic.parser.parser import DefaultOperatorResolver
    from formulaic.parser.types import Operator

    class Strict(DefaultOperatorResolver):  # type: ignore[misc]
        @property
        def operators(self) -> list[Any]:
            found = super().operators
            strict = Operator("-", arity=2, precedence=100, associativity="left", to_terms=_without)
            return [strict if (o.symbol, o.arity) == ("-", 2) else o for o in found]

    return Strict()


def _without(left: Any, right: Any) -> Any:
    absent = [str(term) for term in right if term not in left and str(term) != "1"]
    if absent:
        raise DesignError(
            f"there is no term {absent[0]!r} to take out; only the intercept can be taken out "
            "without being named before"
        )
    return left - right


def _refuse_powers(right: str, formula: str) -> None:
    """Refuse the power of a single name, which R and formulaic read as the name alone."""
    from formulaic.errors import FormulaicError
    from formulaic.parser.algos.tokenize import tokenize

    try:
        tokens = list(tokenize(right))
    except (FormulaicError, SyntaxError, ValueError):
        return  # the parser says what is wrong
    for before, after in pairwise(tokens):
        if after.token in ("**", "^") and before.kind is not None and before.kind.value == "name":
            raise DesignError(
                f"formula {formula!r}: a power of one variable is that variable; write "
                f"I({before.token}**2) for its square"
            )


def _mask(right: str) -> tuple[str, list[str]]:
    """A formula with ``_q0_`` for the first quoted text and so on: brackets there open nothing."""
    quoted: list[str] = []

    def keep(found: re.Match[str]) -> str:
        whole = found.group(0)
        if whole[1:-1] not in quoted:  # the same text is the same factor
            quoted.append(whole[1:-1])
        return f"{whole[0]}_q{quoted.index(whole[1:-1])}_{whole[-1]}"

    return QUOTED.sub(keep, right), quoted


def _unmasked(text: str, quoted: list[str]) -> str:
    return _MASK.sub(lambda found: quoted[int(found.group(1))], text)


def _term(term: ParsedTerm, quoted: list[str], spellings: dict[str, str], formula: str) -> Term:
    parsed = (factor for factor in term.factors if factor.expr != "1")
    factors = tuple(_factor(factor, quoted, spellings, formula) for factor in parsed)
    if len({factor.label for factor in factors}) != len(factors):
        raise DesignError(f"formula {formula!r}: {str(term)!r} multiplies a variable by itself")
    return factors


def _factor(
    factor: ParsedFactor, quoted: list[str], spellings: dict[str, str], formula: str
) -> Factor:
    """One factor; `spellings` keeps the first spelling of each function for all its terms."""
    text = _unmasked(factor.expr.strip(), quoted)
    method = factor.eval_method.value
    if method == "literal":
        raise DesignError(
            f"formula {formula!r}: {text} cannot be a term; only 0 and 1 stand for themselves"
        )
    if method == "lookup":
        return Factor(spelled(text), (text,), "column")
    written = spellings.setdefault(text, _unmasked(_as_written(factor), quoted))
    return _function(written, formula)


def _as_written(factor: ParsedFactor) -> str:
    """The user's own spelling of a function: formulaic has its spaces in other places."""
    token = factor.token
    if token is None or token.source is None or token.source_start is None:
        return str(factor.expr)
    if token.source[token.source_start] == "{":
        return "{" + str(factor.expr) + "}"
    written = token.source[token.source_start : (token.source_end or 0) + 1].strip()
    return written if written.startswith(factor.expr.partition("(")[0]) else str(factor.expr)


def _function(text: str, formula: str) -> Factor:
    try:
        code, names = executable(text)
    except SyntaxError:
        raise DesignError(f"formula {formula!r}: cannot read {text!r}") from None
    if not names:
        raise DesignError(f"formula {formula!r}: {text!r} reads no column")
    if code == "_0":  # Q("name")
        return Factor(spelled(names[0]), names, "column")
    categories = len(names) == 1 and re.match(r"C\(_0[,)]", code) is not None
    return Factor(text, names, "categories" if categories else "function")
