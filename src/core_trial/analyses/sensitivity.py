"""How far an answer hangs on what was decided: declared changes, unknown outcomes, many tests.

References
----------
Walsh M, Srinathan SK, McAuley DF, et al. The statistical significance of randomized controlled
trial results is frequently fragile. J Clin Epidemiol 2014; 67: 622-28. Holm S. A simple
sequentially rejective multiple test procedure. Scand J Stat 1979; 6: 65-70.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from core_trial.analyses import summaries
from core_trial.analyses.estimation import estimate_from, failed
from core_trial.analyses.fits import Fits, complete_cases, fit
from core_trial.analyses.plan import AnalysisSpec, outcome_columns
from core_trial.declaration.arms import Group
from core_trial.declaration.models import ModelSpec
from core_trial.declaration.outcomes import Binary
from core_trial.errors import DesignError, FitError
from core_trial.models.inference import chi_square_p
from core_trial.results import Descriptive, Estimate, Record

#: Two-sided significance at which an answer changes sides.
SIGNIFICANCE = 0.05
#: What the outcome is taken to be in those in whom it is not known: 1 where it happened.
UNKNOWN: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "unknown.none": {Group.INTERVENTION: 0.0, Group.CONTROL: 0.0},
        "unknown.all": {Group.INTERVENTION: 1.0, Group.CONTROL: 1.0},
        "unknown.intervention": {Group.INTERVENTION: 1.0, Group.CONTROL: 0.0},
        "unknown.control": {Group.INTERVENTION: 0.0, Group.CONTROL: 1.0},
    }
)
FRAGILITY = "fragility."
MULTIPLICITY = "multiplicity"


def records(fits: Fits) -> Iterator[Record]:
    """The declared sensitivity analyses, and the fragility of the primary outcome's answer."""
    yield from declared(fits)
    primary = fits.trial.primary
    if isinstance(primary, Binary):
        yield from unknown(fits.spec(primary.key), primary, fits)
        yield from fragility(primary, fits)


def declared(fits: Fits) -> Iterator[Estimate]:
    """Every declared sensitivity analysis, in order."""
    for one in fits.trial.sensitivities:
        spec = outcome_columns(fits.trial, fits.spec(one.of), one)
        people = fits.participants
        if one.among:
            people = people[(people[one.among] == 1).to_numpy(bool)]
        yield _fitted(one.of, spec, people, fits, one.level)


def unknown(spec: AnalysisSpec, outcome: Binary, fits: Fits) -> Iterator[Estimate]:
    """The primary model with the unknown outcomes taken to be what they may have been."""
    people, trial = fits.participants, fits.trial
    missing = people[outcome.column].isna().to_numpy()
    if outcome.asked:
        missing &= (people[outcome.asked] == 1).to_numpy(bool)
    if not missing.any():
        return
    treated = (people[trial.arm.column] == trial.arm.level(Group.INTERVENTION)).to_numpy(bool)
    for level, taken in UNKNOWN.items():
        guess = np.where(treated, taken[Group.INTERVENTION], taken[Group.CONTROL])
        values = np.where(missing, guess, people[outcome.column].to_numpy(dtype=float))
        changed = people.assign(**{outcome.column: values})
        yield _fitted(spec.name, spec.fitted, changed, fits, level)


def fragility(outcome: Binary, fits: Fits) -> Iterator[Descriptive]:
    """The crude comparison of two proportions with one event and more added.

    Yields
    ------
    Descriptive
        ``p_value`` at the levels ``crude`` and ``one_more`` (one event more in the arm with the
        smaller share); ``events`` at the level ``to_lose``: how many more events there make the
        difference no longer significant, 0 where it is not.
    """
    counts = [
        (int((rows[outcome.column] == 1).sum()), int(rows[outcome.column].notna().sum()))
        for _, rows in summaries.arms(fits.trial.arm, fits.participants)
    ]
    if any(of == 0 for _, of in counts):
        return
    (n1, of1), (n0, of0) = sorted(counts, key=lambda pair: pair[0] / pair[1])
    values = (
        ("p_value", "crude", pearson_p(n1, of1, n0, of0)),
        ("p_value", "one_more", pearson_p(n1 + 1, of1, n0, of0) if n1 < of1 else math.nan),
        ("events", "to_lose", float(events_to_lose(n1, of1, n0, of0))),
    )
    for statistic, level, value in values:
        yield Descriptive(
            analysis=f"{FRAGILITY}{outcome.key}", statistic=statistic, value=value, level=level
        )


def events_to_lose(n1: int, of1: int, n0: int, of0: int) -> int:
    """How many more events of the first arm make two proportions no longer significantly differ.

    Examples
    --------
    >>> events_to_lose(64, 218, 83, 216)
    1
    """
    more = 0
    while pearson_p(n1 + more, of1, n0, of0) < SIGNIFICANCE and n1 + more < of1:
        more += 1
    return more


def pearson_p(n1: int, of1: int, n0: int, of0: int) -> float:
    """Pearson's chi-square test of two proportions, without continuity correction.

    Examples
    --------
    >>> round(pearson_p(64, 218, 83, 216), 4)
    0.046
    """
    pooled = (n1 + n0) / (of1 + of0)
    if pooled in (0.0, 1.0):
        return 1.0
    variance = pooled * (1 - pooled) * (1 / of1 + 1 / of0)
    return chi_square_p((n1 / of1 - n0 / of0) ** 2 / variance, 1)


def multiplicity(fits: Fits, estimates: Mapping[str, Estimate]) -> Iterator[Descriptive]:
    """Holm's adjusted p-values of the secondary outcomes, together one family.

    Yields
    ------
    Descriptive
        ``p_value`` of the analysis `MULTIPLICITY`, with the outcome as the level; of outcomes that
        were not decided on after the data were seen, and could be estimated.
    """
    from statsmodels.stats.multitest import multipletests

    family = {
        outcome.key: estimates[outcome.key].p_value
        for outcome in fits.trial.outcomes
        if outcome.key in estimates and not (outcome.primary or outcome.post_hoc)
    }
    known = {name: p for name, p in family.items() if math.isfinite(p)}
    if len(known) < 2:
        return
    adjusted = multipletests(list(known.values()), method="holm")[1]
    for name, p in zip(known, adjusted, strict=True):
        yield Descriptive(analysis=MULTIPLICITY, statistic="p_value", value=float(p), level=name)


def _fitted(name: str, spec: ModelSpec, people: pd.DataFrame, fits: Fits, level: str) -> Estimate:
    cases = complete_cases(fits.trial, spec, people)
    try:
        found = fit(fits.trial, cases)
    except (DesignError, FitError) as problem:
        return failed(name, fits.trial, cases, str(problem), level)
    return replace(estimate_from(name, fits.trial, found), level=level)
