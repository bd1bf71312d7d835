"""What must not be told: small counts, what protects them, and what rests on few people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.trial import Trial
from core_trial.disclosure.associations import telling
from core_trial.disclosure.counts import CLUSTERS, ledger, same_events, sensitive
from core_trial.disclosure.ledger import protect
from core_trial.results import Descriptive, Estimate, Key, Results

#: How many times the threshold a group must have for its moments to be told: from mean, standard
#: deviation and quartiles of a few whole numbers the numbers themselves follow.
MOMENTS_FROM = 2


@dataclass(frozen=True, slots=True)
class Hidden:
    """What must not be told.

    Parameters
    ----------
    counts
        Names of all counts that are withheld.
    small
        Names of those to protect, told elsewhere or not.
    few
        Names of those too small for moments.
    threshold
        Below which a count is small.
    related
        Analyses that count the same events: an effect on one tells of the counts of all.
    telling
        Analyses of missingness, each with a characteristic, whose odds ratios give a cell away.
    sizes
        Participants in the fit of each analysis, where its own estimate is.
    small_clusters
        Arms in which a cluster is small.
    """

    counts: frozenset[Key]
    small: frozenset[Key]
    threshold: int
    few: frozenset[Key] = frozenset()
    related: tuple[frozenset[str], ...] = ()
    telling: frozenset[tuple[str, str]] = frozenset()
    sizes: Mapping[str, int] = field(default_factory=dict)
    small_clusters: frozenset[str] = frozenset()

    def alike(self, analysis: str) -> frozenset[str]:
        """The analysis and those that count the same events."""
        return frozenset({analysis}).union(*(g for g in self.related if analysis in g))

    def has_few(self, analysis: str, arm: str) -> bool:
        """Whether the moments of an analysis in an arm, or in all, rest on a few people."""
        alike = self.alike(analysis)
        arms = (arm, "") if arm else ("", *map(str, PRINTED_ARMS))
        return any(key.analysis in alike and key.arm in arms for key in self.few)


def find(results: Results, trial: Trial, threshold: int) -> Hidden:
    """Which counts are small, and which must be withheld for their sake."""
    counts, stands_for = ledger(results, trial)
    small = sensitive(counts.values, threshold)
    gone = protect(counts, threshold, small)
    few = {key for key, n in counts.values.items() if 0 < n < MOMENTS_FROM * threshold}
    fits = (r for r in results if isinstance(r, Estimate) and not r.level and r.n is not None)
    return Hidden(
        counts=frozenset(key for key, other in stands_for.items() if other in gone),
        small=frozenset(key for key, other in stands_for.items() if other in small),
        threshold=threshold,
        few=frozenset(key for key, other in stands_for.items() if other in few),
        telling=telling(results, trial, threshold),
        sizes={fit.analysis: fit.n for fit in fits if fit.n is not None},
        small_clusters=frozenset(
            r.arm
            for r in results.find("descriptive", analysis=CLUSTERS, statistic="least")
            if isinstance(r, Descriptive) and r.value < threshold
        ),
        related=(*trial.layout.related, *map(frozenset, same_events(trial))),
    )
