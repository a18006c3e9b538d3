"""Keeping a Delta table small: fewer files, and none of versions that nobody reads any more."""

from __future__ import annotations

import datetime
import math

from tidemill.connectors.delta.client import found_table, translated
from tidemill.connectors.delta.options import parse
from tidemill.connectors.lake.maintenance import Compacted, Expired, Tell
from tidemill.connectors.lake.pauses import busy, rests
from tidemill.model import TableDescriptor


def compact(descriptor: TableDescriptor, target_bytes: int, tell: Tell) -> Compacted:
    """Write small files anew, as files of about `target_bytes`; rows stay as they are."""
    from deltalake.exceptions import CommitFailedError  # noqa: PLC0415 - an extra

    options = parse(descriptor)
    table = found_table(options)
    tell(0, 1)
    for _ in rests():
        with translated(options):
            try:
                told = table.optimize.compact(target_size=target_bytes)
            except CommitFailedError:
                table.update_incremental()
                continue
        tell(1, 1)
        added, removed = told["filesAdded"], told["filesRemoved"]
        return Compacted(
            int(told["numFilesRemoved"]),
            int(told["numFilesAdded"]),
            int(_total(removed)),
            int(_total(added)),
        )
    raise busy(options.shown, options.table.name)


def _total(of: object) -> int:
    import json  # noqa: PLC0415

    found = json.loads(of) if isinstance(of, str) else of
    return int(found.get("totalSize") or 0) if isinstance(found, dict) else 0


def expire(
    descriptor: TableDescriptor,
    older_than: datetime.timedelta,
    *,
    orphans: bool,
    dry_run: bool,
    tell: Tell,
) -> Expired:
    """Delete files that no version has had for that long; versions that had them are unreadable.

    Delta tells orphans and files of old versions not apart: all are deleted, and counted as files.
    The log keeps its entries for `delta.logRetentionDuration`.
    """
    options = parse(descriptor)
    table = found_table(options)
    hours = math.ceil(older_than.total_seconds() / 3600)
    tell(0, 1)
    with translated(options):
        gone = table.vacuum(
            retention_hours=hours, dry_run=dry_run, enforce_retention_duration=False, full=orphans
        )
        if not dry_run:
            table.cleanup_metadata()
    tell(1, 1)
    return Expired(0, len(gone), 0)
