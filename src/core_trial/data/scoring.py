"""Questionnaire items to scale scores.

A total is the sum of all items, those worded the other way reversed. It is given only where every
item was answered; a share of answered items from which missing ones are filled with the mean of
the answered ones can be asked for. What an instrument is made of is
declared, with the source of its scoring (`declaration.instruments.Instrument`).

References
----------
Cronbach LJ (1951). Coefficient alpha and the internal structure of tests. Psychometrika 16,
297-334, equation 2.
Fairclough DL, Cella DF (1996). Functional Assessment of Cancer Therapy (FACT-G): non-response to
individual questions. Qual Life Res 5, 321-329 (a person's mean in place of missing items).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.declaration.instruments import Instrument
from core_trial.errors import DesignError

Floats = NDArray[np.float64]


def items(frame: pd.DataFrame, instrument: Instrument) -> Floats:
    """The answers to an instrument, scored in one direction.

    Parameters
    ----------
    frame
        Questionnaires, n rows.
    instrument
        Which one.

    Returns
    -------
    array, shape (n, items)
        Points, reversed items turned round; ``nan`` where not answered.
    """
    columns = [frame[name].to_numpy("float64", na_value=np.nan) for name in instrument.columns]
    answers = np.column_stack(columns)
    turned = [number - 1 for number in instrument.reversed_items]
    answers[:, turned] = instrument.low + instrument.high - answers[:, turned]
    return answers


def score(frame: pd.DataFrame, instrument: Instrument, *, share: float = 1.0) -> Floats:
    """Total of an instrument in every interview.

    Parameters
    ----------
    frame
        Questionnaires, n rows.
    instrument
        Which one.
    share
        Least share of items that must have been answered. Below 1, missing items count as the mean
        of the answered ones of the same person (prorating).

    Returns
    -------
    array, shape (n,)
        Points; ``nan`` where too few items were answered.

    Raises
    ------
    DesignError
        When the share is not above 0 and at most 1.

    Examples
    --------
    >>> hope = Instrument("hope", "hope", "Hope", "A scale of hope", items=8, low=1, high=4)
    >>> answers = pd.DataFrame({name: [3.0, 4.0] for name in hope.columns})
    >>> answers.loc[1, "hope_8"] = None
    >>> score(answers, hope)
    array([24., nan])
    >>> score(answers, hope, share=0.8)
    array([24., 32.])
    """
    if not 0 < share <= 1:
        raise DesignError(f"the share of answered items must be above 0 and at most 1, not {share}")
    answers = items(frame, instrument)
    answered = (~np.isnan(answers)).sum(axis=1)
    enough = answered >= max(1, math.ceil(share * instrument.items - 1e-9))
    total = np.nansum(answers, axis=1) * instrument.items / np.maximum(answered, 1)
    return np.where(enough, total, np.nan)


def cronbach_alpha(answers: Floats) -> float:
    """Cronbach's alpha of complete answers.

    Parameters
    ----------
    answers
        Points of n people in k items, shape (n, k); rows with a missing item are left out.

    Returns
    -------
    float
        k / (k - 1) * (1 - sum of the items' variances / variance of the total); ``nan`` with fewer
        than two complete rows or a total that does not vary.
    """
    complete = answers[~np.isnan(answers).any(axis=1)]
    if len(complete) < 2 or answers.shape[1] < 2:
        return math.nan
    total = complete.sum(axis=1).var(ddof=1)
    k = answers.shape[1]
    return (
        float(k / (k - 1) * (1 - complete.var(axis=0, ddof=1).sum() / total)) if total else math.nan
    )


def reliability(
    questionnaires: pd.DataFrame, instruments: Iterable[Instrument], *, visit: str = "visit"
) -> pd.DataFrame:
    """Cronbach's alpha of every instrument at every visit.

    Parameters
    ----------
    questionnaires
        The trial's interviews.
    instruments
        Whose items stand in them.
    visit
        Column that tells the visits apart.

    Returns
    -------
    pandas.DataFrame
        Columns instrument, outcome, visit, n (interviews with all items answered) and alpha.
    """
    rows = []
    for instrument in instruments:
        answers = items(questionnaires, instrument)
        for name in questionnaires[visit].drop_duplicates().sort_values():
            held = answers[(questionnaires[visit] == name).to_numpy(bool)]
            n = int((~np.isnan(held).any(axis=1)).sum())
            rows.append((instrument.name, instrument.outcome, str(name), n, cronbach_alpha(held)))
    return pd.DataFrame(rows, columns=["instrument", "outcome", "visit", "n", "alpha"])
