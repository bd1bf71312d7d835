"""The output folder: whole or not at all, and never over somebody else's."""

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core_trial import folders as output
from core_trial.errors import OutputError

OLD = {"a.txt": "old", "figures/b.svg": b"<svg/>"}
NEW = {"a.txt": "new", "c.txt": "·"}


def content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != output.MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "deep" / "out"


def alone(out):
    """Nothing is left over beside the output."""
    return [path.name for path in out.parent.iterdir()] == [out.name]


def test_writes_into_a_new_folder(out):
    output.write(out, OLD)
    assert content(out) == {"a.txt": "old", "figures/b.svg": "<svg/>"}
    assert alone(out)


def test_replaces_what_it_wrote_before_and_leaves_nothing_of_it(out):
    output.write(out, OLD)
    output.write(out, NEW)
    assert content(out) == NEW
    assert alone(out)


def test_an_empty_folder_may_be_taken(out):
    out.mkdir(parents=True)
    output.write(out, NEW)
    assert content(out) == NEW


def test_a_folder_of_somebody_else_is_left_alone(out):
    out.mkdir(parents=True)
    (out / "thesis.docx").write_text("mine")
    with pytest.raises(OutputError, match=r"thesis\.docx"):
        output.write(out, NEW)
    assert content(out) == {"thesis.docx": "mine"}


def test_a_file_added_to_our_folder_is_not_thrown_away(out):
    output.write(out, OLD)
    (out / "figures" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"figures/notes\.txt"):
        output.write(out, NEW)
    assert content(out) == {"a.txt": "old", "figures/b.svg": "<svg/>", "figures/notes.txt": "mine"}


def test_a_file_in_the_place_of_the_folder_is_refused(out):
    out.parent.mkdir()
    out.write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        output.write(out, NEW)
    assert out.read_text() == "mine"


def test_a_link_to_our_folder_stays_a_link(tmp_path, out):
    output.write(out, OLD)
    link = tmp_path / "link"
    link.symlink_to(out)
    output.write(link, NEW)
    assert link.is_symlink()
    assert content(out) == NEW


def test_a_link_inside_is_somebody_elses(tmp_path, out):
    output.write(out, OLD)
    (out / "link").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="link"):
        output.write(out, NEW)


class Interruption(BaseException):
    """As when somebody presses Ctrl-C."""


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("before", [None, OLD])
def test_interrupted_while_writing_leaves_the_old_or_nothing(out, monkeypatch, at, before):
    if before:
        output.write(out, before)
    writes = Path.write_bytes
    calls = iter(range(10))

    def interrupted(path, data):
        if next(calls) == at:
            raise Interruption
        return writes(path, data)

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(Interruption):
        output.write(out, {**NEW, "d.txt": "d"})
    if before:
        assert content(out) == {"a.txt": "old", "figures/b.svg": "<svg/>"}
        assert alone(out)
    else:
        assert not list(out.parent.iterdir())


@pytest.mark.parametrize("error", [Interruption, OSError])
def test_interrupted_while_moving_brings_the_old_back(out, monkeypatch, error):
    """The old folder is moved away, and the new one cannot be moved to its place."""
    output.write(out, OLD)
    rename, moves = Path.rename, iter(range(10))

    def fail_at_the_second(path, to):
        if next(moves) == 1:
            raise error
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", fail_at_the_second)
    with pytest.raises((Interruption, OutputError)):
        output.write(out, NEW)
    assert content(out) == {"a.txt": "old", "figures/b.svg": "<svg/>"}
    assert alone(out)


def test_a_full_disk_is_told_without_a_path(out, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="could not write out: No space left on device") as caught:
        output.write(out, NEW)
    assert str(out.parent) not in str(caught.value)
    assert not out.exists()


def test_the_manifest_names_every_file_with_its_hash(out):
    output.write(out, NEW)
    kind, *lines = (out / output.MANIFEST).read_text().splitlines()
    assert kind == "# kind: analysis"
    expected = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in NEW.items()}
    assert dict(reversed(line.split("  ")) for line in lines) == expected


def test_a_damaged_manifest_gives_no_leave(out):
    output.write(out, OLD)
    (out / output.MANIFEST).write_bytes(b"\xff\xfe")
    with pytest.raises(OutputError):
        output.write(out, NEW)


@pytest.mark.parametrize("name", ["../a", "/a", "", output.MANIFEST, "a\nb", "b/../../a"])
def test_names_stay_inside_the_folder(out, name):
    with pytest.raises(ValueError, match="no name"):
        output.write(out, {name: ""})
    assert not out.exists()


def test_equal_files_give_equal_folders(out, tmp_path):
    output.write(out, NEW)
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    shutil.rmtree(out)
    output.write(out, dict(reversed(NEW.items())))
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_a_file_of_ours_that_somebody_edited_is_theirs(out):
    output.write(out, OLD)
    (out / "a.txt").write_text("corrected by hand")
    with pytest.raises(OutputError, match=r"\(a\.txt\)"):
        output.write(out, NEW)
    assert (out / "a.txt").read_text() == "corrected by hand"


def test_an_empty_folder_that_somebody_made_is_theirs(out):
    output.write(out, OLD)
    (out / "my figures").mkdir()
    with pytest.raises(OutputError, match="my figures"):
        output.write(out, NEW)


def test_the_output_of_another_command_is_not_replaced(out):
    output.write(out, OLD, kind="analysis")
    with pytest.raises(OutputError, match="output of another command"):
        output.write(out, NEW, kind="check")
    assert content(out) == {"a.txt": "old", "figures/b.svg": "<svg/>"}


def test_a_folder_that_a_killed_program_moved_away_comes_back(out):
    output.write(out, OLD)
    out.rename(out.with_name(f".{out.name}.0123abcd.old"))
    output.prepare(out)
    assert content(out) == {"a.txt": "old", "figures/b.svg": "<svg/>"}
    assert alone(out)


def test_what_a_killed_program_left_unfinished_is_cleared_away_and_nothing_else(out):
    output.write(out, OLD)
    left = out.with_name(f".{out.name}.0123abcd")
    left.mkdir()
    (left / output.UNFINISHED).touch()
    mine = out.with_name(f".{out.name}.89abcdef")
    mine.mkdir()
    (mine / "thesis.docx").touch()
    output.write(out, NEW)
    assert not left.exists()
    assert (mine / "thesis.docx").exists()


def test_a_place_that_cannot_be_written_to_is_refused_before_any_work(tmp_path):
    with pytest.raises(OutputError, match="File name too long"):
        output.prepare(tmp_path / ("x" * 250))
    with pytest.raises(OutputError, match="whole file system"):
        output.prepare(Path("/"))
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(OutputError):
        output.prepare(loop)


def test_the_working_folder_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="working folder"):
        output.prepare(Path())


def test_of_several_writers_at_once_each_leaves_a_whole_folder(out):
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(lambda k: output.write(out, {f"{i}.txt": str(k) for i in range(5)}), range(8))
        )
    assert len(set(content(out).values())) == 1
    assert alone(out)
