"""The filesystem sink: commits, crashes, zombies, partitions, gathering."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import textwrap
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidemill.connectors.filesystem.connector import CONNECTOR
from tidemill.connectors.filesystem.state import Decisions
from tidemill.errors import ConnectorError, ProjectError
from tidemill.model import DataType, TypeRoot
from tidemill.model import types as t


@pytest.mark.parametrize("format", ["json", "parquet"])
def test_what_is_written_is_read_again(files, format):
    columns = {
        "i": t.INT, "n": t.decimal(10, 2), "s": t.STRING, "da": t.DATE, "ts": t.timestamp(3),
        "lt": t.timestamp_ltz(3), "a": DataType(TypeRoot.ARRAY, element=t.INT),
    }  # fmt: skip
    now = dt.datetime(2026, 1, 1, 12, 30, 15, 123000)  # noqa: DTZ001
    rows = [
        (1, Decimal("1.25"), 'a\n"ü', now.date(), now, now.replace(tzinfo=dt.UTC), [1, None]),
        (2, None, "", None, None, None, None),
    ]
    table = files.table(columns, format=format)
    group = files.group(table)
    assert group.open() is None
    files.write(group, table, 3, rows)
    assert files.rows(files.read(table)) == rows
    group.close()
    assert len(files.visible()) == 1
    assert files.visible()[0].endswith(f"-3-0.{format}")


def test_nothing_is_visible_before_the_commit_nor_after_an_abort(files, simple):
    table = files.table(simple)
    group = files.group(table)
    group.open()
    group.writer("files").write(files.batch(table, [(1, "a")]))
    group.prepare(1)
    assert files.visible() == []
    group.abort()
    files.write(group, table, 2, [(2, "b")])
    group.writer("files").write(files.batch(table, [(3, "c")]))
    group.close()
    assert files.rows(files.read(table)) == [(2, "b")]
    left = sorted(p.name for p in (files.root / "out" / ".tidemill").rglob("*") if p.is_file())
    assert left == ["lock", "state.json"]


def test_reapplied_epochs_change_nothing(files, simple):
    table = files.table(simple)
    group = files.group(table)
    group.open()
    files.write(group, table, 1, [(1, "a")])
    group.close()
    again = files.group(table)
    assert again.open() == 1
    files.write(again, table, 1, [(1, "a")])
    files.write(again, table, 2, [(2, "b")])
    again.close()
    assert files.rows(files.read(table)) == [(1, "a"), (2, "b")]
    other = files.group(table, job="other")
    assert other.open() is None
    files.write(other, table, 1, [(3, "c")])
    other.close()
    assert sorted(files.rows(files.read(table))) == [(1, "a"), (2, "b"), (3, "c")]


def test_partition_folders(files):
    table = files.table(
        {"id": t.INT, "day": t.DATE, "k": t.STRING}, partitioned=("day", "k"),
        **{"sink.partition-commit.policy.kind": "success-file"},
    )  # fmt: skip
    rows = [(1, dt.date(2026, 1, 1), "a/b=ü"), (2, None, ""), (3, dt.date(2026, 1, 1), "a/b=ü")]
    group = files.group(table)
    group.open()
    files.write(group, table, 1, rows)
    group.close()
    folders = {name.rsplit("/", 1)[0] for name in files.visible()}
    assert folders == {
        "day=2026-01-01/k=a%2Fb%3Dü",
        "day=__HIVE_DEFAULT_PARTITION__/k=__HIVE_DEFAULT_PARTITION__",
    }
    assert sum(name.endswith("_SUCCESS") for name in files.visible()) == 2
    expected = [(1, rows[0][1], "a/b=ü"), (2, None, None), (3, rows[0][1], "a/b=ü")]
    assert sorted(files.rows(files.read(table))) == expected


def test_files_roll_by_size(files, simple):
    table = files.table(simple, **{"sink.rolling-policy.file-size": "100"})
    group = files.group(table)
    group.open()
    for i in range(20):
        group.writer("files").write(files.batch(table, [(i, "x" * 20)]))
    group.prepare(1)
    group.commit(1, {})
    group.close()
    assert len(files.visible()) > 5
    assert sorted(files.rows(files.read(table))) == [(i, "x" * 20) for i in range(20)]


@pytest.mark.parametrize("format", ["json", "parquet"])
def test_gathered_epochs_become_visible_together_and_at_the_end(files, simple, format):
    table = files.table(
        simple, format=format, **{"auto-compaction": "true", "compaction.file-size": "3 kb"}
    )
    group = files.group(table)
    group.open()
    epoch = 0
    while not files.visible():
        epoch += 1
        assert epoch < 200
        files.write(group, table, epoch, [(epoch, "x" * 30)])
    assert len(files.visible()) == 1
    assert len(files.rows(files.read(table))) == epoch > 2
    files.write(group, table, epoch + 1, [(epoch + 1, "last")])
    assert len(files.visible()) == 1
    del group  # as after kill -9: what was gathered is not lost
    again = files.group(table)
    assert again.open() == epoch + 1
    files.write(again, table, epoch + 2, [(epoch + 2, "more")])
    again.close()
    assert len(files.visible()) == 2
    assert sorted(r[0] for r in files.rows(files.read(table))) == list(range(1, epoch + 3))


def test_a_zombie_cannot_commit(files, simple):
    table = files.table(simple)
    zombie = files.group(table)
    zombie.open()
    files.write(zombie, table, 1, [(1, "a")])
    zombie.writer("files").write(files.batch(table, [(2, "zombie")]))
    successor = files.group(table)
    assert successor.open() == 1
    with pytest.raises(ConnectorError) as caught:
        zombie.prepare(2)
        zombie.commit(2, {})
    assert caught.value.code == "connector.fenced"
    zombie.close()
    files.write(successor, table, 2, [(2, "new")])
    successor.close()
    assert files.rows(files.read(table)) == [(1, "a"), (2, "new")]


@pytest.mark.parametrize("moment", ["_store", "make_visible", "after"])
def test_killed_around_the_decision(files, simple, moment):
    script = textwrap.dedent("""
        import os, signal, sys
        import pyarrow as pa
        from tidemill.connectors.filesystem.connector import CONNECTOR
        from tidemill.connectors.filesystem.state import Decisions
        from tidemill.formats.json.format import FORMAT
        from tidemill.interfaces.connector import JobContext
        from tidemill.model import Batch, Column, Schema, TableDescriptor
        from tidemill.model import types as t
        path, moment = sys.argv[1:]
        schema = Schema((Column("id", t.INT), Column("v", t.STRING)))
        table = TableDescriptor("files", schema, {"path": path, "format": "json"})
        group = CONNECTOR.commit_group([table], JobContext("job", {"json": FORMAT}))
        group.open()
        for epoch in (1, 2):
            rows = pa.record_batch({"id": pa.array([epoch], pa.int32()), "v": pa.array(["x"])})
            group.writer("files").write(Batch(rows))
            group.prepare(epoch)
            if epoch == 2 and moment != "after":
                setattr(Decisions, moment, lambda *a: os.kill(os.getpid(), signal.SIGKILL))
            group.commit(epoch, {})
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    path = str(files.root / "out")
    done = subprocess.run([sys.executable, "-c", script, path, moment], check=False)
    assert done.returncode == -signal.SIGKILL
    table = files.table(simple)
    group = files.group(table)
    held = group.open()
    assert held == (1 if moment == "_store" else 2)
    files.write(group, table, 2, [(2, "x")])
    files.write(group, table, 3, [(3, "x")])
    group.close()
    assert files.rows(files.read(table)) == [(1, "x"), (2, "x"), (3, "x")]
    staging = Decisions(files.root / "out", "job").folder
    assert sorted(p.name for p in staging.iterdir()) == ["lock", "state.json"]


