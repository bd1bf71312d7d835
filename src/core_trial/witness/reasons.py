"""Where the two programmes are known to differ, and what is made once, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core_trial.results import Key

PAGE = "docs/second-programme.md"


@dataclass(frozen=True, slots=True)
class Known:
    """A difference that is known.

    Parameters
    ----------
    reason
        Why, and where that is said.
    bound
        The largest relative distance that it explains.
    """

    reason: str
    bound: float


KNOWN: Mapping[str, Known] = MappingProxyType(
    {
        "mixedlm": Known(
            f"MixedLM stops its search early, and at false zero variances ({PAGE})", 0.02
        ),
        "optimiser": Known(f"statsmodels stops its search at its default tolerance ({PAGE})", 1e-3),
        "small_sample_factor": Known(
            "statsmodels multiplies the sandwich by (n - 1)/(n - p) besides G/(G - 1), and GEE by "
            f"neither ({PAGE})",
            0.03,
        ),
        "efron": Known(
            f"lifelines takes ties by Efron's rule, the trial by Breslow's ({PAGE})", 0.01
        ),
        "lifelines_search": Known(
            f"lifelines stops its search at its default tolerance ({PAGE})", 1e-3
        ),
        "lifelines_robust": Known(
            "lifelines leaves the factor G/(G - 1) out of its clustered error, and takes ties by "
            f"Efron's rule ({PAGE})",
            0.01,
        ),
    }
)

#: What is made once only, by how its name begins, and why.
ONCE: tuple[tuple[str, str, str], ...] = (
    (
        "arithmetic",
        "",
        "it is about what the paper printed, and not about the participants",
    ),
    (
        "",
        "_without",
        "each cluster is left out by the same code; a sample of them is left out again",
    ),
)


def why_once(key: Key) -> str:
    """Why a number is made once; blank where it should have been made twice."""
    for analysis, statistic, reason in ONCE:
        if key.analysis.startswith(analysis) and key.statistic.endswith(statistic):
            return f"{reason} ({PAGE})"
    return ""
