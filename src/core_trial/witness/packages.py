"""The main effects once more by packages as they come, which are known to differ in places.

The means of the other modules are exact to many digits; these are what a colleague would run. Where
a package has another definition, or stops its search earlier, the log says so and by how much.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core_trial.declaration.models import Model
from core_trial.results import Key
from core_trial.witness.effects import unmade
from core_trial.witness.made import Means, Second, package, quiet
from core_trial.witness.plan import Asked, Sample, asked, sample
from core_trial.witness.reading import People
from core_trial.witness.sandwiches import few

MIXEDLM = Means("statsmodels MixedLM", 1e-5, "where its search stops")
ZINB = Means("statsmodels ZeroInflatedNegativeBinomialP", 1e-4, "where its search stops")
NEGBIN = Means("statsmodels NegativeBinomial", 1e-4, "where its search stops")
LIFELINES = Means("lifelines CoxPHFitter", 1e-6, "where its search stops")
GEE = Means("statsmodels GEE, independence", 1e-6, "where its search stops")

#: MixedLM takes longer than all else together: the first so many outcomes are enough to tell.
MOST_MIXED = 3

Lines = Iterator[tuple[Key, Second]]


def by_packages(people: People) -> list[tuple[Key, Second]]:
    """The main effect of every outcome for which a package has the model."""
    found: list[tuple[Key, Second]] = []
    mixed = 0
    for outcome in people.trial.outcomes:
        model = asked(people, outcome)
        if unmade(model):
            continue
        mixed += model.model == Model.MIXED_LINEAR
        if model.model == Model.MIXED_LINEAR and mixed > MOST_MIXED:
            continue
        with quiet():
            found += _of(model, sample(people, model), outcome.key)
    return found


def _of(model: Asked, data: Sample, name: str) -> Lines:
    plain_mixed = model.random == "both" and not model.by_arm
    if model.model == Model.MIXED_LINEAR and plain_mixed:
        yield from _mixed(model, data, name)
    elif model.model in (Model.ZERO_INFLATED_NB, Model.NEGATIVE_BINOMIAL):
        yield from _counts(model, data, name)
    elif model.model == Model.COX and "frailty" not in model.options:
        yield from _cox(model, data, name)
    elif model.model == Model.MODIFIED_POISSON:
        yield from _gee(model, data, name)


def _mixed(model: Asked, data: Sample, name: str) -> Lines:
    import statsmodels.api as sm

    reml = model.options.get("method") == "reml"
    fit = sm.MixedLM(data.y, data.X, groups=data.codes).fit(reml=reml)
    value, error = float(fit.fe_params[1]), float(fit.bse_fe[1])
    yield Key(name, "estimate"), Second(value, MIXEDLM, abs(value) + error, "mixedlm")


def _counts(model: Asked, data: Sample, name: str) -> Lines:
    import statsmodels.api as sm

    if model.model == Model.NEGATIVE_BINOMIAL:
        fit = sm.NegativeBinomial(data.y, data.X, offset=data.offset).fit(disp=0, maxiter=500)
        yield Key(name, "estimate"), Second(float(np.exp(fit.params[1])), NEGBIN, 0.0, "optimiser")
        return
    inflated = sm.ZeroInflatedNegativeBinomialP(data.y, data.X, inflation="logit")
    start = inflated.fit(disp=0, method="nm", maxiter=400)
    fit = inflated.fit(
        start_params=start.params, disp=0, method="bfgs", maxiter=500, gtol=1e-8,
        cov_type="cluster", cov_kwds={"groups": data.codes},
    )  # fmt: skip
    yield Key(name, "estimate"), Second(float(np.exp(fit.params[2])), ZINB, 0.0, "optimiser")
    if str(model.options.get("inference")) == "sandwich":
        yield Key(name, "std_error"), Second(float(fit.bse[2]), ZINB, 0.0, "small_sample_factor")


def _cox(model: Asked, data: Sample, name: str) -> Lines:
    fitter = package("lifelines").CoxPHFitter()
    columns = {f"x{k}": column for k, column in enumerate(data.X[:, 1:].T)}
    frame = pd.DataFrame({**columns, "time": data.time, "event": data.y, "cluster": data.codes})
    fitter.fit(frame, "time", "event", cluster_col="cluster", robust=True)
    same = str(model.options.get("ties") or "breslow") == "efron"
    value, error = float(np.exp(fitter.params_.iloc[0])), float(fitter.standard_errors_.iloc[0])
    known = "lifelines_search" if same else "efron"
    yield Key(name, "estimate"), Second(value, LIFELINES, 0.0, known)
    if str(model.options.get("inference")) == "sandwich":
        yield Key(name, "std_error"), Second(error, LIFELINES, 0.0, "lifelines_robust")


def _gee(model: Asked, data: Sample, name: str) -> Lines:
    import statsmodels.api as sm

    gee = sm.GEE(data.y, data.X, groups=data.codes, family=sm.families.Poisson())
    fit = gee.fit()
    yield Key(name, "estimate"), Second(float(np.exp(fit.params[1])), GEE)
    if model.options.get("inference") == "sandwich" or not few(data):
        yield Key(name, "std_error"), Second(float(fit.bse[1]), GEE, 0.0, "small_sample_factor")
