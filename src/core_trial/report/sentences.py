"""The findings in words: a trial's own sentences, or general ones, with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from core_trial.declaration.arms import Group
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Score, Time
from core_trial.declaration.trial import Trial
from core_trial.declaration.wording import Place as Blank
from core_trial.declaration.wording import Sentence
from core_trial.report import labels, phrases
from core_trial.report.cells import Place
from core_trial.report.styles import LANCET, Style
from core_trial.results import Results

#: Says one number; None where it is not there or not told.
Teller = Callable[[Results, Trial, Style, Blank], str | None]

#: Recruitment and allocation of any trial.
GENERAL = (
    "Of {count flow level=screened} people screened, {count flow level=eligible} were eligible and "
    "{count flow level=randomised} were randomised.",
    "{count flow arm=intervention level=randomised} participants were assigned to the "
    "{intervention} and {count flow arm=control level=randomised} to the {control}.",
)


#: Asks for the unit that the outcome itself declares.
_OWN = "own"
#: Names an outcome by its place in the declaration.
_NTH = "outcome#"


def sentences(results: Results, trial: Trial, style: Style = LANCET) -> tuple[str, ...]:
    """Every finding as a sentence, in order.

    Parameters
    ----------
    results
        The records. A sentence that would need a number which they do not hold, or withhold, is
        left out.
    trial
        The declaration, with its own wording or without.
    style
        How numbers are spelt.

    Examples
    --------
    >>> from core_trial.declaration.arms import Arm
    >>> from core_trial.results import FlowCount
    >>> trial = Trial(title="A trial", participant="id", outcomes=(Binary("well"),),
    ...               arm=Arm("arm", control="usual care", intervention="CBT"))
    >>> flow = (FlowCount(step="randomised", n=n, arm=arm)
    ...         for arm, n in (("intervention", 21), ("control", 20)))
    >>> sentences(Results(tuple(flow)), trial)
    ('21 participants were assigned to the CBT group and 20 to the usual care group.',)
    """
    wanted = trial.wording.sentences or tuple(map(Sentence, general(trial)))
    filled = (_filled(sentence, results, trial, style) for sentence in wanted)
    return tuple(text for text in filled if text is not None)


def general(trial: Trial) -> Iterator[str]:
    """Sentences for any trial: recruitment, every outcome, and who is missing.

    They name an outcome by its place, for its own name may hold what a template cannot.
    """
    yield from GENERAL
    for place, outcome in enumerate(trial.outcomes):
        yield from _of_outcome(f"{_NTH}{place}", outcome)
    if (primary := trial.primary) is not None:
        nth = f"{_NTH}{trial.outcomes.index(primary)}"
        name = f"missingness.{nth}"
        yield (
            f"{{label {nth}}} is not known for {{count {name} arm=intervention "
            "level=otherwise} participants in the {intervention} "
            f"and for {{count {name} arm=control level=otherwise}} in the {{control}}."
        )


def _of_outcome(key: str, outcome: AnyOutcome) -> Iterator[str]:
    effect, title = f"{{effect {key}}}", f"{{label {key}}}"
    if isinstance(outcome, Binary):
        arms = _versus(f"share {key}", " participants")
        yield f"{title}: {arms} ({effect})."
    elif isinstance(outcome, Time):
        arms = _versus(f"median {key}", "", unit=_OWN)
        yield f"{title}: median of those with the event, {arms}; over all participants, {effect}."
    elif isinstance(outcome, Score) or outcome.mean:
        arms = _versus(f"mean {key}", "", unit=_OWN, decimals=_decimals(outcome))
        yield f"{title}: mean {arms} ({effect})."
    else:
        arms = _versus(f"median {key}", "", unit=_OWN)
        yield f"{title}: median {arms} ({effect})."
    yield f"{title}, in absolute terms: {{absolute {key}}}."


def _decimals(outcome: Score | Count) -> str:
    mean, sd = outcome.decimals
    return f"{mean},{sd}"


def _versus(place: str, noun: str, **options: str) -> str:
    """Both arms side by side."""
    more = "".join(f" {name}={value}" for name, value in options.items())
    first, second = (f"{{{place} arm={arm}{more}}}" for arm in Group)
    return f"{first}{noun} in the {{intervention}} versus {second} in the {{control}}"


def _filled(sentence: Sentence, results: Results, trial: Trial, style: Style) -> str | None:
    blanks = [_named(blank, trial) for blank in sentence.places]
    found = [TELLERS[blank.kind](results, trial, style, blank) for blank in blanks]
    told = [text for text in found if text is not None]
    return sentence.filled(told) if len(told) == len(found) else None


def _named(blank: Blank, trial: Trial) -> Blank:
    """The place with the outcome's own name where it was named by its own place."""
    prefix, nth, place = blank.analysis.partition(_NTH)
    if not nth or prefix not in ("", "missingness."):
        return blank
    return replace(blank, analysis=f"{prefix}{trial.outcomes[int(place)].key}")


