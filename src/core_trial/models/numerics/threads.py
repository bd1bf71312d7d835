"""One thread for the linear algebra of a fit.

The matrices of a trial's model are small, and many: threads that wait for one another cost ten to a
hundred times what they save (2,159 rows and 17 columns: 0.05 s with one thread, 1 to 5 s with two
on a busy machine), and no less at a million rows than they gain. They are limited for the call,
not for the process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def one_thread(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """A function during whose calls linear algebra runs in one thread."""

    @wraps(function)
    def limited(*given: Given.args, **named: Given.kwargs) -> Answer:
        _LIMIT.enter()
        try:
            return function(*given, **named)
        finally:
            _LIMIT.leave()

    return limited


class _Limit:
    """The limit of a process: set by the first of the calls that overlap, lifted by the last."""

    def __init__(self) -> None:
        self.lock, self.calls, self.limiter = threading.Lock(), 0, None

    def enter(self) -> None:
        with self.lock:
            self.calls += 1
            if self.calls == 1:
                found = _libraries()
                self.limiter = found and found.limit(limits=1, user_api="blas")

    def leave(self) -> None:
        with self.lock:
            self.calls -= 1
            if self.calls == 0 and self.limiter is not None:
                self.limiter.restore_original_limits()


_LIMIT = _Limit()


@cache
def _libraries() -> Any:
    """The libraries of linear algebra that are loaded; None where threadpoolctl is not there."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:  # an installation without dependencies is slower, not wrong
        return None
    return ThreadpoolController()
