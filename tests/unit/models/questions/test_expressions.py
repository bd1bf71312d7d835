"""Reading linear expressions over the names of coefficients."""

import numpy as np
import pytest

from core_trial.errors import DesignError
from core_trial.models.questions.contrasts import read
from core_trial.models.questions.expressions import parse

TERMS = ("Intercept", "arm[i]", "sex[F]", "arm[i]:sex[F]", "np.log(x - 1)", "x", "g[a-b]", "g[2*c]")


@pytest.mark.parametrize(
    ("text", "weights", "constant"),
    [
        ("arm[i]", {1: 1}, 0),
        ("arm", {1: 1}, 0),
        ("arm[i] + arm[i]:sex[F]", {1: 1, 3: 1}, 0),
        ("arm+sex", {1: 1, 2: 1}, 0),
        ("-arm", {1: -1}, 0),
        ("- (arm - sex)/2", {1: -0.5, 2: 0.5}, 0),
        ("2*arm[i] = 3", {1: 2}, -3),
        ("arm = sex", {1: 1, 2: -1}, 0),
        ("arm = 1 + sex * 1e1", {1: 1, 2: -10}, -1),
        ("np.log(x - 1) - x", {4: 1, 5: -1}, 0),
        ("g[a-b] - g[2*c]", {6: 1, 7: -1}, 0),
        ("1/2 * x + .5*x", {5: 1}, 0),
        ("(2 - -1) * x", {5: 3}, 0),
    ],
)
def test_what_is_read(text, weights, constant):
    found = parse(text, TERMS)
    expected = np.zeros(len(TERMS))
    expected[list(weights)] = list(weights.values())
    np.testing.assert_allclose(found.weights, expected)
    assert found.constant == pytest.approx(constant)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("arm[j]", r"did you mean 'arm\[i\]'"),
        ("x * arm", "not linear"),
        ("x / arm", "divide by a number"),
        ("x / 0", "divide by a number"),
        ("x +", "cannot read its end"),
        ("x x", "cannot read 'x'"),
        ("x = 1 = 2", "cannot read '= 2'"),
        ("(x", "cannot read its end"),
        ("3 - 2", "names no coefficient"),
        ("x - x", "names no coefficient"),
        ("", "cannot read its end"),
        ("g", r"has 2 columns"),
        ("xx", "not in the model"),
    ],
)
def test_what_is_refused(text, said):
    with pytest.raises(DesignError, match=said):
        parse(text, TERMS)


@pytest.mark.parametrize(
    "asked", [np.zeros((1, 8)), np.ones((1, 7)), np.full((1, 8), np.nan), 3, object(), [], {}]
)
def test_what_is_no_contrast(asked):
    with pytest.raises(DesignError):
        read(asked, TERMS)


def test_a_matrix_gets_names_and_a_mapping_takes_rows():
    names, weights, _ = read([[0, 1, 0, 0.5, 0, 0, 0, 0], [0, -1, 1, 0, 0, 0, 0, 0]], TERMS)
    assert names == ["arm[i] + 0.5 * arm[i]:sex[F]", "-arm[i] + sex[F]"]
    again = read({"one": weights[0], "two": "sex - arm"}, TERMS)
    assert again[0] == ["one", "two"]
    np.testing.assert_allclose(again[1], weights)
