"""What other Python packages say of the public data sets on which we are compared with R.

They want other versions of pandas and of each other than this library does: run it in an
environment of their own, from the root of the repository:

    python -m venv .venv-peers
    .venv-peers/bin/pip install statsmodels lifelines glmm mixedlm lme-python interlace-lme scipy
    PYTHONPATH=src .venv-peers/bin/python -m studies.agreement_peers

Every package that is installed is asked for every model that it has, with its own defaults but for
the method, the ties and the number of nodes, and ``maxiter=5000`` where statsmodels takes it. The
answers' distances from R go to ``tests/reference/data/public/peers.json``, which the page reads.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from tests.support.agreement import DATA, Case, cases, frame, spelt

#: Packages by the name under which they are imported.
PACKAGES = {
    "statsmodels": "statsmodels", "lifelines": "lifelines", "glmm": "glmm", "mixedlm": "mixedlm",
    "lme_python": "lme-python", "interlace": "interlace-lme",
}  # fmt: skip
MIXED = ("mixed_linear", "mixed_logistic", "mixed_poisson")
PLAIN = ("linear_regression", "logistic_regression", "poisson", "negative_binomial")
NODES = 25


class CannotError(Exception):
    """The package does not have the model, or not with these arguments."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Coefficients and what goes with them."""

    terms: list[str]
    coef: list[float]
    se: list[float]
    df: list[float] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One package on one case: how far from R, or why there is no answer."""

    package: str
    model: str
    data: str
    label: str
    outcome: str
    coefficient: float | None = None
    std_error: float | None = None
    df: float | None = None
    warned: bool = False


def main() -> None:
    """Ask every package every case, and write what came of it."""
    installed = {name: pypi for name, pypi in PACKAGES.items() if find_spec(name)}
    found = [asked for case in cases() for name in installed for asked in ask(name, case)]
    told = {
        "versions": {pypi: version(pypi) for pypi in installed.values()},
        "asked": [asdict(one) for one in found],
    }
    (DATA / "peers.json").write_text(json.dumps(told, indent=0) + "\n")
    print(pd.Series([(a.package, a.outcome) for a in found]).value_counts().to_string())


def ask(package: str, case: Case) -> list[Asked]:
    """One package on one case; nothing for a model that it does not pretend to have."""
    who = (PACKAGES[package], case.model, case.data, case.label)
    function = PEERS[package].get(case.model)
    if function is None:
        return []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer = function(case, frame(case.data).copy())
        except CannotError as error:
            return [Asked(*who, f"cannot: {error}")]
        except Exception as error:  # whatever a package raises is its answer
            return [Asked(*who, f"fails: {type(error).__name__}: {str(error)[:80]}")]
    ours = (DeprecationWarning, FutureWarning, PendingDeprecationWarning)
    warned = any(not issubclass(one.category, ours) for one in caught)
    return [Asked(*who, "answers", *distance(answer, case.answer), warned)]


def distance(answer: Answer, r: dict[str, Any]) -> tuple[float, float, float | None]:
    """Largest differences from R: coefficient in standard errors, error and df relative."""
    place = _places(answer.terms, r["terms"])
    b, se = np.array(r["coef"])[place], np.array(r["se"])[place]
    coefficient = float(np.abs((np.array(answer.coef) - b) / se).max())
    error = float(np.abs(np.array(answer.se) / se - 1).max())
    if answer.df is None or "df" not in r:
        return coefficient, error, None
    return (
        coefficient,
        error,
        float(np.abs(np.array(answer.df) / np.array(r["df"])[place] - 1).max()),
    )


def _places(ours: list[str], theirs: list[str]) -> list[int]:
    """Which of R's coefficients each is, by name or, where names differ, by order."""
    order = {spelt(term): k for k, term in enumerate(theirs)}
    named = [spelt(re.sub(r"\[T\.", "[", term)) for term in ours]
    if all(name in order for name in named):
        return [order[name] for name in named]
    if len(ours) == len(theirs):
        return list(range(len(ours)))
    return [order[name] for name in named if name in order] or list(range(len(ours)))


def _sides(case: Case) -> tuple[str, str]:
    left, _, right = str(case.formula).partition("~")
    return left.strip(), right.strip()


def _refuse(case: Case, *arguments: str) -> None:
    for name in arguments:
        if name in case.arguments:
            raise CannotError(f"no {name}")


