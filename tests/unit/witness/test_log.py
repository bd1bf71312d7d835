"""The difference log: what is the same number, what is a known difference, and what is neither."""

import math

import pytest

from core_trial.report import witnessed
from core_trial.results import Descriptive, Estimate, Key, Results, Witnessed
from core_trial.witness.log import beside, compare, log, numbers
from core_trial.witness.made import Means, Second
from core_trial.witness.reasons import KNOWN, PAGE

MEANS = Means("by hand", 1e-4, "of the example")
KEY = Key("score", "mean", "control")


def one(ours, theirs, **more):
    (line,) = compare({KEY: ours}, {KEY: Second(theirs, MEANS, **more)})
    return line


@pytest.mark.parametrize(("theirs", "status"), [(10.0009, "equal"), (10.0011, "unexplained")])
def test_the_tolerance_is_relative_and_ends_where_it_is_said_to(theirs, status):
    assert one(10.0, theirs).status == status


@pytest.mark.parametrize(("theirs", "status"), [(0.00009, "equal"), (0.00011, "unexplained")])
def test_an_effect_near_nothing_is_held_to_its_standard_error(theirs, status):
    assert one(0.0, theirs, scale=1.0).status == status


@pytest.mark.parametrize("known", KNOWN)
def test_a_known_difference_is_explained_within_its_bound_and_says_where(known):
    bound = KNOWN[known].bound
    inside, outside = (one(1.0, 1.0 - share * bound, known=known) for share in (0.99, 1.01))
    assert (inside.status, outside.status) == ("explained", "unexplained")
    assert PAGE in inside.reason


@pytest.mark.parametrize(
    ("ours", "theirs", "status"),
    [
        (math.nan, math.nan, "equal"),
        (math.inf, math.inf, "equal"),
        (math.inf, 20.0, "unexplained"),
        (math.nan, 20.0, "unexplained"),
    ],
)
def test_what_is_not_finite_is_the_same_or_it_is_not(ours, theirs, status):
    assert one(ours, theirs).status == status


def test_numbers_of_one_side_alone_are_unexplained():
    lines = compare({KEY: 1.0}, {Key("score", "sd", "control"): Second(2.0, MEANS)})
    assert [line.status for line in lines] == ["unexplained", "unexplained"]
    assert {line.reason for line in lines} == {
        "the second programme does not make it",
        "the report has no such number",
    }


def test_unexplained_differences_come_first():
    ours = {Key("a", "n"): 1.0, Key("b", "n"): 2.0, Key("c", "estimate_without"): 1.0}
    theirs = {Key("a", "n"): Second(1.0, MEANS), Key("b", "n"): Second(3.0, MEANS)}
    lines = compare(ours, theirs)
    assert [line.status for line in lines] == ["unexplained", "equal", "once"]


def test_equal_to_the_tolerance_may_still_print_otherwise():
    assert not one(2.67499, 2.67501).as_printed
    assert one(2.6751, 2.6752).as_printed


def test_further_means_say_nothing_of_numbers_that_the_report_has_not():
    results = Results((Descriptive(analysis="score", statistic="mean", value=1.0, arm="control"),))
    more = [(KEY, Second(1.0, MEANS)), (Key("score", "estimate"), Second(1.0, MEANS))]
    assert [line.status for line in beside(results, more)] == ["equal"]


def test_every_number_of_an_estimate_is_asked_for():
    record = Estimate(
        analysis="score", measure="difference_in_means", estimate=1.0, low=0.0, high=2.0,
        std_error=0.5, statistic=2.0, df=30.0, p_value=0.05, n=40, n_clusters=8,
        model="mixed_linear", formula="score ~ arm", method="", variance={"cluster": 3.0},
    )  # fmt: skip
    asked = {key.statistic for key in numbers(Results((record,)))}
    assert asked == {
        *("estimate", "low", "high", "p_value", "n", "std_error", "statistic", "df"),
        *("n_clusters", "variance[cluster]"),
    }


def test_a_line_travels_through_json_and_csv():
    line = one(1.0, 1.5)
    again = Results.from_json(Results((line,)).to_json())
    assert again.records == (line,)
    assert witnessed.to_csv([line]).splitlines()[1] == (
        "score,mean,control,,1.0,1.5,0.5,0.3333333333333333,no,unexplained,by hand,"
    )


def test_the_distance_of_a_missing_number_is_missing():
    line = Witnessed(analysis="a", statistic="n", ours=1.0, theirs=math.nan, status="unexplained")
    assert math.isnan(line.absolute)
    assert math.isnan(line.relative)


def test_log_and_compare_are_one():
    results = Results((Descriptive(analysis="score", statistic="mean", value=1.0, arm="control"),))
    second = {KEY: Second(1.0, MEANS)}
    assert log(results, second) == compare({KEY: 1.0}, second)
