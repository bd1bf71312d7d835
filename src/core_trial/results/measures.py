"""Effect measures: what each is called, and on which scale its model works."""

from __future__ import annotations

from enum import StrEnum


class Measure(StrEnum):
    """Effect measures, the scales on which arms are compared."""

    ODDS_RATIO = "odds_ratio"
    DIFFERENCE_IN_MEANS = "difference_in_means"
    HAZARD_RATIO = "hazard_ratio"
    RATE_RATIO = "rate_ratio"
    RISK_RATIO = "risk_ratio"
    RISK_DIFFERENCE = "risk_difference"
    RATIO_OF_MEANS = "ratio_of_means"
    RESTRICTED_MEAN_DIFFERENCE = "restricted_mean_difference"


MEASURE_ABBREVIATIONS = {
    Measure.ODDS_RATIO: "OR",
    Measure.DIFFERENCE_IN_MEANS: "DiM",
    Measure.HAZARD_RATIO: "HR",
    Measure.RATE_RATIO: "IRR",
    Measure.RISK_RATIO: "RR",
    Measure.RISK_DIFFERENCE: "RD",
    Measure.RATIO_OF_MEANS: "RoM",
    Measure.RESTRICTED_MEAN_DIFFERENCE: "RMTD",
}
MEASURE_LABELS = {
    Measure.ODDS_RATIO: "odds ratio",
    Measure.DIFFERENCE_IN_MEANS: "difference in means",
    Measure.HAZARD_RATIO: "hazard ratio",
    Measure.RATE_RATIO: "incident rate ratio",
    Measure.RISK_RATIO: "risk ratio",
    Measure.RISK_DIFFERENCE: "risk difference",
    Measure.RATIO_OF_MEANS: "ratio of means",
    Measure.RESTRICTED_MEAN_DIFFERENCE: "restricted mean time difference",
}
#: Measures that are ratios: their models work on the log scale, and 1 means no difference.
RATIOS = frozenset(
    {
        Measure.ODDS_RATIO,
        Measure.HAZARD_RATIO,
        Measure.RATE_RATIO,
        Measure.RISK_RATIO,
        Measure.RATIO_OF_MEANS,
    }
)
