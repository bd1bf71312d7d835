"""What a simulation consists of: a mechanism that makes trials, and analyses of each trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import DesignError, FitError
from core_trial.models.fit import Fit
from core_trial.models.inference import Quantity

Floats = NDArray[np.float64]


class Answer(NamedTuple):
    """What one analysis says of one trial, on the scale of its estimand.

    `ratio` is a likelihood ratio, and `simulated` that of a response drawn from the fit without an
    effect; other analyses have neither.
    """

    estimate: float = np.nan
    std_error: float = np.nan
    df: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p_value: float = np.nan
    ratio: float = np.nan
    simulated: float = np.nan
    refused: float = 0.0


class Mechanism(Protocol):
    """How trials come about."""

    @property
    def workers(self) -> int:
        """Workers in the intervention arm."""

    @property
    def icc(self) -> float:
        """Correlation of the outcomes of people of one worker."""

    @property
    def label(self) -> str:
        """The mechanism in words, unique within its study."""

    @property
    def effect(self) -> str:
        """What the intervention does, in words; blank where the null hypothesis is true."""

    @property
    def truths(self) -> Mapping[str, float]:
        """The true value of each estimand that is not zero."""

    def draw(self, rng: np.random.Generator) -> Any:
        """The data of one trial, as the study's analyses take them."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis of a trial.

    Parameters
    ----------
    model, inference
        In words.
    estimand
        What it estimates; the key of `Mechanism.truths`.
    run
        From a trial's data to the answer.
    pooled
        Whether the p-value comes from the simulated likelihood ratios of all trials of the cell.
    """

    model: str
    inference: str
    estimand: str
    run: Callable[[Any], Answer]
    pooled: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A mechanism and the analyses of its trials.

    Parameters
    ----------
    study
        The study to which it belongs.
    mechanism
        How its trials come about.
    analyses
        What is done with each.
    replicates
        Number of trials in the committed table.
    shift
        An effect that moves estimates by as much and changes nothing else; power is counted there,
        from the same fits. Not a number where there is none.
    """

    study: str
    mechanism: Mechanism
    analyses: Sequence[Analysis]
    replicates: int
    shift: float = field(default=np.nan)

    @property
    def name(self) -> str:
        """Study and mechanism: what is asked for on the command line."""
        effect = f", {self.mechanism.effect}" if self.mechanism.effect else ""
        return f"{self.study}/{self.mechanism.label}{effect}"

    def seeds(self, replicates: int) -> list[np.random.SeedSequence]:
        """One seed a trial; the first hundred of a thousand are those of a hundred."""
        return np.random.SeedSequence([2018, crc32(self.name.encode())]).spawn(replicates)


def one_trial(cell: Cell, seed: np.random.SeedSequence) -> Floats:
    """All analyses of one trial, shape (analyses, fields of `Answer`)."""
    data = cell.mechanism.draw(np.random.default_rng(seed))
    return np.array([_answer(analysis, data) for analysis in cell.analyses])


def _answer(analysis: Analysis, data: Any) -> Answer:
    """The answer, or that the library refused to give one, or failed."""
    try:
        return analysis.run(data)
    except DesignError:
        return Answer(refused=1.0)
    except FitError:
        return Answer()


def of_fit(fit: Fit, term: str = "arm") -> Answer:
    """Coefficient, interval and test of one term of a fit."""
    k, found = fit.position(term), fit.inference
    numbers = (fit.beta, fit.std_error, found.df, found.low, found.high, found.p_value)
    return Answer(*(float(values[k]) for values in numbers))


def of_ratio(ratio: Quantity) -> Answer:
    """A ratio on the scale of its logarithm; its degrees of freedom are not told."""
    with np.errstate(divide="ignore"):  # an interval may begin at zero
        estimate, low, high = np.log([ratio.estimate, ratio.low, ratio.high])
    error = ratio.std_error / ratio.estimate
    return Answer(estimate, error, np.nan, low, high, ratio.p_value)
