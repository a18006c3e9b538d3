"""The writer of one Delta table: keeps the epoch's rows, and writes them with its commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from sqlglot import exp

from tidemill.connectors.delta.client import written_schema
from tidemill.connectors.delta.options import DeltaOptions
from tidemill.connectors.lake.rows import EpochRows, taken
from tidemill.errors import ConnectorError
from tidemill.model import Batch, DeadLetter

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable

_DELETED = "tidemill_deleted"


class DeltaWriter:
    """Takes rows into memory (without a key, above a limit, into a temporary file)."""

    def __init__(self, options: DeltaOptions) -> None:
        self.options = options
        self._schema: pa.Schema | None = None
        self._rows = EpochRows()

    def open(self, table: DeltaTable) -> None:
        """The table is there."""
        self._schema = written_schema(table, self.options)

    def write(self, batch: Batch) -> list[DeadLetter]:
        """Take the rows into the open epoch."""
        if self._schema is None:
            raise ConnectorError(
                f"{self.options.shown} is not open", code="connector.not-open", retryable=True
            )
        if len(batch) == 0:
            return []
        kept, letters = taken(batch, self.options.table, self._schema, self.options.shown)
        self._rows.add(kept, spill=not self.options.table.primary_key)
        return letters

    def discard(self) -> None:
        """Forget the rows of the open epoch."""
        self._rows.clear()

    def commit(self, table: DeltaTable, properties: CommitProperties) -> None:
        """Write the rows and the log's entry; may be called again after a conflict."""
        from deltalake import write_deltalake  # noqa: PLC0415 - an extra

        assert self._schema is not None
        if self.options.table.primary_key and self._rows:
            self._merge(table, properties)
            return
        write_deltalake(
            table,
            self._rows.reader(self._schema),
            mode="append",
            schema_mode="merge" if self._lacks_columns(table) else None,
            commit_properties=properties,
        )

    def _lacks_columns(self, table: DeltaTable) -> bool:
        """Whether the table has columns that are not declared, which take NULL then."""
        return len(table.schema().fields) > len(self.options.table.schema.columns)

    def _merge(self, table: DeltaTable, properties: CommitProperties) -> None:
        found = self._rows.changes(self.options.table.primary_key)
        assert found is not None
        rows, deleted = found
        conditions = [
            exp.EQ(this=_column("target", key), expression=_column("source", key))
            for key in self.options.table.primary_key
        ]
        is_deleted = _column("source", _DELETED)
        values = {
            exp.to_identifier(name, quoted=True).sql("postgres"): _text(_column("source", name))
            for name in self.options.table.schema.names
        }
        merge = table.merge(
            rows.append_column(_DELETED, deleted),
            _text(exp.and_(*conditions)),
            source_alias="source",
            target_alias="target",
            streamed_exec=False,
            commit_properties=properties,
        )
        merge.when_matched_delete(_text(is_deleted))
        merge.when_matched_update(values)
        merge.when_not_matched_insert(values, predicate=_text(exp.Not(this=is_deleted)))
        merge.execute()


def _column(table: str, name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True), table=table)


def _text(expression: exp.Expr) -> str:
    return expression.sql("postgres")
