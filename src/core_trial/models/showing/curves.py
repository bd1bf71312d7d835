"""Pages of what is no regression: curves, means and tests by group."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core_trial.models.inference import Quantity, Test
from core_trial.models.showing.page import (
    Block,
    Page,
    interval_cells,
    interval_head,
    number_cells,
    p_cells,
)

if TYPE_CHECKING:
    from core_trial.models.survival.cumulative_incidence import CumulativeIncidence
    from core_trial.models.survival.kaplan_meier import KaplanMeier
    from core_trial.models.survival.predicted import PredictedSurvival
    from core_trial.models.survival.recurrent import MeanCumulative

#: What is shown of a curve's table, in this order, as far as it has it.
_WHOLE = ("at_risk", "events", "censored")
DRAWN = "plot() draws the curves, to_frame() has them time by time"


def curve_page(title: str, table: pd.DataFrame, value: str, confidence: float) -> Page:
    """One curve, a row per time.

    Parameters
    ----------
    table
        Its `to_frame`: ``time``, the value's column, ``low``, ``high`` and numbers of people.
    value
        Name of the value's column.
    """
    whole = [name for name in _WHOLE if name in table]
    cells = [[f"{count:g}" for count in table[name]] for name in whole]
    cells += [number_cells(table[value])]
    cells += [interval_cells(table["low"].to_numpy(), table["high"].to_numpy())]
    head = [*(name.replace("_", " ") for name in whole), value.replace("_", " ")]
    labels = [f"{time:g}" for time in table["time"]]
    return Page(title, (Block("time", [*head, interval_head(confidence)], labels, cells),))


def survival_page(found: KaplanMeier) -> Page:
    """People, events and median of each group."""
    curves = list(found.values())
    low, high = np.array([curve.median_interval for curve in curves]).T
    cells = [
        [f"{curve.n}" for curve in curves],
        [f"{curve.n_events}" for curve in curves],
        number_cells(curve.median for curve in curves),
        interval_cells(low, high),
    ]
    head = ["n", "events", "median", interval_head(curves[0].confidence)]
    block = Block(found.by, head, _labels(found), cells)
    facts = (
        "plot() draws the curves, to_frame() has them time by time",
        *_left_out(found.n_dropped),
    )
    return Page("Kaplan-Meier", (block,), found.warnings, facts)


def incidence_page(found: CumulativeIncidence) -> Page:
    """Incidence of each event in each group at the end of its curve."""
    pairs = [(group, event, c) for group, events in found.items() for event, c in events.items()]
    last = pd.concat([c.to_frame().tail(1) for _, _, c in pairs])
    labels = [f"{group}, event {event}" if group else f"event {event}" for group, event, _ in pairs]
    head = ["up to time", "incidence", interval_head(found.confidence)]
    cells = [
        number_cells(last["time"]),
        number_cells(last["incidence"]),
        interval_cells(last["low"].to_numpy(), last["high"].to_numpy()),
    ]
    block = Block(found.by, head, labels, cells)
    return Page("Cumulative incidence", (block,), found.warnings, (DRAWN,))


def recurrent_page(found: MeanCumulative) -> Page:
    """Events per participant of each group at the end of its curve."""
    curves = list(found.values())
    last = pd.concat([curve.to_frame().tail(1) for curve in curves])
    cells = [
        [f"{curve.events.sum():g}" for curve in curves],
        number_cells(last["time"]),
        number_cells(last["mean"]),
        interval_cells(last["low"].to_numpy(), last["high"].to_numpy()),
    ]
    head = ["events", "up to time", "events per participant", interval_head(found.confidence)]
    block = Block(found.by, head, _labels(found), cells)
    return Page("Mean number of events", (block,), found.warnings)


def predicted_page(found: PredictedSurvival) -> Page:
    """Survival of each row of the frame at the last event."""
    last = pd.concat([curve.to_frame().tail(1) for curve in found.values()])
    cells = [
        number_cells(last["time"]),
        number_cells(last["survival"]),
        interval_cells(last["low"].to_numpy(), last["high"].to_numpy()),
    ]
    head = ["up to time", "survival", interval_head(found.confidence)]
    return Page("Predicted survival", (Block("row", head, _labels(found), cells),))


def quantities_block(
    caption: str,
    values: Mapping[str, Quantity],
    confidence: float,
    df: Mapping[str, float] | None = None,
) -> Block:
    """Quantities with interval and, where there are any, df and p-values."""
    every = list(values.values())
    low, high = np.array([q.low for q in every]), np.array([q.high for q in every])
    head = ["estimate", interval_head(confidence)]
    cells = [number_cells(q.estimate for q in every), interval_cells(low, high)]
    if df and np.isfinite(list(df.values())).any():
        head.append("df")
        cells.append(number_cells(df[name] for name in values))
    if not all(np.isnan(q.p_value) for q in every):
        head.append("p")
        cells.append(p_cells(q.p_value for q in every))
    return Block(caption, head, [name or "all" for name in values], cells)


def tests_block(tests: Mapping[str, Test]) -> Block:
    """Chi-square tests, a row each."""
    every = list(tests.values())
    cells = [
        number_cells(test.statistic for test in every),
        [f"{test.df:g}" for test in every],
        p_cells(test.p_value for test in every),
    ]
    return Block("", ["chi-square", "df", "p"], list(tests), cells)


def _labels(groups: Mapping[str, object] | Mapping[Hashable, object]) -> Sequence[str]:
    return [str(group) or "all" for group in groups]


def _left_out(n: int) -> tuple[str, ...]:
    return (f"{n} rows with missing values left out",) if n else ()
