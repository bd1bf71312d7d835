"""Clusters, and the arm in which they carry a random effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.choices import refuse_choice
from core_trial.models.columns import (
    column,
    column_of_level,
    finite,
    is_numeric,
    nearest,
    raw,
    refuse_number_like,
)
from core_trial.models.inference import Floats
from core_trial.models.reading.levels import codes_of, distinct, levels_of, refuse_mixed

Ints = NDArray[np.intp]
Blank = Literal["refuse", "own"]


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Cluster membership.

    Parameters
    ----------
    codes
        Cluster of each row as an integer from 0 to G - 1, shape (n,).
    labels
        The clusters' names, shape (G,), sorted; those of rows without one come last.
    alone
        How many rows had no label and are clusters of one.
    """

    codes: Ints
    labels: pd.Index
    alone: int = 0

    @property
    def count(self) -> int:
        """Number of clusters, G."""
        return len(self.labels)

    @property
    def sizes(self) -> Ints:
        """Rows per cluster, shape (G,)."""
        return np.bincount(self.codes, minlength=self.count)

    @property
    def note(self) -> str:
        """What a fit's method says of rows without a cluster; blank when there are none."""
        if not self.alone:
            return ""
        rows = "1 row" if self.alone == 1 else f"{self.alone} rows"
        return f"; {rows} without a cluster taken as clusters of one"


@dataclass(frozen=True, slots=True, eq=False)
class Nesting:
    """Where a random effect enters: partial nesting.

    Parameters
    ----------
    inside
        1 where it enters, else 0, shape (n,).
    column, level
        The column that says so, and its value there.
    where
        The clusters that carry it in words, such as ``"the clusters of arm[intervention]"``.
    other
        The argument that puts it elsewhere, such as ``"arm[control]"``; blank if there is none.
    """

    inside: Floats
    column: str
    level: object
    where: str
    other: str = ""


def clusters(
    frame: pd.DataFrame,
    name: str,
    *,
    nested: Nesting | None = None,
    blank: Blank = "refuse",
) -> Clusters:
    """Cluster codes from a column of labels.

    A row without a label (missing, or text of spaces) where no random effect enters is a cluster
    of one: nothing else can be meant. Elsewhere it is refused, for a label that is missing is
    another thing than a participant outside any cluster, unless `blank` says which.

    Parameters
    ----------
    frame
        A row per observation.
    name
        The column.
    nested
        Where the random effect enters; None when it enters everywhere, or there is none.
    blank
        ``"own"`` makes every row without a label a cluster of one; ``"refuse"`` only those where
        no random effect enters.

    Raises
    ------
    DesignError
        If the column is not there, a label is missing, labels are of mixed type, or only clusters
        of one carry the random effect while others have more rows.
    """
    refuse_choice("blank_cluster", blank, ("refuse", "own"))
    labels = raw(frame, name)
    codes, names = distinct(name, labels)
    if len(names) and not pd.api.types.is_numeric_dtype(names.dtype):
        refuse_mixed(name, names)
    members = _sorted(codes, names)
    lost = np.flatnonzero(members.codes < 0)
    if len(lost):
        _refuse_blank(name, lost, nested, blank)
        members = _own(members, lost)
    if nested is not None:
        _refuse_other_arm(members, nested)
    return members


def groups(frame: pd.DataFrame, name: str) -> Clusters:
    """Groups from a complete column, such as strata: no row is without one.

    Raises
    ------
    DesignError
        If the column is not there, a value is missing, or labels are of mixed type.
    """
    codes, names = distinct(name, column(frame, name))
    refuse_mixed(name, names)
    return _sorted(codes, names)


def nesting(frame: pd.DataFrame, random: str) -> Nesting | None:
    """Where the random effect enters; None for everywhere.

    Parameters
    ----------
    random
        ``"1"`` for everywhere; a 0/1 column; a factor of two levels for the second; or a level
        by name, such as ``"arm[CBT]"``.

    Raises
    ------
    DesignError
        For any other column, or a level that is not there.
    """
    if not isinstance(random, str):
        raise DesignError(
            f"random= takes text, not {random!r}: '1' for a random intercept in every cluster, or "
            "the column or level of the arm that has clusters, such as 'arm[intervention]'"
        )
    if random == "1":
        return None
    name, level = column_of_level(frame, random)
    values = column(frame, name)
    if level is not None:
        return _in_level(name, values, level)
    if is_numeric(values):
        return _in_ones(name, finite(name, values))
    refuse_number_like(name, values, "cannot say where the random effect enters")
    levels = levels_of(name, values)
    if len(levels) != 2:
        raise DesignError(
            f"column {name!r} must hold 0 and 1, or be a factor of two levels; it has "
            f"{len(levels)}: name the one with clusters, such as random='{name}[{levels[-1]}]'"
        )
    return _in_level(name, values, str(levels[1]))


