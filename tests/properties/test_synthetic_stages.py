"""What every draw of a stage keeps to, whatever the seed and the numbers asked for."""

import numpy as np
import pandas as pd
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from core_trial.data.episodes import days_in_care
from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.synthesis.cells import first_in_cells
from core_trial.synthesis.items import Habits, split
from core_trial.synthesis.lengths import fitting
from core_trial.synthesis.samples import order_statistics, pins
from core_trial.trials.core.generator import episodes
from core_trial.trials.core.generator.allocation import BLOCK_SIZES, allocate
from core_trial.trials.core.generator.characteristics import characterise, ranked
from core_trial.trials.core.generator.targets import published
from core_trial.trials.core.words import FOLLOW_UP_DAYS, INSTRUMENTS, LIFETIME_ADMISSIONS

TARGETS = published()
seeds = st.integers(0, 2**32 - 1)
bounded = examples(40)
few = examples(8)


@bounded
@given(st.sampled_from(INSTRUMENTS), st.data(), seeds)
def test_items_stay_in_range_and_sum_to_the_score(instrument, data, seed):
    low, high = instrument.range
    total = data.draw(st.lists(st.integers(low, high), min_size=1, max_size=30))
    rng = np.random.default_rng(seed)
    habits = Habits.draw(instrument, len(total), rng)
    answers = split(np.array(total, dtype=float), instrument, habits, rng)
    assert answers.shape == (len(total), instrument.items)
    assert answers.sum(axis=1).tolist() == total
    assert answers.min() >= instrument.low
    assert answers.max() <= instrument.high


@bounded
@given(st.data(), seeds)
def test_spells_take_up_their_days_and_begin_on_theirs(data, seed):
    first = data.draw(st.integers(1, FOLLOW_UP_DAYS))
    days = data.draw(st.integers(1, FOLLOW_UP_DAYS + 1 - first))
    rng = np.random.default_rng(seed)
    person = episodes.Person(0, first, days, -1, "1", 0)
    stays = list(episodes._later(person, episodes.ADMITTING, rng))
    start, end = (np.array([stay[k] for stay in stays]) for k in (2, 3))
    assert start.min() == first
    assert (end >= start).all()
    found = days_in_care(np.zeros(len(stays), dtype=np.int64), start, end, 1, last=365)
    assert found.tolist() == [days]


@bounded
@given(
    st.integers(0, FOLLOW_UP_DAYS),
    st.integers(-9, 0),
    st.sampled_from([*LIFETIME_ADMISSIONS, "nan"]),
    st.integers(0, 4),
    seeds,
)
def test_index_episodes_begin_by_randomisation_and_end_on_their_day(
    days, interviewed, history, weekday, seed
):
    person = episodes.Person(days, 365, 0, interviewed, history, weekday)
    stays = list(episodes._index(person, episodes.ADMITTING, np.random.default_rng(seed)))
    assert all(was_index and start <= min(0, end) for _, was_index, start, end in stays)
    team = min(start for service, _, start, _ in stays if service == episodes.TEAM)
    assert team <= interviewed - episodes.WEEK
    if history == "never":
        assert all(service != episodes.WARD for service, *_ in stays)
    last = max(end for *_, end in stays)
    assert last == days if days else -episodes.DISCHARGED <= last <= 0


@bounded
@given(st.data(), seeds)
def test_values_are_given_out_so_that_all_fit_if_they_can(data, seed):
    values = data.draw(st.lists(st.integers(1, 50), min_size=1, max_size=25))
    spare = data.draw(st.lists(st.integers(0, 20), min_size=len(values), max_size=len(values)))
    room = np.array(sorted(values)) + np.array(spare)  # somebody has room for each
    rng = np.random.default_rng(seed)
    room = rng.permutation(room)
    given_out = fitting(np.array(values, dtype=float), room, rng)
    assert sorted(given_out) == sorted(values)
    assert (given_out <= room).all()


