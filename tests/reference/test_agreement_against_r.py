"""Every model of every public data set against R (``make_agreement.R``)."""

import pytest
from tests.support.agreement import Case, cases, difference, fitted, frame, sources

#: Of coefficients, in R's standard errors. R's own answers are polished: both sides are at the
#: maximum to eight digits or more.
COEFFICIENT = 1e-6
#: Relative, of standard errors: R's second derivatives are numeric in models with random effects,
#: and crr groups the times of tied events and losses in its own way.
STD_ERROR = 1.5e-5
#: Relative. Kenward-Roger's come from lmer's optimiser.
DF = 5e-6
#: Absolute, either way.
LOGLIK = 1e-7
#: Relative, or in units of the largest variance where one is zero.
VARIANCE = 1e-5
#: The publication promises this many data sets from R's and Python's packages.
FEWEST_DATA_SETS = 40

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_answer_is_rs(case: Case):
    found = difference(case, fitted(case))
    assert found.coefficient < COEFFICIENT
    assert found.std_error < STD_ERROR
    assert found.df is None or found.df < DF
    assert found.loglik is None or abs(found.loglik) < LOGLIK
    assert found.variance is None or found.variance < VARIANCE


def test_every_data_set_has_its_source_and_licence():
    table = sources().set_index("name")
    used = {case.data for case in CASES}
    assert used == set(table.index)
    assert len(used) >= FEWEST_DATA_SETS
    assert table[["package", "version", "licence"]].notna().all(axis=None)
    for name in used:
        assert len(frame(name)) == int(table.loc[name, "rows"])


def test_a_wrong_answer_is_seen():
    """The comparison can fail: another model of the same data is far off in every number."""
    case = next(c for c in CASES if c.model == "mixed_linear" and c.data == "RatPupWeight")
    wrong = Case(
        case.data,
        case.model,
        case.formula,
        {**case.arguments, "method": "ml", "df": "normal"},
        case.answer,
    )
    found = difference(case, fitted(wrong))
    assert found.std_error > STD_ERROR
    assert abs(found.loglik) > LOGLIK
    assert found.variance > VARIANCE
    assert found.df > DF
