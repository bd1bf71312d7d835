"""No small count can be worked out: an attacker tries, with whole numbers and every total.

The attacker reads nothing but told records. It writes down what anybody would (categories add up to
N, arms add up to the trial, steps of the flow to those randomised), and asks an integer programme
for the least and the greatest value of every withheld count.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from core_trial.disclosure.associations import cells as cells_of
from core_trial.disclosure.curves import coarse
from core_trial.disclosure.suppression import coarse as coarse_moment
from core_trial.disclosure.suppression import suppress
from core_trial.report.number import fixed
from core_trial.report.styles import PLAIN
from core_trial.report.table1 import table1
from core_trial.report.table2 import table2
from core_trial.results import (
    CurvePoint,
    Descriptive,
    Estimate,
    FlowCount,
    Frequency,
    Key,
    LeaveOneOut,
    Provenance,
    QuantilePair,
    Record,
    Results,
)
from core_trial.trials.core import CORE, words

ARMS = ("intervention", "control")
Equation = tuple[Key, tuple[Key, ...]]


def n(analysis: str, arm: str, level: str = "") -> Key:
    return Key(analysis, "n", arm, level)


# The trial under attack.


def proportion(analysis: str, arm: str, count: int, of: int, level: str) -> Iterator[Record]:
    for statistic, value in (("n", count), ("N", of), ("percent", 100 * count / max(of, 1))):
        yield Descriptive(
            analysis=analysis, statistic=statistic, value=float(value), arm=arm, level=level
        )


def categories(analysis: str, levels: Sequence[str], counts: Sequence[Sequence[int]]) -> Results:
    """A characteristic by arm and in the whole trial; counts have a row per arm."""
    rows = dict(zip(ARMS, counts, strict=True))
    rows[""] = [sum(column) for column in zip(*counts, strict=True)]
    records = (
        record
        for arm, row in rows.items()
        for level, count in zip(levels, row, strict=True)
        for record in proportion(analysis, arm, count, sum(row), level)
    )
    return Results(tuple(records))


def events(counts: Sequence[Sequence[int]]) -> Results:
    """Adverse events by kind, with their total and the deaths, by arm and in the whole trial."""
    kinds = list(words.ADVERSE_EVENTS)
    rows = dict(zip(ARMS, counts, strict=True))
    rows[""] = [sum(column) for column in zip(*counts, strict=True)]
    records = []
    for arm, row in rows.items():
        by_level = {"": sum(row), "deaths": sum(row[-2:]), **dict(zip(kinds, row, strict=True))}
        records += [
            Descriptive(
                analysis="adverse_events", statistic="n", value=float(v), arm=arm, level=level
            )
            for level, v in by_level.items()
        ]
    return Results(tuple(records))


def steps(randomised: Sequence[int], lost: Sequence[int], pilot: Sequence[int]) -> Results:
    """The flow after randomisation, by arm and in the whole trial."""
    records = []
    rows = {**dict(zip(ARMS, zip(randomised, lost, pilot, strict=True), strict=True))}
    rows[""] = tuple(map(sum, zip(*rows.values(), strict=True)))
    for arm, (all_, gone, early) in rows.items():
        records += [
            FlowCount(step="randomised", n=all_, arm=arm),
            FlowCount(step="pilot", n=early, arm=arm),
            FlowCount(step="main_trial", n=all_ - early, arm=arm),
            FlowCount(step="primary_outcome_known", n=all_ - gone, of=all_, arm=arm),
            FlowCount(step="acute_records_not_obtained", n=gone, of=all_, arm=arm),
        ]
    return Results(tuple(records))


# The attacker.


def told(results: Results) -> dict[Key, float]:
    """Every told count."""
    return {
        key: value
        for key, value in results.numbers.items()
        if key.statistic in ("n", "N") and not math.isnan(value)
    }


def equations(keys: set[Key]) -> Iterator[Equation]:
    """What anybody knows to add up, among the counts that exist."""
    for key in keys:
        if not key.arm:
            yield key, tuple(Key(key.analysis, key.statistic, arm, key.level) for arm in ARMS)
    for arm, (analysis, levels) in product(
        ("", *ARMS),
        {"sex": words.SEX, "ethnicity": words.ETHNICITY, "diagnosis": words.DIAGNOSIS}.items(),
    ):
        for level in levels:
            yield (
                Key(analysis, "N", arm, level),
                tuple(n(analysis, arm, other) for other in levels),
            )
    for arm in ("", *ARMS):
        kinds = tuple(n("adverse_events", arm, kind) for kind in words.ADVERSE_EVENTS)
        yield n("adverse_events", arm), kinds
        yield n("adverse_events", arm, "deaths"), kinds[-2:]
        for parts in (
            ("pilot", "main_trial"),
            ("primary_outcome_known", "acute_records_not_obtained"),
        ):
            yield n("flow", arm, "randomised"), tuple(n("flow", arm, part) for part in parts)
        for level in ("primary_outcome_known", "acute_records_not_obtained"):
            yield Key("flow", "N", arm, level), (n("flow", arm, "randomised"),)
        readmitted, none = n("readmission", arm), n("readmission_days", arm, "none")
        yield Key("readmission", "N", arm), (readmitted, none)
        yield Key("readmission_days", "N", arm, "none"), (readmitted, none)
        yield Key("readmission", "N", arm), (n("flow", arm, "primary_outcome_known"),)
        yield Key("psychosis", "N", arm), (n("flow", arm, "randomised"),)


def limits(results: Results, truth: Results) -> Mapping[Key, tuple[float, float]]:
    """Least and greatest whole number that each withheld count can be."""
    counts = told(truth)
    keys, known = sorted(counts), told(results)
    place = {key: i for i, key in enumerate(keys)}
    rows = []
    for total, parts in equations(set(keys)):
        if counts.get(total) == sum(counts.get(part, math.nan) for part in parts):
            row = np.zeros(len(keys))
            row[place[total]] -= 1
            for part in parts:
                row[place[part]] += 1
            rows.append(row)
    exact = LinearConstraint(np.array(rows or [np.zeros(len(keys))]), 0, 0)
    low = np.array([known.get(key, 0.0) for key in keys])
    high = np.array([known.get(key, 10_000.0) for key in keys])
    return {
        key: tuple(
            sign * milp(sign * aim, constraints=exact, bounds=Bounds(low, high), integrality=1).fun
            for sign, aim in ((1, np.eye(len(keys))[i]), (-1, np.eye(len(keys))[i]))
        )
        for key, i in place.items()
        if key not in known
    }


def assert_safe(truth: Results, threshold: int) -> Results:
    """No small count is told, and none can be told from a count at the threshold or from one."""
    safe = suppress(truth, CORE, threshold)
    assert not {key for key, value in told(safe).items() if 0 < value < threshold}
    found = limits(safe, truth)
    for key, value in told(truth).items():
        if 0 < value < threshold:
            low, high = found[key]
            assert low <= 1, key
            assert high >= threshold, key
    for key, value in safe.numbers.items():
        if key.statistic == "percent" and not math.isnan(value):
            assert {replace(key, statistic="n"), replace(key, statistic="N")} <= set(told(safe))
    return safe


COUNTS = st.lists(st.lists(st.integers(0, 12), min_size=4, max_size=4), min_size=2, max_size=2)


@examples(30)
@given(COUNTS, st.integers(2, 7))
def test_categories_by_arm(counts, threshold):
    assert_safe(categories("ethnicity", list(words.ETHNICITY), counts), threshold)


@examples(15)
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=5, max_size=5), min_size=2, max_size=2),
    st.integers(2, 6),
)
def test_adverse_events_with_their_sums(counts, threshold):
    assert_safe(events(counts), threshold)


@examples(15)
@given(
    st.tuples(st.integers(30, 40), st.integers(30, 40)),
    st.tuples(st.integers(0, 8), st.integers(0, 8)),
    st.tuples(st.integers(0, 8), st.integers(0, 8)),
    st.integers(2, 7),
)
def test_the_flow_with_a_denominator_that_leans_on_it(randomised, lost, pilot, threshold):
    """Those randomised are the denominator of condition, those with records of readmission."""
    parts = [steps(randomised, lost, pilot)]
    for arm, of, gone in zip(ARMS, randomised, lost, strict=True):
        parts.append(Results(tuple(proportion("psychosis", arm, 20, of, ""))))
        parts.append(Results(tuple(proportion("readmission", arm, 10, of - gone, ""))))
        none = proportion("readmission_days", arm, of - gone - 10, of - gone, "none")
        parts.append(Results(tuple(none)))
    assert_safe(Results.bind(*parts), threshold)


@pytest.mark.parametrize("threshold", [5, 8, 11])
def test_the_papers_own_tables(printed, threshold):
    safe = assert_safe(printed, threshold)
    assert "[c]" in table1(safe, CORE).to_text()
    assert "[c]" not in table2(safe, CORE).to_text()


def test_the_smallest_case_by_hand():
    """One person in one cell: another cell of the row goes, and the same two of the other row."""
    truth = categories("sex", list(words.SEX), [[1, 40], [30, 30]])
    safe = suppress(truth, CORE, 5)
    assert not told(safe).keys() & {n("sex", arm, level) for arm in ARMS for level in words.SEX}
    assert safe.value("sex", "N", "intervention", "male") == 41
    assert limits(safe, truth)[n("sex", "intervention", "male")] == (0, 31)


def test_two_small_cells_do_not_protect_each_other():
    """1 + 1 of a told 2 would still be 1 and 1 to whoever knows that both are small."""
    truth = categories("ethnicity", list(words.ETHNICITY), [[1, 1, 50, 60], [20, 20, 50, 60]])
    safe = suppress(truth, CORE, 5)
    of_row = (key for key in safe.withheld if key.arm == "intervention")
    hidden = {key.level for key in of_row if key.statistic == "n"}
    assert len(hidden) >= 3


def test_a_small_remainder_is_protected_as_a_small_count_is():
    """All but two were born in the country: the two are as few as two who were."""
    truth = Results(tuple(proportion("psychosis", "control", 98, 100, "")))
    assert told(suppress(truth, CORE, 5)).keys() != told(truth).keys()


def test_noughts_and_large_counts_are_told():
    truth = categories("sex", list(words.SEX), [[0, 40], [30, 30]])
    assert suppress(truth, CORE, 5).records == truth.records


def test_nothing_is_small_below_two(printed):
    safe = suppress(printed, CORE, 1)
    assert not safe.withheld
    assert told(safe) == told(printed)


@pytest.mark.parametrize("threshold", [0, -3])
def test_a_threshold_of_nothing_is_refused(printed, threshold):
    with pytest.raises(ValueError, match="at least 1"):
        suppress(printed, CORE, threshold)


# What is no count but tells of one.


def few_readmitted(printed: Results) -> Results:
    """The paper's results with 2 readmissions in the intervention group instead of 64."""
    swap = {("n", "intervention"): 2.0, ("percent", "intervention"): 200 / 218}
    return Results(
        tuple(
            replace(r, value=swap[r.statistic, r.arm])
            if isinstance(r, Descriptive)
            and r.analysis == "readmission"
            and (r.statistic, r.arm) in swap
            else r
            for r in printed
        )
    )


