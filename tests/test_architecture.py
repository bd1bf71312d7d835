"""The import rule: which room may use which."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "core_trial"
BASE = {"errors", "results", "declaration"}
#: The table of CONTRIBUTING.md. A room may import itself; nobody imports ``core_trial`` itself.
MAY_IMPORT = {
    "errors": set(),
    "folders": {"errors"},
    "models": {"errors"},
    "results": {"errors"},
    "declaration": {"errors", "results"},
    "data": BASE,
    "analyses": BASE | {"data", "models"},
    "published": BASE,
    "disclosure": BASE,
    "report": BASE,
    "witness": BASE,
    "synthesis": BASE | {"data", "models", "analyses", "published"},
    "trials": BASE | {"data", "models", "analyses", "published", "disclosure", "synthesis"},
    "study": BASE | {"folders", "data", "published", "report", "witness"},
    "pipeline": BASE
    | {"study"}
    | {"folders"}
    | {"data", "analyses", "published", "disclosure", "report", "synthesis", "trials"}
    | {"witness"},
    "planned": BASE | {"folders", "pipeline", "study"} | {"data", "report", "synthesis", "trials"},
    "cli": {"errors", "pipeline", "planned"},
}
#: The second programme is made with packages that the first one does not use for any number.
ONLY_BY_THE_WITNESS = {"statsmodels", "lifelines"}
#: It adjusts p-values for how many there are, which fits nothing; the witness does that by hand.
FITS_NOTHING = {("sensitivity.py", "statsmodels")}
WITNESS_USES = ONLY_BY_THE_WITNESS | {"scipy", "numpy", "pandas"}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every name imported anywhere in a module, inside functions too, or as `package` loads it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are written in full"
            names = [node.module or ""]
            if node.module == "core_trial":
                names = [f"core_trial.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "package":
            names = [a.value for a in node.args if isinstance(a, ast.Constant)]
        else:
            continue
        found |= set(names)
    return found


def rooms_imported(path: Path) -> set[str]:
    """Every room of this package that a module imports."""
    names = [name.split(".") for name in imported(path)]
    return {[*parts, ""][1] for parts in names if parts[0] == "core_trial"}


def packages_imported(path: Path) -> set[str]:
    """Every package that a module imports, but for those that come with Python."""
    return (
        {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names - {"core_trial"}
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may(path):
    room = room_of(path)
    assert room in MAY_IMPORT, f"{room} is no room of this house"
    assert rooms_imported(path) - {room} <= MAY_IMPORT[room]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_two_programmes_share_no_package_that_fits_models(path):
    found = packages_imported(path)
    if room_of(path) == "witness":
        assert found <= WITNESS_USES
    else:
        models = {(path.name, name) for name in found & ONLY_BY_THE_WITNESS}
        assert models <= FITS_NOTHING


def test_the_second_derivation_of_core_imports_nothing_of_ours():
    assert rooms_imported(PACKAGE / "trials" / "core" / "witness.py") == set()


def test_every_room_is_there():
    assert {room_of(path) for path in MODULES} == set(MAY_IMPORT)


def test_the_rule_sees_an_import_inside_a_function(tmp_path):
    module = tmp_path / "guest.py"
    module.write_text("def f():\n    from core_trial.models.fit import Fit\n    return Fit\n")
    assert rooms_imported(module) == {"models"}
