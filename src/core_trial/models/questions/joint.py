"""Is a whole term zero? Joint Wald tests of several coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core_trial.errors import DesignError
from core_trial.models.formula import INTERCEPT
from core_trial.models.inference import Floats, Test, chi_square_p, f_p
from core_trial.models.names import hint
from core_trial.models.questions.contrasts import Asked, degrees_of_freedom, estimates, known, read

if TYPE_CHECKING:
    from core_trial.models.fit import Fit

#: Singular values of contrasts, relative to the largest, below which they follow from the others.
DEPENDENT = 1e-9


def joint_test(fit: Fit, asked: Asked | None = None) -> Test:
    """See `Fit.test`."""
    hypothesis, weights, null = _question(fit, asked)
    value, cov = estimates(fit, weights)
    _refuse_lost(fit, weights, cov)
    L, gap = _independent(weights, value - null)
    if fit.small_sample is not None:
        return fit.small_sample.joint(hypothesis, L, gap, known(fit)[1])
    q = len(L)
    square = float(gap @ np.linalg.solve(L @ known(fit)[1] @ L.T, gap))
    df = float(degrees_of_freedom(fit, weights).min())
    if np.isfinite(df):
        return Test(hypothesis, square / q, float(q), f_p(square / q, q, df), df)
    return Test(hypothesis, square, float(q), chi_square_p(square, q))


def _question(fit: Fit, asked: Asked | None) -> tuple[str, Floats, Floats]:
    """What is tested, in words, and as contrasts of shape (q, p) with their values (q,)."""
    if asked is None:
        asked = [label for label in fit.term_columns if not label.endswith(INTERCEPT)]
    labels = [asked] if isinstance(asked, str) else asked
    if isinstance(labels, Sequence) and all(isinstance(label, str) for label in labels) and labels:
        found = [_rows(fit, str(label)) for label in labels]
        weights, null = np.vstack([w for w, _ in found]), np.concatenate([v for _, v in found])
        return f"{', '.join(map(str, labels))}: no effect", weights, null
    names, weights, null = read(asked, fit.terms)
    return f"{', '.join(names)} = 0", weights, null


def _rows(fit: Fit, label: str) -> tuple[Floats, Floats]:
    """Contrasts of a term, of a coefficient, or of an expression."""
    p = len(fit.terms)
    if label in fit.term_columns:
        chosen = list(fit.term_columns[label])
        return np.eye(p)[chosen], np.zeros(len(chosen))
    if label in fit.terms:
        return np.eye(p)[[fit.terms.index(label)]], np.zeros(1)
    try:
        _, weights, null = read(label, fit.terms)
    except DesignError:
        if any(sign in label for sign in "+-*/="):
            raise
        every = dict.fromkeys([*fit.term_columns, *fit.terms])
        raise DesignError(f"no term {label!r}{hint(label, every)}") from None
    return weights, null


def _refuse_lost(fit: Fit, weights: Floats, cov: Floats) -> None:
    if not np.isnan(cov).any():
        return
    lost = np.isnan(np.diagonal(fit.cov)) & (weights != 0).any(axis=0)
    names = ", ".join(name for name, gone in zip(fit.terms, lost, strict=True) if gone)
    raise DesignError(
        f"no Wald test where {names} has no standard error: fit the model without the term and "
        "compare the likelihoods by models.compare(smaller, larger)"
    )


def _independent(weights: Floats, gap: Floats) -> tuple[Floats, Floats]:
    """As many independent contrasts as there are, with the same question."""
    U, size, _ = np.linalg.svd(weights, full_matrices=False)
    rank = int((size > DEPENDENT * size[0]).sum())
    if rank == len(weights):
        return weights, gap
    basis = U[:, :rank]
    if not np.allclose(
        basis @ (basis.T @ gap), gap, atol=1e-8 * max(1.0, float(np.abs(gap).max()))
    ):
        raise DesignError("the contrasts contradict each other: no coefficients fulfil them all")
    return basis.T @ weights, basis.T @ gap
