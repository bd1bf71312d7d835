"""Numbers under survival curves add up to everybody, in either layout."""

from core_trial.declaration.arms import Group
from core_trial.report.at_risk import State, rows, state
from core_trial.report.styles import JAMA, LANCET
from core_trial.results import CurvePoint


def point(time, at_risk, events, censored):
    return CurvePoint(
        analysis="days",
        arm="control",
        time=time,
        survival=0.5,
        low=0.4,
        high=0.6,
        at_risk=at_risk,
        events=events,
        censored=censored,
    )


#: Ten people: 2 events at day 5, one censored at day 7, 3 events and one censored at day 9.
POINTS = (point(5, 10, 2, 0), point(7, 8, 0, 1), point(9, 7, 3, 1))
CURVES = {Group.CONTROL: POINTS}
TICKS = (0.0, 5.0, 6.0, 8.0, 9.0)


def test_states_by_hand():
    found = [state(POINTS, time) for time in TICKS]
    assert found == [
        State(10, 0, 0),
        State(10, 0, 0),
        State(8, 0, 2),
        State(7, 1, 2),
        State(7, 1, 2),
    ]
    assert {s.at_risk + s.censored + s.events for s in found} == {10}


def test_the_lancets_layout():
    head, line = rows(CURVES, TICKS, LANCET)
    assert head.label == "Number at risk (number censored)"
    assert line.cells == ("10 (0)", "10 (0)", "8 (0)", "7 (1)", "7 (1)")


def test_the_layout_of_kmunicate():
    head, *lines = rows(CURVES, TICKS, JAMA)
    assert head.arm == Group.CONTROL
    assert {line.label: line.cells for line in lines} == {
        "At risk": ("10", "10", "8", "7", "7"),
        "Censored": ("0", "0", "0", "1", "1"),
        "Events": ("0", "0", "2", "2", "2"),
    }


def test_joined_steps_tell_the_number_at_risk_alone():
    head, line = rows(CURVES, TICKS, JAMA, joined=True)
    assert head.label == "Number at risk"
    assert line.cells == ("10", "10", "8", "7", "7")
