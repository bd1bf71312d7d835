"""The error tree: stages, exit codes and the printed list of faults."""

import pytest

from core_trial import errors
from core_trial.errors import DataError, Fault


def test_each_stage_has_an_exit_code_of_its_own():
    stages = [errors.DataError, errors.DesignError, errors.FitError, errors.VerificationError]
    assert [stage.exit_code for stage in stages] == [3, 4, 5, 6]


def test_a_fault_says_where_what_and_what_is_allowed():
    fault = Fault("participants.csv", 7, "arm", "unknown_category", "Controll", "control", "typo?")
    assert str(fault) == (
        "participants.csv:7 arm [unknown_category] found 'Controll'; allowed: control (typo?)"
    )


def test_a_fault_of_the_whole_file_has_no_line():
    assert str(Fault("participants.csv", 0, "", "missing_file")) == (
        "participants.csv [missing_file]"
    )


@pytest.mark.parametrize(("n", "last"), [(50, "line_50"), (53, "and 3 more")])
def test_long_lists_are_cut_in_print_but_not_in_the_object(n, last):
    error = DataError(Fault("f.csv", i, "x", "bad", found=f"line_{i}") for i in range(1, n + 1))
    assert len(error.faults) == n
    lines = str(error).splitlines()
    assert last in lines[-1]
    assert len(lines) == 51 + (n > 50)


def test_the_largest_group_of_faults_comes_first():
    many = [Fault("z.csv", i, "x", "bad") for i in (1, 2)]
    error = DataError([Fault("a.csv", 1, "y", "other"), *many])
    assert [line.split()[0] for line in str(error).splitlines()[1:]] == [
        "z.csv:1",
        "z.csv:2",
        "a.csv:1",
    ]
