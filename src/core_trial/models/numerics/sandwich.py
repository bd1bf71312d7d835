"""Robust covariance by clusters, over all parameters of a model."""

from __future__ import annotations

import numpy as np

from core_trial.models.design import Clusters
from core_trial.models.inference import Floats


def clustered_sandwich(
    bread: Floats, scores: Floats, clusters: Clusters, *, small_sample: bool = True
) -> Floats:
    r"""Covariance :math:`c\, A^{-1} (\sum_g s_g s_g') A^{-1}`, with :math:`s_g` a cluster's score.

    Parameters
    ----------
    bread
        Inverse of the observed information of all q parameters, shape (q, q).
    scores
        Gradient of each row's log-likelihood at the estimates, shape (n, q).
    clusters
        Cluster of each row; a cluster per row gives the heteroscedasticity-robust form.
    small_sample
        Multiply by c = G / (G - 1), as Stata does for maximum likelihood; else c = 1.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73: 13-22; StataCorp, [P] _robust.
    """
    G = clusters.count
    columns = (np.bincount(clusters.codes, weights=score, minlength=G) for score in scores.T)
    half = np.stack(list(columns), axis=1) @ bread
    return (half.T @ half) * (G / (G - 1) if small_sample and G > 1 else 1.0)
