"""What a loader of trial data meets: each is refused with file, line and column, or noted."""

import gzip
import io
import pathlib
import zipfile

import pandas as pd
import pytest
from trial_folders import as_bytes, column, find, put, small_trial, write_files

from core_trial.data import read, reading
from core_trial.data.header import suggests_personal_data
from core_trial.data.parse import parse
from core_trial.data.read import read_table
from core_trial.errors import DataError
from core_trial.pipeline import load
from core_trial.trials.core.tables import TABLES

PEOPLE, EPISODES, INTERVIEWS = "participants.csv", "acute_episodes.csv", "questionnaires.csv"
USE, SESSIONS, EVENTS = "service_use.csv", "sessions.csv", "adverse_events.csv"


@pytest.fixture
def files():
    return small_trial()


def faults(folder, **options):
    with pytest.raises(DataError) as caught:
        load(folder, **options)
    return caught.value.faults


def only_fault(folder):
    found = faults(folder)
    assert len(found) == 1, found
    return found[0]


def notes(folder):
    return {(n.file, n.column, n.code): n.count for n in load(folder).report.notes}


# --- the folder and its files ---------------------------------------------------------------------


def test_a_folder_that_is_not_there_or_is_none(tmp_path):
    (tmp_path / "file").write_text("x")
    for name in ("nothing", "file"):
        fault = only_fault(tmp_path / name)
        assert (fault.code, fault.found) == ("no_folder", name)


def test_an_empty_folder_lacks_every_file(tmp_path):
    assert {(f.file, f.code) for f in faults(tmp_path)} == {
        (name, "file_missing") for name in small_trial()
    }


def test_a_file_of_nearly_the_right_name_is_pointed_at(tmp_path, files):
    write_files(tmp_path, files)
    (tmp_path / USE).rename(tmp_path / "Service_Use.CSV")
    fault = only_fault(tmp_path)
    assert (fault.file, fault.code) == (USE, "file_missing")
    assert "Service_Use.CSV" in fault.hint


def _xlsx():
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return book.getvalue()


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", "file_empty", ""),
        (b"\n\n", "file_empty", ""),
        (b"\xef\xbb\xbf", "file_empty", ""),
        (_xlsx(), "not_csv", "Excel file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not_csv", "old Excel"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "not_csv", "gzip"),
        (b"%PDF-1.7 ...", "not_csv", "PDF"),
        (b"<!DOCTYPE html><html></html>", "not_csv", "web page"),
        ("participant_id,x\n".encode("utf-16"), "not_csv", "UTF-16"),
        ("participant_id,x\n".encode("utf-16-le"), "not_csv", "UTF-16"),
        (b"\x89PNG\r\n\x1a\n", "not_utf8", "byte 0x89"),
        (b"x" * (1 << 21), "line_too_long", ""),
    ],
)
def test_what_is_no_csv_file_is_named(tmp_path, files, content, code, said):
    write_files(tmp_path, files)
    (tmp_path / SESSIONS).write_bytes(content)
    fault = only_fault(tmp_path)
    assert (fault.file, fault.code) == (SESSIONS, code)
    assert said in fault.found


def test_a_folder_in_the_place_of_a_file(tmp_path, files):
    write_files(tmp_path, files)
    (tmp_path / SESSIONS).unlink()
    (tmp_path / SESSIONS).mkdir()
    fault = only_fault(tmp_path)
    assert (fault.code, fault.found) == ("not_csv", "a folder")


@pytest.mark.parametrize("name", list(small_trial()))
def test_a_header_without_rows_is_refused_in_every_file(tmp_path, files, name):
    del files[name][1:]
    assert (name, 0, "header_only") in {
        (f.file, f.line, f.code) for f in faults(write_files(tmp_path, files))
    }


def test_line_ends_of_an_old_macintosh(tmp_path, files):
    write_files(tmp_path, files)
    (tmp_path / SESSIONS).write_bytes(as_bytes(files[SESSIONS], "\r"))
    fault = only_fault(tmp_path)
    assert (fault.line, fault.code) == (1, "control_character")
    assert "'\\r'" in fault.found


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (b'participant_id,"cmht', "stray_quote"),
        (b'participant_id,"a"b,c', "stray_quote"),
        (b"", "blank_line"),
        (b"participant_id,\x00", "control_character"),
        (b"participant_id,caf\xe9", "not_utf8"),
    ],
)
def test_a_header_that_cannot_be_split_is_the_only_fault(tmp_path, files, header, code):
    write_files(tmp_path, files)
    (tmp_path / USE).write_bytes(header + b"\nP001,1,1\n")
    fault = only_fault(tmp_path)
    assert (fault.file, fault.line, fault.code) == (USE, 1, code)


