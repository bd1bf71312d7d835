"""Who was treated by whom: number and size of clusters, and how alike the people in one are."""

from __future__ import annotations

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.declaration.covariates import in_words
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.cells import Place
from core_trial.report.number import confidence
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Row, Table
from core_trial.results import Results

SIZES = "clusters"
#: Analysis of the participants who are in no cluster.
NOBODY = "no_cluster"
#: Level at which the sessions that each cluster held are described, where a trial counts them.
SESSIONS = "sessions"
ICC_NOTE = (
    "Share of the variance that lies between clusters, from each outcome’s own model; of a binary "
    "outcome on the scale of its linear predictor. –: no limit can be given."
)


def clusters(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Number of clusters in each arm and participants in each.

    Parameters
    ----------
    results
        Holds the sizes of clusters by arm.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    names = trial.cluster.labels if trial.cluster else "clusters"
    arms = [arm for arm in PRINTED_ARMS if cells.is_recorded(results, Place(SIZES, arm), "n")]
    found = (
        Row(in_words(names), tuple(cells.count(results, Place(SIZES, a), style) for a in arms)),
        Row("Participants in each, median (IQR)", tuple(_median(results, a, style) for a in arms)),
        Row("Fewest to most", tuple(_range(results, a, style) for a in arms)),
        Row("Participants without one", tuple(_nobody(results, a, style) for a in arms)),
        Row(
            "Sessions of each, median (IQR)",
            tuple(_median(results, a, style, SESSIONS) for a in arms),
        ),
        Row("Fewest to most", tuple(_range(results, a, style, SESSIONS) for a in arms)),
    )
    held = any(cells.is_recorded(results, Place(SIZES, arm, SESSIONS), "median") for arm in arms)
    rows = (found if held else found[:4]) if arms else ()
    return Table(
        name="clusters",
        title=f"Clusters: {names}",
        head=("", *(trial.arm.label(arm) for arm in arms)),
        rows=rows,
        footnotes=cells.footnotes(results, trial, "clusters", rows),
        remark=cells.remark(results),
    )


def intraclass(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """The intraclass correlation of every outcome, with its interval.

    Parameters
    ----------
    results
        Holds ``estimate``, ``low`` and ``high`` of ``icc.`` and the outcome's name, of one arm or
        of all clusters.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows: list[Row] = []
    for key, title in labels.outcomes(trial).items():
        for arm in ("", *PRINTED_ARMS):
            place = Place(f"icc.{key}", arm)
            if cells.is_recorded(results, place, "estimate"):
                where = f", {labels.group(trial, arm)}" if arm else ""
                rows.append(Row(title + where, (_correlation(results, place, style),)))
    return Table(
        name="intraclass",
        title="Intraclass correlation of each outcome",
        head=("Outcome", f"Correlation ({confidence(trial.confidence, style)} CI)"),
        rows=tuple(rows),
        footnotes=cells.footnotes(results, trial, "intraclass", rows, ICC_NOTE),
        remark=cells.remark(results),
    )


def _median(results: Results, arm: Group, style: Style, level: str = "") -> str:
    return cells.median_iqr(results, Place(SIZES, arm, level), style)


def _range(results: Results, arm: Group, style: Style, level: str = "") -> str:
    place = Place(SIZES, arm, level)
    if cells.is_withheld(results, place, "least", "most"):
        return cells.CONFIDENTIAL
    least, most = cells.values(results, place, "least", "most")
    return number.interval(least, most, 0, style)


def _nobody(results: Results, arm: Group, style: Style) -> str:
    return cells.fraction(results, Place(NOBODY, arm), style)


def _correlation(results: Results, place: Place, style: Style) -> str:
    if cells.is_withheld(results, place, "estimate", "low", "high"):
        return cells.CONFIDENTIAL
    limits = [
        "–" if value != value else number.fixed(value, 3, style)
        for value in cells.values(results, place, "low", "high")
    ]
    (value,) = cells.values(results, place, "estimate")
    return f"{number.fixed(value, 3, style)} ({limits[0]} to {limits[1]})"
