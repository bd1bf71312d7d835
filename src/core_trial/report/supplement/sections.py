"""What is reported beside the two main tables, as sections of the document."""

from __future__ import annotations

from core_trial.declaration.trial import Trial
from core_trial.report.curves import times
from core_trial.report.section import Part, Section, present
from core_trial.report.styles import LANCET, Style
from core_trial.report.supplement.absolute import absolute
from core_trial.report.supplement.arithmetic import arithmetic_table
from core_trial.report.supplement.associations import associations, joint_tests
from core_trial.report.supplement.assumptions import hazards, normality
from core_trial.report.supplement.clusters import clusters, intraclass
from core_trial.report.supplement.compliers import compliers
from core_trial.report.supplement.count_fit import count_table, rootograms
from core_trial.report.supplement.deviations import deviations, has_plan
from core_trial.report.supplement.further import further
from core_trial.report.supplement.influence import influence_figure, influence_table
from core_trial.report.supplement.log_log import log_log
from core_trial.report.supplement.missing_data import extent, sensitivity
from core_trial.report.supplement.normal_plots import normal_plots
from core_trial.report.supplement.recommended import changes, recommended
from core_trial.report.supplement.sample_size import sample_size_inputs, sample_size_varied
from core_trial.report.supplement.sensitivity import fragility, multiplicity
from core_trial.report.supplement.sensitivity import sensitivity as changed
from core_trial.report.supplement.subgroups import subgroups
from core_trial.report.table import Table
from core_trial.results import Results


def supplement(results: Results, trial: Trial, style: Style = LANCET) -> list[Section]:
    """Sections on everything but the main tables.

    Parameters
    ----------
    results
        Every record; what has none is left out.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    found = [
        Section(
            "Crude and absolute effects",
            present(absolute(results, trial, style), subgroups(results, trial, style)),
        ),
        Section("Receipt of the intervention", present(compliers(results, trial, style))),
        Section(
            "Sensitivity and fragility",
            present(changed(results, trial, style), multiplicity(results, trial, style)),
            (*fragility(results, trial, style), *changes(results, trial, style)),
        ),
        Section(
            "Models planned and fitted" if has_plan(trial) else "Models",
            present(
                deviations(results, trial, style),
                recommended(results, trial, style),
                count_table(results, trial, style),
                rootograms(results, trial, style),
            ),
        ),
        Section(
            "Missing data",
            present(
                extent(results, trial, style),
                joint_tests(results, trial, style),
                sensitivity(results, trial, style),
            ),
            folded=_tables(associations(results, trial, style)),
        ),
        Section(
            "Clusters",
            present(clusters(results, trial, style), intraclass(results, trial, style)),
        ),
        _assumptions(results, trial, style),
        *further(results, trial, style),
        Section(
            "Sample size",
            present(
                sample_size_inputs(results, trial, style),
                sample_size_varied(results, trial, style),
            ),
        ),
        Section("Arithmetic of the paper", present(arithmetic_table(results, style))),
    ]
    return [section for section in found if section.parts or section.folded]


def _assumptions(results: Results, trial: Trial, style: Style) -> Section:
    hazard: list[Part | None] = []
    for outcome in times(trial):
        hazard += [
            hazards(results, trial, outcome, style),
            log_log(results, trial, outcome, style),
        ]
    parts = present(
        *hazard,
        normality(results, trial, style),
        normal_plots(results, trial, style),
        influence_figure(results, trial, style),
    )
    text = ("None of these is a verdict: the numbers and figures are there to be looked at.",)
    folded = _tables(influence_table(results, trial, style))
    return Section("Assumptions", parts, text if parts else (), folded=folded)


def _tables(*tables: Table) -> tuple[Table, ...]:
    """The tables that have a line."""
    return tuple(table for table in tables if table.rows)
