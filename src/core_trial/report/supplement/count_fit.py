"""How well the models of counts fit: dispersion, zeros, and hanging rootograms.

References
----------
Kleiber C, Zeileis A. Visualizing count data regressions using rootograms. Am Stat 2016; 70:
296-303. Tukey JW. Some graphic and semigraphic displays. 1972.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.outcomes import Count
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.cells import Place
from core_trial.report.figure import BLUE, GREY, VERMILLION, Figure, blank
from core_trial.report.styles import LANCET, Style
from core_trial.report.supplement.panels import Grid, grid, ticks
from core_trial.report.table import Row, Table
from core_trial.results import Frequency, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: Level of the participants without any.
_NONE = "days 0"
#: Models whose expected frequencies are drawn, by the statistic that holds them.
MODELS: Mapping[str, str] = MappingProxyType(
    {
        "expected_poisson": "Poisson, a mean per arm",
        "expected_planned": "Poisson with random effects (planned)",
        "expected_zero_inflated": "Zero-inflated negative binomial (fitted)",
    }
)
PLAIN, PLANNED = "expected_poisson", "expected_planned"
ZEROS_NOTE = "Under a Poisson distribution the variance within arms equals the mean."
PLAIN_NOTE = "It is the simplest distribution of counts, and not what was planned or fitted."
NOTE = (
    "Bars hang from the expected frequency (line) and end at zero (grey) where the model is right: "
    "below it, more participants were observed than expected; above it, fewer."
)
#: What holds of zeros where a zero-inflated model was fitted.
INFLATED = "expected_zero_inflated"
INFLATED_NOTE = (
    "A zero-inflated model with one share of structural zeros reproduces the number of zeros in "
    "all participants by construction: that it does says nothing for it; how they lie in the two "
    "groups does."
)


@dataclass(frozen=True, slots=True)
class Rootogram:
    """Observed and expected numbers of participants by number of days, from 0 upwards."""

    outcome: str
    model: str
    observed: tuple[float, ...]
    expected: tuple[float, ...]


def count_table(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Dispersion, and observed beside expected zeros."""
    models = _models(results, trial)
    rows: list[Row] = []
    for name, label in _counts(trial).items():
        for arm in ("", *PRINTED_ARMS):
            title = f"– {labels.group(trial, arm)}" if arm else label
            texts = tuple(_evidence(results, f"count_fit.{name}", arm, models, style))
            rows += [Row(title, texts)] if any(texts) else []
    notes = [ZEROS_NOTE]
    notes += [PLAIN_NOTE] if PLAIN in models else []
    notes += [INFLATED_NOTE] if INFLATED in models else []
    return Table(
        name="count_fit",
        title="Counts: overdispersion and zeros",
        head=(
            *("Outcome", "Variance to mean", "Observed zeros"),
            *(f"Expected zeros: {MODELS[statistic]}" for statistic in models),
        ),
        rows=tuple(rows),
        footnotes=cells.footnotes(results, trial, "count_fit", rows, " ".join(notes)),
        remark=cells.remark(results),
    )


def rootograms(results: Results, trial: Trial, style: Style = LANCET) -> Figure | None:
    """Draw observed against expected frequencies; None where some are not told."""
    models = _models(results, trial)
    panels = [
        panel
        for name, label in _counts(trial).items()
        for panel in _rootograms(results, name, label, models)
    ]
    if not panels:
        return None
    return Figure(
        name="rootograms",
        title="Fit of the models of counts: hanging rootograms",
        alt=_alternative(panels, style),
        paint=partial(_paint, panels, style),
        width=style.columns[1],
        note=cells.note(results, NOTE, _beyond(results, trial, panels, style)),
    )


def _models(results: Results, trial: Trial) -> list[str]:
    """Models to set the counts against: the planned one in the place of the simplest."""
    there = [statistic for statistic in MODELS if _is_there(results, trial, statistic)]
    return [name for name in there if name != PLAIN or PLANNED not in there]


def _beyond(results: Results, trial: Trial, panels: Sequence[Rootogram], style: Style) -> str:
    """To which count the figure goes, and how many participants had more."""
    last = len(panels[0].observed) - 1
    titles = {label: name for name, label in _counts(trial).items()}
    told = []
    for label, observed in {panel.outcome: panel.observed for panel in panels}.items():
        fitted = results.get_estimate(titles[label])
        if fitted is not None and fitted.n is not None:
            more, some = fitted.n - sum(observed), fitted.n - observed[0]
            told.append(
                f"{number.count(more, style)} of the {number.count(some, style)} participants with "
                f"any ({labels.lower_first(label)})"
            )
    beyond = f", beyond which lie {labels.enumerated(told)}" if told else ""
    return f"Drawn up to {last}{beyond}."


