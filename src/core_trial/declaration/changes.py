"""What has changed between two declarations, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core_trial.declaration.covariates import in_words
from core_trial.declaration.serial import FUNCTION, SOURCE, TYPE, Plain, digest, text_of

#: Fields whose names do not say enough, in words.
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "adjust": "covariates",
        "asked": "those who were asked",
        "in_table2": "whether Table 2 has it",
        "post_hoc": "whether it is post hoc",
        "primary": "whether it is primary",
        "better": "which direction is better",
        "planned": "model of the protocol",
        "deviation": "reason for another model",
        "planned_adjustments": "planned adjustments",
        "baseline": "baseline",
        "missingness": "predictors of missing values",
        "received": "who received it",
        "at_least": "how much counts as received",
    }
)
#: What a field says when it is left at its default, where "the default" would say too little.
DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "model": "the recommended model",
        "adjust": "the strata",
        "primary": "no",
        "post_hoc": "no",
        "in_table2": "yes",
        "cluster": "nobody is clustered",
        "planned": "the model that is fitted",
        "missingness": "arm, strata and baseline",
        "confidence": "0.95",
        "layout": "what follows from the outcomes",
        "wording": "the general sentences",
        **dict.fromkeys(("strata", "subgroups", "planned_adjustments", "compliers"), "none"),
        **dict.fromkeys(("baseline", "stages", "denominators", "files", "registry"), "none"),
        **dict.fromkeys(("masked", "unit", "label", "exposure", "entry", "limit"), "none"),
    }
)
#: Entries by which an item of a list is known again.
_NAMED = ("name", "key", "column", "title", "template", "label")
#: Longest text of a value that a change shows, in characters.
LONGEST_TEXT = 120
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is no longer as it was.

    Parameters
    ----------
    part
        Part of the declaration, such as ``"Outcomes"``.
    what
        What of it, such as ``"Hope at 4 months: covariates"``.
    before, after
        How it was and how it is.
    """

    part: str
    what: str
    before: str
    after: str

    def __str__(self) -> str:
        what = f"{self.part}, {self.what}" if self.what else self.part
        return f"{what}: was {self.before}; is {self.after}"


def changes(before: Plain, after: Plain) -> tuple[Change, ...]:
    """Every change between two declarations, as `serial.plain` gives them.

    Examples
    --------
    >>> from core_trial.declaration.outcomes import Score
    >>> from core_trial.declaration.serial import plain
    >>> old = {"outcomes": [plain(Score("hope", adjust=("site",)))]}
    >>> new = {"outcomes": [plain(Score("hope", adjust=("site", "age")))]}
    >>> print(*changes(old, new))
    Outcomes, Hope: covariates: was site; is site, age
    """
    return tuple(_between((), before, after))


def _between(path: tuple[str, ...], before: Any, after: Any) -> Iterator[Change]:
    if _same(before, after):
        return
    if _objects(before, after):
        for name in dict.fromkeys((*before, *after)):
            if name != TYPE:
                old, new = before.get(name, _ABSENT), after.get(name, _ABSENT)
                yield from _between((*path, name), old, new)
        if list(filter(after.__contains__, before)) != list(filter(before.__contains__, after)):
            yield _change((*path, "order"), list(before), list(after))
    elif _named(before) and _named(after):
        yield from _between_lists(path, before, after)
    elif _named(before) and after is _ABSENT:
        yield from _between_lists(path, before, [])
    elif before is _ABSENT and _named(after):
        yield from _between_lists(path, [], after)
    else:
        yield _change(path, before, after)


def _same(before: Any, after: Any) -> bool:
    """Whether two values are the same, the order of an object's entries included."""
    if isinstance(before, dict) and isinstance(after, dict):
        return list(before) == list(after) and all(_same(before[k], after[k]) for k in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return type(before) is type(after) and bool(before == after)


def _objects(before: Any, after: Any) -> bool:
    """Whether two objects are of one type, and not functions or models, which change as a whole."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return False
    whole = FUNCTION in before or FUNCTION in after or before.get(TYPE) == "Using"
    return before.get(TYPE) == after.get(TYPE) and not whole


def _named(items: Any) -> bool:
    return isinstance(items, list) and bool(items) and all(isinstance(i, dict) for i in items)


def _between_lists(
    path: tuple[str, ...], before: Sequence[Any], after: Sequence[Any]
) -> Iterator[Change]:
    """Items that went, came, or changed; and whether the rest stands in another order."""
    old, new = _by_name(before), _by_name(after)
    for name in (name for name in old if name not in new):
        yield _change((*path, _label(old[name])), _Told("planned"), _Told("taken out"))
    for name in (name for name in new if name not in old):
        yield _change((*path, _label(new[name])), _Told("not planned"), _Told("added"))
    both = [name for name in old if name in new]
    for name in both:
        if _objects(old[name], new[name]):
            yield from _between((*path, _label(new[name])), old[name], new[name])
        elif not _same(old[name], new[name]):
            yield _change((*path, _label(new[name])), old[name], new[name])
    if both != [name for name in new if name in old]:
        yield _change((*path, "order"), both, [name for name in new if name in old])


def _by_name(items: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        name = _name(item)
        while name in found:
            name += "′"
        found[name] = item
    return found


def _name(item: Mapping[str, Any]) -> str:
    return next((str(item[key]) for key in _NAMED if item.get(key)), str(item.get(FUNCTION, "")))


def _label(item: Mapping[str, Any]) -> str:
    label = item.get("label") or item.get("title")
    return str(label) if label else in_words(_name(item))


class _Told(str):
    """Words that are told as they are."""

    __slots__ = ()


def _change(path: tuple[str, ...], before: Any, after: Any) -> Change:
    part, *rest = path or ("declaration",)
    steps = [WORDS.get(step, step if " " in step else step.replace("_", " ")) for step in rest]
    last = path[-1] if path else ""
    old, new = _told(before, last), _told(after, last)
    if old == new:
        old, new = _code(before, old), _code(after, new)
    return Change(in_words(WORDS.get(part, part)), ": ".join(steps), old, new)


def _told(value: Any, name: str) -> str:
    if isinstance(value, _Told):
        return str(value)
    if value is _ABSENT:
        return DEFAULTS.get(name, "the default")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, dict):
        return _object(value)
    text = ", ".join(_told(item, "") for item in value) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _object(value: Mapping[str, Any]) -> str:
    if FUNCTION in value:
        return str(value[FUNCTION])
    if value.get(TYPE) == "Using":
        options = dict(value.get("options") or {})
        adjust = value.get("adjust")
        options |= {"adjusted for": adjust} if adjust else {}
        told = ", ".join(f"{name} {_told(item, name)}" for name, item in options.items())
        return f"{value['model']} ({told})" if told else str(value["model"])
    said = [f"{WORDS.get(k, k)} {_told(v, k)}" for k, v in value.items() if k != TYPE]
    text = ", ".join([*([in_words(value[TYPE]).lower()] if TYPE in value else []), *said])
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _code(value: Any, told: str) -> str:
    """A function whose code changed, or a long value whose difference is beyond what is shown."""
    if isinstance(value, dict) and SOURCE in value:
        return f"{told} (code {value[SOURCE][:8]})"
    return f"{told} (text {digest(text_of(value))[:8]})" if value is not _ABSENT else told
