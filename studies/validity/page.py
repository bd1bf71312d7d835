"""The study as a page: what to use when, what the table says in words, and all of it in tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from core_trial.report import figure
from studies.validity import binary, few_workers, missing, picture, scores, tables, visits
from studies.validity.cell import Cell

#: The page's words, with places for the numbers.
TEMPLATE = Path(__file__).with_suffix(".md")
NULL = "none"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the text, or the range of several, in percent unless told.

    Parameters
    ----------
    study, model, inference
        Which rows.
    where
        A condition on them, as `pandas.DataFrame.query` reads it.
    column
        What is told.
    tell
        The range, the largest value, or all values in order.
    """

    study: str
    model: str
    inference: str
    where: str = "effect == 'none'"
    column: str = "rejected"
    tell: Literal["range", "most", "each"] = "range"

    def of(self, table: pd.DataFrame) -> str:
        """The number in words."""
        rows = table[(table["study"] == self.study) & (table["model"] == self.model)]
        rows = rows[rows["inference"] == self.inference].query(self.where)
        values = 100 * rows[self.column].dropna()
        if values.empty:
            raise ValueError(f"no row of the table is {self}")
        if self.tell == "most":
            return f"{values.max():.1f}"
        if self.tell == "each" or len(values) == 1:
            return ", ".join(f"{v:.1f}" for v in values)
        low, high = f"{values.min():.1f}", f"{values.max():.1f}"
        return low if low == high else f"{low} to {high}"


def _score(words: tuple[str, str], where: str, **more: str) -> Figure:
    return Figure("scores", *words, where, **more)


def _few(model: str, inference: str = few_workers.DEFAULT, where: str = "workers > 1") -> Figure:
    return Figure("few workers", model, inference, where)


