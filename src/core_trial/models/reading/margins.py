"""How a factor without its margin is coded.

A factor of k levels spans k dimensions, one of which an intercept or another term may hold already.
It is coded by k columns where none does, and by k - 1 where one does, as in R: ``0 + g`` has a mean
for each level, ``g:x`` a slope for each, ``g + g:t`` is ``g*t`` in other words.

References
----------
Chambers and Hastie (1992), Statistical Models in S, section 2.4.1. Smith et al., patsy
documentation, "Redundancy and categorical factors" (the rule by subsets, which is exact).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from core_trial.models.formula import Factor, Term

#: A product of factors: each factor's label, and whether it is coded by one column less.
Product = tuple[tuple[str, bool], ...]


def products(
    terms: Sequence[Term], labels: Mapping[Factor, str], spans: Mapping[str, bool], constant: bool
) -> list[tuple[Product, ...]]:
    """The products of columns that each term adds to those of the terms before it.

    Parameters
    ----------
    terms
        The terms, main effects first.
    labels
        The label of each factor.
    spans
        Whether a factor, by its label, spans a constant.
    constant
        Whether a constant is held already: an intercept, or a baseline hazard.
    """
    held: set[frozenset[str]] = {frozenset()} if constant else set()
    found = []
    for term in terms:
        names = [labels[factor] for factor in term]
        new = []
        for subset in _subsets([name for name in names if spans[name]]):
            parts = frozenset(name for name in names if name in subset or not spans[name])
            if parts not in held:
                held.add(parts)
                new.append({name: spans[name] for name in names if name in parts})
        found.append(tuple(tuple(part.items()) for part in _merged(new, names)))
    return found


def _subsets(names: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(c) for size in range(len(names) + 1) for c in combinations(names, size)]


def _merged(parts: list[dict[str, bool]], order: Sequence[str]) -> list[dict[str, bool]]:
    """The fewest products that span the same: a product and itself by a reduced factor are one."""
    done: list[dict[str, bool]] = []
    for i, part in enumerate(sorted(parts, key=len)):
        for other in done:
            extra = part.items() - other.items()
            if len(part) == len(other) + 1 and len(extra) == 1 and all(r for _, r in extra):
                (name, _), *_ = extra
                whole = {**part, name: False}
                rest = sorted(parts, key=len)[i + 1 :]
                left = [p for p in done if p is not other]
                return _merged([*left, whole, *rest], order)
        done.append(part)
    return [{name: part[name] for name in order if name in part} for part in done]
