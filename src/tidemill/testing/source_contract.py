"""What every source must do: inherit from `SourceContract` in a test class, say what is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tidemill.errors import ConnectorError
from tidemill.interfaces.source import PartitionBatch, Source
from tidemill.model import Position

WAIT_SECONDS_MAX = 60.0


class SourceContract:
    """The laws of a source; subclasses make one over a store that they fill."""

    unbounded = True
    """Whether the connector can read on without an end; a snapshot or a generator cannot."""

    def fill(self, count: int) -> None:
        """Put `count` more rows into the store, over all its partitions."""
        raise NotImplementedError

    def source(self, *, bounded: bool) -> Source:
        """A fresh source over all rows of the store, not yet open."""
        raise NotImplementedError

    def test_it_gives_every_row_once(self) -> None:
        """A bounded read ends, and holds each row once."""
        self.fill(500)
        read = drain(self.source(bounded=True), {}, rows_max=70)
        assert len(read.rows) == 500
        assert len({repr(row) for row in read.rows}) == 500

    def test_any_position_gives_exactly_the_rest(self) -> None:
        """Opened at positions it returned, a fresh source gives what the old one had left."""
        self.fill(120)
        whole = drain(self.source(bounded=True), {}, rows_max=25)
        for count, positions in whole.stops:
            rest = drain(self.source(bounded=True), positions, rows_max=1000)
            assert len(rest.rows) == len(whole.rows) - count
            assert _by_partition(whole, positions) == _by_partition(rest, {})

    def test_reading_is_stable(self) -> None:
        """The same rows in the same order within a partition, whatever the batch size."""
        self.fill(60)
        one = drain(self.source(bounded=True), {}, rows_max=7)
        other = drain(self.source(bounded=True), {}, rows_max=1000)
        assert one.by_partition == other.by_partition

    def test_it_catches_up_and_goes_on(self) -> None:
        """An unbounded source says when it has all, and gives what comes later."""
        if not self.unbounded:
            return
        self.fill(40)
        source = self.source(bounded=False)
        try:
            source.open({})
            assert len(_read_until_caught_up(source)) == 40
            assert not source.finished()
            self.fill(15)
            assert not source.caught_up()
            assert len(_read_until_caught_up(source)) == 15
        finally:
            source.close()

    def test_it_waits_no_longer_than_asked(self) -> None:
        """A read of an exhausted source returns nothing, in time."""
        self.fill(5)
        source = self.source(bounded=not self.unbounded)
        try:
            source.open({})
            _read_until_caught_up(source)
            begin = time.monotonic()
            assert not sum(batch.records for batch in source.read(100, 200))
            assert time.monotonic() - begin < 5
        finally:
            source.close()

    def test_it_leaves_nothing_behind(self) -> None:
        """After close, no thread of it is left; close works twice and unopened."""
        self.fill(5)
        before = set(threading.enumerate())
        source = self.source(bounded=True)
        source.open({})
        source.read(10, 1000)
        source.close()
        source.close()
        self.source(bounded=True).close()
        assert set(threading.enumerate()) <= before

    def test_a_position_of_something_else_is_refused(self) -> None:
        """A position that cannot be one is an error and not a start from anywhere."""
        self.fill(5)
        first = drain(self.source(bounded=True), {}, rows_max=1000)
        wrong: dict[str, Position] = dict.fromkeys(first.positions, "nonsense")
        source = self.source(bounded=True)
        try:
            source.open(wrong)
            while not source.finished():
                source.read(100, 200)
        except ConnectorError:
            return
        finally:
            source.close()
        raise AssertionError("the source took a position that is none")


class UntilCaughtUp:
    """An unbounded source, taken for ended where it has caught up: the bounded one of the laws."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._done = False

    def open(self, start: Mapping[str, Position]) -> None:
        """As the source."""
        self._source.open(start)

    def partitions(self) -> Sequence[str]:
        """As the source."""
        return self._source.partitions()

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """As the source, waiting a moment only."""
        batches = self._source.read(rows_max, 50)
        self._done = not batches and self._source.caught_up()
        return batches

    def finished(self) -> bool:
        """Whether the last read gave nothing and the source had caught up."""
        return self._done

    def caught_up(self) -> bool:
        """As the source."""
        return self._source.caught_up()

    def close(self) -> None:
        """As the source."""
        self._source.close()


class Drained:
    """All that a source gave, and the positions at which it could have been stopped."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.by_partition: dict[str, list[dict[str, Any]]] = {}
        self.positions: dict[str, Position] = {}
        self.taken: list[tuple[dict[str, Position], dict[str, int]]] = []
        self.stops: list[tuple[int, dict[str, Position]]] = []

    def add(self, batch: PartitionBatch) -> None:
        """Note one batch."""
        check_batch(batch)
        rows = batch.rows.to_pylist()
        self.rows += rows
        start = 0
        for name, count in batch.runs or ((batch.partition, len(rows)),):
            self.by_partition.setdefault(name, []).extend(rows[start : start + count])
            start += count
        self.positions[batch.partition] = batch.position
        self.stops.append((len(self.rows), dict(self.positions)))
        self.taken.append((dict(self.positions), {p: len(r) for p, r in self.by_partition.items()}))


def drain(source: Source, start: Mapping[str, Position], rows_max: int) -> Drained:
    """Read a bounded source to its end, and close it."""
    drained = Drained()
    limit = time.monotonic() + WAIT_SECONDS_MAX
    try:
        source.open(start)
        while not source.finished():
            for batch in source.read(rows_max, 500):
                drained.add(batch)
            assert time.monotonic() < limit, "the bounded source does not end"
    finally:
        source.close()
    return drained


def check_batch(batch: PartitionBatch) -> None:
    """The parts of a batch fit together."""
    assert batch.records >= batch.skipped + len(batch.dead_letters)
    assert batch.duplicates <= batch.skipped
    assert batch.kinds is None or len(batch.kinds) == batch.rows.num_rows
    assert not batch.runs or sum(count for _, count in batch.runs) == batch.rows.num_rows


def _by_partition(read: Drained, at: Mapping[str, Position]) -> dict[str, list[dict[str, Any]]]:
    """The rows of each partition behind the given positions."""
    counts = next((c for positions, c in read.taken if positions == at), {})
    rest = {p: rows[counts.get(p, 0) :] for p, rows in read.by_partition.items()}
    return {p: rows for p, rows in rest.items() if rows}


def _read_until_caught_up(source: Source) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    limit = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        batches = source.read(1000, 100)
        rows += [row for batch in batches for row in batch.rows.to_pylist()]
        if not batches and source.caught_up():
            return rows
        assert time.monotonic() < limit, "the source does not catch up"
