"""The source of `datagen`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from tidemill.connectors.datagen.fields import FieldOptions
from tidemill.connectors.datagen.generators import field_generator
from tidemill.connectors.datagen.options import DatagenOptions, parse
from tidemill.connectors.datagen.scalars import Clock, Generate
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import Position, TableDescriptor

PARTITION = "0"
_WAIT_S = 0.005


def generators(
    table: TableDescriptor, options: DatagenOptions, seed: int
) -> tuple[list[Generate], int | None]:
    """The generators of the table's columns, and how many rows there are in all."""
    fields = FieldOptions(options.fields)
    made = [field_generator(c.type, c.name, fields, seed) for c in table.schema.columns]
    fields.refuse_leftovers()
    ends = [end for _, end in made if end is not None]
    if options.number_of_rows is not None:
        ends.append(options.number_of_rows)
    return [generate for generate, _ in made], min(ends, default=None)


Parse = Callable[[TableDescriptor], DatagenOptions]
Generators = Callable[[TableDescriptor, DatagenOptions, int], tuple[list[Generate], int | None]]


class DatagenSource:
    """Makes rows from a position on, no faster than `rows-per-second`.

    The position is `{"row": next row, "seed": seed}`.
    """

    def __init__(
        self, table: TableDescriptor, parse: Parse = parse, generators: Generators = generators
    ) -> None:
        """`parse` reads the table's options, `generators` makes what makes its columns."""
        self._table = table
        self._make = generators
        self._options = parse(table)
        self._arrow = table.schema.arrow()
        self._seed = self._options.seed if self._options.seed is not None else secrets.randbits(32)
        self._generators, self._rows_end = self._make(table, self._options, self._seed)
        self._row = 0
        self._paced_row = 0
        self._paced_s = 0.0

    def open(self, start: Mapping[str, Position]) -> None:
        """Start at the position, with the seed that it carries."""
        if PARTITION in start:
            self._row, self._seed = self._parse_position(start[PARTITION])
            self._generators, _ = self._make(self._table, self._options, self._seed)
        self._paced_row, self._paced_s = self._row, time.monotonic()

    def _parse_position(self, position: Position) -> tuple[int, int]:
        if isinstance(position, dict):
            row, seed = position.get("row"), position.get("seed")
            if isinstance(row, int) and isinstance(seed, int) and row >= 0:
                return row, seed
        raise ConnectorError(
            f"`{position}` is no position of a generated table",
            code="connector.bad-position",
            where=Where(table=self._table.name),
        )

    def partitions(self) -> Sequence[str]:
        """The one partition."""
        return (PARTITION,)

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The rows that are due, at most `rows_max`."""
        if self.finished():
            return ()
        count = self._wait_for_rows(max(1, rows_max), timeout_ms)
        if count == 0:
            return ()
        now_us = time.time_ns() // 1000
        clock = self._clock(now_us)
        arrays = [generate(self._row, count, clock) for generate in self._generators]
        rows = pa.RecordBatch.from_arrays(arrays, schema=self._arrow)
        self._row += count
        position: Position = {"row": self._row, "seed": self._seed}
        return (
            PartitionBatch(
                PARTITION, rows, None, position, count, ingested_at_ms=now_us // 1000, lag=0
            ),
        )

    def _clock(self, now_us: int) -> Clock:
        if self._options.start_time_us is None:
            return Clock(now_us)
        per_row_us = 1e6 / self._options.rows_per_second
        return Clock(self._options.start_time_us, per_row_us, local=False)

    def _wait_for_rows(self, rows_max: int, timeout_ms: int) -> int:
        deadline_s = time.monotonic() + timeout_ms / 1000
        left = rows_max if self._rows_end is None else min(rows_max, self._rows_end - self._row)
        worth_it = min(left, max(1, int(self._options.rows_per_second * _WAIT_S)))
        while True:
            due = self._due(time.monotonic())
            remaining_s = deadline_s - time.monotonic()
            if due >= worth_it or remaining_s <= 0:
                return min(due, left)
            time.sleep(min(_WAIT_S, remaining_s))

    def _due(self, now_s: float) -> int:
        """Rows that may come now; a pause is never made up for by more than a second's worth."""
        rate = self._options.rows_per_second
        due = self._paced_row + int((now_s - self._paced_s) * rate) - self._row
        if due > rate:
            self._paced_row, self._paced_s = self._row, now_s - 1.0
            due = rate
        return due

    def finished(self) -> bool:
        """Whether the last row has come."""
        return self._rows_end is not None and self._row >= self._rows_end

    def caught_up(self) -> bool:
        """All rows that were due have come; nothing is stored."""
        return True

    def close(self) -> None:
        """Nothing to give back."""
