"""Keeping an Iceberg table small: fewer files, fewer snapshots, no orphans.

Both work on a table that is written and read at the same time. Compaction moves rows and changes
none, so it is a `replace` snapshot, which a streaming source passes by.
"""

from __future__ import annotations

import contextlib
import datetime
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidemill.connectors.iceberg.catalog import OpenCatalog, translated
from tidemill.connectors.iceberg.commits import commit
from tidemill.connectors.iceberg.options import IcebergOptions, parse
from tidemill.connectors.iceberg.reading import file_rows, planned_files
from tidemill.connectors.iceberg.target import found_table
from tidemill.connectors.iceberg.writer import remove_files
from tidemill.connectors.lake.maintenance import Compacted, Expired, Tell
from tidemill.connectors.lake.pauses import busy, rests
from tidemill.model import TableDescriptor
from tidemill.stores import ObjectStore, open_store, parse_url

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import FileScanTask, Table
    from pyiceberg.table.snapshots import Snapshot

_SMALL = 0.75
"""Below this share of the wanted size a file is worth moving."""


def compact(descriptor: TableDescriptor, target_bytes: int, tell: Tell) -> Compacted:
    """Write the small files of each partition anew, as files of about `target_bytes`."""
    with _opened(descriptor) as (options, table):
        groups = _groups(table, target_bytes)
        before = [task.file for group in groups for task in group]
        after: list[DataFile] = []
        kept = 0
        for number, group in enumerate(groups):
            tell(number, len(groups))
            made = _replace(options, table, group)
            if made is None:
                kept += 1
                before = [f for f in before if f not in [task.file for task in group]]
            after += made or []
        tell(len(groups), len(groups))
        return Compacted(len(before), len(after), _size(before), _size(after), kept)


@contextlib.contextmanager
def _opened(descriptor: TableDescriptor) -> Iterator[tuple[IcebergOptions, Table]]:
    options = parse(descriptor)
    opened = OpenCatalog(options)
    try:
        opened.open()
        table = found_table(opened)
        with translated(options):
            yield options, table
    finally:
        opened.close()


def _size(files: Sequence[DataFile]) -> int:
    return sum(int(file.file_size_in_bytes) for file in files)


def _groups(table: Table, target_bytes: int) -> list[list[FileScanTask]]:
    """Small files of one partition that together make about one file of the wanted size."""
    current = table.spec().spec_id
    by_partition: dict[str, list[FileScanTask]] = {}
    for task in planned_files(table, table.current_snapshot()):
        is_small = task.file.file_size_in_bytes < target_bytes * _SMALL
        if is_small and task.file.spec_id == current:
            by_partition.setdefault(repr(task.file.partition), []).append(task)
    groups: list[list[FileScanTask]] = []
    for tasks in by_partition.values():
        group: list[FileScanTask] = []
        for task in tasks:
            if group and _size([t.file for t in (*group, task)]) > target_bytes:
                groups.append(group)
                group = []
            group.append(task)
        groups.append(group)
    return [group for group in groups if len(group) > 1]


def _replace(
    options: IcebergOptions, table: Table, group: Sequence[FileScanTask]
) -> list[DataFile] | None:
    """Replace files by fewer; None where another writer took one of them away."""
    from pyiceberg.exceptions import (  # noqa: PLC0415 - an extra
        CommitFailedException,
        ValidationException,
    )
    from pyiceberg.io.pyarrow import _dataframe_to_data_files  # noqa: PLC0415

    names = [field.name for field in table.schema().fields]
    rows = pa.concat_tables([file_rows(table, task, names) for task in group])
    made = list(_dataframe_to_data_files(table.metadata, rows, table.io, uuid.uuid4()))
    for _ in rests():
        transaction = table.transaction()
        try:
            with _replacing()(transaction, table) as replace:
                for task in group:
                    replace.delete_data_file(task.file)
                for file in made:
                    replace.append_data_file(file)
            commit(table, transaction)
        except ValidationException:
            remove_files(table, made)
            return None
        except CommitFailedException:
            table.refresh()
            continue
        return made
    remove_files(table, made)
    raise busy(options.shown, options.table.name)


def _replacing() -> Any:
    """A producer of `replace` snapshots; the library has none, but all that one needs."""
    from pyiceberg.table.snapshots import Operation, Summary  # noqa: PLC0415 - an extra
    from pyiceberg.table.update.snapshot import _OverwriteFiles  # noqa: PLC0415

    class Replace(_OverwriteFiles):  # type: ignore[misc]
        def __init__(self, transaction: Any, table: Table) -> None:
            super().__init__(Operation.OVERWRITE, transaction, table.io)

        def _summary(self, snapshot_properties: dict[str, str] | None = None) -> Summary:
            made = super()._summary(snapshot_properties or {})
            return Summary(operation=Operation.REPLACE, **made.additional_properties)

    return Replace


def expire(
    descriptor: TableDescriptor,
    older_than: datetime.timedelta,
    *,
    orphans: bool,
    dry_run: bool,
    tell: Tell,
) -> Expired:
    """Remove snapshots that are older, and the files that only they had.

    The current snapshot stays, and what branches and tags name. With `orphans` also files that are
    as old and that no snapshot has, such as those of a process that was killed.
    """
    with _opened(descriptor) as (options, table):
        before = datetime.datetime.now(datetime.UTC) - older_than
        limit_ms = int(before.timestamp() * 1000)
        held = {ref.snapshot_id for ref in table.refs().values()}
        gone = [
            s for s in table.snapshots() if s.timestamp_ms < limit_ms and s.snapshot_id not in held
        ]
        ids = {snapshot.snapshot_id for snapshot in gone}
        kept = [s for s in table.snapshots() if s.snapshot_id not in ids]
        old = _files(table, gone, tell)
        lost = old - _files(table, kept, tell) if gone else set()
        if gone and not dry_run:
            table.maintenance.expire_snapshots().by_ids(sorted(ids)).commit()
            for number, path in enumerate(sorted(lost)):
                tell(number, len(lost))
                with contextlib.suppress(FileNotFoundError):
                    table.io.delete(path)
        strays = _orphans(options, table, before, lost, dry_run=dry_run) if orphans else 0
        return Expired(len(gone), len(lost), strays)


def _files(table: Table, snapshots: Sequence[Snapshot], tell: Tell) -> set[str]:
    """All files that the snapshots have: data, manifests and their lists."""
    manifests: dict[str, Any] = {}
    found = set()
    for number, snapshot in enumerate(snapshots):
        tell(number, len(snapshots))
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            manifests[manifest.manifest_path] = manifest
    for path, manifest in manifests.items():
        found.add(path)
        entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
        found |= {entry.data_file.file_path for entry in entries}
    return found


def _orphans(
    options: IcebergOptions,
    table: Table,
    before: datetime.datetime,
    lost: set[str],
    *,
    dry_run: bool,
) -> int:
    table.refresh()
    used = _files(table, table.snapshots(), lambda done, of: None)
    used |= {entry.metadata_file for entry in table.metadata.metadata_log}
    used |= {table.metadata_location, *(s.statistics_path for s in table.metadata.statistics)}
    root = parse_url(table.location())
    keys = {parse_url(path).key for path in used | lost}
    store: ObjectStore = open_store(root, options.table.options)
    count = 0
    try:
        for info in list(store.list(f"{root.key.rstrip('/')}/")):
            if info.key in keys or info.modified >= before:
                continue
            count += 1
            if not dry_run:
                store.delete(info.key)
    finally:
        store.close()
    return count
