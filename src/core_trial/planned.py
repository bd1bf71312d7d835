"""What is done around a masked analysis: masking, locking the plan, and unmasking once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

from core_trial import folders, pipeline
from core_trial.data import export, masking
from core_trial.data.trial import TrialData
from core_trial.declaration import lock as locks
from core_trial.declaration.serial import canonical, digest
from core_trial.declaration.trial import Trial
from core_trial.errors import DataError, DesignError, Fault, OutputError
from core_trial.report.rehearsal import rehearsal_table, situations_table
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Table
from core_trial.report.writing.files import BYTE_ORDER_MARK
from core_trial.study import Study
from core_trial.synthesis import rehearsal
from core_trial.trials.find import FILE

__all__ = ["Unmasking", "difference", "lock", "mask", "rehearse", "trial_here", "unmask"]

#: Longest name or reason that a log keeps, in characters.
LONGEST_TEXT = 1000
#: Name of the log of an unmasking, among the results.
LOG = "unmasking.json"


def mask(
    folder: Path,
    out: Path,
    *,
    trial: Trial | None = None,
    seed: int | None = None,
    key: Path | None = None,
    allow_columns: Collection[str] = (),
    accept_changed: bool = False,
) -> str:
    """Write a folder with a dummy allocation; what `core-trial mask` does.

    Parameters
    ----------
    folder
        The real files.
    out
        Where the masked ones go.
    trial
        The declaration; by default the folder's own ``trial.py``, which is copied, or CORE.
    seed
        Of the dummy allocation; by default one that nobody can guess.
    key
        File for the seed and the hashes of the real files; by default beside `out`. Whoever has it
        can undo the masking.
    allow_columns, accept_changed
        As for `load`.

    Returns
    -------
    str
        What was written, and what could not be masked.

    Raises
    ------
    DesignError
        When the folder is masked already, or something in it would give the arm away.
    OutputError
        When the key is there already, or would lie in the masked folder.
    """
    key = key or out.with_name(f"{out.name}.key.json")
    _refuse_key(key, out)
    data = pipeline.load(folder, trial, allow_columns=allow_columns, accept_changed=accept_changed)
    seed = masking.new_seed() if seed is None else seed
    masked, alone = masking.masked(data, seed=seed)
    export.write(masked, out)
    copied = [FILE] if trial is None and _copy(folder / FILE, out / FILE) else []
    _write_key(key, _key(data, out, seed))
    names = ", ".join([*(table.file for table in data.files.tables), *copied])
    said = [
        f"wrote {out}: {names}; arms, workers and what goes with them are a dummy",
        f"wrote {key}: the seed, which undoes it; keep it from whoever is masked",
    ]
    if alone:
        said.append(
            f"warning: {alone} participants are in strata that have one arm alone, so that their "
            "allocation is known: mask within wider strata, masked=ct.Masked(strata=...)"
        )
    return "\n".join(said)


def _refuse_key(key: Path, out: Path) -> None:
    if key.exists():
        raise OutputError(f"{key.name} is there already: name another file with --key")
    if out.resolve() in key.resolve().parents:
        raise OutputError("the key may not lie in the masked folder: name another file with --key")


def _copy(source: Path, target: Path) -> bool:
    if not source.is_file():
        return False
    target.write_bytes(source.read_bytes())
    return True


def _key(data: TrialData, out: Path, seed: int) -> Mapping[str, object]:
    names = [table.file for table in data.files.tables]
    return {
        "trial": data.trial.label,
        "seed": str(seed),
        "library": version("core_trial"),
        "real": dict(data.hashes),
        "masked": {n: hashlib.sha256((out / n).read_bytes()).hexdigest() for n in names},
    }


def _write_key(key: Path, body: Mapping[str, object]) -> None:
    text = json.dumps(body, indent=1, ensure_ascii=False) + "\n"
    try:
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as problem:
        raise OutputError(f"could not write {key.name}: {problem.strerror}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmasking:
    """Who unmasks an allocation, and why.

    Raises
    ------
    DesignError
        When one of them is blank or too long.
    """

    name: str
    reason: str

    def __post_init__(self) -> None:
        for field, text in (("name", self.name), ("reason", self.reason)):
            if not text.strip():
                raise DesignError(f"an unmasking needs a {field}: --{field} TEXT")
            if len(text) > LONGEST_TEXT:
                raise DesignError(f"the {field} is longer than {LONGEST_TEXT} characters")


def unmask(
    folder: Path,
    out: Path,
    *,
    who: Unmasking,
    trial: Trial,
    tell: pipeline.Tell,
    lock: Path | None = None,
    key: Path | None = None,
    style: Style | str = LANCET,
    suppress_below: int = 0,
    allow_columns: Collection[str] = (),
    accept_changed: bool = False,
) -> Study:
    """Analyse the real allocation and record that it was done; what `core-trial unmask` does.

    Parameters
    ----------
    folder, out
        The real files, and where the results go.
    who
        Who unmasks, and why.
    trial
        The declaration.
    tell
        Called with a line for every stage as it begins.
    lock
        The locked plan; the report then tells what has changed since.
    key
        What `mask` wrote; the files must be those that were masked.
    style, suppress_below, allow_columns, accept_changed
        As for `pipeline.run`.

    Raises
    ------
    DesignError
        When the folder has a dummy allocation.
    DataError
        When the files are not those that were masked.
    """
    folders.prepare(out)
    tell(f"Reading {folder.name}")
    data = pipeline.load(folder, trial, accept_changed=accept_changed, allow_columns=allow_columns)
    if data.report.masked:
        raise DesignError(
            f"{folder.name} has a dummy allocation: name the folder with the real files"
        )
    if key is not None:
        _refuse_other_files(data, key)
    log = _log(who, trial, lock)
    study = pipeline.reproduce(
        data, tell=tell, style=style, suppress_below=suppress_below, lock=lock, unmasking=log
    )
    tell("Tables and figures")
    body = json.dumps({**log, "data": dict(data.hashes)}, indent=1, ensure_ascii=False) + "\n"
    folders.write(out, {**study.files, LOG: body})
    return study


def _refuse_other_files(data: TrialData, key: Path) -> None:
    try:
        real = dict(json.loads(key.read_text(encoding="utf-8"))["real"])
    except (OSError, ValueError, KeyError, TypeError):
        raise DesignError(f"{key.name} is no key that `core-trial mask` wrote") from None
    changed = sorted(name for name, sha256 in real.items() if data.hashes.get(name) != sha256)
    if changed:
        allowed = "the file that was masked"
        hint = "mask the new files again, or unmask without --key, which the log then shows"
        raise DataError(Fault(name, 0, "", "not_as_masked", "", allowed, hint) for name in changed)


def _log(who: Unmasking, trial: Trial, lock: Path | None) -> Mapping[str, str]:
    """The log's texts. The clock is read here and where a plan is locked, and nowhere else."""
    log = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "name": who.name.strip(),
        "reason": who.reason.strip(),
        "library": version("core_trial"),
        "plan": digest(canonical(trial)),
    }
    if lock is None:
        return {**log, "changes": "not known: no locked plan was named"}
    locked = locks.read(lock)
    n = len(locked.changes(trial))
    told = {"lock": locked.sha256, "locked_on": locked.locked_on.isoformat(), "changes": str(n)}
    return {**log, **told}


