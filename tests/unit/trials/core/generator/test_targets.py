"""The registry, asked for what the generator needs."""

import core_paper
import numpy as np
import pytest

from core_trial.published import registry
from core_trial.results import Key
from core_trial.synthesis.targets import Targets
from core_trial.trials.core.generator.targets import INSTEAD, published

TARGETS = published()


def test_every_number_that_participants_have_is_a_target_unless_impossible():
    for entry in core_paper.load().find(source=registry.Source.DATA):
        if not entry.reason:
            assert entry.key in TARGETS.printed
    replaced = {entry.key for entry in core_paper.load() if entry.reason == "impossible_sd"}
    assert replaced == set(INSTEAD)
    assert TARGETS.text("recovery_month_18", "sd", "control") == "18"


def test_words_digits_and_dates_are_read():
    assert TARGETS.count("sessions", "median", "intervention") == 7
    assert TARGETS.count("adverse_events", level="related") == 0
    assert TARGETS.date("interviews", "last_date", "month_18") == np.datetime64("2017-02-23")
    assert TARGETS.quartiles("time_to_readmission", "control") == (43, 86, 180)
    assert TARGETS.category_counts("sex", ["male", "female"], "control") == {
        "male": 87,
        "female": 131,
    }


def test_what_is_not_printed_is_not_guessed():
    assert TARGETS.find_count("plans_goals", "n", "control") is None
    with pytest.raises(KeyError):
        TARGETS.count("plans_goals", "n", "control")
    with pytest.raises(ValueError, match="not printed as a count"):
        Targets({Key("score", "mean"): "7·5"}).count("score", "mean")
