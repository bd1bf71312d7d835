"""A trial analysed: its tables, figures, sentences and records, and what is written of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from core_trial import folders
from core_trial.data.trial import Note
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError, VerificationError, WitnessError
from core_trial.published import compare
from core_trial.report import document, phrases, verification, witnessed
from core_trial.report.figure import Figure
from core_trial.report.sentences import sentences
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Table
from core_trial.report.table1 import table1
from core_trial.report.table2 import table2
from core_trial.report.writing.files import USUAL, checked
from core_trial.results import Results, Witnessed

if TYPE_CHECKING:
    import pandas as pd

    from core_trial.witness.again import Source


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
    source
        What the second programme is given; None where numbers are hidden.
    twice
        Whether what is written says what came of making every number a second time.
    """

    results: Results
    trial: Trial
    notes: tuple[Note, ...] = ()
    verdict: compare.Verdict | None = None
    style: Style = LANCET
    source: Source | None = None
    twice: bool = False

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
    def difference_log(self) -> tuple[Witnessed, ...]:
        """Every number made a second time by other means: a line each, unexplained ones first.

        It is made when first asked for, and takes about as long as the analysis.

        Raises
        ------
        DesignError
            If numbers are hidden, or the data are not where they were.
        """
        if self.source is None:
            raise DesignError("the difference log shows every number: leave out suppress_below")
        return self.source.log(self.results)

    @cached_property
    def witness(self) -> pd.DataFrame:
        """The difference log as a frame, a row per number."""
        return witnessed.to_frame(self.difference_log)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The findings in words."""
        return sentences(self.results, self.trial, self.style)

    @cached_property
    def figures(self) -> Mapping[str, Figure]:
        """Every figure by its name; each shows itself in a notebook and has a ``save``."""
        found = document.sections(self.results, self.trial, self.sentences, self.style)
        return document.figures(found)

    @cached_property
    def files(self) -> Mapping[str, str | bytes]:
        """Everything that is written by default, by file name."""
        return self._files(USUAL)

    def save(self, folder: Path | str, *, formats: Collection[str] = USUAL) -> None:
        """Write every table, figure and record, and the report; what stood there is replaced.

        Parameters
        ----------
        folder
            Where to.
        formats
            Which of ``"html"``, ``"csv"``, ``"md"``, ``"tex"``, ``"docx"``, ``"xlsx"``, ``"svg"``,
            ``"pdf"``, ``"png"`` and ``"tiff"``; all but the last three by default.

        Raises
        ------
        DesignError
            For another format.
        OutputError
            If the folder holds something else, or cannot be written.
        """
        wanted = checked(formats)
        folders.prepare(Path(folder))
        folders.write(Path(folder), self.files if wanted == set(USUAL) else self._files(wanted))

    def _files(self, formats: Collection[str]) -> Mapping[str, str | bytes]:
        comparisons = self.verdict.comparisons if self.verdict else ()
        return document.files(
            self.results,
            self.trial,
            comparisons,
            self.sentences,
            self.style,
            tuple(map(str, self.notes)),
            twice=self.difference_log if self.twice else (),
            formats=formats,
        )

    @property
    def exit_code(self) -> int:
        """0; 8 with an unexplained difference in the log; 6 with a number not as printed."""
        if self.twice and witnessed.unexplained(self.difference_log):
            return WitnessError.exit_code
        holds = self.verdict is None or self.verdict.holds
        return 0 if holds else VerificationError.exit_code

    def __repr__(self) -> str:
        return "\n  ".join(self._told())

    def _repr_html_(self) -> str:
        """Show in a notebook who and what was analysed, and the primary result."""
        first, *others = map(escape, self._told())
        return f"<p><b>{first}</b></p>" + "".join(f"<p>{text}</p>" for text in others)

    def _told(self) -> Iterator[str]:
        """What it is, the primary result, the verdict, and what can be looked at."""
        n = self.results.get("flow", "n", "", "randomised")
        outcomes = len(self.trial.outcomes)
        yield f"Study({self.trial.label}: {n:.0f} participants, {outcomes} outcomes)"
        primary = self.trial.primary
        if primary and (effect := phrases.effect(self.results, primary.key, self.style)):
            yield f"{primary.title}: {effect}"
        if self.verdict is not None:
            yield verification.sentence(Results(self.verdict.comparisons))
        yield (
            "Look at: table1, table2, figures, estimates, sentences, verification, results; "
            "save(folder) writes all"
        )
