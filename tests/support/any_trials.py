"""Declarations of any shape, and frames that fit them, as hypothesis draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st

import core_trial as ct

#: Spellings of the arms, control first: text, numbers, booleans, in any alphabetical order.
SPELLINGS = (
    ("usual care", "peer group"),
    ("A", "B"),
    ("Z", "a"),
    (0, 1),
    (2, 1),
    (False, True),
    ("TAU + (waiting)", "TAU: extra"),
    ("Kontrolle", "Behandlung ä"),
)


@dataclass(frozen=True)
class Drawn:
    """A trial with its frame."""

    trial: ct.Trial
    frame: pd.DataFrame


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    """One declaration, one frame."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    n = draw(st.integers(24, 70))
    control, intervention = draw(st.sampled_from(SPELLINGS))
    where = draw(st.sampled_from(["none", "intervention", "control", "both"]))
    sites = draw(st.integers(0, 12))
    treated = rng.permutation(np.arange(n) % 2 == 0)
    frame = pd.DataFrame({"pid": rng.permutation(n)})
    frame["arm"] = np.where(treated, intervention, control)
    frame["arm"] = frame["arm"].astype(draw(st.sampled_from([object, "category"])))
    kinds = draw(st.lists(st.sampled_from("BSTC"), min_size=1, max_size=4))
    outcomes = tuple(_outcome(k, kind, frame, rng) for k, kind in enumerate(kinds))
    site = draw(st.sampled_from(["site", "site (ward, 1st)"]))
    if sites:
        frame[site] = rng.integers(0, sites, n)
    frame["age"] = rng.integers(18, 70, n)
    frame["sex"] = rng.choice(["f", "m"], n)
    if where != "none":
        number = rng.integers(0, draw(st.integers(2, 6)), n)
        inside = {"intervention": treated, "control": ~treated}.get(where, np.ones(n, bool))
        labels = [f"{'I' if t else 'C'}{k}" for t, k in zip(treated, number, strict=True)]
        frame["worker"] = pd.Series(labels, dtype=object).where(inside, None)
    _lose(draw(st.floats(0, 0.3)), frame, rng)
    trial = ct.Trial(
        title="Drawn",
        participant="pid",
        arm=ct.Arm("arm", control=control, intervention=intervention),
        cluster=None if where == "none" else ct.Cluster("worker"),
        strata=(site,) if sites else (),
        baseline=("age", "sex"),
        outcomes=outcomes,
    )
    return Drawn(trial, frame)


def _outcome(k: int, kind: str, frame: pd.DataFrame, rng: np.random.Generator) -> object:
    n, name = len(frame), f"y{k}"
    if kind == "B":
        frame[name] = rng.random(n) < 0.4
        return ct.Binary(name)
    if kind == "S":
        frame[f"{name}_before"] = rng.normal(50, 10, n).round(1)
        frame[name] = (0.5 * frame[f"{name}_before"] + rng.normal(20, 8, n)).round(1)
        return ct.Score(name, baseline=f"{name}_before")
    if kind == "T":
        frame[name] = np.ceil(rng.exponential(100, n))
        frame[f"{name}_event"] = (rng.random(n) < 0.6).astype(int)
        return ct.Time(name, event=f"{name}_event")
    frame[name] = rng.negative_binomial(1, 0.2, n)
    return ct.Count(name)


def _lose(share: float, frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Values go missing anywhere but where that would contradict the declaration."""
    for name in frame.columns.drop(["pid", "arm"]):
        if name.endswith("_event") or f"{name}_event" in frame or name == "worker":
            continue
        gone = rng.random(len(frame)) < share
        if (~gone).sum() > 2:
            frame[name] = frame[name].astype(object).where(~gone, None)


def swapped(trial: ct.Trial) -> ct.Arm:
    """The arms declared the other way round."""
    return ct.Arm(trial.arm.column, control=trial.arm.intervention, intervention=trial.arm.control)
