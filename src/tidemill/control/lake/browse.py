"""Use case: look into the lake: buckets, folders, and the first rows of a file or a view.

Only buckets are looked into, never files of this machine: who may look at the console is not for
that reason somebody who may read all that its process can. Folders are what slashes in keys make of
them; each is found by one request, whatever lies in it.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import parquet

from tidemill.control.lake.query import lake_connection
from tidemill.control.masks import Masks
from tidemill.control.object_stores import store_options
from tidemill.control.project_context import resolver
from tidemill.errors import ProjectError, StoreError, UserError
from tidemill.project import Project
from tidemill.project.lake import read_lake
from tidemill.records import dataclass
from tidemill.stores import ObjectInfo, ObjectStore, StoreUrl, open_store, parse_url
from tidemill.stores.options import parse_options
from tidemill.stores.reader import open_object
from tidemill.stores.s3 import S3Store

ENTRIES_MAX = 1000
ROWS_MAX = 100
TEXT_BYTES_MAX = 4096
BYTES_MAX = 64 << 20
_LAST = "\U0010ffff"
_READERS = {
    ".csv": "read_csv", ".tsv": "read_csv", ".json": "read_json", ".jsonl": "read_json",
    ".ndjson": "read_json",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder, or an object with its size in bytes; `name` is the key's last part."""

    name: str
    url: str
    is_folder: bool
    size: int | None = None
    modified: datetime.datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        at = None if self.modified is None else self.modified.isoformat()
        return {**asdict(self), "modified": at}


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies in a folder; `more` where entries were left out.

    `table` is iceberg or delta where the folder is the root of such a table.
    """

    url: str
    entries: tuple[Entry, ...]
    more: bool
    table: str | None

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        entries = [entry.as_dict() for entry in self.entries]
        return {"url": self.url, "entries": entries, "more": self.more, "table": self.table}


@dataclass(frozen=True, slots=True)
class Preview:
    """The begin of a file or view: `kind` is rows, text or bytes; `facts` are said of it.

    `columns` are names with types; of bytes nothing is shown.
    """

    url: str
    kind: str
    facts: tuple[tuple[str, str | int], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        from tidemill.quality.result import plain  # noqa: PLC0415 - beside its only use

        return {
            "url": self.url,
            "kind": self.kind,
            "facts": dict(self.facts),
            "columns": [{"name": name, "type": type_} for name, type_ in self.columns],
            "rows": plain(self.rows),
            "text": self.text,
        }


def buckets(project: Project) -> list[str]:
    """The buckets that the project's store lists, and those that its connections name, sorted."""
    found = {
        part.strip()
        for given in project.settings.connections.values()
        for part in f"{given.get('bucket', '')},{given.get('buckets', '')}".split(",")
    }
    try:
        options = store_options(resolver(project), StoreUrl("s3", "lake", ""))
        with closing(S3Store("lake", parse_options(options))) as store:
            found |= set(store.buckets())
    except (StoreError, ProjectError):
        # Keys often may read one bucket and not list all; then the named ones are known.
        if not found - {""}:
            raise
    return sorted(found - {""})


def views(project: Project) -> list[str]:
    """The names of the views that `lake.yaml` declares."""
    return list(read_lake(project.root)[0].views)


def folder(project: Project, url: str, limit: int = ENTRIES_MAX) -> Folder:
    """The folders and objects directly in a folder of a bucket, in the order of their keys."""
    parsed = bucket_url(url if url.endswith("/") else f"{url}/")
    with closing(_open(project, parsed)) as store:
        found = list(itertools.islice(_entries(store, parsed), limit + 1))
    kinds = {"metadata": "iceberg", "_delta_log": "delta"}
    names = {entry.name for entry in found if entry.is_folder}
    table = next((kind for name, kind in kinds.items() if name in names), None)
    return Folder(str(parsed), tuple(found[:limit]), len(found) > limit, table)


def preview(project: Project, url: str) -> Preview:
    """The first rows of a Parquet, CSV or JSON object, or the first text of another."""
    parsed = bucket_url(url)
    masks = Masks(tuple(project.settings.personal))
    with closing(_open(project, parsed)) as store:
        info = store.head(parsed.key)
        suffix = _suffix(parsed.key)
        facts = (("Size", info.size), ("Modified", f"{info.modified:%Y-%m-%d %H:%M:%S}"))
        if suffix == ".parquet":
            return _parquet(store, info, str(parsed), facts, masks)
        reader = _READERS.get(suffix)
        if reader is None or info.size > BYTES_MAX:
            return _text(store, info, str(parsed), facts, masks)
    with lake_connection(project) as connection:
        try:
            rows = getattr(connection, reader)(str(parsed)).limit(ROWS_MAX).to_arrow_table()
        except duckdb.Error as error:
            raise unreadable(url, error) from None
    return rows_preview(str(parsed), rows, facts, masks)