@pytest.mark.parametrize("name", ["is_dir", "is_file", "iterdir", "open"])
def test_what_the_system_forbids_is_a_fault_too(tmp_path, files, monkeypatch, name):
    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    write_files(tmp_path, files)
    monkeypatch.setattr(pathlib.Path, name, forbidden)
    found = faults(tmp_path)
    assert {fault.code for fault in found} == {"unreadable"}
    assert str(tmp_path) not in str(found)


# --- bytes and lines ------------------------------------------------------------------------------


def damage_line(folder, files, name, line, change):
    """Write the files, one line of one of them changed as bytes (line 1 is the header)."""
    write_files(folder, files)
    lines = as_bytes(files[name]).split(b"\n")
    lines[line - 1] = change(lines[line - 1])
    (folder / name).write_bytes(b"\n".join(lines))
    return folder


@pytest.mark.parametrize(
    ("name", "change", "column", "code", "found"),
    [
        (USE, lambda b: b.replace(b",", b",\x92", 1), "cmht_contacts_baseline", "not_utf8", "0x92"),
        (USE, lambda b: b + b"\xe9", "cmht_contacts_12m", "not_utf8", "0xE9"),
        (USE, lambda b: b"\x00" + b, "participant_id", "control_character", "\\x00"),
        (
            USE,
            lambda b: b.replace(b",", b",\t", 1),
            "cmht_contacts_baseline",
            "control_character",
            "\\t",
        ),
        (USE, lambda b: b.replace(b",", b"\r,", 1), "participant_id", "control_character", "\\r"),
        (
            USE,
            lambda b: b.replace(b",", b"\x7f,", 1),
            "participant_id",
            "control_character",
            "\\x7f",
        ),
        (USE, lambda b: b.replace(b",", b',"', 1), "cmht_contacts_baseline", "unclosed_quote", ""),
        (USE, lambda b: b + b",", "", "row_length", "4 cells"),
        (USE, lambda b: b.rpartition(b",")[0], "", "row_length", "2 cells"),
        (USE, lambda b: b"", "", "blank_line", ""),
        (USE, lambda b: b",,", "", "empty_row", ""),
        (USE, lambda b: b.replace(b",", b"," + b"1" * 2000, 1), "", "cell_too_long", ""),
        (
            USE,
            lambda b: b.replace(b",", b',1"2"', 1),
            "cmht_contacts_baseline",
            "stray_quote",
            '1"2"',
        ),
    ],
)
def test_a_line_that_is_no_row_is_refused_where_it_is(
    tmp_path, files, name, change, column, code, found
):
    fault = only_fault(damage_line(tmp_path, files, name, 5, change))
    assert (fault.file, fault.line, fault.column, fault.code) == (name, 5, column, code)
    assert found in fault.found


def test_every_row_one_cell_too_long_is_refused_row_by_row(tmp_path, files):
    files[USE][1:] = [[*row, "0"] for row in files[USE][1:]]
    found = faults(write_files(tmp_path, files))
    assert {f.code for f in found} == {"row_length"}
    assert [f.line for f in found] == list(range(2, len(files[USE]) + 1))


def test_a_quote_that_runs_over_lines_is_refused_where_it_opens(tmp_path, files):
    write_files(tmp_path, files)
    text = as_bytes(files["screening.csv"]).replace(b"moved away", b'"moved\naway"')
    (tmp_path / "screening.csv").write_bytes(text)
    found = faults(tmp_path)
    assert found[0].line == 3
    assert (found[0].column, found[0].code) == ("reason", "unclosed_quote")


def test_a_second_header_and_a_line_of_totals(tmp_path, files):
    files[USE].insert(4, list(files[USE][0]))
    files[USE].append(["Total", "300", "280"])
    found = faults(write_files(tmp_path, files))
    assert [(f.line, f.column, f.code) for f in found] == [
        (5, "", "repeated_header"),
        (len(files[USE]), "participant_id", "total_row"),
    ]


# --- the header -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("mark", "said"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_delimiter_is_recognised(tmp_path, files, mark, said):
    write_files(tmp_path, files)
    (tmp_path / USE).write_bytes(as_bytes(files[USE]).replace(b",", mark.encode()))
    fault = only_fault(tmp_path)
    assert (fault.line, fault.code) == (1, "delimiter")
    assert said in fault.found