def _trials(case: Case, data: pd.DataFrame) -> pd.DataFrame:
    """A row per trial, and 0/1 for text, so that no package fails for the layout."""
    left, _ = _sides(case)
    if "success" in case.arguments:
        data[left] = (data[left] == case.arguments["success"]).astype(float)
    if "trials" in case.arguments:
        n = data[case.arguments["trials"]].to_numpy()
        long = data.loc[data.index.repeat(n)].reset_index(drop=True)
        first = np.concatenate([np.arange(k) for k in n]) < long[left].to_numpy()
        return long.assign(**{left: first.astype(float)})
    if "weights" in case.arguments:
        return data.loc[data.index.repeat(data[case.arguments["weights"]])].reset_index(drop=True)
    return data


def _offset(case: Case, data: pd.DataFrame) -> np.ndarray | None:
    if "exposure" in case.arguments:
        return np.log(data[case.arguments["exposure"]].to_numpy(dtype=float))
    if "offset" in case.arguments:
        return data[case.arguments["offset"]].to_numpy(dtype=float)
    return None


def _columns(case: Case, data: pd.DataFrame) -> tuple[str, pd.DataFrame, list[str]]:
    """The design matrix as plain columns, for packages without our formulas' functions."""
    from core_trial.models.design import build

    left, right = _sides(case)
    X = build(right or str(case.formula), data).X
    names = [f"x{k}" for k in range(X.shape[1])]
    table = data.assign(**dict(zip(names, X.T, strict=True)))
    return left, table, names


def _order(case: Case, data: pd.DataFrame) -> list[str]:
    from core_trial.models.design import build

    return list(build(_sides(case)[1] or str(case.formula), data).columns)


# --- mixed models ---
def _plain_frame(case: Case, data: pd.DataFrame) -> tuple[str, pd.DataFrame, list[str]]:
    """Fixed effects as columns without an intercept's own, and the formula that has them."""
    data = _trials(case, data)
    left, table, names = _columns(case, data)
    terms = _order(case, data)
    constant = "Intercept" in terms
    right = " + ".join(names[k] for k, term in enumerate(terms) if term != "Intercept")
    formula = f"{left} ~ {right or '1'}" if constant else f"{left} ~ 0 + {right}"
    table["cluster_"] = (
        table[case.arguments["cluster"]].astype(str) if "cluster" in case.arguments else "1"
    )
    return formula, table, terms


def _named(theirs: list[str], terms: list[str]) -> list[str]:
    """Our names for coefficients that a package calls x0, x1 and so on."""
    return [terms[int(name[1:])] if re.fullmatch(r"x\d+", name) else "Intercept" for name in theirs]


FAMILIES = {
    "mixed_logistic": "binomial", "logistic_regression": "binomial", "mixed_poisson": "poisson",
    "poisson": "poisson", "negative_binomial": "negativebinomial",
}  # fmt: skip


def _family(case: Case) -> str:
    return FAMILIES.get(case.model, "gaussian")


def by_glmm(case: Case, data: pd.DataFrame) -> Answer:
    """The package glmm."""
    import glmm

    _refuse(case, "random", "residual_by")
    if case.arguments.get("df") == "kenward_roger":
        raise CannotError("no Kenward-Roger")
    if case.model in PLAIN and case.arguments.get("inference", "model") != "model":
        raise CannotError("no robust errors")
    formula, table, terms = _plain_frame(case, data)
    settings: dict[str, Any] = {"family": _family(case), "offset": _offset(case, table)}
    if case.model in MIXED:
        formula += " + (1 | cluster_)"
    if case.model == "mixed_linear":
        settings["reml"] = case.arguments["method"] == "reml"
    elif case.model in MIXED:
        settings["nagq"] = NODES
    fit = glmm.fit(table, formula, **settings)
    df = fit.coef_df if case.arguments.get("df") == "satterthwaite" else None
    terms = _named(fit.names, terms)
    return Answer(terms, list(fit.beta), list(fit.se), None if df is None else list(df))


