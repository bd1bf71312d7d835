"""How the numbers were come by, as paragraphs of a manuscript."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.declaration.models import TITLES
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels
from core_trial.report.remarks import sentence
from core_trial.report.table2 import adjustment, printed
from core_trial.results import Estimate, Results


def methods(results: Results, trial: Trial) -> tuple[str, ...]:
    """Which model answered for which outcomes, and what computed it.

    Parameters
    ----------
    results
        Every record; an outcome without an estimate is left out.
    trial
        The declaration.
    """
    return (*_models(results, trial), *_software(results))


def _models(results: Results, trial: Trial) -> Iterator[str]:
    """A paragraph for each way of fitting, with the outcomes fitted so."""
    found: dict[tuple[str, str], list[str]] = {}
    for outcome in printed(trial):
        estimate = results.get_estimate(outcome.key)
        if estimate is not None and cells.believable(estimate):
            found.setdefault(_way(estimate, trial), []).append(labels.lower_first(outcome.title))
    for (how, adjusted), titles in found.items():
        yield " ".join(filter(None, (f"{sentence(labels.enumerated(titles))} {how}", adjusted)))


def _way(estimate: Estimate, trial: Trial) -> tuple[str, str]:
    names = {str(model): title for model, title in TITLES.items()}
    model = names.get(estimate.model, estimate.model.replace("_", " "))
    return sentence(f"{model}: {estimate.method}"), adjustment(estimate.formula, trial)


def _software(results: Results) -> Iterator[str]:
    versions = [f"{name} {found}" for name, found in results.provenance.versions.items()]
    if versions:
        yield f"Computed with {labels.enumerated(versions)}."
