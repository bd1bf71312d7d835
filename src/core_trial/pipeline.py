"""The whole way on one screen: files, analysis set, records, verdict, pages."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from core_trial import folders
from core_trial.analyses import run as analyses
from core_trial.data import cells, export, reports
from core_trial.data import frame as frames
from core_trial.data import load as loading
from core_trial.data.analysis_set import AnalysisSet
from core_trial.data.derive import derive
from core_trial.data.mapping import as_declared
from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.files import ColumnMap
from core_trial.declaration.lock import Lock
from core_trial.declaration.lock import read as read_lock
from core_trial.declaration.masked import with_letters
from core_trial.declaration.serial import canonical, digest
from core_trial.declaration.trial import Trial
from core_trial.disclosure import suppression
from core_trial.errors import DataError, DesignError, Fault, VerificationError, WitnessError
from core_trial.published import compare, consistency, registry
from core_trial.report import verification, witnessed
from core_trial.report.styles import LANCET, Style, style_of
from core_trial.report.writing.files import USUAL, checked
from core_trial.results import (
    Estimate,
    Finding,
    PlanChange,
    Provenance,
    Record,
    Results,
)
from core_trial.study import Study
from core_trial.trials import new as beginnings
from core_trial.trials.core.generator import stages as generator
from core_trial.trials.find import FILE, find

if TYPE_CHECKING:
    from core_trial.data.trial import TrialData
    from core_trial.witness.again import Source

Tell = Callable[[str], None]
#: What computes, and so belongs to the provenance of a number.
COMPUTES = ("core_trial", "numpy", "scipy", "pandas")


def bundled() -> Path:
    """Folder of the synthetic trial that comes with the library."""
    package = Path(__file__).parent
    for folder in (package / "bundled", package.parents[1] / "data" / "synthetic"):
        if (folder / "participants.csv").is_file():
            return folder
    hint = "name the folder of CSV files to analyse"
    raise DataError([Fault("participants.csv", 0, "", "no_bundled_trial", hint=hint)])


def analyse(
    trial: Trial,
    frame: object,
    *,
    tell: Tell = lambda text: None,
    style: Style | str = LANCET,
    suppress_below: int = 0,
    lock: Lock | str | os.PathLike[str] | None = None,
) -> Study:
    """Analyse a frame as its declaration says.

    Parameters
    ----------
    trial
        What was randomised, measured, and is to be compared.
    frame
        A row per randomised participant; see `data.frame.analysis_set`.
    tell
        Called with a line for every stage as it begins.
    style
        How numbers are spelt in tables and sentences: a `styles.Style`, or ``"lancet"``, ``"bmj"``,
        ``"nejm"``, ``"jama"`` or ``"plain"``.
    suppress_below
        Hide counts below this, and whatever would give them away; 0 hides nothing.
    lock
        The locked plan, or its file: the report then tells what has changed since.

    Raises
    ------
    DesignError
        With every contradiction between declaration and frame.

    Examples
    --------
    >>> import core_trial as ct
    >>> trial = ct.Trial(
    ...     title="Made up",
    ...     participant="id",
    ...     arm=ct.Arm("arm", control="usual", intervention="new"),
    ...     outcomes=(ct.Score("score"),),
    ... )
    >>> frame = {"id": range(8), "arm": ["usual", "new"] * 4, "score": [1, 4, 2, 5, 3, 6, 2, 7]}
    >>> study = ct.analyse(trial, frame)
    >>> study.results.value("score", "mean", "intervention")
    5.5
    """
    if not isinstance(trial, Trial):
        raise DesignError(f"the declaration comes first, a ct.Trial, not {type(trial).__name__}")
    spelt = cells.to_pandas(frame)
    if spelt is not None and trial.columns != ColumnMap():
        frame = as_declared(spelt, trial.columns)
    data = frames.analysis_set(trial, frame)
    source, changed = _held(provenance({}), trial, lock)
    study = _study(data, source, tell, style_of(style), suppress_below, changed)
    return study if suppress_below else replace(study, source=_source(trial, frame))


def reproduce(
    trial: TrialData,
    *,
    tell: Tell = lambda text: None,
    style: Style | str = LANCET,
    suppress_below: int = 0,
    lock: Lock | str | os.PathLike[str] | None = None,
    unmasking: Mapping[str, str] | None = None,
) -> Study:
    """Analyse a loaded trial and, where its paper's numbers are known, compare it with the paper.

    Parameters
    ----------
    trial
        What `core_trial.load` returns.
    tell
        Called with a line for every stage as it begins.
    style
        As for `analyse`.
    suppress_below
        Hide counts below this, and whatever would give them away; 0 hides nothing.
    lock
        The locked plan, or its file: the report then tells what has changed since.
    unmasking
        Who unmasked the allocation, when and why; the results carry it.

    Raises
    ------
    DesignError
        If frames that were changed in Python contradict the declaration.
    VerificationError
        If the tables and the flow of participants contradict one another.
    """
    report, declared = trial.report, trial.trial
    if report.masked:
        trial = replace(trial, trial=with_letters(declared))
    data = frames.checked(derive(trial))
    source = provenance(trial.hashes, synthetic=report.synthetic, masked=report.masked)
    source, changed = _held(replace(source, unmasking=unmasking or {}), declared, lock)
    study = _study(data, source, tell, style_of(style), suppress_below, changed)
    if suppress_below:
        return study
    return replace(study, source=_source(trial.trial, trial.folder, trial.columns))


def _source(trial: Trial, data: object, columns: ColumnMap | None = None) -> Source:
    from core_trial.witness.again import Source  # loads statsmodels and lifelines when asked only

    return Source(trial, data, columns)


def _held(
    source: Provenance, trial: Trial, lock: Lock | str | os.PathLike[str] | None
) -> tuple[Provenance, tuple[PlanChange, ...]]:
    """The declaration held against its locked plan: the provenance says which, records what."""
    if lock is None:
        return source, ()
    locked = lock if isinstance(lock, Lock) else read_lock(lock)
    changed = tuple(
        PlanChange(part=c.part, what=c.what, before=c.before, after=c.after)
        for c in locked.changes(trial)
    )
    plan = {
        "declaration": digest(canonical(trial)),
        "lock": locked.sha256,
        "locked_on": locked.locked_on.isoformat(),
    }
    return replace(source, plan=plan), changed


def _study(
    data: AnalysisSet,
    source: Provenance,
    tell: Tell,
    style: Style,
    suppress_below: int,
    changed: tuple[PlanChange, ...] = (),
) -> Study:
    """From an analysis set to everything told about it."""
    records = analyses.run(data, tell)
    if source.masked:
        records = Results(tuple(_lettered(record, data.trial) for record in records))
    results = Results.bind(records, provenance=source)
    if suppress_below:
        tell(f"Suppressing counts below {suppress_below}")
        results = suppression.suppress(results, data.trial, suppress_below)
    verdict: compare.Verdict | None = None
    findings: tuple[Finding, ...] = ()
    if data.trial.registry is not None:
        tell("Comparison with the paper")
        printed = registry.of(data.trial)
        verdict = compare.compare(results, printed)
        findings = consistency.check(printed)
    results = Results.bind(results, findings, changed, provenance=results.provenance)
    notes = () if suppress_below else data.notes  # a note counts people
    return Study(results, data.trial, notes, verdict, style)


def _lettered(record: Record, trial: Trial) -> Record:
    """A record whose remarks call the arms A and B, as the report does."""
    if not isinstance(record, Estimate):
        return record
    warnings = record.warnings
    for group in PRINTED_ARMS:
        spelt = f"{trial.arm.column}[{trial.arm.level(group)}]"
        warnings = tuple(w.replace(spelt, trial.arm.label(group)) for w in warnings)
    return replace(record, warnings=warnings)


def load(
    folder: str | os.PathLike[str],
    trial: Trial | str | os.PathLike[str] | None = None,
    *,
    columns: ColumnMap | None = None,
    allow_columns: Collection[str] = (),
    accept_changed: bool = False,
) -> TrialData:
    """Read, parse and check the files of a trial.

    Parameters
    ----------
    folder
        Folder with the CSV files.
    trial
        The declaration, the name of a trial that comes with the library, or a Python file; by
        default the folder's own ``trial.py``, or CORE.
    columns, allow_columns, accept_changed
        See `core_trial.data.load.load`.

    Raises
    ------
    DataError
        With every fault that was found, when there is one.
    DesignError
        When there is no such trial.
    """
    declared = trial if isinstance(trial, Trial) else trial_of(Path(folder), trial)
    return loading.load(
        folder,
        declared,
        columns=columns,
        allow_columns=allow_columns,
        accept_changed=accept_changed,
    )


def trial_of(folder: Path, name: str | os.PathLike[str] | None = None) -> Trial:
    """The trial of a folder: the one that is named, the folder's own, or CORE."""
    if name is not None:
        return find(name)
    return find(folder) if declares(folder) else find("core")


