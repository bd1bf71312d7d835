"""What a reader can work out about counts that are not told, and which more must go untold.

Counts are tied to one another by sums: categories add up to a denominator, arms to the trial. A
reader who knows the sums and every told count knows a range for each untold one: its least and its
greatest value over all non-negative numbers that obey the sums, two linear programmes.

References
----------
Willenborg L, de Waal T. Elements of statistical disclosure control. Springer 2001.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from core_trial.results import Key

#: How far a linear programme may be off a whole number.
_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Sum:
    """A count that is the sum of others."""

    total: Key
    parts: tuple[Key, ...]

    @property
    def members(self) -> tuple[Key, ...]:
        """Everything in it."""
        return self.total, *self.parts


@dataclass(frozen=True)
class Ledger:
    """All counts and how they hang together.

    Parameters
    ----------
    values
        Every count, those that nobody prints included.
    told
        The counts that are printed.
    sums
        What everybody knows to hold between them.
    cost
        What a reader loses with each told count.
    """

    values: Mapping[Key, int]
    told: frozenset[Key]
    sums: tuple[Sum, ...]
    cost: Mapping[Key, float]

    @cached_property
    def sums_of(self) -> Mapping[Key, tuple[Sum, ...]]:
        """The sums that each count stands in."""
        found: dict[Key, list[Sum]] = {key: [] for key in self.values}
        for sum_ in self.sums:
            for key in dict.fromkeys(sum_.members):
                found[key].append(sum_)
        return {key: tuple(sums) for key, sums in found.items()}


def attack(ledger: Ledger, hidden: Iterable[Key], cell: Key) -> tuple[float, float]:
    """The least and the greatest value that a count can have for all that a reader knows.

    Parameters
    ----------
    ledger
        Counts and sums.
    hidden
        Counts that are not told after all.
    cell
        The count in question.

    Returns
    -------
    tuple
        Lower and upper limit; the upper one may be infinite.
    """
    import numpy as np
    from scipy.optimize import linprog

    untold = (ledger.values.keys() - ledger.told) | set(hidden)
    if cell not in untold:
        return float(ledger.values[cell]), float(ledger.values[cell])
    unknowns, sums = _reach(ledger, untold, cell)
    if not sums:
        return 0.0, float("inf")
    place = {key: i for i, key in enumerate(unknowns)}
    signs, right = np.zeros((len(sums), len(unknowns))), np.zeros(len(sums))
    for row, sum_ in enumerate(sums):
        for key, sign in _terms(sum_):
            if key in place:
                signs[row, place[key]] += sign
            else:
                right[row] -= sign * ledger.values[key]
    aim = np.zeros(len(unknowns))
    aim[place[cell]] = 1.0
    least, most = (linprog(c, A_eq=signs, b_eq=right, method="highs").fun for c in (aim, -aim))
    return float(least or 0.0), float("inf") if most is None else -float(most)


def protect(ledger: Ledger, threshold: int, sensitive: Iterable[Key]) -> frozenset[Key]:
    """Which told counts must go, so that no sensitive one can be told from a large one.

    Parameters
    ----------
    ledger
        Counts and sums.
    threshold
        A reader must think it possible that a sensitive count is this large, and that it is one.
    sensitive
        The counts to protect, told or not.

    Returns
    -------
    frozenset of Key
        The sensitive ones that were told, and what would give them away: cheapest first, one at a
        time, until every range is wide enough; then whatever proves unnecessary is told again.
    """
    cells = sorted(sensitive)
    hidden = set(cells) & ledger.told
    added: list[Key] = []
    for cell in cells:
        while not _safe(attack(ledger, hidden, cell), threshold):
            added.append(_next(ledger, hidden, cell))
            hidden.add(added[-1])
    for key in sorted(added, key=lambda key: -ledger.cost[key]):
        if _unnecessary(ledger, hidden, key, cells, threshold):
            hidden.discard(key)
    return frozenset(hidden)


def _safe(limits: tuple[float, float], threshold: int) -> bool:
    return limits[0] <= 1 + _SLACK and limits[1] >= threshold - _SLACK


def _terms(sum_: Sum) -> Iterator[tuple[Key, float]]:
    yield sum_.total, -1.0
    for key in sum_.parts:
        yield key, 1.0


def _reach(ledger: Ledger, untold: set[Key], cell: Key) -> tuple[list[Key], list[Sum]]:
    """The untold counts that sums connect with one of them, and those sums."""
    unknowns, sums, queue = {cell: None}, dict[Sum, None](), [cell]
    while queue:
        for sum_ in ledger.sums_of[queue.pop()]:
            sums[sum_] = None
            fresh = [key for key in sum_.members if key in untold and key not in unknowns]
            unknowns |= dict.fromkeys(fresh)
            queue += fresh
    return list(unknowns), list(sums)


def _next(ledger: Ledger, hidden: set[Key], cell: Key) -> Key:
    """The cheapest told count that widens the range of a cell when it goes as well."""
    untold = (ledger.values.keys() - ledger.told) | hidden
    _, sums = _reach(ledger, untold, cell)
    told = {key for sum_ in sums for key in sum_.members if key not in untold}
    ordered = sorted(told, key=lambda key: (ledger.cost[key], ledger.values[key], key))
    before = attack(ledger, hidden, cell)
    for key in ordered:
        after = attack(ledger, hidden | {key}, cell)
        if after[0] < before[0] - _SLACK or after[1] > before[1] + _SLACK:
            return key
    direct = {key for sum_ in ledger.sums_of[cell] for key in sum_.members}
    return next((key for key in ordered if key in direct), ordered[0])


def _unnecessary(
    ledger: Ledger, hidden: set[Key], key: Key, cells: Iterable[Key], threshold: int
) -> bool:
    """Whether every sensitive count that a key can touch stays safe when the key is told."""
    untold = (ledger.values.keys() - ledger.told) | hidden
    touched = set(_reach(ledger, untold, key)[0]).intersection(cells)
    rest = hidden - {key}
    return all(_safe(attack(ledger, rest, cell), threshold) for cell in touched)
