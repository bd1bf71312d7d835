"""The whole way on one screen: files, analysis set, records, verdict, pages."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from core_trial import folders
from core_trial.analyses import run as analyses
from core_trial.data import export, reports
from core_trial.data import frame as frames
from core_trial.data import load as loading
from core_trial.data.analysis_set import AnalysisSet
from core_trial.data.derive import derive
from core_trial.data.trial import Note
from core_trial.declaration.trial import Trial
from core_trial.disclosure import suppression
from core_trial.errors import DataError, DesignError, Fault, VerificationError
from core_trial.published import compare, consistency, registry
from core_trial.report import document, verification
from core_trial.report.number import LANCET, PLAIN, Style
from core_trial.report.sentences import sentences
from core_trial.report.table import Table
from core_trial.report.table1 import table1
from core_trial.report.table2 import table2
from core_trial.results import Finding, Provenance, Results
from core_trial.trials import new as beginnings
from core_trial.trials.core.generator import stages as generator
from core_trial.trials.find import FILE, find

if TYPE_CHECKING:
    import pandas as pd

    from core_trial.data.trial import TrialData
    from core_trial.declaration.files import ColumnMap

Tell = Callable[[str], None]
#: What computes, and so belongs to the provenance of a number.
COMPUTES = ("core_trial", "numpy", "scipy", "pandas")


@dataclass(frozen=True, eq=False)
class Study:
    """A trial analysed.

    Parameters
    ----------
    results
        Every record, with the provenance of the whole.
    trial
        The declaration, with what it left to the data filled in.
    notes
        What was accepted by rule, or taken from the data.
    verdict
        Every number that a paper printed beside the one computed; None without a registry.
    style
        How numbers are spelt in tables and sentences.
    """

    results: Results
    trial: Trial
    notes: tuple[Note, ...] = ()
    verdict: compare.Verdict | None = None
    style: Style = LANCET

    @cached_property
    def table1(self) -> Table:
        """Baseline characteristics."""
        return table1(self.results, self.trial, self.style)

    @cached_property
    def table2(self) -> Table:
        """Outcomes by arm, and the effect of the intervention."""
        return table2(self.results, self.trial, self.style)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Every fitted comparison, a row each."""
        return self.results.to_frame("estimate")

    @cached_property
    def verification(self) -> pd.DataFrame:
        """Every printed number, a row each, with what came of it; none without a registry."""
        return (self.verdict or compare.Verdict(())).to_frame()

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The findings in words."""
        return sentences(self.results, self.trial, self.style)

    @cached_property
    def files(self) -> Mapping[str, str | bytes]:
        """Everything that is written, by file name."""
        comparisons = self.verdict.comparisons if self.verdict else ()
        notes = tuple(map(str, self.notes))
        told = self.sentences
        return document.files(self.results, self.trial, comparisons, told, self.style, notes)

    def save(self, folder: Path | str) -> None:
        """Write every table, figure and record, and the report; what stood there is replaced.

        Raises
        ------
        OutputError
            If the folder holds something else, or cannot be written.
        """
        folders.prepare(Path(folder))
        folders.write(Path(folder), self.files)

    @property
    def exit_code(self) -> int:
        """0 unless a number that a paper printed can be had and was not had as printed."""
        holds = self.verdict is None or self.verdict.holds
        return 0 if holds else VerificationError.exit_code

    def __repr__(self) -> str:
        n = self.results.get("flow", "n", "", "randomised")
        outcomes = len(self.trial.outcomes)
        return f"Study({self.trial.label}: {n:.0f} participants, {outcomes} outcomes)"


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
    style: Style = LANCET,
    suppress_below: int = 0,
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
        How numbers are spelt in tables and sentences.
    suppress_below
        Hide counts below this, and whatever would give them away; 0 hides nothing.

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
    data = frames.analysis_set(trial, frame)
    return _study(data, provenance({}), tell, style, suppress_below)


def reproduce(
    trial: TrialData,
    *,
    tell: Tell = lambda text: None,
    plain: bool = False,
    suppress_below: int = 0,
) -> Study:
    """Analyse a loaded trial and, where its paper's numbers are known, compare it with the paper.

    Parameters
    ----------
    trial
        What `core_trial.load` returns.
    tell
        Called with a line for every stage as it begins.
    plain
        ASCII decimal points and minus signs instead of the Lancet's.
    suppress_below
        Hide counts below this, and whatever would give them away; 0 hides nothing.

    Raises
    ------
    DesignError
        If frames that were changed in Python contradict the declaration.
    VerificationError
        If the tables and the flow of participants contradict one another.
    """
    data = frames.checked(derive(trial))
    source = provenance(trial.hashes, synthetic=trial.report.synthetic)
    return _study(data, source, tell, PLAIN if plain else LANCET, suppress_below)


def _study(
    data: AnalysisSet, source: Provenance, tell: Tell, style: Style, suppress_below: int
) -> Study:
    """From an analysis set to everything told about it."""
    results = Results.bind(analyses.run(data, tell), provenance=source)
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
    results = Results.bind(results, findings, provenance=results.provenance)
    notes = () if suppress_below else data.notes  # a note counts people
    return Study(results, data.trial, notes, verdict, style)


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
    return find(folder) if _has_declaration(folder) else find("core")


def _has_declaration(folder: Path) -> bool:
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
    plain: bool = False,
    suppress_below: int = 0,
    allow_columns: Collection[str] = (),
    accept_changed: bool = False,
) -> Study:
    """From a folder of CSV files to a folder of results; what the command line does."""
    folders.prepare(out)
    tell(f"Reading {folder.name}")
    data = load(folder, trial, accept_changed=accept_changed, allow_columns=allow_columns)
    study = reproduce(data, tell=tell, plain=plain, suppress_below=suppress_below)
    tell("Tables and figures")
    folders.write(out, study.files)
    return study


def new(folder: Path) -> tuple[Path, ...]:
    """Write the declaration of a new trial with an example; what `core-trial new` does."""
    return beginnings.new(folder)


def provenance(inputs: Mapping[str, str], *, synthetic: bool = False) -> Provenance:
    """Hashes of the input, versions of what computed, and whether anybody is in the data."""
    versions = {"python": platform.python_version()}
    versions |= {name: version(name) for name in COMPUTES}
    return Provenance(dict(inputs), versions, synthetic=synthetic)


def summary(study: Study) -> str:
    """Table 2 and the verdict as plain text, for the terminal."""
    if study.verdict is None:
        return study.table2.to_text()
    comparisons = Results(study.verdict.comparisons)
    parts = [study.table2.to_text(), verification.sentence(comparisons)]
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
