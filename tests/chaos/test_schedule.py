"""Schedules are a function of their seed, can be read back, and are made shorter."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.control.chaos.faults import FAULTS, SECONDS
from tidemill.control.chaos.minimise import minimise
from tidemill.control.chaos.model import ChaosRequest, percentile
from tidemill.control.chaos.run import command
from tidemill.control.chaos.schedule import draw, line, parse_schedule
from tidemill.errors import UsageError


def first(count, seed, double=True):
    return list(itertools.islice(draw(seed, FAULTS, double=double), count))


@given(st.integers(0, 1000), st.booleans())
def test_a_schedule_follows_from_its_seed_and_is_read_back(seed, double):
    actions = first(60, seed, double)
    assert actions == first(60, seed, double)
    assert parse_schedule([line(action) for action in actions], "x") == tuple(actions)
    assert double or all(action.second is None for action in actions)


def test_every_fault_comes_alone_and_doubled():
    rounds = 2 * sum(fault.weight for fault in FAULTS.values())
    actions = first(rounds, seed=1)
    for name, fault in FAULTS.items():
        seconds = [action.second for action in actions if action.first.fault == name]
        assert len(seconds) == 2 * fault.weight
        assert seconds.count(None) == fault.weight
    assert {a.second.fault for a in actions if a.second is not None} <= set(SECONDS)
    assert first(20, seed=1) != first(20, seed=2)


def test_comments_and_empty_lines_say_nothing():
    found = parse_schedule(["# x", "", "wait=0.5 kill-engine hold=0  # y"], "x")
    assert [line(action) for action in found] == ["wait=0.50 kill-engine hold=0.00"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wait=1 kill-engin", "names the fault `kill-engin`"),
        ("wait=1", "names no fault"),
        ("wait=x kill-engine", "no number of seconds"),
        ("wait=1 kill-at point=mid-staging", "must have: wait, hold, point, nth"),
        ("kill-engine + kill-engine + kill-engine", "more than two faults"),
    ],
)
def test_a_bad_line_is_refused(text, said):
    with pytest.raises(UsageError, match=said) as raised:
        parse_schedule(["", text], "plan.txt")
    assert "line 2 of plan.txt" in str(raised.value)


@given(st.lists(st.integers(0, 30), min_size=1, unique=True), st.data())
def test_the_shortest_part_that_fails_is_found(items, data):
    needed = data.draw(st.sets(st.sampled_from(items), min_size=1, max_size=3))
    found = minimise(items, lambda part: needed <= set(part), tries_max=10_000)
    assert found == [item for item in items if item in needed]


def test_after_too_many_tries_a_failing_part_is_given():
    items = list(range(64))
    found = minimise(items, lambda part: {3, 40} <= set(part), tries_max=5)
    assert {3, 40} <= set(found)


def test_percentiles_are_values_that_came():
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0, 4.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert percentile([5.0], 0.99) == 5.0


def test_what_does_the_same_again_names_the_schedule():
    request = ChaosRequest(seed=4, schedule_file=Path("shortest one.txt"))
    assert command(request).endswith("--rate 1000 --schedule 'shortest one.txt'")
    assert "--schedule" not in command(ChaosRequest(seed=4))
