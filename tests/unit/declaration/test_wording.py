"""Sentences as data: what they ask for, and that a slip is named when the trial is declared."""

import made_up
import pytest

from core_trial.declaration.wording import Place, Sentence, Wording
from core_trial.errors import DesignError


def test_a_sentence_names_what_it_asks_for():
    template = "{count flow arm=control level=randomised}, {mean bed days unit=days decimals=1,0}."
    assert Sentence(template).places == (
        Place("count", "flow", {"arm": "control", "level": "randomised"}),
        Place("mean", "bed days", {"unit": "days", "decimals": "1,0"}),
    )


def test_places_are_filled_in_order():
    sentence = Sentence("{share a} in the {control} versus {share b}.")
    assert sentence.filled(["1 of 2", "control group", "{2} of 3"]) == (
        "1 of 2 in the control group versus {2} of 3."
    )


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{cuont flow}", "no kind of number 'cuont'; did you mean 'count'?"),
        ("{}", "no kind of number ''"),
        ("{share}", "name the analysis after 'share'"),
        ("{share arm=control}", "name the analysis after 'share'"),
        ("{control flow}", "'control' needs nothing more"),
        ("{effect sleep arm=control}", "'effect' cannot be told 'arm=control'"),
        (
            "{count flow levle=randomised}",
            "cannot be told 'levle=randomised'; did you mean 'level'?",
        ),
        ("{count flow arm=contorl}", "no arm 'contorl'; did you mean 'control'?"),
        ("{mean sleep decimals=2}", "decimals are two digits"),
    ],
)
def test_a_slip_in_a_place_is_named(template, fault):
    with pytest.raises(DesignError) as problem:
        Sentence(template)
    assert fault in str(problem.value)


def test_an_analysis_that_the_trial_does_not_have_is_a_contradiction():
    wording = Wording(sentences=(Sentence("{share aslep arm=control} slept."),))
    with pytest.raises(DesignError, match="wording: no analysis 'aslep'; did you mean 'asleep'"):
        made_up.changed(wording=wording)


@pytest.mark.parametrize("name", ["asleep", "missingness.asleep", "flow", "sex", "sessions"])
def test_outcomes_characteristics_and_declared_analyses_are_known(name):
    wording = Wording(sentences=(Sentence(f"{{count {name}}}."),), analyses=("sessions",))
    assert made_up.changed(wording=wording).wording is wording
