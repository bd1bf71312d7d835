"""For other trials: binary outcomes, times and scores, calibrated to lines of any paper.

Participants with arm, covariates and clusters are given; each function adds one outcome to them
whose model, fitted as the analyses fit it, prints as the line does. The generator's own stages do
the work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.declaration.arms import MODEL_ARMS, Group
from core_trial.models.design import build
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.synthesis.approach import approach
from core_trial.synthesis.cells import (
    CellRow,
    calibrated_cells,
    calibrated_events,
    first_in_cells,
)
from core_trial.synthesis.exchange import Exchange
from core_trial.synthesis.forms import CLUSTER, Row
from core_trial.synthesis.linear import Scores, calibrate
from core_trial.synthesis.people import codes, treated
from core_trial.synthesis.regions import Bounds, Line, Region
from core_trial.synthesis.search import Attempt, Floats, best_of, descend
from core_trial.synthesis.times import calibrated_days, hazard_ratio

#: Ways of giving out the events within cells that are tried, to be rid of a cluster variance.
ARRANGEMENTS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """An outcome, and how near its line came.

    Parameters
    ----------
    outcome
        Its values, shape (n,).
    attempt
        The line wanted and what was reached.
    """

    outcome: Floats
    attempt: Attempt


def event(
    people: pd.DataFrame,
    line: Line,
    totals: Mapping[str, int],
    covariates: tuple[str, ...],
    rng: np.random.Generator,
) -> Calibrated:
    """A 0/1 outcome with a printed odds ratio from a logistic model with random intercepts.

    Parameters
    ----------
    people
        Columns arm (a factor: control, intervention), the covariates, and cluster_id; n rows. The
        covariates must be factors or take few values, since the search is over their cells.
    line
        The printed odds ratio.
    totals
        Events of each arm.
    covariates
        Names of the covariates besides the arm.
    rng
        All chance.

    Notes
    -----
    The counts are chosen for a cluster variance of zero, and the events then given out within the
    cells until the mixed model finds that variance.
    """
    formula = " + ".join(("arm", *covariates))
    design = build(formula, people).X
    counts = {int(a == Group.INTERVENTION): totals[str(a)] for a in MODEL_ARMS}
    region = Region.of(line)
    cell, cells, settled = calibrated_events(
        treated(people), design[:, 2:], np.ones(len(people)), counts, region, rng
    )

    def draw(rng: np.random.Generator) -> tuple[Calibrated, float]:
        values = first_in_cells(rng.random(len(people)), cell, cells.events)
        frame = people.assign(event=values)
        found = mixed_logistic(f"event ~ {formula}", frame, cluster=CLUSTER, inference="normal")
        k = found.position("arm")
        attempt = region.attempt("event", line, found.beta[k], found.std_error[k])
        return Calibrated(values, attempt), attempt.gauge - settled

    return best_of(draw, rng, tries=ARRANGEMENTS)[0]


@dataclass(frozen=True, slots=True)
class Printed:
    """One printed row of a binary outcome.

    Parameters
    ----------
    covariates
        Right-hand side of its model, such as ``"arm + site"`` or ``"arm + black + arm:black"``.
    terms
        The coefficients whose sum it prints: ``("arm",)``, or ``("arm", "arm:black")`` for the
        effect in a subgroup.
    line
        The line as printed; blank but for the p-value where no more is, as of an interaction.
    risk
        Whether the ratio is one of risks and not of odds.
    """

    covariates: str
    terms: tuple[str, ...]
    line: Line
    risk: bool = False

    def row(self, people: pd.DataFrame) -> CellRow:
        """The row's model, with a line of its design matrix for each of the people."""
        design = build(self.covariates, people)
        contrast = np.zeros(design.X.shape[1])
        for term in self.terms:
            contrast[list(design.term_columns[term])] = 1.0
        only_p = not self.line.estimate
        region = Bounds.of(self.line.p_value) if only_p else Region.of(self.line)
        return CellRow(design.X, contrast, region, self.risk)


