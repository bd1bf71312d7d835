"""The grammar of formulas: from text to terms.

Formulas are R's, read by formulaic: ``y ~ a + b``, ``a:b``, ``a*b``, ``a/b``, ``(a + b)**2``,
``0 +`` and ``- 1`` without intercept, functions such as ``np.log(x)``, ``I(x**2)``, ``bs(x, df=4)``
and ``C(x, contr.treatment("ref"))``, names in backquotes. Formulas of names, ``:``, ``*`` and
``C(name)`` alone, which are most, are read here without loading formulaic, to the same terms. What
stands in other programs' formulas and has an argument of its own here is refused with that
argument's name.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Literal

from core_trial.errors import DesignError

if TYPE_CHECKING:
    from formulaic.parser.types import Factor as ParsedFactor
    from formulaic.parser.types import Term as ParsedTerm

INTERCEPT = "Intercept"

_NAME = r"[^\W\d][\w.]*"
_PLAIN_FACTOR = re.compile(rf"C\(\s*({_NAME})\s*\)|({_NAME})")
_RESPONSE = re.compile(rf"({_NAME})|`([^`]+)`|Q\((?:'([^']+)'|\"([^\"]+)\")\)")
_BACKQUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`([^`]+)`")
_ANY_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_MASK = re.compile(r"_q(\d+)_")
#: Names within a function that are formulaic's, not columns, where they are not called.
_NOT_COLUMNS = frozenset({"np", "contr", "Sum", "Helmert", "Poly", "Diff", "True", "False", "None"})
#: What users of other programs write, and what to write here instead.
_INSTEAD = (
    (
        re.compile(r"\(\s*(?:0\s*\+|1\s*\+)?\s*[^()|\s1][^()|]*\|\|?([^()]*)\)"),
        "random slopes are not fitted; write cluster={0!r} for a random intercept",
    ),
    (re.compile(r"\([^()|]*\|\|?([^()]*)\)"), "write cluster={0!r} for a random intercept"),
    (
        re.compile(r"(?<![\w.])offset\(\s*(?:np\.)?log\(([^()]*)\)\s*\)"),
        "write exposure={0!r}, or offset= with the name of a column of logarithms",
    ),
    (re.compile(r"(?<![\w.])offset\(([^()]*)\)"), "write offset={0!r}"),
    (re.compile(r"(?<![\w.])exposure\(([^()]*)\)"), "write exposure={0!r}"),
    (re.compile(r"(?<![\w.])strata\(([^()]*)\)"), "write strata={0!r} (for cox)"),
    (re.compile(r"(?<![\w.])cluster\(([^()]*)\)"), "write cluster={0!r}"),
    (re.compile(r"(?<![\w.])frailty\(([^()]*)\)"), "write cluster={0!r}, frailty='gamma'"),
    (re.compile(r"(?<![\w.])Surv\("), "write time= and event=, and the covariates alone"),
    (re.compile(r"(?<![\w.])(?:as\.)?factor\(([^()]*)\)"), "write C({0})"),
    (
        re.compile(r"(?<![\w.])(?:s|te|ti|rcs|ns)\(\s*([^(),]*)[^()]*\)"),
        "write cr({0}, df=4) for a natural spline or bs({0}, df=4) for a B-spline",
    ),
    (re.compile(rf"(?<![\w.`])i\.({_NAME})"), "write C({0})"),
    (re.compile(rf"(?<![\w.`])c\.({_NAME})"), "write {0}"),
    (re.compile(r"##"), "write a*b for both effects and their product"),
    (re.compile(r"(?<![\w.)`])\.(?![\w])"), "name each covariate: there is no '.' for all others"),
)


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
        return f"{_spelled(self.response)} ~ {right}" if self.response else right


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
    _refuse_foreign(formula, left)
    _refuse_foreign(formula, right)
    if not right.strip():
        raise DesignError(f"formula {formula!r}: cannot read an empty right side; write 1")
    response = _response(left.strip(), formula) if tilde and left.strip() else ""
    if "~" in re.sub(r"\([^()]*\)|`[^`]*`", "", right):
        raise DesignError(f"formula {formula!r}: the left side must be one column name")
    terms, intercept = _plain(right, formula) or _by_formulaic(right, formula)
    parsed = Formula(response, terms, intercept)
    if response in parsed.variables:
        raise DesignError(f"formula {formula!r}: {response!r} stands on both sides")
    return parsed


def _not_text(formula: object) -> str:
    if hasattr(formula, "columns"):
        return "the formula comes first and the frame second, as in model('y ~ arm', frame)"
    return f"a formula is text such as 'y ~ arm + age', not {type(formula).__name__}"


def _spelled(name: str) -> str:
    return name if re.fullmatch(_NAME, name) else f"`{name}`"


def _response(left: str, formula: str) -> str:
    found = _RESPONSE.fullmatch(left)
    if found is None:
        raise DesignError(
            f"formula {formula!r}: the left side must be one column name; make a column of "
            f"{left!r} first"
        )
    return next(name for name in found.groups() if name)


def _refuse_foreign(formula: str, side: str) -> None:
    """Refuse what other programs write in a formula, with what to write here."""
    bare = _ANY_QUOTED.sub("``", side)
    for pattern, advice in _INSTEAD:
        found = pattern.search(bare)
        if found:
            name = found.group(1).strip() if found.groups() else ""
            raise DesignError(
                f"formula {formula!r}: cannot read {found.group(0)!r}; {advice.format(name)}"
            )


def _plain(right: str, formula: str) -> tuple[tuple[Term, ...], bool] | None:
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


def _by_formulaic(right: str, formula: str) -> tuple[tuple[Term, ...], bool]:
    """The terms of any other formula, as formulaic reads it."""
    from formulaic.errors import FormulaicError  # loaded late: it takes as long as NumPy
    from formulaic.parser import DefaultFormulaParser

    masked, quoted = _mask(right)
    _refuse_powers(masked, formula)
    parser = DefaultFormulaParser(operator_resolver=_strict_operators(), feature_flags=set())
    try:
        found = list(parser.get_terms(masked))
    except DesignError as error:
        raise DesignError(f"formula {formula!r}: {error}") from None
    except (FormulaicError, SyntaxError, ValueError, TypeError, RecursionError) as error:
        why = str(error).strip().splitlines()
        reason = f" ({why[0]})" if why else ""
        raise DesignError(f"formula {formula!r}: cannot read {right.strip()!r}{reason}") from None
    if not all(hasattr(term, "factors") for term in found):
        raise DesignError(f"formula {formula!r}: cannot read {right.strip()!r}")
    read = [_term(term, quoted, formula) for term in found]
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

    return _ANY_QUOTED.sub(keep, right), quoted


def _unmasked(text: str, quoted: list[str]) -> str:
    return _MASK.sub(lambda found: quoted[int(found.group(1))], text)


def _term(term: ParsedTerm, quoted: list[str], formula: str) -> Term:
    parsed = (factor for factor in term.factors if factor.expr != "1")
    factors = tuple(_factor(factor, quoted, formula) for factor in parsed)
    if len({factor.label for factor in factors}) != len(factors):
        raise DesignError(f"formula {formula!r}: {str(term)!r} multiplies a variable by itself")
    return factors


def _factor(factor: ParsedFactor, quoted: list[str], formula: str) -> Factor:
    text = _unmasked(factor.expr.strip(), quoted)
    method = factor.eval_method.value
    if method == "literal":
        raise DesignError(
            f"formula {formula!r}: {text} cannot be a term; only 0 and 1 stand for themselves"
        )
    if method == "lookup":
        return Factor(_spelled(text), (text,), "column")
    return _function(_unmasked(_as_written(factor), quoted), formula)


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
        return Factor(_spelled(names[0]), names, "column")
    categories = len(names) == 1 and re.match(r"C\(_0[,)]", code) is not None
    return Factor(text, names, "categories" if categories else "function")


@lru_cache(maxsize=256)
def executable(text: str) -> tuple[str, tuple[str, ...]]:
    """A function's text as Python in which columns are ``_0``, ``_1``, ..., and the columns' names.

    Raises
    ------
    SyntaxError
        If it is not an expression of Python.
    """
    quoted: list[str] = []

    def alias(found: re.Match[str]) -> str:
        if found.group(1) is None:
            return found.group(0)
        quoted.append(found.group(1))
        return f"Q({found.group(1)!r})"

    tree = ast.parse(_BACKQUOTED.sub(alias, text).strip().strip("{}"), mode="eval")
    names: list[str] = []
    tree = ast.fix_missing_locations(_Columns(names).visit(tree))
    return ast.unparse(tree), tuple(names)


class _Columns(ast.NodeTransformer):
    """Puts ``_0``, ``_1``, ... in place of the columns of an expression, and notes their names."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name):
            if node.func.id == "Q" and isinstance(node.args[0], ast.Constant):
                return self._column(str(node.args[0].value))
        else:
            node.func = self.visit(node.func)
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return node if node.id in _NOT_COLUMNS else self._column(node.id)

    def _column(self, name: str) -> ast.AST:
        if name not in self.names:
            self.names.append(name)
        return ast.Name(f"_{self.names.index(name)}", ast.Load())
