"""What the models assume, as numbers to look at: shapes of distributions, trends of hazards."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from core_trial.declaration.covariates import in_words
from core_trial.declaration.outcomes import Time
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.curves import name_of
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Row, Table
from core_trial.results import Results

LEVELS: Mapping[str, str] = MappingProxyType(
    {"residual": "Residuals", "random_effect": "Random effects"}
)
SHAPES: Mapping[str, str] = MappingProxyType(
    {"skewness": "skewness", "excess_kurtosis": "excess kurtosis"}
)
#: Scales of time against which the tests look for a trend of the hazard ratio.
TRANSFORMS = ("identity", "log", "km")
NORMALITY_NOTE = (
    "Both are 0 for a normal distribution. Random effects: predicted, of the {clusters}; –: all "
    "predicted as zero, for the fitted variance between clusters is zero, or there are none."
)
HAZARDS_NOTE = (
    "Score tests of a hazard ratio that changes in proportion to the scale of time; the plot of "
    "the cumulative hazards shows in which way."
)


def normality(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Skewness and kurtosis of residuals and random effects of the linear models."""
    outcomes = labels.outcomes(trial)
    found = {name: _shapes(results, f"normality.{name}", style) for name in outcomes}
    rows = tuple(Row(outcomes[name], texts) for name, texts in found.items() if set(texts) != {"–"})
    clusters = trial.cluster.labels if trial.cluster else "clusters"
    note = NORMALITY_NOTE.format(clusters=clusters)
    heads = (f"{label}: {shape}" for label in LEVELS.values() for shape in SHAPES.values())
    return Table(
        name="normality",
        title="Linear models: shape of residuals and random effects",
        head=("Outcome", *heads),
        rows=rows,
        footnotes=cells.footnotes(results, trial, "normality", rows, note),
        remark=cells.remark(results),
    )


def hazards(results: Results, trial: Trial, outcome: Time, style: Style = LANCET) -> Table:
    """Tests of proportional hazards, one for each scale of time."""
    analysis, unit = f"proportional_hazards.{outcome.key}", outcome.unit
    scales = in_words(unit), f"Logarithm of {unit}", "1 – Kaplan-Meier estimate"
    rows = [
        Row(label, (_told(chi_square, 2, style), number.p_value(p, style)))
        for name, label in zip(TRANSFORMS, scales, strict=True)
        for chi_square, p in [_test(results, analysis, name)]
        if not math.isnan(chi_square)
    ]
    return Table(
        name=name_of(trial, outcome, "proportional_hazards"),
        title=f"{outcome.title}: tests of proportional hazards",
        head=("Scale of time", "Chi-square (1 df)", number.p_head(style)),
        rows=tuple(rows),
        footnotes=cells.footnotes(results, trial, "proportional_hazards", rows, HAZARDS_NOTE),
        remark=cells.remark(results),
    )


def _shapes(results: Results, analysis: str, style: Style) -> tuple[str, ...]:
    return tuple(
        _told(results.get(analysis, shape, "", level), 2, style)
        for level in LEVELS
        for shape in SHAPES
    )


def _test(results: Results, analysis: str, transform: str) -> tuple[float, float]:
    return (
        results.get(analysis, "chi_square", "", transform),
        results.get(analysis, "p_value", "", transform),
    )


def _told(value: float, decimals: int, style: Style) -> str:
    return "–" if math.isnan(value) else number.fixed(value, decimals, style)
