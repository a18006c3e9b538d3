"""Copy and sums beside the captured table, at a moment when nobody writes."""

from __future__ import annotations

import contextlib

import pyarrow as pa
from psycopg import sql

from tidemill.connectors.jdbc.keyed_sums import KeyRange
from tidemill.control.chaos.change_capture.text import SUMMED, items_table
from tidemill.control.chaos.servers import ChaosServers
from tidemill.control.pipeline import compile_pipeline, opened
from tidemill.control.reconcile.bisect import bisect
from tidemill.control.reconcile.compare import Differences, differences
from tidemill.control.reconcile.content import read_table
from tidemill.control.reconcile.live import compared_columns
from tidemill.control.reconcile.sides import keyed
from tidemill.interfaces.connector import JobContext
from tidemill.model import TableDescriptor
from tidemill.project import Project

_SHOWN = 3
_SUMS = ("sums", "cached")


class Compared:
    """Opens the pipeline's tables anew for each look, as servers come and go."""

    def __init__(self, servers: ChaosServers, project: Project, name: str) -> None:
        self._servers, self._project, self._name = servers, project, name
        compiled = compile_pipeline(project, project.pipeline(name))
        written = {insert.sink.name: insert.sink for insert in compiled.script.inserts}
        self._tables = {
            table: opened(found, compiled.source, project.root)
            for table, found in {**compiled.script.tables, **written}.items()
        }

    def differences(self) -> list[str]:
        """What differs, in sentences; raises ConnectorError or psycopg's errors."""
        return [*self._copy(), *self._sums()]

    def _copy(self) -> list[str]:
        """The copy by the keyed checksums of `reconcile`."""
        original, copied = self._tables["original"], self._tables["copied"]
        columns = compared_columns(copied, original)
        with (
            contextlib.closing(keyed(original, columns, copied.primary_key)) as left,
            contextlib.closing(keyed(copied, columns, copied.primary_key)) as right,
        ):
            left.begin()
            right.begin()
            (of_left,), (of_right,) = left.sums(KeyRange()), right.sums(KeyRange())
            found = bisect(left, right, of_left, of_right)
            keys = sorted(found.keys)
            one, two = left.of(keys[:_SHOWN]), right.of(keys[:_SHOWN])
        if not keys:
            return []
        shown = [(k, _short(one.get(k)), _short(two.get(k))) for k in keys[:_SHOWN]]
        return [f"copied: {len(keys)} rows differ, such as (key, table, copy) {shown}"]

    def _sums(self) -> list[str]:
        from tidemill.formats import FORMATS  # noqa: PLC0415 - loaded when used

        query = sql.SQL("SELECT {} FROM {} GROUP BY grp").format(
            sql.SQL(SUMMED), sql.Identifier(items_table(self._name))
        )
        with self._servers.sql() as connection:
            rows = connection.execute(query).fetchall()
        wrong = []
        for name in _SUMS:
            table = self._tables[name]
            wanted = _arrow(rows, table)
            found = read_table(table, JobContext("chaos-check", FORMATS)).rows
            if differ := differences(wanted, found, table.primary_key):
                wrong.append(f"{name}: {_said(differ)}")
        return wrong


def _arrow(rows: list[tuple[object, ...]], table: TableDescriptor) -> pa.Table:
    schema = pa.schema([field.with_nullable(True) for field in table.schema.arrow()])
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values).cast(f.type) for values, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _said(found: Differences) -> str:
    shown = [*found.missing_rows[:1], *found.unexpected_rows[:1], *found.different_rows[:2]]
    return (
        f"{found.missing} groups are missing, {found.unexpected} too many, {found.different} "
        f"different (the table's value first), such as {shown}"
    )


def _short(row: object) -> str:
    values = getattr(row, "values", None)
    return "no row" if values is None else str([v if v is None else v[:20] for v in values])