def declares(folder: Path) -> bool:
    """Whether a folder declares its trial; what cannot be looked into is told on reading."""
    try:
        return (folder / FILE).is_file()
    except OSError:
        return False


def run(
    folder: Path,
    out: Path,
    *,
    trial: Trial,
    tell: Tell,
    style: Style | str = LANCET,
    formats: Collection[str] | None = None,
    suppress_below: int = 0,
    allow_columns: Collection[str] = (),
    accept_changed: bool = False,
    lock: Path | None = None,
    twice: bool = False,
) -> Study:
    """From a folder of CSV files to a folder of results; what the command line does."""
    if twice and suppress_below:
        raise DesignError("the difference log shows every number: not with --suppress-below")
    wanted = checked(USUAL if formats is None else formats)
    folders.prepare(out)
    tell(f"Reading {folder.name}")
    data = load(folder, trial, accept_changed=accept_changed, allow_columns=allow_columns)
    study = reproduce(data, tell=tell, style=style, suppress_below=suppress_below, lock=lock)
    if twice:
        tell("Every number a second time, by other means")
        study = replace(study, twice=True)
        _ = study.difference_log
    tell("Tables and figures")
    study.save(out, formats=wanted)
    return study


def new(folder: Path) -> tuple[Path, ...]:
    """Write the declaration of a new trial with an example; what `core-trial new` does."""
    return beginnings.new(folder)


