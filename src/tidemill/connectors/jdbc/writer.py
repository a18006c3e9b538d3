"""The writer of one table of a jdbc sink: keeps the rows of the epoch and puts them in."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.jdbc.changes import effective, last_per_key, rows_of_keys
from tidemill.connectors.jdbc.connection import Connection, translated
from tidemill.connectors.jdbc.options import JdbcOptions
from tidemill.connectors.jdbc.prechecks import checks
from tidemill.connectors.jdbc.staging import DELETED, Staging
from tidemill.connectors.jdbc.target import TargetTable
from tidemill.errors import ConnectorError, Where
from tidemill.model import Batch, DeadLetter, RowKind, TableDescriptor
from tidemill.model.row_json import row_json

BUFFER_BYTES_MAX = 64 << 20
_WITHDRAWN = pa.array([RowKind.DELETE, RowKind.UPDATE_BEFORE], pa.int8())


class JdbcWriter:
    """Takes the rows of one table; they go into the transaction at `flush`.

    Rows wait in memory until then, at most about `BUFFER_BYTES_MAX` of them: `write` flushes early
    above that, which is safe, as nothing is visible before the commit.
    """

    def __init__(
        self,
        table: TableDescriptor,
        options: JdbcOptions,
        number: int,
        transaction: Callable[[], Connection],
        note_write: Callable[[JdbcWriter], None],
    ) -> None:
        self.table = table
        self.options = options
        self.number = number
        self.target: TargetTable | None = None
        self.staging: Staging | None = None
        self._transaction = transaction
        self._note_write = note_write
        self._batches: list[Batch] = []
        self._bytes = 0

    def ready(self, target: TargetTable) -> Staging:
        """Note the table as it stands in Postgres; return what carries rows into it."""
        self.target = target
        self.staging = Staging(self.table, target, self.number)
        return self.staging

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows into the open epoch."""
        if len(batch) == 0:
            return []
        self._note_write(self)
        self._batches.append(batch)
        self._bytes += batch.bytes
        if self._bytes < BUFFER_BYTES_MAX:
            return []
        with translated(f"postgres {self.options.target}", self.table.name):
            return self.flush()

    def discard(self) -> None:
        """Forget the rows that wait."""
        self._batches, self._bytes = [], 0

    def flush(self) -> list[DeadLetter]:
        """Put the waiting rows into the open transaction; return the refused ones."""
        if not self._batches:
            return []
        connection = self._transaction()
        rows = self._changes()
        self.discard()
        letters, rows = self._precheck(rows)
        keys = self.table.primary_key
        while rows.num_rows:
            chosen = rows.take(last_per_key(rows, keys)) if keys else rows
            refused = self._apply(connection, chosen)
            letters.extend(self._letter(chosen, index, why) for index, why in refused)
            if not refused or not keys:
                break
            # what came before a refused row of the same key still counts
            lost = chosen.take(pa.array([index for index, _ in refused], pa.int64()))
            rows = rows.take(rows_of_keys(rows, keys, lost))
            last = last_per_key(rows, keys)
            keep = pc.invert(pc.is_in(pa.array(range(rows.num_rows), pa.int64()), value_set=last))
            rows = rows.filter(keep)
        return letters

    def _changes(self) -> pa.Table:
        """The waiting rows as one table, the column `deleted` first, without replaced -U."""
        kinds = pa.concat_arrays(
            [
                b.kinds
                if b.kinds is not None
                else pa.nulls(len(b), pa.int8()).fill_null(int(RowKind.INSERT))
                for b in self._batches
            ]
        )
        rows = pa.Table.from_batches([b.rows for b in self._batches])
        deleted = pc.is_in(kinds, value_set=_WITHDRAWN)
        names = [DELETED, *(f"c{i}" for i in range(rows.num_columns))]
        changes = pa.table([deleted, *rows.columns], names=names)
        if not self.table.primary_key:
            self._refuse_updates(kinds)
            return changes
        changes = changes.rename_columns([DELETED, *self.table.schema.names])
        return changes.filter(effective(changes, self.table.primary_key, kinds))

    def _refuse_updates(self, kinds: pa.Int8Array) -> None:
        if pc.any(pc.not_equal(kinds, int(RowKind.INSERT))).as_py():
            raise ConnectorError(
                f"`{self.table.name}` takes only new rows, and a change came",
                code="connector.schema-mismatch",
                where=Where(table=self.table.name),
                hint="Declare a PRIMARY KEY ... NOT ENFORCED, so that rows can be updated.",
            )

    def _precheck(self, rows: pa.Table) -> tuple[list[DeadLetter], pa.Table]:
        assert self.target is not None
        refused: dict[int, str] = {}
        living = pc.invert(rows[DELETED])
        for index, column in enumerate(self.table.schema.columns):
            in_key = column.name in self.table.primary_key
            for is_refused, why in checks(column, self.target.columns[column.name], in_key=in_key):
                bad = pc.fill_null(is_refused(rows.column(index + 1)), False)
                bad = bad if in_key else pc.and_(bad, living)
                if pc.any(bad).as_py():
                    for row in pc.indices_nonzero(bad).to_pylist():
                        refused.setdefault(row, why)
        if not refused:
            return [], rows
        letters = [self._letter(rows, index, why) for index, why in sorted(refused.items())]
        numbers = pa.array(range(rows.num_rows), pa.int64())
        bad_rows = pa.array(list(refused), pa.int64())
        return letters, rows.filter(pc.invert(pc.is_in(numbers, value_set=bad_rows)))

    def _apply(self, connection: Connection, rows: pa.Table) -> list[tuple[int, str]]:
        assert self.staging is not None
        return [(r.index, r.message) for r in self.staging.apply(connection, rows)]

    def _letter(self, rows: pa.Table, index: int, why: str) -> DeadLetter:
        row = rows.slice(index, 1).drop_columns([DELETED])
        row = row.rename_columns(list(self.table.schema.names))
        return DeadLetter(
            table=self.table.name,
            stage="sink",
            code="connector.row-refused",
            message=f"`{self.options.shown_table}` refuses the row: {why}",
            value=row_json(row, 0),
        )
