"""Linear model for repeated visits: correlated within participants, nested in workers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.choices import refuse_choice, shown
from core_trial.models.clusters import (
    Blank,
    Clusters,
    Nesting,
    carried_by,
    clusters,
    groups,
    nesting,
)
from core_trial.models.columns import Missing, Sample, as_frame, column, raw, sample
from core_trial.models.design import build
from core_trial.models.fit import Fit
from core_trial.models.formula import parse
from core_trial.models.inference import Floats
from core_trial.models.linear.kenward_roger import Approximation
from core_trial.models.linear.likelihood import Method
from core_trial.models.linear.model import APPROXIMATIONS, METHODS
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.repeated.layout import arrange
from core_trial.models.repeated.model import RepeatedModel
from core_trial.models.repeated.structures import IN_WORDS, Covariance


def repeated_measures(
    formula: str,
    frame: pd.DataFrame,
    *,
    participant: str,
    visit: str,
    cluster: str | None = None,
    random: str = "1",
    covariance: Covariance = "unstructured",
    by: str | None = None,
    method: Method = "reml",
    df: Approximation = "kenward_roger",
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    """Fit a linear model to an outcome measured at several visits.

    A participant's visits have a covariance matrix of their own; on top of it, workers (or other
    clusters) may have a random intercept, in one arm or everywhere. Without clusters this is what
    trials call the mixed model for repeated measures.

    Parameters
    ----------
    formula
        Such as ``"score ~ arm * visit + baseline + centre"``. A visit coded as a number enters as
        a straight line: write ``C(visit)`` for a mean at each.
    frame
        A row per participant and visit. A visit that was missed has a missing outcome, or no row.
    participant, visit
        Columns with the participant and the visit of each row. Visits are in the order of the
        categories, of the numbers, or of the alphabet.
    cluster
        Column with the worker or other cluster of each row, one per participant; may be blank where
        the random effect does not enter. None for a model without random effect.
    random
        ``"1"`` for a random intercept of every cluster; ``"arm[CBT]"`` for one that enters only in
        that level: partial nesting. A 0/1 column, or a factor of two levels, means where it is 1,
        or the second level; `Fit.method` says which.
    covariance
        ``"unstructured"``; ``"compound_symmetry"``, ``"ar1"`` (by order of the visits), each also
        ``"heterogeneous_..."`` with a variance for each visit; ``"toeplitz"``.
    by
        Column with a covariance matrix for each of its levels; None for one matrix.
    method
        ``"reml"`` or ``"ml"``.
    df
        Reference distribution: Student's t with the degrees of freedom of ``"kenward_roger"`` (with
        its own covariance, and only with ``"reml"``) or ``"satterthwaite"``; or ``"normal"``.
    confidence
        Coverage of the intervals.
    missing
        Of a visit that was made: ``"refuse"`` missing covariates, or ``"drop"`` to leave the row
        out; `Fit.n_dropped` counts them.
    blank_cluster
        A row without a cluster is one of its own where no random effect enters. Elsewhere it is
        refused, or with ``"own"`` each participant is taken as a cluster of one.

    Returns
    -------
    Fit
        `variance` has ``cluster``, ``variance[visit]`` and ``covariance[visit,other]`` (with
        ``|level`` at the end for each level of `by`); `quantities` has ``correlation[...]`` and
        ``icc[visit]``; `tests` has ``variance``, the likelihood ratio of the cluster variance
        against zero; `n` is the number of visits made; `n_clusters` that of clusters with a random
        effect, or of participants without any; `method` counts the visits that were missed.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.

    References
    ----------
    Jennrich and Schluchter (1986), Biometrics 42: 805-20. Mallinckrodt et al. (2008), Drug
    Information Journal 42: 303-19. Kenward and Roger (1997), Biometrics 53: 983-97.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "who": list("aabbccddeeff"),
    ...     "visit": ["1", "2"] * 6,
    ...     "arm": [0, 0] * 3 + [1, 1] * 3,
    ...     "score": [4.0, 5.0, 6.0, 7.0, 5.0, 5.5, 7.0, 10.0, 5.0, 7.5, 8.0, 9.0],
    ... })
    >>> fit = repeated_measures("score ~ arm * visit", frame, participant="who", visit="visit")
    >>> round(fit.effect("arm:visit[2]").estimate, 2)
    1.33
    """
    _refuse_choices(covariance, method, df)
    refuse_confidence(confidence)
    if cluster is None and not (isinstance(random, str) and random == "1"):
        raise DesignError(
            f"random={shown(random)} says where clusters have an effect: name the cluster"
        )
    made, absent = _made(formula, as_frame(frame), participant)
    rows = sample(
        made, formula, missing=missing, random=random, cluster=cluster, participant=participant,
        visit=visit, by=by,
    )  # fmt: skip
    nested = nesting(rows.frame, random)
    people = groups(rows.frame, participant)
    layout = arrange(
        build(formula, rows),
        people,
        groups(rows.frame, visit),
        groups=None if by is None else _levels(rows.frame, by),
        workers=None
        if cluster is None
        else _workers(rows.frame, cluster, people, nested, blank_cluster),
        random=None if cluster is None else _inside(rows, nested),
    )
    where = "" if cluster is None else carried_by(nested)
    return RepeatedModel(
        layout, covariance, method, df, confidence, by or "", where, absent
    ).fit()  # fmt: skip


def _refuse_choices(covariance: str, method: str, df: str) -> None:
    refuse_choice("covariance", covariance, IN_WORDS)
    refuse_choice("method", method, METHODS)
    refuse_choice("df", df, APPROXIMATIONS)
    if df == "kenward_roger" and method == "ml":
        raise DesignError("Kenward-Roger is derived for restricted likelihood: method='reml'")


def _made(formula: str, frame: pd.DataFrame, participant: str) -> tuple[pd.DataFrame, int]:
    """The visits that were made, and how many participants made none."""
    response = parse(formula).response
    if not response:
        raise DesignError(f"formula {formula!r} names no outcome")
    made = raw(frame, response).notna().to_numpy()
    if not made.any():
        raise DesignError(f"column {response!r} is missing in every row")
    if made.all():
        return frame, 0
    seen, people = frame.loc[made], column(frame, participant)
    return seen, int(people.nunique() - people[made].nunique())


def _levels(frame: pd.DataFrame, by: str) -> Clusters:
    found = groups(frame, by)
    if found.count < 2:
        raise DesignError(f"by={by!r}: the column has one level; leave it out")
    return found


def _inside(rows: Sample, nested: Nesting | None) -> Floats:
    """1 where a row carries its cluster's random effect, shape (n,)."""
    return np.ones(len(rows.frame)) if nested is None else nested.inside


def _workers(
    frame: pd.DataFrame, cluster: str, people: Clusters, nested: Nesting | None, blank: Blank
) -> Clusters:
    """Clusters of the rows; a participant without one is a cluster, not each of its visits."""
    found = clusters(frame, cluster, nested=nested, blank=blank)
    if not found.alone:
        return found
    lost = found.codes >= found.count - found.alone
    own = np.unique(people.codes[lost], return_inverse=True)
    codes = found.codes.copy()
    known = found.count - found.alone
    codes[lost] = known + own[1]
    labels = [*found.labels[:known], *(f"({people.labels[k]})" for k in own[0])]
    return Clusters(codes, pd.Index(labels, dtype=object), alone=len(own[0]))
