"""The source of `postgres-cdc`; see the package."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa

from tidemill.connectors.jdbc.connection import Connection, connect, translated
from tidemill.connectors.jdbc.target import (
    TargetTable,
    check_columns,
    find_table,
    missing_table,
)
from tidemill.connectors.postgres_cdc import slot as slots
from tidemill.connectors.postgres_cdc.batch import batch_of
from tidemill.connectors.postgres_cdc.changes import Expander, Rows
from tidemill.connectors.postgres_cdc.description import described, described_by
from tidemill.connectors.postgres_cdc.joined import in_snapshot
from tidemill.connectors.postgres_cdc.options import parse
from tidemill.connectors.postgres_cdc.position import (
    PARTITION,
    Place,
    read_place,
)
from tidemill.connectors.postgres_cdc.refusals import (
    explained,
    in_use,
    lost,
    truncated,
)
from tidemill.connectors.postgres_cdc.schema_changes import (
    behind,
    check_described,
    ignores,
    those_of,
)
from tidemill.connectors.postgres_cdc.snapshot import Snapshot, key_of
from tidemill.connectors.postgres_cdc.stream import Relation, Stream, Taken
from tidemill.interfaces.source import PartitionBatch, RowOrigin
from tidemill.model import DeadLetter, Position, TableDescriptor
from tidemill.model.lsn import lsn_of, lsn_text

_REACH_S = 1.0
_BUSY_PAUSE_S = 0.2
_SENDER_TIMEOUT = "10min"
"""A reader that is held up by a slow sink says nothing; the server's default is a minute."""


