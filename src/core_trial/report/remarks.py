"""What fits warn of, in the words of a reader who did not run them.

A fit's warning tells its user what to choose instead. A reader of the report has nothing to choose:
what follows for the number in front of them is told, in the trial's own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from core_trial.declaration.arms import Group
from core_trial.declaration.trial import Trial
from core_trial.report import labels, number
from core_trial.report.styles import Style
from core_trial.results import Estimate

#: What is said in the place of a warning, from the parts of it that matter.
Teller = Callable[[re.Match[str], Trial, Style], str]


def remarks(estimate: Estimate, trial: Trial, style: Style) -> tuple[str, ...]:
    """What the fit warns of, a sentence each, none of them twice."""
    return tuple(dict.fromkeys(remark(text, trial, style) for text in estimate.warnings))


def remark(warning: str, trial: Trial, style: Style) -> str:
    """One warning as a sentence for readers; as the fit has it where nothing better is known.

    Examples
    --------
    >>> from core_trial.declaration.arms import Arm
    >>> from core_trial.declaration.outcomes import Binary
    >>> from core_trial.report.styles import LANCET
    >>> trial = Trial(title="A trial", participant="id", outcomes=(Binary("well"),),
    ...               arm=Arm("arm", control="usual care", intervention="CBT"))
    >>> remark("the answer depends on the number of nodes: with 25 instead of 7", trial, LANCET)
    'The estimates change when the numerical integration is made finer.'
    """
    for pattern, tell in _TELLERS.items():
        if found := re.search(pattern, warning):
            return sentence(tell(found, trial, style))
    return sentence(warning)


def sentence(text: str) -> str:
    """A remark as a sentence.

    Examples
    --------
    >>> sentence("the variance is at its bound")
    'The variance is at its bound.'
    """
    whole = text.strip().rstrip(".")
    return f"{whole[0].upper()}{whole[1:]}." if whole else ""


def _count_part(found: re.Match[str], trial: Trial, style: Style) -> str:
    del trial
    model, data = (number.fixed(float(found[name]), 2, style) for name in ("model", "data"))
    return (
        "the rate ratio is that of the count part of the model: it compares those who can have "
        "any, and the share of people who cannot is taken to be the same in both groups. Over all "
        f"participants the ratio of means is {model} by this model, and {data} in the data"
    )


def _implied_means(found: re.Match[str], trial: Trial, style: Style) -> str:
    groups = [labels.group(trial, arm) for arm in (Group.CONTROL, Group.INTERVENTION)]
    told = "; ".join(
        f"{_whole(found[f'implied{i}'], style)} where {_whole(found[f'seen{i}'], style)} was seen, "
        f"{name}"
        for i, name in enumerate(groups)
    )
    return (
        f"the model implies means that the data do not have ({told}): one random effect for each "
        "cluster does not describe counts that differ so much between people, and the estimate is "
        "not to be believed"
    )


def _separated(found: re.Match[str], trial: Trial, style: Style) -> str:
    del style
    terms = dict.fromkeys(re.findall(r"[\w.]+\[[^\]]+\]|[\w.]+(?= \()", found["terms"]))
    named = labels.enumerated([labels.term(trial, term) for term in terms])
    return (
        f"all or none had the outcome where these differ, so that nothing finite is estimated for "
        f"{named}; the effect of the intervention is estimated from the others"
    )


def _no_variance(found: re.Match[str], trial: Trial, style: Style) -> str:
    del found, trial, style
    return (
        "the variance between clusters was estimated as zero: the estimate is that of a model "
        "without random effects"
    )


def _nodes(found: re.Match[str], trial: Trial, style: Style) -> str:
    del found, trial, style
    return "the estimates change when the numerical integration is made finer"


def _whole(text: str, style: Style) -> str:
    return number.fixed(float(text), 0, style)


_NUMBER = r"[-+\d.e]*\d"
_MEANS = rf"ratio of overall means is (?P<model>{_NUMBER}), the data's (?P<data>{_NUMBER})"
_IMPLIED = (
    rf"implies mean counts of (?P<implied0>{_NUMBER}) where (?P<seen0>{_NUMBER}) was seen at the "
    rf"reference level of \S+ and (?P<implied1>{_NUMBER}) where (?P<seen1>{_NUMBER})"
)
#: What is said in the place of a warning that holds a text, the first that does.
_TELLERS: Mapping[str, Teller] = MappingProxyType(
    {
        _MEANS: _count_part,
        _IMPLIED: _implied_means,
        r"the data separate, no finite estimate for: (?P<terms>[^;]*)": _separated,
        r"the cluster variance is at its bound, zero": _no_variance,
        r"the answer depends on the number of nodes": _nodes,
    }
)