def test_effects_that_rest_on_a_small_count_are_withheld(printed):
    safe = suppress(few_readmitted(printed), CORE, 5)
    assert safe.get_estimate("readmission") is None
    assert safe.get_estimate("time_to_readmission") is None
    assert safe.get_estimate("loneliness_month_4") is not None
    assert "[c]" in table2(safe, CORE).to_text()
    assert not safe.find("curve", arm="intervention")


def test_means_of_a_few_people_are_withheld_and_of_a_hidden_number_rounded():
    """With 3 of 40 in one arm, a mean in full would give 37 away as its denominator."""
    described = [
        Descriptive(analysis="age", statistic=s, value=v, arm=arm)
        for arm, size in zip(ARMS, (3.0, 37.0), strict=True)
        for s, v in (("n", size), ("mean", 1480 / 37), ("sd", 12.3456))
    ]
    total = Descriptive(analysis="age", statistic="n", value=40.0)
    safe = suppress(Results((*described, total)), CORE, 5)
    assert math.isnan(safe.value("age", "mean", "intervention"))
    assert safe.value("age", "sd", "control") == pytest.approx(12.3)


def test_fits_do_not_tell_their_clusters_events_or_small_numbers_in_words(printed):
    spoken = replace(
        printed.estimate("readmission"),
        n_events=3,
        warnings=("2 participants in centre C had events", "the variance is zero"),
    )
    safe = suppress(Results((spoken,)), CORE, 5).estimate("readmission")
    assert (safe.n_events, safe.n_clusters) == (None, None)
    assert safe.warnings == ("the reason counts people, and is withheld", "the variance is zero")


