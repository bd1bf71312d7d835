"""How hard the property tests look.

`make test` draws the same designs every time, so that a failure means a change. `make test-harder`
draws others, many times as many.
"""

import os

from hypothesis import settings

#: How many times as many designs as `make test` draws.
HARDER = int(os.environ.get("CORE_TRIAL_HARDER", "1"))


def examples(count: int) -> settings:
    """Settings that draw `count` designs, or so many times more."""
    return settings(max_examples=count * HARDER)


def load() -> None:
    """Make this the way in which all property tests run."""
    steady = HARDER == 1
    settings.register_profile(
        "house",
        deadline=None,
        max_examples=100 * HARDER,
        derandomize=steady,
        database=None if steady else settings.default.database,
    )
    settings.load_profile("house")
