"""Another paper's registry: read by its own declaration, and met by the general checks alone."""

from __future__ import annotations

from dataclasses import replace

import made_up
import pytest

from core_trial.declaration.paper import Claim, Monitored, Paper, Range
from core_trial.errors import DesignError, VerificationError
from core_trial.published import registry
from core_trial.published.compare import compare
from core_trial.published.consistency import check
from core_trial.published.registry import COLUMNS
from core_trial.results import Descriptive, Key, Results
from core_trial.trials.find import find


def row(name, printed, statistic="n", arm="control", analysis="deaths", level="", **more) -> str:
    decimals = len(printed.replace("·", ".").partition(".")[2])
    given = {"place": "table2", "where": analysis, "measure": "", "source": "data", "reason": ""}
    given |= more
    cells = [name, given["place"], given["where"], f'"{printed}"', str(decimals), analysis]
    cells += [statistic, arm, level, given["measure"], given["source"], given["reason"], ""]
    return ",".join(cells)


def read(*rows: str, **declared) -> registry.Registry:
    partitions = declared.pop("partitions", None)
    return registry.read("\n".join([",".join(COLUMNS), *rows]), Paper(**declared), partitions)


def rules(*rows: str, **declared) -> list[str]:
    return [finding.rule for finding in check(read(*rows, **declared))]


def share(n: str, of: str, percent: str) -> tuple[str, ...]:
    return row("n", n), row("of", of, "N"), row("percent", percent, "percent")


@pytest.mark.parametrize(
    ("n", "of", "percent", "found"),
    [
        ("64", "218", "29.4", []),
        ("64", "218", "29·4", []),
        ("64", "218", "29.3", ["percentage"]),
        ("1", "4410", "<0·1", []),
        ("5", "4410", "<0·1", ["percentage"]),
        ("440", "441", ">99", []),
        ("0", "0", "0", []),
        ("1,644", "3,288", "50", []),
    ],
)
def test_percentages_as_other_papers_print_them(n, of, percent, found):
    assert rules(*share(n, of, percent)) == found


def test_a_p_value_above_a_bound_is_read():
    numbers = (("estimate", "1·00"), ("low", "0·50"), ("high", "2·00"), ("p_value", ">0·9999"))
    rows = [row(s, text, s, "", measure="odds_ratio") for s, text in numbers]
    assert rules(*rows) == []


@pytest.mark.parametrize(("q3", "found"), [("0·5", []), ("0", ["quartile"]), ("365", [])])
def test_a_quartile_that_is_the_mean_of_two_is_not_cut(q3, found):
    """With 162 of 216 at nought, the third quartile is the mean of a nought and of what follows."""
    quartiles = (("q1", "0"), ("median", "0"), ("q3", q3))
    none = row("none", "162", level="none"), row("none.N", "216", "N", level="none")
    assert rules(*(row(s, text, s) for s, text in quartiles), *none) == found


def test_arms_that_do_not_add_up_are_found_in_any_paper():
    arms = row("i", "29", arm="intervention"), row("c", "42")
    assert rules(row("all", "71", arm=""), *arms) == []
    assert rules(row("all", "70", arm=""), *arms) == ["sum"]


def test_categories_that_do_not_add_up_are_found_where_they_are_declared():
    rows = (row(x, n, analysis="sex", level=x) for x, n in (("male", "10"), ("female", "20")))
    rows = (*rows, row("N", "31", "N", analysis="sex", level="male"))
    assert rules(*rows, partitions={"sex": ("male", "female")}) == ["sum"]
    assert rules(*rows) == []


def test_moments_are_held_against_a_declared_range():
    rows = row("mean", "5", "mean"), row("sd", "70", "sd")
    assert rules(*rows) == []
    assert rules(*rows, ranges={"deaths": Range(0, 88)}) == ["possible_sd"]


def estimate(analysis, value, low, high, p, measure, place="table2"):
    numbers = (("estimate", value), ("low", low), ("high", high), ("p_value", p))
    return tuple(
        row(f"{place}.{analysis}.{s}", text, s, "", analysis, measure=measure, place=place)
        for s, text in numbers
    )