def test_leaving_out_one_cluster_is_withheld():
    one = LeaveOneOut(analysis="readmission", cluster="x", estimate=0.6, p_value=0.1)
    assert suppress(Results((one,)), CORE, 5).records == ()


def test_nothing_withheld_is_left_in_the_file_of_records(printed):
    safe = suppress(printed, CORE, 5)
    body = json.loads(safe.to_json())
    left = {
        (r["analysis"], r["statistic"], r["arm"], r["level"])
        for r in body["records"]
        if r["kind"] == "descriptive"
    }
    assert not left & {(k.analysis, k.statistic, k.arm, k.level) for k in safe.withheld}
    assert Results.from_json(safe.to_json()).to_json() == safe.to_json()


def test_suppressing_twice_is_suppressing_once(printed):
    once = suppress(printed, CORE, 5)
    assert suppress(once, CORE, 5).withheld == once.withheld


# The curves.


@st.composite
def curve_points(draw: st.DrawFn) -> list[CurvePoint]:
    steps = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=25))
    at_risk, survival, points = sum(map(sum, steps)) + 3, 1.0, []
    for day, (gone, censored) in enumerate(steps, start=1):
        if gone + censored:
            survival *= 1 - gone / at_risk
            points.append(
                CurvePoint(
                    analysis="time_to_readmission",
                    arm="control",
                    time=float(day),
                    survival=survival,
                    low=survival,
                    high=survival,
                    at_risk=at_risk,
                    events=gone,
                    censored=censored,
                )
            )
            at_risk -= gone + censored
    return points


