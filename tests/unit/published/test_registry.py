"""Reading a registry: what it gives, and what it refuses."""

import pytest
from core_paper import load

from core_trial.declaration.arms import Group
from core_trial.declaration.paper import REASONS
from core_trial.errors import VerificationError
from core_trial.published.registry import COLUMNS, Source, read
from core_trial.results import Key
from core_trial.results.measures import Measure

HEADER = ",".join(COLUMNS) + "\n"
GOOD = {
    "id": "table2.x.p_value",
    "place": "table2",
    "where": "X",
    "printed": "0·0438",
    "decimals": "4",
    "analysis": "x",
    "statistic": "p_value",
    "arm": "",
    "level": "",
    "measure": "odds_ratio",
    "source": "data",
    "reason": "",
    "note": "",
}


def text(*rows):
    return HEADER + "".join(",".join({**GOOD, **row}[c] for c in COLUMNS) + "\n" for row in rows)


def test_an_entry_is_typed():
    (entry,) = read(text({}))
    assert entry.key == Key("x", "p_value")
    assert entry.measure is Measure.ODDS_RATIO
    assert entry.source is Source.DATA
    assert entry.decimals == 4
    assert entry.window.contains(0.04384)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": ""}, "id is blank"),
        ({"analysis": " "}, "analysis is blank"),
        ({"place": "appendix"}, "unknown place 'appendix'"),
        ({"arm": "placebo"}, "unknown arm 'placebo'"),
        ({"statistic": "mode"}, "unknown statistic 'mode'"),
        ({"measure": "OR"}, "unknown measure 'OR'"),
        ({"source": "guess"}, "unknown source 'guess'"),
        ({"reason": "bad luck"}, "unknown reason 'bad luck'"),
        ({"printed": "about 3", "decimals": "0"}, "cannot read the printed text 'about 3'"),
        ({"decimals": "2"}, "decimals '2' are not those of '0·0438'"),
        ({"source": "literature"}, "another study's number needs a reason"),
        ({"source": "claim"}, "a claim has the statistic 'claim'"),
        ({"statistic": "claim"}, "a claim has the statistic 'claim'"),
    ],
)
def test_a_broken_row_is_refused(change, complaint):
    with pytest.raises(VerificationError, match="registry is broken") as refusal:
        read(text(change))
    assert complaint in str(refusal.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(VerificationError) as refusal:
        read(text({"place": "x"}, {"id": "other", "source": "y"}))
    assert "unknown place 'x'" in str(refusal.value)
    assert "other: unknown source 'y'" in str(refusal.value)


def test_a_repeated_id_and_a_number_entered_twice_are_refused():
    with pytest.raises(VerificationError, match=r"table2\.x\.p_value: entered twice"):
        read(text({}, {"where": "Y"}))
    with pytest.raises(VerificationError, match="table2 X x p_value: one number twice"):
        read(text({}, {"id": "another"}))


@pytest.mark.parametrize("broken", ["", "id,place\n", HEADER.replace("note", "remark")])
def test_other_columns_are_refused(broken):
    with pytest.raises(VerificationError, match="columns must be id, place"):
        read(broken)


def test_a_row_of_another_length_is_refused():
    with pytest.raises(VerificationError, match="line 2: 12 fields"):
        read(HEADER + "," * 11 + "\n")


def test_numbers_by_name():
    registry = load()
    assert registry.get("readmission", "n", Group.INTERVENTION) == 64
    assert registry.get("recovery_month_4", "low", "", "missingness_adjusted") == -0.72
    assert registry.get("protocol_breaches", "n", Group.INTERVENTION, "affected") == 8
    assert registry.get("readmission", "n") != registry.get("readmission", "n")  # nan
    assert registry.get("satisfaction_month_4", "p_value") != 0  # a bound is no number


def test_one_number_in_several_places():
    registry = load()
    places = [e.place for e in registry.by_key[Key("readmission", "p_value")]]
    assert places == ["abstract", "results", "table2"]


def test_what_cannot_be_reproduced_says_why():
    unreachable = [e for e in load() if e.reason]
    assert {e.reason for e in unreachable} == set(REASONS)
    assert [e.printed for e in unreachable if e.reason == "impossible_sd"] == ["70"]
    assert all(e.note for e in unreachable)


def test_ids_name_their_place_and_are_unique():
    registry = load()
    assert all(e.id.startswith(f"{e.place}.") for e in registry)
    assert len(registry.by_id) == len(registry) > 400
    assert registry.by_id["table2.readmission.intervention.n"].printed == "64"


def test_rows_keep_a_cell_together():
    (row,) = [
        r
        for r in load().rows
        if r.analysis == "sex" and r.arm == Group.CONTROL and r.level == "female"
    ]
    assert {name: entry.printed for name, entry in row.cells.items()} == {
        "n": "131",
        "N": "218",
        "percent": "60",
    }
    assert row.number("N") == 218
    assert row.number("mean") is None
    assert row.has("n", "N")
    assert not row.has("mean")
