"""The search finds a near optimum, climbs out of a hollow, and says when there is none."""

import numpy as np
import pytest

from core_trial.synthesis.search import Attempt, Impossible, best_of, descend


class Walk:
    """A walker on the whole numbers who wants to be at a place."""

    def __init__(self, at, gauges):
        self.at, self.gauges, self.made = at, gauges, 0

    def gauge(self):
        return self.gauges(self.at)

    def moves(self, rng):
        steps = [-1, 1]
        return steps, np.array([self.gauges(self.at + step) for step in steps])

    def make(self, move):
        self.at += move
        self.made += 1


def test_descend_walks_straight_to_the_goal_and_stops():
    walk = Walk(40, lambda x: abs(x) / 10)
    assert descend(walk, np.random.default_rng(1), goal=0.25) == pytest.approx(0.2)
    assert (walk.at, walk.made) == (2, 38)


def test_descend_leaves_a_hollow_when_patience_ends():
    # Six is better than five and seven, and only beyond five does it go down to zero.
    walk = Walk(6, lambda x: abs(x) / 8 if x < 5 else (1.0 if x == 6 else 1.5))
    assert descend(walk, np.random.default_rng(1), goal=0.1, patience=3) == 0
    assert walk.at == 0


def test_descend_gives_up_after_its_steps():
    walk = Walk(5, lambda x: 7.0)
    assert descend(walk, np.random.default_rng(1), steps=50, patience=100) == 7
    assert walk.made == 0


def test_a_problem_without_moves_stays_where_it_is():
    walk = Walk(5, float)
    walk.moves = lambda rng: ([], np.empty(0))
    assert descend(walk, np.random.default_rng(1), steps=10) == 5


def test_best_of_keeps_the_nearest_try_and_stops_when_near():
    gauges = iter([9.0, 2.0, 5.0, 0.1, 0.0])
    found = best_of(lambda rng: ("try", next(gauges)), np.random.default_rng(1))
    assert found == ("try", 0.1)
    gauges = iter([9.0, 2.0, 5.0])
    assert best_of(lambda rng: ("try", next(gauges)), np.random.default_rng(1), tries=3)[1] == 2


def test_best_of_passes_over_the_impossible_unless_all_tries_are():
    tries = iter([Impossible("first"), 0.2])

    def draw(rng):
        now = next(tries)
        if isinstance(now, Impossible):
            raise now
        return "possible", now

    assert best_of(draw, np.random.default_rng(1)) == ("possible", 0.2)

    def never(rng):
        raise Impossible("no such data")

    with pytest.raises(Impossible, match="no such data"):
        best_of(never, np.random.default_rng(1))


def test_an_attempt_says_how_near_it_came():
    near = Attempt("score", "1·00 (0·50 to 1·50)", 0.3, 1.002, 0.255)
    far = Attempt("score sd control", "70", 55.0, 42.0)
    assert near.met
    assert not far.met
    assert str(near) == (
        "score: met, wanted 1·00 (0·50 to 1·50), reached 1.002 with standard error 0.255, "
        "0.3 of the way from the aim to the border"
    )
    assert str(far) == (
        "score sd control: NOT MET, wanted 70, reached 42, 55 of the way from the aim to the border"
    )
