"""What a careful reader of a random-intercept fit should be told, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core_trial.models.clusters import Ints
from core_trial.models.design import Design
from core_trial.models.inference import Floats
from core_trial.models.intercept.answer import Answer, Finer
from core_trial.models.intercept.layout import Bools, Layout
from core_trial.models.numerics.separation import describe

#: Differences of more than this share of a standard error are worth a warning.
WORTH_SAYING = 0.01
#: A coefficient that moves by more than this many standard errors leaves its own 95% interval.
OUTSIDE = 1.96
#: States of a search that found nothing to report.
NO_MAXIMUM = ("unbounded", "stopped")
#: A mean count that a model implies may differ from the one seen by this factor.
LARGEST_MEAN_RATIO = 2.0
#: Beyond this standard deviation on the link scale, clusters all but decide the outcome: odds that
#: differ by e^10 between two clusters of the same kind are not an effect, they are separation.
LARGEST_SD = 10.0


def believable(answer: Answer) -> bool:
    """Whether the search ended at a maximum of the likelihood, at which something is estimated.

    The maximum with few nodes is none of the likelihood where clusters all but separate the
    outcomes, or where more nodes find another.
    """
    fine = answer.finer
    if answer.status in NO_MAXIMUM or answer.sd > LARGEST_SD or np.isnan(answer.estimates).all():
        return False
    return fine is None or (fine.state not in NO_MAXIMUM and not _leaves(_shift(answer, fine)))


def _leaves(shift: Floats) -> bool:
    """Whether more nodes move a coefficient out of its own interval."""
    return bool((np.abs(shift[:-1]) > OUTSIDE).any())


def _shift(answer: Answer, fine: Finer) -> Floats:
    """How far more nodes move coefficients and standard deviation, in standard errors, (p + 1,)."""
    old, new = np.append(answer.estimates, answer.sd), np.append(fine.beta, fine.sd)
    with np.errstate(invalid="ignore", divide="ignore"):  # what is not estimable is not compared
        return np.asarray((new - old) / _errors(answer))


def _errors(answer: Answer) -> Floats:
    return np.append(np.sqrt(np.diagonal(answer.cov)), answer.sd_error)


def warnings_of(answer: Answer, design: Design, points: int) -> list[str]:
    """Every warning of a fit."""
    found = [] if answer.apart is None else [describe(answer.apart, design.columns)]
    found += _about_variance(answer)
    if answer.finer is not None:
        found += _about_nodes(answer, answer.finer, design, points)
    return found


def _about_variance(answer: Answer) -> list[str]:
    told = {
        "interior": [],
        "boundary": [
            "the cluster variance is at its bound, zero: the fit is that of the regression "
            "without random effects"
        ],
        "unidentified": [
            "the cluster variance is not identified (no two clusters, one of them with two rows): "
            "the fit is that of the regression without random effects"
        ],
        "unbounded": [
            "the cluster variance grows without bound, and the coefficients with it: nothing can "
            "be estimated"
        ],
        "stopped": ["the search for the maximum did not converge: do not use this fit"],
    }
    if answer.apart is not None and answer.apart.moving.all():
        return []
    if answer.sd > LARGEST_SD:
        return [
            f"the random effect's standard deviation is {answer.sd:.0f} on the link scale: the "
            "clusters all but separate the outcomes, do not use this fit"
        ]
    return told[answer.status]


def _about_nodes(answer: Answer, fine: Finer, design: Design, points: int) -> list[str]:
    """Compare with the answer of more nodes."""
    instead = f"with {fine.points} nodes instead of {points}"
    if fine.state in NO_MAXIMUM:
        ends = "grows without bound" if fine.state == "unbounded" else "has no maximum in reach"
        return [f"{instead} the cluster variance {ends}: do not use this fit"]
    names = [*design.columns, "the random effect's standard deviation"]
    shift = _shift(answer, fine)
    with np.errstate(invalid="ignore", divide="ignore"):
        changed = np.append(fine.std_error, fine.sd_error) / _errors(answer) - 1
        far = (np.abs(shift) > WORTH_SAYING) | (np.abs(changed) > WORTH_SAYING)
    if not far.any():
        return []
    use = ": do not use this fit" if _leaves(shift) else ""
    told = [
        f"{names[k]} moves by {100 * shift[k]:+.0f}% of its standard error (itself "
        f"{100 * changed[k]:+.0f}%)"
        for k in np.flatnonzero(far)
    ]
    return [f"the answer depends on the number of nodes: {instead}, {', '.join(told)}{use}"]


def implied_means(answer: Answer, layout: Layout, y: Floats, groups: Ints) -> Floats:
    """Mean counts that a mixed Poisson model implies and those seen, by group, shape (k, 2).

    The model's mean of a row is exp(eta + sd^2/2) where the random effect enters: it leaves the
    data's where the effect has to stand for a spread that is not its own.
    """
    eta = (layout.patterns @ answer.beta + layout.shift)[layout.pattern_of]
    with np.errstate(over="ignore"):
        mean = np.exp(eta + layout.random * answer.sd**2 / 2)
    size = np.bincount(groups)
    return np.stack([np.bincount(groups, values) / size for values in (mean, y)], axis=1)


def leave_the_data(means: Floats) -> Bools:
    """Which groups' implied means are out of proportion to those seen, shape (k,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(np.log(means[:, 0] / means[:, 1]))
    return np.asarray((means[:, 1] > 0) & (ratio > np.log(LARGEST_MEAN_RATIO)))


def about_means(means: Floats, labels: Sequence[str]) -> list[str]:
    """Say that the means a model implies are not the data's."""
    far = np.flatnonzero(leave_the_data(means)).tolist()
    if not far:
        return []
    told = [
        f"{means[k, 0]:.4g} where {means[k, 1]:.4g} was seen"
        + (f" at {labels[k]}" * bool(labels[k]))
        for k in far
    ]
    return [
        f"the model implies mean counts of {' and '.join(told)}: a normal random effect does not "
        "describe this spread, do not use this fit; negative_binomial and poisson with cluster= "
        "compare means"
    ]
