"""Linear algebra in one thread for the call: set by the first that enters, lifted by the last."""

import threading

import pytest

from core_trial.models.numerics import threads


class Libraries:
    """Stands in for threadpoolctl; notes what is asked of it."""

    def __init__(self):
        self.asked = []

    def limit(self, *, limits, user_api):
        self.asked.append((limits, user_api))
        return self

    def restore_original_limits(self):
        self.asked.append("restored")


@pytest.fixture
def libraries(monkeypatch):
    found = Libraries()
    monkeypatch.setattr(threads, "_libraries", lambda: found)
    return found


def test_limited_within_and_restored_after(libraries):
    @threads.one_thread
    def work(x, *, y):
        """Adds."""
        assert libraries.asked == [(1, "blas")]
        return x + y

    assert work(1, y=2) == 3
    assert libraries.asked == [(1, "blas"), "restored"]
    assert work.__doc__ == "Adds."


def test_restored_after_an_error(libraries):
    @threads.one_thread
    def fail():
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        fail()
    assert libraries.asked[-1] == "restored"


def test_calls_that_overlap_are_one_limit(libraries):
    inside, leave = threading.Event(), threading.Event()

    @threads.one_thread
    def outer():
        inside.set()
        leave.wait(timeout=10)

    @threads.one_thread
    def inner():
        return list(libraries.asked)

    other = threading.Thread(target=outer)
    other.start()
    inside.wait(timeout=10)
    assert inner() == [(1, "blas")]
    assert libraries.asked == [(1, "blas")]  # not lifted while the other still runs
    leave.set()
    other.join(timeout=10)
    assert libraries.asked == [(1, "blas"), "restored"]


def test_without_the_library_nothing_is_limited(monkeypatch):
    monkeypatch.setattr(threads, "_libraries", lambda: None)
    assert threads.one_thread(lambda: 5)() == 5
