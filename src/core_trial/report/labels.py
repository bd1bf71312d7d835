"""What outcomes, characteristics and terms of models are called in the tables."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from core_trial.declaration.arms import MODEL_ARMS
from core_trial.declaration.covariates import Categories, Covariate, Number, YesNo, in_words
from core_trial.declaration.trial import Trial
from core_trial.results import Results

#: Levels at which the effect of an outcome stands on an absolute scale, and beside the model's.
ABSOLUTE = (
    *("risk_difference", "risk_ratio", "restricted_mean"),
    *("ratio_of_means", "difference_in_means"),
)


def group(trial: Trial, arm: str) -> str:
    """An arm inside a sentence.

    Examples
    --------
    >>> from core_trial.declaration.arms import Arm
    >>> from core_trial.declaration.outcomes import Binary
    >>> arm = Arm("arm", control="usual care", intervention="CBT")
    >>> trial = Trial(title="A trial", participant="id", arm=arm, outcomes=(Binary("well"),))
    >>> group(trial, "control"), group(trial, "intervention")
    ('usual care group', 'CBT group')
    """
    label = lower_first(trial.arm.label(arm))
    return label if label.endswith(("group", "arm")) else f"{label} group"


def outcomes(trial: Trial) -> Mapping[str, str]:
    """Every outcome by its name, in the order declared."""
    return {outcome.key: outcome.title for outcome in trial.outcomes}


def covariate(trial: Trial, name: str) -> Covariate | None:
    """A characteristic as it is declared; None for one that is not."""
    declared = (*trial.baseline, *trial.layout.characteristics)
    known = {item.column: item for item in declared if not isinstance(item, str)}
    return known.get(name)


def label(trial: Trial, name: str) -> str:
    """A characteristic as tables print it, with its unit."""
    found = covariate(trial, name)
    text = (found.label if found else "") or in_words(name)
    unit = found.unit if isinstance(found, Number) else ""
    return f"{text} ({unit})" if unit else text


def short(trial: Trial, name: str) -> str:
    """A shorter name, for heads of columns and for lists."""
    found = covariate(trial, name)
    if found and found.short:
        return found.short
    return ((found.label if found else "") or in_words(name)).partition(" (")[0]


def characteristics(results: Results, trial: Trial, analyses: Iterable[str]) -> tuple[str, ...]:
    """Characteristics that were tried as predictors, declared order first."""
    wanted = set(analyses)
    tried = (k.level for k in results.numbers if k.analysis in wanted and k.statistic == "joint_p")
    found = dict.fromkeys(tried)
    declared = [name for name in trial.missingness or () if name in found]
    return tuple(dict.fromkeys([*declared, *found]))


def characteristic(term: str) -> str:
    """The characteristic that a model's term belongs to.

    Examples
    --------
    >>> characteristic("sex[female]"), characteristic("age")
    ('sex', 'age')
    """
    return term.partition("[")[0]


def level(name: str) -> str:
    """The level that a term stands for; blank for a number.

    Examples
    --------
    >>> level("sex[female]"), level("age")
    ('female', '')
    """
    return name.partition("[")[2].removesuffix("]")


def levels(trial: Trial, name: str) -> Mapping[str, str]:
    """Declared levels of a characteristic, or the arms, with their labels, the reference first."""
    if name == trial.arm.column:
        return {trial.arm.level(arm): trial.arm.label(arm) for arm in MODEL_ARMS}
    found = covariate(trial, name)
    if isinstance(found, Categories):
        return {str(key): text for key, text in found.levels.items()}
    if isinstance(found, YesNo):
        return {str(found.yes): "Yes", str(found.no): "No"}
    return {}


def term(trial: Trial, name: str) -> str:
    """A model's term in words: for a category, the category and the one it is compared with."""
    variable, of = characteristic(name), level(name)
    text, known = label(trial, variable), levels(trial, variable)
    if not of:
        return text
    if of not in known:
        return text if of in ("True", "1") else f"{text}: {in_words(of)}"
    reference = next(other for key, other in known.items() if key != of)
    first = next(iter(known))
    return f"{text}: {known[of]} v {known[first] if first != of else reference}"


def wrapped(text: str, width: int) -> str:
    """A label in lines of at most `width` characters, a number never parted from its unit.

    Examples
    --------
    >>> wrapped("Satisfaction with mental health services at 4 months", 44).splitlines()
    ['Satisfaction with mental health services', 'at 4 months']
    """
    tied = re.sub(r"(at )?(\d+) ", lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text)
    return textwrap.fill(tied, width).replace("\N{NO-BREAK SPACE}", " ")


def listed(trial: Trial, names: Sequence[str]) -> str:
    """Characteristics one after the other, as part of a sentence."""
    return ", ".join(lower_first(short(trial, name)) for name in names)


def lower_first(text: str) -> str:
    """A label inside a sentence; an abbreviation keeps its capitals.

    Examples
    --------
    >>> lower_first("Age"), lower_first("UK born")
    ('age', 'UK born')
    """
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def enumerated(names: Sequence[str]) -> str:
    """Words one after the other, with an ``and`` before the last.

    Examples
    --------
    >>> enumerated(["centre", "condition", "baseline score"])
    'centre, condition, and baseline score'
    """
    *first, last = names
    comma = "," if len(first) > 1 else ""
    return f"{', '.join(first)}{comma} and {last}" if first else last


def alternatives(names: Sequence[str]) -> str:
    """Words one after the other, with an ``or`` before the last.

    Examples
    --------
    >>> alternatives(["n/N (%)", "mean (SD)"])
    'n/N (%) or mean (SD)'
    """
    *first, last = names
    comma = "," if len(first) > 1 else ""
    return f"{', '.join(first)}{comma} or {last}" if first else last
