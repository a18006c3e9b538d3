"""Iceberg tables, and a reader of them that is not ours: DuckDB, over the files they list."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from tidemill.connectors.iceberg.catalog import OpenCatalog
from tidemill.connectors.iceberg.connector import CONNECTOR
from tidemill.connectors.iceberg.options import parse
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import Batch, Column, DataType, RowKind, Schema, TableDescriptor
from tidemill.model.types import INT, STRING

SIMPLE = {"a": INT, "b": STRING}
KINDS = {"+I": RowKind.INSERT, "-U": RowKind.UPDATE_BEFORE, "+U": RowKind.UPDATE_AFTER,
         "-D": RowKind.DELETE}  # fmt: skip


class Lake:
    """Tables under one warehouse and one catalog."""

    def __init__(self, options: dict[str, str], name: str) -> None:
        self.options = {"connector": "iceberg", "catalog-name": "lake", **options}
        self.name = name

    def table(
        self,
        columns: dict[str, DataType] | None = None,
        key: tuple[str, ...] = (),
        partitioned: tuple[str, ...] = (),
        **options: str,
    ) -> TableDescriptor:
        given = {k.replace("__", ".").replace("_", "-"): v for k, v in options.items()}
        made = (columns or SIMPLE).items()
        schema = Schema(
            tuple(Column(n, t.with_nullable(t.nullable and n not in key)) for n, t in made)
        )
        options = {**self.options, "catalog-table": self.name, **given}
        return TableDescriptor("t", schema, options, key, partitioned)

    def group(self, table: TableDescriptor | None = None, job: str = "job") -> CommitGroup:
        assert CONNECTOR.commit_group is not None
        return CONNECTOR.commit_group([table or self.table()], JobContext(job, {}))

    def source(self, table: TableDescriptor) -> Source:
        assert CONNECTOR.source is not None
        return CONNECTOR.source(table, JobContext("job", {}))

    def write(
        self, rows: list[tuple], table: TableDescriptor | None = None, epoch: int | None = None,
        job: str = "job", kinds: str = "",
    ) -> list[Any]:  # fmt: skip
        """Commit rows as the next epoch (or `epoch`) of a job; what was refused."""
        table = table or self.table()
        group = self.group(table, job)
        try:
            held = group.open()
            number = epoch if epoch is not None else (held or 0) + 1
            letters = list(group.writer("t").write(self.batch(rows, table, kinds)))
            letters += group.prepare(number)
            group.commit(number, {})
            return letters
        finally:
            group.close()

    def load(self, table: TableDescriptor | None = None) -> Any:
        """The table as pyiceberg has it."""
        opened = OpenCatalog(parse(table or self.table()))
        opened.open()
        try:
            return opened.load()
        finally:
            opened.close()

    def rows(self, *columns: str) -> list[tuple]:
        """All rows as DuckDB reads them from the files that the metadata lists (no deletes)."""
        table = self.load()
        if table is None or table.current_snapshot() is None:
            return []
        names = {field.field_id: field.name for field in table.schema().fields}
        found: list[tuple] = []
        for entry in table.inspect.files().to_pylist():
            assert entry["content"] == 0
            with table.io.new_input(entry["file_path"]).open() as file:
                content = file.read()
            file_schema = parquet.read_schema(pa.BufferReader(content))
            ids = [int(field.metadata[b"PARQUET:field_id"]) for field in file_schema]
            with tempfile.NamedTemporaryFile(suffix=".parquet") as copy, duckdb.connect() as duck:
                copy.write(content)
                copy.flush()
                there = [names[i] for i in ids]
                for row in duck.read_parquet(copy.name).to_arrow_table().to_pylist():
                    by_name = dict(zip(there, row.values(), strict=True))
                    found.append(tuple(by_name.get(c) for c in columns or names.values()))
        return sorted(found, key=repr)

    def batch(
        self, rows: list[tuple], table: TableDescriptor | None = None, kinds: str = ""
    ) -> Batch:
        schema = (table or self.table()).schema
        arrays = [pa.array([r[i] for r in rows], f.type) for i, f in enumerate(schema.arrow())]
        values = [KINDS[k] for k in kinds.split()]
        return Batch(
            pa.RecordBatch.from_arrays(arrays, names=list(schema.names)),
            pa.array(values, pa.int8()) if kinds else None,
        )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    options = {"uri": f"jdbc:sqlite:{tmp_path}/catalog.db", "warehouse": str(tmp_path / "lager é")}
    return Lake(options, "t")


@pytest.fixture
def shared_lake(stack: Any) -> Lake:
    """A table in the stack's Postgres and its S3 store."""
    postgres, store = stack.endpoint("postgres"), stack.endpoint("s3")
    keys = ("endpoint", "region", "access-key", "path-style-access")
    name = f"t_{uuid.uuid4().hex[:12]}"
    return Lake(
        {
            "uri": f"jdbc:postgresql://{postgres.host}:{postgres.ports['sql']}/"
            f"{postgres.properties['database']}",
            "jdbc.user": postgres.properties["user"],
            "jdbc.password": postgres.secrets["password"],
            "warehouse": "s3://lake/iceberg",
            **{f"s3.{key}": store.properties[key] for key in keys},
            "s3.secret-key": store.secrets["secret-key"],
        },
        name,
    )


class Killer:
    """A process that forks others, which write one epoch each and are killed on the way."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("killed.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, table: TableDescriptor, at: int) -> int | None:
        """Die at the `at`-th call (0: never); the number of calls, None where it was killed."""
        assert self._process.stdin is not None and self._process.stdout is not None
        asked = [dict(table.options), list(table.primary_key), at]
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        calls: int | None = json.loads(self._process.stdout.readline())
        return calls

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture(scope="session")
def killer() -> Iterator[Killer]:
    made = Killer()
    yield made
    made.close()
