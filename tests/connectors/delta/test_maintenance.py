"""Compaction and expiry: rows stay, files go, streams go on."""

from __future__ import annotations

import datetime
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tidemill.connectors.delta.maintenance import compact, expire
from tidemill.errors import ConnectorError

NOW = datetime.timedelta(0)
MB = 1 << 20


def silent(done: int, of: int) -> None:
    assert 0 <= done <= of


def test_small_files_become_one_for_each_partition(lake: Any) -> None:
    table = lake.table(partitioned=("b",))
    for value in range(6):
        lake.write([(value, "x"), (value + 100, "é")], table)
    done = compact(table, MB, silent)
    assert (done.files_before, done.files_after) == (12, 2)
    assert 0 < done.bytes_after < done.bytes_before
    assert lake.rows("a") == sorted(((v,) for n in range(6) for v in (n, n + 100)), key=repr)
    again = compact(table, MB, silent)
    assert (again.files_before, again.files_after) == (0, 0)


def test_old_files_and_orphans_go(lake: Any) -> None:
    table = lake.table()
    for value in range(4):
        lake.write([(value, "x")])
    orphan = Path(lake.options["table-path"]) / "part-00000-orphan-c000.snappy.parquet"
    orphan.write_bytes(b"half")
    os.utime(orphan, (time.time() - 3600,) * 2)
    compact(table, MB, silent)
    week = datetime.timedelta(days=7)
    assert expire(table, week, orphans=True, dry_run=False, tell=silent).files == 0
    told = expire(table, NOW, orphans=True, dry_run=True, tell=silent)
    assert orphan.exists()
    done = expire(table, NOW, orphans=True, dry_run=False, tell=silent)
    assert done.files == told.files == 5
    assert not orphan.exists()
    assert lake.rows("a") == [(0,), (1,), (2,), (3,)]
    group = lake.group()
    assert group.open() == 4
    group.close()


def test_a_table_that_is_not_there_is_named(lake: Any) -> None:
    with pytest.raises(ConnectorError, match="does not exist"):
        compact(lake.table(), MB, silent)
