"""Tables and figures of the models' assumptions from records made by hand."""

import math
import xml.etree.ElementTree as ET

import pytest
from records import estimate, number

from core_trial.declaration.arms import Group
from core_trial.report.curves import times
from core_trial.report.styles import PLAIN
from core_trial.report.supplement.assumptions import hazards, normality
from core_trial.report.supplement.count_fit import count_table, rootograms
from core_trial.report.supplement.influence import influence_figure, influence_table, influences
from core_trial.report.supplement.log_log import distance, hazard_line, log_log
from core_trial.report.supplement.normal_plots import normal_plots
from core_trial.results import (
    CurvePoint,
    Frequency,
    Key,
    LeaveOneOut,
    QuantilePair,
    Results,
    Withheld,
)
from core_trial.trials.core import CORE

#: CORE's time to readmission.
(TIME,) = times(CORE)

# Counts of days.


def frequencies(analysis, statistic, values):
    for day, value in enumerate(values):
        yield Frequency(
            analysis=f"count_fit.{analysis}", statistic=statistic, count=day, value=float(value)
        )


def counted(analysis="acute_days"):
    yield number(f"count_fit.{analysis}", "variance_to_mean", 93.66)
    yield from frequencies(analysis, "observed", [16, 1, 4])
    yield from frequencies(analysis, "expected_poisson", [0.04, 9, 9])
    yield from frequencies(analysis, "expected_zero_inflated", [15.96, 2, 2])


def test_zeros_are_observed_and_expected():
    (row,) = count_table(Results(tuple(counted())), CORE, PLAIN).rows
    assert row.cells == ("93.7", "16", "0.0", "16.0")


def test_a_withheld_zero_is_marked_and_draws_nothing():
    gone = Withheld(analysis="count_fit.acute_days", statistic="observed", level="days 0")
    nobody = Key(gone.analysis, gone.statistic, "", gone.level)
    known = [r for r in counted() if nobody not in dict(r.numbers())]
    results = Results((*known, gone))
    (row,) = count_table(results, CORE, PLAIN).rows
    assert row.cells[1] == "[c]"
    assert rootograms(results, CORE) is None


def test_bars_hang_from_the_expected_frequency():
    figure = rootograms(Results(tuple(counted())), CORE, PLAIN)
    drawing = figure.paint(170.0)
    poisson, inflated = drawing.axes
    (bars,) = poisson.collections
    ends = [segment[0][1] for segment in bars.get_segments()]
    tops = [segment[1][1] for segment in bars.get_segments()]
    assert tops == pytest.approx([0.2, 3, 3])
    assert ends == pytest.approx([0.2 - 4, 3 - 1, 3 - 2])
    assert poisson.get_ylim() == inflated.get_ylim()
    assert poisson.get_ylim()[0] < min(ends)
    assert "16 participants without any observed, 0.0 expected" in figure.alt


# Normal plots.


def shape(analysis, level, points):
    name = f"normality.{analysis}"
    yield number(name, "skewness", 0.251, level=level)
    yield number(name, "excess_kurtosis", -0.4, level=level)
    for k, (normal, observed) in enumerate(points, start=1):
        yield QuantilePair(analysis=name, level=level, number=k, normal=normal, observed=observed)


POINTS = [(-1.0, -1.2), (0.0, 0.1), (1.0, 4.5)]


def test_shapes_without_random_effects_have_gaps():
    records = shape("recovery_month_4", "residual", POINTS)
    (row,) = normality(Results(tuple(records)), CORE, PLAIN).rows
    assert (row.label, row.cells) == (
        "Self-rated recovery at 4 months",
        ("0.25", "-0.40", "–", "–"),
    )


def test_normal_plots_have_a_panel_for_each_outcome_and_show_every_point():
    records = (
        *shape("recovery_month_4", "residual", POINTS),
        *shape("recovery_month_4", "random_effect", POINTS[:2]),
        *shape("cmht_contacts", "residual", POINTS),
    )
    figure = normal_plots(Results(records), CORE, PLAIN)
    first, second, legend = figure.paint(170.0).axes
    drawn = {line.get_label(): line.get_xydata().tolist() for line in first.lines}
    assert drawn["Residuals"] == [list(p) for p in POINTS]
    assert drawn["Random effects"] == [list(p) for p in POINTS[:2]]
    assert max(first.get_ylim()) > 4.5
    assert second.get_title(loc="left").replace("\n", " ").startswith("Community mental health")
    assert [text.get_text() for text in legend.get_legend().get_texts()] == [
        "Residuals",
        "Random effects",
    ]
    assert "Self-rated recovery at 4 months 0.25" in figure.alt


# Proportional hazards.


def step(arm, time, survival, events=1):
    return CurvePoint(
        analysis="time_to_readmission",
        arm=arm,
        time=time,
        survival=survival,
        low=0.0,
        high=1.0,
        at_risk=10,
        events=events,
        censored=0,
    )