def provenance(
    inputs: Mapping[str, str], *, synthetic: bool = False, masked: bool = False
) -> Provenance:
    """Hashes of the input, versions of what computed, and whether anybody is in the data."""
    versions = {"python": platform.python_version()}
    versions |= {name: version(name) for name in COMPUTES}
    return Provenance(dict(inputs), versions, synthetic=synthetic, masked=masked)


def witness(
    folder: Path,
    out: Path | None = None,
    *,
    trial: Trial,
    tell: Tell = lambda text: None,
    allow_columns: Collection[str] = (),
    accept_changed: bool = False,
) -> str:
    """Make every number of a folder's report twice; what `core-trial witness` does.

    Parameters
    ----------
    folder, trial, tell, allow_columns, accept_changed
        As for `run`.
    out
        Folder for ``witness.csv``; None to write nothing.

    Returns
    -------
    str
        What came of it, in words.

    Raises
    ------
    WitnessError
        If a number differs and nobody knows why; ``witness.csv`` is written all the same.
    """
    if out is not None:
        folders.prepare(out, "witness")
    data = load(folder, trial, accept_changed=accept_changed, allow_columns=allow_columns)
    study = reproduce(data, tell=tell)
    tell("Every number a second time, by other means")
    lines = study.difference_log
    if out is not None:
        folders.write(out, {"witness.csv": witnessed.to_csv(lines)}, "witness")
    told = "\n".join(witnessed.told(lines))
    if witnessed.unexplained(lines):
        raise WitnessError(told)
    return told


def summary(study: Study) -> str:
    """Table 2, the verdict and what came of a second programme as plain text."""
    twice = witnessed.told(study.difference_log) if study.twice else []
    if study.verdict is None:
        return "\n".join([*twice, study.table2.to_text()])
    comparisons = Results(study.verdict.comparisons)
    parts = [*twice, study.table2.to_text(), verification.sentence(comparisons)]
    open_lines = [*study.verdict.having("differing"), *study.verdict.having("not_computed")]
    parts += [f"  {line.id}: printed {line.printed}, {line.reason}" for line in open_lines]
    return "\n".join(parts)


def check(
    folder: Path,
    report: Path | None = None,
    *,
    trial: Trial | None = None,
    allow_columns: Collection[str] = (),
    accept_changed: bool = False,
) -> str:
    """Read a folder and derive from it as an analysis would; what `core-trial check` does.

    Parameters
    ----------
    folder
        The CSV files.
    report
        Folder for ``faults.csv``, or for ``load_report.json`` when there are no faults.
    trial
        The declaration; by default the folder's own ``trial.py``, or CORE.
    allow_columns, accept_changed
        As for `load`.

    Returns
    -------
    str
        What was loaded and what was accepted by rule.

    Raises
    ------
    DataError
        With every fault, when there is one.
    DesignError
        When declaration and data contradict one another.
    """
    if report is not None:
        folders.prepare(report, "check")
    try:
        data = load(folder, trial, accept_changed=accept_changed, allow_columns=allow_columns)
    except DataError as problem:
        if report is not None:
            found_faults = {"faults.csv": reports.faults_csv(problem.faults)}
            folders.write(report, found_faults, "check")
        raise
    frames.checked(derive(data))
    found = data.report
    if report is not None:
        folders.write(report, {"load_report.json": reports.load_report_json(found)}, "check")
    rows = [f"{name}: {n} rows" for name, n in found.rows.items()]
    return "\n".join([*rows, *(f"note: {note}" for note in found.notes), "no faults"])


def synthesise(out: Path, seed: int | None = None, *, progress: bool = True) -> str:
    """Make a synthetic trial and write its files; what `core-trial synthesise` does.

    Parameters
    ----------
    out
        Folder for the files; files of the same names are replaced.
    seed
        Seed of all chance; by default that of the bundled trial.
    progress
        Show the stage and the row in work.

    Returns
    -------
    str
        How near every calibrated row came to its printed digits.

    Raises
    ------
    VerificationError
        If a row does not print as published; the files are written all the same.
    """
    made = generator.synthesise(generator.SEED if seed is None else seed, progress=progress)
    export.write(made.trial, out)
    if made.unmet:
        raise VerificationError(f"not every row came out as published\n{made.report()}")
    return made.report()
