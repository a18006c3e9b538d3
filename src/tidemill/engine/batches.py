"""Rows on their way through the stages, with their event times and where they came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tidemill.interfaces.source import RowOrigin
from tidemill.model import Batch
from tidemill.plan.physical import FIRST_END, KIND, ROW
from tidemill.records import dataclass

Int64s = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Origin:
    """A run of rows that came from one partition in one read.

    `find` gives the input behind a row of that read; `kept` says which of its rows are still here.
    """

    partition: str
    rows: int
    find: Callable[[int], RowOrigin | None] | None = None
    kept: Int64s | None = None

    def keep(self, mask: Mask) -> Origin:
        """Only the rows where the mask is true."""
        if self.find is None:
            return Origin(self.partition, int(mask.sum()))
        kept = np.flatnonzero(mask) if self.kept is None else self.kept[mask]
        return Origin(self.partition, len(kept), self.find, kept)

    def origin_of(self, row: int) -> RowOrigin | None:
        """The input behind a row."""
        if self.find is None:
            return None
        return self.find(row if self.kept is None else int(self.kept[row]))


@dataclass(frozen=True, slots=True)
class Base:
    """The batch of another node that a batch was made of, row by row: `rows` are the indexes."""

    node: str
    batch: StageBatch
    rows: Int64s


@dataclass(frozen=True, slots=True)
class StageBatch:
    """Rows of one node, columns `c0`..., and `k` where they are a changelog.

    `event_time_us` and `standing_us` (the watermark before each row, epoch microseconds) are set
    only where some row may be late. `base` is set where an operator without state has made the
    rows: late and bad ones are then those of the base.
    """

    table: pa.Table
    event_time_us: Int64s | None = None
    standing_us: Int64s | None = None
    origins: tuple[Origin, ...] = ()
    base: Base | None = None

    @classmethod
    def made_of(cls, table: pa.Table, node: str, batch: StageBatch, rows: Int64s) -> StageBatch:
        """Rows of which each was made of one row of a batch of another node."""
        times, standing = batch.event_time_us, batch.standing_us
        return cls(
            table,
            None if times is None else times[rows],
            None if standing is None else standing[rows],
            base=Base(node, batch, rows),
        )

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def keep(self, mask: Mask) -> StageBatch:
        """Only the rows where the mask is true."""
        starts = np.cumsum([0, *(o.rows for o in self.origins)])
        origins = tuple(o.keep(mask[starts[i] : starts[i + 1]]) for i, o in enumerate(self.origins))
        return StageBatch(
            self.table.filter(pa.array(mask)),
            None if self.event_time_us is None else self.event_time_us[mask],
            None if self.standing_us is None else self.standing_us[mask],
            origins,
            None if self.base is None else replace(self.base, rows=self.base.rows[mask]),
        )

    def partition_of(self, row: int) -> str | None:
        """The partition that a row came from."""
        for origin in self.origins:
            if row < origin.rows:
                return origin.partition
            row -= origin.rows
        return None

    def origin_of(self, row: int) -> RowOrigin | None:
        """The input behind a row, where its source can tell."""
        for origin in self.origins:
            if row < origin.rows:
                return origin.origin_of(row)
            row -= origin.rows
        return None


def widen(table: pa.Table, first_end_us: Int64s | None = None) -> pa.Table:
    """The table with the hidden columns `r` (index) and `f` (first window end)."""
    rows = np.arange(table.num_rows, dtype=np.int64)
    ends = np.zeros_like(rows) if first_end_us is None else first_end_us
    return table.append_column(ROW, pa.array(rows)).append_column(FIRST_END, pa.array(ends))


def kinds_of(table: pa.Table) -> tuple[pa.Table, pa.Int8Array | None]:
    """The rows without the kind column, and the kinds."""
    if KIND not in table.column_names:
        return table, None
    kinds = table.column(KIND).combine_chunks()
    if isinstance(kinds, pa.ChunkedArray):
        kinds = pa.concat_arrays(kinds.chunks) if kinds.num_chunks else pa.array([], pa.int8())
    return table.drop_columns([KIND]), kinds


def as_record_batch(table: pa.Table, schema: pa.Schema) -> pa.RecordBatch:
    """One record batch with exactly this schema; casts where the types differ."""
    columns = []
    for column, field in zip(table.columns, schema, strict=True):
        chunk = column.chunk(0) if column.num_chunks == 1 else _one(column)
        columns.append(chunk if chunk.type == field.type else chunk.cast(field.type))
    nullable = pa.schema([field.with_nullable(True) for field in schema])
    return (
        pa.RecordBatch.from_arrays(columns, schema=nullable).cast(schema)
        if not all(field.nullable for field in schema)
        else pa.RecordBatch.from_arrays(columns, schema=schema)
    )


def _one(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined


def concat(tables: Sequence[pa.Table]) -> pa.Table:
    """The tables behind each other, without copying rows."""
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables)


def joined(batches: Sequence[Batch]) -> Batch:
    """One batch of the rows of several, all with kinds or all without; one alone is not copied."""
    if len(batches) == 1:
        return batches[0]
    rows = pa.concat_batches([batch.rows for batch in batches])
    kinds = [batch.kinds for batch in batches if batch.kinds is not None]
    return Batch(rows, pa.concat_arrays(kinds) if kinds else None)
