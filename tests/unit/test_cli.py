"""The command line as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core_trial import cli, pipeline
from core_trial.errors import DataError, DesignError, OutputError, VerificationError

EXPECTED = {
    "results.json",
    "report.html",
    "verification.csv",
    "verification.html",
    *(f"table{k}.{form}" for k in (1, 2) for form in ("csv", "md", "html")),
}


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """One run of the main command in a process of its own."""
    out = tmp_path_factory.mktemp("cli") / "out"
    command = Path(sys.executable).with_name("core-trial")
    run = subprocess.run(
        [command, "reproduce", "--out", out], capture_output=True, text=True, check=False
    )
    return run, out


def test_reproduce_prints_table_2_and_the_verdict(reproduced):
    run, _ = reproduced
    assert run.returncode == 0, run.stderr
    assert "Table 2: Outcomes" in run.stdout
    assert "0·66 (0·43 to 0·99)" in run.stdout
    assert run.stderr == ""


def test_reproduce_writes_tables_records_and_verdict(reproduced):
    _, out = reproduced
    assert {path.name for path in out.iterdir()} >= EXPECTED


def test_no_file_names_a_folder_of_this_machine(reproduced):
    _, out = reproduced
    folders = [f"{folder}/".encode() for folder in (Path.home(), pipeline.bundled(), out)]
    for path in out.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(folder in content for folder in folders), path.name


def test_records_carry_their_provenance(reproduced):
    _, out = reproduced
    body = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert set(body["provenance"]["inputs"]) >= {"participants.csv", "acute_episodes.csv"}
    assert all(len(digest) == 64 for digest in body["provenance"]["inputs"].values())
    primary = next(
        row
        for row in body["records"]
        if row["kind"] == "estimate" and (row["analysis"], row["level"]) == ("readmission", "")
    )
    assert primary["formula"] == "readmitted ~ arm + psychosis + centre"
    assert primary["n"] == 434


def test_a_second_run_replaces_the_first_with_the_same_bytes(reproduced):
    _, out = reproduced
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert cli.main(["reproduce", "--out", str(out), "--quiet"]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before


def test_quiet_prints_nothing(capsys, tmp_path):
    assert cli.main(["reproduce", "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_folder_that_is_not_ours_is_never_overwritten(capsys, tmp_path):
    (tmp_path / "thesis.txt").write_text("chapter one")
    assert cli.main(["reproduce", "--out", str(tmp_path)]) == OutputError.exit_code
    assert "thesis.txt" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def damaged(folder: Path, old: str, new: str) -> Path:
    """The bundled files with one text exchanged in participants.csv."""
    folder.mkdir()
    for path in pipeline.bundled().glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    target = folder / "participants.csv"
    text = target.read_text(encoding="utf-8")
    assert old in text
    target.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_check_reports_every_fault_and_has_an_exit_code_of_its_own(capsys, tmp_path):
    folder = damaged(tmp_path / "in", ",control,", ",Controll,")
    report = tmp_path / "report"
    code = cli.main(["check", str(folder), "--report", str(report)])
    assert code == DataError.exit_code
    assert "participants.csv" in capsys.readouterr().err
    assert "Controll" in (report / "faults.csv").read_text(encoding="utf-8")


def test_check_of_the_bundled_files_finds_no_fault(capsys, tmp_path):
    assert cli.main(["check", str(pipeline.bundled()), "--report", str(tmp_path / "r")]) == 0
    assert "no faults" in capsys.readouterr().out
    assert (tmp_path / "r" / "load_report.json").is_file()


def test_a_damaged_folder_is_refused_and_nothing_is_written(capsys, tmp_path):
    folder = damaged(tmp_path / "in", ",control,", ",Controll,")
    assert cli.main(["reproduce", str(folder), "--out", str(tmp_path / "out")]) == 3
    assert not (tmp_path / "out").exists()
    assert "allowed" in capsys.readouterr().err


def test_numbers_that_differ_from_the_paper_have_an_exit_code_of_their_own(capsys, tmp_path):
    """One woman's record says man: every fit stands, four printed numbers do not."""
    folder = damaged(tmp_path / "in", ",female,", ",male,")
    code = cli.main(["reproduce", str(folder), "--out", str(tmp_path / "out")])
    assert code == VerificationError.exit_code
    assert "table1.sex" in capsys.readouterr().out
    assert (tmp_path / "out" / "table2.csv").is_file()