def test_every_wrong_column_is_named(tmp_path, files):
    files[PEOPLE][0][column(files, PEOPLE, "sex")] = "gender"
    files[PEOPLE][0][column(files, PEOPLE, "age")] = "psychosis"
    files[USE][0][2] = ""
    found = {(f.file, f.column, f.code) for f in faults(write_files(tmp_path, files))}
    assert found == {
        (PEOPLE, "gender", "unknown_column"),
        (PEOPLE, "sex", "missing_column"),
        (PEOPLE, "age", "missing_column"),
        (PEOPLE, "psychosis", "duplicate_column"),
        (USE, "", "unnamed_column"),
        (USE, "cmht_contacts_12m", "missing_column"),
    }


@pytest.mark.parametrize("name", [" Age", "AGE", "age\u00a0", "Age "])
def test_case_and_spaces_in_a_header_are_noted(tmp_path, files, name):
    files[PEOPLE][0][column(files, PEOPLE, "age")] = name
    assert notes(write_files(tmp_path, files)) == {(PEOPLE, "age", "header_normalised"): 1}


def test_headers_that_are_the_same_but_for_case_are_refused(tmp_path, files):
    files[PEOPLE][0][column(files, PEOPLE, "age")] = "Sex"
    found = {(f.column, f.code) for f in faults(write_files(tmp_path, files))}
    assert found == {("sex", "duplicate_column"), ("age", "missing_column")}


@pytest.mark.parametrize(
    ("name", "smells"),
    [
        *((name, True) for name in ("Name", "first_name", "surname", "NHS number", "nhs_no")),
        *((name, True) for name in ("postcode", "Post Code", "date of birth", "dob", "e-mail")),
        *((name, True) for name in ("hospital_number", "address_line_1", "initials", "telephone")),
        *((name, False) for name in ("participant_id", "service", "score", "notes", "weight")),
    ],
)
def test_columns_that_smell_of_personal_data(tmp_path, files, name, smells):
    assert suggests_personal_data("_".join(name.split()).casefold()) == smells
    files[USE] = [[*row, "x"] for row in files[USE]]
    files[USE][0][-1] = name
    codes = {f.code for f in faults(write_files(tmp_path, files))}
    if name == "participant_id":
        assert codes == {"duplicate_column"}
    else:
        assert codes == {"personal_data" if smells else "unknown_column"}


# --- cells ----------------------------------------------------------------------------------------