def _counts(trial: Trial) -> Mapping[str, str]:
    """The counts that the trial has, by name."""
    return {o.key: o.title for o in trial.outcomes if isinstance(o, Count)}


def _is_there(results: Results, trial: Trial, statistic: str) -> bool:
    """Whether any count has what a model expects."""
    places = (Place(f"count_fit.{name}", level=_NONE) for name in _counts(trial))
    return any(cells.is_recorded(results, place, statistic) for place in places)


def _evidence(
    results: Results, analysis: str, arm: str, models: Sequence[str], style: Style
) -> Iterator[str]:
    whole, nobody = Place(analysis, arm), Place(analysis, arm, _NONE)
    yield _told(results, whole, "variance_to_mean", 1, style)
    yield _told(results, nobody, "observed", 0, style)
    for statistic in models:
        yield _told(results, nobody, statistic, 1, style)


def _told(results: Results, place: Place, statistic: str, decimals: int, style: Style) -> str:
    if cells.is_withheld(results, place, statistic):
        return cells.CONFIDENTIAL
    (value,) = cells.values(results, place, statistic)
    return "" if math.isnan(value) else number.fixed(value, decimals, style)


def _rootograms(
    results: Results, name: str, label: str, models: Sequence[str]
) -> Iterator[Rootogram]:
    analysis = f"count_fit.{name}"
    observed = _frequencies(results, analysis, "observed")
    for statistic in models:
        model = MODELS[statistic]
        expected = _frequencies(results, analysis, statistic)
        if expected and len(expected) == len(observed):
            yield Rootogram(label, model, observed, expected)


def _frequencies(results: Results, analysis: str, statistic: str) -> tuple[float, ...]:
    """The frequencies of 0, 1, 2 and so on, as far as none is withheld."""
    found = (r for r in results if isinstance(r, Frequency) and r.analysis == analysis)
    own = sorted(
        (r for r in found if r.statistic == statistic and not r.arm), key=lambda r: r.count
    )
    every = [r.count for r in own] == list(range(len(own)))
    return tuple(r.value for r in own) if every else ()


def _alternative(panels: Sequence[Rootogram], style: Style) -> str:
    parts = ["Hanging rootograms of the number of participants by count."]
    for p in panels:
        zeros = number.count(p.observed[0], style), number.fixed(p.expected[0], 1, style)
        parts.append(
            f"{p.outcome}, {p.model}: {zeros[0]} participants without any observed, {zeros[1]} "
            "expected."
        )
    return " ".join(parts)


#: Characters of a title to a millimetre.
_CHARACTERS = 0.74


def _paint(panels: Sequence[Rootogram], style: Style, width: float) -> Drawing:
    columns = len({panel.model for panel in panels})
    layout = Grid(columns=columns, left=12, top=11, width=70, height=36, across=8, down=20)
    layout = layout.fitted(width)
    drawing = blank(width, layout.full_height(len(panels)))
    low, high = _limits(panels)
    for i, (axes, panel) in enumerate(zip(grid(drawing, layout, len(panels)), panels, strict=True)):
        axes.set(ylim=(low, high), xlim=(-1.5, len(panel.observed)))
        ticks(axes.yaxis, range(5 * math.ceil(low / 5), math.floor(high) + 1, 5), 0, style)
        _paint_panel(axes, panel, style, int(_CHARACTERS * layout.width))
        axes.set_xlabel("Count")
        if i % columns == 0:
            axes.set_ylabel("√ participants")
    return drawing


def _limits(panels: Sequence[Rootogram]) -> tuple[float, float]:
    """Common limits, so that the panels can be compared."""
    tops = [math.sqrt(e) for p in panels for e in p.expected]
    ends = [
        math.sqrt(e) - math.sqrt(o)
        for p in panels
        for o, e in zip(p.observed, p.expected, strict=True)
    ]
    return min(ends) - 1, max(tops) + 1


def _paint_panel(axes: Axes, panel: Rootogram, style: Style, across: int) -> None:
    days = range(len(panel.observed))
    tops = [math.sqrt(e) for e in panel.expected]
    ends = [top - math.sqrt(o) for top, o in zip(tops, panel.observed, strict=True)]
    axes.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    axes.vlines(days, ends, tops, color=BLUE, linewidth=2.2, alpha=0.55)
    axes.plot(days, tops, color=VERMILLION, linewidth=1.0)
    title = "\n".join(labels.wrapped(text, across) for text in (panel.outcome, panel.model))
    axes.set_title(title, loc="left", size=6.5)
    zeros = number.count(panel.observed[0], style), number.fixed(panel.expected[0], 1, style)
    axes.text(
        0.98,
        0.04,
        f"None: {zeros[0]} observed, {zeros[1]} expected",
        transform=axes.transAxes,
        ha="right",
        size=6.5,
    )
