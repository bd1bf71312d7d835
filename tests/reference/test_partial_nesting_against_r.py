"""A waiting list beside therapists' groups, as users write it: lmer's and pbkrtest's answer.

R 4.2.2, lme4 1.1-31, pbkrtest 0.5.2: ``lmer(y ~ treated + (0 + treated | who))`` with bobyqa and
``rhoend = 1e-13``.
"""

import pandas as pd
import pytest

from core_trial import models
from core_trial.errors import DesignError

THERAPY = pd.DataFrame(
    {
        "arm": "CBT",
        "who": list("aaaabbbbccccdddd"),
        "y": [12.0, 14, 13, 15, 8, 7, 9, 8, 11, 12, 10, 13, 17, 15, 16, 18],
    }
)
WAITING = pd.DataFrame(
    {
        "arm": "Waitlist",
        "who": [f"w{k}" for k in range(12)],
        "y": [9.0, 12, 8, 11, 10, 13, 7, 9, 11, 10, 12, 8],
    }
)
TRIAL = pd.concat([THERAPY, WAITING], ignore_index=True).assign(
    treated=lambda d: (d["arm"] == "CBT").astype(int)
)
BLANK = TRIAL.assign(who=TRIAL["who"].where(TRIAL["treated"] == 1))
STD_ERROR, P_VALUE = 1.838903757556, 0.277626308020
#: Relative: lmer's optimiser; measured 9e-11.
SAME = 1e-9


@pytest.mark.parametrize(
    ("frame", "term", "random"),
    [(TRIAL, "treated", "treated"), (TRIAL, "arm", "arm[CBT]"), (BLANK, "treated", "treated"),
     (BLANK, "arm", "arm[CBT]")],
)  # fmt: skip
def test_every_way_to_write_it_is_one_answer(frame, term, random):
    fit = models.mixed_linear(
        f"y ~ {term}", frame, cluster="who", random=random, method="reml", df="kenward_roger"
    )
    effect = fit.effect(term)
    assert effect.std_error == pytest.approx(STD_ERROR, rel=SAME)
    assert effect.p_value == pytest.approx(P_VALUE, rel=SAME)
    assert fit.warnings == ()
    assert "random intercept in the clusters" in fit.method


def test_the_wrong_arm_is_refused_with_the_right_one():
    with pytest.raises(DesignError, match=r"write random='arm\[CBT\]'"):
        models.mixed_linear("y ~ arm", TRIAL, cluster="who", random="arm")


def test_people_without_a_worker_are_not_to_be_left_out():
    with pytest.raises(DesignError, match=r"do not leave them out.*random='arm\[CBT\]'"):
        models.mixed_linear("y ~ arm", BLANK, cluster="who")
