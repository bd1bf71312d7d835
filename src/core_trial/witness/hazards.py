"""The partial likelihood of hazards: who is at risk when, its slope and curvature, and its top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core_trial.witness.likelihood import Array


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Times, events, and the times after which people are at risk, -inf for always; shape (n,)."""

    time: Array
    event: Array
    entry: Array

    def only(self, keep: Array) -> Seen:
        """Some of the rows."""
        return Seen(self.time[keep], self.event[keep], self.entry[keep])


def newton(seen: Seen, X: Array, beta: Array, ties: str) -> Array:
    """The top of the partial likelihood."""
    late = np.isfinite(seen.entry).any()
    for _ in range(30):
        if late:
            information, rows = residuals(seen, X, beta, ties)
            score = rows.sum(axis=0)
        else:
            information, score = _slope(seen.time, seen.event, X, beta, ties)
        step = np.linalg.pinv(information, rcond=1e-14, hermitian=True) @ score
        beta = beta + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-11:
            break
    return beta


def risk_sets(seen: Seen, ties: str) -> list[tuple[Array, Array, list[float]]]:
    """For every event time: who is at risk, who has the event, and the shares of these left out.

    Efron's rule takes those who have the event out of the risk set by and by; Breslow's never.
    """
    found = []
    time, event = seen.time, seen.event
    for t in np.unique(time[event == 1]):
        dying = (time == t) & (event == 1)
        d = int(dying.sum())
        shares = [k / d for k in range(d)] if ties == "efron" else [0.0] * d
        found.append(((seen.entry < t) & (time >= t), dying, shares))
    return found


def _slope(time: Array, event: Array, X: Array, beta: Array, ties: str) -> tuple[Array, Array]:
    """Information and score, in one pass down the ordered times."""
    order = np.argsort(-time, kind="stable")
    t, e, x = time[order], event[order], X[order]
    r = np.exp(x @ beta - (x @ beta).max())
    p = x.shape[1]
    outer = (x[:, :, None] * x[:, None, :]).reshape(len(x), p * p)
    stacked = r[:, None] * np.column_stack([np.ones(len(x)), x, outer])
    cumulative = np.cumsum(stacked, axis=0)
    last = np.searchsorted(-t, -t, side="right") - 1
    times, first, at = np.unique(-t, return_index=True, return_inverse=True)
    risk = cumulative[last[first]]
    mine = np.zeros_like(risk)
    np.add.at(mine, at, stacked * e[:, None])
    deaths = np.bincount(at, e, len(times)).astype(int)
    score, information = (e[:, None] * x).sum(axis=0), np.zeros((p, p))
    for k in range(int(deaths.max(initial=0))):
        use = deaths > k
        share = (k / deaths[use])[:, None] if ties == "efron" else 0.0
        s = risk[use] - share * mine[use]
        mean = s[:, 1 : p + 1] / s[:, :1]
        score = score - mean.sum(axis=0)
        second = (s[:, p + 1 :] / s[:, :1]).sum(axis=0).reshape(p, p)
        information += second - mean.T @ mean
    return information, score


def residuals(seen: Seen, X: Array, beta: Array, ties: str) -> tuple[Array, Array]:
    """Information, and every row's score residual, shape (n, p): plain sums over risk sets."""
    r = np.exp(X @ beta - (X @ beta).max())
    scores, information = np.zeros_like(X), np.zeros((X.shape[1],) * 2)
    for at_risk, dying, shares in risk_sets(seen, ties):
        for share in shares:
            weight = r * at_risk * (1 - share * dying)
            total = weight.sum()
            mean = weight @ X / total
            information += (X * weight[:, None]).T @ X / total - np.outer(mean, mean)
            scores += dying[:, None] / len(shares) * (X - mean)
            scores -= weight[:, None] / total * (X - mean)
    return information, scores