def arms(analysis, statistic, treated, control, level=""):
    return (
        row(
            f"{analysis}{level}.{statistic}.i", treated, statistic, "intervention", analysis, level
        ),
        row(f"{analysis}{level}.{statistic}.c", control, statistic, "control", analysis, level),
    )


ODDS = estimate("relapse", "0·67", "0·45", "0·99", "0·0464", "odds_ratio")


def test_adjustment_is_asked_for_where_a_paper_declares_it():
    assert rules(*ODDS) == []
    assert rules(*ODDS, adjusted=frozenset({("table2", "relapse")})) == []
    assert rules(*ODDS, adjusted=frozenset({("abstract", "relapse")})) == ["unsaid_adjustment"]


@pytest.mark.parametrize(
    ("value", "p", "found"),
    [
        ("0·67", "0·0464", []),
        ("0·66", "0·0464", ["crude_odds_ratio"]),
        ("0·67", "0·0470", ["crude_odds_ratio"]),
    ],
)
def test_the_odds_ratio_of_the_counts_stands_beside_the_printed_one(value, p, found):
    counts = (*arms("relapse", "n", "64", "83"), *arms("relapse", "N", "218", "216"))
    printed = estimate("relapse", value, "0·45", "0·99", p, "odds_ratio")
    assert [rule for rule in rules(*counts, *printed) if rule == "crude_odds_ratio"] == found


@pytest.mark.parametrize(
    ("treated", "control", "found"),
    [
        ("5·0", "5·2", ["sign_turned"]),
        ("5·0", "5·1", []),  # 5·05 and 5·05 may have been printed so
        ("5·0", "4·8", []),
    ],
)
def test_a_difference_on_the_other_side_of_zero_is_told(treated, control, found):
    means = arms("score", "mean", treated, control)
    printed = estimate("score", "0·30", "–0·70", "1·30", "0·5566", "difference_in_means")
    assert [rule for rule in rules(*means, *printed) if rule == "sign_turned"] == found


@pytest.mark.parametrize(("p", "found"), [("0·0500", []), ("0·0501", ["direction"])])
def test_words_that_say_a_difference_need_one(p, found):
    printed = row("p", p, "p_value", "", "days", measure="rate_ratio")
    assert rules(printed, directions={"fewer days": ("days",)}) == found


def test_an_imbalance_is_told_when_it_is_rarer_than_one_in_fifty():
    """Of 219, 7 v 0 has Fisher's p of 0·0149 and 6 v 0 one of 0·0301."""
    for n, found in (("7", ["imbalance"]), ("6", [])):
        rows = (*arms("widowed", "n", n, "0", "yes"), *arms("widowed", "N", "219", "219", "yes"))
        assert [r for r in rules(*rows, partitions={"widowed": ("yes",)}) if r != "sum"] == found


@pytest.mark.parametrize(("n", "found"), [("401", ["denominator_of_a_step"]), ("380", [])])
def test_a_denominator_that_is_that_of_a_step(n, found):
    flow = (
        row("all", "441", "n", "", "flow", "randomised"),
        row("later", n, "n", "", "flow", "later"),
    )
    known = arms("born_here", "N", "197", "196", "yes")
    told = rules(*flow, *known, partitions={"born_here": ("yes",)})
    assert [rule for rule in told if rule != "sum"] == found


def test_fewer_answers_than_people_who_were_asked():
    flow, answers = row("there", "344", "n", "", "flow", "seen"), arms("read", "N", "162", "158")
    assert rules(flow, *answers) == []
    assert rules(flow, *answers, asked={"read": "seen"}) == ["answers"]
    enough = arms("read", "N", "172", "172")
    assert rules(flow, *enough, asked={"read": "seen"}) == []


def test_what_is_all_in_one_arm_is_in_no_other():
    whole = {Key("deaths", "n"): "control"}
    counts = (row("all", "4", arm=""), row("c", "4"))
    assert rules(*counts, one_arm=whole) == []
    assert "one_arm" in rules(row("all", "4", arm=""), row("c", "3"), one_arm=whole)
    other = row("i", "1", arm="intervention")
    assert "one_arm" in rules(*counts, other, one_arm=whole)


