"""The rows of a table as of one place in the log, in the order of its primary key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from tidemill.connectors.jdbc.connection import Connection
from tidemill.connectors.jdbc.copy_out import CopyOut
from tidemill.connectors.jdbc.reading import Reader, Unreadable
from tidemill.connectors.jdbc.scan import Scan
from tidemill.connectors.jdbc.target import TargetTable
from tidemill.connectors.postgres_cdc.options import CdcOptions
from tidemill.errors import ConnectorError, Where
from tidemill.model import Position

Key = tuple[str, ...]


class Snapshot:
    """Reads what lies behind a key, on a connection that holds the snapshot open."""

    def __init__(
        self, connection: Connection, options: CdcOptions, target: TargetTable, after: Key | None
    ) -> None:
        scan = Scan.of(options.table, target, options.source)
        scan = replace(scan, order=key_of(options, target))
        self._scan = scan
        self._reader = Reader(scan.columns, len(scan.order))
        self._as_texts = Reader((), len(scan.order) + len(scan.columns))
        behind: Position = None if after is None else {"after": list(after)}
        self._copy = CopyOut(connection, scan.query("0", behind))
        self.after = after

    @property
    def finished(self) -> bool:
        """Whether the last row has been read."""
        return self._copy.finished

    def read(
        self, rows_max: int, timeout_ms: int
    ) -> tuple[Sequence[bytes], pa.Table, Sequence[Unreadable]]:
        """The next rows: as lines, as a table of the needed columns, and those that do not fit."""
        lines = self._copy.read(rows_max, timeout_ms)
        table, bad = self._reader.read(lines)
        if lines:
            keys = table
            if bad and bad[-1].index == len(lines) - 1:
                # the last row is unreadable as its types, but its key, read as text, is not
                keys, _ = self._as_texts.read(lines[-1:])
            columns = keys.columns[-len(self._scan.order) :]
            self.after = tuple(column[-1].as_py() for column in columns)
        names = [column.name for column in self._scan.columns]
        return lines, table.select(range(len(names))).rename_columns(names), bad


def key_of(options: CdcOptions, target: TargetTable) -> Key:
    """The columns by whose order the table can be read in parts; raises where there are none."""
    declared = options.table.primary_key
    unique = bool(declared) and frozenset(declared) in target.unique_keys
    if unique and all(target.columns[name].not_null for name in declared):
        return declared
    if target.primary_key:
        return target.primary_key
    raise ConnectorError(
        f"the Postgres table `{options.source.shown_table}` has no primary key, so its rows cannot "
        "be read in parts",
        code="connector.schema-mismatch",
        where=Where(server=options.shown, table=options.table.name),
        hint="Add a primary key, or set 'scan.startup.mode' = 'latest-offset'.",
    )
