"""The certified one-way analyses of variance of NIST, by restricted likelihood.

The sets are balanced, so that REML's within variance is MS(within) and its between variance
(MS(between) - MS(within)) / n. The harder sets have 7 and 13 constant leading digits.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial.models.linear.mixed_linear import mixed_linear

DATA = Path(__file__).parent / "data" / "nist_anova"

#: Digits that must be right, by NIST's level of difficulty: the hard sets hold no more in doubles.
DIGITS = {"Lower": 8, "Average": 6, "Higher": 2}


def read(path: Path) -> tuple[str, float, float, pd.DataFrame]:
    text = path.read_text()
    level = re.search(r"(Lower|Average|Higher) Level of Difficulty", text)[1]
    between = float(re.search(r"^Between .*?(\S+) +\S+\s*$", text, re.MULTILINE)[1])
    within = float(re.search(r"^Within .*?(\S+)\s*$", text, re.MULTILINE)[1])
    first, last = map(int, re.search(r"Data +\(lines (\d+) to (\d+)\)", text).groups())
    rows = [line.split() for line in text.splitlines()[first - 1 : last]]
    frame = pd.DataFrame(
        {"group": [int(g) for g, _ in rows], "y": [float(value) for _, value in rows]}
    )
    return level, between, within, frame


def digits(value: float, certified: float) -> float:
    error = abs(value - certified) / abs(certified)
    return -np.log10(max(error, 1e-15))


@pytest.mark.parametrize("path", sorted(DATA.glob("*.dat")), ids=lambda p: p.stem)
def test_certified_variances(path):
    level, between, within, frame = read(path)
    groups = frame["group"].nunique()
    fit = mixed_linear("y ~ 1", frame, cluster="group", method="reml", df="kenward_roger")
    assert digits(fit.variance["residual"], within) > DIGITS[level]
    cluster = (between - within) / (len(frame) / groups)
    assert digits(fit.variance["cluster"], cluster) > DIGITS[level]
    # Balanced: the mean's t has groups - 1 degrees of freedom, and its variance MS(between) / n.
    assert fit.effect("Intercept").df == pytest.approx(groups - 1, rel=1e-9)
    assert digits(fit.effect("Intercept").std_error ** 2, between / len(frame)) > DIGITS[level]


def test_the_eleven_sets_are_there():
    assert len(list(DATA.glob("*.dat"))) == 11
