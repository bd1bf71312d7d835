"""Records: bound, searched, framed, and to JSON and back without loss."""

import math

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from core_trial.results import (
    KINDS,
    CurvePoint,
    Descriptive,
    Estimate,
    FlowCount,
    Frequency,
    Key,
    ModelChoice,
    Provenance,
    QuantilePair,
    Results,
    SizeNeeded,
)

ESTIMATE = Estimate(
    analysis="readmission",
    measure="odds_ratio",
    estimate=0.66,
    low=0.43,
    high=0.99,
    std_error=0.21,
    statistic=-2.0,
    df=math.inf,
    p_value=0.0438,
    n=434,
    n_clusters=250,
    n_events=147,
    model="mixed_logistic",
    formula="readmitted ~ arm",
    method="ML",
    warnings=("a", "b"),
    variance={"cluster": 0.0},
)
PERCENT = Descriptive(analysis="sex", statistic="percent", value=40.0, arm="control", level="male")
FLOW = FlowCount(step="interviewed_month_4", n=344, of=441)
POINT = CurvePoint(
    analysis="time", arm="control", time=3.0, survival=0.5, low=0.4, high=math.nan, at_risk=9,
    events=1, censored=0,
)  # fmt: skip
ALL = Results((ESTIMATE, PERCENT, FLOW, POINT), Provenance({"a.csv": "00"}, {"numpy": "2"}))


def test_json_and_back_loses_nothing():
    back = Results.from_json(ALL.to_json())
    assert back.records[:3] == ALL.records[:3]
    assert math.isnan(back.records[3].high)
    assert back.provenance == ALL.provenance
    assert back.to_json() == ALL.to_json()


@given(st.floats(allow_nan=False), st.text(max_size=8))
@examples(50)
def test_json_keeps_every_float_and_text(value, text):
    record = Descriptive(analysis=text, statistic="mean", value=value)
    assert Results.from_json(Results((record,)).to_json()).records == (record,)


def test_numbers_are_found_by_name():
    assert ALL.value("sex", "percent", "control", "male") == 40.0
    assert ALL.value("readmission", "low") == 0.43
    assert ALL.value("flow", "percent", "", "interviewed_month_4") == pytest.approx(78.0, abs=0.01)


def test_two_records_never_claim_one_name():
    with pytest.raises(ValueError, match="claim"):
        _ = Results((PERCENT, PERCENT)).numbers


def test_find_by_kind_and_by_field():
    assert ALL.find("estimate").records == (ESTIMATE,)
    assert ALL.find(arm="control").records == (PERCENT, POINT)
    assert len(ALL.find("flow", step="other")) == 0


def test_bind_keeps_order():
    bound = Results.bind([PERCENT], Results((FLOW,)))
    assert bound.records == (PERCENT, FLOW)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_frame_has_a_row_per_record_of_the_kind(kind):
    frame = ALL.to_frame(kind)
    assert len(frame) == len(ALL.find(kind))


def test_records_are_frozen():
    with pytest.raises(AttributeError):
        PERCENT.value = 41.0


def test_a_failed_estimate_still_has_its_keys():
    assert Key("readmission", "p_value") in ALL.numbers
    assert ALL.estimate("readmission") is ESTIMATE
    assert ALL.get_estimate("readmission", "planned") is None


def test_a_choice_of_models_has_words_and_no_number():
    choice = ModelChoice(
        analysis="days", planned="Poisson", fitted="other", reason="too many zeros"
    )
    results = Results((choice,))
    assert Results.from_json(results.to_json()).records == (choice,)
    assert results.numbers == {}
    assert results.to_frame("model_choice").loc[0, "reason"] == "too many zeros"


# Series.

SERIES = (
    Frequency(analysis="count_fit.days", statistic="observed", count=7, value=3.0),
    QuantilePair(analysis="normality.x", level="residual", number=12, normal=-0.5, observed=-0.4),
    SizeNeeded(cluster_size=15.0, lost_percent=10, continuity=True, recruited=420.0),
    SizeNeeded(
        cluster_size=12.5,
        lost_percent=0,
        continuity=False,
        recruited=440.0,
        solved_for="cluster_size",
    ),
)
#: The same as they were written before series had records of their own.
EARLIER = (
    ("count_fit.days", "observed", 3.0, "days 7"),
    ("normality.x", "normal", -0.5, "residual 12"),
    ("normality.x", "observed", -0.4, "residual 12"),
    ("sample_size", "n", 420.0, "size_15_lost_10_continuity"),
    ("sample_size", "cluster_size", 12.5, "lost_0"),
)


def test_series_go_to_json_and_back_and_are_asked_for_by_key():
    results = Results(SERIES)
    assert Results.from_json(results.to_json()).records == SERIES
    for analysis, statistic, value, level in EARLIER:
        assert results.value(analysis, statistic, "", level) == value


def test_results_of_an_earlier_version_are_read_as_series():
    wanted = Descriptive(analysis="sample_size", statistic="n", value=440.0)
    earlier = [
        Descriptive(analysis=analysis, statistic=statistic, value=value, level=level)
        for analysis, statistic, value, level in EARLIER
    ]
    read = Results.from_json(Results((wanted, *earlier, PERCENT)).to_json())
    assert read.records == (wanted, *SERIES, PERCENT)
