"""Somebody who wants to know the allocation behind a masked folder, and how well they guess it."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Keeps the attacker's coefficients finite, however few people they learn from.
RIDGE = 1.0
FOLDS = 5


def area_under_curve(score: np.ndarray, truth: np.ndarray) -> float:
    """Chance that somebody of the intervention scores above somebody of the control."""
    ranks = pd.Series(score).rank().to_numpy()
    n = int(truth.sum())
    return float((ranks[truth].sum() - n * (n + 1) / 2) / (n * (len(truth) - n)))


def guessed(features: list[pd.DataFrame], truth: list[np.ndarray]) -> float:
    """Area under the curve of a logistic regression that never saw whom it guesses about.

    It learns from every folder how those whose allocation is known to it differ, and guesses for
    the others; people are left out by place, in all folders at once.
    """
    folds = np.concatenate([np.arange(len(t)) % FOLDS for t in truth])
    x = _standardised(pd.concat(features, ignore_index=True).fillna(0).to_numpy(float))
    y = np.concatenate(truth)
    left_out = [folds == k for k in range(FOLDS)]
    scores = [x[out] @ _logistic(x[~out], y[~out]) for out in left_out]
    areas = [area_under_curve(s, y[out]) for s, out in zip(scores, left_out, strict=True)]
    return float(np.mean(areas))


def _standardised(x: np.ndarray) -> np.ndarray:
    spread = x.std(axis=0)
    return np.column_stack(
        [np.ones(len(x)), (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1)]
    )


def _logistic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Coefficients by Newton's steps, with a penalty."""
    beta = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ beta))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(beta))
        beta = beta + np.linalg.solve(hessian, x.T @ (y - p) - RIDGE * beta)
    return beta
