"""What the cells of a declared column may hold: the public names, as ``core_trial.kinds``.

>>> import core_trial as ct
>>> ct.Column("age", "Age", "Age at discharge.", ct.kinds.Integer(16, 110), unit="years").name
'age'
"""

from core_trial.declaration.columns import (
    Category,
    Decimal,
    Identifier,
    Indicator,
    Inferred,
    Integer,
    Text,
    YesNo,
)
from core_trial.declaration.dates import Day

__all__ = [
    "Category",
    "Day",
    "Decimal",
    "Identifier",
    "Indicator",
    "Inferred",
    "Integer",
    "Text",
    "YesNo",
]
