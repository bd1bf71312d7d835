"""What is no regression shows itself as a page, too: in a terminal and in a notebook."""

import pandas as pd
import pytest

from core_trial import models

FRAME = pd.DataFrame(
    {
        "time": [2.0, 4, 4, 7, 3, 5, 8, 9],
        "event": [1, 1, 0, 1, 0, 1, 1, 0],
        "cause": [1, 2, 0, 1, 0, 1, 2, 0],
        "arm": list("aaaabbbb"),
        "who": list("wwxxyyzz"),
    }
)
TIMES = {"time": "time", "event": "event"}
CAUSES = {"time": "time", "event": "cause"}
COX = models.cox("arm", FRAME, **TIMES)
CURVES = models.kaplan_meier(FRAME, **TIMES, by="arm")
INCIDENCE = models.cumulative_incidence(FRAME, **CAUSES, by="arm")
MEANS = models.mean_cumulative(FRAME, **TIMES, cluster="who", by="arm")
SHOWN = {
    "curves": (CURVES, ["Kaplan-Meier", "median", "5.500"]),
    "curve": (CURVES["a"], ["n = 4, 3 events", "at risk", "0.7500"]),
    "incidence": (INCIDENCE, ["a, event 1", "b, event 2"]),
    "one incidence": (INCIDENCE["a"]["1"], ["incidence", "0.2500"]),
    "recurrent": (MEANS, ["events per participant"]),
    "one mean": (MEANS["a"], ["mean"]),
    "restricted": (models.restricted_mean(FRAME, **TIMES, by="arm", limit=6),
                   ["up to 6", "Greenwood", "Differences from a", "p"]),
    "log-rank": (models.log_rank(FRAME, **TIMES, by="arm"), ["observed", "chi-square(1)"]),
    "hazards": (models.proportional_hazards("arm", FRAME, **TIMES), ["global", "'km'"]),
    "predicted": (models.survival_curve(COX, FRAME.iloc[[0, 4]]), ["survival"]),
    "one predicted": (models.survival_curve(COX, FRAME.iloc[[0]])[0], ["survival"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_a_page_of_a_few_lines_in_both_forms(name):
    value, words = SHOWN[name]
    text, html = repr(value), value._repr_html_()
    assert "array(" not in text
    assert len(text.splitlines()) < 20
    for word in words:
        assert word in text
    assert "<table>" in html
    assert 'scope="row"' in html


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_is_there_as_a_frame(name):
    assert len(SHOWN[name][0].to_frame()) > 0


def test_an_interval_is_headed_by_its_own_coverage():
    for found in (
        models.kaplan_meier(FRAME, **TIMES, confidence=0.9)[""],
        models.cumulative_incidence(FRAME, **CAUSES, confidence=0.9)[""]["1"],
        models.mean_cumulative(FRAME, **TIMES, cluster="who", confidence=0.9)[""],
        models.restricted_mean(FRAME, **TIMES, limit=6, confidence=0.9),
        models.survival_curve(COX, FRAME, confidence=0.9)[0],
    ):
        assert "90% interval" in repr(found)


def test_a_test_is_one_line():
    assert repr(models.gray_test(FRAME, **CAUSES, by="arm", cause=1)).startswith("arm: equal")
