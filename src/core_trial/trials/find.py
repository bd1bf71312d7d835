"""A trial by its name, or from the Python file that declares it."""

from __future__ import annotations

import importlib
import importlib.util
import os
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError

#: Trials that come with the library, and the module and attribute that declare each.
BUNDLED = {"core": ("core_trial.trials.core", "CORE")}
#: Name of the file that declares a user's trial, in the folder with its data.
FILE = "trial.py"


def find(name: str | os.PathLike[str]) -> Trial:
    """The declaration of a trial.

    Parameters
    ----------
    name
        ``"core"``; or a Python file, or a folder with a ``trial.py``, in which one variable holds
        a `Trial`.

    Raises
    ------
    DesignError
        When there is no such trial, or the file declares none or several.
    """
    if isinstance(name, str) and name.casefold() in BUNDLED:
        module, attribute = BUNDLED[name.casefold()]
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, Trial)
        return found
    path = Path(name)
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        near = get_close_matches(str(name).casefold(), BUNDLED, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        known = ", ".join(BUNDLED)
        raise DesignError(f"no trial {str(name)!r}: give one of {known}, or a Python file{hint}")
    return _declared(path)


def _declared(path: Path) -> Trial:
    """The one trial that a file declares."""
    trials = [value for value in vars(_run(path)).values() if isinstance(value, Trial)]
    distinct = list({id(trial): trial for trial in trials}.values())
    if len(distinct) != 1:
        raise DesignError(
            f"{path.name} declares {len(distinct)} trials; it must have one variable with a "
            "core_trial.Trial"
        )
    return _at_home(distinct[0], path.parent)


def _at_home(trial: Trial, folder: Path) -> Trial:
    """The trial with its registry looked for beside the file that declares it."""
    paper = trial.paper
    if paper is None:
        return trial
    return replace(trial, registry=replace(paper, file=folder / paper.file))


def _run(path: Path) -> ModuleType:
    """Run the file; whatever goes wrong in it is told with its line."""
    spec = importlib.util.spec_from_file_location("declared_trial", path)
    if spec is None or spec.loader is None:
        raise DesignError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except DesignError:
        raise
    except (Exception, SystemExit) as problem:
        line = _line(problem, path)
        raise DesignError(
            f"{path.name}, line {line}: {type(problem).__name__}: {problem}"
        ) from None
    return module


def _line(problem: BaseException, path: Path) -> int:
    """Line of the file at which something went wrong; 0 when it was elsewhere."""
    if isinstance(problem, SyntaxError):
        return problem.lineno or 0
    line, trace = 0, problem.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).resolve() == path.resolve():
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
