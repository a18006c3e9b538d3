"""The versions of a Delta table, as its log tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import dataset
from pyarrow.fs import FileSystem

from tidemill.connectors.delta.client import (
    arrow_schema,
    file_system,
    found_table,
    load,
    translated,
)
from tidemill.connectors.delta.options import parse
from tidemill.connectors.delta.types import partition_value
from tidemill.connectors.lake.source import VersionedSource
from tidemill.connectors.lake.versions import Behind, Step
from tidemill.errors import ConnectorError, StoreError, Where
from tidemill.model import TableDescriptor
from tidemill.stores import ObjectStore, open_store

if TYPE_CHECKING:
    from deltalake import DeltaTable


def delta_source(table: TableDescriptor) -> VersionedSource:
    """The source of one table, bounded or going on as its options say."""
    options = parse(table)
    interval = options.values["updateCheckIntervalMillis"] if options.streaming else None
    return VersionedSource(table, TableVersions(table), interval)


class TableVersions:
    """A version is a number of the log. See `lake.versions`."""

    def __init__(self, table: TableDescriptor) -> None:
        self._descriptor = table
        self._options = parse(table)
        self._store: ObjectStore | None = None
        self._found: DeltaTable | None = None
        self._files: FileSystem | None = None
        self._schema: pa.Schema | None = None
        self._fragments: dict[str, dataset.ParquetFileFragment] = {}

    @property
    def partition(self) -> str:
        """The table, as in `delta s3://lake/trips`."""
        return self._options.shown

    @property
    def _table(self) -> DeltaTable:
        if self._found is None:
            raise ConnectorError(f"{self.partition} is not open", code="connector.not-open")
        return self._found

    def open(self) -> None:
        """Read the log; the table must be there, with the declared columns."""
        self._found = found_table(self._options)
        self._store = open_store(self._options.url, self._descriptor.options)

    def start(self) -> Step | Behind:
        """The version that a bounded source reads, or the first of a streaming one."""
        values = self._options.values
        latest = int(self._table.version())
        if not self._options.streaming:
            at = values["versionAsOf"] if values["versionAsOf"] is not None else (
                values["timestampAsOf"]
            )  # fmt: skip
            return Step(latest if at is None else self._version_of(at), True)
        start = values["startingVersion"]
        if start is None:
            return Step(latest, True)
        if start.lower() == "latest":
            return Behind(latest)
        return Behind(int(start) - 1 if int(start) > 0 else None)

    def _version_of(self, at: int | str) -> int:
        try:
            table = load(self._options, at)
        except ConnectorError as error:
            if error.code == "connector.file-system":
                raise
            raise self._gone(at) from error
        assert table is not None
        return int(table.version())

    def behind(self, version: int) -> Behind:
        """The place after a version; versions are numbered one by one."""
        return Behind(version)

    def next(self, behind: Behind) -> int | None:
        """The number behind, where the log has it."""
        number = 0 if behind.version is None else behind.version + 1
        if number > self._table.version():
            with translated(self._options):
                self._table.update_incremental()
        latest = int(self._table.version())
        if number > latest + 1:
            raise self._gone(number - 1)
        return number if number <= latest else None

    def files(self, step: Step) -> Sequence[str]:
        """The files of a version, or those that it added."""
        found = self._all(step.version) if step.whole else self._added(step.version)
        self._fragments = dict(sorted(found.items()))
        return list(self._fragments)

    def _all(self, version: int) -> dict[str, dataset.ParquetFileFragment]:
        try:
            table = load(self._options, version)
        except ConnectorError as error:
            if error.code == "connector.file-system":
                raise
            raise self._gone(version) from error
        assert table is not None
        with translated(self._options):
            whole = table.to_pyarrow_dataset()
        self._schema, self._files = whole.schema, whole.filesystem
        return {fragment.path: fragment for fragment in whole.get_fragments()}

    def _added(self, version: int) -> dict[str, dataset.ParquetFileFragment]:
        """The files that a version added rows with; raises where it took rows away."""
        assert self._store is not None
        key = f"{self._options.url.key.rstrip('/')}/_delta_log/{version:020}.json"
        try:
            content = self._store.get(key)
        except StoreError as error:
            if error.code != "store.missing":
                raise
            raise self._gone(version) from error
        adds = []
        for line in content.splitlines():
            action = json.loads(line) if line.strip() else {}
            if action.get("remove", {}).get("dataChange"):
                raise self._changed(version)
            if action.get("add", {}).get("dataChange"):
                adds.append(action["add"])
        if adds:
            self._refresh()
        return {unquote(add["path"]): self._fragment(add) for add in adds}

    def _refresh(self) -> None:
        """The columns of now, and the way to the files."""
        with translated(self._options):
            self._schema = arrow_schema(self._table)
            self._files = file_system(self._table, self._options)

    def _fragment(self, add: dict[str, Any]) -> dataset.ParquetFileFragment:
        assert self._schema is not None
        values = add.get("partitionValues") or {}
        known: dataset.Expression | None = None
        for name, text in values.items():
            field = dataset.field(name)
            type_ = self._schema.field(name).type
            same = field.is_null() if text is None else field == partition_value(text, type_)
            known = same if known is None else known & same
        made = dataset.ParquetFileFormat().make_fragment
        return made(unquote(add["path"]), self._files, known)

    def read(self, step: Step, file: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of one file; partition columns come from the log."""
        assert self._schema is not None
        one = dataset.FileSystemDataset(
            [self._fragments[file]], self._schema, dataset.ParquetFileFormat(), self._files
        )
        names = set(self._schema.names)
        chosen = [name for name in columns if name in names]
        try:
            for batch in one.to_batches(columns=chosen):
                arrays = [
                    batch.column(name) if name in names else pa.nulls(batch.num_rows)
                    for name in columns
                ]
                yield pa.RecordBatch.from_arrays(arrays, names=list(columns))
        except (pa.ArrowException, OSError) as error:
            raise ConnectorError(
                f"the file `{file}` of {self.partition} cannot be read: {error}",
                code="connector.bad-file",
                where=Where(table=self._descriptor.name, file=file),
                hint="Was it cut or replaced, or its version expired while it was read?",
            ) from error

    def _gone(self, version: int | str) -> ConnectorError:
        return ConnectorError(
            f"{self.partition} has no version {version} any more, or never had it",
            code="connector.version-gone",
            where=Where(table=self._descriptor.name, file=self._options.uri),
            detail="Its entry of the log is not there; which rows it added cannot be told.",
            hint="Start the pipeline anew, without 'startingVersion'; keep the log longer than a "
            "pipeline may stand still (`delta.logRetentionDuration`).",
        )

    def _changed(self, version: int) -> ConnectorError:
        return ConnectorError(
            f"version {version} of {self.partition} changed or removed rows, and a streaming "
            "source gives new rows only",
            code="connector.rows-changed",
            where=Where(table=self._descriptor.name, file=self._options.uri),
            hint="Read the table bounded ('mode' = 'batch'), or start the pipeline anew behind "
            "that version, without 'startingVersion'.",
        )

    def close(self) -> None:
        """Give the store back."""
        self._fragments, self._found = {}, None
        if self._store is not None:
            self._store.close()
