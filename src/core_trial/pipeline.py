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
from core_trial.data import load as loading
from core_trial.data.derive import derive
from core_trial.disclosure import suppression
from core_trial.errors import DataError, Fault, VerificationError
from core_trial.published import compare, consistency, registry
from core_trial.report import document, verification
from core_trial.report.number import LANCET, PLAIN, Style
from core_trial.report.sentences import sentences
from core_trial.report.table import Table
from core_trial.report.table1 import table1
from core_trial.report.table2 import table2
from core_trial.results import Provenance, Results
from core_trial.trials.core.files import FILES
from core_trial.trials.core.generator import stages as generator

if TYPE_CHECKING:
    import pandas as pd

    from core_trial.data.trial import TrialData
    from core_trial.declaration.files import ColumnMap

Tell = Callable[[str], None]
#: What computes, and so belongs to the provenance of a number.
COMPUTES = ("core_trial", "numpy", "scipy", "pandas")


@dataclass(frozen=True, eq=False)
class Study:
    """The trial analysed, and held against the paper.

    Parameters
    ----------
    results
        Every record, with the provenance of the whole.
    verdict
        Every printed number beside the one computed.
    style
        How numbers are spelt in tables and sentences.
    """

    results: Results
    verdict: compare.Verdict
    style: Style = LANCET

    @cached_property
    def table1(self) -> Table:
        """Baseline characteristics, as in the paper."""
        return table1(self.results, self.style)

    @cached_property
    def table2(self) -> Table:
        """Outcomes, as in the paper."""
        return table2(self.results, self.style)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Every fitted comparison, a row each."""
        return self.results.to_frame("estimate")

    @cached_property
    def verification(self) -> pd.DataFrame:
        """Every printed number, a row each, with what came of it."""
        return self.verdict.to_frame()

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The findings as the paper words such things."""
        return sentences(self.results, self.style)

    @cached_property
    def files(self) -> Mapping[str, str | bytes]:
        """Everything that is written, by file name."""
        return document.files(self.results, self.verdict.comparisons, self.sentences, self.style)

    @property
    def exit_code(self) -> int:
        """0 when every number that can be had was had as printed."""
        return 0 if self.verdict.holds else VerificationError.exit_code


def bundled() -> Path:
    """Folder of the synthetic trial that comes with the library."""
    package = Path(__file__).parent
    for folder in (package / "bundled", package.parents[1] / "data" / "synthetic"):
        if (folder / "participants.csv").is_file():
            return folder
    hint = "name the folder of CSV files to analyse"
    raise DataError([Fault("participants.csv", 0, "", "no_bundled_trial", hint=hint)])


def reproduce(
    trial: TrialData,
    *,
    tell: Tell = lambda text: None,
    plain: bool = False,
    suppress_below: int = 0,
) -> Study:
    """Analyse a loaded trial and compare it with the paper.

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
    VerificationError
        If the tables and the flow of participants contradict one another.
    """
    data = derive(trial)
    results = analyses.run(trial, data, tell)
    if suppress_below:
        tell(f"Suppressing counts below {suppress_below}")
        results = suppression.suppress(results, suppress_below)
    tell("Comparison with the paper")
    printed = registry.load()
    verdict = compare.compare(results, printed)
    findings = consistency.check(printed)
    results = Results.bind(results, findings, provenance=provenance(trial))
    return Study(results, verdict, PLAIN if plain else LANCET)


def load(
    folder: str | os.PathLike[str],
    *,
    columns: ColumnMap | None = None,
    allow_columns: Collection[str] = (),
    accept_changed: bool = False,
) -> TrialData:
    """Read, parse and check the files of a trial; see `data.load.load`."""
    return loading.load(
        folder,
        FILES,
        columns=columns,
        allow_columns=allow_columns,
        accept_changed=accept_changed,
    )


def run(
    folder: Path,
    out: Path,
    *,
    tell: Tell,
    plain: bool = False,
    suppress_below: int = 0,
    allow_columns: Collection[str] = (),
    accept_changed: bool = False,
) -> Study:
    """From a folder of CSV files to a folder of results; what `core-trial reproduce` does."""
    folders.prepare(out)
    tell(f"Reading {folder.name}")
    trial = load(folder, accept_changed=accept_changed, allow_columns=allow_columns)
    study = reproduce(trial, tell=tell, plain=plain, suppress_below=suppress_below)
    tell("Tables and figures")
    folders.write(out, study.files)
    return study


def provenance(trial: TrialData) -> Provenance:
    """Hashes of the input and versions of what computed."""
    versions = {"python": platform.python_version()}
    return Provenance(dict(trial.hashes), versions | {name: version(name) for name in COMPUTES})


def summary(study: Study) -> str:
    """Table 2 and the verdict as plain text, for the terminal."""
    comparisons = Results(study.verdict.comparisons)
    parts = [study.table2.to_text(), verification.sentence(comparisons)]
    open_lines = [*study.verdict.having("differing"), *study.verdict.having("not_computed")]
    parts += [f"  {line.id}: printed {line.printed}, {line.reason}" for line in open_lines]
    return "\n".join(parts)


def check(
    folder: Path,
    report: Path | None = None,
    allow_columns: Collection[str] = (),
    *,
    accept_changed: bool = False,
) -> str:
    """Read a folder as an analysis would; what `core-trial check` does.

    Parameters
    ----------
    folder
        The CSV files.
    report
        Folder for ``faults.csv``, or for ``load_report.json`` when there are no faults.
    allow_columns
        Undeclared columns that may be there.

    Returns
    -------
    str
        What was loaded and what was accepted by rule.

    Raises
    ------
    DataError
        With every fault, when there is one.
    """
    if report is not None:
        folders.prepare(report, "check")
    try:
        found = load(folder, accept_changed=accept_changed, allow_columns=allow_columns).report
    except DataError as problem:
        if report is not None:
            found_faults = {"faults.csv": reports.faults_csv(problem.faults)}
            folders.write(report, found_faults, "check")
        raise
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
