"""What a row stands for: several equal ones, a person who was sampled, a length of exposure."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import columns as read
from core_trial.models.choices import refuse_choice
from core_trial.models.columns import Sample
from core_trial.models.inference import Floats

WeightType = Literal["frequency", "sampling"]

#: More rows than this are not laid out one by one.
MOST_ROWS = 20_000_000


def repeated(frame: pd.DataFrame, weights: str) -> pd.DataFrame:
    """A frame in which each row stands as often as its weight says.

    Raises
    ------
    DesignError
        If a weight is not a whole number, or negative, or all are zero.
    """
    often = read.numeric(frame, weights)
    if (often < 0).any() or (often != np.floor(often)).any() or not often.any():
        raise DesignError(
            f"column {weights!r} must hold whole numbers from 0: how often each row occurred; for "
            "inverse probabilities of being sampled or treated choose weight_type='sampling'"
        )
    return _lay_out(frame, often, weights)


def sampling(frame: pd.DataFrame, weights: str) -> Floats:
    """Sampling weights, shape (n,).

    Raises
    ------
    DesignError
        If a weight is not positive.
    """
    values = read.numeric(frame, weights)
    if (values <= 0).any():
        raise DesignError(f"column {weights!r} must hold positive numbers: leave out the others")
    return values


def refuse_weight_type(weight_type: str) -> None:
    """Refuse what weights cannot stand for."""
    refuse_choice("weight_type", weight_type, ("frequency", "sampling"))


def split(
    rows: Sample, weights: str | None, weight_type: WeightType
) -> tuple[Sample, Floats | None]:
    """The rows to be fitted, and their sampling weights, shape (n,), if these are what was given.

    Raises
    ------
    DesignError
        If the weights are not of the type that is named.
    """
    refuse_weight_type(weight_type)
    if weights is None:
        return rows, None
    if weight_type == "frequency":
        return replace(rows, frame=repeated(rows.frame, weights)), None
    return rows, sampling(rows.frame, weights)


def only_frequency(rows: Sample, weights: str | None, weight_type: str) -> Sample:
    """The rows to be fitted, for models that have no place for sampling weights.

    Raises
    ------
    DesignError
        For sampling weights.
    """
    refuse_weight_type(weight_type)
    if weight_type == "sampling":
        raise DesignError(
            "sampling weights have no place in the likelihood of a random effect, which would need "
            "one for each cluster too: use modified_poisson, poisson or negative_binomial with "
            "cluster= and robust errors"
        )
    return rows if weights is None else replace(rows, frame=repeated(rows.frame, weights))


def offset_of(frame: pd.DataFrame, offset: str | None, exposure: str | None) -> Floats | None:
    """What the linear predictor holds beside the covariates, shape (n,); None for nothing.

    Parameters
    ----------
    offset
        Column that is added as it is.
    exposure
        Column of positive numbers, such as days at risk, whose logarithm is added.

    Raises
    ------
    DesignError
        If an exposure is not positive.
    """
    found = None if offset is None else read.numeric(frame, offset)
    if exposure is None:
        return found
    time = read.numeric(frame, exposure)
    if (time <= 0).any():
        raise DesignError(
            f"column {exposure!r} must hold positive numbers: whoever was not exposed tells nothing"
        )
    return np.log(time) if found is None else found + np.log(time)


def binary(
    rows: Sample, response: str, *, success: object = None, trials: str | None = None
) -> Sample:
    """Rows whose response is 0 or 1, one for each trial.

    Parameters
    ----------
    response
        Its column. With `trials` it holds the number of events.
    success
        The value that counts as an event, such as ``"yes"``; None for numbers that are 0 or 1.
    trials
        Column with the number of trials of each row; None for one.

    Raises
    ------
    DesignError
        If the value does not occur, or there are more events than trials.
    """
    if success is not None:
        if trials is not None:
            raise DesignError("success= is for a row per person, trials= for rows of many: use one")
        values = read.column(rows.frame, response)
        event = (values == success).to_numpy(dtype=float)
        if not event.any():
            known = ", ".join(map(repr, values.unique()[:10]))
            raise DesignError(f"success={success!r} is not in column {response!r}: it has {known}")
        return replace(rows, frame=rows.frame.assign(**{response: event}))
    if trials is None:
        _refuse_text(rows.frame, response)
        return rows
    return replace(rows, frame=_each_trial(rows.frame, response, trials))


def _refuse_text(frame: pd.DataFrame, response: str) -> None:
    """Refuse text of two values, whose event nobody has named."""
    values = read.column(frame, response) if response else pd.Series(dtype=float)
    found = list(values.unique()) if not read.is_numeric(values) else []
    if len(found) == 2:
        raise DesignError(
            f"column {response!r} must hold 0 and 1: write success={found[0]!r}, or {found[1]!r}, "
            "to say which of its two values is the event"
        )


def _each_trial(frame: pd.DataFrame, response: str, trials: str) -> pd.DataFrame:
    events, number = read.numeric(frame, response), read.numeric(frame, trials)
    whole = (events == np.floor(events)) & (number == np.floor(number))
    if not (whole & (events >= 0) & (events <= number)).all():
        raise DesignError(
            f"column {response!r} must hold whole numbers from 0 to the number of trials in column "
            f"{trials!r}"
        )
    some = _lay_out(frame.assign(**{response: 1.0}), events, trials)
    none = _lay_out(frame.assign(**{response: 0.0}), number - events, trials)
    return pd.concat([some, none], ignore_index=True)


def _lay_out(frame: pd.DataFrame, often: Floats, name: str) -> pd.DataFrame:
    if often.sum() > MOST_ROWS:
        raise DesignError(f"column {name!r} stands for more than {MOST_ROWS:,} rows")
    return frame.iloc[np.repeat(np.arange(len(frame)), often.astype(np.intp))].reset_index(
        drop=True
    )
