"""Whatever a user passes, the answer is a fit or an error of ours that names the argument.

Every public model is asked with every kind of wrong thing for every argument that it has.
"""

import inspect
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from core_trial import models
from core_trial.errors import DesignError, FitError

RNG = np.random.default_rng(1)
N = 60
ROW = np.arange(N)
FRAME = pd.DataFrame(
    {
        "arm": np.where(ROW % 2, "therapy", "control"),
        "group": np.where(ROW // 2 % 2, "A", "B"),
        "sex": RNG.choice(["F", "M"], N),
        "age": RNG.normal(40, 10, N).round(),
        "who": [f"w{k % 12}" if k % 2 else f"c{k}" for k in ROW],
        "id": [f"p{k // 2}" for k in ROW],
        "visit": ROW % 2,
        "score": RNG.normal(size=N),
        "event": RNG.integers(0, 2, N),
        "took": ROW % 2 * RNG.integers(0, 2, N),
        "days": RNG.poisson(3, N) * RNG.integers(0, 2, N),
        "time": RNG.integers(1, 99, N).astype(float),
        "cause": RNG.integers(0, 3, N),
    }
)
TIMES = {"time": "time", "event": "event"}
CAUSES = {"time": "time", "event": "cause"}
CALLS = {
    "mixed_linear": ("score ~ arm", {"cluster": "who"}),
    "mixed_logistic": ("event ~ arm", {"cluster": "who"}),
    "mixed_poisson": ("days ~ arm", {"cluster": "who"}),
    "repeated_measures": ("score ~ group * C(visit)", {"participant": "id", "visit": "visit"}),
    "linear_regression": ("score ~ arm", {"cluster": "who"}),
    "logistic_regression": ("event ~ arm", {}),
    "poisson": ("days ~ arm", {"cluster": "who"}),
    "negative_binomial": ("days ~ arm", {"cluster": "who"}),
    "zero_inflated_nb": ("days ~ arm", {"cluster": "who", "inflation": "arm"}),
    "modified_poisson": ("event ~ arm", {"cluster": "who"}),
    "cox": ("arm", {**TIMES, "cluster": "who"}),
    "proportional_hazards": ("arm", TIMES),
    "fine_gray": ("arm", {**CAUSES, "cause": 1}),
    "kaplan_meier": (None, {**TIMES, "by": "arm"}),
    "log_rank": (None, {**TIMES, "by": "arm"}),
    "cumulative_incidence": (None, {**CAUSES, "by": "arm"}),
    "gray_test": (None, {**CAUSES, "by": "arm", "cause": 1}),
    "mean_cumulative": (None, {**TIMES, "cluster": "id"}),
    "restricted_mean": (None, {**TIMES, "by": "arm", "limit": 30}),
    "standardised": ("event ~ arm", {"cluster": "who"}),
    "complier_effects": ("score", {"received": "took"}),
    "two_stage_least_squares": ("score ~ took", {"received": "took"}),
}
WRONG = {
    "none": None, "a list": ["who"], "a tuple": ("a", "b"), "a number": 5, "a negative": -1.5,
    "nan": np.nan, "a word": "nonsense", "a Series": FRAME["arm"], "a dict": {"a": 1}, "blank": "",
}  # fmt: skip
#: A value of the data, and what every truth value is good for.
ANYTHING_GOES = {"success", "censored", "cause", "small_sample", "progress", "seed", "workers"}


def ask(name, formula, frame, settings):
    """What an error of ours says, or nothing for an answer; any other error is raised."""
    given = (frame,) if CALLS[name][0] is None else (formula, frame)
    try:
        getattr(models, name)(*given, **settings)
    except (DesignError, FitError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", CALLS)
def test_the_call_itself_is_right(name):
    assert not ask(name, CALLS[name][0], FRAME, CALLS[name][1])


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_no_argument_raises_what_is_not_ours(name, wrong):
    formula, settings = CALLS[name]
    parameters = inspect.signature(getattr(models, name)).parameters.values()
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in ANYTHING_GOES:
            ask(name, formula, FRAME, {**settings, parameter.name: wrong})
    assert ask(name, formula, wrong, settings)
    if formula is not None:
        assert ask(name, wrong, FRAME, settings)
        assert ask(name, FRAME, formula, settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "remll"}, "method must be one of 'ml', 'reml', not 'remll'; did you mean"),
        ({"method": ["reml"]}, "not a list"),
        ({"df": None}, "df must be one of 'normal'"),
        ({"confidence": 95}, "confidence must lie between 0 and 1, not 95"),
        ({"confidence": "0.95"}, "between 0 and 1, not '0.95'"),
        ({"missing": True}, "missing must be one of 'refuse', 'drop', not True"),
        ({"cluster": FRAME["who"]}, "cluster= takes the name of one column, not a Series"),
    ],
)
def test_the_message_names_what_there_is(settings, message):
    assert message in ask("mixed_linear", "score ~ arm", FRAME, {"cluster": "who", **settings})


@pytest.mark.parametrize(
    ("values", "way_out"),
    [
        (ROW.astype(object), "pd.to_numeric"),
        ([Decimal(int(k)) for k in ROW], "pd.to_numeric"),
        (pd.Timestamp("2020-01-01") + pd.to_timedelta(ROW, "D"), "days"),
        (pd.to_timedelta(ROW, "D"), "days"),
        (ROW + 1j, ".real"),
    ],
    ids=["objects", "decimals", "dates", "spans", "complex"],
)
def test_numbers_in_disguise_are_no_factor(values, way_out):
    frame = FRAME.assign(x=pd.Series(values, index=FRAME.index))
    assert way_out in ask("mixed_linear", "score ~ x", frame, {"cluster": "who"})


@pytest.mark.parametrize("name", ["mixed_logistic", "logistic_regression", "modified_poisson"])
def test_a_text_outcome_is_told_how_to_name_its_event(name):
    settings = CALLS[name][1]
    assert "success='F'" in ask(name, "sex ~ arm", FRAME, settings)
    assert not ask(name, "sex ~ arm", FRAME, {**settings, "success": "F"})


def test_a_dotted_name_within_a_function_wants_backticks():
    frame = FRAME.rename(columns={"age": "age.now"})
    assert "`age.now`" in ask("logistic_regression", "event ~ np.log(age.now)", frame, {})
    assert not ask("logistic_regression", "event ~ np.log(`age.now`)", frame, {})
    assert not ask("logistic_regression", "event ~ age.now", frame, {})


def test_a_stratum_without_events_says_nothing_of_gray_s_test():
    frame = FRAME.assign(layer=np.where(ROW < 40, "one", "two"))
    frame.loc[frame["layer"] == "two", "cause"] = 0
    whole = {**CAUSES, "by": "arm", "cause": 1}
    own = models.gray_test(frame[frame["layer"] == "one"], **whole)
    assert models.gray_test(frame, **whole, strata="layer").statistic == pytest.approx(
        own.statistic
    )