def test_a_damaged_state_file_is_a_clear_error(files, simple):
    table = files.table(simple)
    group = files.group(table)
    group.open()
    files.write(group, table, 1, [(1, "a")])
    group.close()
    (Decisions(files.root / "out", "job").folder / "state.json").write_text("{")
    with pytest.raises(ConnectorError) as caught:
        files.group(table).open()
    assert caught.value.code == "connector.bad-file"


def test_a_folder_that_cannot_be_written(files, simple):
    (files.root / "plain").write_text("")
    with pytest.raises(ConnectorError) as caught:
        files.group(files.table(simple, files.root / "plain")).open()
    assert caught.value.code == "connector.file-system"
    with pytest.raises(ProjectError):
        files.group(files.table(simple, files.root / "*"))


def test_what_the_sink_takes(files, simple):
    assert not CONNECTOR.sink_changelog(files.table(simple), files.job()).updates
    months = files.table({"x": t.simple(TypeRoot.INTERVAL_YEAR_MONTH)}, format="parquet")
    with pytest.raises(ProjectError, match="INTERVAL"):
        CONNECTOR.sink_changelog(months, files.job())
    no_columns = files.table({"k": t.INT}, partitioned=("k",))
    with pytest.raises(ProjectError, match="partition keys"):
        CONNECTOR.sink_changelog(no_columns, files.job())


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    epochs=st.lists(st.lists(st.integers(0, 3), max_size=5), max_size=6),
    restarts=st.sets(st.integers(0, 5)), gather=st.booleans(),
)  # fmt: skip
def test_any_epochs_with_restarts_give_each_row_once(files, epochs, restarts, gather):
    root = files.root / os.urandom(4).hex()
    options = {"auto-compaction": "true", "compaction.file-size": "40"} if gather else {}
    table = files.table({"n": t.INT, "k": t.INT}, root, partitioned=("k",), **options)
    group = files.group(table)
    group.open()
    expected = []
    for epoch, keys in enumerate(epochs):
        rows = [(epoch * 10 + i, key) for i, key in enumerate(keys)]
        group.writer("files").write(files.batch(table, rows))
        if epoch in restarts:  # as after kill -9 before the commit
            group.prepare(epoch)
            group = files.group(table)
            group.open()
            group.writer("files").write(files.batch(table, rows))
        group.prepare(epoch)
        group.commit(epoch, json.loads("{}"))
        expected += rows
    group.close()
    assert sorted(files.rows(files.read(table))) == sorted(expected)