@given(curve_points(), st.integers(1, 8))
def test_coarse_steps_are_large_and_lose_nobody(points, threshold):
    steps = coarse(points, threshold)
    for step in steps:
        assert step.events == 0 or step.events >= threshold
        assert step.censored == 0 or step.censored >= threshold
    if steps:
        assert sum(s.events for s in steps) == sum(p.events for p in points)
        assert sum(s.censored for s in steps) == sum(p.censored for p in points)
        assert steps[0].at_risk == points[0].at_risk
        assert steps[-1].survival == round(points[-1].survival, 4)
        for one, after in pairwise(steps):
            assert after.at_risk == one.at_risk - one.events - one.censored


def test_a_curve_of_too_few_is_not_drawn():
    assert coarse([], 5) == []


def test_the_drawn_curves_keep_their_last_height(printed):
    for arm, last in (("intervention", 1 - 64 / 218), ("control", 1 - 83 / 216)):
        points = suppress(printed, CORE, 5).find("curve", arm=arm).records
        assert points[-1].survival == pytest.approx(last, abs=1e-4)
        assert min(p.events for p in points) >= 5


# Who is missing: odds ratios that give their table away.


def associated(name: str, cells_: Sequence[tuple[int, int]], p: float = 0.2) -> Iterator[Record]:
    """Sex and who is missing: (missing, known) of men and of women, as a fit without clusters."""
    (a, b), (c, d) = cells_
    for level, size in (("male", a + b), ("female", c + d)):
        yield from proportion("sex", "", size, a + b + c + d, level)
    yield Descriptive(analysis=name, statistic="joint_p", value=p, level="sex")
    yield Descriptive(analysis=name, statistic="predicts", value=float(p < 0.05), level="sex")
    yield Estimate(
        analysis=name,
        measure="odds_ratio",
        estimate=(c / d) / (a / b) if a * d else math.nan,
        **dict.fromkeys(("low", "high", "std_error", "statistic", "p_value"), 0.5),
        df=math.inf,
        n=a + b + c + d,
        n_clusters=None,
        n_events=a + c,
        model="mixed_logistic",
        formula="missing ~ sex",
        method="",
        level="sex[female]",
    )


def tables_that_fit(safe: Results, name: str, missing: int) -> list[tuple[int, int]]:
    """Every (missing men, missing women) that the told odds ratio allows."""
    men, women = (int(safe.get("sex", "n", "", level)) for level in ("male", "female"))
    found = safe.get_estimate(name, "sex[female]")
    tables = ((a, missing - a) for a in range(missing + 1) if missing - a <= women)
    if found is None:
        return list(tables)
    return [
        (a, c)
        for a, c in tables
        if 0 < a < men and 0 < c < women
        if math.isclose((c / (women - c)) / (a / (men - a)), found.estimate, rel_tol=1e-9)
    ]


