"""One edit of a trial's files is refused, noted or harmless; none changes a result in silence.

The bundled files come with their description, so every change of a file is at least noted. Besides,
the rules alone are looked at: a change that no other note mentions must be one valid value of one
column, or one row taken out.
"""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from core_trial.data.analysis_set import AnalysisSet
from core_trial.data.derive import derive
from core_trial.data.export import write
from core_trial.data.trial import TrialData
from core_trial.errors import DataError
from core_trial.pipeline import load
from core_trial.trials.core.tables import TABLES

BUNDLED = Path(__file__).parents[2] / "data" / "synthetic"
EDITS = 500
FILES = [table.file for table in TABLES]
GARBAGE = (
    *("", " ", "NA", "-9", "99", "999", "1", "0", "yes", "No", "TRUE", "#REF!", "=1+1", "x", "é"),
    *(
        "2014-01-01",
        "31/12/2014",
        "2014-02-30",
        "41772",
        "3,5",
        "1e3",
        "nan",
        "control",
        "Controll",
    ),
    *('"', "A", "a", "W1", "\t", "\x00", "month_4", "baseline ", "999999999999999999999"),
)


@dataclass(frozen=True)
class Original:
    folder: Path
    trial: TrialData
    analysis: AnalysisSet


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    write(load(BUNDLED), folder)
    trial = load(folder)
    return Original(folder, trial, derive(trial))


def edited_cell(rng, lines):
    """Another text in one cell: of the same column, of another one, or garbage."""
    row = rng.randrange(1, len(lines))
    cells = lines[row].split(",")
    place = rng.randrange(len(cells))
    other = lines[rng.randrange(1, len(lines))].split(",")
    cells[place] = rng.choice([other[min(place, len(other) - 1)], rng.choice(other), *GARBAGE])
    return [*lines[:row], ",".join(cells), *lines[row + 1 :]]


def edited_row(rng, lines):
    """One row taken out, doubled, moved, shortened, lengthened, blanked, or a header again."""
    row = rng.randrange(1, len(lines))
    rest = [*lines[:row], *lines[row + 1 :]]
    text = lines[row]
    put = rng.randrange(1, len(lines))
    changes = {
        "out": rest,
        "double": [*lines, text],
        "move": [*rest[:put], text, *rest[put:]],
        "short": [*lines[:row], text.rpartition(",")[0], *lines[row + 1 :]],
        "long": [*lines[:row], text + ",1", *lines[row + 1 :]],
        "blank": [*lines[:row], "", *lines[row:]],
        "commas": [*lines, "," * text.count(",")],
        "header": [*lines[:row], lines[0], *lines[row:]],
        "total": [*lines, "Total" + "," * lines[0].count(",")],
    }
    return changes[rng.choice(list(changes))]


def edited_header(rng, lines):
    """One name changed, doubled, swapped with another, put in capitals or given spaces."""
    names = lines[0].split(",")
    place, other = rng.randrange(len(names)), rng.randrange(len(names))
    name = names[place]
    change = rng.choice(["x", name.upper(), f" {name}", names[other], "", f"{name}s", "surname"])
    swap = rng.random() < 0.2
    names[place] = names[other] if swap else change
    names[other] = name if swap else names[other]
    return [",".join(names), *lines[1:]]


def edited_byte(rng, data):
    """One byte replaced, put in or taken out."""
    place = rng.randrange(len(data))
    byte = bytes([rng.choice([rng.randrange(256), *b'0123456789,"\n\r -'])])
    ways = [data[:place] + byte + data[place + 1 :], data[:place] + byte + data[place:]]
    return rng.choice([*ways, data[:place] + data[place + 1 :]])


def edit(rng, data):
    """One random edit of a file; what kind it is, and the bytes."""
    kind = rng.choice(["cell", "row", "header", "byte"])
    if kind == "byte":
        return kind, edited_byte(rng, data)
    lines = data.decode("utf-8").split("\n")[:-1]
    change = {"cell": edited_cell, "row": edited_row, "header": edited_header}[kind]
    return kind, "".join(line + "\n" for line in change(rng, lines)).encode("utf-8")


def outcome(folder, original):
    """What came of an edit: refused, noted, harmless, one valid value, one row out, or silent."""
    before = sorted((p.name, p.stat().st_mtime_ns) for p in folder.iterdir())
    try:
        trial = load(folder, accept_changed=True)
    except DataError:
        return "refused"
    finally:
        assert sorted((p.name, p.stat().st_mtime_ns) for p in folder.iterdir()) == before
    assert "not_as_described" in {note.code for note in trial.report.notes}
    rest = [note for note in trial.report.notes if note.code != "not_as_described"]
    if rest != list(original.trial.report.notes):
        return "noted"
    came = change(trial, original)
    if came == "harmless":
        analysis = derive(trial)
        assert analysis.participants.equals(original.analysis.participants)
        assert analysis.flow == original.analysis.flow
    return came


def ordered(trial):
    """The frames, their rows in the order of their keys."""
    frames = dict(trial.frames())
    return {t.name: frames[t.name].sort_values(list(t.key), ignore_index=True) for t in TABLES}


def change(trial, original):
    """How the frames differ but for the order of rows."""
    now, then = ordered(trial), ordered(original.trial)
    differing = [name for name in now if not now[name].equals(then[name])]
    if not differing:
        return "harmless"
    if len(differing) > 1:
        return "silent"
    frame, old = now[differing[0]], then[differing[0]]
    if len(frame) == len(old) - 1:
        merged = old.merge(frame, how="left", indicator=True)
        return "one row out" if (merged["_merge"] == "left_only").sum() == 1 else "silent"
    frame, old = getattr(trial, differing[0]), getattr(original.trial, differing[0])
    if len(frame) != len(old):
        return "silent"
    cells = (frame.astype(object) != old.astype(object)) & ~(frame.isna() & old.isna())
    return "one valid value" if cells.to_numpy().sum() == 1 else "silent"


def test_every_single_edit_is_refused_noted_or_harmless_by_rule(original, tmp_path):
    rng = random.Random(2018)
    folder = shutil.copytree(original.folder, tmp_path / "edited")
    seen = {}
    for number in range(EDITS):
        name = rng.choice(FILES)
        data = (original.folder / name).read_bytes()
        kind, changed = edit(rng, data)
        if changed != data:
            (folder / name).write_bytes(changed)
            came = outcome(folder, original)
            assert came != "silent", f"edit {number} of {name} ({kind})"
            seen.setdefault(came, set()).add(kind)
            (folder / name).write_bytes(data)
    assert {"refused", "noted", "harmless", "one valid value", "one row out"} == set(seen)
    assert seen["refused"] == {"cell", "row", "header", "byte"}
    assert "header" not in seen["one valid value"] | seen["one row out"]


def test_the_judge_of_silence_is_not_blind(original):
    """Two changed cells, or a changed and a lost one, would be called silent."""
    two = original.trial.service_use.copy()
    two.loc[:1, "cmht_contacts_12m"] = [700, 701]
    assert change(original.trial.with_frames(service_use=two), original) == "silent"
    one = original.trial.service_use.copy()
    one.loc[0, "cmht_contacts_12m"] = pd.NA
    changed = original.trial.with_frames(service_use=one)
    assert change(changed, original) == "one valid value"
