"""The bounded source of `jdbc`: one snapshot of a table."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import pyarrow as pa

from tidemill.connectors.jdbc.connection import Connection, Login, connect, translated
from tidemill.connectors.jdbc.copy_out import CopyOut
from tidemill.connectors.jdbc.options import parse
from tidemill.connectors.jdbc.reading import Reader, Unreadable
from tidemill.connectors.jdbc.scan import DONE, Scan
from tidemill.connectors.jdbc.target import check_columns, check_types, find_table, missing_table
from tidemill.errors import ProjectError
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import DeadLetter, Position, TableDescriptor

_NUMERIC = frozenset({"int2", "int4", "int8", "float4", "float8", "numeric"})


class JdbcSource:
    """Reads the partitions of a table one after the other, all from the same snapshot.

    A restored scan takes a new snapshot and goes on behind the last key.
    """

    def __init__(self, table: TableDescriptor) -> None:
        self._table = table
        self._options = parse(table)
        check_types(table)
        self._arrow = table.schema.arrow()
        self._connection: Connection | None = None
        self._scan: Scan | None = None
        self._positions: dict[str, Position] = {}
        self._left: list[str] = []
        self._copy: CopyOut | None = None

    def open(self, start: Mapping[str, Position]) -> None:
        """Connect, check the table, take the snapshot."""
        login = Login.of(self._options)
        with translated(login.shown, self._table.name):
            connection = connect(login, "tidemill scan")
            self._connection = connection
            target = find_table(connection, self._options)
            if target is None:
                raise missing_table(connection, self._table, self._options, writing=False)
            check_columns(self._table, target, self._options, writing=False)
            self._scan = Scan.of(self._table, target, self._options)
            self._check_split(self._scan)
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        texts = len(self._scan.order) or (0 if self._scan.columns else 1)
        self._reader = Reader(self._scan.columns, texts)
        self._as_texts = Reader((), texts + len(self._scan.columns))
        self._positions = {p: start.get(p) for p in self._scan.partitions()}
        self._left = [p for p, at in self._positions.items() if at != DONE]

    def _check_split(self, scan: Scan) -> None:
        split = self._options.partitions
        if split is None:
            return
        column = scan.target.columns.get(split.column)
        if column is None or column.type.name not in _NUMERIC:
            found = "does not exist" if column is None else f"is of type {column.shown_type}"
            raise ProjectError(
                f"`scan.partition.column` takes a numeric column, and `{split.column}` {found}",
                code="connector.bad-option",
            )

    def partitions(self) -> Sequence[str]:
        """The partitions of the scan; one without `scan.partition.*`."""
        return list(self._positions)

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """The next rows of the partition that is being read."""
        if not self._left or self._scan is None or self._connection is None:
            return ()
        fetch = self._options.values["scan.fetch-size"]
        partition = self._left[0]
        with translated(f"postgres {self._options.target}", self._table.name):
            if self._copy is None:
                query = self._scan.query(partition, self._positions[partition])
                self._copy = CopyOut(self._connection, query)
            lines = self._copy.read(min(rows_max, fetch) if fetch else rows_max, timeout_ms)
            if self._copy.finished:
                self._copy = None
                self._left.pop(0)
        if not lines and self._copy is not None:
            return ()
        return (self._batch(partition, lines, ended=self._copy is None),)

    def _batch(self, partition: str, lines: Sequence[bytes], *, ended: bool) -> PartitionBatch:
        assert self._scan is not None
        table, unreadable = self._reader.read(lines)
        letters = tuple(
            DeadLetter(
                table=self._table.name,
                stage="type",
                code="connector.value-unreadable",
                message=f"a value of `{self._options.shown_table}` does not fit: {bad.message}",
                partition=partition,
                value=bad.line.rstrip(b"\n"),
            )
            for bad in unreadable
        )
        before = self._positions[partition]
        self._positions[partition] = self._advance(before, table, lines, unreadable, ended=ended)
        return PartitionBatch(
            partition,
            self._rows(table),
            None,
            self._positions[partition],
            len(lines),
            dead_letters=letters,
        )

    def _advance(
        self,
        before: Position,
        table: pa.Table,
        lines: Sequence[bytes],
        bad: Sequence[Unreadable],
        *,
        ended: bool,
    ) -> Position:
        assert self._scan is not None
        if ended:
            return DONE
        if not self._scan.order:
            seen = before.get("row", 0) if isinstance(before, dict) else 0
            assert isinstance(seen, int)
            return {"row": seen + len(lines)}
        keys = table
        if bad and bad[-1].index == len(lines) - 1:
            # the last row is unreadable as its types, but its key, read as text, is not
            keys, _ = self._as_texts.read(lines[-1:])
        return {"after": [c[-1].as_py() for c in keys.columns[-len(self._scan.order) :]]}

    def _rows(self, table: pa.Table) -> pa.RecordBatch:
        assert self._scan is not None
        read = {c.name: table.column(i) for i, c in enumerate(self._scan.columns)}
        arrays = []
        for field in self._arrow:
            column = read.get(field.name)
            if column is None:
                arrays.append(pa.nulls(table.num_rows, field.type))
            else:
                arrays.append(
                    pa.concat_arrays(column.chunks)
                    if column.num_chunks
                    else pa.nulls(0, field.type)
                )
        schema = pa.schema([f if f.name in read else f.with_nullable(True) for f in self._arrow])
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def finished(self) -> bool:
        """Whether all partitions have been read."""
        return self._scan is not None and not self._left

    def caught_up(self) -> bool:
        """A snapshot is caught up when it has been read."""
        return self.finished()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
