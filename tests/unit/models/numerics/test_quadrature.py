import numpy as np
import pytest
from scipy.special import factorial2

from core_trial.errors import DesignError
from core_trial.models.numerics.quadrature import MOST_POINTS, hermite_rule


@pytest.mark.parametrize("points", range(1, MOST_POINTS + 1))
def test_moments_of_the_standard_normal_are_exact(points):
    rule = hermite_rule(points)
    weights = np.exp(rule.log_lifted - rule.nodes**2 / 2)
    assert rule.points == points
    assert weights.sum() == pytest.approx(1.0, rel=1e-14)
    for power in range(2, min(2 * points, 20), 2):
        moment = float(factorial2(power - 1))
        assert weights @ rule.nodes**power == pytest.approx(moment, rel=1e-11)


@pytest.mark.parametrize("points", [0, -1, 52, 7.0, "7", None, True])
def test_a_number_of_nodes_that_cannot_be(points):
    with pytest.raises(DesignError, match="whole number from 1 to 51"):
        hermite_rule(points)


def test_rules_are_shared_and_cannot_be_changed():
    rule = hermite_rule(7)
    assert hermite_rule(7) is rule
    with pytest.raises(ValueError, match="read-only"):
        rule.nodes[0] = 0.0
