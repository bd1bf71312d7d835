"""How a trial words its findings: sentences with places for numbers, which are data.

A place in a sentence names what is to be told, and of which record: ``{share relapse
arm=control}`` becomes "83 (38%) of 216". A sentence that would need a number which is not there, or
not told, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from core_trial.declaration.arms import Group
from core_trial.errors import DesignError, nearest

#: What a place can tell, and what it may be told besides the analysis.
KINDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "count": frozenset({"arm", "level"}),
        "share": frozenset({"arm", "level"}),
        "mean": frozenset({"arm", "level", "unit", "decimals"}),
        "median": frozenset({"arm", "level", "unit", "decimals"}),
        "date": frozenset({"arm", "level", "statistic"}),
        "effect": frozenset({"level"}),
        "absolute": frozenset(),
        "title": frozenset(),
        "label": frozenset(),
        "intervention": frozenset(),
        "control": frozenset(),
    }
)
#: Places that name no analysis.
_ARMS = frozenset({"intervention", "control"})
_PLACE = re.compile(r"\{([^{}]*)\}")
#: Analyses that every trial may have, whatever its outcomes.
COMMON = frozenset({"flow", "recruitment"})


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a sentence.

    Parameters
    ----------
    kind
        One of `KINDS`.
    analysis
        Whose number it is; blank for the name of an arm.
    options
        What else was said: arm, level, unit and so on.
    """

    kind: str
    analysis: str = ""
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with places for numbers.

    Parameters
    ----------
    template
        The words. In braces: ``{count ANALYSIS}``, ``{share ANALYSIS}``, ``{mean ANALYSIS}``,
        ``{median ANALYSIS}``, ``{date ANALYSIS}``, ``{effect ANALYSIS}``, ``{absolute ANALYSIS}``,
        ``{label ANALYSIS}`` or, inside a sentence, ``{title ANALYSIS}``, with ``arm=``,
        ``level=``, ``unit=``, ``decimals=1,1``, ``statistic=`` after them (an underscore for a
        space; ``unit=own`` for the outcome's), or ``{intervention}`` and ``{control}``.

    Raises
    ------
    DesignError
        When a place cannot be read; the nearest right word is named.

    Examples
    --------
    >>> Sentence("{share relapse arm=control} relapsed.").places
    (Place(kind='share', analysis='relapse', options={'arm': 'control'}),)
    >>> Sentence("{shares relapse}")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    core_trial.errors.DesignError: {shares relapse}: no kind of number 'shares'; did you mean ...
    """

    template: str

    def __post_init__(self) -> None:
        for text in _PLACE.findall(self.template):
            _read(text)

    @property
    def places(self) -> tuple[Place, ...]:
        """The places, in order."""
        return tuple(_read(text) for text in _PLACE.findall(self.template))

    def filled(self, texts: Collection[str]) -> str:
        """The sentence with a text in every place."""
        remaining = iter(texts)
        return _PLACE.sub(lambda _: next(remaining), self.template)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a trial words its findings.

    Parameters
    ----------
    sentences
        The findings, in order; empty for a sentence on each outcome and on what else is recorded.
    analyses
        Names of analyses, beside the trial's own outcomes and characteristics, that sentences tell
        of.
    invented
        Where the data are synthetic: what in a table no paper printed, so that the generator made
        it up, by the table's name.
    """

    sentences: tuple[Sentence, ...] = ()
    analyses: tuple[str, ...] = ()
    invented: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def unknown(self, known: Collection[str]) -> Iterator[str]:
        """Names in sentences that no analysis has, each as a fault with the nearest right one."""
        names = {*known, *self.analyses, *COMMON}
        told = dict.fromkeys(p.analysis for s in self.sentences for p in s.places if p.analysis)
        for name in told:
            if name.removeprefix("missingness.") not in names:
                yield f"wording: no analysis {name!r}{nearest(name, names)}"


def _read(text: str) -> Place:
    kind, *rest = text.split() or [""]
    if kind not in KINDS:
        raise DesignError(f"{{{text}}}: no kind of number {kind!r}{nearest(kind, KINDS)}")
    first = next((i for i, word in enumerate(rest) if "=" in word), len(rest))
    analysis = " ".join(rest[:first])
    if (kind in _ARMS) == bool(analysis):
        wrong = f"{kind!r} needs nothing more" if analysis else f"name the analysis after {kind!r}"
        raise DesignError(f"{{{text}}}: {wrong}")
    return Place(kind, analysis, dict(_option(text, kind, word) for word in rest[first:]))


def _option(text: str, kind: str, word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or name not in KINDS[kind]:
        hint = nearest(name, KINDS[kind])
        raise DesignError(f"{{{text}}}: {kind!r} cannot be told {word!r}{hint}")
    if name == "arm" and value not in set(Group):
        raise DesignError(f"{{{text}}}: no arm {value!r}{nearest(value, set(Group))}")
    if name == "decimals" and not re.fullmatch(r"\d,\d", value):
        raise DesignError(f"{{{text}}}: decimals are two digits, as in decimals=1,1")
    return name, value