def test_the_line_is_the_log_of_the_cumulative_hazard():
    points = [
        step("control", 0.0, 0.95),
        step("control", 10.0, 0.9),
        step("control", 20.0, 0.9, events=0),
        step("control", 30.0, 0.5),
        step("control", 40.0, 0.0),
    ]
    assert hazard_line(points) == [
        (10.0, pytest.approx(math.log(-math.log(0.9)))),
        (30.0, pytest.approx(math.log(math.log(2)))),
    ]


def test_the_distance_is_the_log_hazard_ratio():
    lines = {Group.INTERVENTION: [(5.0, -3.0), (50.0, -2.0)], Group.CONTROL: [(8.0, -2.5)]}
    assert distance(lines, 60) == 0.5
    assert distance(lines, 10) == -0.5
    assert math.isnan(distance(lines, 6))
    assert math.isnan(distance({Group.CONTROL: [(8.0, -2.5)]}, 60))


def test_the_log_log_figure_tells_the_distance():
    points = (step("intervention", 20.0, 0.9), step("control", 25.0, 0.8))
    figure = log_log(Results(points), CORE, TIME, PLAIN)
    apart = math.log(math.log(0.9) / math.log(0.8))
    assert f"Intervention minus control: {apart:.2f} at day 30;" in figure.alt
    assert log_log(Results((step("control", 3.0, 1.0, events=0),)), CORE, TIME) is None


def test_tests_of_proportional_hazards_are_listed_by_scale_of_time():
    name = "proportional_hazards.time_to_readmission"
    records = [
        number(name, statistic, value, level=level)
        for level, pair in {"identity": (0.866, 0.352), "log": (math.nan, math.nan)}.items()
        for statistic, value in zip(("chi_square", "p_value"), pair, strict=True)
    ]
    (row,) = hazards(Results(tuple(records)), CORE, TIME, PLAIN).rows
    assert (row.label, row.cells) == ("Days", ("0.87", "0.3520"))


# Influence.


def without(analysis, *pairs):
    for i, (value, p) in enumerate(pairs):
        yield LeaveOneOut(analysis=analysis, cluster=f"W{i}", estimate=value, p_value=p)


@pytest.fixture
def influenced():
    return Results(
        (
            estimate(
                *("readmission", 0.5, 0.25, 1.0),
                measure="odds_ratio",
                std_error=math.log(2),
            ),
            *without("readmission", (0.25, 0.01), (1.0, 0.9), (math.nan, math.nan)),
            estimate("recovery_month_4", 2.0, -1.0, 5.0, std_error=1.5),
            *without("recovery_month_4", (0.5, 0.7), (3.5, 0.1)),
            estimate("loneliness_month_4", 2.0, 1.0, 3.0),
        )
    )


def test_ranges_are_those_of_the_fits_that_gave_a_number(influenced):
    rows = {row.label: row.cells for row in influence_table(influenced, CORE, PLAIN).rows}
    assert list(rows) == [
        "Readmission to acute care over 1 year",
        "Self-rated recovery at 4 months",
    ]
    assert rows["Readmission to acute care over 1 year"] == (
        *("2", "OR 0.50 (0.25 to 1.00)", "0.5000"),
        *("0.25 to 1.00", "0.0100 to 0.9000"),
    )


def test_changes_are_in_standard_errors_of_the_log_for_ratios(influenced):
    ratio, difference = influences(influenced, CORE)
    assert [ratio.scaled(x) for x in (0.25, 0.5, 1.0)] == pytest.approx([-1, 0, 1])
    assert ratio.none == pytest.approx(1)
    assert [difference.scaled(x) for x in (0.5, 3.5)] == pytest.approx([-1, 1])
    assert difference.none == pytest.approx(-4 / 3)


def test_every_dot_is_drawn_within_the_axes(influenced):
    figure = influence_figure(influenced, CORE, PLAIN)
    (axes,) = figure.paint(170.0).axes
    dots = [x for line in axes.lines if line.get_marker() == "o" for x in line.get_xdata()]
    assert sorted(dots) == pytest.approx([-1, -1, 1, 1])
    low, high = axes.get_xlim()
    assert low < min(dots) < max(dots) < high
    assert "without one 0.25 to 1.00" in figure.alt


def test_without_single_clusters_nothing_is_drawn(influenced):
    known = tuple(r for r in influenced if not isinstance(r, LeaveOneOut))
    assert influence_figure(Results(known), CORE) is None
    assert influence_table(Results(known), CORE).rows == ()


def test_steps_that_are_no_fits_are_told(influenced):
    step = LeaveOneOut(analysis="readmission", cluster="W9", estimate=0.4, p_value=0.2, exact=False)
    told = influence_table(Results((*influenced, step)), CORE).footnotes[0]
    assert "one step from the full estimate" in told
    assert "one step" not in influence_table(influenced, CORE).footnotes[0]


@pytest.mark.parametrize("draw", [rootograms, normal_plots, influence_figure])
def test_without_records_nothing_is_drawn(draw):
    assert draw(Results(), CORE) is None


def test_equal_records_give_equal_bytes(influenced):
    first, second = (influence_figure(influenced, CORE).svg for _ in range(2))
    assert first == second
    assert ET.fromstring(first).tag.endswith("svg")
