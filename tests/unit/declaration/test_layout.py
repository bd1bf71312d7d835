"""Tables that a trial adds, and the sums that it says everybody knows."""

from core_trial.declaration.layout import FurtherTable, Layout, Line
from core_trial.results import Key

A, B, C = Line("A", "a"), Line("B", "b"), Line("C", "c", alone=True)


def test_lines_stand_under_the_heading_before_them():
    table = FurtherTable(name="t", title="T", section="S", lines=(A, "One", B, C, "Nobody", "Two"))
    assert list(table.groups) == [("", (A,)), ("One", (B, C))]


def test_a_layout_knows_the_analyses_that_its_tables_show():
    table = FurtherTable(name="t", title="T", section="S", lines=("One", A, B))
    assert Layout(tables=(table,)).analyses == {"a", "b"}


def test_a_sum_without_an_arm_holds_in_each_arm_and_in_all():
    whole, parts = Key("x", "N"), (Key("x", "n"), Key("y", "n", "", "none"))
    found = list(Layout(sums=((whole, parts),)).totals)
    assert [total.arm for total, _ in found] == ["", "intervention", "control"]
    assert found[1][1] == (Key("x", "n", "intervention"), Key("y", "n", "intervention", "none"))


def test_a_sum_of_one_arm_holds_there():
    only = (Key("x", "N", "control"), (Key("x", "n", "control"),))
    assert list(Layout(sums=(only,)).totals) == [only]
