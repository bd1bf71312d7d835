"""What the paper reports beside its two tables, as sections of the document."""

from __future__ import annotations

from core_trial.report.arithmetic import arithmetic_table
from core_trial.report.number import LANCET, Style
from core_trial.report.supplement.associations import associations, joint_tests
from core_trial.report.supplement.assumptions import hazards, normality
from core_trial.report.supplement.count_fit import count_table, rootograms
from core_trial.report.supplement.deviations import deviations
from core_trial.report.supplement.influence import influence_figure, influence_table
from core_trial.report.supplement.log_log import log_log
from core_trial.report.supplement.missing_data import extent, sensitivity
from core_trial.report.supplement.normal_plots import normal_plots
from core_trial.report.supplement.post_hoc import post_hoc
from core_trial.report.supplement.safety import safety
from core_trial.report.supplement.sample_size import sample_size_inputs, sample_size_varied
from core_trial.report.supplement.section import Section, present
from core_trial.report.supplement.uptake import uptake
from core_trial.report.table import Table
from core_trial.results import Results


def supplement(results: Results, style: Style = LANCET) -> list[Section]:
    """Sections on everything but the main tables, in the paper's order.

    Parameters
    ----------
    results
        Every record; what has none is left out.
    style
        How numbers are spelt.
    """
    return [
        Section(
            "Deviations from the plan",
            present(
                deviations(results, style),
                count_table(results, style),
                rootograms(results, style),
            ),
        ),
        Section("Post hoc analysis", present(post_hoc(results, style))),
        Section(
            "Missing data",
            present(
                extent(results, style), joint_tests(results, style), sensitivity(results, style)
            ),
            folded=_tables(associations(results, style)),
        ),
        _assumptions(results, style),
        Section("Uptake and process", present(uptake(results, style))),
        Section("Serious adverse events", present(safety(results, style))),
        Section(
            "Sample size",
            present(sample_size_inputs(results, style), sample_size_varied(results, style)),
        ),
        Section("Arithmetic of the paper", present(arithmetic_table(results, style))),
    ]


def _assumptions(results: Results, style: Style) -> Section:
    parts = present(
        hazards(results, style),
        log_log(results, style),
        normality(results, style),
        normal_plots(results, style),
        influence_figure(results, style),
    )
    text = ("None of these is a verdict: the numbers and figures are there to be looked at.",)
    return Section(
        "Assumptions", parts, text if parts else (), folded=_tables(influence_table(results, style))
    )


def _tables(*tables: Table) -> tuple[Table, ...]:
    """The tables that have a line."""
    return tuple(table for table in tables if table.rows)