_WIDE = "effect == 'none' and design.str.contains('SD 1.6')"
_NARROW = "effect == 'none' and design.str.contains('SD 0.6')"
_WIDE_POWER = "effect != 'none' and design.str.contains('SD 1.6')"
_SHAPED = "effect == 'none' and design.str.contains('skewed|bounded')"
_CLUSTERED = "effect == 'none' and icc >= 0.05 and not design.str.contains('skewed|bounded')"
_EQUAL = (
    "effect == 'none' and icc >= 0.05 and workers == {} "
    "and design.str.fullmatch('[0-9]+ workers, ICC [0-9.]+')"
)
_AT = "effect == 'none' and icc == 0.1 and workers == {}"
_CODING = "effect == 'none' and design.str.fullmatch('[0-9]+ workers, ICC 0(.05|.1)?')"
FIGURES: Mapping[str, Figure] = {
    "score_all": _score(scores.RECOMMENDED, "effect == 'none'"),
    "score_clustered": _score(scores.RECOMMENDED, _CLUSTERED),
    "score_shaped": _score(scores.RECOMMENDED, _SHAPED),
    "score_wide_power": _score(scores.RECOMMENDED, _WIDE_POWER),
    "published_8": _score(scores.PUBLISHED, _EQUAL.format(8)),
    "published_40": _score(scores.PUBLISHED, _EQUAL.format(40)),
    "alike_8": _score(scores.ALIKE, _EQUAL.format(8)),
    "alike_40": _score(scores.ALIKE, _EQUAL.format(40)),
    "published_wide": _score(scores.PUBLISHED, _WIDE),
    "published_wide_power": _score(scores.PUBLISHED, _WIDE_POWER),
    "alike_wide": _score(scores.ALIKE, _WIDE),
    "published_narrow": _score(scores.PUBLISHED, _NARROW),
    "alike_narrow": _score(scores.ALIKE, _NARROW),
    "score_narrow": _score(scores.RECOMMENDED, _NARROW),
    "unclustered": _score(scores.UNCLUSTERED, "effect == 'none' and icc == 0.2"),
    "one_control": _score(scores.ONE_CONTROL, _CODING),
    "one_control_power": _score(
        scores.ONE_CONTROL, "effect != 'none' and workers == 40 and icc > 0"
    ),
    "nested_power": _score(scores.NESTED, "effect != 'none' and workers == 40 and icc > 0"),
    "pseudo": _score(scores.PSEUDO, _CODING),
    "pseudo_power": _score(scores.PSEUDO, "effect != 'none' and workers == 8 and icc == 0.1"),
    "recommended_power": _score(
        scores.RECOMMENDED,
        "effect != 'none' and workers == 8 and icc == 0.1 and design.str.len() < 20",
    ),
    "robust": _score(scores.ROBUST, _CODING),
    **{
        f"{name}_{w}": Figure("binary", binary.NESTED, words, _AT.format(w))
        for name, words in (("z", "z"), ("t", "t, between-within"))
        for w in (3, 5, 8, 20, 40)
    },
    **{
        f"bootstrap_{w}": Figure("bootstrap", binary.NESTED, "bootstrap", f"workers == {w}")
        for w in (5, 6, 8)
    },
    "risk_jackknife": Figure("binary", "modified Poisson", "jackknife, t"),
    "cr2_few": Figure("binary", "modified Poisson", "CR2, t", "effect == 'none' and workers < 20"),
    "standardised_t": Figure(
        "binary", "standardised risks", "t", "effect == 'none' and icc == 0.1 and workers < 20"
    ),
    "standardised_z": Figure(
        "binary", "standardised risks", "z", "effect == 'none' and workers >= 20"
    ),
    "few_logistic": _few(binary.NESTED),
    "few_risk": _few("modified Poisson"),
    "few_risk_cr2": _few("modified Poisson", "CR2, t", "design.str.contains(' to ')"),
    "few_poisson": _few("Poisson"),
    "few_count": _few("negative binomial"),
    "few_zero": _few(few_workers.ZERO_INFLATED),
    "few_cox": _few("Cox"),
    "few_recurrent": _few("recurrent events (LWYY)"),
    "few_competing": _few("Fine-Gray"),
    "few_mean": _few("restricted mean"),
    "cox_model": _few("Cox", "model, z", "workers > 0"),
    **{
        f"sandwich_{name}": _few(model, "sandwich, z", "workers in (2, 3, 5)")
        for name, model in (
            ("risk", "modified Poisson"),
            ("count", "negative binomial"),
            ("zero", few_workers.ZERO_INFLATED),
            ("cox", "Cox"),
            ("recurrent", "recurrent events (LWYY)"),
        )
    },
    **{
        f"missing_{name}": Figure("missing outcomes", model, inference, "workers > 0", "coverage")
        for name, model, inference in (
            ("cases", "complete cases", "Kenward-Roger"),
            ("with", "imputed with workers", "Barnard-Rubin"),
            ("without", "imputed without workers", "Barnard-Rubin"),
        )
    },
    **{
        f"visits_{name}": Figure("repeated visits", visits.ALL_VISITS, words)
        for name, words in (("kr", "Kenward-Roger"), ("satt", "Satterthwaite"), ("z", "z"))
    },
}


