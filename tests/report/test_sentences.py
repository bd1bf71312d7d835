"""Sentences: the paper's own numbers in, the paper's own words for them out."""

import dataclasses
import math

import pytest
from core_paper import load

from core_trial.published.registry import Source
from core_trial.published.window import printed_value
from core_trial.report.sentences import sentences
from core_trial.report.styles import PLAIN
from core_trial.results import Descriptive, Estimate, FlowCount, Results, Withheld
from core_trial.trials.core import CORE


def descriptives():
    """Every number of the paper's that is no estimate, under its own name."""
    for key, entries in load().by_key.items():
        fitted = key.statistic in Estimate.PRINTED[:-1]
        if entries[0].source == Source.DATA and key.analysis != "flow" and not fitted:
            value = float(printed_value(entries[0].printed))
            yield Descriptive(
                analysis=key.analysis,
                statistic=key.statistic,
                value=value,
                arm=key.arm,
                level=key.level,
            )


def flow():
    registry = load()
    for key in registry.by_key:
        if key.analysis == "flow" and key.statistic == "n":
            n, of = (registry.get("flow", s, key.arm, key.level) for s in ("n", "N"))
            yield FlowCount(
                step=key.level, arm=key.arm, n=int(n), of=0 if math.isnan(of) else int(of)
            )


def estimates():
    for row in load().rows:
        if row.has("estimate") and row.cells["estimate"].place in {"table2", "results"}:
            value, low, high = (float(printed_value(row.cells[s].printed))
                                for s in ("estimate", "low", "high"))  # fmt: skip
            p = printed_value(row.cells["p_value"].printed) if row.has("p_value") else 0.1409
            yield (
                (row.analysis, row.level),
                Estimate(
                    analysis=row.analysis,
                    level=row.level,
                    measure=str(
                        "difference_in_means" if row.level else row.cells["estimate"].measure
                    ),
                    estimate=value,
                    low=low,
                    high=high,
                    std_error=math.nan,
                    statistic=math.nan,
                    df=math.inf,
                    p_value=4e-5 if p is None else float(p),
                    n=400,
                    n_clusters=200,
                    model="made_up",
                    formula="y ~ arm",
                    method="made up",
                ),
            )


#: An estimate that the paper prints in two places is one record.
PAPER = Results.bind(descriptives(), flow(), dict(estimates()).values())
TOLD = sentences(PAPER, CORE)


@pytest.mark.parametrize(
    "sentence",
    [
        "Of 3288 people screened, 1848 were eligible and 441 were recruited.",
        "40 participants were recruited in the internal pilot between May 14, 2013, and "
        "Nov 12, 2013.",
        "401 participants were recruited in the main trial between March 12, 2014, and "
        "July 3, 2015.",
        "221 participants were assigned to the intervention group versus 220 to the control "
        "group; primary outcome data were obtained for 218 versus 216.",
        "344 (78%) of 441 completed the 4-month follow-up interview, and 255 (58%) of 441 "
        "completed the 18-month interview.",
        "64 (29%) of 218 participants in the intervention group versus 83 (38%) of 216 in the "
        "control group were readmitted to acute care within 1 year (OR 0·66, 95% CI 0·43–0·99; "
        "p=0·0438).",
        "Among those readmitted, the median time to readmission was 112 days (IQR 42–242) in the "
        "intervention group versus 86 days (IQR 43–180) in the control group; over all "
        "participants, HR 0·71, 95% CI 0·52–0·97; p=0·0291.",
        "Participants spent a median of 0 days (IQR 0–26) in acute care in the intervention group "
        "versus 0 days (IQR 0–24) in the control group; among those who can have any such days, "
        "IRR 1·01, 95% CI 0·76–1·36; p=0·9208.",
        "The index episode ended a mean of 8·6 days (SD 34·4) after randomisation in the "
        "intervention group versus 2·9 days (SD 9·2) in the control group.",
        "Without the index episode, 154 (71%) of 218 participants in the intervention group had "
        "no days in acute care versus 133 (62%) of 216 in the control group.",
        "The median number of those days was 0 (IQR 0–10) in the intervention group versus "
        "0 (IQR 0–22) in the control group.",
        "The mean number of those days was 13 (SD 31) in the intervention group versus 19 (SD 40) "
        "in the control group; among those who can have any such days, IRR 0·90, 95% CI 0·66–1·23; "
        "p=0·5158.",
        "The mean score for satisfaction with mental health services at 4 months was 26 (SD 5) in "
        "the intervention group versus 24 (SD 6) in the control group (difference in means 1·96, "
        "95% CI 1·03–2·89; p<0·0001).",
        "The mean score for symptom severity at 4 months was 39 (SD 12) in the intervention group "
        "versus 41 (SD 12) in the control group (difference in means –1·08, 95% CI –3·17 to 1·01; "
        "p=0·3115).",
        "With adjustment for predictors of missingness: self-rated recovery at 4 months, "
        "difference in means 2·18, 95% CI –0·72 to 5·08; p=0·1409.",
        "Participants in the intervention group had a mean of 7·00 (SD 13) contacts with "
        "community mental health teams in 12 months versus 7·60 (SD 14) in the control group "
        "(difference in means 0·16, 95% CI –2·28 to 2·61; p=0·8979).",
        "160 (72%) of 221 participants in the intervention group attended at least three "
        "sessions, with a median of 7 sessions (IQR 2–10); 65 (33%) of 198 attended all ten.",
        "142 (88%) of 162 participants in the intervention group versus 133 (84%) of 158 in the "
        "control group reported that they had read the workbook.",
    ],
)
def test_a_sentence_has_the_papers_numbers_as_the_paper_spells_them(sentence):
    assert sentence in TOLD


