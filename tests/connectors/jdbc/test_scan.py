"""The jdbc scan and lookup on a real Postgres."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from tidemill.connectors.jdbc.connector import CONNECTOR
from tidemill.connectors.jdbc.options import split_range
from tidemill.errors import ConnectorError, ProjectError
from tidemill.interfaces.connector import JobContext
from tidemill.model import DataType, TypeRoot
from tidemill.model import types as t

pytestmark = pytest.mark.servers
JOB = JobContext("job", {})


def read_all(table, start=None, rows_max=1000):
    source = CONNECTOR.source(table, JOB)
    batches = []
    try:
        source.open(start or {})
        while not source.finished():
            batches += source.read(rows_max, 5000)
        assert source.read(rows_max, 0) == ()
        assert source.caught_up()
    finally:
        source.close()
    return batches


def rows_of(batches):
    return [tuple(r.values()) for b in batches for r in b.rows.to_pylist()]


def test_all_types_come_out_exactly(database, name):
    database.run(
        f"CREATE TYPE e_{name} AS ENUM ('x');"
        f"CREATE TABLE {name} (id int PRIMARY KEY, bo bool, i2 smallint, i8 bigint, f4 real, "
        "f8 float8, n numeric(38,18), r numeric, c char(3), s text, j jsonb, u uuid, by bytea, "
        f"da date, ti time, ts timestamp, tz timestamptz, ai int[], sa text[], e e_{name}, "
        "d8 float8[], ta timestamptz[], ba bytea[], na numeric(6,2)[])"
    )
    database.run(
        f"INSERT INTO {name} VALUES (1, true, -1, 9223372036854775807, 1.5, 'infinity', "
        "-1.000000000000000001, 2.345, 'a', E'tab\\t\"q\", \n\\\\. {}', '{\"a\": 1}', "
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\x00ff', '0001-01-01', '23:59:59.999999', "
        "'9999-12-31 23:59:59.999999', '2026-01-01 00:00+02', '{1,NULL}', '{\"\",NULL,a}', 'x', "
        "'{0.1,NaN}', '{2026-01-01 00:00+00}', '{\"\\\\x01\"}', '{1.5,NULL}');"
        f"INSERT INTO {name} VALUES (2)"
    )
    arr = lambda e: DataType(TypeRoot.ARRAY, element=e)  # noqa: E731
    columns = {
        "id": t.INT, "bo": t.BOOLEAN, "i2": t.SMALLINT, "i8": t.BIGINT, "f4": t.FLOAT,
        "f8": t.DOUBLE, "n": t.decimal(38, 18), "r": t.decimal(10, 2),
        "c": DataType(TypeRoot.CHAR, length=3), "s": t.STRING, "j": t.STRING, "u": t.STRING,
        "by": t.BYTES, "da": t.DATE, "ti": DataType(TypeRoot.TIME, precision=3),
        "ts": t.timestamp(6), "tz": t.timestamp_ltz(6), "ai": arr(t.INT), "sa": arr(t.STRING),
        "e": t.STRING, "d8": arr(t.DOUBLE), "ta": arr(t.timestamp_ltz(3)), "ba": arr(t.BYTES),
        "na": arr(t.decimal(8, 3)),
    }  # fmt: skip
    first, second = rows_of(read_all(database.table(name, columns, key=("id",))))
    expected = (
        1, True, -1, 2**63 - 1, 1.5, float("inf"), Decimal("-1.000000000000000001"),
        Decimal("2.35"), "a  ", 'tab\t"q", \n\\. {}', '{"a": 1}',
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", b"\x00\xff", dt.date(1, 1, 1),
        dt.time(23, 59, 59, 999000), dt.datetime(9999, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001
        dt.datetime(2025, 12, 31, 22, tzinfo=dt.UTC), [1, None], ["", None, "a"], "x",
        [0.1, float("nan")], [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)], [b"\x01"],
        [Decimal("1.500"), None],
    )  # fmt: skip
    assert repr(first).replace("zoneinfo.ZoneInfo(key='UTC')", "datetime.timezone.utc") == (
        repr(expected)
    )
    assert second == (2, *[None] * (len(columns) - 1))


@pytest.mark.parametrize("key", [("a", "b"), ()])
@pytest.mark.parametrize("primary", [True, False])
def test_reading_on_from_any_position_gives_the_rest(database, name, key, primary):
    database.run(
        f"CREATE TABLE {name} (a int NOT NULL, b text NOT NULL, v int"
        f"{', PRIMARY KEY (a, b)' if primary else ''})"
    )
    database.run(
        f"INSERT INTO {name} SELECT i / 7, 'k' || (i % 7), i FROM generate_series(0, 199) i"
    )
    table = database.table(name, {"a": t.INT, "b": t.STRING, "v": t.INT}, key=key)
    batches = read_all(table, rows_max=30)
    whole = rows_of(batches)
    assert sorted(whole) == sorted((i // 7, f"k{i % 7}", i) for i in range(200))
    seen = 0
    for batch in batches:
        seen += batch.records
        position = json.loads(json.dumps(batch.position))
        assert rows_of(read_all(table, {"0": position})) == whole[seen:]


def test_rows_that_change_between_two_scans_are_neither_lost_nor_doubled(database, name):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY, v int)")
    database.run(f"INSERT INTO {name} SELECT i, 0 FROM generate_series(1, 100) i")
    table = database.table(name, {"id": t.INT, "v": t.INT}, key=("id",))
    source = CONNECTOR.source(table, JOB)
    source.open({})
    (first,) = source.read(40, 5000)
    source.close()
    database.run(f"UPDATE {name} SET v = 1; DELETE FROM {name} WHERE id = 40")
    rest = rows_of(read_all(table, {"0": first.position}))
    assert rest == [(i, 1) for i in range(41, 101)]


def test_a_view_is_read_and_resumed(database, name):
    database.run(
        f"CREATE TABLE {name}_t AS SELECT i AS id FROM generate_series(1, 50) i;"
        f"CREATE VIEW {name} AS SELECT id FROM {name}_t"
    )
    table = database.table(name, {"id": t.INT})
    batches = read_all(table, rows_max=20)
    whole = rows_of(batches)
    assert sorted(whole) == [(i,) for i in range(1, 51)]
    assert rows_of(read_all(table, {"0": batches[0].position})) == whole[20:]


def test_partitions_split_the_column_as_flink_does(database, name):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY)")
    database.run(f"INSERT INTO {name} SELECT i FROM generate_series(-5, 20) i")
    table = database.table(
        name, {"id": t.INT}, key=("id",), **{
            "scan.partition.column": "id", "scan.partition.num": "3",
            "scan.partition.lower-bound": "0", "scan.partition.upper-bound": "10",
        },
    )  # fmt: skip
    batches = read_all(table)
    by_partition = {b.partition: [r[0] for r in rows_of([b])] for b in batches}
    assert by_partition == {"0": [0, 1, 2, 3], "1": [4, 5, 6, 7], "2": [8, 9, 10]}
    done = {b.partition: b.position for b in batches if b.partition != "1"}
    assert rows_of(read_all(table, done)) == [(4,), (5,), (6,), (7,)]
    assert split_range(0, 1, 5) == ((0, 0), (1, 1))


def test_values_that_do_not_fit_are_set_aside_also_at_the_end_of_a_read(database, name):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY, big bigint, ts timestamp)")
    database.run(
        f"INSERT INTO {name} VALUES (1, 1, 'infinity'), (2, 5000000000, NULL), (3, 3, NULL), "
        "(4, 4, '0044-03-15 BC'), (5, 5, '2026-01-01')"
    )
    table = database.table(name, {"id": t.INT, "big": t.INT, "ts": t.timestamp(3)}, key=("id",))
    batches = read_all(table, rows_max=2)
    assert [r[0] for r in rows_of(batches)] == [3, 5]
    letters = [x for b in batches for x in b.dead_letters]
    assert [x.value.split(b",")[0] for x in letters] == [b"1", b"2", b"4"]
    assert all(b.records == b.rows.num_rows + len(b.dead_letters) for b in batches)


def test_only_needed_columns_are_read(database, name):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY, v text)")
    database.run(f"INSERT INTO {name} VALUES (1, 'a')")
    table = database.table(name, {"id": t.INT, "v": t.STRING}, key=("id",))
    for needed, row in ((frozenset({"v"}), (None, "a")), (frozenset(), (None, None))):
        narrowed = type(table)(
            table.name, table.schema, table.options, table.primary_key, (), needed
        )
        assert rows_of(read_all(narrowed)) == [row]


def test_a_missing_table_or_column_and_a_foreign_position(database, name):
    with pytest.raises(ConnectorError) as caught:
        read_all(database.table(name, {"id": t.INT}))
    assert caught.value.code == "connector.table-missing"
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY)")
    with pytest.raises(ConnectorError) as caught:
        read_all(database.table(name, {"ID": t.INT}))
    assert caught.value.code == "connector.schema-mismatch"
    assert "Did you mean `id`" in caught.value.hint
    with pytest.raises(ConnectorError) as caught:
        read_all(database.table(name, {"id": t.INT}), {"0": 17})
    assert caught.value.code == "connector.bad-position"


def lookup(table, keys, columns, key_columns):
    reader = CONNECTOR.lookup(table, JOB)
    try:
        reader.open(key_columns, columns)
        return reader, sorted(tuple(r.values()) for r in reader.fetch(keys).to_pylist())
    finally:
        reader.close()


def test_lookup_by_one_and_by_two_keys(database, name):
    database.run(
        f"CREATE TABLE {name} (a int, b varchar(3), v numeric(6,2), PRIMARY KEY (a, b));"
        f"INSERT INTO {name} VALUES (1, 'x', 1.5), (1, 'y', 2.5), (2, 'x\"', 3), (3, '', NULL)"
    )
    table = database.table(name, {"a": t.INT, "b": t.STRING, "v": t.decimal(6, 2)})
    keys = pa.record_batch({"a": pa.array([1, 3, 9], pa.int32())})
    _, found = lookup(table, keys, ["b", "v"], ["a"])
    assert found == [
        (1, "x", Decimal("1.50")), (1, "y", Decimal("2.50")), (3, "", None),
    ]  # fmt: skip
    pairs = pa.record_batch(
        {"a": pa.array([1, 2, 3, 1], pa.int32()), "b": pa.array(["y", 'x"', "", "x long"])}
    )
    _, found = lookup(table, pairs, ["v"], ["a", "b"])
    assert found == [(1, "y", Decimal("2.50")), (2, 'x"', Decimal("3.00")), (3, "", None)]


def test_lookup_survives_a_lost_connection(database, name):
    database.run(f"CREATE TABLE {name} (a int PRIMARY KEY, v text)")
    database.run(f"INSERT INTO {name} VALUES (1, 'x')")
    reader = CONNECTOR.lookup(database.table(name, {"a": t.INT, "v": t.STRING}), JOB)
    reader.open(["a"], ["v"])
    keys = pa.record_batch({"a": pa.array([1], pa.int32())})
    assert reader.fetch(keys).to_pylist() == [{"a": 1, "v": "x"}]
    database.run("SELECT pg_terminate_backend(%s, 5000)", reader._connection.info.backend_pid)
    assert reader.fetch(keys).to_pylist() == [{"a": 1, "v": "x"}]
    reader.close()


@pytest.mark.parametrize(
    ("change", "needle"),
    [
        ({"url": "jdbc:mysql://localhost/x"}, "mysql"),
        ({"url": "postgres://localhost/x"}, "jdbc:"),
        ({"url": "jdbc:postgresql://h/d?password=geheim"}, "password"),
        ({"url": "jdbc:postgresql://h/d?sslmod=require"}, "sslmod"),
        ({"table-name": "a.b.c"}, "a.b.c"),
        ({"scan.partition.num": "3"}, "scan.partition.column"),
        ({"lookup.cache": "ALL"}, "ALL"),
        ({"tablename": "x"}, "tablename"),
    ],
)
def test_bad_options_are_refused(database, change, needle):
    with pytest.raises(ProjectError) as caught:
        CONNECTOR.source_changelog(database.table("x", {"id": t.INT}, **change), JOB)
    assert needle in caught.value.render()
    assert "geheim" not in caught.value.render()


def test_types_that_cannot_be_carried_are_refused(database):
    for type_ in (DataType(TypeRoot.MAP, key=t.STRING, value=t.INT), t.timestamp(9)):
        with pytest.raises(ProjectError) as caught:
            CONNECTOR.sink_changelog(database.table("x", {"m": type_}), JOB)
        assert caught.value.code == "connector.unsupported-type"
