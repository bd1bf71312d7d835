"""R, given the same files, finds the same trial: to the printed digit, and far beyond.

``witness.R`` derives every variable anew and fits every model with R's own means. Its raw output
stands in ``data/witness.csv``; what is compared here is that, the paper, and this library.
"""

import pytest
from core_paper import load
from witness import lines_of, witnessed

from core_trial.results import Key
from core_trial.trials.core.words import INSTRUMENTS, Visit

RAW = "witness.csv"
#: Relative agreement of estimates and limits with R: lme4's own tolerance is the limit, times the
#: distance from no effect, which can be small against the standard error.
RELATIVE = 2e-6
#: Absolute, in standard errors, for effects near zero.
OF_A_STANDARD_ERROR = 2e-5
SCORES = {f"{i.outcome}_{v}" for i in INSTRUMENTS for v in (Visit.MONTH_4, Visit.MONTH_18)}
MODELLED = SCORES | {
    *("readmission", "time_to_readmission", "acute_days", "readmission_days", "cmht_contacts")
}


WITNESSED = witnessed(RAW)
PRINTED = [e for e in load() if e.key in WITNESSED]
#: The workers' standard deviation is no record of its own; it has a test of its own.
COMPARED = [key for key in WITNESSED if key.statistic != "sd_worker"]


def name_of(key):
    return f"{key.analysis}-{key.level or 'main'}-{key.statistic}-{key.arm or 'trial'}"


def test_the_witness_speaks_to_every_row_of_table_2_and_names_its_versions():
    assert {key.analysis for key in WITNESSED if key.statistic == "estimate"} == MODELLED
    told = {key for key in WITNESSED if key.statistic != "percent"}
    table2 = load().find(place="table2")
    assert {e.key for e in table2 if e.key.statistic != "percent"} <= told
    assert {"# lme4", "# survival", "# pscl"} <= {line.rsplit(" ", 2)[0] for line in lines_of(RAW)}


@pytest.mark.parametrize("entry", PRINTED, ids=lambda entry: entry.id)
def test_r_finds_the_printed_digits(entry):
    assert entry.window.contains(WITNESSED[entry.key]) == (not entry.reason)


@pytest.mark.parametrize("key", COMPARED, ids=name_of)
def test_the_library_finds_what_r_finds(key, study):
    ours = study.results.estimate(key.analysis, key.level) if not key.arm else None
    if key.statistic == "std_error":
        found, scale = ours.std_error, ours.std_error
    elif key.statistic == "coefficient":
        found, scale = ours.statistic * ours.std_error, ours.std_error
    else:
        found = study.results.value(key.analysis, key.statistic, key.arm, key.level)
        scale = ours.std_error if ours else 0.0
    near = {"rel": RELATIVE, "abs": OF_A_STANDARD_ERROR * scale}
    if key.statistic == "p_value":
        near = {"rel": 5e-5}
    assert found == pytest.approx(WITNESSED[key], **near)


@pytest.mark.parametrize("analysis", sorted(SCORES | {"readmission", "cmht_contacts"}))
def test_the_workers_standard_deviation_is_r_s(analysis, study):
    mine = study.results.estimate(analysis).variance["cluster"] ** 0.5
    assert mine == pytest.approx(WITNESSED[Key(analysis, "sd_worker")], rel=1e-3, abs=1e-4)
