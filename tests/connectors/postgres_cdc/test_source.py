"""The changes of a real table: kinds, values, places, and what is refused."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime
from datetime import time as clock
from decimal import Decimal

import pytest
from tests.connectors.postgres_cdc.conftest import changes, rows_of

from tidemill.errors import ConnectorError, ProjectError
from tidemill.interfaces.source import PartitionBatch
from tidemill.model import Column, ColumnKind, DataType, TypeRoot
from tidemill.model import types as t
from tidemill.model.lsn import lsn_of

pytestmark = pytest.mark.servers


def test_changes_come_with_the_kinds_of_debezium_json(cdc):
    cdc.create()
    cdc.run("INSERT INTO {t} VALUES (1, 'a'), (2, 'b')")
    source = cdc.source()
    source.open({})
    assert changes(source) == [("+I", 1, "a"), ("+I", 2, "b")]
    cdc.run("UPDATE {t} SET v = 'A' WHERE id = 1")
    cdc.run("UPDATE {t} SET id = 3 WHERE id = 2")
    cdc.run("DELETE FROM {t} WHERE id = 1; INSERT INTO {t} VALUES (4, NULL)")
    assert changes(source) == [
        ("-U", 1, "a"), ("+U", 1, "A"), ("-D", 2, "b"), ("+I", 3, "b"), ("-D", 1, "A"),
        ("+I", 4, None),
    ]  # fmt: skip


VALUES = {
    "b": (t.BOOLEAN, "boolean", "true", True),
    "i2": (t.SMALLINT, "smallint", "-7", -7),
    "i8": (t.BIGINT, "bigint", "9007199254740993", 9007199254740993),
    "f4": (t.FLOAT, "real", "1.5", 1.5),
    "f8": (t.DOUBLE, "double precision", "0.1", 0.1),
    "inf": (t.DOUBLE, "double precision", "'-Infinity'", float("-inf")),
    "n": (t.decimal(10, 2), "numeric(10,2)", "-12.30", Decimal("-12.30")),
    "r": (t.decimal(10, 2), "numeric", "2.345", Decimal("2.35")),
    "s": (t.STRING, "text", "'ä \"q\" \\ \n,'", 'ä "q" \\ \n,'),
    "e": (t.STRING, "text", "''", ""),
    "j": (t.STRING, "jsonb", """'{"a": 1}'""", '{"a": 1}'),
    "y": (t.bytes_(), "bytea", "'\\x00ff'", b"\x00\xff"),
    "d": (t.DATE, "date", "'2024-02-29'", date(2024, 2, 29)),
    "c": (DataType(TypeRoot.TIME, precision=3), "time", "'03:04:05.5'", clock(3, 4, 5, 500_000)),
    "ts": (t.timestamp(6), "timestamp", "'2024-02-29 03:04:05.123456'",
           datetime.fromisoformat("2024-02-29T03:04:05.123456")),
    "tz": (t.timestamp_ltz(6), "timestamptz", "'2024-02-29 03:04:05+02'",
           datetime(2024, 2, 29, 1, 4, 5, tzinfo=UTC)),
    "a": (DataType(TypeRoot.ARRAY, element=t.STRING), "text[]", """'{"x,\\"y",NULL,"NULL",z}'""",
          ['x,"y', None, "NULL", "z"]),
    "ai": (DataType(TypeRoot.ARRAY, element=t.INT), "int[]", "'{1,NULL}'", [1, None]),
    "z": (t.STRING, "text", "NULL", None),
}  # fmt: skip


def test_values_are_the_same_from_the_snapshot_and_from_the_log(cdc):
    columns = ", ".join(f"{name} {pg}" for name, (_, pg, _, _) in VALUES.items())
    cdc.create(f"id int PRIMARY KEY, {columns}")
    texts = ", ".join(text for _, _, text, _ in VALUES.values())
    names = ", ".join(VALUES)
    statement = f"INSERT INTO {cdc.name} (id, {names}) VALUES "
    cdc.admin.execute((statement + f"(1, {texts})").encode())
    source = cdc.source(cdc.table({"id": t.INT, **{n: v[0] for n, v in VALUES.items()}}))
    source.open({})
    expected = [value for _, _, _, value in VALUES.values()]
    ((_, _, *first),) = changes(source)
    cdc.admin.execute((statement + f"(2, {texts})").encode())
    ((_, _, *second),) = changes(source)
    assert first == expected
    assert second == expected


def test_metadata_says_where_and_when(cdc):
    cdc.create()
    cdc.run("INSERT INTO {t} VALUES (1, 'a')")
    keys = ("database_name", "schema_name", "table_name", "op_ts", "row_kind")
    types = dict.fromkeys(keys, t.STRING) | {"op_ts": t.timestamp_ltz(3)}
    given = {k: Column(k, types[k], ColumnKind.METADATA, k, True) for k in keys}
    source = cdc.source(cdc.table({"id": t.INT, **given}))
    source.open({})
    ((_, *first),) = changes(source)
    cdc.run("DELETE FROM {t}")
    ((kind, *second),) = changes(source)
    name = cdc.endpoint.properties["database"]
    assert first == [1, name, "public", cdc.name, datetime(1970, 1, 1, tzinfo=UTC), "+I"]
    assert kind == "-D" and second[5] == "-D"
    assert abs(second[4].timestamp() - time.time()) < 60


def test_a_large_value_that_did_not_change_is_filled(cdc):
    cdc.create("id int PRIMARY KEY, v text, n int")
    large = "".join(random.Random(1).choices("abcdefghij", k=30_000))
    cdc.run("ALTER TABLE {t} ALTER v SET STORAGE EXTERNAL")
    cdc.run("INSERT INTO {t} VALUES (1, %s, 0)", large)
    source = cdc.source(cdc.table({"id": t.INT, "v": t.STRING, "n": t.INT}))
    source.open({})
    changes(source)
    cdc.run("UPDATE {t} SET n = 1")
    assert changes(source) == [("-U", 1, large, 0), ("+U", 1, large, 1)]


def test_a_large_value_that_the_log_leaves_out_is_refused(cdc):
    cdc.create("id int PRIMARY KEY, v text, n int", full=False)
    cdc.run("ALTER TABLE {t} ALTER v SET STORAGE EXTERNAL")
    cdc.run("INSERT INTO {t} VALUES (1, %s, 0)", "x" * 30_000)
    table = cdc.table({"id": t.INT, "v": t.STRING, "n": t.INT}, changelog_mode="upsert")
    source = cdc.source(table)
    source.open({})
    changes(source)
    cdc.run("UPDATE {t} SET n = 1")
    with pytest.raises(ConnectorError) as caught:
        changes(source)
    assert caught.value.code == "connector.unchanged-value"
    assert "REPLICA IDENTITY FULL" in str(caught.value.hint)


def test_upserts_need_no_row_before(cdc):
    cdc.create(full=False)
    cdc.run("INSERT INTO {t} VALUES (1, 'a'), (2, 'b')")
    source = cdc.source(changelog_mode="upsert")
    source.open({})
    changes(source)
    cdc.run("UPDATE {t} SET v = 'A' WHERE id = 1; UPDATE {t} SET id = 3 WHERE id = 2")
    cdc.run("DELETE FROM {t} WHERE id = 1")
    assert changes(source) == [
        ("+U", 1, "A"), ("-D", 2, None), ("+I", 3, "b"), ("-D", 1, None)
    ]  # fmt: skip


def test_a_value_that_does_not_fit_is_a_dead_letter(cdc):
    cdc.create("id int PRIMARY KEY, v numeric")
    table = cdc.table({"id": t.INT, "v": t.decimal(5, 2)})
    source = cdc.source(table)
    source.open({})
    changes(source)
    cdc.run("INSERT INTO {t} VALUES (1, 1.5), (2, 123456), (3, 'NaN'), (4, 2.5)")
    # The rows of a transaction may come in more than one batch.
    batches: list[PartitionBatch] = []
    while sum(batch.records for batch in batches) < 4:
        batches += source.read(100, 100)
    found = [row for batch in batches for row in rows_of(batch)]
    letters = [letter for batch in batches for letter in batch.dead_letters]
    assert found == [("+I", 1, Decimal("1.50")), ("+I", 4, Decimal("2.50"))]
    assert [letter.value for letter in letters] == [
        b'{"id": "2", "v": "123456"}', b'{"id": "3", "v": "NaN"}'
    ]  # fmt: skip
    assert not any(batch.skipped for batch in batches)
    assert letters[0].position.endswith("+2")


@pytest.mark.parametrize("key", ["int", "text", "uuid, w int"])
def test_a_snapshot_cut_off_anywhere_meets_the_log_without_gap_or_repeat(cdc, key):
    """Between all cuts rows are added, changed, moved and deleted on both sides of the cut."""
    first, *more = key.split(", ")
    columns = "".join(f", {column}" for column in more)
    names = ", ".join(["id", *(column.split()[0] for column in more)])
    cdc.create(f"id {first}{columns}, v int, PRIMARY KEY ({names})")
    chance = random.Random(key)
    ident = {"i": "%s", "t": "chr(97 + %s %% 26) || upper(chr(97 + %s / 26 %% 26)) || %s",
             "u": "md5(%s::text)::uuid"}[first[0]]  # fmt: skip
    count = ident.count("%s")
    extra = ", 0" if more else ""
    for i in range(40):
        cdc.run(f"INSERT INTO {{t}} VALUES ({ident}{extra}, 0)", *[i] * count)
    columns_declared = {"id": t.INT if first[0] == "i" else t.STRING, "v": t.INT}
    table = cdc.table(columns_declared)
    source, position = cdc.source(table), {}
    held: list[tuple] = []
    for turn in range(12):
        source = cdc.source(table)
        source.open(position)
        for batch in source.read(chance.choice([1, 3, 7]), 2000):
            held += rows_of(batch)
            position = {batch.partition: batch.position}
        if turn % 3 == 2:  # what was read and not committed comes again
            source.read(5, 100)
        source.close()
        for _ in range(3):
            i, j = chance.randrange(60), chance.randrange(100, 160)
            cdc.run(
                f"INSERT INTO {{t}} VALUES ({ident}{extra}, 1) ON CONFLICT ({names}) DO UPDATE "
                "SET v = {t}.v + 1", *[i] * count,
            )  # fmt: skip
            cdc.run(f"DELETE FROM {{t}} WHERE id = {ident}", *[chance.randrange(60)] * count)
            cdc.run(
                f"UPDATE {{t}} SET id = {ident} WHERE id = {ident} AND NOT EXISTS "
                f"(SELECT FROM {{t}} WHERE id = {ident})",
                *[j] * count, *[chance.randrange(60)] * count, *[j] * count,
            )  # fmt: skip
    source = cdc.source(table)
    source.open(position)
    held += changes(source, rows_max=3)
    rows: dict[tuple, int] = {}
    for kind, *row in held:
        rows[tuple(row)] = rows.get(tuple(row), 0) + (1 if kind in ("+I", "+U") else -1)
        assert rows[tuple(row)] in (0, 1), (kind, row)
    expected = cdc.run("SELECT id{c}, v FROM {t}".replace("{c}", ""))
    left = sorted(tuple(row) for row, n in rows.items() if n)
    assert left == sorted((i if isinstance(i, int) else str(i), v) for i, v in expected)


def test_a_transaction_is_cut_anywhere(cdc):
    """Rows of one COPY share a place in the log; a count tells them apart."""
    cdc.create()
    source = cdc.source()
    source.open({})
    changes(source)
    with cdc.admin.cursor().copy(f"COPY {cdc.name} FROM STDIN") as copy:
        for i in range(500):
            copy.write_row((i, "x"))
    position: dict = {}
    ids: list[int] = []
    while len(ids) < 500:
        for batch in source.read(37, 2000):
            ids += [row[1] for row in rows_of(batch)]
            position = {batch.partition: batch.position}
        source.read(3, 10)  # lost with the process
        source.close()
        source = cdc.source()
        source.open(position)
    assert ids == list(range(500))
    assert changes(source) == []


def test_the_slot_is_confirmed_no_further_than_committed(cdc):
    cdc.create()
    delay = {"scan__lsn-commit__checkpoints-num-delay": "1"}
    source = cdc.source(**delay)
    source.open({})
    changes(source)
    positions = []
    for i in range(3):
        cdc.run("INSERT INTO {t} VALUES (%s, 'x')", i)
        deadline = time.monotonic() + 30
        while len(positions) == i and time.monotonic() < deadline:
            positions += [b.position for b in source.read(10, 100) if b.records]
    begin = lsn_of(cdc.slot()["confirmed_flush_lsn"])
    assert begin <= min(lsn_of(p["lsn"]) for p in positions)
    for position in positions[:2]:
        source.committed({"0": position})
    source.close()
    deadline = time.monotonic() + 30
    while lsn_of(cdc.slot()["confirmed_flush_lsn"]) == begin and time.monotonic() < deadline:
        time.sleep(0.05)
    assert lsn_of(cdc.slot()["confirmed_flush_lsn"]) == lsn_of(positions[0]["lsn"])


def test_an_idle_table_lets_the_slot_move_on(cdc):
    cdc.create()
    source = cdc.source(heartbeat__interval__ms="50 ms")
    source.open({})
    changes(source)
    cdc.run("CREATE TABLE {t}_other AS SELECT i FROM generate_series(1, 1000) i")
    written = lsn_of(cdc.run("SELECT pg_current_wal_lsn()::text")[0][0])
    cdc.run("DROP TABLE {t}_other")
    reached = 0
    deadline = time.monotonic() + 30
    while reached < written and time.monotonic() < deadline:
        assert source.caught_up() or True
        for batch in source.read(10, 50):
            assert batch.records == 0
            reached = lsn_of(batch.position["lsn"])
    assert reached >= written


def reopened(cdc, position, **options):
    source = cdc.source(**options)
    with pytest.raises(ConnectorError) as caught:
        source.open(position)
        changes(source)
    assert not caught.value.retryable
    return caught.value


def begun(cdc, **options) -> dict:
    cdc.create()
    cdc.run("INSERT INTO {t} VALUES (1, 'a')")
    source = cdc.source(**options)
    source.open({})
    (batch,) = source.read(10, 2000)
    source.close()
    time.sleep(0.2)
    return {"0": batch.position}


def test_a_slot_that_was_dropped_or_made_again_is_refused(cdc):
    position = begun(cdc)
    cdc.run("SELECT pg_drop_replication_slot('{t}')")
    error = reopened(cdc, position)
    assert error.code == "connector.slot-lost" and "resnapshot" in str(error.hint)
    cdc.run("SELECT pg_create_logical_replication_slot('{t}', 'pgoutput')")
    error = reopened(cdc, position)
    assert error.code == "connector.slot-lost" and "made again" in error.message


def test_a_publication_that_was_altered_is_refused(cdc):
    position = begun(cdc)
    cdc.run("ALTER PUBLICATION {t} DROP TABLE {t}; ALTER PUBLICATION {t} ADD TABLE {t}")
    assert reopened(cdc, position).code == "connector.slot-lost"


def test_another_cluster_is_refused(cdc):
    position = begun(cdc)
    position["0"]["origin"][0] = "1"
    assert "another database cluster" in reopened(cdc, position).message


def test_a_truncate_is_refused_and_what_came_before_is_given(cdc):
    cdc.create()
    source = cdc.source()
    source.open({})
    changes(source)
    cdc.run("INSERT INTO {t} VALUES (1, 'a')")
    cdc.run("TRUNCATE {t}")
    found: list[tuple] = []
    with pytest.raises(ConnectorError) as caught:
        while True:
            found += [row for batch in source.read(10, 1000) for row in rows_of(batch)]
    assert caught.value.code == "connector.truncated"
    assert found == [("+I", 1, "a")]


def test_a_table_without_the_row_before_is_refused(cdc):
    cdc.create(full=False)
    source = cdc.source()
    with pytest.raises(ConnectorError) as caught:
        source.open({})
    assert caught.value.code == "connector.row-before-missing"
    assert f'ALTER TABLE "public"."{cdc.name}" REPLICA IDENTITY FULL' in str(caught.value.hint)
    assert cdc.slot() is None


def test_a_slot_has_one_reader(cdc):
    cdc.create()
    one, other = cdc.source(), cdc.source(connect__timeout="1 s")
    one.open({})
    changes(one)
    with pytest.raises(ConnectorError) as caught:
        other.open({})
        changes(other)
    assert caught.value.code == "connector.slot-in-use" and caught.value.retryable


def test_a_column_that_is_dropped_stops_the_reading(cdc):
    cdc.create()
    source = cdc.source()
    source.open({})
    changes(source)
    cdc.run("ALTER TABLE {t} ADD w int; INSERT INTO {t} VALUES (1, 'a', 5)")
    assert changes(source) == [("+I", 1, "a")]
    cdc.run("ALTER TABLE {t} DROP v; INSERT INTO {t} VALUES (2, 6)")
    with pytest.raises(ConnectorError) as caught:
        changes(source)
    assert caught.value.code == "connector.schema-changed"


def test_later_and_committed_starts(cdc):
    cdc.create()
    cdc.run("INSERT INTO {t} VALUES (1, 'a')")
    source = cdc.source(scan__startup__mode="committed-offset")
    with pytest.raises(ConnectorError) as caught:
        source.open({})
    assert caught.value.code == "connector.slot-lost"
    source = cdc.source(scan__startup__mode="latest-offset")
    source.open({})
    cdc.run("INSERT INTO {t} VALUES (2, 'b')")
    assert changes(source) == [("+I", 2, "b")]
    source.close()
    time.sleep(0.2)
    source = cdc.source(scan__startup__mode="committed-offset")
    source.open({})
    assert changes(source) == [("+I", 2, "b")]
    source.close()
    time.sleep(0.2)
    source = cdc.source(scan__startup__mode="latest-offset")
    source.open({})
    assert changes(source) == []


def test_options_are_checked(cdc):
    for options, code in (
        ({"slot__name": "Bad-Name"}, "connector.bad-option"),
        ({"decoding__plugin__name": "wal2json"}, "project.bad-option-value"),
        ({"debezium__snapshot__mode": "never"}, "project.unknown-option"),
        ({"port": "0"}, "connector.bad-option"),
    ):
        with pytest.raises(ProjectError) as caught:
            cdc.source(**options)
        assert caught.value.code == code
