"""A plan that is locked: the declaration as it stood on a day, with a hash that holds it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from core_trial.declaration.changes import Change, changes
from core_trial.declaration.serial import Plain, digest, plain, text_of
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError


@dataclass(frozen=True, slots=True)
class Lock:
    """A locked plan.

    Parameters
    ----------
    trial
        What the trial is called.
    locked_on
        The day.
    library
        Version of this library, whose recommended models the plan may rely on.
    plan
        The declaration, as `serial.plain` gives it.
    """

    trial: str
    locked_on: date
    library: str
    plan: Plain

    @property
    def sha256(self) -> str:
        """Hash of the declaration's text."""
        return digest(text_of(self.plan))

    def to_json(self) -> str:
        """The lock as a file holds it."""
        head = {
            "trial": self.trial,
            "locked_on": self.locked_on.isoformat(),
            "library": self.library,
            "sha256": self.sha256,
        }
        return text_of({**head, "plan": self.plan})

    def changes(self, trial: Trial) -> tuple[Change, ...]:
        """What has changed in the declaration since."""
        return changes(self.plan, plain(trial))


def lock(trial: Trial, *, on: date, library: str) -> Lock:
    """Lock a plan.

    Parameters
    ----------
    trial
        The declaration.
    on
        The day.
    library
        Version of this library.

    Examples
    --------
    >>> from core_trial.declaration.arms import Arm
    >>> from core_trial.declaration.outcomes import Binary
    >>> arm = Arm("arm", control="usual care", intervention="CBT")
    >>> trial = Trial(title="A trial", participant="id", arm=arm, outcomes=(Binary("well"),))
    >>> locked = lock(trial, on=date(2026, 11, 2), library="1.0")
    >>> locked.changes(trial)
    ()
    """
    return Lock(trial.label, on, library, plain(trial))


def read(path: str | os.PathLike[str]) -> Lock:
    """Read a lock.

    Raises
    ------
    DesignError
        When there is none, or it was changed by hand.
    """
    name = Path(path).name
    try:
        body = json.loads(Path(path).read_text(encoding="utf-8"))
        found = Lock(
            str(body["trial"]), date.fromisoformat(body["locked_on"]), body["library"], body["plan"]
        )
        told = str(body["sha256"])
    except OSError as problem:
        raise DesignError(f"{name}: the lock cannot be read: {problem.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DesignError(
            f"{name} is no lock of a plan; `core-trial lock --out {name}` writes one"
        ) from None
    if told != found.sha256:
        raise DesignError(
            f"{name}: the plan in it is not the one that was locked (SHA-256 {told[:12]}… is told, "
            f"{found.sha256[:12]}… is that of its text); take the file as it was written"
        )
    return found
