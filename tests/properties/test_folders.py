"""Valid folders load whatever their spelling; damaged ones are refused or noted, and no more."""

import random

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from trial_folders import as_bytes, small_trial

from core_trial.data.derive import derive
from core_trial.declaration.kinds import Refusal
from core_trial.errors import DataError
from core_trial.pipeline import load
from core_trial.trials.core.tables import TABLES

FEW = examples(40)
FILES = [table.file for table in TABLES]


@st.composite
def spellings(draw):
    """A way to write a file that says the same: order, line ends, byte order mark, quotes."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    quoted = draw(st.booleans())

    def spell(rows):
        body = rng.sample(rows[1:], len(rows) - 1)
        order = rng.sample(range(len(rows[0])), len(rows[0]))
        rows = [[row[place] for place in order] for row in [rows[0], *body]]
        if quoted:
            rows = [[f"{cell} " for cell in rows[0]], *rows[1:]]
        return mark + as_bytes(rows, end)

    return spell


@FEW
@given(seed=st.integers(0, 1000), n=st.integers(4, 30), spell=spellings())
def test_a_valid_folder_loads_and_means_the_same_in_every_spelling(
    tmp_path_factory, seed, n, spell
):
    files = small_trial(seed, n)
    folder = tmp_path_factory.mktemp("trial")
    for name, rows in files.items():
        (folder / name).write_bytes(as_bytes(rows))
    plain = derive(load(folder))
    for name, rows in files.items():
        (folder / name).write_bytes(spell(rows))
    spelt = derive(load(folder))
    assert spelt.participants.equals(plain.participants)
    assert spelt.flow == plain.flow


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """A valid folder, and its rows."""
    files = small_trial(3, 30)
    folder = tmp_path_factory.mktemp("valid")
    for name, rows in files.items():
        (folder / name).write_bytes(as_bytes(rows))
    load(folder)
    return folder, files


@examples(80)
@given(data=st.data())
def test_any_text_in_any_cell_is_refused_where_it_stands_or_is_a_value(trial, data):
    folder, files = trial
    table = data.draw(st.sampled_from(TABLES))
    rows = [list(row) for row in files[table.file]]
    row = data.draw(st.integers(1, len(rows) - 1))
    place = data.draw(st.integers(0, len(table.header) - 1))
    text = data.draw(st.text(min_size=1, max_size=30))
    rows[row][place] = text
    kind = table.columns[place].kind
    before = (folder / table.file).read_bytes()
    (folder / table.file).write_bytes(as_bytes(rows))
    faults, notes = faults_and_notes(folder)
    (folder / table.file).write_bytes(before)
    parsed = kind.parse(text)
    if isinstance(parsed, Refusal):
        # A line break in the text makes lines of its own; the fault is on one of them.
        lines = range(row + 1, row + 2 + text.count("\n"))
        assert any(fault.file == table.file and fault.line in lines for fault in faults)
    elif not faults:
        assert kind.write(parsed) == text or parsed == text or notes


def faults_and_notes(folder):
    """What a load refuses, or else what it notes."""
    try:
        return (), load(folder).report.notes
    except DataError as error:
        return error.faults, ()


#: Damages that no rule forgives, by the code of one of their faults.
DAMAGES = {
    "missing_column": lambda rows, i: [[c for k, c in enumerate(r) if k != i] for r in rows],
    "unknown_column": lambda rows, i: [[*r, "x" if k else "extra"] for k, r in enumerate(rows)],
    "duplicate_column": lambda rows, i: [[*r, r[i]] for r in rows],
    "row_length": lambda rows, i: [*rows, rows[-1][:-1]],
    "blank_line": lambda rows, i: [*rows[:2], [""], *rows[2:]],
    "empty_row": lambda rows, i: [*rows, [""] * len(rows[0])],
    "repeated_header": lambda rows, i: [*rows, rows[0]],
    "total_row": lambda rows, i: [*rows, ["Total", *[""] * (len(rows[0]) - 1)]],
    "duplicate": lambda rows, i: [*rows, rows[1]],
    "header_only": lambda rows, i: rows[:1],
}


@FEW
@given(
    found=st.dictionaries(st.sampled_from(FILES), st.sampled_from(list(DAMAGES)), min_size=1),
    place=st.integers(0, 100),
)
def test_every_damage_of_every_file_is_refused_at_once(trial, tmp_path_factory, found, place):
    _, files = trial
    folder = tmp_path_factory.mktemp("damaged")
    for name, rows in files.items():
        damage = DAMAGES[found[name]] if name in found else lambda rows, i: rows
        (folder / name).write_bytes(as_bytes(damage(rows, place % len(rows[0]))))
    with pytest.raises(DataError) as caught:
        load(folder)
    assert set(found.items()) <= {(fault.file, fault.code) for fault in caught.value.faults}


@FEW
@given(name=st.sampled_from(FILES), content=st.binary(max_size=400))
def test_a_file_of_any_bytes_is_refused(trial, tmp_path_factory, name, content):
    _, files = trial
    folder = tmp_path_factory.mktemp("bytes")
    for other, rows in files.items():
        (folder / other).write_bytes(content if other == name else as_bytes(rows))
    with pytest.raises(DataError) as caught:
        load(folder)
    assert name in {fault.file for fault in caught.value.faults}
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
