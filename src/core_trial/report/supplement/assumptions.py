"""What the models assume, as numbers to look at: shapes of distributions, trends of hazards."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from core_trial.report import number
from core_trial.report.number import LANCET, Style
from core_trial.report.supplement import labels
from core_trial.report.table import Row, Table
from core_trial.results import Results

LEVELS: Mapping[str, str] = MappingProxyType(
    {"residual": "Residuals", "random_effect": "Random effects"}
)
SHAPES: Mapping[str, str] = MappingProxyType(
    {"skewness": "skewness", "excess_kurtosis": "excess kurtosis"}
)
#: Scales of time against which the tests look for a trend of the hazard ratio.
TRANSFORMS: Mapping[str, str] = MappingProxyType(
    {"identity": "Days", "log": "Logarithm of days", "km": "1 – Kaplan-Meier estimate"}
)
HAZARDS = "proportional_hazards.time_to_readmission"
NORMALITY_NOTE = (
    "Both are 0 for a normal distribution. Random effects: predicted, of the peer support workers; "
    "–: all predicted as zero, for the fitted variance between clusters is zero."
)
HAZARDS_NOTE = (
    "Score tests of a hazard ratio that changes in proportion to the scale of time; the plot of "
    "the cumulative hazards shows in which way."
)


def normality(results: Results, style: Style = LANCET) -> Table:
    """Skewness and kurtosis of residuals and random effects of the linear models."""
    found = {name: _shapes(results, f"normality.{name}", style) for name in labels.OUTCOMES}
    rows = tuple(
        Row(labels.OUTCOMES[name], texts) for name, texts in found.items() if set(texts) != {"–"}
    )
    heads = (f"{label}: {shape}" for label in LEVELS.values() for shape in SHAPES.values())
    return Table(
        name="normality",
        title="Linear models: shape of residuals and random effects",
        head=("Outcome", *heads),
        rows=rows,
        footnotes=(NORMALITY_NOTE,),
    )


def hazards(results: Results, style: Style = LANCET) -> Table:
    """Tests of proportional hazards, one for each scale of time."""
    rows = [
        Row(label, (_told(chi_square, 2, style), number.p_value(p, style)))
        for name, label in TRANSFORMS.items()
        for chi_square, p in [_test(results, name)]
        if not math.isnan(chi_square)
    ]
    return Table(
        name="proportional_hazards",
        title="Time to first readmission: tests of proportional hazards",
        head=("Scale of time", "Chi-square (1 df)", "p value"),
        rows=tuple(rows),
        footnotes=(HAZARDS_NOTE,),
    )


def _shapes(results: Results, analysis: str, style: Style) -> tuple[str, ...]:
    return tuple(
        _told(results.value(analysis, shape, "", level), 2, style)
        for level in LEVELS
        for shape in SHAPES
    )


def _test(results: Results, transform: str) -> tuple[float, float]:
    return (
        results.value(HAZARDS, "chi_square", "", transform),
        results.value(HAZARDS, "p_value", "", transform),
    )


def _told(value: float, decimals: int, style: Style) -> str:
    return "–" if math.isnan(value) else number.fixed(value, decimals, style)
