"""Write docs/agreement.md: how far this library, and others, are from R on public data sets.

Run it from the root of the repository (``make agreement``):

    python -m studies.agreement

R's answers are those of ``tests/reference/make_agreement.R`` and ``make_repeated.R``; what other
Python packages say is from ``studies/agreement_peers.py``, which is run by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tests.support.agreement import (
    CURVES,
    DATA,
    Case,
    Difference,
    cases,
    difference,
    fitted,
    repeated_cases,
    sources,
    spelt,
)

PAGE = Path("docs/agreement.md")
TEMPLATE = Path(__file__).with_name("agreement_page.md")
#: In the order of the page.
MODELS = (
    "mixed_logistic", "mixed_poisson", "mixed_linear", "repeated_measures", "linear_regression",
    "logistic_regression", "modified_poisson", "poisson", "negative_binomial", "zero_inflated_nb",
    "cox", "fine_gray", "kaplan_meier", "cumulative_incidence", "restricted_mean",
)  # fmt: skip
#: Another package is off where a coefficient or a standard error differs from R's by more: in
#: standard errors, and relative.
OFF = 0.01
HEADS = ["coefficient", "standard error", "df", "log-likelihood", "variance"]
NOTES = {
    "mixed_logistic": "25 quadrature nodes on either side.",
    "mixed_poisson": "25 quadrature nodes on either side.",
    "mixed_linear": "`residual_by` is a residual variance for each group, `random` a random effect "
    "in one group only: partial nesting.",
    "repeated_measures": "R's numbers start from nlme's; variances are those of the visits.",
    "linear_regression": "CR2 has Satterthwaite's degrees of freedom.",
    "cox": "Frailties are gamma, by the marginal likelihood; their standard errors are those given "
    "the variance, as in R.",
    "fine_gray": "Coefficients of `coxph` on the rows of `finegray`; standard errors of `crr`, "
    "whose own coefficients are 1e-4 standard errors from these where events and losses are tied.",
    "kaplan_meier": "Survival at every time of an event, with Greenwood's standard error.",
    "cumulative_incidence": "Aalen and Johansen's curve at every event, of every cause.",
    "restricted_mean": "The mean of each group.",
}
Found = Sequence[tuple[Case, Difference]]


def main() -> None:
    """Fit everything, and write the page."""
    every = [*cases(), *repeated_cases()]
    found = [(case, difference(case, fitted(case))) for case in every]
    asked, versions = _asked()
    page = TEMPLATE.read_text().format(
        sets=len({case.data for case in every}),
        fits=len(found),
        summary=_summary(found),
        models="\n\n".join(_model(name, found) for name in MODELS),
        lost=_lost(found),
        off=OFF,
        percent=100 * OFF,
        versions=versions,
        peers=_peers(asked),
        silent=_silent(asked),
        sources=_sources(),
    )
    PAGE.write_text(page)
    print(f"{PAGE}: {len(found)} fits")


def _summary(found: Found) -> str:
    rows = []
    for name in MODELS:
        own = [(case, d) for case, d in found if case.model == name]
        sets = len({case.data for case, _ in own})
        worst = _worst(d for _, d in own)
        rows.append([f"[`{name}`](#{name})", str(sets), str(len(own)), *_numbers(worst)])
    return _table(["model", "data sets", "fits", *HEADS], rows)


def _values(d: Difference) -> list[float | None]:
    return [d.coefficient, d.std_error, d.df, d.loglik, d.variance]


def _worst(own: Iterable[Difference]) -> list[float | None]:
    columns = zip(*map(_values, own), strict=True)
    return [max((abs(v) for v in c if v is not None), default=None) for c in columns]


def _numbers(values: Iterable[float | None]) -> list[str]:
    return ["–" if v is None else f"{v:.0e}" if v else "0" for v in values]


def _model(name: str, found: Found) -> str:
    rows = [
        [case.data, _code(case.label), str(d.size), *_numbers(_values(d))]
        for case, d in found
        if case.model == name
    ]
    size = "points" if name in CURVES else "coefficients"
    note = f"{NOTES[name]}\n\n" if name in NOTES else ""
    return f"### {name}\n\n{note}" + _table(["data", "fit", size, *HEADS], rows)


def _lost(found: Found) -> str:
    rows = []
    for case, d in found:
        theirs = {spelt(term): k for k, term in enumerate(case.answer.get("terms", ()))}
        for name in d.lost:
            k = theirs[spelt(name)]
            r = f"{case.answer['coef'][k]:.1f} ({case.answer['se'][k]:,.3g})"
            rows.append([f"`{case.model}`", case.data, f"`{name}`", r])
    return _table(["model", "data", "coefficient", "R's estimate (standard error)"], rows)


def _asked() -> tuple[pd.DataFrame, str]:
    told = json.loads((DATA / "peers.json").read_text())
    versions = ", ".join(f"{name} {number}" for name, number in told["versions"].items())
    asked = pd.DataFrame(told["asked"])
    size = asked[["coefficient", "std_error"]].to_numpy(dtype=float)
    asked["there"] = asked["outcome"] == "answers"
    asked["off"] = asked["there"] & ~(np.abs(size) <= OFF).all(axis=1)
    asked["silent"] = asked["off"] & ~asked["warned"].astype(bool)
    return asked, versions


def _peers(asked: pd.DataFrame) -> str:
    head = ["package", "model", "asked", "no answer", "coefficient, median", "largest",
            "standard error, median", "largest", "off", "silently"]  # fmt: skip
    groups = asked.groupby(["package", "model"], sort=True)
    return _table(head, [_peer(str(p), str(m), own) for (p, m), own in groups])


def _peer(package: str, model: str, own: pd.DataFrame) -> list[str]:
    size: list[float | None] = []
    for name in ("coefficient", "std_error"):
        values = own.loc[own["there"], name].dropna().to_numpy(dtype=float)
        size += [float(np.median(values)), float(values.max())] if len(values) else [None, None]
    counts = [str(len(own)), str(int((~own["there"]).sum()))]
    off = [str(int(own["off"].sum())), str(int(own["silent"].sum()))]
    return [package, f"`{model}`", *counts, *_numbers(size), *off]


def _silent(asked: pd.DataFrame) -> str:
    rows = [
        [one.package, f"`{one.model}`", one.data, _code(str(one.label)),
         *_numbers([one.coefficient, one.std_error])]
        for one in asked[asked["silent"]].itertuples()
    ]  # fmt: skip
    return _table(["package", "model", "data", "fit", "coefficient", "standard error"], rows)


def _sources() -> str:
    rows = [
        [s.name, s.rows, s.part, f"{s.software}: {s.package} {s.version}", s.original, s.licence]
        for s in sources().sort_values(["software", "package", "name"]).itertuples(index=False)
    ]
    return _table(["name", "rows", "which", "from", "there called", "licence"], rows)


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


if __name__ == "__main__":
    main()
