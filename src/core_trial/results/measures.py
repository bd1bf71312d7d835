"""Effect measures: what each is called, and on which scale its model works."""

from __future__ import annotations

from enum import StrEnum


class Measure(StrEnum):
    """Effect measures, with the abbreviation that the paper prints."""

    ODDS_RATIO = "odds_ratio"
    DIFFERENCE_IN_MEANS = "difference_in_means"
    HAZARD_RATIO = "hazard_ratio"
    RATE_RATIO = "rate_ratio"
    RISK_RATIO = "risk_ratio"
    RISK_DIFFERENCE = "risk_difference"


MEASURE_ABBREVIATIONS = {
    Measure.ODDS_RATIO: "OR",
    Measure.DIFFERENCE_IN_MEANS: "DiM",
    Measure.HAZARD_RATIO: "HR",
    Measure.RATE_RATIO: "IRR",
    Measure.RISK_RATIO: "RR",
    Measure.RISK_DIFFERENCE: "RD",
}
MEASURE_LABELS = {
    Measure.ODDS_RATIO: "odds ratio",
    Measure.DIFFERENCE_IN_MEANS: "difference in means",
    Measure.HAZARD_RATIO: "hazard ratio",
    Measure.RATE_RATIO: "incident rate ratio",
    Measure.RISK_RATIO: "risk ratio",
    Measure.RISK_DIFFERENCE: "risk difference",
}
#: Measures that are ratios: their models work on the log scale, and 1 means no difference.
RATIOS = frozenset(MEASURE_LABELS) - {Measure.DIFFERENCE_IN_MEANS, Measure.RISK_DIFFERENCE}
