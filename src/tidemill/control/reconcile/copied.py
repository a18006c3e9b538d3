"""A sink that cannot sum up its rows itself: read through its connector into a local copy.

- Topics (`kafka` with a format of changes, `upsert-kafka`): each state is the one before and what
  was committed since, up to what the end of the topic was when the state was asked for. Behind a
  transaction that is open there, the reader waits until it is committed or given up.
- Tables in the lake: each state is one version, read whole. Files, and keys of Redis: each state
  is read whole, and a row is as of some moment after it was asked for.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.jdbc.keyed_sums import Key, KeyedRow, KeyRange, RangeSum
from tidemill.control.reconcile.held import HeldRows
from tidemill.control.reconcile.read_back import bounded_options, topic_ends, within_ends
from tidemill.errors import UserError, Where
from tidemill.interfaces.connector import Connector, JobContext
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import Column, Position, RowKind, TableDescriptor
from tidemill.records import dataclass

_ROWS_PER_READ = 50_000
_WAIT_MS = 200
_ADDED = pa.array([RowKind.INSERT, RowKind.UPDATE_AFTER], pa.int8())


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """How a sink is read: its options as they are opened, and what its reader gives."""

    table: TableDescriptor
    connector: Connector
    is_topic: bool
    upsert: bool


class CopiedSums:
    """See the module and `Side`."""

    lsn = 0

    def __init__(
        self, plan: CopyPlan, columns: Sequence[Column], context: JobContext, wait_s: float
    ) -> None:
        self._plan, self._context, self._wait_s = plan, context, wait_s
        names = frozenset(column.name for column in columns)
        self._table = replace(plan.table, columns_needed=names)
        self._rows = HeldRows(columns, plan.table.primary_key, upsert=plan.upsert)
        self._positions: dict[str, Position] = {}
        self.unreadable = 0

    @property
    def costly(self) -> bool:
        """Only of a topic just what is new is read."""
        return not self._plan.is_topic

    def begin(self) -> None:
        """Read the sink, up to where it ends now; raises ConnectorError, UserError."""
        if not self._plan.is_topic:
            self._rows.clear()
            self._positions, self.unreadable = {}, 0
        table, ends = bounded_options(self._table), dict[str, int]()
        if self._plan.is_topic:
            table, ends = topic_ends(table, self._context, upsert=self._plan.upsert)
        assert self._plan.connector.source is not None
        source = self._plan.connector.source(table, self._context)
        try:
            source.open(self._positions)
            heard = time.monotonic()
            while not source.finished():
                batches = source.read(_ROWS_PER_READ, _WAIT_MS)
                for batch in batches:
                    self._take(batch)
                heard = time.monotonic() if batches else heard
                if time.monotonic() - heard > self._wait_s:
                    raise self._stuck()
        finally:
            source.close()
        if self._plan.is_topic:
            self._positions = within_ends(self._positions, ends)

    def end(self) -> None:
        """Nothing is held open."""

    def close(self) -> None:
        """Remove the copy."""
        self._rows.close()

    def sums(self, within: KeyRange, cuts: Sequence[Key] = ()) -> list[RangeSum]:
        """See `Side`."""
        return self._rows.sums(within, cuts)

    def cuts(self, within: KeyRange, rows: int, parts: int) -> list[Key]:
        """See `Side`."""
        return self._rows.cuts(within, rows, parts)

    def within(self, part: KeyRange) -> dict[Key, KeyedRow]:
        """See `Side`."""
        return self._rows.within(part)

    def of(self, keys: Sequence[Key]) -> dict[Key, KeyedRow]:
        """See `Side`."""
        return self._rows.of(keys)

    def _take(self, batch: PartitionBatch) -> None:
        kinds = batch.kinds
        if kinds is None:
            kinds = pa.repeat(pa.scalar(int(RowKind.INSERT), pa.int8()), batch.rows.num_rows)
        added = pc.is_in(kinds, value_set=_ADDED)
        signs = pc.if_else(added, pa.scalar(1, pa.int64()), pa.scalar(-1, pa.int64()))
        self.unreadable += self._rows.add(batch.rows, signs) + len(batch.dead_letters)
        self._positions[batch.partition] = batch.position

    def _stuck(self) -> UserError:
        return UserError(
            f"`{self._table.name}` cannot be read to its end: nothing came for "
            f"{self._wait_s:,.0f} s",
            code="reconcile.not-through",
            where=Where(table=self._table.name),
            hint="A transaction may be open in its topic: does the pipeline run? Wait longer: "
            "--wait-s",
        )