@pytest.mark.parametrize("arguments", [["--help"], ["reproduce", "--help"], ["check", "--help"]])
def test_help_names_the_exit_codes(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 0
    assert "exit codes: 0" in " ".join(capsys.readouterr().out.split())


def test_version(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out.startswith("core-trial ")


@pytest.mark.parametrize("arguments", [[], ["reproduce"], ["nothing"]])
def test_a_command_that_is_not_understood_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_what_new_writes_is_checked_and_analysed_at_once(capsys, tmp_path):
    folder, out = tmp_path / "mine", tmp_path / "results"
    assert cli.main(["new", str(folder)]) == 0
    assert cli.main(["check", str(folder)]) == 0
    assert cli.main(["analyse", str(folder), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "Readmitted within" in told
    assert "printed numbers" not in told
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Peer support after discharge" in page
    assert "Verification" not in page
    assert not (out / "verification.csv").exists()


def test_new_replaces_nothing(capsys, tmp_path):
    (tmp_path / "trial.py").write_text("mine")
    assert cli.main(["new", str(tmp_path)]) == OutputError.exit_code
    assert (tmp_path / "trial.py").read_text() == "mine"
    assert "trial.py" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("trial = 3", "declares 0 trials"),
        ("import nothing_of_this_name", "trial.py, line 1: ModuleNotFoundError"),
        ("import sys\nsys.exit(0)", "trial.py, line 2: SystemExit"),
        ("x = (", "trial.py, line 1: SyntaxError"),
    ],
)
def test_a_declaration_that_is_none_is_told_with_its_line(capsys, tmp_path, text, told):
    (tmp_path / "trial.py").write_text(text)
    code = cli.main(["analyse", str(tmp_path), "--out", str(tmp_path / "out")])
    assert code == DesignError.exit_code
    assert told in capsys.readouterr().err


def test_a_trial_of_an_unknown_name_is_told_with_the_nearest(capsys, tmp_path):
    code = cli.main(["reproduce", "--trial", "coer", "--out", str(tmp_path / "out")])
    assert code == DesignError.exit_code
    assert "did you mean 'core'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["reproduce", "--out", "x", "--suppress-below", "-3"],
        ["synthesise", "--out", "x", "--seed", "-1"],
    ],
)
def test_negative_numbers_are_not_understood(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "is negative" in capsys.readouterr().err


def run(arguments, **options):
    command = Path(sys.executable).with_name("core-trial")
    return subprocess.run([command, *arguments], capture_output=True, check=False, **options)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_terminal_of_another_encoding_is_no_error(tmp_path, encoding):
    done = run(["new", tmp_path / "Ω"], env={**os.environ, "PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


def test_nobody_listening_is_no_error(tmp_path):
    command = Path(sys.executable).with_name("core-trial")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [command, "new", tmp_path / "mine"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 0
    assert done.stderr == b""
    assert (tmp_path / "mine" / "trial.py").is_file()


def test_a_fault_of_the_program_is_told_without_a_traceback(capsys, monkeypatch, tmp_path):
    def broken(folder):
        raise RuntimeError("something is wrong here")

    monkeypatch.setattr(pipeline, "new", broken)
    assert cli.main(["new", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "a fault of this program: RuntimeError: something is wrong here" in told
    assert "Traceback" not in told
    with pytest.raises(RuntimeError):
        cli.main(["--traceback", "new", str(tmp_path)])


def test_stopping_from_the_keyboard_is_told_in_a_line(capsys, monkeypatch, tmp_path):
    def stopped(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "new", stopped)
    assert cli.main(["new", str(tmp_path)]) == 130
    assert "stopped" in capsys.readouterr().err


def test_the_line_is_told_for_a_folder_named_from_where_one_stands(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("trial.py").write_text("\n\nimport nothing_of_this_name")
    assert cli.main(["check", "."]) == DesignError.exit_code
    assert "trial.py, line 3" in capsys.readouterr().err


def test_reproduce_says_so_of_a_folder_with_a_trial_of_its_own(capsys, tmp_path):
    assert cli.main(["new", str(tmp_path / "mine")]) == 0
    code = cli.main(["reproduce", str(tmp_path / "mine"), "--out", str(tmp_path / "out")])
    assert code == DesignError.exit_code
    assert "use core-trial analyse" in capsys.readouterr().err
