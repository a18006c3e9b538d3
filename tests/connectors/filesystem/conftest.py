"""Helpers for tables of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tidemill.connectors.filesystem.connector import CONNECTOR
from tidemill.formats.json.format import FORMAT as JSON
from tidemill.formats.parquet import FORMAT as PARQUET
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import Batch, Column, ColumnKind, DataType, Schema, TableDescriptor
from tidemill.model import types as t

FORMATS = {"json": JSON, "parquet": PARQUET}


class Files:
    """Tables under one temporary folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def job(self, name: str = "job") -> JobContext:
        return JobContext(name, FORMATS)

    def table(
        self, columns: dict[str, DataType], path: Path | str | None = None, *,
        format: str = "json", partitioned: tuple[str, ...] = (),
        metadata: dict[str, str] | None = None, needed: frozenset[str] | None = None,
        **options: str,
    ) -> TableDescriptor:  # fmt: skip
        made = [Column(n, ty) for n, ty in columns.items()]
        for name, key in (metadata or {}).items():
            made.append(Column(name, CONNECTOR.metadata[key], ColumnKind.METADATA, key, True))
        given = {
            "connector": "filesystem", "path": str(path or self.root / "out"), "format": format,
            **options,
        }  # fmt: skip
        return TableDescriptor("files", Schema(tuple(made)), given, (), partitioned, needed)

    def batch(self, table: TableDescriptor, rows: list[tuple]) -> Batch:
        arrow = table.schema.arrow()
        arrays = [pa.array([r[i] for r in rows], f.type) for i, f in enumerate(arrow)]
        return Batch(pa.RecordBatch.from_arrays(arrays, schema=arrow))

    def group(self, table: TableDescriptor, job: str = "job") -> Any:
        return CONNECTOR.commit_group([table], self.job(job))

    def write(self, group: Any, table: TableDescriptor, epoch: int, rows: list[tuple]) -> None:
        group.writer("files").write(self.batch(table, rows))
        group.prepare(epoch)
        group.commit(epoch, {})

    def read(
        self, table: TableDescriptor, start: dict | None = None, rows_max: int = 1000
    ) -> list[PartitionBatch]:
        source = CONNECTOR.source(table, self.job())
        batches: list[PartitionBatch] = []
        try:
            source.open(start or {})
            while not source.finished():
                batches += source.read(rows_max, 1000)
        finally:
            source.close()
        for batch in batches:
            batch.rows.validate(full=True)
            assert batch.records == batch.rows.num_rows + batch.skipped + len(batch.dead_letters)
        return batches

    def rows(self, batches: list[PartitionBatch]) -> list[tuple]:
        return [tuple(r.values()) for b in batches for r in b.rows.to_pylist()]

    def visible(self, folder: Path | None = None) -> list[str]:
        root = folder or self.root / "out"
        return sorted(
            str(p.relative_to(root)) for p in root.rglob("*")
            if p.is_file() and not any(part.startswith(".") for part in p.relative_to(root).parts)
        )  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def simple() -> dict[str, DataType]:
    return {"id": t.INT, "v": t.STRING}
