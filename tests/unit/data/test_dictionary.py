"""The description of the files, for people and for machines, is the declaration's."""

import hashlib
import json
from pathlib import Path

import pytest
from trial_folders import small_trial, write_files

from core_trial.data.checks import rules_of
from core_trial.data.derive import derive
from core_trial.data.export import write
from core_trial.data.package import data_package
from core_trial.pipeline import load
from core_trial.trials.core.dictionary import dictionary_page
from core_trial.trials.core.files import FILES
from core_trial.trials.core.tables import TABLES
from core_trial.trials.core.variables import VARIABLES

RULES = rules_of(FILES)

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_in_the_docs_is_current():
    assert (DOCS / "data.md").read_text(encoding="utf-8") == dictionary_page(), (
        "run: python -m core_trial.data.dictionary > docs/data.md"
    )


def test_the_page_names_every_file_column_rule_and_variable():
    page = dictionary_page()
    for table in TABLES:
        assert f"## {table.file}" in page
        assert all(f"`{name}`" in page for name in table.header if name[-1] not in "0123456789")
    assert all(f"`{rule.name}`" in page and rule.reason in page for rule in RULES)
    assert all(f"`{variable.name}`" in page for variable in VARIABLES)


def test_the_variables_are_those_of_the_analysis_set(tmp_path):
    frame = derive(load(write_files(tmp_path, small_trial()))).participants
    assert [variable.name for variable in VARIABLES] == list(frame.columns)


def test_the_package_says_of_every_column_what_it_holds():
    resources = {r["path"]: r for r in data_package(FILES)["resources"]}
    assert list(resources) == [table.file for table in TABLES]
    for table in TABLES:
        fields = resources[table.file]["schema"]["fields"]
        assert [field["name"] for field in fields] == list(table.header)
    fields = {f["name"]: f for f in resources["participants.csv"]["schema"]["fields"]}
    assert fields["arm"]["constraints"]["enum"] == ["control", "intervention"]
    assert fields["age"]["constraints"] == {"required": False, "minimum": 16, "maximum": 95}
    assert fields["psychosis"]["trueValues"] == ["yes"]
    assert json.loads(json.dumps(data_package(FILES))) == data_package(FILES)


def test_what_is_written_is_described_with_size_and_hash(tmp_path):
    write(load(write_files(tmp_path, small_trial())), tmp_path / "out")
    package = json.loads((tmp_path / "out" / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        data = (tmp_path / "out" / resource["path"]).read_bytes()
        assert resource["bytes"] == len(data)
        assert resource["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()


@pytest.mark.filterwarnings("ignore")
def test_frictionless_accepts_what_is_written_and_refuses_damage(tmp_path):
    frictionless = pytest.importorskip("frictionless")
    write(load(write_files(tmp_path, small_trial())), tmp_path / "out")
    report = frictionless.validate(str(tmp_path / "out" / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    path = tmp_path / "out" / "participants.csv"
    path.write_text(path.read_text().replace("intervention", "Intervention", 1))
    report = frictionless.validate(str(tmp_path / "out" / "datapackage.json"))
    assert "constraint-error" in [row[0] for row in report.flatten(["type"])]