def by_mixedlm(case: Case, data: pd.DataFrame) -> Answer:
    """The package mixedlm."""
    import mixedlm

    _refuse(case, "random", "residual_by")
    formula, table, terms = _plain_frame(case, data)
    formula += " + (1 | cluster_)"
    if case.model == "mixed_linear":
        fit = mixedlm.lmer(formula, table, REML=case.arguments["method"] == "reml")
    else:
        family = getattr(mixedlm.families, _family(case).capitalize())()
        fit = mixedlm.glmer(formula, table, family=family, nAGQ=NODES, offset=_offset(case, table))
    df = None
    kind = {"satterthwaite": "satterthwaite_df", "kenward_roger": "kenward_roger_df"}.get(
        case.arguments.get("df", "")
    )
    if kind:
        found = getattr(mixedlm, kind)(fit)
        df = [float(v) for v in np.atleast_1d(getattr(found, "df", found))]
    terms = _named(list(fit.fixef()), terms)
    return Answer(terms, list(map(float, fit.beta)), list(np.sqrt(np.diag(fit.vcov()))), df)


def by_lme_python(case: Case, data: pd.DataFrame) -> Answer:
    """The package lme-python."""
    import lme_python
    import polars as pl

    _refuse(case, "random", "residual_by", "exposure", "offset")
    formula, table, terms = _plain_frame(case, data)
    rows = pl.DataFrame({name: table[name].to_list() for name in table})
    formula += " + (1 | cluster_)"
    if case.model == "mixed_linear":
        fit = lme_python.lmer(formula, rows, reml=case.arguments["method"] == "reml")
    else:
        fit = lme_python.glmer(formula, rows, _family(case), n_agq=NODES)
    kind = case.arguments.get("df")
    df, se = None, fit.std_errors
    if kind == "satterthwaite":
        done = fit.with_satterthwaite(rows) or fit
        df = done.satterthwaite_dfs
    elif kind == "kenward_roger":
        done = fit.with_kenward_roger(rows) or fit
        df, se = done.kenward_roger_dfs, done.std_errors
    terms = _named(fit.fixed_names, terms)
    return Answer(terms, list(fit.coefficients), list(se), None if df is None else list(df))


def by_interlace(case: Case, data: pd.DataFrame) -> Answer:
    """The package interlace-lme."""
    import interlace

    _refuse(case, "random", "residual_by")
    formula, table, terms = _plain_frame(case, data)
    if case.model == "mixed_linear":
        kinds = {"kenward_roger": "kenward-roger", "satterthwaite": "satterthwaite"}
        kind = kinds.get(case.arguments.get("df", ""))
        method, settings = case.arguments["method"].upper(), {"df_method": kind} if kind else {}
        fit = interlace.fit(formula, table, groups="cluster_", method=method, **settings)
        named = _named(list(fit.fe_params.index), terms)
        return Answer(
            named, list(fit.fe_params), list(fit.fe_bse), list(fit.fe_df) if kind else None
        )
    fit = interlace.glmer(formula, table, family=_family(case), groups="cluster_", nAGQ=NODES,
                          offset=_offset(case, table))  # fmt: skip
    return Answer(_named(list(fit.fe_params.index), terms), list(fit.fe_params), list(fit.fe_bse))


# --- statsmodels ---
def _matrices(
    case: Case, data: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, list[str]]:
    data = _trials(case, data)
    left, table, names = _columns(case, data)
    y = table[left].to_numpy(dtype=float) if left else np.empty(0)
    return table, y, table[names].to_numpy(dtype=float), _order(case, data)


def statsmodels_mixed(case: Case, data: pd.DataFrame) -> Answer:
    """MixedLM."""
    import statsmodels.api as sm

    _refuse(case, "random", "residual_by")
    if case.arguments.get("df", "normal") != "normal":
        raise CannotError(f"no {case.arguments['df']}")
    table, y, X, terms = _matrices(case, data)
    fit = sm.MixedLM(y, X, table[case.arguments["cluster"]]).fit(
        reml=case.arguments["method"] == "reml"
    )
    p = X.shape[1]
    return Answer(terms, list(fit.fe_params), list(np.asarray(fit.bse)[:p]))


