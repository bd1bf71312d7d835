"""Whatever the text of a cell, its parser gives a value that can be written, or says why not."""

from datetime import date

import pytest
from effort import examples
from hypothesis import example, given
from hypothesis import strategies as st

from core_trial.declaration.columns import Category, Integer, Text, YesNo
from core_trial.declaration.dates import Day
from core_trial.declaration.kinds import Kind, Refusal
from core_trial.trials.core.tables import TABLES

KINDS = {repr(c.kind): c.kind for table in TABLES for c in table.columns}
WORDS = [
    "NA",
    "yes",
    "Yes ",
    "1",
    "-9",
    "2014-05-13",
    "13/05/14",
    "=1",
    "'=1",
    "''",
    "１",
    " ",
    "e1",
]
texts = st.one_of(
    st.text(min_size=1), st.sampled_from(WORDS), st.from_regex(r"[-0-9/.:eE+ ]{1,12}")
)


def values(kind: Kind):
    """Every value that a kind may hold."""
    if isinstance(kind, Category):
        return st.sampled_from(list(kind.labels))
    if isinstance(kind, YesNo):
        return st.booleans()
    if isinstance(kind, Integer):
        return st.integers(kind.low, kind.high)
    if isinstance(kind, Day):
        return st.dates(kind.low, kind.high)
    if isinstance(kind, Text):
        return texts.filter(lambda text: not isinstance(kind.parse(text), Refusal)).map(kind.parse)
    return st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True).filter(
        lambda text: text.lower() not in {"na", "nan", "nat", "nil", "null", "none"}
    )


@pytest.mark.parametrize("name", KINDS, ids=lambda name: name[:40])
@examples(60)
@given(data=st.data())
def test_what_a_column_may_hold_is_read_as_it_was_written(name, data):
    kind = KINDS[name]
    value = data.draw(values(kind))
    assert kind.parse(kind.write(value)) == value
    assert kind.holds(value)


@pytest.mark.parametrize("name", KINDS, ids=lambda name: name[:40])
@examples(150)
@example(text="'-")
@example(text="-")
@example(text="''=")
@given(text=texts)
def test_any_text_is_a_value_or_refused(name, text):
    kind = KINDS[name]
    parsed = kind.parse(text)
    if isinstance(parsed, Refusal):
        assert parsed.code
        assert parsed.allowed == kind.allowed
        assert isinstance(kind.nearest(text), str)
    else:
        assert kind.parse(kind.write(parsed)) == parsed
        assert kind.parse(f" {text.strip()}") in (parsed, kind.parse(f" {text}"))


@given(
    st.dates(), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%Y/%m/%d", "%Y%m%d", "%c"])
)
def test_no_date_but_the_iso_one_is_read(day, form):
    kind = Day(date.min, date.max)
    assert isinstance(kind.parse(day.strftime(form)), Refusal)


@given(st.integers(), st.integers(0, 20))
def test_a_number_is_exact_or_refused(number, zeros):
    kind = Integer(0, 10**18)
    parsed = kind.parse(str(number))
    assert parsed == number if 0 <= number <= 10**18 else isinstance(parsed, Refusal)
    if zeros:
        assert isinstance(kind.parse("0" * zeros + str(abs(number))), Refusal)