def carried_by(random: Nesting | Floats | None) -> str:
    """The clusters that carry the random effect, in words."""
    if isinstance(random, Nesting):
        return random.where
    return "every cluster" if random is None or random.all() else "the clusters of one arm"


def indicator(frame: pd.DataFrame, name: str) -> Floats:
    """Where the random effect enters as 0 and 1, shape (n,); see `nesting`."""
    found = nesting(frame, name)
    return np.ones(len(frame)) if found is None else found.inside


def _in_level(name: str, values: pd.Series, level: str) -> Nesting:
    levels = levels_of(name, values, declared=True)
    spelled = [str(known) for known in levels]
    if level not in spelled:
        raise DesignError(
            f"factor {name!r} has no level {level!r}{nearest(level, spelled)}; "
            f"its levels are {', '.join(spelled)}"
        )
    chosen = spelled.index(level)
    inside = (codes_of(name, values, levels) == chosen).astype(float)
    others = [known for known in spelled if known != level]
    other = f"{name}[{others[0]}]" if len(others) == 1 else ""
    return Nesting(inside, name, levels[chosen], f"the clusters of {name}[{level}]", other)


def _in_ones(name: str, values: Floats) -> Nesting:
    if not np.isin(values, (0.0, 1.0)).all():
        raise DesignError(
            f"column {name!r} must hold 0 and 1, or be a factor of two levels: random= says in "
            "which arm clusters have a random intercept; random slopes are not fitted"
        )
    return Nesting(values, name, 1.0, f"the clusters with {name} = 1")


def _sorted(codes: NDArray[np.intp], names: pd.Index) -> Clusters:
    """Codes in the order of the labels; -1 where there is none or it is blank."""
    listed = names.tolist()
    blank = {k for k, label in enumerate(listed) if isinstance(label, str) and not label.strip()}
    order = [int(k) for k in names.argsort() if k not in blank]
    place = np.full(len(listed) + 1, -1, dtype=np.intp)  # the last is for codes of -1
    place[order] = np.arange(len(order))
    return Clusters(place[codes], names[order])


def _refuse_blank(name: str, lost: Ints, nested: Nesting | None, blank: Blank) -> None:
    inside = lost if nested is None else lost[nested.inside[lost] == 1]
    if blank == "own" or not len(inside):
        return
    rows = "1 row has" if len(inside) == 1 else f"{len(inside)} rows have"
    rows += " a missing or blank label"
    if nested is not None:
        turned = f"; or write random={nested.other!r} if clusters are there" * bool(nested.other)
        raise DesignError(
            f"column {name!r}: {rows}, and the random effect enters there "
            f"({nested.where}); give each its cluster, or a label of its own if it has none "
            f"(blank_cluster='own' does that){turned}"
        )
    raise DesignError(
        f"column {name!r}: {rows}; do not leave them out, for they may be a whole arm: "
        "give every participant outside a cluster a label of its own (blank_cluster='own' does "
        "that), or, in a model with random=, name the arm with clusters, as in random='arm[CBT]'"
    )


def _own(members: Clusters, lost: Ints) -> Clusters:
    """Every row without a label as a cluster of one, behind the others."""
    codes = members.codes.copy()
    codes[lost] = members.count + np.arange(len(lost))
    own = [f"(row {row + 1})" for row in lost]
    labels = pd.Index([*members.labels, *own], dtype=object)
    return Clusters(codes, labels, alone=len(lost))


def _refuse_other_arm(members: Clusters, nested: Nesting) -> None:
    """Refuse a random effect in clusters of one where the other rows have larger clusters."""
    inside = np.bincount(members.codes, nested.inside, members.count) > 0
    sizes = members.sizes
    if inside.any() and sizes[inside].max() == 1 and (sizes[~inside] > 1).any():
        instead = f"write random={nested.other!r}" if nested.other else "name the other arm"
        raise DesignError(
            f"the random effect would enter {nested.where}, all of one row each, and not the "
            f"larger ones outside: {instead}"
        )
