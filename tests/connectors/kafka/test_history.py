"""A table read after its history: each row once, wherever it is cut off; gaps are refused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pytest

from tidemill.connectors import CONNECTORS
from tidemill.connectors.kafka.topic_facts import delete_before
from tidemill.errors import ConnectorError, ProjectError
from tidemill.interfaces.history import HistoryProof
from tidemill.interfaces.source import Source
from tidemill.model import Column, ColumnKind, Schema, TableDescriptor
from tidemill.model.types import BIGINT, INT, STRING, timestamp_ltz
from tidemill.testing import SourceContract, drain

pytestmark = pytest.mark.servers

PLACES = {"scan.history.partition-column": "p", "scan.history.offset-column": "o"}
COLUMNS = (Column("a", INT), Column("b", STRING))


class Past:
    """A topic with two partitions, and a history in files beside it."""

    def __init__(self, bench: Any, folder: Path) -> None:
        self.bench, self.folder = bench, folder / "history"
        self.folder.mkdir()
        self.ends = [0, 0]

    def send(self, numbers: Iterable[int]) -> list[dict[str, Any]]:
        """Into the topic; as rows of a history."""
        rows: list[dict[str, Any]] = []
        values: tuple[list[bytes], list[bytes]] = ([], [])
        for number in numbers:
            row = {"a": number, "b": "x" * (number % 5)}
            partition = number % 2
            values[partition].append(json.dumps(row).encode())
            rows.append({**row, "p": partition, "o": self.ends[partition]})
            self.ends[partition] += 1
        for partition in (0, 1):
            self.bench.produce(values[partition], partition=partition)
        return rows

    def keep(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Into a file of the history."""
        (self.folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def history(self, **options: str) -> TableDescriptor:
        columns = (*COLUMNS, Column("p", INT), Column("o", BIGINT))
        given = {"connector": "filesystem", "path": str(self.folder), "format": "json"}
        return TableDescriptor("past", Schema(columns), {**given, **options})

    def table(self, options: dict[str, str] | None = None, **more: str) -> TableDescriptor:
        fence = options or {"scan.history.fence": "offset-columns", **PLACES}
        given = {"scan.startup.mode": "", "scan.history.table": "past", **fence, **more}
        return replace(self.bench.table(**given), history=self.history())

    def source(self, options: dict[str, str] | None = None, bounded: bool = True) -> Source:
        more = {"scan.bounded.mode": "latest-offset"} if bounded else {}
        return self.open(self.table(options, **more))

    def open(self, table: TableDescriptor) -> Source:
        kafka = CONNECTORS["kafka"]
        kafka.source_changelog(table, self.bench.job)
        return kafka.source(table, self.bench.job)


@pytest.fixture
def past(bench: Any, tmp_path: Path) -> Past:
    return Past(bench, tmp_path)


class TestContract(SourceContract):
    """Cut off in the history, at the fence, and behind it: what follows is the rest."""

    @pytest.fixture(autouse=True)
    def _past(self, past: Past) -> None:
        self.past, self.filled = past, 0

    def fill(self, count: int) -> None:
        rows = self.past.send(range(self.filled, self.filled + count))
        if not self.filled:
            # The end of the second file is in the topic only, as is all that comes later.
            self.past.keep("1.json", rows[: count // 3])
            self.past.keep("2.json", rows[count // 3 : count // 2])
        self.filled += count

    def source(self, *, bounded: bool) -> Source:
        return self.past.source(bounded=bounded)


def numbers(read: Any) -> list[int]:
    return sorted(row["a"] for row in read.rows)


def proof(read: Any) -> HistoryProof:
    found = HistoryProof.of(read.positions)
    assert found is not None
    return found


def test_a_history_that_grows_meanwhile_is_left_out_behind_the_fence(past: Past) -> None:
    rows = past.send(range(20))
    past.keep("1.json", rows[:8])
    source = past.source()
    source.open({})
    while not (first := source.read(4, 200)):
        pass
    source.close()
    past.keep("2.json", rows[8:14])
    positions = {first[0].partition: first[0].position}
    rest = drain(past.source(), positions, 5)
    assert numbers(rest) == list(range(20))
    found = proof(rest)
    assert (found.done, found.rows, found.overlap_history) == (True, 8, 6)
    assert found.fence == {"0": 4, "1": 4} and found.earliest == {"0": 0, "1": 0}
    assert "t: no gap, nothing twice" in found.sentences("t")


@pytest.mark.parametrize("places", [PLACES, {}])
def test_given_offsets_divide_where_they_lie_before_the_end_of_the_history(
    past: Past, places: dict[str, str]
) -> None:
    rows = past.send(range(20))
    past.keep("1.json", rows[:10])
    fence = {
        "scan.history.fence": "specific-offsets",
        "scan.history.specific-offsets": "partition:0,offset:3;partition:1,offset:5",
    }
    read = drain(past.source({**fence, **places}), {}, 4)
    if places:
        # 0, 2, 4 of partition 0 and 1, 3, 5, 7, 9 of partition 1 come from the history
        assert numbers(read) == list(range(20))
        assert (proof(read).rows, proof(read).overlap_history) == (8, 2)
    else:
        # Without places the history is taken at its word.
        assert numbers(read) == sorted([*range(20), 6, 8])
    gap = {**fence, "scan.history.specific-offsets": "partition:0,offset:9;partition:1,offset:9"}
    if places:
        # What the history lacks before the fence comes from the topic.
        assert numbers(drain(past.source({**gap, **places}), {}, 100)) == list(range(20))


def test_the_time_of_messages_divides(past: Past) -> None:
    for number, time in ((0, 1000), (2, 2000), (4, 3000), (6, 4000)):
        past.bench.produce([b'{"a":%d}' % number], partition=0, timestamp=time * 1000)
    past.keep("1.json", [{"a": 0}, {"a": 2}])
    fence = {"scan.history.fence": "timestamp", "scan.history.timestamp-millis": "2500000"}
    read = drain(past.source(fence), {}, 100)
    assert numbers(read) == [0, 2, 4, 6]
    assert proof(read).fence == {"0": 2, "1": 0}
    delete_before(past.bench.admin, past.bench.topic, {0: 3})
    with pytest.raises(ConnectorError) as caught:
        drain(past.source(fence), {}, 100)
    assert caught.value.code == "connector.history-gap"


def test_a_gap_is_refused_at_the_begin_and_behind_the_history(past: Past) -> None:
    rows = past.send(range(20))
    past.keep("1.json", rows[:8])
    source = past.source()
    source.open({})
    while not (first := source.read(4, 200)):
        pass
    delete_before(past.bench.admin, past.bench.topic, {0: 4})
    assert numbers(drain(past.source(), {}, 100)) == list(range(20))
    delete_before(past.bench.admin, past.bench.topic, {0: 5})
    with pytest.raises(ConnectorError) as caught:
        while not source.finished():
            source.read(100, 200)
    assert caught.value.code == "connector.history-gap"
    assert "1 from 4 on are neither in the history nor in the topic" in str(caught.value.detail)
    source.close()
    with pytest.raises(ConnectorError) as caught:
        drain(past.source(), {first[0].partition: first[0].position}, 100)
    assert caught.value.code == "connector.history-gap"
    with pytest.raises(ConnectorError) as caught:
        drain(past.source(), {}, 100)
    assert caught.value.code == "connector.history-gap"


def test_a_history_of_another_topic_is_refused(past: Past) -> None:
    rows = past.send(range(4))
    past.keep("1.json", [{**rows[0], "o": 100}])
    with pytest.raises(ConnectorError) as caught:
        drain(past.source(), {}, 100)
    assert caught.value.code == "connector.offset-out-of-range"
    for wrong, said in (({"p": 7}, "names partition 7"), ({"o": None}, "does not tell its place")):
        past.keep("1.json", [{**rows[0], **wrong}])
        with pytest.raises(ConnectorError, match=said) as caught:
            drain(past.source(), {}, 100)
        assert caught.value.code == "connector.history-fence"


REFUSED = {
    "needs a fence": {"scan.history.fence": ""},
    "needs `scan.history.offset-column`": {"scan.history.offset-column": ""},
    "takes no `scan.history.lsn`": {"scan.history.lsn": "0/1"},
    "names `q`, which `past` lacks": {"scan.history.offset-column": "q"},
    "names `b`, which is of type STRING": {"scan.history.offset-column": "b"},
    "says nothing beside": {"scan.startup.mode": "earliest-offset"},
    "needs changes of Debezium": {
        "scan.history.fence": "lsn", "scan.history.lsn": "0/1",
        "scan.history.partition-column": "", "scan.history.offset-column": "",
    },
    "belongs to a single topic": {"topic": "x;y"},
}  # fmt: skip


@pytest.mark.parametrize("said", REFUSED)
def test_options_that_do_not_fit_are_refused_by_name(past: Past, said: str) -> None:
    with pytest.raises(ProjectError, match=said) as caught:
        past.open(past.table(**REFUSED[said]))
    assert caught.value.code == "connector.bad-option"


def test_a_history_that_does_not_fit_is_refused_by_name(past: Past) -> None:
    fits = past.history()
    endless = {"source.monitor-interval": "1 s"}
    other = Schema((Column("a", BIGINT), *fits.schema.columns[1:]))
    for history, said in (
        (replace(fits, options={**fits.options, **endless}), "has no end"),
        (replace(fits, schema=other), "`a` is BIGINT in the history `past` and INT here"),
        (replace(fits, schema=Schema(fits.schema.columns[1:])), "has no column `a`"),
        (None, "needs 'scan.history.table'"),
    ):
        with pytest.raises(ProjectError, match=said):
            past.open(replace(past.table(), history=history))


# -- by the place in Postgres's log


def change(number: int, lsn: int, commit: int, **source: Any) -> bytes:
    place = {
        "name": "s", "db": "d", "connector": "postgresql", "lsn": lsn, "ts_ms": lsn,
        "sequence": json.dumps([str(commit), str(lsn)]), "snapshot": "false", **source,
    }  # fmt: skip
    row = {"a": number, "b": None}
    return json.dumps({"op": "c", "before": None, "after": row, "source": place}).encode()


class Log(Past):
    def send_changes(self, *changes: bytes, partition: int = 0) -> None:
        keys = [b"%d" % json.loads(one)["after"]["a"] for one in changes]
        self.bench.produce(changes, keys, partition=partition)

    def read(self, start: dict[str, Any] | None = None, rows_max: int = 1) -> Any:
        fence = {"scan.history.fence": "lsn", "scan.history.lsn": "0/64"}
        more = {"format": "debezium-json", "scan.bounded.mode": "latest-offset"}
        table = self.table(fence, **more)
        return drain(self.open(table), start or {}, rows_max)


@pytest.fixture
def log(bench: Any, tmp_path: Path) -> Log:
    made = Log(bench, tmp_path)
    made.keep("1.json", [{"a": 1}, {"a": 2}, {"a": 3}])
    return made


def test_changes_up_to_the_place_of_the_history_are_left_out(log: Log) -> None:
    log.send_changes(change(1, 10, 5), change(2, 20, 15), change(3, 100, 25), change(4, 110, 100))
    log.send_changes(change(3, 100, 25), change(4, 110, 100), change(5, 120, 115))
    read = log.read()
    assert numbers(read) == [1, 2, 3, 4, 5]
    found = proof(read)
    assert (found.rows, found.overlap_topic, found.lsn) == (3, 3, "0/64")
    for count, positions in read.stops:
        rest = log.read(positions)
        assert len(rest.rows) == 5 - count
        told = HistoryProof.of({**positions, **rest.positions})
        assert told is not None and told.overlap_topic == 3


def test_a_transaction_on_both_sides_of_the_fence_is_refused(log: Log) -> None:
    log.send_changes(change(1, 10, 5), change(3, 90, 80), change(4, 110, 80))
    with pytest.raises(ConnectorError, match="on both sides of the fence") as caught:
        log.read()
    assert caught.value.code == "connector.history-gap"


def test_a_topic_that_begins_behind_the_fence_is_refused(log: Log) -> None:
    log.send_changes(change(1, 10, 5), change(4, 110, 100))
    assert numbers(log.read()) == [1, 2, 3, 4]
    delete_before(log.bench.admin, log.bench.topic, {0: 1})
    with pytest.raises(ConnectorError) as caught:
        log.read()
    assert caught.value.code == "connector.history-gap" and "removed" in caught.value.message


def test_a_newer_snapshot_and_a_change_without_a_place_are_refused(log: Log) -> None:
    log.send_changes(change(1, 10, 5, snapshot="true"), change(4, 110, 100))
    assert numbers(log.read()) == [1, 2, 3, 4]
    log.send_changes(change(1, 120, 5, snapshot="true"), partition=1)
    with pytest.raises(ConnectorError, match="newer than the history"):
        log.read()
    delete_before(log.bench.admin, log.bench.topic, {1: 1})
    log.send_changes(change(9, 130, 100, connector="mysql"))
    with pytest.raises(ConnectorError, match="does not tell its place") as caught:
        log.read()
    assert caught.value.code == "connector.history-fence"


def test_a_table_of_the_lake_as_history(past: Past, tmp_path: Path) -> None:
    rows = past.send(range(6))
    place = str(tmp_path / "lake")
    schema = Schema(past.history().schema.columns).arrow()
    deltalake.write_deltalake(place, pa.Table.from_pylist(rows[:4], schema))
    delta = replace(past.history(), options={"connector": "delta", "table-path": place})
    table = past.table(**{"scan.bounded.mode": "latest-offset"})
    read = drain(past.open(replace(table, history=delta)), {}, 2)
    assert numbers(read) == list(range(6))


def test_columns_that_only_the_topic_knows_are_null_in_the_history(past: Past) -> None:
    rows = past.send(range(4))
    past.keep("1.json", rows[:2])
    stamp = Column("ts", timestamp_ltz(3), ColumnKind.METADATA, "timestamp", True)
    table = past.table(**{"scan.bounded.mode": "latest-offset"})
    read = drain(past.open(replace(table, schema=Schema((*COLUMNS, stamp)))), {}, 100)
    assert [row["a"] for row in read.rows if row["ts"] is None] == [0, 1]
