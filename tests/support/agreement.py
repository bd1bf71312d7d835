"""Public data sets, what R says of them, and how far this library is from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial import models

Floats = NDArray[np.float64]

DATA = Path(__file__).parents[1] / "reference" / "data" / "public"
#: Models that answer with a curve or a mean for each group, not with coefficients.
CURVES = ("kaplan_meier", "cumulative_incidence", "restricted_mean")
#: A coefficient of R's beyond this, on the link scale, is one that the data send to infinity.
RUN_AWAY = 15.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One model of one data set.

    Parameters
    ----------
    data, model, formula, arguments
        What is called: ``models.<model>(formula, <data>, **arguments)``.
    answer
        R's.
    """

    data: str
    model: str
    formula: str | None
    arguments: Mapping[str, Any]
    answer: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The call in a line, but for the data."""
        shown = ", ".join(f"{k}={v!r}" for k, v in self.arguments.items() if k not in _PLAIN)
        return " | ".join(part for part in (self.formula or "", shown) if part)

    def __str__(self) -> str:
        return f"{self.model}: {self.data}: {self.label}"


#: Arguments that only say where things are.
_PLAIN = ("time", "event", "points", "participant", "visit")


@dataclass(frozen=True, slots=True)
class Difference:
    """Largest differences from R; None where R or the model has no such number.

    Parameters
    ----------
    coefficient
        In R's standard errors; of a curve, in its largest.
    std_error, df, variance
        Relative.
    loglik
        Absolute: ours less R's.
    size
        How many coefficients, or points of a curve, were compared.
    lost
        Coefficients that the data send to infinity. We say so; R prints a number.
    """

    coefficient: float
    std_error: float
    df: float | None
    loglik: float | None
    variance: float | None
    size: int
    lost: tuple[str, ...] = ()


@cache
def frame(name: str) -> pd.DataFrame:
    """One of the data sets."""
    folder = DATA.parent if name.startswith("repeated_") else DATA
    return pd.read_csv(folder / f"{name}.csv", keep_default_na=False)


def sources() -> pd.DataFrame:
    """Where each data set is from, and its licence: a row per set."""
    return pd.concat(
        [pd.read_csv(DATA / f"sources_{name}.csv", dtype=str) for name in ("r", "python")],
        ignore_index=True,
    )


def cases() -> list[Case]:
    """Every model of every data set that R has answered."""
    return [
        Case(one["data"], one["model"], one.get("formula"), one["arguments"] or {}, one["answer"])
        for one in json.loads((DATA / "answers.json").read_text())
    ]


def repeated_cases() -> list[Case]:
    """The fits of ``make_repeated.R``, but for the simulated trial's."""
    found = []
    for path in sorted(DATA.parent.glob("repeated_*.json")):
        fits = json.loads(path.read_text())
        for name, answer in fits.items():
            if name not in ("formula", "random") and path.stem != "repeated_trial":
                found.append(_repeated(path.stem, name, fits, answer))
    return found


def _repeated(data: str, name: str, fits: Mapping[str, Any], answer: Mapping[str, Any]) -> Case:
    covariance, _, method = name.rpartition("_")
    arguments = {"participant": "id", "visit": "visit", "covariance": covariance, "method": method}
    arguments["df"] = "satterthwaite"
    if "cluster" in frame(data):
        arguments |= {"cluster": "cluster", "random": fits["random"]}
    sigma = np.array(answer["sigma"])
    same = {"df": answer["satt_df"], "variance": sigma[np.triu_indices(len(sigma))].tolist()}
    return Case(data, "repeated_measures", fits["formula"], arguments, {**answer, **same})


def fitted(case: Case) -> Any:
    """What this library says."""
    ask, data = getattr(models, case.model), frame(case.data)
    given = (data,) if case.formula is None else (case.formula, data)
    return ask(*given, **case.arguments)


def difference(case: Case, found: Any) -> Difference:
    """How far an answer is from R's.

    Parameters
    ----------
    found
        From `fitted`.
    """
    if case.model not in CURVES:
        return _of_fit(found, case.answer)
    if case.model == "restricted_mean":
        return _of_means(found, case.answer)
    return _of_curves(_curves(case, found))


