"""What the watermark doctor says, of moments made by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tidemill.control.watermark_text import as_dict, duration, held_by, sentences
from tidemill.control.watermarks import Saved, diagnose
from tidemill.engine.observation import (
    Observation,
    PartitionTime,
    SourceTime,
    WaitingOperator,
)

S = 1_000_000
HOUR = 3_600 * S
NOW = 1_000_000
TRIPS = SourceTime(
    table="trips",
    rowtime="at",
    delay_us=5 * S,
    idle_timeout_ms=None,
    watermark_us=HOUR // 2,
    ended=False,
    partitions={
        "0": PartitionTime(2 * HOUR, NOW - 1_000, True, False),
        "1": PartitionTime(HOUR // 2, NOW - 250_000, True, False),
    },
)
WINDOW = WaitingOperator(
    "a0", "TumbleAggregate", ("zone",), HOUR - 1000, HOUR // 2, (0, HOUR), {"trips": HOUR - 1000}
)


def told(source: SourceTime = TRIPS, counters: dict[str, int] | None = None) -> list[str]:
    found = diagnose(Observation(NOW, (source,), (WINDOW,)), counters or {}, NOW)
    assert json.loads(json.dumps(as_dict(found)))["at_ms"] == NOW
    return sentences(found)


def test_the_partition_that_holds_a_window_open() -> None:
    assert told() == [
        "Event time of trips stands at 1970-01-01 00:30:00 (2 partitions, 0 idle).",
        "The window 1970-01-01 00:00:00 to 1970-01-01 01:00:00 of a0 (TumbleAggregate by zone) is "
        "open: it closes when event time comes to 1970-01-01 00:59:59.999, and it stands at "
        "1970-01-01 00:30:00.",
        "Partition 1 of trips holds it back at 1970-01-01 00:30:00: its last row came 4 min 10 s "
        "ago; it needs a row with at from 1970-01-01 01:00:04.999 on.",
        "trips has no idle timeout, so a silent partition holds windows open for ever: set "
        "'scan.watermark.idle-timeout' of the table, or 'table.exec.source.idle-timeout'.",
    ]
    found = diagnose(Observation(NOW, (TRIPS,), (WINDOW,)), {}, NOW)
    assert held_by(found) == "held by trips partition 1, silent for 4 min 10 s"


def test_a_partition_that_will_be_idle_soon() -> None:
    said = told(replace(TRIPS, idle_timeout_ms=300_000))
    assert said[-1].endswith("from 1970-01-01 01:00:04.999 on, or counts as idle in 50 s.")


def test_one_that_is_idle_by_now_holds_nothing() -> None:
    assert told(replace(TRIPS, idle_timeout_ms=250_000)) == [
        "Event time of trips stands at 1970-01-01 02:00:00 (2 partitions, 1 idle).",
        "Nothing waits for event time.",
    ]


def test_all_are_idle() -> None:
    said = told(replace(TRIPS, idle_timeout_ms=1_000, watermark_us=HOUR // 2))
    assert said[-1] == "All partitions of trips are idle: event time stands until a row comes."


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (
            PartitionTime(None, NOW - 9_000, False, False),
            "holds it back: it has had no row, for 9 s",
        ),
        (PartitionTime(0, NOW - 9_000, False, False), "no row has come since the start 9 s ago"),
    ],
)
def test_a_partition_without_a_row(part: PartitionTime, words: str) -> None:
    said = told(replace(TRIPS, partitions={"7": part}, watermark_us=None))
    assert any(words in sentence for sentence in said), said
    begun = "stands at 1970-01-01 00:00:00" in said[0]
    assert begun is (part.watermark_us is not None), said


def test_a_watermark_that_is_no_constant_delay() -> None:
    said = told(replace(TRIPS, delay_us=None))
    assert "it needs a row whose watermark is at least 1970-01-01 00:59:59.999" in said[2]


def test_what_more_delay_would_have_saved() -> None:
    counters = {
        "source.trips.rows": 1_000,
        "source.trips.late": 20,
        "source.trips.late_within.200": 4,
        "source.trips.late_within.1000": 7,
        "source.trips.late_within.60000": 8,
        "source.trips.late_within.more": 1,
    }
    found = diagnose(Observation(NOW, (TRIPS,), ()), counters, NOW)
    assert found.late[0].saved == (Saved(1_000, 11), Saved(60_000, 19))
    assert told(TRIPS, counters)[-3:] == [
        "20 of 1,000 rows of trips (2.00%) came too late.",
        "With a watermark delay of 6 s instead of 5 s, 11 of 20 (55%) of the late rows would have "
        "come in time.",
        "With a watermark delay of 1 min 5 s instead of 5 s, 19 of 20 (95%) of the late rows would "
        "have come in time.",
    ]
    said = told(replace(TRIPS, delay_us=None), counters)
    assert said[-1].startswith("With 1 min more delay, 19 of 20 (95%)")


def test_an_observation_survives_a_checkpoint() -> None:
    seen = Observation(NOW, (TRIPS,), (WINDOW, replace(WINDOW, window_us=None)))
    assert Observation.from_dict(json.loads(json.dumps(seen.as_dict()))) == seen


@pytest.mark.parametrize(
    ("millis", "text"),
    [(0, "0 ms"), (999, "999 ms"), (1_500, "1.5 s"), (60_000, "1 min"), (61_000, "1 min 1 s"),
     (3_600_000, "1 h"), (90_061_000, "1 d 1 h"), (86_460_000, "1 d")],
)  # fmt: skip
def test_durations(millis: int, text: str) -> None:
    assert duration(millis) == text


def test_only_the_partitions_furthest_behind_are_named() -> None:
    parts = {str(n): PartitionTime(n * S, NOW - 20_000, True, False) for n in range(9, -1, -1)}
    said = told(replace(TRIPS, partitions=parts, watermark_us=0))
    named = [sentence for sentence in said if sentence.startswith("Partition ")]
    assert [sentence.split()[1] for sentence in named] == ["0", "1", "2", "3", "4"]
    assert "5 more partitions hold it back." in said
