"""Use cases `lake compact` and `lake expire`: fewer files, and none that nobody reads any more."""

from __future__ import annotations

import datetime
from pathlib import Path
from types import ModuleType

from tidemill.connectors.lake.maintenance import Compacted, Expired, Tell
from tidemill.control.lake.tables import LakeTables
from tidemill.control.project_context import open_project
from tidemill.errors import UsageError
from tidemill.interfaces.options import parse_duration_ms
from tidemill.model import TableDescriptor

TARGET_MB = 128
OLDER_THAN = "7 d"


def compact_table(
    name: str, folder: Path | None = None, *, target_mb: int = TARGET_MB, tell: Tell | None = None
) -> Compacted:
    """Write the small files of a table anew, as files of about `target_mb`.

    Rows stay as they are; a table may be written and read meanwhile. Raises UserError where the
    project has no such table, ConnectorError where it cannot be reached.
    """
    if target_mb < 1:
        raise UsageError(f"--target-mb takes 1 or more, not {target_mb}", code="cli.usage")
    table = LakeTables(open_project(folder, needed=False)).table(name)
    done: Compacted = _of(table).compact(table, target_mb << 20, tell or _silent)
    return done


def expire_table(
    name: str,
    folder: Path | None = None,
    *,
    older_than: str = OLDER_THAN,
    orphans: bool = False,
    dry_run: bool = False,
    tell: Tell | None = None,
) -> Expired:
    """Remove versions of a table that are older, and the files that only they had.

    With `dry_run` nothing is removed, and the numbers are what would be. A streaming source that
    has not read a version yet cannot go on behind it.
    """
    try:
        age = datetime.timedelta(milliseconds=parse_duration_ms(older_than))
    except ValueError as error:
        raise UsageError(
            f"--older-than takes {error}, not `{older_than}`", code="cli.usage"
        ) from None
    table = LakeTables(open_project(folder, needed=False)).table(name)
    done: Expired = _of(table).expire(
        table, age, orphans=orphans, dry_run=dry_run, tell=tell or _silent
    )
    return done


def _silent(done: int, of: int) -> None:
    """Nobody watches."""


def _of(table: TableDescriptor) -> ModuleType:
    if table.options["connector"] == "iceberg":
        from tidemill.connectors.iceberg import maintenance as iceberg  # noqa: PLC0415 - an extra

        return iceberg
    from tidemill.connectors.delta import maintenance as delta  # noqa: PLC0415 - an extra

    return delta
