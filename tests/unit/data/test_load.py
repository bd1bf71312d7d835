"""Loading a folder: what comes through untouched, and what is said of it."""

import json

import pandas as pd
import pytest
from trial_folders import as_bytes, put, small_trial, write_files

from core_trial.data import export
from core_trial.data.derive import derive
from core_trial.data.export import write
from core_trial.data.load import conform
from core_trial.data.reports import faults_csv, load_report_json
from core_trial.declaration.files import ColumnMap
from core_trial.errors import DataError, DesignError, Fault, OutputError
from core_trial.pipeline import load
from core_trial.trials.core.files import FILES
from core_trial.trials.core.tables import TABLES


@pytest.fixture
def files():
    return small_trial()


@pytest.fixture
def folder(tmp_path, files):
    return write_files(tmp_path, files)


def notes(trial):
    return {(note.file, note.column, note.code): note.count for note in trial.report.notes}


def test_a_valid_folder_loads_with_every_row_and_nothing_to_note(folder, files):
    trial = load(folder)
    assert dict(trial.report.rows) == {name: len(rows) - 1 for name, rows in files.items()}
    assert notes(trial) == {}
    assert set(trial.hashes) == set(files)


def test_the_frames_are_typed_as_declared(folder):
    people = load(folder).participants
    assert people["participant_id"].dtype == "str"
    assert people["age"].dtype == "Int16"
    assert people["psychosis"].dtype == "boolean"
    assert people["randomised_on"].dtype == "datetime64[s]"
    assert list(people["arm"].cat.categories) == ["control", "intervention"]
    assert list(people["centre"].cat.categories) == list("ABCDEF")


def test_cells_come_through_as_they_are(folder, files):
    trial = load(folder)
    header, *rows = files["participants.csv"]
    ages = [row[header.index("age")] for row in rows]
    assert ["" if pd.isna(a) else str(a) for a in trial.participants["age"]] == ages
    assert trial.participants["sex"].isna().sum() == sum(r[header.index("sex")] == "" for r in rows)
    assert trial.screening.loc[2, "reason"] == "too unwell, says the team"


def test_missing_values_are_told_apart_by_design_and_otherwise(folder, files):
    missing = {(m.file, m.column): m for m in load(folder).report.missing}
    month_18 = missing["questionnaires.csv", "visit month_18"]
    assert (month_18.expected, month_18.by_design) == (24, 4)
    held = sum(row[1] == "month_18" for row in files["questionnaires.csv"])
    assert month_18.otherwise == 24 - 4 - held
    pilot = {r[0] for r in files["participants.csv"] if r[5] == "yes"}
    interviews = [r for r in files["questionnaires.csv"] if r[0] in pilot]
    place = files["questionnaires.csv"][0].index("uls_3")
    assert missing["questionnaires.csv", "uls_3"].by_design == len(interviews)
    others = [r for r in files["questionnaires.csv"] if r[0] not in pilot]
    assert missing["questionnaires.csv", "uls_3"].otherwise == sum(r[place] == "" for r in others)
    assert missing["participants.csv", "psw_id"].by_design == 12
    assert missing["participants.csv", "psw_id"].otherwise == 0


def test_the_report_and_the_faults_are_written_as_files_hold_them(folder):
    body = json.loads(load_report_json(load(folder).report))
    assert body["rows"]["participants.csv"] == 24
    assert body["missing"][0]["column"] == "visit baseline"
    text = faults_csv([Fault("f.csv", 2, "x", "bad", '=HYPERLINK("x")', "a, b")])
    assert text.splitlines()[1] == 'f.csv,2,x,bad,"\'=HYPERLINK(""x"")","a, b",'


def test_writing_gives_the_same_bytes_again(tmp_path, folder):
    trial = load(folder)
    write(trial, tmp_path / "once")
    write(load(tmp_path / "once"), tmp_path / "twice")
    for table in TABLES:
        given = (folder / table.file).read_bytes()
        assert (tmp_path / "once" / table.file).read_bytes() == given
        assert (tmp_path / "twice" / table.file).read_bytes() == given
    once, twice = (tmp_path / name / "datapackage.json" for name in ("once", "twice"))
    assert once.read_bytes() == twice.read_bytes()


def test_text_that_a_spreadsheet_would_run_is_written_so_that_it_does_not(tmp_path, files):
    put(files, "screening.csv", 2, "reason", "-1 visit")
    trial = load(write_files(tmp_path, files))
    assert trial.screening.loc[1, "reason"] == "-1 visit"
    assert notes(trial) == {}
    write(trial, tmp_path / "out")
    assert b"not_eligible,'-1 visit,30" in (tmp_path / "out" / "screening.csv").read_bytes()
    again = load(tmp_path / "out")
    assert again.screening.loc[1, "reason"] == "-1 visit"
    assert notes(again) == {}


