"""A declaration as text: equal for equal declarations, and another for every change."""

import json
import math
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest

import core_trial as ct
from core_trial.declaration.serial import canonical, digest, plain
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError

ARM = ct.Arm("arm", control="usual", intervention="new")


def trial(**more):
    told = {"title": "A trial", "participant": "id", "arm": ARM, "outcomes": (ct.Score("hope"),)}
    return ct.Trial(**(told | more))


def scored(frame):
    return helper(frame)


def helper(frame):
    return frame


def test_equal_declarations_have_equal_text():
    assert canonical(trial()) == canonical(trial())
    assert canonical(trial(strata=[])) == canonical(trial(strata=()))


def test_another_process_writes_the_same_text():
    """No address, no order of a set and no path of this machine is in it."""
    code = (
        "import core_trial as ct; from core_trial.declaration.serial import canonical, digest; "
        "print(digest(canonical(ct.CORE)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    text = canonical(ct.CORE)
    assert run.stdout.strip() == digest(text)
    assert str(Path.home()) not in text
    assert " at 0x" not in text


def test_the_text_is_json_and_gives_the_same_values_back():
    assert json.loads(canonical(ct.CORE)) == plain(ct.CORE)


CHANGES = {
    "title": "Another",
    "participant": "record",
    "arm": ct.Arm("arm", control="usual", intervention="newer"),
    "outcomes": (ct.Score("hope", adjust=("age",)),),
    "cluster": ct.Cluster("worker"),
    "strata": ("site",),
    "baseline": ("age",),
    "name": "SHORT",
    "compliers": ct.Compliers("received"),
    "missingness": ("age",),
    "planned_adjustments": ("age",),
    "columns": ct.ColumnMap(names={"id": "record"}),
    "confidence": 0.9,
    "registry": "published.csv",
    "masked": ct.Masked(order="entered"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_changes_the_text(name):
    assert canonical(trial(**{name: CHANGES[name]})) != canonical(trial())


def test_every_field_of_a_trial_enters_the_text():
    """A field that a later version adds is declared in the text, or left at its default."""
    full = plain(ct.CORE)
    declared = {f.name for f in fields(Trial) if getattr(ct.CORE, f.name) != _default(f)}
    assert declared <= full.keys()


def _default(field):
    try:
        return field.default_factory()
    except TypeError:
        return field.default


def test_what_is_left_at_its_default_is_not_in_the_text():
    assert plain(ct.Score("hope")) == {"is": "Score", "column": "hope"}


def test_the_order_of_levels_stays_for_the_first_is_the_reference():
    women_first = ct.Categories("sex", levels={"f": "F", "m": "M"})
    men_first = ct.Categories("sex", levels={"m": "M", "f": "F"})
    assert canonical(women_first) != canonical(men_first)


def test_a_number_and_its_text_are_two_levels():
    assert plain({1: "a"}) != plain({"1": "a"})


def test_a_set_has_one_order():
    assert plain(frozenset({"b", "a", "c"})) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("value", "said"),
    [(date(2026, 1, 2), "2026-01-02"), (Path("/x/y.csv"), "y.csv"), (None, None), (0.5, 0.5)],
)
def test_small_values(value, said):
    assert plain(value) == said


def test_a_function_is_its_name_and_its_source():
    told = plain(scored)
    assert told["function"].endswith("scored")
    assert len(told["source"]) == 64
    assert plain(scored) == told != plain(helper)


def test_a_function_that_a_function_of_its_module_calls_is_in_its_hash(monkeypatch):
    before = plain(scored)["source"]

    def helper(frame):
        return frame + 1

    helper.__module__ = scored.__module__
    monkeypatch.setitem(scored.__globals__, "helper", helper)
    assert plain(scored)["source"] != before


def test_a_function_without_source_is_told_by_what_it_was_compiled_to():
    made = {}
    for k in (1, 2):
        exec(f"def f(x):\n    return [x + {k} for x in x]", made)
        made[k] = plain(made["f"])["source"]
        exec(f"def f(x):\n    return [x + {k} for x in x]", made)
        assert plain(made["f"])["source"] == made[k]
    assert made[1] != made[2]


def test_methods_partials_types_and_builtins_have_text_too():
    assert plain(partial(helper, 1, k=2))["with"] == [1]
    assert plain(max) == {"function": "builtins.max"}
    assert plain(ct.Score)["function"].endswith("Score")
    assert plain(Bound().method)["of"] == {"is": "Bound"}


@dataclass(frozen=True)
class Bound:
    def method(self):
        return self


def test_what_has_no_text_is_refused():
    with pytest.raises(DesignError, match="a object in the declaration cannot be locked"):
        plain({"a": object()})


def test_a_read_only_mapping_is_a_mapping():
    assert plain(MappingProxyType({"a": 1})) == {"a": 1}
    assert math.isinf(plain(math.inf))
    assert replace(trial()) == trial()