def test_events_counted_are_held_against_their_times():
    """Half of 10 by day 30 and half of 7 by day 40: at least 9 by day 60, and 5 by day 35."""
    events = row("told", "6", "n", "", "harms")
    counts, medians = arms("relapse", "n", "10", "7"), arms("days", "median", "30", "40")
    for until, found in ((60, ["monitored_events"]), (40, ["monitored_events"]), (39, [])):
        told = Monitored(Key("harms", "n"), until, "relapse", "days")
        assert rules(events, *counts, *medians, monitored=(told,)) == found


def test_a_mean_whose_normal_range_leaves_the_scale():
    scale = {"score": Range(8, 32)}
    for sd, found in (("5", ["beyond_scale"]), ("3", [])):
        rows = row("m", "26", "mean", analysis="score"), row("s", sd, "sd", analysis="score")
        assert rules(*rows, ranges=scale) == found


def test_a_paper_adds_its_own_checks_and_reasons():
    def always(found):
        yield next(iter(check(read(*share("64", "218", "30")))))

    declared = {"checks": (always,), "explanations": {"percent": "a typist’s nap"}}
    (finding,) = check(read(row("percent", "1", "percent"), **declared))
    assert finding.reason == "a typist’s nap"


def test_a_claim_is_shown_as_the_number_that_it_rests_on():
    claim = Claim(lambda x: x.value("deaths", "n", "control"), "deaths in controls", "", 0)
    entry = row("said", "persisted", "claim", source="claim")
    found = read(entry, claims={"said": claim}, phrases={"persisted": (0.0, 10.0)})
    four = Descriptive(analysis="deaths", statistic="n", arm="control", value=4.0)
    (line,) = compare(Results((four,)), found).comparisons
    assert (line.status, line.computed, line.claim) == ("matched", 4.0, "deaths in controls")


def test_what_the_design_gave_is_no_match():
    found = read(row("asked", "440", analysis="sample_size", arm="", source="design"))
    asked = Descriptive(analysis="sample_size", statistic="n", value=440.0)
    verdict = compare(Results((asked,)), found)
    assert (verdict.counts["given"], verdict.counts["matched"]) == (1, 0)
    assert verdict.holds
    differing = compare(Results((replace(asked, value=441.0),)), found)
    assert not differing.holds


def test_a_papers_own_sections_and_reasons():
    declared = {"sections": {"appendix": "Appendix"}, "reasons": {"lost": "lost in the post"}}
    entry = row("n", "4", place="appendix", reason="lost")
    (line,) = compare(Results(()), read(entry, **declared)).comparisons
    assert line.reason == "lost in the post"
    with pytest.raises(VerificationError, match="unknown place 'appendix'"):
        read(entry)


def test_the_registry_of_a_trial_is_read_from_its_file(tmp_path):
    file = tmp_path / "published.csv"
    file.write_text(",".join(COLUMNS) + "\n" + row("n", "4") + "\n", "utf-8")
    found = registry.of(made_up.changed(registry=Paper(file=file)))
    assert found.find(analysis="deaths")[0].value == 4
    assert Key("deaths", "n", "control") in found.by_key


def test_a_registry_is_found_beside_the_declaration(tmp_path):
    (tmp_path / "published.csv").write_text(",".join(COLUMNS) + "\n" + row("n", "4"), "utf-8")
    (tmp_path / "trial.py").write_text(
        "import core_trial as ct\n"
        'trial = ct.Trial(title="t", participant="id", outcomes=(ct.Binary("deaths"),),\n'
        '                 arm=ct.Arm("arm", control="a", intervention="b"),\n'
        '                 registry="published.csv")\n',
        "utf-8",
    )
    assert len(registry.of(find(tmp_path))) == 1


def test_a_registry_of_another_type_is_refused():
    with pytest.raises(DesignError, match="registry: name the CSV file"):
        made_up.changed(registry=4)


@pytest.mark.parametrize(
    ("declared", "fault"),
    [(None, "declares no registry="), (Paper(), "cannot be read")],
)
def test_a_trial_without_a_readable_registry_is_told(declared, fault):
    with pytest.raises(VerificationError, match=fault):
        registry.of(made_up.changed(registry=declared))