@pytest.mark.parametrize(
    ("cells_", "threshold", "told_"),
    [
        (((2, 173), (5, 258)), 5, False),  # seven missing: five women, two men
        (((60, 115), (40, 223)), 5, True),
        (((7, 168), (60, 203)), 5, True),
        (((7, 168), (60, 203)), 8, False),
        (((5, 168), (60, 203)), 5, False),  # a random effect may have moved a cell by one
        (((160, 4), (200, 60)), 5, False),  # few known are as telling as few missing
        (((0, 175), (60, 203)), 5, False),
    ],
)
def test_an_odds_ratio_does_not_give_a_small_cell_away(cells_, threshold, told_):
    name = "missingness.readmission"
    safe = suppress(Results(tuple(associated(name, cells_))), CORE, threshold)
    possible = tables_that_fit(safe, name, cells_[0][0] + cells_[1][0])
    assert (safe.get_estimate(name, "sex[female]") is not None) == told_
    assert math.isnan(safe.get(name, "joint_p", "", "sex")) != told_
    if not told_:
        assert len(possible) > 1


@given(
    st.lists(st.integers(2, 300), min_size=2, max_size=5),
    st.lists(st.floats(0.05, 0.95), min_size=5, max_size=5),
)
def test_the_solver_finds_the_table_that_was_fitted(sizes, shares):
    missing = [size * share for size, share in zip(sizes, shares, strict=False)]
    odds = [a / (size - a) for a, size in zip(missing, sizes, strict=True)]
    ratios = [math.log(x / odds[0]) for x in odds]
    assert cells_of(sizes, ratios, sum(missing)) == pytest.approx(missing, rel=1e-6)


def test_what_was_told_of_missingness_stays_told(printed):
    name = "missingness.readmission"
    once = suppress(Results(tuple(associated(name, ((60, 115), (40, 223))))), CORE, 5)
    assert suppress(once, CORE, 5).get_estimate(name, "sex[female]") is not None


# Moments of a few people.


def days(arm: str, positive: Sequence[int], of: int) -> Iterator[Record]:
    """Days in hospital of those few who had any, with the moments of all."""
    values = np.array([*positive, *[0] * (of - len(positive))], dtype=float)
    yield from proportion("readmission", arm, len(positive), of, "")
    yield from proportion("readmission_days", arm, of - len(positive), of, "none")
    described = {"n": of, "mean": values.mean(), "sd": values.std(ddof=1)}
    for statistic, value in described.items():
        yield Descriptive(
            analysis="readmission_days", statistic=statistic, value=float(value), arm=arm
        )
    times = {"n": len(positive), "mean": np.mean(positive), "sd": np.std(positive)}
    times |= {"median": np.median(positive)}
    for statistic, value in times.items():
        yield Descriptive(
            analysis="time_to_readmission", statistic=statistic, value=float(value), arm=arm
        )


@pytest.mark.parametrize(
    ("positive", "hidden"),
    [([21], True), ([3, 21], True), ([1, 2, 3, 4, 5], True), ([9] * 9, True), ([9] * 10, False)],
)
def test_days_of_a_few_do_not_follow_from_the_moments_of_all(positive, hidden):
    """21 days of one person: mean and SD of 218 give the sum 21 and the sum of squares 441."""
    few, many = days("intervention", positive, 218), days("control", list(range(1, 84)), 216)
    safe = suppress(Results((*few, *many)), CORE, 5)
    for analysis in ("readmission_days", "time_to_readmission"):
        for statistic in ("mean", "sd"):
            assert math.isnan(safe.get(analysis, statistic, "intervention")) == hidden
            assert not math.isnan(safe.get(analysis, statistic, "control"))
    assert safe.get("readmission_days", "mean", "control") == round(sum(range(84)) / 216, 2)


@given(st.floats(-1e4, 1e4), st.integers(1, 2))
def test_a_coarse_moment_prints_as_the_moment_itself(value, decimals):
    told_ = coarse_moment(value, decimals)
    assert abs(told_ - value) <= 1.5 * 10**-decimals
    for fewer in range(decimals):
        assert fixed(told_, fewer, PLAIN) == fixed(value, fewer, PLAIN)


def test_expected_noughts_are_those_observed_and_go_with_them():
    fit = (
        Frequency(analysis="count_fit.readmission_days", statistic=s, count=0, value=215.0)
        for s in ("observed", "expected_zero_inflated")
    )
    safe = suppress(Results((*days("intervention", [9, 9, 9], 218), *fit)), CORE, 5)
    assert len(safe.find("frequency")) == 0
    assert not [r for r in safe.find("descriptive") if r.analysis.startswith("count_fit")]