def spelt(term: str) -> frozenset[str]:
    """The parts of a coefficient's name, however R and we write them."""
    bare = term.replace("np.", "").replace("**", "^").replace("(Intercept)", "Intercept")
    bare = re.sub(r"\bfactor\(|\bC\(", "", bare)
    return frozenset(re.sub(r"[\s()\[\]]", "", part) for part in bare.split(":"))


def _of_fit(fit: models.Fit, answer: Mapping[str, Any]) -> Difference:
    order = {spelt(term): k for k, term in enumerate(answer["terms"])}
    place = [order[spelt(term)] for term in fit.terms]
    if len(place) != len(order):
        raise AssertionError(f"other coefficients than R's: {fit.terms}, {answer['terms']}")
    b, se = np.array(answer["coef"])[place], np.array(answer["se"])[place]
    there = np.isfinite(fit.beta)
    if not (np.abs(b[~there]) > RUN_AWAY).all():
        raise AssertionError(f"no estimate where R has one: {fit.terms}, {b}")
    ours = {"frailty": fit.variance.get("frailty", np.nan), **fit.variance}
    return Difference(
        coefficient=_largest(((fit.beta - b) / se)[there]),
        std_error=_largest((fit.std_error / se - 1)[there]),
        df=_largest(fit.df / np.array(answer["df"])[place] - 1) if "df" in answer else None,
        loglik=float(fit.loglik - answer["loglik"]) if "loglik" in answer else None,
        variance=_of_variance(ours, answer.get("variance")),
        size=int(there.sum()),
        lost=tuple(name for name, known in zip(fit.terms, there, strict=True) if not known),
    )


def _of_variance(
    ours: Mapping[str, float], theirs: Mapping[str, float] | list[float] | None
) -> float | None:
    """Relative to each variance, or to the largest where one is zero; a matrix to its largest."""
    if not theirs:
        return None
    if isinstance(theirs, list):
        entries = [value for name, value in ours.items() if name not in ("cluster", "frailty")]
        return _largest((np.array(entries) - theirs) / max(theirs))
    scale = max(theirs.values())
    return max(abs(ours[k] - v) / (v if v > 1e-6 * scale else scale) for k, v in theirs.items())


def _curves(case: Case, found: Any) -> list[tuple[Any, str, Mapping[str, Any]]]:
    """Pairs of our curve and R's, with the name of what they show."""
    pairs: list[tuple[Any, str, Mapping[str, Any]]] = []
    groups = {str(name): name for name in found}
    for name, theirs in case.answer.items():
        group = found[groups[name]]
        if case.model == "kaplan_meier":
            pairs.append((group, "survival", theirs))
        else:
            events = {str(event): event for event in group}
            pairs += [(group[events[k]], "incidence", curve) for k, curve in theirs.items()]
    return pairs


def _of_curves(pairs: list[tuple[Any, str, Mapping[str, Any]]]) -> Difference:
    values, errors, n = [], [], 0
    for ours, name, theirs in pairs:
        at = np.searchsorted(ours.time, np.array(theirs["time"]) * (1 + 1e-12), side="right") - 1
        se = np.array(theirs["se"])
        values.append(_largest((getattr(ours, name)[at] - theirs["value"]) / se.max()))
        errors.append(_largest(ours.std_error[at] / se - 1))
        n += len(at)
    return Difference(max(values), max(errors), None, None, None, n)


def _of_means(found: models.RestrictedMean, answer: Mapping[str, Any]) -> Difference:
    groups = {str(name): value for name, value in found.means.items()}
    ours = [groups[str(name)] for name in answer["groups"]]
    se = np.array(answer["se"])
    value = np.array([one.estimate for one in ours]) - answer["value"]
    error = np.array([one.std_error for one in ours]) / se - 1
    return Difference(_largest(value / se), _largest(error), None, None, None, len(ours))


def _largest(values: Floats) -> float:
    return float(np.abs(values).max())
