"""What the redis sink writes, and what becomes of rows that it cannot."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import hypothesis
import pyarrow as pa
import pytest
from hypothesis import strategies as st

from tidemill.connectors import CONNECTORS
from tidemill.connectors.redis.connector import CONNECTOR
from tidemill.connectors.redis.pattern import parse_pattern
from tidemill.errors import ConnectorError, DoubtfulCommitError, ProjectError, SqlError
from tidemill.formats import FORMATS
from tidemill.model import types as t
from tidemill.sql import compile_script

pytestmark = pytest.mark.servers
COLUMNS = {"session": t.STRING, "product": t.BIGINT, "n": t.INT, "price": t.decimal(10, 2)}
KEY = ("session", "product")


def sessions(server, name, **options):
    return server.table(
        f"{name}:session:{{session}}:product:{{product}}", COLUMNS, primary=KEY, **options
    )


def test_hashes_follow_the_changes(server, name, job):
    table = sessions(server, name)
    group = server.group(table, job=job)
    group.open()
    rows = [("s1", 7, 1, Decimal("2.50")), ("s1", 8, None, Decimal("3.00")), ("s2", 7, 4, None)]
    assert server.write(group, 1, (table, rows, None)) == []
    read = server.client.hgetall
    assert read(f"{name}:session:s1:product:7") == {
        "session": "s1", "product": "7", "n": "1", "price": "2.50",
    }  # fmt: skip
    assert "n" not in read(f"{name}:session:s1:product:8")
    changes = [
        ("s1", 7, 1, Decimal("2.50")), ("s1", 7, None, Decimal("9.00")), ("s2", 7, 4, None),
        ("s3", 1, 1, None), ("s3", 1, 1, None), ("s4", 1, 1, None), ("s4", 1, 2, None),
    ]  # fmt: skip
    assert server.write(group, 2, (table, changes, "-=d+d+=")) == []
    assert read(f"{name}:session:s1:product:7") == {
        "session": "s1", "product": "7", "price": "9.00",
    }  # fmt: skip
    assert sorted(server.client.keys(f"{name}:*")) == [
        f"{name}:session:s1:product:7", f"{name}:session:s1:product:8",
        f"{name}:session:s4:product:1",
    ]  # fmt: skip


def test_every_type_comes_back_by_scan_and_lookup(server, name, job):
    columns = {
        "id": t.INT, "s": t.STRING, "b": t.BOOLEAN, "d": t.decimal(20, 10), "f": t.DOUBLE,
        "day": t.DATE, "ts": t.timestamp(3), "at": t.timestamp_ltz(6), "raw": t.BYTES,
        "t1": t.timestamp(1), "t0": t.timestamp(0), "f4": t.FLOAT,
    }  # fmt: skip
    table = server.table(f"{name}:{{id}}", columns, primary=("id",))
    utc, at = dt.UTC, dt.datetime.fromisoformat
    rows = [
        (1, "é\r\n$3", True, Decimal("0.0000000001"), 1e300, dt.date(2024, 2, 29),
         at("2024-01-01 10:00:00.120"), dt.datetime(2024, 1, 1, 10, tzinfo=utc),
         b"\x00\xff\r\n", at("2024-01-01 00:00:00.5"), at("1969-01-01"), 0.5),
        (2, "", False, Decimal("-1234567890.5"), -0.0, dt.date(1, 1, 1),
         at("1969-12-31 23:59:59.999"), None, b"", None, None, None),
    ]  # fmt: skip
    group = server.group(table, job=job)
    group.open()
    assert server.write(group, 1, (table, rows, None)) == []
    assert server.client.hget(f"{name}:1", "d") == "0.0000000001"
    assert server.client.hget(f"{name}:1", "ts") == "2024-01-01 10:00:00.120"
    assert server.client.hget(f"{name}:1", "at") == "2024-01-01 10:00:00.000000Z"
    assert server.client.hget(f"{name}:1", "t1") == "2024-01-01 00:00:00.5"
    assert server.client.hget(f"{name}:1", "t0") == "1969-01-01 00:00:00"
    source = CONNECTOR.source(table, server.job(job))
    source.open({})
    (batch,) = source.read(100, 1000)
    source.close()
    expected = server.batch(table, rows).rows
    assert batch.rows.to_pylist() == expected.to_pylist()
    lookup = CONNECTOR.lookup(table, server.job(job))
    lookup.open(["id"], [c for c in columns if c != "id"])
    found = lookup.fetch(pa.record_batch({"id": pa.array([2, 9, 1], pa.int32())}))
    lookup.close()
    assert found.sort_by("id").to_pylist() == expected.to_pylist()


def test_strings_plain_and_in_a_format(server, name, job):
    plain = server.table(
        f"{name}:p:{{id}}", {"id": t.INT, "v": t.DOUBLE}, primary=("id",), name="a", mode="string"
    )
    rich = server.table(
        f"{name}:j:{{id}}", {"id": t.INT, "v": t.STRING, "l": t.DataType(
            t.TypeRoot.ARRAY, element=t.INT)}, primary=("id",), name="b", mode="string",
        format="json", ttl="1 h",
    )  # fmt: skip
    group = server.group(plain, rich, job=job)
    group.open()
    written = server.write(
        group, 1, (plain, [(1, 0.5), (2, None)], None), (rich, [(1, "x", [1, 2])], None)
    )
    assert [letter.code for letter in written] == ["connector.row-refused"]
    assert server.client.get(f"{name}:p:1") == "0.5"
    assert server.client.get(f"{name}:j:1") == '{"id":1,"v":"x","l":[1,2]}'
    assert 3590 < server.client.ttl(f"{name}:j:1") <= 3600
    lookup = CONNECTOR.lookup(rich, server.job(job))
    lookup.open(["id"], ["v", "l"])
    keys = pa.record_batch({"id": pa.array([1], pa.int32())})
    assert lookup.fetch(keys).to_pylist() == [{"id": 1, "v": "x", "l": [1, 2]}]
    lookup.close()


def test_a_time_to_live_and_a_stream_with_a_limit(server, name, job):
    hashes = server.table(f"{name}:h:{{id}}", {"id": t.INT}, name="h", ttl="150 ms")
    stream = server.table(
        f"{name}:s", {"id": t.INT, "v": t.STRING}, name="s", mode="stream", stream__max_length="10"
    )
    group = server.group(hashes, stream, job=job)
    group.open()
    rows = [(i, "x" if i % 2 else None) for i in range(1000)]
    server.write(group, 1, (hashes, [(1,)], None), (stream, rows, None))
    assert server.client.exists(f"{name}:h:1")
    assert 10 <= server.client.xlen(f"{name}:s") < 300
    (_, last), *_ = server.client.xrevrange(f"{name}:s", count=1)
    assert last == {"id": "999", "v": "x"}
    time.sleep(0.2)
    assert not server.client.exists(f"{name}:h:1")


def test_rows_that_cannot_go_in_are_set_aside(server, name, job):
    table = server.table(f"{name}:{{a}}:{{b}}", {"a": t.STRING, "b": t.STRING, "n": t.INT})
    group = server.group(table, job=job)
    group.open()
    server.client.set(f"{name}:taken:x", "a string")
    rows = [("x", "y", 1), (None, "y", 2), ("x:y", "z", 3), ("x", "y:z", 4), ("taken", "x", 5)]
    letters = server.write(group, 1, (table, rows, None))
    assert [letter.code for letter in letters] == ["connector.row-refused"] * 3
    assert ["NULL" in x.message or "stands between" in x.message or "holds a string" in x.message
            for x in letters] == [True] * 3  # fmt: skip
    assert server.client.hget(f"{name}:x:y", "n") == "1"
    assert server.client.hget(f"{name}:x:y:z", "n") == "4"
    assert server.client.get(f"{name}:taken:x") == "a string"


@hypothesis.given(st.lists(st.tuples(st.text("a:b"), st.text("a:b")), max_size=8, unique=True))
def test_different_rows_have_different_keys(pairs):
    pattern = parse_pattern("k:{x}::{y}")
    columns = [pa.array([p[i].encode() for p in pairs], pa.binary()) for i in range(2)]
    bad = pattern.ambiguous(columns).to_pylist() if pairs else []
    keys = [
        key for key, is_bad in zip(pattern.keys(columns, len(pairs)).to_pylist(), bad, strict=True)
        if not is_bad
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)
    matches = [pattern.regex().fullmatch(key).groups() for key in keys]
    good = [p for p, is_bad in zip(pairs, bad, strict=True) if not is_bad]
    assert matches == [(x.encode(), y.encode()) for x, y in good]


@pytest.mark.parametrize(
    ("key", "options", "said"),
    [
        ("u:{nobody}", {}, "names the column `nobody`"),
        ("u:{id", {}, "a key such as"),
        ("{id}{v}", {}, "some text between"),
        ("u", {}, "names no column"),
        ("u:{v}", {}, "lacks the column `id` of the PRIMARY KEY"),
        ("u:{id}:{v}", {}, "is not in the PRIMARY KEY"),
        ("u:{id}", {"mode": "stream"}, "a stream only grows"),
        ("u:{id}", {"format": "json"}, "goes with 'mode' = 'string'"),
        ("u:{id}", {"mode": "string"}, "holds one column"),
        ("u:{id}", {"url": "http://x"}, "no"),
        ("u:{id}", {"url": "redis://u:p@h:1/0"}, "may not hold a user or a password"),
        ("u:{id}", {"ttl": "0 s"}, "takes more than 0"),
    ],
)
def test_what_cannot_work_is_refused(server, key, options, said):
    columns = {"id": t.INT, "v": t.STRING, "w": t.STRING}
    table = server.table(key, columns, primary=("id",), **options)
    with pytest.raises(ProjectError) as caught:
        CONNECTOR.sink_changelog(table, server.job("j"))
    assert said in caught.value.message or said == "no"


def test_a_key_with_a_missing_column_is_refused_at_its_place():
    text = (
        "CREATE TABLE s (id STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'redis',\n"
        "  'url' = 'redis://localhost:6379/0', 'key' = 'session:{ids}');\n"
        "INSERT INTO s SELECT 'a'"
    )
    with pytest.raises(SqlError) as caught:
        compile_script(text, "p.sql", CONNECTORS, FORMATS)
    assert caught.value.render().splitlines()[1:5] == [
        "  --> p.sql:2:47",
        "  |",
        "2 |   'url' = 'redis://localhost:6379/0', 'key' = 'session:{ids}');",
        "  |                                               ^^^^^^^^^^^^^^^",
    ]
    assert "`ids`" in caught.value.message


def test_out_of_memory_leaves_nothing_and_passes(server, name, job):
    table = server.table(f"{name}:{{id}}", {"id": t.INT, "v": t.STRING}, primary=("id",))
    group = server.group(table, job=job)
    group.open()
    server.write(group, 1, (table, [(1, "a")], None))
    server.client.config_set("maxmemory", 1)
    try:
        for _ in range(2):
            with pytest.raises(ConnectorError) as caught:
                server.write(group, 2, (table, [(2, "b")], None))
            assert caught.value.retryable and "out of memory" in caught.value.message
            group.abort()
    finally:
        server.client.config_set("maxmemory", 0)
    assert not server.client.exists(f"{name}:2")
    server.write(group, 2, (table, [(2, "b")], None))
    assert server.client.hget(f"{name}:2", "v") == "b"


def test_a_replica_is_read_only(server, name, job):
    table = server.table(f"{name}:{{id}}", {"id": t.INT}, primary=("id",))
    group = server.group(table, job=job)
    group.open()
    server.client.replicaof("127.0.0.1", "1")
    try:
        with pytest.raises(ConnectorError) as caught:
            server.write(group, 1, (table, [(1,)], None))
        assert caught.value.retryable and "read-only" in caught.value.message
        group.abort()
    finally:
        server.client.replicaof("NO", "ONE")
    server.write(group, 1, (table, [(1,)], None))
    assert server.client.exists(f"{name}:1")


def test_a_lost_connection_and_a_doubtful_commit(server, name, job):
    table = server.table(f"{name}:{{id}}", {"id": t.INT}, primary=("id",))
    group = server.group(table, job=job)
    group.open()
    group.writer("t").write(server.batch(table, [(1,)]))
    group.prepare(1)
    server.client.client_kill_filter(_type="normal", skipme=True)
    with pytest.raises(ConnectorError) as caught:
        group.commit(1, {})
    assert caught.value.retryable
    group.abort()
    server.write(group, 1, (table, [(1,)], None))
    group.writer("t").write(server.batch(table, [(2,)]))
    group.prepare(2)
    group._fence.advance(group._connection, 2)
    group._connection._client._sock.shutdown(2)
    with pytest.raises(DoubtfulCommitError):
        group._execute(2)
    again = server.group(table, job=job)
    assert again.open() == 1
    assert not server.client.exists(f"{name}:2")


def test_an_emptied_server_is_noticed(server, name, job):
    table = server.table(f"{name}:{{id}}", {"id": t.INT}, primary=("id",))
    group = server.group(table, job=job)
    group.open()
    server.write(group, 1, (table, [(1,)], None))
    server.client.delete(f"tidemill:epoch:{job}:{server.user}")
    with pytest.raises(ConnectorError) as caught:
        server.write(group, 2, (table, [(1,)], None))
    assert "is gone" in caught.value.message


def test_wrong_passwords_and_nobody_there(server, name):
    for change, code in (
        ({"password": "wrong-one"}, "connector.login-refused"),
        ({"url": "redis://127.0.0.1:1/0", "sink__max_retries": "1"}, "connector.unreachable"),
    ):
        table = server.table(f"{name}:{{id}}", {"id": t.INT}, **change)
        with pytest.raises(ConnectorError) as caught:
            server.group(table).open()
        assert caught.value.code == code
        assert caught.value.retryable == (code == "connector.unreachable")
        assert "wrong-one" not in caught.value.render()
        assert server.password not in caught.value.render()


def test_values_that_do_not_fit_are_named(server, name, job):
    table = server.table(f"{name}:{{id}}", {"id": t.INT, "n": t.INT}, primary=("id",))
    server.client.hset(f"{name}:1", mapping={"id": 1, "n": "many"})
    server.client.hset(f"{name}:2", mapping={"id": 2, "n": "3"})
    server.client.hset(f"{name}:x", mapping={"n": "4"})
    source = CONNECTOR.source(table, server.job(job))
    source.open({})
    (batch,) = source.read(10, 100)
    source.close()
    assert batch.rows.to_pylist() == [{"id": 2, "n": 3}]
    assert [letter.position for letter in batch.dead_letters] == [f"{name}:1", f"{name}:x"]
    assert batch.records == 3 and batch.skipped == 0
    lookup = CONNECTOR.lookup(table, server.job(job))
    lookup.open(["id"], ["n"])
    with pytest.raises(ConnectorError) as caught:
        lookup.fetch(pa.record_batch({"id": pa.array([1], pa.int32())}))
    assert caught.value.code == "connector.value-unreadable"
    lookup.close()
    with pytest.raises(ProjectError):
        lookup.open(["n"], ["id"])