# What is told beside the records' numbers.


def test_no_hash_of_an_input_is_told(printed):
    source = Provenance({"screening.csv": "ab" * 32}, {"python": "3"}, synthetic=True)
    safe = suppress(Results(printed.records, source), CORE, 5)
    assert safe.provenance == Provenance({}, {"python": "3"}, synthetic=True)


def test_no_cluster_is_named_and_no_persons_residual_told():
    series = (
        LeaveOneOut(analysis="readmission", cluster="WA51", estimate=0.6, p_value=0.1),
        QuantilePair(analysis="normality.x", level="residual", number=50, normal=2.3, observed=2.9),
    )
    assert "WA51" not in suppress(Results(series), CORE, 5).to_json()
    assert suppress(Results(series), CORE, 5).records == ()


def test_a_warning_does_not_name_the_category_in_which_nobody_had_the_event(printed):
    warning = "the data separate, no finite estimate for: marital_status[widowed]"
    spoken = replace(printed.estimate("readmission"), warnings=(warning,))
    safe = suppress(Results((spoken,)), CORE, 5).estimate("readmission")
    assert safe.warnings == ("the reason counts people, and is withheld",)


@pytest.mark.parametrize(("pilot", "hidden"), [(4, True), (9, True), (10, False)])
def test_first_and_last_date_of_a_few_are_withheld(pilot, hidden):
    records = (
        FlowCount(step="pilot", n=pilot),
        FlowCount(step="main_trial", n=400),
        *(
            Descriptive(analysis=a, statistic=s, value=735000.0, level=level)
            for level in ("pilot", "main_trial")
            for a, s in (("recruitment", "first_date"), ("recruitment", "last_date"))
        ),
        Descriptive(analysis="centres", statistic="n", value=1.0, level="pilot"),
    )
    safe = suppress(Results(records), CORE, 5)
    assert math.isnan(safe.get("recruitment", "last_date", "", "pilot")) == hidden
    assert math.isnan(safe.get("centres", "n", "", "pilot")) == hidden
    assert safe.get("recruitment", "first_date", "", "main_trial") == 735000


@pytest.mark.parametrize(("n_level", "told_"), [(396, False), (395, True)])
def test_a_fit_that_left_a_few_out_does_not_tell_how_many(printed, n_level, told_):
    own = replace(printed.estimate("readmission"), n=400)
    further = replace(own, level="planned_adjustments", n=n_level)
    safe = suppress(Results((own, further)), CORE, 5)
    found = safe.get_estimate("readmission", "planned_adjustments")
    assert (found.n is not None) == told_
    assert safe.get_estimate("readmission").n == 400


def test_sizes_of_small_clusters_are_withheld():
    def sizes(arm: str, least: float) -> Iterator[Record]:
        for statistic, value in (("least", least), ("most", 20.0), ("mean", 9.0)):
            yield Descriptive(analysis="clusters", statistic=statistic, value=value, arm=arm)

    safe = suppress(Results((*sizes("intervention", 4.0), *sizes("control", 5.0))), CORE, 5)
    assert math.isnan(safe.get("clusters", "most", "intervention"))
    assert safe.get("clusters", "least", "control") == 5


def test_a_denominator_cannot_exceed_those_randomised():
    """Those without records are withheld; others known for more people would bound them."""
    flow = steps((221, 220), (3, 4), (20, 20))
    known = [
        Results(tuple(proportion(name, arm, 100, of, "")))
        for name, sizes in (("psychosis", (220, 219)), ("uk_born", (200, 200)))
        for arm, of in zip(ARMS, sizes, strict=True)
    ]
    known += [
        Results(tuple(proportion("readmission", arm, 60, of, "")))
        for arm, of in zip(ARMS, (218, 216), strict=True)
    ]
    truth = Results.bind(flow, *known)
    safe = suppress(truth, CORE, 5)
    for arm, gone in (("intervention", 3), ("control", 4)):
        told_ = told(safe)
        randomised = told_.get(n("flow", arm, "randomised"))
        records = told_.get(n("flow", arm, "primary_outcome_known"))
        largest = max(v for k, v in told_.items() if k.statistic == "N" and k.arm == arm)
        at_least = (randomised or largest) - (records or 0)
        assert records is None or at_least <= 1, (arm, gone)
