"""Likelihood of repeated visits with a random effect of the cluster; score and information.

References
----------
Harville (1977), J Am Stat Assoc 72: 320-38. Jennrich and Schluchter (1986), Biometrics 42: 805-20.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.repeated.algebra import Algebra, Likelihood, algebra


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """The likelihood at one value of the m parameters.

    Parameters
    ----------
    theta
        The parameters, shape (m,).
    loglik
        (Restricted) log-likelihood, in units of the statistics.
    score, observed
        Its gradient, shape (m,), and minus its Hessian, shape (m, m).
    expected
        Expected information of the restricted likelihood, shape (m, m), whatever the method.
    scaling
        Diagonal of the expected information if the coefficients were known, shape (m,).
    delta
        Generalised minus ordinary least-squares coefficients on the basis, shape (p,).
    phi
        inv(Q'V^-1 Q), shape (p, p).
    slopes
        Q'V^-1 G_k V^-1 Q, shape (m, p, p).
    parts
        The matrices that all of this was made of.
    """

    theta: Floats
    loglik: float
    score: Floats
    observed: Floats
    expected: Floats
    scaling: Floats
    delta: Floats
    phi: Floats
    slopes: Floats
    parts: Algebra


def evaluate(model: Likelihood, theta: Floats) -> Point:
    """Log-likelihood, its derivatives, and the covariance of the coefficients.

    Raises
    ------
    numpy.linalg.LinAlgError
        When a covariance matrix is not positive definite.
    """
    a, p, m = algebra(model, theta), model.p, model.m
    loglik, delta, phi = _fit(a)
    contrast = np.append(-delta, 1.0)
    u, known = np.outer(contrast, contrast), np.zeros((p + 1, p + 1))
    known[:p, :p] = phi
    forms = _first_forms(a)
    h, slopes = (forms @ contrast)[:, :p], forms[:, :p, :p]
    of_u, of_phi = (np.tensordot(forms, matrix, axes=2) for matrix in (u, known))
    residual, lost = _second_forms(a, u), _second_forms(a, known)
    traces, both = _first_traces(a), _second_traces(a)
    turned = phi @ slopes
    lost2 = turned.reshape(m, -1) @ turned.transpose(0, 2, 1).reshape(m, -1).T
    restricted = both - 2.0 * lost + lost2
    used, trace = (restricted, traces - of_phi) if model.restricted else (both, traces)
    weight = u + known if model.restricted else u
    return Point(
        theta=theta,
        loglik=loglik,
        score=0.5 * (of_u - trace),
        observed=residual - h @ phi @ h.T - 0.5 * used - _curvature(a, weight),
        expected=0.5 * restricted,
        scaling=0.5 * np.diagonal(both),
        delta=delta,
        phi=phi,
        slopes=slopes,
        parts=a,
    )


def loglik(model: Likelihood, theta: Floats) -> float:
    """The log-likelihood alone; minus infinity where it does not exist."""
    try:
        return _fit(algebra(model, theta))[0]
    except np.linalg.LinAlgError:
        return -np.inf


def _fit(a: Algebra) -> tuple[float, Floats, Floats]:
    """Log-likelihood, coefficients and their covariance.

    Harville (1977), equations 3.2 and 3.3, constants included.
    """
    model, p = a.model, a.model.p
    phi = np.asarray(np.linalg.inv(a.form[:p, :p]))
    delta = phi @ a.form[:p, p]
    contrast = np.append(-delta, 1.0)
    total = model.rows * np.log(2 * np.pi) + a.log_det + contrast @ a.form @ contrast
    if model.restricted:
        total += 2 * model.log_det - np.linalg.slogdet(phi)[1]
    return float(-0.5 * total), delta, phi


def _first_forms(a: Algebra) -> Floats:
    """A'V^-1 G_k V^-1 A, shape (m, q, q)."""
    model = a.model
    forms = np.empty((model.m, model.p + 1, model.p + 1))
    for group, slopes in enumerate(a.slopes):
        mine = a.outer[model.patterns.group == group].sum(axis=0)
        forms[model.place(group)] = np.tensordot(slopes, mine, axes=2)
    if model.clustered:
        forms[-1] = (a.t / a.shrink[:, None] ** 2).T @ a.t
    return forms


def _second_forms(a: Algebra, weight: Floats) -> Floats:
    """Traces of M A'V^-1 G_k V^-1 G_l V^-1 A, shape (m, m), for a symmetric M, shape (q, q)."""
    model = a.model
    second = np.zeros((model.m, model.m))
    inside = np.tensordot(a.outer, weight, axes=2)
    for group, slopes in enumerate(a.slopes):
        mine, place = model.patterns.group == group, model.place(group)
        second[place, place] = _sandwich(slopes, a.inverse[mine], inside[mine])
    if model.clustered:
        turned = a.turned @ weight
        second -= np.tensordot(a.c[:, None, None] * turned, a.turned, axes=([0, 2], [0, 2]))
        own = a.t / a.shrink[:, None] ** 2
        second[-1] = second[:, -1] = np.einsum("gmq,gq->m", turned, own)
        second[-1, -1] = ((own @ weight * a.t).sum(axis=1) * a.precision / a.shrink).sum()
    return second


def _first_traces(a: Algebra) -> Floats:
    """Traces of V^-1 G_k, shape (m,)."""
    model = a.model
    traces = np.empty(model.m)
    for group, slopes in enumerate(a.slopes):
        mine = a.blocks[model.patterns.group == group].sum(axis=0)
        traces[model.place(group)] = np.tensordot(slopes, mine, axes=2)
    if model.clustered:
        traces[-1] = (a.precision / a.shrink).sum()
    return traces


def _second_traces(a: Algebra) -> Floats:
    """Traces of V^-1 G_k V^-1 G_l, shape (m, m)."""
    model = a.model
    traces = np.zeros((model.m, model.m))
    middle = 2.0 * a.blocks - model.patterns.count[:, None, None] * a.inverse
    for group, slopes in enumerate(a.slopes):
        mine, place = model.patterns.group == group, model.place(group)
        traces[place, place] = _sandwich(slopes, a.inverse[mine], middle[mine])
    if model.clustered:
        traces += (a.bent * a.c[:, None] ** 2).T @ a.bent
        traces[-1] = traces[:, -1] = (a.bent / a.shrink[:, None] ** 2).sum(axis=0)
        traces[-1, -1] = ((a.precision / a.shrink) ** 2).sum()
    return traces


def _curvature(a: Algebra, weight: Floats) -> Floats:
    """What the second derivatives of V add to the Hessian, shape (m, m)."""
    model = a.model
    curved = np.zeros((model.m, model.m))
    inside = 0.5 * (np.tensordot(a.outer, weight, axes=2) - a.blocks)
    for group, part in enumerate(model.split(a.theta)[0]):
        mine, place = model.patterns.group == group, model.place(group)
        bends = model.structure.bends(part)
        curved[place, place] = np.tensordot(bends, inside[mine].sum(axis=0), axes=2)
    return curved


def _sandwich(slopes: Floats, left: Floats, right: Floats) -> Floats:
    """Sums over patterns of tr(G_k L G_l R), shape (r, r), for symmetric L and R, (K, T, T)."""
    T = slopes.shape[1]
    kernel = np.tensordot(left, right, axes=(0, 0)).transpose(3, 0, 1, 2).reshape(T * T, -1)
    flat = slopes.reshape(len(slopes), -1)
    return np.asarray(flat @ kernel @ flat.T)