def lock(trial: Trial, out: Path, *, on: date | None = None) -> str:
    """Write the declaration and its hash; what `core-trial lock` does.

    Raises
    ------
    OutputError
        When the file is there already: a lock is never replaced.
    """
    made = locks.lock(trial, on=on or datetime.now(UTC).date(), library=version("core_trial"))
    try:
        with out.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(made.to_json())
    except FileExistsError:
        raise OutputError(
            f"{out.name} is there already, and a lock is never replaced: name another file with "
            "--out; `core-trial plan diff` shows what has changed since"
        ) from None
    except OSError as problem:
        raise OutputError(f"could not write {out.name}: {problem.strerror}") from None
    return f"wrote {out}: the plan of {trial.label}, locked on {made.locked_on}\n{made.sha256}"


def rehearse(
    trial: Trial,
    out: Path | None = None,
    *,
    trials: int,
    people: int,
    seed: int,
    workers: int | None = None,
    progress: bool = True,
) -> str:
    """Carry out the plan on made-up trials; what `core-trial rehearse` does.

    Parameters
    ----------
    trial
        The declaration.
    out
        Folder for the tables and the records; None to write nothing.
    trials, people, seed, workers, progress
        As for `synthesis.rehearsal.rehearse`.

    Returns
    -------
    str
        A line for every analysis.
    """
    if out is not None:
        folders.prepare(out, "rehearsal")
    results = rehearsal.rehearse(
        trial, trials=trials, people=people, seed=seed, workers=workers, progress=progress
    )
    tables = rehearsal_table(results, trial), situations_table(results, trial)
    if out is not None:
        files = {"results.json": results.to_json()}
        for table in tables:
            files |= {f"{table.name}.csv": BYTE_ORDER_MARK + table.to_csv()}
            files |= {f"{table.name}.html": table.to_html()}
        folders.write(out, files, "rehearsal")
    return _verdicts(tables[0])


def _verdicts(table: Table) -> str:
    """Every analysis with its verdict and what speaks against it, as lines for a terminal."""
    lines = [table.title]
    for row in table.rows:
        verdict, passed, at_risk, failed, where, reason = row.cells
        lines.append(f"{verdict:8}{row.label}: {passed} passed, {at_risk} at risk, {failed} failed")
        lines += [f"        fails with: {where}"] if where else []
        lines += [f"        {reason}"] if reason else []
    return "\n".join(lines)


def trial_here(name: str | None) -> Trial:
    """The trial that is named, the one of a ``trial.py`` where one stands, or CORE."""
    return pipeline.trial_of(Path(), name)


def difference(lock: Path, trial: Trial) -> str:
    """What has changed since a plan was locked, in words; what `core-trial plan diff` does."""
    locked = locks.read(lock)
    changes = locked.changes(trial)
    said = [f"plan of {locked.trial}, locked on {locked.locked_on}, SHA-256 {locked.sha256}"]
    said += [f"  {change}" for change in changes] or ["  nothing has changed since"]
    now = version("core_trial")
    if now != locked.library:
        said.append(f"  library: was version {locked.library}; is version {now}")
    return "\n".join(said)
