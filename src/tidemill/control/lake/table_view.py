"""Use case: an Iceberg or Delta table in a folder of a bucket: its versions and its first rows.

Versions are read from the table's own files, so no catalog is asked and no pipeline must know the
table. Only buckets are looked into, as in `browse.py`.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from tidemill.control.lake.browse import ROWS_MAX, Preview, bucket_url, rows_preview, unreadable
from tidemill.control.lake.tables import delta_at
from tidemill.control.masks import Masks
from tidemill.control.object_stores import store_options
from tidemill.control.project_context import resolver
from tidemill.errors import TidemillError, UserError
from tidemill.project import Project
from tidemill.records import dataclass
from tidemill.stores import ObjectStore, StoreUrl, open_store

VERSIONS_MAX = 100


@dataclass(frozen=True, slots=True)
class Version:
    """A snapshot of Iceberg or a version of Delta; `rows_added` None where the table says none."""

    name: str
    at: datetime.datetime | None
    operation: str
    rows_added: int | None
    current: bool

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        return {**asdict(self), "at": None if self.at is None else self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class TableView:
    """A table: its kind, iceberg or delta, its versions, the newest first, and its first rows."""

    kind: str
    versions: tuple[Version, ...]
    preview: Preview

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        versions = [version.as_dict() for version in self.versions]
        return {"kind": self.kind, "versions": versions, "preview": self.preview.as_dict()}


def table_view(project: Project, url: str) -> TableView:
    """The table in a folder; raises StoreError, or UserError where it cannot be read."""
    parsed = bucket_url(url if url.endswith("/") else f"{url}/")
    reach = store_options(resolver(project), parsed)
    with closing(open_store(parsed, reach)) as store:
        logs = _names(store, parsed, "_delta_log/", ".json")
        metadata = _names(store, parsed, "metadata/", ".metadata.json")
        if logs:
            kind, versions = "delta", tuple(_of_delta(store, logs))
        elif metadata:
            kind, versions = "iceberg", tuple(_of_iceberg(store, metadata[-1]))
        else:
            raise UserError(f"there is no table in `{url}`", code="control.unknown-table")
    try:
        rows = _delta_rows(parsed, reach) if logs else _iceberg_rows(parsed, metadata[-1], reach)
    except TidemillError:
        raise
    except Exception as error:  # the libraries have no error of their own in common
        raise unreadable(url, error) from None
    facts = (("Kind", kind), ("Versions", len(versions)))
    masks = Masks(tuple(project.settings.personal))
    return TableView(kind, versions, rows_preview(str(parsed), rows, facts, masks))


def _names(store: ObjectStore, url: StoreUrl, folder: str, suffix: str) -> list[str]:
    """The keys of a table's own files, in the order of their versions."""
    return sorted(i.key for i in store.list(url.key + folder, "") if i.key.endswith(suffix))


def _of_delta(store: ObjectStore, logs: list[str]) -> Iterator[Version]:
    for key in reversed(logs[-VERSIONS_MAX:]):
        number = key.rpartition("/")[2].removesuffix(".json")
        info: dict[str, Any] = {}
        for line in store.get(key).splitlines():
            info = json.loads(line).get("commitInfo", info)
        metrics = info.get("operationMetrics") or {}
        added = metrics.get("num_added_rows", metrics.get("numOutputRows"))
        yield Version(
            str(int(number)), _time(info.get("timestamp")), str(info.get("operation", "")),
            None if added is None else int(added), key == logs[-1],
        )  # fmt: skip


def _of_iceberg(store: ObjectStore, key: str) -> Iterator[Version]:
    table = json.loads(store.get(key))
    current = table.get("current-snapshot-id")
    for one in list(reversed(table.get("snapshots", [])))[:VERSIONS_MAX]:
        summary = one.get("summary", {})
        added = summary.get("added-records")
        yield Version(
            str(one["snapshot-id"]), _time(one.get("timestamp-ms")), summary.get("operation", ""),
            None if added is None else int(added), one["snapshot-id"] == current,
        )  # fmt: skip


def _delta_rows(url: StoreUrl, reach: dict[str, str]) -> pa.Table:
    from tidemill.connectors.delta.rows import table_rows  # noqa: PLC0415 - an extra

    with table_rows(delta_at(str(url).rstrip("/"), reach)) as rows:
        first: pa.Table = rows.head(ROWS_MAX)  # type: ignore[attr-defined]
        return first


def _iceberg_rows(url: StoreUrl, key: str, reach: dict[str, str]) -> pa.Table:
    from tidemill.connectors.iceberg.rows import first_rows  # noqa: PLC0415 - an extra

    return first_rows(str(url.with_key(key)), reach, ROWS_MAX)


def _time(ms: int | None) -> datetime.datetime | None:
    return None if ms is None else datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC)