def event_of_rows(
    people: pd.DataFrame,
    printed: Sequence[Printed],
    totals: Mapping[str, int],
    rng: np.random.Generator,
) -> tuple[Floats, list[Attempt]]:
    """A 0/1 outcome of which several rows are printed: odds, risks, subgroups, interactions.

    Parameters
    ----------
    people
        Columns arm (a factor: control, intervention) and the covariates, which must be factors or
        take few values; n rows, each a cluster of its own.
    printed
        The rows.
    totals
        Events of each arm.
    rng
        All chance.

    Returns
    -------
    outcome : numpy.ndarray
        Shape (n,).
    attempts : list of Attempt
        How near each row came.
    """
    counts = {int(a == Group.INTERVENTION): totals[str(a)] for a in MODEL_ARMS}
    rows = [one.row(people) for one in printed]
    cell, cells, _ = calibrated_cells(treated(people), rows, np.ones(len(people)), counts, rng)
    attempts = []
    for one, row in zip(printed, cells.rows, strict=True):
        estimate, error = (float(x) for x in row.fit(cells.sizes, cells.events))
        gauge = float(row.gauge(cells.sizes, cells.events))
        attempts.append(Attempt(" + ".join(one.terms), str(one.line), gauge, estimate, error))
    return first_in_cells(rng.random(len(people)), cell, cells.events), attempts


def days_to_event(
    people: pd.DataFrame,
    events: Floats,
    line: Line,
    quartiles: Mapping[str, tuple[int, int, int]],
    rng: np.random.Generator,
    *,
    follow_up: int = 365,
) -> Calibrated:
    """Times of these events with printed quartiles, and a printed hazard ratio of the arm alone.

    Parameters
    ----------
    people
        Columns arm and cluster_id, n rows.
    events
        0 or 1, shape (n,).
    line
        The printed hazard ratio, its standard error clustered.
    quartiles
        First quartile, median and third quartile of the times of each arm's events.
    rng
        All chance.
    follow_up
        Day on which everybody else is censored.
    """
    arm, region = treated(people), Region.of(line)
    wanted = {float(a == Group.INTERVENTION): quartiles[str(a)] for a in MODEL_ARMS}
    stratum = np.where(events == 1, arm, -1)
    may = (np.equal.outer(stratum, stratum) & (stratum >= 0)) | np.eye(len(arm), dtype=bool)

    def draw(rng: np.random.Generator) -> tuple[tuple[Floats, Exchange], float]:
        days, _ = calibrated_days(arm, events, wanted, region, rng, follow_up=follow_up)
        estimate, influence = hazard_ratio(arm, days, events)
        exchange = Exchange(influence, codes(people[CLUSTER]), may, region, estimate)
        return (days, exchange), descend(exchange, rng, steps=400)

    (days, exchange), gauge = best_of(draw, rng)
    reached = Attempt("days", str(line), gauge, exchange.estimate, exchange.std_error)
    return Calibrated(days[exchange.at], reached)


def score(
    people: pd.DataFrame,
    start: Floats,
    line: Line,
    moments: Mapping[str, tuple[str, str]],
    covariates: tuple[str, ...],
    limits: tuple[int, int],
    rng: np.random.Generator,
) -> Calibrated:
    """Whole-number scores with a printed difference in means from a linear mixed model.

    Parameters
    ----------
    people
        Columns arm (a factor: control, intervention), the covariates, and cluster_id; n rows.
    start
        Scores to begin with, such as a draw that is related to the covariates, shape (n,).
    line
        The printed difference.
    moments
        Mean and standard deviation of each arm, as printed.
    covariates
        Names of the covariates besides the arm.
    limits
        Lowest and highest possible score.
    rng
        All chance.
    """
    arm = treated(people)
    columns = ["arm", *covariates, CLUSTER]
    row = Row(
        " + ".join(("arm", *covariates)), people[columns].reset_index(drop=True), Region.of(line)
    )
    bounds = [tuple(map(Bounds.of, moments[str(a)])) for a in MODEL_ARMS]
    scores = Scores(start, limits, [row], [1 - arm, arm], [(m, s) for m, s in bounds])
    approach(scores)
    distance = calibrate(scores, rng)
    return Calibrated(scores.y, Attempt("score", str(line), distance, *row.confirm(scores.y)))