CELLS = [
    (PEOPLE, "arm", "Controll", "unknown_category", "did you mean 'control'?"),
    (PEOPLE, "arm", "", "blank", ""),
    (PEOPLE, "arm", "2", "unknown_category", ""),
    (
        PEOPLE,
        "marital_status",
        "Married or cohabiting",
        "unknown_category",
        "married_or_cohabiting",
    ),
    (PEOPLE, "centre", "G", "unknown_category", ""),
    (PEOPLE, "psychosis", "1", "not_yes_or_no", ""),
    (PEOPLE, "psychosis", "TRUE", "not_yes_or_no", ""),
    (PEOPLE, "psychosis", "y", "not_yes_or_no", ""),
    (PEOPLE, "uk_born", "0", "not_yes_or_no", ""),
    *(
        (PEOPLE, "age", text, "missing_word", "blank")
        for text in ("NA", "null", "None", "nan", ".")
    ),
    *((PEOPLE, "sex", text, "missing_word", "blank") for text in ("NA", "n/a", "Unknown", "-")),
    *((PEOPLE, "age", text, "out_of_range", "blank") for text in ("-9", "99", "999", "-999")),
    *((PEOPLE, "psw_id", text, "missing_word", "blank") for text in ("NA", "none", "99", "999")),
    *((PEOPLE, "age", text, "out_of_range", "") for text in ("7", "190", "-1", "9007199254740993")),
    *(
        (PEOPLE, "age", text, "not_a_whole_number", "")
        for text in ("41.5", "41.0", "inf", "1e400", "1_000", "3,5", "1,234", "041", "+41", "٤١")
    ),
    (PEOPLE, "age", "4 1", "not_a_whole_number", ""),
    (PEOPLE, "age", "   ", "only_spaces", "empty"),
    (PEOPLE, "age", "4\u200b1", "control_character", ""),
    *(
        (PEOPLE, name, text, "spreadsheet_remains", "")
        for name in ("age", "sex", "psychosis", "randomised_on", "participant_id")
        for text in ("#REF!", "#N/A", "=A1", "#VALUE!", "#DIV/0!", "#NAME?")
    ),
    (PEOPLE, "randomised_on", "13/05/2014", "date_order", ""),
    (PEOPLE, "randomised_on", "05/13/2014", "date_order", ""),
    (PEOPLE, "randomised_on", "2014/05/13", "date_order", ""),
    (PEOPLE, "randomised_on", "2014-5-13", "date_order", ""),
    (PEOPLE, "randomised_on", "13/05/14", "two_digit_year", ""),
    (PEOPLE, "randomised_on", "13-May-14", "two_digit_year", ""),
    (PEOPLE, "randomised_on", "2014-05-13 00:00:00", "date_with_time", ""),
    (PEOPLE, "randomised_on", "2014-05-13T00:00:00Z", "date_with_time", ""),
    (PEOPLE, "randomised_on", "41772", "date_serial", ""),
    (PEOPLE, "randomised_on", "2014-02-31", "no_such_date", ""),
    (PEOPLE, "randomised_on", "2014-13-01", "no_such_date", ""),
    (PEOPLE, "randomised_on", "0000-00-00", "no_such_date", ""),
    (PEOPLE, "randomised_on", "1900-01-01", "date_out_of_range", ""),
    (PEOPLE, "randomised_on", "9999-12-31", "date_out_of_range", ""),
    (PEOPLE, "randomised_on", "13 May 2014", "not_a_date", ""),
    (PEOPLE, "randomised_on", "20140513", "not_a_date", ""),
    (EVENTS, "event_id", "1E+05", "identifier_number", "spreadsheet"),
    (EVENTS, "event_id", "123.0", "identifier_number", "spreadsheet"),
    (EVENTS, "event_id", "1.5E5", "identifier_number", "spreadsheet"),
    (EVENTS, "event_id", "NA", "missing_word", ""),
    (EVENTS, "event_id", " E01", "identifier_spaces", "spaces"),
    (EVENTS, "event_id", "E01\u00a0", "identifier_spaces", "spaces"),
    (EVENTS, "event_id", "Ε01", "identifier", ""),
    (EVENTS, "event_id", "E/01", "identifier", ""),
    (EVENTS, "event_id", "", "blank", ""),
    (INTERVIEWS, "csq_1", "5", "out_of_range", ""),
    (INTERVIEWS, "csq_1", "0", "out_of_range", ""),
    (INTERVIEWS, "qpr_22", "5", "out_of_range", ""),
    (INTERVIEWS, "imr_15", "6", "out_of_range", ""),
    (INTERVIEWS, "bprs_24", "8", "out_of_range", ""),
    (INTERVIEWS, "lsns_6", "6", "out_of_range", ""),
    (INTERVIEWS, "uls_8", "9", "out_of_range", ""),
    (INTERVIEWS, "visit", "month_12", "unknown_category", "month_18"),
    (USE, "cmht_contacts_12m", "999", "out_of_range", "blank"),
    (SESSIONS, "session", "11", "out_of_range", ""),
    (SESSIONS, "session", "0", "out_of_range", ""),
    ("screening.csv", "n", "1e3", "not_a_whole_number", ""),
    ("screening.csv", "n", "99999999999999999999", "out_of_range", ""),
    ("screening.csv", "reason", "x" * 201, "not_text", ""),
    ("screening.csv", "reason", "a\u202eb", "control_character", ""),
    ("screening.csv", "reason", "=cmd", "spreadsheet_remains", ""),
]


@pytest.mark.parametrize(("name", "where", "text", "code", "hint"), CELLS)
def test_a_cell_that_may_not_stand_where_it_stands(tmp_path, files, name, where, text, code, hint):
    row = 3
    if name == PEOPLE and where == "psw_id":
        row = find(files, PEOPLE, arm="intervention")
    put(files, name, row, where, text)
    (tmp_path / name).write_bytes(as_bytes(files[name]))
    found = read_table(tmp_path, reading.Reading(next(t for t in TABLES if t.file == name)))
    parse(found)
    (fault,) = found.faults
    assert (fault.file, fault.line, fault.column, fault.code) == (name, row + 1, where, code)
    assert fault.found == (text if len(text) <= 60 else text[:59] + "…")
    assert fault.allowed
    assert hint in fault.hint


