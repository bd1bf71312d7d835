"""Masking, locking, unmasking and rehearsing, as a user does them."""

import json
import re
from dataclasses import replace

import pytest
import third_trial

import core_trial as ct
from core_trial import cli, planned
from core_trial.data import masking
from core_trial.declaration import lock as locks
from core_trial.report.figure import Figure, blank
from core_trial.report.planning import DUMMY

#: Marks of what may be in no file of a masked report.
ARMS = re.compile(r"(intervention|control) group|housing support|leaflet", re.IGNORECASE)


#: The third trial with two outcomes, to be quick.
TRIAL = replace(
    third_trial.TRIAL,
    outcomes=third_trial.TRIAL.outcomes[1:3],
    baseline=third_trial.TRIAL.baseline[:2],
    subgroups=(),
)
DECLARED = """
from dataclasses import replace
from third_trial import TRIAL as WHOLE
trial = replace(WHOLE, outcomes=WHOLE.outcomes[1:3], baseline=WHOLE.baseline[:2], subgroups=())
del WHOLE
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The folder of a trial of one file, with its declaration."""
    folder = tmp_path_factory.mktemp("home") / "real"
    folder.mkdir()
    third_trial.frame().to_csv(folder / "participants.csv", index=False)
    (folder / "trial.py").write_text(DECLARED, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def locked(real):
    path = real.parent / "plan.lock.json"
    assert cli.main(["lock", "--trial", str(real / "trial.py"), "--out", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def masked(real):
    out = real.parent / "masked"
    assert cli.main(["mask", str(real), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def report(masked, locked):
    """A masked report, held against the locked plan."""
    out = masked.parent / "report"
    told = ["--out", str(out), "--quiet", "--lock", str(locked)]
    assert cli.main(["analyse", str(masked), *told]) == 0
    return out


def test_the_masked_folder_is_analysed_as_it_is(masked):
    assert (masked / "trial.py").is_file()
    assert ct.load(masked).report.masked


def test_the_seed_is_beside_the_masked_folder_and_not_in_it(masked, real):
    key = json.loads((masked.parent / "masked.key.json").read_text(encoding="utf-8"))
    data = ct.load(real)
    assert key["real"] == dict(data.hashes)
    again = masking.mask(data, seed=int(key["seed"])).participants["offer"]
    assert (again.to_numpy() == ct.load(masked).participants["offer"].to_numpy()).all()
    for path in masked.rglob("*"):
        text = path.read_text(encoding="utf-8")
        assert key["seed"] not in text
        assert not any(digest in text for digest in key["real"].values()), path.name


def test_every_file_of_a_masked_report_is_marked(report):
    for path in report.rglob("*"):
        if path.is_file() and path.suffix in {".csv", ".md", ".html", ".txt"}:
            assert "asked: dummy allocation" in path.read_text(encoding="utf-8"), path.name
    body = json.loads((report / "results.json").read_text(encoding="utf-8"))
    assert body["provenance"]["masked"] is True
    title = re.search("<h1>(.*?)</h1>", (report / "report.html").read_text(encoding="utf-8"))
    assert "masked (dummy allocation)" in title[1]


def test_arms_are_called_a_and_b_in_every_text(report):
    for path in report.rglob("*"):
        if path.is_file() and path.suffix in {".csv", ".md", ".txt"}:
            text = path.read_text(encoding="utf-8").replace(TRIAL.title, "")
            assert not ARMS.search(text), path.name
    head = (report / "table2.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert [cell for cell in head.split(",") if len(cell) == 1] == ["A", "B"]


def test_figures_are_marked_across(report):
    figures = sorted((report / "figures").glob("*.txt"))
    assert len(figures) >= 2
    assert all(path.read_text(encoding="utf-8").startswith(DUMMY) for path in figures)


def test_a_mark_is_drawn():
    plain = Figure("f", "A figure", "Nothing.", lambda width: blank(60, 40))
    assert len(plain.marked(DUMMY).svg) > len(plain.svg)


def test_a_report_held_against_its_plan_says_that_nothing_changed(report, locked):
    plan = locks.read(locked)
    text = (report / "report.html").read_text(encoding="utf-8")
    assert f"SHA-256 {plan.sha256}). Nothing has changed since." in text
    told = json.loads((report / "results.json").read_text(encoding="utf-8"))["provenance"]["plan"]
    assert told["lock"] == told["declaration"] == plan.sha256


def test_what_has_changed_since_stands_in_the_report_and_the_records(locked):
    trial = replace(TRIAL, strata=(), confidence=0.9)
    study = ct.analyse(trial, third_trial.frame(), lock=locked)
    changes = study.results.to_frame("plan_change")
    assert dict(zip(changes["part"], changes["after"], strict=True)) == {
        "Strata": "none",
        "Confidence": "0.9",
    }
    assert "Changes since the plan was locked on" in study.files["changes_to_the_plan.html"]
    assert study.results.provenance.plan["declaration"] != study.results.provenance.plan["lock"]
    again = ct.Results.from_json(study.results.to_json())
    assert again.to_json() == study.results.to_json()


def test_plan_diff_tells_it_in_words(locked, tmp_path, capsys):
    path = tmp_path / "trial.py"
    path.write_text(
        DECLARED + "trial = replace(trial, confidence=0.99)\n",
        encoding="utf-8",
    )
    assert cli.main(["plan", "diff", str(locked), "--trial", str(path)]) == 0
    assert "Confidence: was 0.95; is 0.99" in capsys.readouterr().out


def test_a_lock_is_never_replaced(locked, real, capsys):
    before = locked.read_bytes()
    assert cli.main(["lock", "--trial", str(real / "trial.py"), "--out", str(locked)]) == 7
    assert "never replaced" in capsys.readouterr().err
    assert locked.read_bytes() == before


def unmasked(real, out, *more):
    who = ("--name", "A. Person", "--reason", "database closed")
    return cli.main(["unmask", str(real), "--out", str(out), "--quiet", *who, *more])


def test_unmasking_analyses_the_real_arms_and_writes_who_and_why(real, masked, locked, tmp_path):
    key = masked.parent / "masked.key.json"
    assert unmasked(real, tmp_path / "out", "--lock", str(locked), "--key", str(key)) == 0
    log = json.loads((tmp_path / "out" / "unmasking.json").read_text(encoding="utf-8"))
    assert (log["name"], log["reason"], log["changes"]) == ("A. Person", "database closed", "0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", log["when"])
    assert log["plan"] == log["lock"] == locks.read(locked).sha256
    assert log["data"] == dict(ct.load(real).hashes)
    body = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert body["provenance"]["unmasking"] == {k: v for k, v in log.items() if k != "data"}
    assert not body["provenance"]["masked"]
    assert "A. Person" in (tmp_path / "out" / "unmasking.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", ["--name", "--reason"])
def test_unmasking_needs_a_name_and_a_reason(real, tmp_path, word, capsys):
    told = {"--name": "A. Person", "--reason": "closed"}
    told[word] = " "
    words = [text for pair in told.items() for text in pair]
    assert cli.main(["unmask", str(real), "--out", str(tmp_path / "out"), *words]) == 4
    assert f"needs a {word.removeprefix('--')}" in capsys.readouterr().err
    del told[word]
    words = [text for pair in told.items() for text in pair]
    with pytest.raises(SystemExit):
        cli.main(["unmask", str(real), "--out", str(tmp_path / "out"), *words])


def test_a_masked_folder_is_not_unmasked(masked, tmp_path, capsys):
    assert unmasked(masked, tmp_path / "out") == 4
    assert "dummy allocation: name the folder with the real files" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_other_files_than_those_masked_are_refused_with_the_key(real, masked, tmp_path, capsys):
    key = json.loads((masked.parent / "masked.key.json").read_text(encoding="utf-8"))
    key["real"]["participants.csv"] = "0" * 64
    (tmp_path / "key.json").write_text(json.dumps(key), encoding="utf-8")
    assert unmasked(real, tmp_path / "out", "--key", str(tmp_path / "key.json")) == 3
    assert "not_as_masked" in capsys.readouterr().err


def test_the_key_is_neither_replaced_nor_put_into_the_masked_folder(real, tmp_path, capsys):
    key = tmp_path / "key.json"
    key.write_text("", encoding="utf-8")
    out = tmp_path / "masked"
    assert cli.main(["mask", str(real), "--out", str(out), "--key", str(key)]) == 7
    assert cli.main(["mask", str(real), "--out", str(out), "--key", str(out / "k.json")]) == 7
    said = capsys.readouterr().err
    assert "is there already" in said
    assert "may not lie in the masked folder" in said
    assert not out.exists()


def test_a_stratum_of_one_arm_is_warned_of(real, tmp_path):
    frame = third_trial.frame()
    frame = frame[(frame["site"] != "Ash") | (frame["offer"] == "leaflet")]
    frame.to_csv(tmp_path / "participants.csv", index=False)
    said = planned.mask(tmp_path, tmp_path / "out", trial=TRIAL)
    assert f"warning: {(frame['site'] == 'Ash').sum()} participants" in said


def test_rehearse_prints_and_writes(real, tmp_path, capsys):
    told = ["--trials", "1", "--people", "60", "--out", str(tmp_path / "out")]
    path = tmp_path / "trial.py"
    path.write_text(
        "import core_trial as ct\n"
        "trial = ct.Trial(title='Small', participant='id',\n"
        "    arm=ct.Arm('arm', control='usual', intervention='new'),\n"
        "    outcomes=(ct.Binary('well'),))\n",
        encoding="utf-8",
    )
    assert cli.main(["rehearse", "--trial", str(path), *told]) == 0
    assert "Small: the plan in rehearsal" in capsys.readouterr().out
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert {"rehearsal.csv", "rehearsal.html", "rehearsal_by_situation.csv"} <= names
