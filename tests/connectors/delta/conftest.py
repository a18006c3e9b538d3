"""Delta tables, and a reader of them that is not ours: the log by hand, the files by DuckDB."""

from __future__ import annotations

import json
import tempfile
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pytest

from tidemill.connectors.delta.connector import CONNECTOR
from tidemill.connectors.delta.options import parse
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import Batch, Column, DataType, RowKind, Schema, TableDescriptor
from tidemill.model.types import INT, STRING
from tidemill.stores import open_store

SIMPLE = {"a": INT, "b": STRING}
KINDS = {"+I": RowKind.INSERT, "-U": RowKind.UPDATE_BEFORE, "+U": RowKind.UPDATE_AFTER,
         "-D": RowKind.DELETE}  # fmt: skip
NAMES = {"startingVersion", "versionAsOf", "timestampAsOf", "updateCheckIntervalMillis"}


class Lake:
    """One table."""

    def __init__(self, options: dict[str, str]) -> None:
        self.options = {"connector": "delta", **options}

    def table(
        self,
        columns: dict[str, DataType] | None = None,
        key: tuple[str, ...] = (),
        partitioned: tuple[str, ...] = (),
        **options: str,
    ) -> TableDescriptor:
        made = (columns or SIMPLE).items()
        schema = Schema(
            tuple(Column(n, t.with_nullable(t.nullable and n not in key)) for n, t in made)
        )
        return TableDescriptor("t", schema, {**self.options, **options}, key, partitioned)

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

    def log(self) -> list[list[dict[str, Any]]]:
        """The actions of each version."""
        options = parse(self.table())
        store = open_store(options.url, options.table.options)
        try:
            keys = [i.key for i in store.list(f"{options.url.key}/_delta_log/")]
            return [
                [json.loads(line) for line in store.get(key).splitlines()]
                for key in sorted(keys) if key.endswith(".json")
            ]  # fmt: skip
        finally:
            store.close()

    def files(self) -> dict[str, dict[str, Any]]:
        """The files of the newest version, with their `add` actions."""
        live: dict[str, dict[str, Any]] = {}
        for actions in self.log():
            for action in actions:
                if "remove" in action:
                    del live[action["remove"]["path"]]
                if "add" in action:
                    live[action["add"]["path"]] = action["add"]
        return live

    def rows(self, *columns: str) -> list[tuple]:
        """All rows as DuckDB reads them from the files of the log."""
        options = parse(self.table())
        store = open_store(options.url, options.table.options)
        found = []
        for path, add in self.files().items():
            content = store.get(f"{options.url.key}/{unquote(path)}")
            with tempfile.NamedTemporaryFile(suffix=".parquet") as copy, duckdb.connect() as duck:
                copy.write(content)
                copy.flush()
                for row in duck.read_parquet(copy.name).to_arrow_table().to_pylist():
                    by_name = {**row, **add["partitionValues"]}
                    found.append(tuple(by_name.get(c) for c in columns or by_name))
        store.close()
        return sorted(found, key=repr)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake({"table-path": str(tmp_path / "lager é" / "t")})


@pytest.fixture
def shared_lake(stack: Any) -> Lake:
    """A table in the stack's S3 store."""
    store = stack.endpoint("s3")
    keys = ("endpoint", "region", "access-key", "path-style-access")
    return Lake(
        {
            "table-path": f"s3://lake/delta/t_{uuid.uuid4().hex[:12]}",
            **{f"s3.{key}": store.properties[key] for key in keys},
            "s3.secret-key": store.secrets["secret-key"],
        }
    )
