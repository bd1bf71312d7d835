"""Whether the chains have forgotten where they began."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from core_trial.models.inference import Floats

#: A potential scale reduction above this may say that the chains have not mixed.
LARGEST_REDUCTION = 1.2
#: A reduction or a drift is told if one as large has a smaller probability in settled chains.
LEAST_CHANCE = 1e-4


def as_frame(means: Floats, keys: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """The trace as rows.

    Parameters
    ----------
    means
        Shape (m, iterations, K, 2): mean and standard deviation of the imputed values.
    keys
        Variable and arm of each of the K.
    """
    m, iterations, count, _ = means.shape
    index = np.indices((m, iterations, count)).reshape(3, -1)
    return pd.DataFrame(
        {
            "imputation": index[0],
            "iteration": index[1] + 1,
            "variable": [keys[k][0] for k in index[2]],
            "arm": [keys[k][1] for k in index[2]],
            "mean": means[..., 0].ravel(),
            "sd": means[..., 1].ravel(),
        }
    )


def diagnose(means: Floats, keys: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Reduction and drift of the means of the imputed values, over the second half of the chains.

    Parameters
    ----------
    means, keys
        As in `as_frame`.

    Returns
    -------
    pandas.DataFrame
        ``reduction``, the potential scale reduction between chains (1 when mixed), and ``drift``,
        the change of the chains' average between the middle and the last iteration in standard
        errors; ``reduction_p`` and ``drift_p``, the probability of one as large where all draws are
        independent. ``nan`` where there are too few chains or iterations, or where nothing varies.

    References
    ----------
    Gelman and Rubin (1992), Stat Sci 7: 457-72. van Buuren (2018), Flexible Imputation of Missing
    Data, section 6.5.2.
    """
    late = means[:, means.shape[1] // 2 :, :, 0]
    m, length, count = late.shape
    reduction, reduction_p, drift, drift_p = np.full((4, count), np.nan)
    if m > 1 and length > 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            within = late.var(axis=1, ddof=1).mean(axis=0)
            between = late.mean(axis=1).var(axis=0, ddof=1)
            reduction = np.sqrt((length - 1) / length + between / within)
            reduction_p = special.fdtrc(m - 1, m * (length - 1), length * between / within)
            change = late[:, -1] - late[:, 0]
            drift = change.mean(axis=0) / (change.std(axis=0, ddof=1) / np.sqrt(m))
            drift_p = 2 * special.stdtr(m - 1, -np.abs(drift))
    frame = pd.DataFrame(keys, columns=["variable", "arm"]).assign(
        reduction=reduction, reduction_p=reduction_p, drift=drift, drift_p=drift_p
    )
    return frame.replace([np.inf, -np.inf], np.nan)


def unsettled(table: pd.DataFrame) -> list[str]:
    """What the diagnostics say against the chains, one sentence for each variable and arm."""
    told = []
    for row in table.to_dict("records"):
        where = f"{row['variable']} in {row['arm']}" if row["arm"] else row["variable"]
        if row["reduction"] > LARGEST_REDUCTION and row["reduction_p"] < LEAST_CHANCE:
            told.append(
                f"{where}: the chains have not mixed (scale reduction {row['reduction']:.2f}); "
                "take more iterations"
            )
        elif row["drift_p"] < LEAST_CHANCE:
            told.append(
                f"{where}: the imputed mean still drifts ({row['drift']:.1f} standard errors); "
                "take more iterations"
            )
    return told