def lacking(table: pd.DataFrame, cells: Iterable[Cell]) -> list[str]:
    """Names of the cells that the table does not have."""
    there = set(zip(table["study"], table["design"], table["effect"], strict=True))
    return [
        cell.name
        for cell in cells
        if (cell.study, cell.mechanism.label, cell.mechanism.effect or NULL) not in there
    ]


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write validity.png and validity.md for a whole table."""
    alt = describe(table)
    drawn = figure.Figure("validity", "Type I error", alt, lambda width: picture.paint(table))
    (folder / "validity.png").write_bytes(drawn.png)
    (folder / "validity.md").write_text(text(table), encoding="utf-8")


def describe(table: pd.DataFrame) -> str:
    """The figure in words."""
    told = {name: FIGURES[name].of(table) for name in ("score_all", "sandwich_cox", "few_cox")}
    return (
        "Type I error of scores by spread of the control arm, of a binary outcome by number of "
        "workers, and of six models with few workers. The recommended model of a score rejects a "
        f"true null in {told['score_all']} % of trials; Cox regression with two to five workers in "
        f"{told['sandwich_cox']} % with errors by cluster, and in {told['few_cox']} % by default."
    )


def text(table: pd.DataFrame) -> str:
    """The page."""
    numbers = {name: number.of(table) for name, number in FIGURES.items()}
    bias = table[(table["study"] == "scores") & table["bias"].notna()]
    bias = bias[~bias["design"].str.contains("bounded")]["bias"].abs().max()
    return TEMPLATE.read_text(encoding="utf-8").format(
        alt=describe(table),
        score_bias=bias,
        truth=missing.TRUTH,
        **numbers,
        **_errors_and_bias(table),
        **_tables(table),
    )


def _errors_and_bias(table: pd.DataFrame) -> dict[str, float]:
    """Monte Carlo errors of shares near 5 %, and how far complete cases are off."""
    near = table[table["rejected"].between(0.04, 0.06)]["rejected_mcse"]
    cases = table[table["model"] == "complete cases"]["bias"]
    return {
        "error_least": 100 * near.min(),
        "error_most": 100 * near.max(),
        "cases_least": cases.min(),
        "cases_most": cases.max(),
    }


def _of(table: pd.DataFrame, study: str, effect: bool | None = False) -> pd.DataFrame:
    """Rows of a study: under the null hypothesis, with an effect, or all."""
    rows = table[table["study"] == study]
    return rows if effect is None else rows[(rows["effect"] != NULL) == effect]


def _tables(table: pd.DataFrame) -> dict[str, str]:
    """Every table of the page, by the name of its place."""
    plain, effect = _of(table, "scores"), _of(table, "scores", effect=True)
    chances, changed = _of(table, "binary"), _of(table, "binary", effect=True)
    return {
        "replicates": _replicates(table),
        "few_table": tables.by_analysis(_of(table, "few workers")),
        "score_table": tables.by_design(plain, SCORE_COLUMNS),
        "score_power_table": tables.by_design(effect, SCORE_COLUMNS),
        "score_bias_table": tables.by_design(plain, SCORE_COLUMNS, _errors),
        "binary_table": tables.by_design(chances, BINARY_COLUMNS),
        "binary_effect_table": tables.of_measures(changed),
        "bootstrap_table": tables.by_design(_of(table, "bootstrap"), BOOTSTRAP_COLUMNS),
        "missing_table": tables.of_measures(_of(table, "missing outcomes", None)),
        "visits_table": tables.of_measures(_of(table, "repeated visits", None)),
    }


def _errors(row: pd.Series) -> str:
    """Empirical and model standard error."""
    return f"{tables.number(row, 'empirical_se')}; {tables.number(row, 'model_se')}"


def _replicates(table: pd.DataFrame) -> str:
    """How many trials were simulated in the cells of each study."""
    told = []
    for study, rows in table.groupby("study", sort=False):
        numbers = sorted(set(rows["replicates"]))
        shown = " or ".join(f"{n:,}" for n in numbers)
        cells = len(rows[["design", "effect"]].drop_duplicates())
        told.append(f"{study} {shown} in each of {cells}")
    return "; ".join(told)


SCORE_COLUMNS = (
    (*scores.RECOMMENDED, "partially nested, two variances, KR"),
    (*scores.PUBLISHED, "singletons, ML, z"),
    (*scores.ALIKE, "singletons, KR"),
    (*scores.UNCLUSTERED, "no clusters"),
    (*scores.NESTED, "partially nested, one variance, KR"),
    (*scores.ONE_CONTROL, "one control cluster, KR"),
    (*scores.PSEUDO, "pseudo-clusters, KR"),
    (*scores.ROBUST, "least squares, CR2"),
)
BINARY_COLUMNS = (
    (binary.PUBLISHED, "z", "everywhere, z"),
    (binary.NESTED, "z", "in one arm, z"),
    (binary.NESTED, "t, between-within", "t"),
    ("modified Poisson", "sandwich, z", "risk ratio, sandwich"),
    ("modified Poisson", "CR2, t", "CR2"),
    ("modified Poisson", "jackknife, t", "jackknife"),
    ("standardised risks", "z", "risk difference, z"),
    ("standardised risks", "t", "risk difference, t"),
)
BOOTSTRAP_COLUMNS = (
    (binary.NESTED, "likelihood ratio, chi-square", "likelihood ratio, χ²"),
    (binary.NESTED, "bootstrap", "bootstrap"),
)
