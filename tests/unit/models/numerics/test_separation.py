import numpy as np
import pytest

from core_trial.models.numerics.separation import describe, separation

NAMES = ("Intercept", "arm", "centre[B]", "centre[C]")


def design(*cells):
    """Rows (arm, centre) as patterns of intercept, arm and centre."""
    return np.array([[1.0, arm, centre == "B", centre == "C"] for arm, centre in cells])


CELLS = [(a, c) for a in (0, 1) for c in "ABC"]
TEN = np.full(6, 10.0)


def find(events, *, bounded=True, trials=TEN):
    return separation(design(*CELLS), trials, np.array(events, dtype=float), bounded=bounded)


def test_overlapping_data_do_not_separate():
    assert find([3, 4, 5, 1, 2, 9]) is None
    assert find([0, 4, 5, 1, 2, 9]) is None  # an empty cell is no separation of an additive model


def test_centre_without_events():
    apart = find([3, 0, 5, 1, 0, 9])
    assert apart.lost.tolist() == [False, False, True, False]
    assert apart.moving.tolist() == [False, True, False, False, True, False]
    assert apart.direction[2] < 0
    assert "centre[B] (diverges to -infinity)" in describe(apart, NAMES)


def test_first_centre_without_events_loses_the_intercept_but_not_the_arm():
    apart = find([0, 3, 5, 0, 2, 9])
    assert apart.lost.tolist() == [True, False, True, True]


def test_arm_without_events():
    apart = find([3, 4, 5, 0, 0, 0])
    assert apart.lost.tolist() == [False, True, False, False]


def test_arm_in_which_everybody_has_the_event():
    apart = find([3, 4, 5, 10, 10, 10])
    assert apart.direction[1] > 0
    assert find([3, 4, 5, 10, 10, 10], bounded=False) is None  # counts have no upper bound


def test_a_reference_level_without_events_is_no_complete_separation():
    X = np.array([[1.0, 0, 0], [1, 1, 0], [1, 0, 1]])
    apart = separation(X, np.full(3, 10.0), np.array([0.0, 3, 5]), bounded=True)
    assert apart.lost.all()
    assert apart.moving.tolist() == [True, False, False]
    told = describe(apart, ("Intercept", "g[B]", "g[C]"))
    assert "completely" not in told
    assert "another reference level" in told


def test_no_events_at_all():
    apart = find([0] * 6)
    assert apart.lost.all()
    assert apart.moving.all()
    assert len(apart.kept) == 0
    assert "separate completely" in describe(apart, NAMES)


def test_quasi_complete_separation_by_a_number():
    x = np.array([-2.0, -1, 0, 1, 2])
    X = np.column_stack([np.ones(5), x])
    apart = separation(X, np.array([1.0, 1, 2, 1, 1]), np.array([0.0, 0, 1, 1, 1]), bounded=True)
    assert apart.moving.tolist() == [True, True, False, True, True]
    assert apart.lost.tolist() == [False, True]


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_units_of_a_covariate_do_not_matter(scale):
    X = design(*CELLS)
    X[:, 1] *= scale
    apart = separation(X, TEN, np.array([3.0, 4, 5, 0, 0, 0]), bounded=True)
    assert apart.lost.tolist() == [False, True, False, False]


def test_widening_and_blanking():
    apart = find([3, 0, 5, 1, 0, 9])
    np.testing.assert_array_equal(apart.kept, [0, 1, 3])
    beta = apart.blank(apart.widen(np.array([1.0, 2.0, 4.0])))
    np.testing.assert_array_equal(beta, [1, 2, np.nan, 4])
    wide = apart.widen_square(np.diag([1.0, 2.0, 4.0, 9.0]))  # a further parameter behind
    assert np.diagonal(wide).tolist() == [1, 2, 0, 4, 9]
    cov = apart.blank_square(wide[:4, :4])
    assert np.isnan(cov[2]).all()
    assert np.isnan(cov[:, 2]).all()
