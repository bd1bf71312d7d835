"""CORE's sample size: the paper's calculation and its variations."""

import math

import pytest

from core_trial.analyses.power import Test
from core_trial.analyses.sample_size import cluster_size, sample_size
from core_trial.results import Key, Results
from core_trial.trials.core.analyses.sample_size import CORE, CORE_N, records


def test_the_papers_inputs_and_what_gives_its_440():
    results = Results(tuple(records()))
    assert results.value("sample_size", "n") == 440
    assert results.value("sample_size", "percent", "control") == 50
    assert results.value("sample_size", "percent", "intervention") == 35
    assert results.value("sample_size", "power_percent") == 80
    assert results.value("sample_size", "significance_percent") == 5
    assert results.value("sample_size", "icc") == 0.03
    for arm in ("intervention", "control"):
        assert results.value("sample_size", "allocation", arm) == 1


@pytest.mark.parametrize(
    ("lost", "continuity", "size"), [(0, False, 21.2), (0, True, 16.0), (0.1, False, 12.5)]
)
def test_the_cluster_size_that_gives_440(lost, continuity, size):
    test = Test(continuity=continuity)
    found = cluster_size(CORE, CORE_N, attrition=lost, test=test)
    assert round(found, 1) == size
    back = sample_size(CORE, size=found, attrition=lost, test=test)
    assert (back.clustered + back.controls) / (1 - lost) == pytest.approx(440)
    level = f"lost_{round(100 * lost)}" + "_continuity" * continuity
    results = Results(tuple(records()))
    assert results.numbers[Key("sample_size", "cluster_size", "", level)] == found


def test_no_cluster_size_gives_440_when_a_fifth_is_lost_and_the_test_is_corrected():
    assert math.isnan(cluster_size(CORE, 440, attrition=0.2, test=Test(continuity=True)))
