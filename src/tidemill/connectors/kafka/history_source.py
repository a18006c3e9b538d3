"""A table that is read after its history: every row of the history first, then the topic.

Guarantees: what lies before the fence comes from the history and only from there, the rest from the
topic and only from there. The fence is found before the first row is given and stored with every
position, so it stays where it is through any number of lives, also while the history grows. That
the topic still holds what follows is checked before the history and once more behind it. In event
time a row of the history belongs to the partition of the topic that it stood in, where the history
tells; else the history is one partition, and ends before the topic begins.
Non-guarantee: a row that the history itself holds twice, or lacks before its newest offset.

The position of the partition `history` holds the positions in the history, and the proof.
Partitions are told with the slices, so that event time does not hang on when somebody asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.kafka.history_fence import check_fence, find_fence
from tidemill.connectors.kafka.history_options import HistoryOptions
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.history import HISTORY, HistoryProof
from tidemill.interfaces.source import PartitionBatch, RowOrigin, Source
from tidemill.model import Position, TableDescriptor


class HistoryThenLive:
    """Reads the history of a table, then its topic; see the module."""

    def __init__(
        self,
        table: KafkaTable,
        options: HistoryOptions,
        history: Callable[[TableDescriptor], Source],
        live: Callable[[], Source],
    ) -> None:
        self._table, self._options = table, options
        self._make_history, self._make_live = history, live
        self._arrow = table.descriptor.schema.arrow()
        self._reached: dict[int, int] = {}
        self._measured: Source | None = None
        self._history: Source | None = None
        self._live: Source | None = None
        self._told: set[str] = set()
        self._positions: dict[str, Position] = {}
        self._proof = HistoryProof(options.table.name, done=False, lsn=options.lsn_shown)

    # -- life

    def open(self, start: Mapping[str, Position]) -> None:
        """Begin with the history, or go on in it or in the topic."""
        kept = HistoryProof.of(start)
        if kept is None and start:
            raise self._bad_position(start)
        if kept is None:
            self._begin()
            return
        if kept.table != self._options.table.name or kept.lsn != self._options.lsn_shown:
            raise self._bad_position(start)
        self._proof = replace(kept, overlap_topic=0)
        position = start[HISTORY]
        assert isinstance(position, dict)
        positions = position.get("positions")
        if not isinstance(positions, dict):
            raise self._bad_position(start)
        self._positions = dict(positions)
        if self._proof.done:
            # A partition of which nothing is committed yet begins at the fence.
            begun = {name: at for name, at in start.items() if name != HISTORY}
            self._open_live({**(self._proof.fence or {}), **begun})
        else:
            self._history = self._open_history(self._positions)

    def _begin(self) -> None:
        if self._options.places is None:
            self._fix_fence()
            return
        table = self._options.table
        self._measured = self._make_history(
            replace(table, columns_needed=frozenset(self._options.places))
        )
        self._measured.open({})

    def _fix_fence(self) -> None:
        found = find_fence(self._table, self._options, self._reached)
        self._proof = replace(self._proof, fence=found.offsets, earliest=found.earliest)
        self._history = self._open_history({})

    def _open_history(self, start: Mapping[str, Position]) -> Source:
        needed = self._table.descriptor.columns_needed
        if needed is not None:
            needed = needed & set(self._options.table.schema.names)
            needed |= frozenset(self._options.places or ())
        source = self._make_history(replace(self._options.table, columns_needed=needed))
        # Also where opening fails, so that it is closed.
        self._history = source
        source.open(start)
        return source

    def _open_live(self, start: Mapping[str, Position]) -> None:
        self._live = self._make_live()
        self._live.open(start)

    def _bad_position(self, start: Mapping[str, Position]) -> ConnectorError:
        return ConnectorError(
            f"the stored position {dict(start)!r:.80} is not of the history "
            f"`{self._options.table.name}` and its topic",
            code="connector.bad-position",
            where=Where(table=self._table.name),
            hint="The pipeline was begun with other options of its history; start it anew.",
        )

    def partitions(self) -> Sequence[str]:
        """None beforehand: each is told by the slice where it begins."""
        return ()

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The next rows of the history, or of the topic."""
        if self._measured is not None:
            return self._measure(self._measured, rows_max, timeout_ms)
        if self._history is not None:
            return self._read_history(self._history, rows_max, timeout_ms)
        assert self._live is not None
        return [*self._new_partitions(), *self._live.read(rows_max, timeout_ms)]

    def finished(self) -> bool:
        """Whether a bounded topic has given its last row."""
        return self._live is not None and self._live.finished()

    def caught_up(self) -> bool:
        """Whether the history has been read, and all that stood in the topic."""
        return self._live is not None and self._live.caught_up()

    def close(self) -> None:
        """Give everything back."""
        for source in (self._measured, self._history, self._live):
            if source is not None:
                source.close()
        self._measured = self._history = self._live = None

    # -- the fence

    def _measure(self, source: Source, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """Go through the places of the history: how far it reaches in each partition."""
        until_s = time.monotonic() + timeout_ms / 1000
        while not source.finished() and time.monotonic() < until_s:
            for batch in source.read(max(rows_max, 1 << 16), timeout_ms):
                partitions, offsets = self._places(batch)
                for number in np.unique(partitions).tolist():
                    newest = int(offsets[partitions == number].max())
                    self._reached[number] = max(self._reached.get(number, 0), newest + 1)
        if not source.finished():
            return ()
        source.close()
        self._measured = None
        self._fix_fence()
        return (self._slice(runs=[(str(number), 0) for number in sorted(self._reached)]),)

    def _places(self, batch: PartitionBatch) -> tuple[np.ndarray, np.ndarray]:
        assert self._options.places is not None
        columns = [batch.rows.column(name) for name in self._options.places]
        if any(column.null_count for column in columns):
            raise ConnectorError(
                f"a row of the history `{self._options.table.name}` does not tell its place in the "
                "topic: its partition or its offset is NULL",
                code="connector.history-fence",
                where=Where(table=self._options.table.name, partition=batch.partition),
                hint="Leave such rows out of the history, or give the fence another way.",
            )
        numbers = [column.cast(pa.int64()).to_numpy() for column in columns]
        return numbers[0], numbers[1]

    # -- the history

    def _read_history(
        self, source: Source, rows_max: int, timeout_ms: int
    ) -> Sequence[PartitionBatch]:
        slices = [self._past(batch) for batch in source.read(rows_max, timeout_ms)]
        if source.finished():
            slices.append(self._switch(source))
        return slices

    def _past(self, batch: PartitionBatch) -> PartitionBatch:
        """Rows of the history as rows of the table, those behind the fence left out."""
        self._positions[batch.partition] = batch.position
        rows, origin_of = batch.rows, batch.origin_of
        runs: list[tuple[str, int]] = []
        left_out = 0
        if self._options.places is not None and rows.num_rows:
            partitions, offsets = self._places(batch)
            chosen, runs = self._chosen(partitions, offsets)
            left_out = rows.num_rows - len(chosen)
            rows = rows.take(pa.array(chosen))
            origin_of = None if origin_of is None else partial(_at, origin_of, chosen)
        self._proof = replace(
            self._proof,
            rows=self._proof.rows + rows.num_rows,
            overlap_history=self._proof.overlap_history + left_out,
        )
        return replace(
            self._slice(rows, runs),
            records=batch.records,
            skipped=batch.skipped + left_out,
            dead_letters=batch.dead_letters,
            ingested_at_ms=batch.ingested_at_ms,
            origin_of=origin_of,
        )

    def _chosen(
        self, partitions: np.ndarray, offsets: np.ndarray
    ) -> tuple[np.ndarray, list[tuple[str, int]]]:
        """The rows before the fence, partition by partition, and how many are of each."""
        fence = self._proof.fence or {}
        found, runs = [], []
        for number in np.unique(partitions).tolist():
            before = (partitions == number) & (offsets < fence.get(str(number), 0))
            rows = np.flatnonzero(before)
            found.append(rows)
            runs.append((str(number), len(rows)))
        return np.concatenate(found), runs

    def _switch(self, source: Source) -> PartitionBatch:
        """The history is at its end: look at the topic once more, and go on in it."""
        source.close()
        self._history = None
        fence = self._proof.fence
        earliest = self._proof.earliest
        if fence is not None:
            earliest = check_fence(self._table, fence)
        self._open_live(fence or {})
        self._proof = replace(self._proof, done=True, earliest=earliest)
        self._positions = {}
        return replace(self._slice(runs=self._untold()), ended=self._options.places is None)

    def _new_partitions(self) -> Sequence[PartitionBatch]:
        """Partitions of the topic that appeared."""
        runs = self._untold()
        return [self._slice(runs=runs)] if runs else []

    def _untold(self) -> list[tuple[str, int]]:
        """The topic's partitions that were not told of yet, without rows; now they are."""
        assert self._live is not None
        names = [name for name in self._live.partitions() if name not in self._told]
        self._told.update(names)
        return [(name, 0) for name in names]

    def _slice(
        self, rows: pa.RecordBatch | None = None, runs: Sequence[tuple[str, int]] = ()
    ) -> PartitionBatch:
        position: Position = {
            # How far the history is, as the positions of a topic say it.
            "offset": self._proof.rows + self._proof.overlap_history,
            "positions": dict(self._positions),
            "proof": self._proof.kept(),
        }
        return PartitionBatch(HISTORY, self._aligned(rows), None, position, 0, runs=tuple(runs))

    def _aligned(self, rows: pa.RecordBatch | None) -> pa.RecordBatch:
        """The columns of the table; those that only the topic knows are NULL."""
        count = 0 if rows is None else rows.num_rows
        arrays, fields = [], []
        for field in self._arrow:
            index = -1 if rows is None else rows.schema.get_field_index(field.name)
            array = pa.nulls(count, field.type)
            if rows is not None and index >= 0:
                array = pc.cast(rows.column(index), field.type)
            arrays.append(array)
            fields.append(field.with_nullable(field.nullable or array.null_count > 0))
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _at(find: Callable[[int], RowOrigin | None], chosen: np.ndarray, row: int) -> RowOrigin | None:
    return find(int(chosen[row]))