def same_results(one, other):
    pd.testing.assert_frame_equal(one.participants, other.participants, check_exact=True)
    assert one.flow == other.flow


def shuffled(rows):
    return [rows[0], *rows[:0:-1]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda rows: b"\xef\xbb\xbf" + as_bytes(rows), "byte_order_mark"),
        (lambda rows: as_bytes(rows, "\r\n"), "carriage_returns"),
        (lambda rows: as_bytes(rows)[:-1], "no_final_newline"),
        (lambda rows: as_bytes(rows) + b"\n\n", "blank_lines_at_end"),
        (lambda rows: as_bytes([r[::-1] for r in rows]), "column_order"),
        (lambda rows: as_bytes(shuffled(rows)), None),
        (lambda rows: as_bytes(rows).replace(b"yes,", b'"yes",'), None),
    ],
)
def test_other_spellings_of_the_same_files_give_the_same_results(tmp_path, files, change, code):
    plain = derive(load(write_files(tmp_path, files)))
    for name, rows in files.items():
        (tmp_path / name).write_bytes(change(rows))
    trial = load(tmp_path, accept_changed=True)
    same_results(derive(trial), plain)
    assert {note.code for note in trial.report.notes} == ({code} if code else set())


def test_files_are_held_against_their_description(tmp_path, files):
    write(load(write_files(tmp_path, files)), tmp_path / "out")
    assert notes(load(tmp_path / "out")) == {}
    path = tmp_path / "out" / "sessions.csv"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(DataError, match="accept_changed=True") as caught:
        load(tmp_path / "out")
    assert [(f.file, f.code) for f in caught.value.faults] == [("sessions.csv", "not_as_described")]
    accepted = load(tmp_path / "out", accept_changed=True)
    assert notes(accepted) == {("sessions.csv", "", "not_as_described"): 1}


def test_a_file_that_may_be_cut_off_is_refused_unless_accepted(folder):
    path = folder / "service_use.csv"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DataError) as caught:
        load(folder)
    assert [(f.file, f.code) for f in caught.value.faults] == [
        ("service_use.csv", "no_final_newline")
    ]


def test_columns_and_values_may_be_spelt_otherwise_and_missing_may_have_codes(tmp_path, files):
    plain = load(write_files(tmp_path, files))
    header, *rows = files["participants.csv"]
    at = {name: header.index(name) for name in ("participant_id", "psychosis", "age")}
    header[at["participant_id"]] = "Record ID"
    for row in rows:
        row[at["psychosis"]] = {"yes": "1", "no": "0.0"}[row[at["psychosis"]]]
        row[at["age"]] = row[at["age"]] or "-9"
    write_files(tmp_path, files)
    mapping = ColumnMap(
        names={"participant_id": "record id"},
        values={"psychosis": {1: "yes", 0: "no"}},
        missing={"age": (-9,)},
    )
    with pytest.raises(DataError):
        load(tmp_path)
    pd.testing.assert_frame_equal(load(tmp_path, columns=mapping).participants, plain.participants)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"resources": [1]}', '{"resources": 3}', "[" * 9999]
)
def test_a_description_that_is_none_is_noted(folder, text):
    (folder / "datapackage.json").write_text(text)
    found = notes(load(folder))
    assert found == {("datapackage.json", "", "description_unreadable"): 1}


def test_other_csv_files_are_noted(folder):
    (folder / "participants (1).csv").write_text("x")
    assert notes(load(folder)) == {("participants (1).csv", "", "file_not_read"): 1}


def test_undeclared_columns_may_be_allowed_by_name_and_are_not_read(tmp_path, files):
    files["participants.csv"] = [[*row, str(i)] for i, row in enumerate(files["participants.csv"])]
    files["participants.csv"][0][-1] = "Surname"
    with pytest.raises(DataError) as caught:
        load(write_files(tmp_path, files))
    assert [f.code for f in caught.value.faults] == ["personal_data"]
    trial = load(tmp_path, allow_columns=["surname"])
    assert notes(trial) == {("participants.csv", "surname", "column_not_read"): 1}
    assert "surname" not in trial.participants.columns.str.lower()


