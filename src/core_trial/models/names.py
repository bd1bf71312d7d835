"""Finding a coefficient or a term by name, and saying what there is where a name is off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core_trial.errors import DesignError
from core_trial.models.columns import nearest

#: Names that an error lists; a model may have hundreds.
MOST_NAMES_LISTED = 12
EXCESS = "inflate:"


def hint(name: str, known: Iterable[str]) -> str:
    """A question that offers the nearest name, or the list of all where none is near.

    Examples
    --------
    >>> hint("sexx", ["Intercept", "sex", "age"])
    "; did you mean 'sex'?"
    """
    every = list(known)
    more = len(every) - MOST_NAMES_LISTED
    shown = ", ".join(every[:MOST_NAMES_LISTED]) + (f" and {more} more" if more > 0 else "")
    return nearest(name, every) or f"; there are {shown}"


def locate(term: str, terms: Sequence[str]) -> int:
    """Position of a coefficient, by its name or by that of a variable with one column.

    Raises
    ------
    DesignError
        If there is none, or more than one.
    """
    if not isinstance(term, str):
        raise DesignError(f"a term is a name such as {terms[0]!r}, not {type(term).__name__}")
    if term in terms:
        return terms.index(term)
    found = columns_of(term, terms)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(terms[k] for k in found)
        raise DesignError(
            f"term {term!r} has {len(found)} columns: {names}; ask for one of them, for all by "
            f"fit.test({term!r}), or for its means by fit.means({term!r})"
        )
    variables = dict.fromkeys(name.partition("[")[0] for name in terms if ":" not in name)
    known = dict.fromkeys([*terms, *variables])
    raise DesignError(f"term {term!r} is not in the model{hint(term, known)}")


def columns_of(variable: str, terms: Sequence[str]) -> list[int]:
    """Positions of a variable's own columns: of ``arm[x]`` but not of ``arm[x]:sex[F]``."""
    start = f"{variable}["
    named = enumerate(terms)
    return [k for k, name in named if name.startswith(start) and "]:" not in name[len(start) :]]


def parts(label: str) -> tuple[str, ...]:
    """The variables whose product a term is."""
    return tuple(label.removeprefix(EXCESS).split(":"))


def interactions(variable: str, labels: Iterable[str]) -> list[str]:
    """Terms of which a variable is one part of several; of the same part of the model."""
    found = []
    for label in labels:
        if label.startswith(EXCESS) == variable.startswith(EXCESS):
            pieces = parts(label)
            if len(pieces) > 1 and variable.removeprefix(EXCESS) in pieces:
                found.append(label)
    return found


def in_interaction(term: str, term_columns: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether a name is a variable (not one of its columns) that an interaction holds too."""
    return isinstance(term, str) and bool(interactions(term, term_columns))


def interaction_advice(term: str, term_columns: Mapping[str, tuple[int, ...]]) -> DesignError:
    """The error for who asks for the effect of a variable that has several."""
    found = interactions(term, term_columns)
    other = next(name for name in parts(found[0]) if name != term)
    return DesignError(
        f"{term!r} stands in the interaction {', '.join(found)}, so its effect differs with "
        f"{other!r}: ask for it in each by fit.subgroups({term!r}, {other!r}), for adjusted means "
        f"by fit.means({term!r}), for a combination or for its own coefficient by fit.contrast(...)"
    )
