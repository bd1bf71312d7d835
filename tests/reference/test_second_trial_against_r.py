"""A second trial of CORE's files, from CSV to print, against R: workers differ in every outcome.

``make_second_trial.py`` made the folder, ``witness.R`` read it. The bundled trial's primary row has
no variance between workers; here every row has one, and quadrature, profile likelihood and their
standard errors are at work in each.
"""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from witness import DATA, witnessed

import core_trial as ct
from core_trial.results import Key

WITNESSED = witnessed("second_trial.witness.csv")
ESTIMATED = sorted(k.analysis for k in WITNESSED if k.statistic == "estimate" and not k.level)
CLUSTERED = sorted(k.analysis for k in WITNESSED if k.statistic == "sd_worker" and not k.level)
#: Estimates and errors relative to a standard error, p-values relative: lme4 stops its search about
#: so near to the maximum, and takes the error from differences.
OF_A_STANDARD_ERROR = 2e-5
RELATIVE_P = 2e-4


@pytest.fixture(scope="module")
def second():
    return ct.reproduce(ct.load(DATA / "second_trial"))


def found(analysis, statistic):
    return WITNESSED[Key(analysis, statistic)]


@pytest.mark.parametrize("analysis", CLUSTERED)
def test_workers_differ_as_much_as_r_finds(analysis, second):
    variance = second.results.estimate(analysis).variance["cluster"]
    assert variance > 0
    assert variance**0.5 == pytest.approx(found(analysis, "sd_worker"), rel=1e-4)


@pytest.mark.parametrize("analysis", ESTIMATED)
def test_the_estimate_and_its_error_are_r_s(analysis, second):
    ours, error = second.results.estimate(analysis), found(analysis, "std_error")
    coefficient = ours.statistic * ours.std_error
    near = OF_A_STANDARD_ERROR * error
    assert coefficient == pytest.approx(found(analysis, "coefficient"), abs=near)
    assert ours.std_error == pytest.approx(error, abs=near)
    assert ours.p_value == pytest.approx(found(analysis, "p_value"), rel=RELATIVE_P)


def spelt(value, decimals=2):
    """A number of R's in the paper's digits; zero has no sign."""
    exact = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return str(exact or abs(exact)).replace("-", "–").replace(".", "·")


def test_table_2_prints_what_r_finds(second):
    shown = second.table2.to_markdown()
    for analysis in ESTIMATED:
        if analysis == "readmission_days":  # of the text, not of the table
            continue
        estimate, low, high = (spelt(found(analysis, s)) for s in ("estimate", "low", "high"))
        assert f" {estimate} ({low} to {high})" in shown, analysis
        p = found(analysis, "p_value")
        assert f"| {spelt(p, 4)} |" in shown or p < 1e-4, analysis
    for arm in ("intervention", "control"):
        n, N = (int(WITNESSED[Key("readmission", s, arm)]) for s in ("n", "N"))
        assert f"{n}/{N} (" in shown
