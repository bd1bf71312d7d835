"""The bundled trial's report made twice, and thirty faults planted in the first programme."""

from pathlib import Path

import pytest
from planted import FAULTS

import core_trial as ct
from core_trial.data.derive import derive
from core_trial.data.frame import checked
from core_trial.results import Results
from core_trial.witness.again import again
from core_trial.witness.effects import Fitter
from core_trial.witness.log import compare, log, numbers
from core_trial.witness.plan import asked
from core_trial.witness.reading import read

pytest.importorskip("lifelines")  # which holds pandas below 3


@pytest.fixture(scope="module")
def second():
    """Every number by the second programme."""
    return again(read(ct.CORE, Path(ct.bundled())))


@pytest.fixture(scope="module")
def analysis_set(bundled_trial):
    return checked(derive(bundled_trial))


def test_every_number_of_the_report_is_made_twice_and_agrees(study, second):
    lines = log(study.results, second)
    unexplained = [line for line in lines if line.status == "unexplained"]
    assert unexplained == []
    # A limit may lie at the edge of a printed digit; no outcome's own number does.
    edge = [line for line in lines if not line.as_printed and line.status == "equal"]
    assert {line.analysis.partition(".")[0] for line in edge} <= {"missingness"}
    assert len(edge) < 20
    assert sum(line.status == "equal" for line in lines) > 12_000
    assert {line.reason.partition(" (")[0] for line in lines if line.status == "once"} == {
        "each cluster is left out by the same code; a sample of them is left out again",
        "it is about what the paper printed, and not about the participants",
    }


def test_planted_faults_are_found_and_the_record_is_named(study, second, analysis_set):
    """Twenty-eight of thirty; the two that nothing can find are said in the documentation."""
    whole = numbers(study.results)
    found = {fault.name: _found(fault, whole, second, analysis_set) for fault in FAULTS}
    assert len(found) == 30
    assert found == {fault.name: fault.found for fault in FAULTS}


def _found(fault, whole, second, analysis_set):
    """Whether the log, of all records with those of a part exchanged, names the analysis."""
    right = numbers(Results(tuple(fault.right(analysis_set))))
    assert all(key in whole for key in right), fault.name
    with pytest.MonkeyPatch.context() as patch:
        wrong = numbers(Results(tuple(fault.wrong(analysis_set, patch))))
    rest = {key: value for key, value in whole.items() if key not in right}
    if fault.declared is not None:
        declared = fault.declared(ct.CORE)
        fitter = Fitter(read(declared, Path(ct.bundled())))
        model = asked(fitter.people, declared.outcome(fault.analysis))
        second = {**second, **fitter.effect(fault.analysis, "", model)}
    lines = compare(rest | wrong, second)
    named = {line.analysis for line in lines if line.status == "unexplained"}
    return any(name.startswith(fault.analysis) for name in named)
