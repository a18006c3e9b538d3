"""upsert-kafka: keys and tombstones out, +U and -D in, in the order of each key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tidemill.connectors import CONNECTORS
from tidemill.errors import ProjectError
from tidemill.interfaces.connector import Changelog
from tidemill.model import RowKind

pytestmark = pytest.mark.servers
INSERT, BEFORE, AFTER, DELETE = RowKind


@pytest.fixture
def upsert(bench: Any) -> Any:
    bench.connector = "upsert-kafka"
    bench.primary_key = ("a",)
    bench.options = {"key.format": "json", "value.format": "json"}
    return bench


def write(bench: Any, rows: list[tuple[RowKind, int, str | None]], **options: str) -> None:
    group = bench.group(**options)
    try:
        epoch = (group.open() or 0) + 1
        batch = bench.batch([{"a": a, "b": b} for _, a, b in rows], [kind for kind, _, _ in rows])
        assert group.writer("t").write(batch) == []
        group.prepare(epoch)
        group.commit(epoch, {})
    finally:
        group.close()


def shown(bench: Any) -> list[tuple[int, str | None]]:
    records = sorted(bench.records(), key=lambda r: (json.loads(r.key)["a"], r.offset))
    return [
        (json.loads(r.key)["a"], None if r.value is None else json.loads(r.value)["b"])
        for r in records
    ]


def test_changes_become_messages_and_tombstones(upsert: Any) -> None:
    write(
        upsert,
        [(INSERT, 1, "x"), (INSERT, 2, "y"), (BEFORE, 1, "x"), (AFTER, 1, "z"), (DELETE, 2, "y")],
    )
    assert shown(upsert) == [(1, "x"), (1, "z"), (2, "y"), (2, None)]


def test_with_buffering_only_the_last_change_of_a_key_is_written(upsert: Any) -> None:
    options = {"sink_buffer__flush_max__rows": "100", "sink_buffer__flush_interval": "1 s"}
    rows = [(INSERT, 1, "x"), (AFTER, 1, "y"), (INSERT, 2, "a"), (DELETE, 2, "a"), (AFTER, 1, "z")]
    write(upsert, rows, **options)
    assert shown(upsert) == [(1, "z"), (2, None)]


def test_messages_become_upserts_and_deletes(upsert: Any) -> None:
    write(upsert, [(INSERT, 1, "x"), (INSERT, 2, "y"), (DELETE, 1, "x"), (AFTER, 2, "z")])
    upsert.produce([b"broken", None], [b'{"a":9}', None], partition=0)
    source = upsert.source()
    try:
        source.open({})
        batches = []
        while not source.finished():
            batches += source.read(100, 500)
    finally:
        source.close()
    changes = [
        (RowKind(kind).short, row["a"], row["b"])
        for b in batches
        if b.kinds is not None
        for kind, row in zip(b.kinds.to_pylist(), b.rows.to_pylist(), strict=True)
    ]
    by_key = {a: [c for c in changes if c[1] == a] for a in (1, 2)}
    assert by_key == {
        1: [("+U", 1, "x"), ("-D", 1, None)],
        2: [("+U", 2, "y"), ("+U", 2, "z")],
    }
    codes = [letter.code for b in batches for letter in b.dead_letters]
    assert sorted(codes) == ["connector.null-key", "format.malformed"]


def test_it_is_an_upsert_changelog_and_needs_a_key(upsert: Any) -> None:
    connector = CONNECTORS["upsert-kafka"]
    assert connector.sink_changelog(upsert.table(), upsert.job) == Changelog(True, True)
    assert connector.source_changelog(upsert.table(), upsert.job) == Changelog(True, True)
    upsert.primary_key = ()
    with pytest.raises(ProjectError, match="primary key"):
        connector.sink_changelog(upsert.table(), upsert.job)
    upsert.primary_key = ("a",)
    upsert.options["value.format"] = "debezium-json"
    with pytest.raises(ProjectError, match="cannot be `debezium-json`"):
        connector.sink_changelog(upsert.table(), upsert.job)
