"""Parquet files: rows from a position on, in the declared columns' types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from tidemill.model import Schema


class UnfitFileError(ValueError):
    """A file whose columns do not fit the declared ones."""


class ParquetReader:
    """Reads one file row group by row group; `row_group` and `row` say what comes next."""

    def __init__(
        self, file: Path | BinaryIO, row_group: int, row: int, schema: Schema, needed: Sequence[str]
    ) -> None:
        self._source = file
        self._file = _opened(file)
        self._schema = schema
        self._needed = list(needed)
        self.row_group = row_group
        self.row = row
        self._batches: Iterator[pa.RecordBatch] | None = None
        self._rest: pa.RecordBatch | None = None
        self._check()

    def _check(self) -> None:
        found = self._file.schema_arrow
        problems = []
        for column in self._schema.columns:
            index = found.get_field_index(column.name)
            if index < 0:
                problems.append(f"`{column.name}` is missing")
            elif not _fits(found.field(index).type, column.type.arrow()):
                problems.append(
                    f"`{column.name}` is {found.field(index).type} and not {column.type.sql()}"
                )
        if problems:
            expected = ", ".join(f"{c.name} {c.type}" for c in self._schema.columns)
            there = ", ".join(f"{f.name} {f.type}" for f in found)
            raise UnfitFileError(
                f"{'; '.join(problems)}. Declared: {expected}. In the file: {there}"
            )

    @property
    def ended(self) -> bool:
        """Whether the last row has been given."""
        return bool(self.row_group >= self._file.num_row_groups)

    def read(self, rows_max: int) -> pa.RecordBatch | None:
        """The next rows as they stand in the file; None at its end."""
        while not self.ended:
            batch = self._next_batch(rows_max)
            if batch is not None:
                if batch.num_rows > rows_max:
                    self._rest = batch.slice(rows_max)
                    batch = batch.slice(0, rows_max)
                self.row += batch.num_rows
                self._skip_ended_group()
                return batch
            self.row_group, self.row, self._batches = self.row_group + 1, 0, None
        return None

    def _skip_ended_group(self) -> None:
        rows = self._file.metadata.row_group(self.row_group).num_rows
        if self.row >= rows and self._rest is None:
            self.row_group, self.row, self._batches = self.row_group + 1, 0, None

    def _next_batch(self, rows_max: int) -> pa.RecordBatch | None:
        if self._rest is not None:
            rest, self._rest = self._rest, None
            return rest
        skip = 0
        if self._batches is None:
            skip = self.row
            self._batches = self._file.iter_batches(
                batch_size=max(1024, rows_max), row_groups=[self.row_group], columns=self._needed
            )
        for batch in self._batches:
            if skip < batch.num_rows:
                return batch.slice(skip)
            skip -= batch.num_rows
        return None

    @property
    def is_beyond(self) -> bool:
        """Whether the place to read from lies behind what the file has."""
        groups = self._file.metadata
        if self.row_group >= groups.num_row_groups:
            return self.row_group > 0 or self.row > 0
        return bool(self.row > groups.row_group(self.row_group).num_rows)

    def rows_left(self) -> int:
        """How many rows are still to come."""
        left = sum(
            self._file.metadata.row_group(i).num_rows
            for i in range(self.row_group, self._file.num_row_groups)
        )
        return int(left - self.row)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if not isinstance(self._source, Path):
            self._source.close()


def _opened(file: Path | BinaryIO) -> parquet.ParquetFile:
    try:
        return parquet.ParquetFile(file)
    except BaseException:
        if not isinstance(file, Path):
            file.close()
        raise


def convert(
    batch: pa.RecordBatch, schema: Schema, first: int = 0
) -> tuple[list[pa.RecordBatch], list[tuple[int, str]]]:
    """The batch in the declared types, and the rows (by index) that do not fit them."""
    try:
        arrays = [
            _cast(batch.column(batch.schema.get_field_index(c.name)), c.type.arrow())
            for c in schema.columns
        ]
        return [pa.RecordBatch.from_arrays(arrays, names=list(schema.names))], []
    except (pa.ArrowException, ValueError) as error:
        if batch.num_rows == 1:
            return [], [(first, str(error))]
    half = batch.num_rows // 2
    left, bad = convert(batch.slice(0, half), schema, first)
    right, more = convert(batch.slice(half), schema, first + half)
    return left + right, bad + more


def _cast(values: pa.Array, type_: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(type_) and pa.types.is_timestamp(values.type):
        # the instant or the wall clock stays; nanoseconds are cut to what the type holds
        values = pc.cast(values, pa.timestamp(values.type.unit, type_.tz))
        return pc.cast(values, type_, safe=type_.unit != "us" or values.type.unit != "ns")
    if pa.types.is_time(type_):
        return pc.cast(values, type_, safe=False)
    return pc.cast(values, type_)


def _fits(found: pa.DataType, declared: pa.DataType) -> bool:
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_list(declared):
        return _is_list(found) and _fits(found.value_type, declared.value_type)
    if pa.types.is_map(declared):
        return (
            pa.types.is_map(found)
            and _fits(found.key_type, declared.key_type)
            and _fits(found.item_type, declared.item_type)
        )
    if pa.types.is_struct(declared):
        return pa.types.is_struct(found) and all(
            found.get_field_index(f.name) >= 0 and _fits(found.field(f.name).type, f.type)
            for f in declared
        )
    return pa.types.is_null(found) or _family(found) == _family(declared)


def _is_list(type_: pa.DataType) -> bool:
    return bool(pa.types.is_list(type_) or pa.types.is_large_list(type_))


def _family(type_: pa.DataType) -> str:
    tests = {
        "whole number": pa.types.is_integer,
        "float": pa.types.is_floating,
        "decimal": pa.types.is_decimal,
        "text": lambda t: pa.types.is_string(t) or pa.types.is_large_string(t)
        or pa.types.is_string_view(t),
        "bytes": lambda t: pa.types.is_binary(t) or pa.types.is_large_binary(t)
        or pa.types.is_fixed_size_binary(t) or pa.types.is_binary_view(t),
        "date": pa.types.is_date,
        "time": pa.types.is_time,
        "timestamp": pa.types.is_timestamp,
    }  # fmt: skip
    return next((name for name, test in tests.items() if test(type_)), str(type_))
