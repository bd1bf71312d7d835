"""What analyses, characteristics and models are called in print, beyond Tables 1 and 2."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core_trial import vocabulary as words
from core_trial.report import table2
from core_trial.report.table1 import LINES

#: The outcome decided upon after the data were seen.
POST_HOC = "readmission_days"
#: Every outcome with a model: those of Table 2 in its order, then the post hoc one.
OUTCOMES: Mapping[str, str] = MappingProxyType(
    {line.analysis: line.label for line in table2.OUTCOMES if isinstance(line, table2.Outcome)}
    | {POST_HOC: "Days spent in acute care without the index episode (post hoc)"}
)
#: Characteristics at baseline: Table 1's, condition and centre.
CHARACTERISTICS: Mapping[str, str] = MappingProxyType(
    {"psychosis": "Condition (psychosis)", "centre": "Centre"}
    | {line.analysis: line.label for line in LINES}
)
_LEVELS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "sex": words.SEX,
        "ethnicity": words.ETHNICITY,
        "uk_born": words.YES_NO,
        "marital_status": words.MARITAL_STATUS,
        "diagnosis": words.DIAGNOSIS,
        "lifetime_admissions": words.LIFETIME_ADMISSIONS,
        "crt_periods": words.CRT_PERIODS,
    }
)


def characteristic(name: str) -> str:
    """A characteristic's label; an unknown one is spelt as its column.

    Examples
    --------
    >>> characteristic("uk_born"), characteristic("shoe_size")
    ('UK born', 'shoe size')
    """
    return CHARACTERISTICS.get(name, name.replace("_", " "))


def term(name: str) -> str:
    """A model's term in words.

    Examples
    --------
    >>> term("marital_status[widowed]"), term("centre[B]"), term("age")
    ('Marital status: Widowed', 'Centre: B', 'Age (years)')
    """
    factor, bracket, level = name.removesuffix("]").partition("[")
    label = characteristic(factor)
    return f"{label}: {_LEVELS.get(factor, {}).get(level, level)}" if bracket else label