def preview_view(project: Project, name: str) -> Preview:
    """The first rows of a view of `lake.yaml`."""
    if name not in views(project):
        raise UserError(f"lake.yaml has no view `{name}`", code="control.unknown-view")
    with lake_connection(project) as connection:
        try:
            rows = connection.view(name).limit(ROWS_MAX).to_arrow_table()
        except duckdb.Error as error:
            raise unreadable(name, error) from None
    return rows_preview(name, rows, (), Masks(tuple(project.settings.personal)))


def _entries(store: ObjectStore, url: StoreUrl) -> Iterator[Entry]:
    after = ""
    while True:
        for info in store.list(url.key, after):
            rest = info.key[len(url.key) :]
            name, slash, _ = rest.partition("/")
            if slash:
                inside = f"{url.key}{name}/"
                yield Entry(name, str(url.with_key(inside)), True)
                after = inside + _LAST
                break
            if rest:
                address = str(url.with_key(info.key))
                yield Entry(name, address, False, info.size, info.modified)
        else:
            return


def _parquet(
    store: ObjectStore,
    info: ObjectInfo,
    url: str,
    facts: tuple[tuple[str, str | int], ...],
    masks: Masks,
) -> Preview:
    try:
        with (
            open_object(store, info) as opened,
            parquet.ParquetFile(opened, pre_buffer=False) as file,
        ):
            about = file.metadata
            first = next(file.iter_batches(batch_size=ROWS_MAX), None)
            schema = file.schema_arrow
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise unreadable(url, error) from None
    rows = schema.empty_table() if first is None else pa.Table.from_batches([first])
    groups = about.num_row_groups
    codec = about.row_group(0).column(0).compression if groups and about.num_columns else "none"
    more = (
        ("Rows", about.num_rows), ("Row groups", groups), ("Compression", codec),
        ("Written by", about.created_by or "unknown"),
    )  # fmt: skip
    return rows_preview(url, rows, (*facts, *more), masks)


def rows_preview(
    url: str, rows: pa.Table, facts: tuple[tuple[str, str | int], ...], masks: Masks
) -> Preview:
    """Rows as a preview, without what is masked."""
    columns = tuple((field.name, str(field.type)) for field in rows.schema)
    shown = masks.table(rows.slice(0, ROWS_MAX)).to_pylist()
    return Preview(url, "rows", facts, columns, tuple(shown))


def _text(
    store: ObjectStore,
    info: ObjectInfo,
    url: str,
    facts: tuple[tuple[str, str | int], ...],
    masks: Masks,
) -> Preview:
    begin = store.get_range(info.key, 0, TEXT_BYTES_MAX, etag=info.etag)
    try:
        # The last character may be cut.
        text = begin.decode("utf-8", "strict" if info.size <= TEXT_BYTES_MAX else "ignore")
    except UnicodeDecodeError:
        return Preview(url, "bytes", facts)
    if "\0" in text:
        return Preview(url, "bytes", facts)
    return Preview(url, "text", facts, text=masks.text(text))


def _open(project: Project, url: StoreUrl) -> ObjectStore:
    return open_store(url, store_options(resolver(project), url))


def bucket_url(url: str) -> StoreUrl:
    """The address, if it is one in a bucket; raises StoreError."""
    parsed = parse_url(url)
    if parsed.scheme != "s3":
        raise StoreError(
            f"`{url}` is no address in a bucket",
            code="store.bad-url",
            hint="The console looks into buckets only: s3://bucket/key",
        )
    return parsed


def _suffix(key: str) -> str:
    name = key.rpartition("/")[2].lower()
    for packed in (".gz", ".zst"):
        name = name.removesuffix(packed)
    return name[name.rfind(".") :] if "." in name else ""


def unreadable(what: str, error: Exception) -> UserError:
    """The error for what a reader cannot read."""
    return UserError(
        f"`{what}` cannot be shown: {str(error).strip().splitlines()[0]}",
        code="control.bad-query",
    )
