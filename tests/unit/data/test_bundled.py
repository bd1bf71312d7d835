"""The bundled trial comes through untouched, quickly, and the same in every spelling."""

import random
from pathlib import Path

import pytest

from core_trial.data.derive import derive
from core_trial.data.export import write
from core_trial.pipeline import load
from core_trial.trials.core.tables import TABLES

BUNDLED = Path(__file__).parents[3] / "data" / "synthetic"


@pytest.fixture(scope="module")
def trial():
    return load(BUNDLED)


@pytest.fixture(scope="module")
def analysis(trial):
    return derive(trial)


def test_it_is_as_described(trial):
    codes = {note.code for note in trial.report.notes}
    assert codes.isdisjoint({"not_as_described", "description_unreadable", "normalised"})


def test_writing_it_gives_the_same_bytes(trial, tmp_path):
    write(trial, tmp_path)
    for name in [*(table.file for table in TABLES), "datapackage.json"]:
        assert (tmp_path / name).read_bytes() == (BUNDLED / name).read_bytes(), name


def shuffled(data):
    header, *rows = data.splitlines(keepends=True)
    random.Random(1).shuffle(rows)
    return header + b"".join(rows)


@pytest.mark.parametrize(
    "spell",
    [shuffled, lambda data: data.replace(b"\n", b"\r\n"), lambda data: b"\xef\xbb\xbf" + data],
    ids=["shuffled", "crlf", "byte_order_mark"],
)
def test_another_spelling_gives_the_same_results_bit_for_bit(analysis, tmp_path, spell):
    for table in TABLES:
        (tmp_path / table.file).write_bytes(spell((BUNDLED / table.file).read_bytes()))
    spelt = derive(load(tmp_path))
    assert spelt.participants.equals(analysis.participants)
    assert list(spelt.participants.dtypes) == list(analysis.participants.dtypes)
    assert spelt.flow == analysis.flow


def test_no_days_in_acute_care_is_the_same_as_not_readmitted(analysis):
    known = analysis.participants.dropna(subset="readmitted")
    assert ((known["readmission_days"] == 0) == (known["readmitted"] == 0)).all()
    assert (known["acute_days"] <= known["index_days"] + known["readmission_days"]).all()
    assert (known["days_to_readmission"].between(1, 365)).all()


@pytest.mark.filterwarnings("ignore")
def test_frictionless_accepts_it():
    import frictionless

    report = frictionless.validate(str(BUNDLED / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