@bounded
@given(st.lists(st.tuples(st.integers(0, 4), st.floats(-3, 3)), min_size=1, max_size=60), st.data())
def test_each_cell_gets_its_events_and_the_first_in_order_have_them(people, data):
    cell = np.array([c for c, _ in people])
    order = np.array([score for _, score in people])
    sizes = np.bincount(cell, minlength=5)
    events = np.array([data.draw(st.integers(0, int(n))) for n in sizes], dtype=float)
    chosen = first_in_cells(order, cell, events)
    assert np.bincount(cell, chosen, minlength=5).tolist() == events.tolist()
    for c in np.unique(cell):
        inside = order[cell == c]
        picked = chosen[cell == c] == 1
        if picked.any() and (~picked).any():
            assert inside[picked].min() >= inside[~picked].max()


@bounded
@given(st.lists(st.integers(0, 12), min_size=1, max_size=6), st.integers(0, 9), seeds)
def test_ranked_categories_have_their_counts(counts, unknown, seed):
    rng = np.random.default_rng(seed)
    n = sum(counts) + unknown
    wanted = {f"level {k}": count for k, count in enumerate(counts)}
    score, blank = rng.standard_normal((2, n))
    found = pd.Series(ranked(score, wanted, blank, rng), dtype=object)
    assert found.isna().sum() == unknown
    assert {level: int((found == level).sum()) for level in wanted} == wanted
    place = found.map({level: k for k, level in enumerate(wanted)})
    known = place.notna().to_numpy()
    assert (np.diff(place[known].to_numpy()[np.argsort(score[known])]) >= 0).all()


@bounded
@given(st.integers(8, 400), st.integers(5, 300), seeds)
def test_pinned_order_statistics_have_the_quartile_as_their_mean(n, value, seed):
    pinned = pins(n, {75: value}, np.random.default_rng(seed))
    assert set(pinned) == set(order_statistics(n, 75))
    assert sum(pinned.values()) == value * len(pinned)


@few
@given(seeds)
def test_every_allocation_is_in_blocks_of_the_printed_sizes(seed):
    people = allocate(TARGETS, np.random.default_rng(seed))
    assert len(people) == TARGETS.count("flow", level="randomised")
    assert people["internal_pilot"].sum() == TARGETS.count("flow", level="pilot")
    for arm in PRINTED_ARMS:
        assert (people["arm"] == arm).sum() == TARGETS.count("flow", "n", arm, "randomised")
    for _, stratum in people.groupby(["internal_pilot", "centre"]):
        ordered = stratum.sort_values("participant_id")
        assert ordered["randomised_on"].is_monotonic_increasing
        side = np.where(ordered["arm"] == "intervention", 1, -1)
        assert np.abs(np.cumsum(side)).max() <= max(BLOCK_SIZES) / 2
    main = people.loc[~people["internal_pilot"], "randomised_on"]
    assert main.min() == TARGETS.date("recruitment", "first_date", "main_trial")
    assert main.max() == TARGETS.date("recruitment", "last_date", "main_trial")


@few
@given(seeds)
def test_every_draw_of_table_1_is_table_1(seed):
    rng = np.random.default_rng(seed)
    people = allocate(TARGETS, rng)
    drawn = characterise(people, TARGETS, rng)
    counted = {k: v for k, v in TARGETS.printed.items() if k.analysis in drawn and k.level}
    for key in counted:
        if key.statistic == "n" and key.arm and key.level in set(drawn[key.analysis]):
            own = drawn.loc[people["arm"] == key.arm, key.analysis]
            assert (own == key.level).sum() == TARGETS.count(*_name(key))
        if key.statistic == "N" and key.arm:
            own = drawn.loc[people["arm"] == key.arm, key.analysis]
            assert own.notna().sum() == TARGETS.count(*_name(key))
    for arm in PRINTED_ARMS:
        ages = drawn.loc[people["arm"] == arm, "age"].dropna()
        mean, sd = TARGETS.moments("age", arm)
        assert mean.gauge(ages.mean()) < 1
        assert sd.gauge(ages.std()) < 1


def _name(key):
    return key.analysis, key.statistic, key.arm, key.level
