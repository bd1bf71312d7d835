"""What a reader can work out about counts that are not told, and which more must go untold.

Counts are tied to one another by sums: categories add up to a denominator, arms to the trial. A
reader who knows the sums and every told count knows a range for each untold one: its least and its
greatest value over all non-negative numbers that obey the sums, two linear programmes.

References
----------
Willenborg L, de Waal T. Elements of statistical disclosure control. Springer 2001.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core_trial.results import Key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: How far a linear programme may be off a whole number.
_SLACK = 1e-6


#: A count's least (1) or greatest (-1) possible value.
End = tuple[Key, int]
#: A solution that shows how far out an end can be; None where it has no limit.
Proof = Mapping[Key, float] | None


@dataclass(frozen=True, slots=True)
class Sum:
    """A count that is the sum of others."""

    total: Key
    parts: tuple[Key, ...]

    @property
    def members(self) -> tuple[Key, ...]:
        """Everything in it."""
        return self.total, *self.parts

    @property
    def terms(self) -> Iterator[tuple[Key, float]]:
        """Its counts with their signs; together they make nought."""
        yield self.total, -1.0
        for key in self.parts:
            yield key, 1.0


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
        found: dict[Key, dict[Sum, None]] = {key: {} for key in self.values}
        for sum_ in self.sums:
            for key, _ in sum_.terms:
                found[key][sum_] = None
        return {key: tuple(sums) for key, sums in found.items()}

    def untold(self, hidden: Collection[Key]) -> set[Key]:
        """Every count that a reader does not see."""
        return (self.values.keys() - self.told) | set(hidden)


@dataclass(frozen=True)
class Puzzle:
    """Untold counts that sums connect, as a reader faces them.

    Parameters
    ----------
    unknowns
        The untold counts, in the order of the columns.
    sums
        The sums that they stand in, in the order of the rows.
    matrix, right
        The sums as equations, shapes (sums, unknowns) and (sums,).
    """

    unknowns: tuple[Key, ...]
    sums: tuple[Sum, ...]
    matrix: Floats
    right: Floats

    def extreme(self, cell: Key, sign: int) -> tuple[Mapping[Key, float] | None, Floats]:
        """The unknowns where a cell is least (sign 1) or greatest (-1), and the shadow prices.

        None in the place of the unknowns when the cell has no limit.
        """
        import numpy as np
        from scipy.optimize import linprog

        aim = np.array([float(sign) if key == cell else 0.0 for key in self.unknowns])
        found = linprog(aim, A_eq=self.matrix, b_eq=self.right, method="highs")
        if found.x is None:
            return None, np.zeros(len(self.sums))
        return dict(zip(self.unknowns, found.x, strict=True)), np.asarray(found.eqlin.marginals)


def attack(ledger: Ledger, hidden: Collection[Key], cell: Key) -> tuple[float, float]:
    """The least and the greatest value that a count can have for all that a reader knows.

    Parameters
    ----------
    ledger
        Counts and sums.
    hidden
        Told counts that are not told after all.
    cell
        The count in question.

    Returns
    -------
    tuple
        Lower and upper limit; the upper one may be infinite.
    """
    if cell not in ledger.untold(hidden):
        return float(ledger.values[cell]), float(ledger.values[cell])
    puzzle = _puzzle(ledger, ledger.untold(hidden), cell)
    if not puzzle.sums:
        return 0.0, float("inf")
    (least, _), (most, _) = puzzle.extreme(cell, 1), puzzle.extreme(cell, -1)
    return least[cell] if least else 0.0, most[cell] if most else float("inf")


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
        The sensitive ones that were told, and what would give them away: cheap ones first, one at
        a time, until every range is wide enough; then whatever proves unnecessary is told again.
    """
    ends = frozenset((cell, sign) for cell in sensitive for sign in (1, -1))
    hidden, added, proofs = (
        {cell for cell, _ in ends} & ledger.told,
        list[Key](),
        dict[End, Proof](),
    )
    # What is possible stays possible when more is hidden: a proof holds until something is told.
    while (giveaway := _giveaway(ledger, hidden, ends, threshold, proofs)) is not None:
        added.append(giveaway)
        hidden.add(giveaway)
    for key in sorted(added, key=lambda key: (-ledger.cost[key], key)):
        unknown = set(_puzzle(ledger, ledger.untold(hidden), key).unknowns)
        touched = frozenset(end for end in ends if end[0] in unknown)
        left = {
            end: p for end, p in proofs.items() if end not in touched or _outlives(p, ledger, key)
        }
        if _giveaway(ledger, hidden - {key}, touched, threshold, left) is None:
            hidden.discard(key)
            proofs = left
    return frozenset(hidden)


