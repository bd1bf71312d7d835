"""The import rule: which room may use which."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "core_trial"
BASE = {"errors", "results", "declaration"}
#: Rooms that still know CORE's words by name; the table of CONTRIBUTING.md has them without.
KNOWS_CORE = {"trials"}
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
    "pipeline": BASE
    | {"folders"}
    | {"data", "analyses", "published", "disclosure", "report", "synthesis", "trials"}
    | {"witness"},
    "planned": BASE | {"folders", "pipeline"} | {"data", "report", "synthesis", "trials"},
    "cli": {"errors", "pipeline", "planned"},
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms_imported(path: Path) -> set[str]:
    """Every room of this package imported anywhere in a module, inside functions too."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are written in full"
            names = [node.module or ""]
            if node.module == "core_trial":
                names = [f"core_trial.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "core_trial":
                rooms.add([*name.split("."), ""][1])
    return rooms


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may(path):
    room = room_of(path)
    assert room in MAY_IMPORT, f"{room} is no room of this house"
    assert rooms_imported(path) - {room} <= MAY_IMPORT[room]


def test_every_room_is_there():
    assert {room_of(path) for path in MODULES} == set(MAY_IMPORT)


def test_the_rule_sees_an_import_inside_a_function(tmp_path):
    module = tmp_path / "guest.py"
    module.write_text("def f():\n    from core_trial.models.fit import Fit\n    return Fit\n")
    assert rooms_imported(module) == {"models"}
