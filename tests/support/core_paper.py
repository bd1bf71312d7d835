"""CORE's registry of printed numbers, read once."""

from functools import lru_cache

from core_trial.published import registry
from core_trial.trials.core import CORE
from core_trial.trials.core.paper import FILE

CSV = FILE.read_text("utf-8")


@lru_cache(maxsize=1)
def load() -> registry.Registry:
    """The whole registry."""
    return registry.of(CORE)


def read(text: str) -> registry.Registry:
    """A changed registry, read with all that CORE declares of its paper."""
    return registry.read(text, CORE.paper, load().partitions)