def _outlives(proof: Proof, ledger: Ledger, key: Key) -> bool:
    """Whether a proof holds when a count is told again: it has the count as it is."""
    if proof is None:
        return False
    value = ledger.values[key]
    return abs(proof.get(key, value) - value) <= _SLACK


def _giveaway(
    ledger: Ledger,
    hidden: Collection[Key],
    ends: Iterable[End],
    threshold: int,
    proofs: dict[End, Proof],
) -> Key | None:
    """A told count that keeps the range of some cell too narrow; None when all are wide enough.

    `proofs` has what shows of some ends that they are far enough out; what is found is added.
    """
    untold = ledger.untold(hidden)
    left = {end for end in ends if end not in proofs}
    while left:
        end = min(left)
        left.discard(end)
        puzzle = _puzzle(ledger, untold, end[0])
        found, prices = puzzle.extreme(*end) if puzzle.sums else (None, None)
        if found is None or prices is None:
            proofs[end] = None
            continue
        if not _proves(found, *end, threshold):
            return _cheapest(ledger, untold, puzzle, prices)
        # One solution is proof for every count that is low or high enough in it.
        shown = {end, *(other for other in left if _proves(found, *other, threshold))}
        proofs |= dict.fromkeys(shown, found)
        left -= shown
    return None


def _proves(found: Mapping[Key, float], cell: Key, sign: int, threshold: int) -> bool:
    """Whether a solution shows that a cell can be as low as one, or as high as the threshold."""
    if cell not in found:
        return False
    return found[cell] <= 1 + _SLACK if sign > 0 else found[cell] >= threshold - _SLACK


def _puzzle(ledger: Ledger, untold: Collection[Key], cell: Key) -> Puzzle:
    """The equations around an untold count, with all unknowns that sums connect with it."""
    import numpy as np

    place, sums, queue = {cell: 0}, dict[Sum, None](), [cell]
    while queue:
        for sum_ in ledger.sums_of[queue.pop()]:
            sums[sum_] = None
            for key in sum_.members:
                if key in untold and key not in place:
                    place[key] = len(place)
                    queue.append(key)
    matrix, right = np.zeros((len(sums), len(place))), np.zeros(len(sums))
    for row, sum_ in enumerate(sums):
        for key, sign in sum_.terms:
            if key in place:
                matrix[row, place[key]] += sign
            else:
                right[row] -= sign * ledger.values[key]
    return Puzzle(tuple(place), tuple(sums), matrix, right)


def _cheapest(ledger: Ledger, untold: Collection[Key], puzzle: Puzzle, prices: Floats) -> Key:
    """The cheapest told count that holds a limit where it is: its shadow price is not nought.

    Where a degenerate solution prices everything at nought, the cheapest told count of all.
    """
    price: dict[Key, float] = {}
    for sum_, of_sum in zip(puzzle.sums, prices, strict=True):
        for key, sign in sum_.terms:
            if key not in untold:
                price[key] = price.get(key, 0.0) + sign * float(of_sum)
    holding = [key for key, value in price.items() if abs(value) > _SLACK] or list(price)
    return min(holding, key=lambda key: (ledger.cost[key], ledger.values[key], key))
