"""What other programs write in a formula, and what to write here instead."""

from __future__ import annotations

import re

from core_trial.errors import DesignError

#: A name of letters of any alphabet, digits, dots and underscores.
NAME = r"[^\W\d][\w.]*"
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
#: What users of other programs write, and what to write here instead.
_INSTEAD = (
    (
        re.compile(r"\(\s*(?:0\s*\+|1\s*\+)?\s*[^()|\s1][^()|]*\|\|?([^()]*)\)"),
        "random slopes are not fitted; write cluster={0!r} for a random intercept",
    ),
    (re.compile(r"\([^()|]*\|\|?([^()]*)\)"), "write cluster={0!r} for a random intercept"),
    (
        re.compile(r"(?<![\w.])offset\(\s*(?:np\.)?log\(([^()]*)\)\s*\)"),
        "write exposure={0!r}, or offset= with the name of a column of logarithms",
    ),
    (re.compile(r"(?<![\w.])offset\(([^()]*)\)"), "write offset={0!r}"),
    (re.compile(r"(?<![\w.])exposure\(([^()]*)\)"), "write exposure={0!r}"),
    (re.compile(r"(?<![\w.])strata\(([^()]*)\)"), "write strata={0!r} (for cox)"),
    (re.compile(r"(?<![\w.])cluster\(([^()]*)\)"), "write cluster={0!r}"),
    (re.compile(r"(?<![\w.])frailty\(([^()]*)\)"), "write cluster={0!r}, frailty='gamma'"),
    (re.compile(r"(?<![\w.])Surv\("), "write time= and event=, and the covariates alone"),
    (re.compile(r"(?<![\w.])(?:as\.)?factor\(([^()]*)\)"), "write C({0})"),
    (
        re.compile(r"(?<![\w.])(?:s|te|ti|rcs|ns)\(\s*([^(),]*)[^()]*\)"),
        "write cr({0}, df=4) for a natural spline or bs({0}, df=4) for a B-spline",
    ),
    (re.compile(rf"(?<![\w.`])i\.({NAME})"), "write C({0})"),
    (re.compile(rf"(?<![\w.`])c\.({NAME})"), "write {0}"),
    (re.compile(r"##"), "write a*b for both effects and their product"),
    (re.compile(r"(?<![\w.)`])\.(?![\w])"), "name each covariate: there is no '.' for all others"),
)


def refuse_foreign(formula: str, side: str) -> None:
    """Refuse what other programs write in a formula, with what to write here."""
    bare = QUOTED.sub("``", side)
    for pattern, advice in _INSTEAD:
        found = pattern.search(bare)
        if found:
            name = found.group(1).strip() if found.groups() else ""
            raise DesignError(
                f"formula {formula!r}: cannot read {found.group(0)!r}; {advice.format(name)}"
            )
