"""A wrong name is an error with the nearest right one; what cannot be estimated is a number."""

import math

import pytest
from records import estimate, failure, number

from core_trial.errors import DesignError
from core_trial.results import Results, Withheld

FOUND = Results(
    (
        number("age", "mean", 40.0, "control"),
        number("age", "sd", math.nan, "control"),
        number("sex", "n", 3.0, "control", "male"),
        estimate("hope", 1.0, 0.0, 2.0),
        failure("work", "nobody worked"),
        Withheld(analysis="sleep", statistic="estimate"),
    )
)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (("agee", "mean", "control"), "no analysis 'agee'; did you mean 'age'"),
        (("age", "maen", "control"), "no statistic 'maen' of 'age'; did you mean 'mean'"),
        (("age", "mean", "kontrol"), "no arm 'kontrol' of 'age'; did you mean 'control'"),
        (("sex", "n", "control", "mal"), "no level 'mal' of 'sex'; did you mean 'male'"),
        (("age", "mean"), "no arm '' of 'age'; there is control"),
    ],
)
def test_a_wrong_part_of_a_name_is_told_with_the_nearest(name, message):
    with pytest.raises(DesignError, match=message):
        FOUND.value(*name)
    assert math.isnan(FOUND.get(*name))


def test_what_cannot_be_had_from_the_data_is_no_error():
    assert math.isnan(FOUND.value("age", "sd", "control"))
    assert math.isnan(FOUND.value("work", "estimate"))
    assert math.isnan(FOUND.value("sleep", "estimate"))


def test_an_estimate_of_a_wrong_name_is_an_error():
    assert FOUND.estimate("hope").estimate == 1.0
    assert not FOUND.estimate("work").converged
    for given, message in [
        (("hop",), "no estimate of 'hop'; did you mean 'hope'"),
        (("hope", "crude"), r"no estimate 'crude' of 'hope'; there is \(blank\)"),
        (("sleep",), "withheld"),
    ]:
        with pytest.raises(DesignError, match=message):
            FOUND.estimate(*given)
        assert FOUND.get_estimate(*given) is None


def test_a_wrong_kind_or_field_is_an_error():
    assert len(FOUND.find("estimate", analysis="hope")) == 1
    assert len(FOUND.find(analysis="nothing")) == 0
    with pytest.raises(DesignError, match="no kind of record 'estimates'; did you mean 'est"):
        FOUND.find("estimates")
    with pytest.raises(
        DesignError, match="no field 'analysys' of records; did you mean 'analysis'"
    ):
        FOUND.find(analysys="hope")
