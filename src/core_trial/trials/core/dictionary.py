"""CORE's data dictionary for people, ``docs/data.md``.

``python -m core_trial.trials.core.dictionary > docs/data.md`` writes it anew.
"""

from __future__ import annotations

from core_trial.data import dictionary
from core_trial.trials.core import derive
from core_trial.trials.core.files import FILES

INTRODUCTION = """\
# The data dictionary

This page is made from the declarations in `core_trial.trials.core`; a test holds it against them.
The same is in `datapackage.json`, for machines.

A trial is a folder of eight CSV files: UTF-8, commas, one header row, a line for each row. Dates
are written YYYY-MM-DD, statements `yes` or `no`, numbers in plain digits. A blank cell is the only
way to say that a value is missing. Identifiers are text, written the same everywhere. Spaces around
a value and letter case in a category are forgiven, and the load report mentions them; everything
else that is not exactly as declared is refused, with file, line and column, all faults at once. The
order of rows and of columns does not matter.
"""
SCORES = """\
## How the questionnaires are scored

A total is the sum of all items; an item marked as reversed enters as lowest plus highest answer
minus the answer. There is a total only where every item was answered. `scoring.score(..., share=s)`
fills missing items with the person's mean over the answered ones, where at least the share `s` of
the items was answered; the paper's analysis does not do so. `scoring.reliability` gives Cronbach's
alpha for each visit.
"""


def dictionary_page() -> str:
    """The text of ``docs/data.md``.

    Examples
    --------
    >>> dictionary_page().splitlines()[0]
    '# The data dictionary'
    """
    days = f"## How days in acute care are counted\n\n{derive.DAYS}"
    return dictionary.dictionary_page(FILES, INTRODUCTION, scores=SCORES, days=days)


if __name__ == "__main__":
    print(dictionary_page(), end="")
