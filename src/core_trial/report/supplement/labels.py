"""What outcomes, characteristics and terms of models are called in the tables."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from core_trial.report.table1 import LINES, Categories
from core_trial.report.table2 import OUTCOMES as TABLE2
from core_trial.report.table2 import Outcome
from core_trial.trials.core.words import CENTRES, YES_NO

POST_HOC = "readmission_days"


def _outcomes() -> Iterator[tuple[str, str]]:
    for line in TABLE2:
        if isinstance(line, Outcome):
            yield line.analysis, line.label
            if line.analysis == "acute_days":
                yield POST_HOC, "Days spent in acute care without the index episode (post hoc)"


#: Every outcome with a model, by the name of its analysis: Table 2's order, the post hoc one added.
OUTCOMES: Mapping[str, str] = MappingProxyType(dict(_outcomes()))

#: Baseline characteristics in a model, by name.
CHARACTERISTICS: Mapping[str, str] = MappingProxyType(
    {
        "age": "Age (years)",
        "psychosis": "Condition (psychosis)",
        "centre": "Centre",
        **{line.analysis: line.label for line in LINES if line.analysis != "age"},
    }
)

#: Shorter names, for heads of columns and for lists.
SHORT: Mapping[str, str] = MappingProxyType(
    {
        **{name: label.partition(" (")[0] for name, label in CHARACTERISTICS.items()},
        "diagnosis": "Diagnosis",
        "lifetime_admissions": "Lifetime admissions",
        "crt_periods": "Crisis team periods",
    }
)

#: Their levels, the reference first.
LEVELS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "centre": {centre: centre for centre in CENTRES},
        "uk_born": YES_NO,
        **{line.analysis: line.levels for line in LINES if isinstance(line, Categories)},
    }
)


def characteristic(term: str) -> str:
    """The characteristic that a model's term belongs to.

    Examples
    --------
    >>> characteristic("sex[female]"), characteristic("age")
    ('sex', 'age')
    """
    return term.partition("[")[0]


def term(name: str) -> str:
    """A model's term in words: for a category, the category and the one it is compared with.

    Examples
    --------
    >>> term("sex[female]"), term("age"), term("centre[B]")
    ('Sex: Female v Male', 'Age (years)', 'Centre: B v A')
    """
    variable = characteristic(name)
    label = CHARACTERISTICS.get(variable, variable)
    level = name.removeprefix(variable).strip("[]")
    levels = LEVELS.get(variable, {})
    if level not in levels:
        return label
    return f"{label}: {levels[level]} v {next(iter(levels.values()))}"


def wrapped(label: str, width: int) -> str:
    """A label in lines of at most `width` characters, a number never parted from its unit.

    Examples
    --------
    >>> wrapped("Satisfaction with mental health services at 4 months", 44).splitlines()
    ['Satisfaction with mental health services', 'at 4 months']
    """
    tied = re.sub(r"(at )?(\d+) ", lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), label)
    return textwrap.fill(tied, width).replace("\N{NO-BREAK SPACE}", " ")


def listed(names: Sequence[str]) -> str:
    """Characteristics one after the other, as part of a sentence.

    Examples
    --------
    >>> listed(["age", "uk_born"])
    'age, UK born'
    """
    labels = [SHORT.get(name, name) for name in names]
    return ", ".join(x if x[:2].isupper() else x[:1].lower() + x[1:] for x in labels)