def test_each_sentence_stands_once_in_the_papers_order():
    assert len(set(TOLD)) == len(TOLD)
    starts = [
        "Of 3288",
        "221 part",
        "64 (29%)",
        "Participants spent",
        "The mean score for sat",
        "160 (72%)",
    ]
    places = [next(i for i, s in enumerate(TOLD) if s.startswith(start)) for start in starts]
    assert places == sorted(places)


def test_what_the_paper_does_not_print_for_both_arms_is_left_out():
    """It gives plans by section for one arm only, and events of a kind for the whole trial."""
    assert not any("section" in sentence for sentence in TOLD)
    events = [
        Descriptive(analysis="adverse_events", statistic="n", value=v, arm=arm, level=level)
        for level in ("", "related", "attempted_suicide")
        for arm, v in (("", 11.0), ("intervention", 4.0), ("control", 7.0))
    ]
    assert sentences(Results(tuple(events)), CORE) == (
        "11 serious adverse events were identified (four in the intervention group; "
        "seven in the control group), 11 of them judged related to the study.",
        "Attempted suicide: 11 (four in the intervention group; seven in the control group).",
    )


def test_nothing_recorded_nothing_told():
    assert sentences(Results(), CORE) == ()


def test_a_withheld_number_is_not_told():
    withheld = Withheld(analysis="readmission", statistic="n", arm="intervention")
    others = [
        r
        for r in PAPER
        if not (
            isinstance(r, Descriptive) and (r.analysis, r.arm) == ("readmission", "intervention")
        )
    ]
    told = sentences(Results((*others, withheld)), CORE)
    assert not any("readmitted to acute care" in sentence for sentence in told)
    assert len(told) == len(TOLD) - 1


def test_a_fit_that_failed_says_why():
    good = PAPER.estimate("readmission")
    failed = dataclasses.replace(
        good, estimate=math.nan, converged=False, warnings=("nobody in centre F was readmitted.",)
    )
    told = sentences(Results(tuple(failed if record is good else record for record in PAPER)), CORE)
    assert any("(odds ratio not estimable: nobody in centre F was readmitted)." in s for s in told)


def test_plain_style():
    told = sentences(PAPER, CORE, PLAIN)
    assert any("(OR 0.66, 95% CI 0.43 to 0.99; p=0.0438)" in sentence for sentence in told)
    assert not any(mark in sentence for sentence in told for mark in "·–")
