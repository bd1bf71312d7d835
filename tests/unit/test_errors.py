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
    faults = [Fault("f.csv", i, f"x{i:02d}", "bad", found=f"line_{i}") for i in range(1, n + 1)]
    error = DataError(faults)
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


@pytest.mark.parametrize(("n", "lines"), [(3, 3), (4, 1)])
def test_many_faults_of_one_column_are_one_line_with_a_count(n, lines):
    error = DataError(Fault("f.csv", i + 2, "x", "bad", found=str(i)) for i in range(n))
    assert len(str(error).splitlines()) == 1 + lines


def test_thousands_of_codes_in_several_columns_are_one_cause_with_the_way_out():
    faults = [
        Fault("p.csv", line, column, "not_yes_or_no", found=str(1 + line % 2), allowed="yes, no")
        for column in ("a", "b", "c", "d")
        for line in range(2, 602)
    ]
    text = str(DataError(faults))
    assert text.splitlines()[0] == "2,400 faults in the input"
    assert len(text.splitlines()) == 2
    assert "a, b, c and 1 more" in text
    assert "2,400 cells: '1', '2'" in text
    assert "ColumnMap(values=...)" in text


def test_words_that_are_wrong_are_not_taken_for_codes():
    faults = [Fault("p.csv", n, "a", "unknown_category", "x") for n in range(2, 9)]
    assert "ColumnMap" not in str(DataError(faults))