def _at(blank: Blank) -> Place:
    return Place(blank.analysis, blank.options.get("arm", ""), blank.options.get("level", ""))


def _digits(trial: Trial, blank: Blank) -> tuple[int, int]:
    """Decimals as the sentence asks for, else as the outcome declares."""
    if "decimals" in blank.options:
        mean, sd = map(int, blank.options["decimals"].split(","))
        return mean, sd
    declared = {o.key: o.decimals for o in trial.outcomes if isinstance(o, Score | Count)}
    return declared.get(blank.analysis, (0, 0))


def _count(results: Results, trial: Trial, style: Style, blank: Blank) -> str | None:
    del trial
    return phrases.count(results, _at(blank), style)


def _share(results: Results, trial: Trial, style: Style, blank: Blank) -> str | None:
    del trial
    return phrases.share(results, _at(blank), style)


def _mean(results: Results, trial: Trial, style: Style, blank: Blank) -> str | None:
    unit = _unit(trial, blank)
    return phrases.mean_sd(results, _at(blank), style, _digits(trial, blank), unit)


def _median(results: Results, trial: Trial, style: Style, blank: Blank) -> str | None:
    decimals = int(blank.options.get("decimals", "0,0").partition(",")[0])
    return phrases.median_iqr(results, _at(blank), style, decimals, _unit(trial, blank))


def _unit(trial: Trial, blank: Blank) -> str:
    """The unit that the sentence asks for, or the outcome's own."""
    unit = blank.options.get("unit", "")
    if unit != _OWN:
        return unit.replace("_", " ")
    declared = {o.key: o.unit for o in trial.outcomes if not isinstance(o, Binary)}
    return declared.get(blank.analysis, "")


def _date(results: Results, trial: Trial, style: Style, blank: Blank) -> str | None:
    del trial, style
    return phrases.date(results, _at(blank), blank.options.get("statistic", "first_date"))


def _effect(results: Results, trial: Trial, style: Style, blank: Blank) -> str | None:
    del trial
    return phrases.effect(results, blank.analysis, style, blank.options.get("level", ""))


def _absolute(results: Results, trial: Trial, style: Style, blank: Blank) -> str | None:
    """Every effect that stands beside the model's, one after the other."""
    outcome = next((o for o in trial.outcomes if o.key == blank.analysis), None)
    return phrases.absolute(results, outcome, style) if outcome else None


def _title(results: Results, trial: Trial, style: Style, blank: Blank) -> str | None:
    del results, style
    return labels.lower_first(labels.outcomes(trial).get(blank.analysis, blank.analysis))


def _label(results: Results, trial: Trial, style: Style, blank: Blank) -> str | None:
    del results, style
    return labels.outcomes(trial).get(blank.analysis, blank.analysis)


def _group(results: Results, trial: Trial, style: Style, blank: Blank) -> str | None:
    del results, style
    return labels.group(trial, blank.kind)


#: How each kind of place is filled.
TELLERS: Mapping[str, Teller] = MappingProxyType(
    {
        "count": _count,
        "share": _share,
        "mean": _mean,
        "median": _median,
        "date": _date,
        "effect": _effect,
        "absolute": _absolute,
        "title": _title,
        "label": _label,
        "intervention": _group,
        "control": _group,
    }
)
