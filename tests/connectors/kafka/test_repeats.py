"""Repeated changes are told from new ones: in every way in which Debezium was seen to repeat.

The shapes are those recorded from Debezium 3.7 with a COPY and a killed Connect worker: hundreds of
changes share one LSN, and a repetition begins in the middle of such a group.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.connectors.kafka.repeats import Repeats
from tidemill.errors import ConnectorError
from tidemill.interfaces.format import Change, ChangeColumns
from tidemill.model import Schema
from tidemill.testing import drain

Event = tuple[Change, bytes | None]


def log(keyed: bool, groups: list[int]) -> list[Event]:
    """A log: groups of changes at one place each; all rows of one group alike where unkeyed."""
    events: list[Event] = []
    for number, size in enumerate(groups):
        for i in range(size):
            change = Change("c/db", 100 * (number // 3), 1000 + number, number, "c", False)
            events.append((change, b"%d/%d" % (number, i) if keyed else None))
    return events


def take(repeats: Repeats, events: list[Event]) -> list[Event]:
    return [event for event in events if not repeats.is_repeat(*event)]


GROUPS = st.lists(st.integers(1, 6), min_size=1, max_size=8)


@settings(max_examples=300, deadline=None)
@given(GROUPS, st.data())
def test_with_keys_every_change_comes_through_exactly_once(groups: list[int], data: Any) -> None:
    events = log(True, groups)
    repeats, got = Repeats(), []
    stop = 0
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, stop))
        stop = data.draw(st.integers(max(start, stop), len(events)))
        got += take(repeats, events[start:stop])
        repeats = Repeats(json.loads(json.dumps(repeats.state())))
    got += take(repeats, events[data.draw(st.integers(0, stop)) :])
    assert got == events


@settings(max_examples=300, deadline=None)
@given(GROUPS, st.data())
def test_without_keys_a_repetition_from_an_earlier_record_is_dropped(
    groups: list[int], data: Any
) -> None:
    events = log(False, groups)
    repeats = Repeats()
    stop = data.draw(st.integers(1, len(events)))
    got = take(repeats, events[:stop])
    last = events[stop - 1][0]
    earlier = [i for i in range(stop) if events[i][0] != last]
    start = data.draw(st.sampled_from(earlier)) if earlier else stop
    got += take(Repeats(json.loads(json.dumps(repeats.state()))), events[start:])
    assert got == events


def test_without_keys_in_several_partitions_nothing_is_dropped() -> None:
    events = log(False, [2, 2])
    repeats = Repeats(only_partition=False)
    assert len(take(repeats, events + events)) == 8


def test_without_keys_a_repetition_within_the_last_record_comes_twice_rather_than_not() -> None:
    events = log(False, [1, 5])
    repeats = Repeats()
    assert len(take(repeats, events[:4])) == 4
    assert len(take(repeats, events[2:])) == 4


def test_a_new_history_is_taken_as_new() -> None:
    repeats = Repeats()
    old = Change("c/db", 900, 9000, 5_000, "c", False)
    assert not repeats.is_repeat(old, b"1")
    made_anew = Change("c/db", 10, 100, 6_000, "c", False)
    assert not repeats.is_repeat(made_anew, b"1")
    assert repeats.is_repeat(made_anew, b"1")
    snapshot = Change("c/db", 0, 50, 7_000, "r", True)
    assert not repeats.is_repeat(snapshot, b"1") and not repeats.is_repeat(snapshot, b"1")
    after = Change("c/db", 0, 60, 4_000, "c", False)
    assert not repeats.is_repeat(after, b"1")


def test_histories_do_not_mix() -> None:
    repeats = Repeats()
    change = Change("one/db", 5, 50, 5, "c", False)
    assert not repeats.is_repeat(change, b"1")
    assert not repeats.is_repeat(replace_history(change), b"1")


def replace_history(change: Change) -> Change:
    return change._replace(history="two/db", commit=1)


def test_a_changed_primary_key_is_two_changes_at_one_place() -> None:
    repeats = Repeats()
    place = ("c/db", 7, 70, 7)
    events: list[Event] = [(Change(*place, "d", False), b"8"), (Change(*place, "c", False), b"100")]
    assert take(repeats, events) == events
    assert take(repeats, events) == []


def test_long_keys_are_kept_short() -> None:
    repeats = Repeats()
    repeats.is_repeat(Change("c/db", 1, 1, 1, "c", False), b"k" * 10_000)
    assert len(json.dumps(repeats.state())) < 200


def envelope(number: int, lsn: int) -> bytes:
    source = {"connector": "postgresql", "name": "c", "db": "d", "lsn": lsn, "ts_ms": lsn,
              "snapshot": "false", "sequence": f'["1","{lsn}"]'}  # fmt: skip
    return json.dumps({"op": "c", "after": {"a": number}, "source": source}).encode()


@pytest.mark.servers
def test_the_source_drops_repeats_and_goes_on_from_its_position(bench: Any) -> None:
    events = [(b'{"a":%d}' % i, envelope(i, 10 + i // 3)) for i in range(12)]
    sent = events[:8] + events[4:10] + events[10:]
    for key, value in sent:
        bench.produce([value], [key], partition=0)
    bench.schema = Schema(bench.schema.columns[:1])
    bench.options = {"format": "debezium-json"}
    whole = drain(bench.source(), {}, rows_max=3)
    assert [row["a"] for row in whole.rows] == list(range(12))
    for count, positions in whole.stops:
        rest = drain(bench.source(), positions, rows_max=100)
        assert [row["a"] for row in rest.rows] == list(range(count, 12))
    off = drain(bench.source(**{"debezium-json.deduplicate": "false"}), {}, 100)
    assert len(off.rows) == len(sent)


def of_source(op: str, number: int, lsn: int, **more: Any) -> bytes:
    found = json.loads(envelope(number, lsn))
    found["source"] |= more
    return json.dumps({**found, "op": op}).encode()


@pytest.mark.servers
@pytest.mark.parametrize(
    ("event", "code"),
    [
        (of_source("r", 0, 30, snapshot="first"), "connector.snapshot-again"),
        (json.dumps({**json.loads(of_source("t", 0, 30)), "after": None}).encode(),
         "connector.truncated"),
    ],
)  # fmt: skip
def test_what_nobody_can_follow_stops_the_pipeline(bench: Any, event: bytes, code: str) -> None:
    bench.produce(
        [of_source("r", 0, 5, snapshot="last"), envelope(1, 10)], [b"0", b"1"], partition=0
    )
    bench.options = {"format": "debezium-json"}
    bench.schema = Schema(bench.schema.columns[:1])
    whole = drain(bench.source(), {}, rows_max=3)
    assert [row["a"] for row in whole.rows] == [0, 1]
    bench.produce([event], [None if code.endswith("truncated") else b"0"], partition=0)
    with pytest.raises(ConnectorError) as caught:
        drain(bench.source(), {}, rows_max=3)
    assert caught.value.code == code and "tidemill cdc resnapshot" in str(caught.value.hint)
    _, positions = whole.stops[-1]
    with pytest.raises(ConnectorError) as caught:
        drain(bench.source(), positions, rows_max=3)
    assert caught.value.code == code
    off = drain(bench.source(**{"debezium-json.deduplicate": "false"}), {}, 100)
    assert len(off.rows) == (2 if code.endswith("truncated") else 3)


@pytest.mark.servers
def test_repeats_are_counted(bench: Any) -> None:
    for i in (0, 1, 2, 1, 2, 3):
        bench.produce([envelope(i, 10 + i)], [b"%d" % i], partition=0)
    bench.options = {"format": "debezium-json"}
    source = bench.source()
    try:
        source.open({})
        batches = []
        while not source.finished():
            batches += source.read(100, 500)
    finally:
        source.close()
    assert sum(b.duplicates for b in batches) == 2 == sum(b.skipped for b in batches)
    assert sum(b.records for b in batches) == 6


def columns_of(events: list[Event]) -> ChangeColumns:
    kinds = [pa.string(), pa.int64(), pa.int64(), pa.int64(), pa.string(), pa.bool_()]
    arrays = [pa.array([change[i] for change, _ in events], kind) for i, kind in enumerate(kinds)]
    return ChangeColumns(pa.RecordBatch.from_arrays(arrays, names=list(Change._fields)))


STEP = st.tuples(
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(["a", "a", "a", "b"]),
    st.sampled_from([b"1", b"2", None]),
    st.sampled_from([False] * 9 + [True]),
    st.sampled_from("ccu"),
)


@given(st.lists(st.lists(STEP, max_size=6), max_size=6), st.booleans())
def test_noting_many_at_once_is_noting_each(batches: list[Any], only_partition: bool) -> None:
    """Whatever came before: where all are new at once, one by one says so, with the same state."""
    at_once = Repeats(only_partition=only_partition)
    one_by_one = Repeats(only_partition=only_partition)
    at = 0
    for steps in batches:
        events: list[Event] = []
        for commit, place, history, key, snapshot, operation in steps:
            at += commit
            change = Change(history, at, 10 * at + place, at, operation, snapshot)
            events.append((change, key))
        before = at_once.state()
        keys = [key for _, key in events]
        if at_once.all_new(columns_of(events), keys.copy):
            assert not any(one_by_one.is_repeat(*event) for event in events)
        else:
            assert at_once.state() == before
            assert take(at_once, events) == take(one_by_one, events)
        assert at_once.state() == one_by_one.state()


def test_a_copy_and_a_snapshot_are_noted_at_once() -> None:
    """Of COPY Postgres logs a page's rows as one record, so that they share a place."""
    rows: list[Event] = [(Change("a", 0, 5, 1, "r", True), b"%d" % i) for i in range(3)]
    copied: list[Event] = [
        (Change("a", 7, 70 + i // 4, 2, "c", False), b"%d" % i) for i in range(10)
    ]
    repeats = Repeats()
    for events in (rows, copied[:6], copied[6:7], copied[7:]):
        keys = [key for _, key in events]
        assert repeats.all_new(columns_of(events), keys.copy)
    again = columns_of(copied[8:])
    assert not repeats.all_new(again, lambda: [key for _, key in copied[8:]])
    assert repeats.state() == {"a": [7, 72, 2, ["c8", "c9"], None]}
    assert take(repeats, copied) == []


def test_what_rises_is_noted_at_once() -> None:
    events = log(True, [1, 1, 1])
    changes = columns_of(events)
    assert list(changes) == changes[:] == [change for change, _ in events]
    repeats = Repeats()
    assert repeats.all_new(changes, lambda: [key for _, key in events])
    assert not repeats.all_new(changes, lambda: [key for _, key in events])
    assert take(repeats, events) == []
