"""Which robust standard errors the clusters allow, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Clusters
from core_trial.models.inference import Floats
from core_trial.models.numerics.few_clusters import in_design, refuse_one

Inference = Literal["model", "sandwich", "cr2", "jackknife"]

_LABELS: dict[Inference, str] = {
    "model": "observed information of all parameters",
    "sandwich": "sandwich covariance by {unit}{factor}",
    "cr2": "bias-reduced covariance (CR2) by {unit}, t with Satterthwaite's df",
    "jackknife": "jackknife over {unit}s (CR3, one Newton step each), t with Welch's df",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The errors that were chosen.

    Parameters
    ----------
    inference
        Which.
    label
        In words.
    notes
        What is to be said of the clusters.
    """

    inference: Inference
    label: str
    notes: tuple[str, ...]


def choose(
    inference: Inference | None,
    X: Floats,
    columns: Sequence[str],
    clusters: Clusters | None,
    *,
    offered: Sequence[Inference],
    better: Inference,
    small_sample: bool,
) -> Choice:
    """Choose the sandwich where clusters are enough, else what is better with few of them.

    Parameters
    ----------
    inference
        What was asked for; None for this rule.
    X, columns
        Design matrix, shape (n, p), and the names of its columns.
    clusters
        Cluster of each row; None for independent rows.
    offered
        What there is for this model.
    better
        What is better with few clusters.
    small_sample
        Whether the sandwich is multiplied by G / (G - 1).

    Raises
    ------
    DesignError
        For an inference that this model does not offer, errors of the model in spite of clusters,
        or an arm in which a single cluster has more than one member.
    """
    if inference is not None:
        refuse_choice("inference", inference, offered)
    factor = " times G/(G-1)" if small_sample else ""
    if clusters is None:
        chosen = inference or "sandwich"
        return Choice(chosen, _LABELS[chosen].format(unit="row", factor=factor), ())
    if inference == "model":
        raise DesignError(
            "inference='model' takes rows as independent: leave out cluster=, or choose another"
        )
    found = in_design(X, columns, clusters.codes)
    refuse_one(found)
    few = found.verdict == "few"
    chosen = inference or (better if few else "sandwich")
    label = _LABELS[chosen].format(unit="cluster", factor=factor)
    notes = []
    if few and chosen == "sandwich":
        notes.append(found.warning)
    elif few and inference is None:
        notes.append(f"{found.counted}: {label} instead of the sandwich")
    if chosen == "sandwich" and clusters.count <= len(columns):
        notes.append(
            f"{clusters.count} clusters for {len(columns)} coefficients: the sandwich covariance "
            "cannot be of full rank"
        )
    return Choice(chosen, label, tuple(notes))


def singletons(n: int) -> Clusters:
    """Every row a cluster of its own."""
    return Clusters(np.arange(n), pd.RangeIndex(n))
