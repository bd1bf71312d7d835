"""What a careful reader of a random-intercept fit should be told, in words."""

from __future__ import annotations

import numpy as np

from core_trial.models.design import INTERCEPT, Design
from core_trial.models.inference import Floats
from core_trial.models.intercept_answer import Answer, Finer
from core_trial.models.separation import Separation

#: Differences of more than this share of a standard error are worth a warning.
WORTH_SAYING = 0.01


def believable(answer: Answer, design: Design) -> bool:
    """Whether the fit answers what was asked.

    Where data separate, what is left may: a factor that lost one level of several still compares
    the others. A term without any finite contrast was asked for in vain.
    """
    if answer.status in ("unbounded", "stopped"):
        return False
    return answer.apart is None or not lost_terms(answer.apart, design)


def lost_terms(apart: Separation, design: Design) -> list[str]:
    """Terms of the formula of which nothing can be estimated."""
    groups: dict[str, list[int]] = {}
    for k, name in enumerate(design.columns):
        groups.setdefault(_term(name), []).append(k)
    return [
        term
        for term, columns in groups.items()
        if term != INTERCEPT and not apart.contrasts(columns)
    ]


def warnings_of(answer: Answer, design: Design, points: int) -> list[str]:
    """Every warning of a fit."""
    found = _about_separation(answer, design)
    found += _about_variance(answer)
    if answer.finer is not None:
        found += _about_nodes(answer, answer.finer, design, points)
    return found


def _term(column: str) -> str:
    """The formula's term that a design column belongs to: ``a[x]:b[y]`` to ``a:b``."""
    return ":".join(part.partition("[")[0] for part in column.split(":"))


def _about_separation(answer: Answer, design: Design) -> list[str]:
    apart = answer.apart
    if apart is None:
        return []
    lost = np.flatnonzero(apart.lost)
    names = ", ".join(f"{design.columns[k]} ({_whither(apart.direction[k])})" for k in lost)
    if len(lost) == len(apart.lost):
        return [f"the data separate completely, no coefficient has a finite estimate: {names}"]
    return [
        f"the data separate, no finite estimate for: {names}; the other coefficients are estimated "
        "from the rows that are not fitted perfectly"
    ]


def _whither(direction: float) -> str:
    if abs(direction) < 1e-6:
        return "diverges"
    return "diverges to +infinity" if direction > 0 else "diverges to -infinity"


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
    if answer.apart is not None and answer.apart.lost.all():
        return []
    return told[answer.status]


def _about_nodes(answer: Answer, fine: Finer, design: Design, points: int) -> list[str]:
    """Compare with the answer of more nodes."""
    names = [*design.columns, "the random effect's standard deviation"]
    old, new = np.append(answer.beta, answer.sd), np.append(fine.beta, fine.sd)
    errors = np.append(np.sqrt(np.diagonal(answer.cov)), answer.sd_error)
    changed = np.append(fine.std_error, fine.sd_error) / errors - 1
    shift = (new - old) / errors
    return _differing(names, shift, changed, points, fine)


def _differing(
    names: list[str], shift: Floats, changed: Floats, points: int, fine: Finer
) -> list[str]:
    with np.errstate(invalid="ignore"):
        far = (np.abs(shift) > WORTH_SAYING) | (np.abs(changed) > WORTH_SAYING)
    if not far.any():
        return []
    told = [
        f"{names[k]} by {100 * shift[k]:+.0f}% of its standard error, which changes by "
        f"{100 * changed[k]:+.0f}%"
        for k in np.flatnonzero(far)
    ]
    nodes = "node is" if points == 1 else "nodes are"
    return [f"{points} {nodes} too few; {fine.points} nodes would move " + "; ".join(told)]