class PostgresCdcSource:
    """Reads the rows and changes of one table; one partition."""

    def __init__(self, table: TableDescriptor) -> None:
        self._table = table
        self._options = parse(table)
        needed = table.columns_needed
        self._columns = [
            column
            for column in self._options.table.schema.columns
            if needed is None or column.name in needed
        ]
        self._connection: Connection | None = None
        self._replication: Connection | None = None
        self._target: TargetTable
        self._key: tuple[str, ...] = ()
        self._place: Place
        self._snapshot: Snapshot | None = None
        self._stream: Stream | None = None
        self._relation: Relation | None = None
        self._told = self._finished = False
        self._looked_s = 0.0
        self._committed: deque[int] = deque()

    # -- life

    def open(self, start: Mapping[str, Position]) -> None:
        """Connect, check everything, and begin the snapshot or the stream."""
        options = self._options
        with self._translated():
            self._connection = connect(options.login, "tidemill cdc")
            self._look_at_table(self._connection, start.get(PARTITION))
            if options.mode == "snapshot":
                self._open_bounded(start)
                return
            slots.check_server(self._connection, options)
            slots.check_identity(self._connection, options, self._target)
            self._replication = self._replicate()
            system = slots.system_of(self._replication)
            position = start.get(PARTITION)
            if position is None:
                self._begin(system)
            else:
                self._go_on(read_place(position, options.shown, self._table.name), system)
            self._looked_s = time.monotonic()

    def _look_at_table(self, connection: Connection, start: Position) -> None:
        target = find_table(connection, self._options.source)
        if target is None:
            raise missing_table(connection, self._table, self._options.source, writing=False)
        wanted = self._options.table
        if isinstance(start, dict) and "taken" in start and ignores(self._options):
            # What was dropped since is a change of the table, met at its place in the log.
            wanted = those_of(wanted, target.columns)
        check_columns(wanted, target, self._options.source, writing=False)
        self._target = target
        upsert = self._options.upsert
        self._key = self._options.table.primary_key if upsert else target.primary_key

    def _open_bounded(self, start: Mapping[str, Position]) -> None:
        assert self._connection is not None
        place = Place(("", ""), 0, True)
        if PARTITION in start:
            place = read_place(start[PARTITION], self._options.shown, self._table.name)
        self._place, self._told = place, True
        if not place.snapshot:
            self._finished = True
            return
        self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._snapshot = Snapshot(self._connection, self._options, self._target, place.after)

    def _replicate(self) -> Connection:
        made = connect(self._options.replication, f"tidemill cdc {self._options.slot}")
        made.execute("SET wal_sender_timeout = '" + _SENDER_TIMEOUT + "'")
        return made

    def _begin(self, system: str) -> None:
        """The first start: with the slot's own snapshot, or from a place in the log."""
        options = self._options
        assert self._connection is not None and self._replication is not None
        found = slots.find_slot(self._connection, options)
        initial = options.mode == "initial"
        if initial:
            key_of(options, self._target)
        if options.mode == "committed-offset" and found is None:
            raise lost(options, "does not exist", "There is no committed offset.")
        publication = slots.publication_of(self._connection, options, self._target)
        if found is None:
            lsn = slots.make_slot(self._replication, options, snapshot=initial)
        elif initial:
            # Made by a start that was cut off before its first commit, or by hand.
            lsn = slots.make_snapshot(self._replication)
        elif options.mode == "latest-offset":
            lsn = self._current_lsn()
        else:
            lsn = found.confirmed_lsn
        self._place = Place((system, publication), lsn, initial)
        if options.mode != "committed-offset":
            now = described(self._connection, options, self._target)
            self._place = replace(self._place, columns=now.columns, key=now.key)
        if initial:
            self._snapshot = Snapshot(self._replication, options, self._target, None)
        else:
            self._start_stream()

    def _go_on(self, place: Place, system: str) -> None:
        options = self._options
        assert self._connection is not None and self._replication is not None
        if place.origin[0] != system:
            raise lost(
                options, "is of another database cluster", "The server was made anew or replaced."
            )
        slots.check_reaches(
            options, slots.find_slot(self._connection, options), place.confirmable_lsn
        )
        slots.check_publication(self._connection, options, self._target, place.origin[1])
        self._place, self._told = place, True
        if not place.snapshot:
            self._start_stream()
            return
        now = described(self._connection, options, self._target)
        self._place = behind(options, place, now, self._target, lsn_text(place.lsn))
        self._place = self._place.cut_off(slots.make_snapshot(self._replication))
        self._snapshot = Snapshot(self._replication, options, self._target, place.after)

    def _start_stream(self) -> None:
        """Read the slot; waits while another process lets go of it."""
        assert self._replication is not None
        options = self._options
        table = (options.source.schema_name or "", options.source.table_name)
        deadline_s = time.monotonic() + options.login.timeout_ms / 1000
        while True:
            stream = Stream(self._replication, options.slot, options.publication, table)
            try:
                stream.start(self._place.lsn, self._place.taken)
            except psycopg.errors.ObjectInUse as error:
                if time.monotonic() > deadline_s:
                    raise in_use(options, error) from error
                time.sleep(_BUSY_PAUSE_S)
            else:
                self._stream = stream
                return

    # -- reading

    def partitions(self) -> Sequence[str]:
        """One: a table's changes have one order."""
        return [PARTITION]

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The next rows of the snapshot, or the next changes."""
        if self._finished:
            return ()
        with self._translated():
            if self._snapshot is not None:
                return self._read_snapshot(self._snapshot, rows_max, timeout_ms)
            if not self._told:
                return self._moved()
            assert self._stream is not None
            taken = self._stream.take(rows_max, timeout_ms)
            if taken.truncated:
                raise truncated(self._options, taken.lsn)
            if taken.messages:
                return (self._changes(taken),)
            return self._heartbeat(taken)

    def _moved(self) -> Sequence[PartitionBatch]:
        """No rows, and where reading goes on."""
        self._told = True
        nothing = pa.RecordBatch.from_pylist([], schema=self._table.schema.arrow())
        return (PartitionBatch(PARTITION, nothing, None, self._place.position(), 0),)

    def _read_snapshot(
        self, snapshot: Snapshot, rows_max: int, timeout_ms: int
    ) -> Sequence[PartitionBatch]:
        lines, table, unreadable = snapshot.read(rows_max, timeout_ms)
        self._place = replace(self._place, after=snapshot.after)
        if snapshot.finished:
            self._end_snapshot()
        elif not lines:
            return ()
        letters = tuple(
            self._letter(bad.message, lsn_text(self._place.lsn), bad.line.rstrip(b"\n"))
            for bad in unreadable
        )
        arrays = {
            name: pa.concat_arrays(table.column(name).chunks)
            if table.column(name).num_chunks
            else None
            for name in table.column_names
        }
        kinds = np.zeros(table.num_rows, np.int8)
        rows = batch_of(
            self._table, self._options, arrays, kinds, np.zeros(table.num_rows, np.int64)
        )
        self._told = True
        return (
            PartitionBatch(
                PARTITION, rows, None, self._place.position(), len(lines), dead_letters=letters
            ),
        )

    def _end_snapshot(self) -> None:
        self._snapshot = None
        self._place = self._place.streaming()
        if self._options.mode == "snapshot":
            self._finished = True
            return
        assert self._replication is not None
        # Also lets go of the slot that a continued snapshot was taken with.
        self._replication.close()
        self._replication = self._replicate()
        self._start_stream()

    def _changes(self, taken: Taken) -> PartitionBatch:
        expander = self._expand(taken)
        with explained(self._options, taken.lsn):
            found = expander.rows()
        self._place = self._place.moved(taken.lsn, taken.taken)
        gave = len(np.unique(found.message_of))
        letters = tuple(
            self._letter(why, f"{lsn_text(taken.commits[i])}+{taken.numbers[i]}", found.shown[i])
            for i, why in sorted(found.bad.items())
        )
        times_us = np.array(taken.times_us, np.int64)
        return PartitionBatch(
            PARTITION,
            batch_of(
                self._table,
                self._options,
                found.columns,
                found.kinds,
                times_us[found.message_of] // 1000,
            ),
            pa.array(found.kinds),
            self._place.position(),
            len(taken.messages),
            skipped=len(taken.messages) - gave - len(letters),
            dead_letters=letters,
            ingested_at_ms=int(times_us[-1]) // 1000,
            origin_of=_origins(taken, found),
        )

    def _expand(self, taken: Taken) -> Expander:
        assert self._connection is not None and taken.relation is not None
        if taken.relation != self._relation:
            self._check_relation(taken)
        with explained(self._options, taken.lsn):
            expander = Expander(taken, self._columns, self._key, self._options.upsert)
        if self._place.parts:
            key = key_of(self._options, self._target)
            keys, message_of = expander.keys(key)
            commits = np.array(taken.commits, np.int64)[message_of]
            expander.leave_out(
                in_snapshot(
                    self._connection, self._target, key, keys, commits,
                    self._place.parts,
                )
            )  # fmt: skip
        return expander

    def _check_relation(self, taken: Taken) -> None:
        """The table may have changed: does the reading go on behind it?"""
        assert self._connection is not None and taken.relation is not None
        target = find_table(self._connection, self._options.source) or self._target
        now = described_by(self._connection, taken.relation, target.primary_key)
        at = lsn_text(taken.commits[0])
        self._place = behind(self._options, self._place, now, target, at)
        check_described(self._options, now, target)
        self._target, self._relation = target, taken.relation

    def _heartbeat(self, taken: Taken) -> Sequence[PartitionBatch]:
        """Move on while nothing of the table changes, so that the slot holds no log for nothing."""
        every_s = self._options.values["heartbeat.interval.ms"] / 1000
        if time.monotonic() - self._looked_s < every_s:
            return ()
        self._looked_s = time.monotonic()
        assert self._connection is not None
        slots.check_publication(
            self._connection, self._options, self._target, self._place.origin[1]
        )
        if taken.lsn <= self._place.lsn:
            return ()
        self._place = self._place.moved(taken.lsn, taken.taken)
        return self._moved()

    def finished(self) -> bool:
        """Whether a bounded scan has given its last row."""
        return self._finished

    def caught_up(self) -> bool:
        """Whether all that was committed before this call has been delivered."""
        if self._finished:
            return True
        if self._stream is None or not self._told:
            return False
        with self._translated():
            return self._stream.reach(self._current_lsn(), _REACH_S)

    def committed(self, positions: Mapping[str, Position]) -> None:
        """An epoch is committed: confirm to the slot what some epochs before reached."""
        position = positions.get(PARTITION)
        if position is None or self._options.mode == "snapshot":
            return
        place = read_place(position, self._options.shown, self._table.name)
        self._committed.append(place.confirmable_lsn)
        delay: int = self._options.values["scan.lsn-commit.checkpoints-num-delay"]
        while len(self._committed) > delay:
            lsn = self._committed.popleft()
            if self._stream is not None:
                with self._translated():
                    self._stream.confirm(lsn)

    def close(self) -> None:
        """Give the connections back; the slot stays."""
        for connection in (self._replication, self._connection):
            if connection is not None:
                with contextlib.suppress(Exception):
                    connection.close()

    # -- helpers

    def _current_lsn(self) -> int:
        assert self._connection is not None
        row = self._connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        return lsn_of(row[0] if row else "")

    def _letter(self, why: str, position: str, value: bytes) -> DeadLetter:
        return DeadLetter(
            table=self._table.name,
            stage="type",
            code="connector.value-unreadable",
            message=f"a value of `{self._options.source.shown_table}` does not fit: {why}",
            partition=PARTITION,
            position=position,
            value=value,
        )

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        with translated(self._options.shown, self._table.name):
            try:
                yield
            except psycopg.errors.ObjectNotInPrerequisiteState as error:
                said = str(error.diag.message_primary or error)
                raise lost(self._options, "cannot be read", said) from error


def _origins(taken: Taken, found: Rows) -> Any:
    def origin_of(row: int) -> RowOrigin | None:
        message = int(found.message_of[row])
        position = f"{lsn_text(taken.commits[message])}+{taken.numbers[message]}"
        return RowOrigin(PARTITION, position, timestamp_ms=taken.times_us[message] // 1000)

    return origin_of
