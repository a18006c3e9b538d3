"""Compaction and expiry: rows stay, files go, streams go on."""

from __future__ import annotations

import datetime
import threading
from pathlib import Path
from typing import Any

import pytest

from tidemill.connectors.iceberg import maintenance
from tidemill.connectors.iceberg.maintenance import compact, expire
from tidemill.errors import ConnectorError
from tidemill.model.types import INT, STRING

NOW = datetime.timedelta(0)
MB = 1 << 20


def silent(done: int, of: int) -> None:
    assert 0 <= done <= of


def stored(lake: Any) -> set[str]:
    """The names of all files in the warehouse."""
    root = Path(lake.options["warehouse"])
    return {path.name for path in root.rglob("*") if path.is_file() and path.name[0] != "."}


def test_small_files_become_one_for_each_partition(lake: Any) -> None:
    table = lake.table(partitioned=("b",))
    for value in range(6):
        lake.write([(value, "x"), (value + 100, "é")], table)
    stream = lake.table(
        streaming="true", monitor_interval="20 ms", starting_strategy="TABLE_SCAN_THEN_INCREMENTAL"
    )
    source = lake.source(stream)
    source.open({})
    begun = [row for batch in source.read(3, 100) for row in batch.rows.to_pylist()]
    done = compact(table, MB, silent)
    assert (done.files_before, done.files_after, done.skipped) == (12, 2, 0)
    assert done.bytes_after < done.bytes_before
    assert lake.rows("a") == sorted(((v,) for n in range(6) for v in (n, n + 100)), key=repr)
    snapshot = lake.load().current_snapshot()
    assert snapshot.summary.operation.value == "replace"
    assert snapshot.summary["total-records"] == "12"
    assert compact(table, MB, silent).files_before == 0
    lake.write([(7, "x")], table)
    while batches := source.read(3, 100) or not source.caught_up():
        begun += [row for b in batches for row in b.rows.to_pylist()] if batches is not True else []
    source.close()
    assert sorted(row["a"] for row in begun) == sorted([*range(6), *range(100, 106), 7])


def test_compaction_and_writers_do_not_hinder_each_other(
    lake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed = lake.table(key=("a",))
    appending = lake.table({"a": INT.with_nullable(False), "b": STRING})
    for value in range(4):
        lake.write([(value, "x")], keyed)
    original, ran = maintenance.commit, threading.Event()

    def commit_late(*args: Any) -> None:
        if not ran.is_set():
            ran.set()
            lake.write([(50, "appended")], appending, job="other")
        original(*args)

    monkeypatch.setattr(maintenance, "commit", commit_late)
    assert compact(keyed, MB, silent).files_after == 1
    assert lake.rows("a") == [(0,), (1,), (2,), (3,), (50,)]

    def commit_too_late(*args: Any) -> None:
        lake.write([(0, "y")], keyed)
        original(*args)

    monkeypatch.setattr(maintenance, "commit", commit_too_late)
    done = compact(keyed, MB, silent)
    assert (done.files_before, done.skipped) == (0, 1)
    assert lake.rows("a", "b")[0] == (0, "y")


def test_expired_snapshots_leave_nothing_behind(lake: Any) -> None:
    table = lake.table()
    for value in range(4):
        lake.write([(value, "x")])
    compact(table, MB, silent)
    before = stored(lake)
    week = datetime.timedelta(days=7)
    assert expire(table, week, orphans=True, dry_run=False, tell=silent).versions == 0
    told = expire(table, NOW, orphans=True, dry_run=True, tell=silent)
    assert stored(lake) == before
    done = expire(table, NOW, orphans=False, dry_run=False, tell=silent)
    assert (done.versions, done.files) == (told.versions, told.files) == (4, 4 + 4 + 4)
    assert lake.rows("a") == [(0,), (1,), (2,), (3,)]
    group = lake.group()
    assert group.open() == 4
    group.close()
    assert len([name for name in stored(lake) if name.endswith(".parquet")]) == 1


def test_orphans_are_what_no_snapshot_has(lake: Any, killer: Any) -> None:
    table = lake.table()
    lake.write([(1, "x"), (2, "y"), (3, "1")])
    calls = killer.run(table, 0)
    assert killer.run(table, int(calls * 0.9)) is None
    week = datetime.timedelta(days=7)
    assert expire(table, week, orphans=True, dry_run=False, tell=silent).orphans == 0
    rows = lake.rows("a")
    files = {f["file_path"] for f in lake.load().inspect.files().to_pylist()}
    done = expire(table, NOW, orphans=True, dry_run=False, tell=silent)
    assert done.orphans >= 1
    left = {name for name in stored(lake) if name.endswith(".parquet")}
    assert left == {Path(file).name for file in files}
    assert lake.rows("a") == rows
    lake.write([(4, "x")])
    assert len(lake.rows("a")) == len(rows) + 1


def test_a_table_that_is_not_there_is_named(lake: Any) -> None:
    with pytest.raises(ConnectorError, match="does not exist"):
        compact(lake.table(), MB, silent)
