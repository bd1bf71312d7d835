"""Every model of every public data set against R (``make_agreement.R``)."""

from pathlib import Path

import pytest
from tests.support.agreement import (
    Case,
    cases,
    difference,
    fitted,
    frame,
    repeated_cases,
    sources,
)

#: Of coefficients, in R's standard errors: both sides are at the maximum; measured 4e-8 and less.
COEFFICIENT = 1e-7
#: Relative, of standard errors: R's second derivatives are numeric; measured 2e-7 and less.
STD_ERROR = 5e-7
#: crr groups the times of tied events and losses in its own way; measured 1e-5.
STD_ERROR_OF_CRR = 1.5e-5
#: Relative: Kenward-Roger's come from lmer's optimiser; measured 1e-7.
DF = 5e-7
#: Absolute, either way: 1e-8 where R's coefficients run to infinity, else 1e-9 and less.
LOGLIK = 5e-8
#: Relative, or in units of the largest variance where one is zero; measured 3e-8.
VARIANCE = 1e-7
#: The publication promises this many data sets from R's and Python's packages.
FEWEST_DATA_SETS = 40

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_answer_is_rs(case: Case):
    found = difference(case, fitted(case))
    assert found.coefficient < COEFFICIENT
    assert found.std_error < (STD_ERROR_OF_CRR if case.model == "fine_gray" else STD_ERROR)
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


def test_the_page_has_every_fit():
    """``make agreement`` was run after R was."""
    page = Path(__file__).parents[2].joinpath("docs", "agreement.md").read_text()
    every = [*CASES, *repeated_cases()]
    assert f" {len(every)} fits" in page
    assert all(case.label.replace("|", "\\|") in page for case in every)