def statsmodels_plain(case: Case, data: pd.DataFrame) -> Answer:
    """OLS, GLM, NegativeBinomial and ZeroInflatedNegativeBinomialP."""
    import statsmodels.api as sm

    inference = case.arguments.get("inference", "model")
    if inference == "cr2":
        raise CannotError("no CR2")
    if case.arguments.get("weight_type") == "sampling":
        raise CannotError("no sampling weights with errors by cluster")
    table, y, X, terms = _matrices(case, data)
    offset = _offset(case, table)
    settings: dict[str, Any] = {}
    if inference == "sandwich":
        g = table[case.arguments["cluster"]] if "cluster" in case.arguments else np.arange(len(y))
        settings = {"cov_type": "cluster", "cov_kwds": {"groups": pd.factorize(g)[0]}}
    if case.model == "linear_regression":
        fit = sm.OLS(y if offset is None else y - offset, X).fit(**settings)
        df = [fit.df_resid] * len(terms) if inference == "model" else None
        return Answer(terms, list(fit.params), list(fit.bse), df)
    if case.model in ("logistic_regression", "poisson", "modified_poisson"):
        family = (
            sm.families.Binomial() if case.model == "logistic_regression" else sm.families.Poisson()
        )
        fit = sm.GLM(y, X, family=family, offset=offset).fit(tol=1e-12, **settings)
        return Answer(terms, list(fit.params), list(fit.bse))
    if case.model == "negative_binomial":
        fit = sm.NegativeBinomial(y, X, offset=offset).fit(disp=0, maxiter=5000, **settings)
        p = X.shape[1]
        return Answer(terms, list(fit.params[:p]), list(fit.bse[:p]))
    from core_trial.models.design import build

    Z = build(case.arguments["inflation"], table).X
    fit = sm.ZeroInflatedNegativeBinomialP(y, X, exog_infl=Z, offset=offset).fit(
        disp=0, maxiter=5000, **settings
    )
    q = Z.shape[1]
    return Answer(terms, list(fit.params[q:-1]), list(fit.bse[q:-1]))


def statsmodels_cox(case: Case, data: pd.DataFrame) -> Answer:
    """PHReg."""
    import statsmodels.api as sm

    _refuse(case, "frailty", "weights")
    names = _cox_columns(case, data)
    a = case.arguments
    data = data[data[a["time"]] > 0] if "entry" not in a else data
    model = sm.PHReg(
        data[a["time"]], names[0].loc[data.index], status=data[a["event"]],
        ties=a.get("ties", "breslow"),
        strata=data[a["strata"]] if "strata" in a else None,
        entry=data[a["entry"]] if "entry" in a else None,
        offset=data[a["offset"]].to_numpy() if "offset" in a else None,
    )  # fmt: skip
    fit = model.fit(groups=data[a["cluster"]].to_numpy()) if "cluster" in a else model.fit()
    return Answer(names[1], list(fit.params), list(fit.bse))


def _cox_columns(case: Case, data: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    from core_trial.models.design import build

    design = build(str(case.formula).removeprefix("~"), data, baseline=True)
    return pd.DataFrame(
        design.X, index=data.index, columns=[f"x{k}" for k in range(design.X.shape[1])]
    ), list(design.columns)


def lifelines_cox(case: Case, data: pd.DataFrame) -> Answer:
    """CoxPHFitter."""
    import lifelines

    _refuse(case, "frailty", "offset")
    a = case.arguments
    if a.get("ties", "breslow") != "efron":
        raise CannotError("Efron's ties only")
    X, terms = _cox_columns(case, data)
    extra = [a[k] for k in ("time", "event", "entry", "strata", "cluster", "weights") if k in a]
    table = pd.concat([X, data[list(dict.fromkeys(extra))]], axis=1)
    settings = {
        k: a[v]
        for k, v in (("entry_col", "entry"), ("cluster_col", "cluster"), ("weights_col", "weights"))
        if v in a
    }
    if "strata" in a:
        settings["strata"] = [a["strata"]]
    fit = lifelines.CoxPHFitter().fit(table, a["time"], a["event"], **settings)
    return Answer(terms, list(fit.params_[X.columns]), list(fit.standard_errors_[X.columns]))


Peer = Callable[[Case, pd.DataFrame], Answer]
PEERS: dict[str, dict[str, Peer]] = {
    "statsmodels": {
        "mixed_linear": statsmodels_mixed, "cox": statsmodels_cox,
        **dict.fromkeys((*PLAIN, "modified_poisson", "zero_inflated_nb"), statsmodels_plain),
    },
    "lifelines": {"cox": lifelines_cox},
    "glmm": dict.fromkeys((*MIXED, *PLAIN), by_glmm),
    "mixedlm": dict.fromkeys(MIXED, by_mixedlm),
    "lme_python": dict.fromkeys(MIXED, by_lme_python),
    "interlace": dict.fromkeys(MIXED, by_interlace),
}  # fmt: skip

if __name__ == "__main__":
    main()