@pytest.mark.parametrize(
    ("name", "where", "text", "value"),
    [
        (PEOPLE, "sex", "Female", "female"),
        (PEOPLE, "sex", " female ", "female"),
        (PEOPLE, "sex", "FEMALE\u00a0", "female"),
        (PEOPLE, "uk_born", "Yes", True),
        (PEOPLE, "age", " 41", 41),
        (USE, "cmht_contacts_12m", "7 ", 7),
        ("screening.csv", "reason", " moved ", "moved"),
    ],
)
def test_case_and_spaces_around_a_value_are_noted(tmp_path, files, name, where, text, value):
    row = 2 if name == "screening.csv" else len(files[name]) - 1
    put(files, name, row, where, text)
    trial = load(write_files(tmp_path, files))
    assert (name, where, "normalised", 1) in {
        (n.file, n.column, n.code, n.count) for n in trial.report.notes
    }
    assert dict(trial.frames())[name.removesuffix(".csv")].loc[row - 1, where] == value


def test_a_number_that_may_be_a_code_for_missing_is_noted(tmp_path, files):
    put(files, USE, 3, "cmht_contacts_12m", "99")
    put(files, USE, 4, "cmht_contacts_12m", "99")
    assert notes(write_files(tmp_path, files)) == {
        (USE, "cmht_contacts_12m", "like_missing_code"): 2
    }


def test_a_column_of_nothing_but_blanks_is_noted(tmp_path, files):
    for row in range(1, len(files[PEOPLE])):
        put(files, PEOPLE, row, "diagnosis", "")
    assert notes(write_files(tmp_path, files)) == {(PEOPLE, "diagnosis", "all_blank"): 24}


# --- all of it ------------------------------------------------------------------------------------


def test_every_fault_is_reported_at_once_and_no_other_value_of_anybody(tmp_path, files):
    put(files, PEOPLE, 2, "arm", "Controll")
    put(files, PEOPLE, 9, "randomised_on", "31/31/2014")
    put(files, INTERVIEWS, 7, "bprs_3", "8")
    files[SESSIONS][5] = files[SESSIONS][5][:-1]
    files[USE].append(["P999", "1", "1"])
    (write_files(tmp_path, files) / "workbook.csv").unlink()
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    found = {(f.file, f.line, f.code) for f in caught.value.faults}
    assert {
        (PEOPLE, 3, "unknown_category"),
        (PEOPLE, 10, "date_order"),
        (INTERVIEWS, 8, "out_of_range"),
        (SESSIONS, 6, "row_length"),
        (USE, len(files[USE]), "not_a_participant"),
        ("workbook.csv", 0, "file_missing"),
    } <= found
    assert len(found) == 6
    assert caught.value.exit_code == 3
    assert "P002" not in str(caught.value)


def test_the_longest_cells_are_cut_where_they_are_shown(tmp_path, files):
    put(files, PEOPLE, 2, "arm", "x" * 900)
    assert len(only_fault(write_files(tmp_path, files)).found) == 60


def test_faults_far_into_a_large_file_have_their_line(tmp_path, files, monkeypatch):
    monkeypatch.setattr(read, "BLOCK", 1000)
    rows = [[f"P{i:06d}", "1", "2"] for i in range(5000)]
    rows[2500][1] = "x"
    rows[4999] = rows[4999][:2]
    write_files(tmp_path, files)
    with (tmp_path / USE).open("ab") as stream:
        stream.write(as_bytes(rows))
    start = len(files[USE]) + 1
    found = [f for f in faults(tmp_path) if f.code != "not_a_participant"]
    assert [(f.line, f.column, f.code) for f in found] == [
        (start + 2500, "cmht_contacts_baseline", "not_a_whole_number"),
        (start + 4999, "", "row_length"),
    ]


def test_small_blocks_give_what_large_ones_give(tmp_path, files, monkeypatch):
    whole = load(write_files(tmp_path, files))
    monkeypatch.setattr(read, "BLOCK", 300)
    pieces = load(tmp_path)
    assert pieces.report == whole.report
    for name, frame in whole.frames():
        pd.testing.assert_frame_equal(getattr(pieces, name), frame)


@pytest.mark.parametrize("row", [b"x\n", b"P001,x,y\n"])
def test_endless_faults_end_with_one_that_says_so(tmp_path, files, monkeypatch, row):
    monkeypatch.setattr(read, "BLOCK", 300)
    monkeypatch.setattr(read, "MOST_FAULTS", 20)
    monkeypatch.setattr(reading, "MOST_FAULTS", 20)
    write_files(tmp_path, files)
    (tmp_path / USE).write_bytes(as_bytes([files[USE][0]]) + row * 5000)
    found = faults(tmp_path)
    assert len(found) == 21
    assert (found[0].line, found[0].code) == (0, "too_many_faults")