def test_what_this_program_did_not_write_is_never_replaced(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(OutputError, match=r"participants\.csv"):
        write(load(folder), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_it_wrote_is_replaced_unless_somebody_has_edited_it(tmp_path, folder):
    trial = load(folder)
    write(trial, tmp_path / "mine")
    write(trial, tmp_path / "mine")
    edited = tmp_path / "mine" / "sessions.csv"
    edited.write_bytes(edited.read_bytes() + b"\n")
    with pytest.raises(OutputError, match=r"sessions\.csv, which this program did not write"):
        write(trial, tmp_path / "mine")


def test_writing_that_fails_leaves_what_was_there(folder, monkeypatch):
    trial = load(folder)
    mine = folder / "mine"
    write(trial, mine)
    before = {path.name: path.read_bytes() for path in mine.iterdir()}

    def fails(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "data_package", fails)
    with pytest.raises(KeyboardInterrupt):
        write(trial, mine)
    assert {path.name: path.read_bytes() for path in mine.iterdir()} == before


def test_a_record_of_nobody_is_not_counted_as_somebodys(folder):
    trial = load(folder)
    stranger = trial.sessions.head(1).assign(participant_id="P999")
    with pytest.raises(DataError) as caught:
        derive(trial.with_frames(sessions=stranger))
    assert {(f.file, f.code) for f in caught.value.faults} == {
        ("sessions.csv", "not_a_participant")
    }


@pytest.mark.parametrize("text", ["", "#N/A"])
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_whole_column_of_blanks_or_garbage_is_refused_or_noted(tmp_path, files, table, text):
    write_files(tmp_path, files)
    for name in [name for name in table.header if not name.endswith(tuple("123456789"))]:
        rows = [list(row) for row in files[table.file]]
        for row in rows[1:]:
            row[table.header.index(name)] = text
        (tmp_path / table.file).write_bytes(as_bytes(rows))
        try:
            found = load(tmp_path).report.notes
        except DataError as error:
            found = error.faults
        assert (table.file, name) in {(item.file, item.column) for item in found}


def test_the_order_of_a_frames_categories_changes_no_meaning(folder):
    trial = load(folder)
    turned = trial.participants.assign(
        arm=trial.participants["arm"].cat.reorder_categories(["intervention", "control"])
    )
    found = derive(trial.with_frames(participants=turned)).participants["arm"]
    pd.testing.assert_series_equal(found, derive(trial).participants["arm"])


def test_a_visit_spelt_in_capitals_is_the_same_visit(folder):
    trial = load(folder)
    loud = trial.questionnaires.assign(visit=trial.questionnaires["visit"].astype(str).str.upper())
    again = derive(trial.with_frames(questionnaires=loud)).participants
    pd.testing.assert_frame_equal(again, derive(trial).participants)


def test_a_frame_of_a_name_that_the_trial_has_not_is_refused(folder):
    with pytest.raises(DesignError, match="no file sesions; the trial has participants"):
        load(folder).with_frames(sesions=pd.DataFrame())


def test_frames_made_in_python_are_cast_and_held_against_the_declaration(folder):
    trial = load(folder)
    loose = {name: frame.astype(object) for name, frame in trial.frames()}
    again = conform(loose, FILES)
    for name, frame in again.items():
        pd.testing.assert_frame_equal(frame, getattr(trial, name))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: f.assign(arm="Controll"), "unknown_category"),
        (lambda f: f.assign(age="old"), "not_a_whole_number"),
        (lambda f: f.assign(age=7), "out_of_range"),
        (lambda f: f.assign(age=65576), "out_of_range"),
        (lambda f: f.assign(age=40.5), "not_a_whole_number"),
        (lambda f: f.assign(participant_id="P 1"), "identifier"),
        (lambda f: f.assign(centre=None), "blank"),
        (lambda f: f.assign(randomised_on="05/06/2014"), "date_order"),
        (lambda f: f.assign(randomised_on=pd.Timestamp("2014-06-05 23:30")), "date_with_time"),
        (lambda f: pd.concat([f, f.head(1)]), "duplicate"),
        (lambda f: f.drop(columns="sex"), "missing_column"),
        (lambda f: f.assign(name="x"), "unknown_column"),
    ],
)
def test_frames_that_do_not_meet_the_declaration_are_refused_and_not_written(
    tmp_path, folder, change, code
):
    frames = dict(load(folder).frames())
    frames["participants"] = change(frames["participants"])
    with pytest.raises(DataError) as caught:
        write(load(folder).with_frames(**frames), tmp_path / "out")
    assert code in {fault.code for fault in caught.value.faults}
    assert not (tmp_path / "out").exists()
