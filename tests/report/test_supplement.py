"""The supplement of the bundled trial: whole, coherent with the flow, and as the paper tells it."""

from __future__ import annotations

import re

import pytest

from core_trial.disclosure.suppression import suppress
from core_trial.report.figure import Figure
from core_trial.report.labels import outcomes
from core_trial.report.styles import PLAIN
from core_trial.report.supplement.associations import joint_tests
from core_trial.report.supplement.missing_data import extent, sensitivity
from core_trial.report.supplement.sections import supplement
from core_trial.report.table import Table
from core_trial.results import ModelChoice
from core_trial.trials.core import CORE

TITLES = [
    "Crude and absolute effects",
    "Sensitivity and fragility",
    "Models planned and fitted",
    "Missing data",
    "Clusters",
    "Assumptions",
    "Post hoc analysis",
    "Uptake and process",
    "Serious adverse events",
    "Sample size",
    "Arithmetic of the paper",
]


@pytest.fixture(scope="module")
def sections(study):
    return supplement(study.results, CORE, PLAIN)


@pytest.fixture(scope="module")
def parts(sections):
    return [part for section in sections for part in (*section.parts, *section.folded)]


def table(parts, name) -> Table:
    return next(part for part in parts if part.name == name)


def cells(found: Table, label: str) -> dict[str, str]:
    """A line's cells by column; of columns with one head, the last."""
    row = next(row for row in found.rows if row.label == label)
    return dict(zip(found.head[1:], row.cells, strict=True))


def test_every_section_has_something_to_show(sections):
    assert [section.title for section in sections] == TITLES
    assert all(section.parts for section in sections)


def test_the_document_has_every_part_and_every_part_its_files(study, parts):
    names = [part.name for part in parts]
    assert len(set(names)) == len(names)
    for part in parts:
        assert f'id="{part.name}"' in study.files["report.html"]
        if isinstance(part, Table):
            assert {f"{part.name}.{form}" for form in ("csv", "md", "html")} <= set(study.files)
        else:
            assert f"figures/{part.name}.svg" in study.files


def test_every_figure_can_be_read_aloud(parts):
    figures = [part for part in parts if isinstance(part, Figure)]
    assert {figure.name for figure in figures} == {
        *("rootograms", "log_log", "normal_plots", "influence_of_clusters"),
    }
    for figure in figures:
        assert len(re.findall(r"\d", figure.alt)) > 5
        assert "not estimable" not in figure.alt


def test_no_cell_of_the_supplement_is_a_raw_number(parts):
    """Numbers that slip by the one module that spells them show as long decimals or ``nan``."""
    for part in parts:
        if isinstance(part, Table):
            for row in part.rows:
                assert not [c for c in row.cells if re.search(r"\d\.\d{5,}|\bnan\b", c)], part.name


def test_the_papers_one_printed_sensitivity_analysis(parts):
    line = cells(table(parts, "missingness_sensitivity"), "Self-rated recovery at 4 months")
    assert line["As fitted (95% CI)"] == "DiM 2.90 (0.08 to 5.72)"
    assert line["Adjusted (95% CI)"] == "DiM 2.18 (-0.72 to 5.08)"


def test_known_and_missing_make_up_everybody_randomised(study):
    for row in extent(study.results, CORE, PLAIN).rows:
        for known, by_design, otherwise, arm in (
            (*row.cells[:3], "intervention"),
            (*row.cells[3:], "control"),
        ):
            n = [int(re.match(r"\d+", cell).group()) for cell in (known, by_design, otherwise)]
            assert sum(n) == study.results.value("flow", "n", arm, "randomised"), row.label


def test_by_design_is_the_pilot_where_something_was_not_collected(study):
    pilot = {a: study.results.value("flow", "n", a, "pilot") for a in ("intervention", "control")}
    for row in extent(study.results, CORE, PLAIN).rows:
        later = "18 months" in row.label or row.label.startswith(("Loneliness", "Social"))
        told = [int(re.match(r"\d+", row.cells[i]).group()) for i in (1, 4)]
        assert told == [later * pilot["intervention"], later * pilot["control"]], row.label


def test_what_is_marked_as_a_predictor_is_what_is_adjusted_for(study):
    marked = {
        label: sum("#" in c for c in row.cells)
        for row in joint_tests(study.results, CORE).rows
        for label in row.label.split("; ")
    }
    for row in sensitivity(study.results, CORE).rows:
        added = row.cells[3]
        assert marked[row.label] == (0 if added == "–" else added.count(",") + 1), row.label
    assert sum(marked.values()) > 0


def test_planned_and_fitted_models_stand_for_every_outcome(study, parts):
    choices = [record for record in study.results if isinstance(record, ModelChoice)]
    assert {choice.analysis for choice in choices} == set(outcomes(CORE))
    found = table(parts, "planned_and_fitted")
    labels = [row.label for row in found.rows]
    for choice in choices:
        assert outcomes(CORE)[choice.analysis] in labels
    assert labels.count("Planned: Poisson regression, random intercept by cluster") == 2
    planned = cells(found, "Planned: Cox regression, gamma frailty by cluster")
    assert planned["Converged"] == "yes"
    reasons = [row.cells[-1] for row in found.rows if row.label.startswith("Fitted: ")]
    assert len(reasons) == 3
    assert all(reason.startswith("Fitted because ") for reason in reasons)


def test_zeros_of_the_count_models_are_those_of_the_outcome(study, parts):
    found = cells(
        table(parts, "count_fit"), "Days spent in acute care without the index episode (post hoc)"
    )
    assert found["Observed zeros"] == "287"  # 154 + 133, as the paper prints
    assert float(found["Variance to mean"]) > 10


def test_uptake_and_harms_read_as_the_paper(parts):
    uptake, harms = table(parts, "uptake"), table(parts, "adverse_events")
    three = cells(uptake, "At least three: treated according to the protocol")
    assert three["Intervention group"] == "160/221 (72%)"
    assert list(cells(harms, "All serious adverse events").values()) == ["29", "42", "71"]
    assert cells(harms, "Deaths")["Control group"] == "4"


def test_the_supplement_is_written_with_small_numbers_withheld_too(study):
    hidden = suppress(study.results, CORE, 5)
    found = [part for section in supplement(hidden, CORE, PLAIN) for part in section.parts]
    harms = table(found, "adverse_events")
    assert cells(harms, "Death by suicide")["Control group"] == "[c]"
    assert not {"influence_of_clusters", "rootograms"} & {part.name for part in found}
    assert all(part.to_html() for part in found)
