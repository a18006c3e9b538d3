"""The jdbc sink on a real Postgres: upsert, delete, append, epochs, refused rows."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from tidemill.connectors.jdbc.connector import CONNECTOR
from tidemill.errors import ConnectorError
from tidemill.interfaces.connector import JobContext
from tidemill.model import DataType, TypeRoot
from tidemill.model import types as t

pytestmark = pytest.mark.servers


def test_upsert_update_and_delete(database, name, job):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY, v text)")
    table = database.table(name, {"id": t.INT, "v": t.STRING}, key=("id",))
    group = database.group(table, job=job)
    assert group.open() is None
    database.write(group, 1, (table, [(1, "a"), (2, "b"), (3, "c")], None))
    assert database.rows(name) == [(1, "a"), (2, "b"), (3, "c")]
    database.write(group, 2, (table, [(1, "a"), (1, "A"), (2, "b"), (4, "d")], "-=d+"))
    assert database.rows(name) == [(1, "A"), (3, "c"), (4, "d")]
    group.close()
    assert database.group(table, job=job).open() == 2


def test_the_last_change_of_a_key_in_an_epoch_wins(database, name, job):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY, v text)")
    table = database.table(name, {"id": t.INT, "v": t.STRING}, key=("id",))
    group = database.group(table, job=job)
    group.open()
    database.write(
        group, 5,
        (table, [(1, "a"), (1, "a"), (1, "b"), (2, "x"), (2, "x")], "+d++d"),
        (table, [(3, "p"), (1, "c")], None),
    )  # fmt: skip
    assert database.rows(name) == [(1, "c"), (3, "p")]
    group.close()


def test_an_update_that_leaves_its_filter_or_its_key_deletes(database, name, job):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY, v text CHECK (v <> 'bad'))")
    table = database.table(name, {"id": t.INT, "v": t.STRING}, key=("id",))
    group = database.group(table, job=job)
    group.open()
    database.write(group, 1, (table, [(1, "a"), (2, "b"), (3, "c"), (4, "d")], None))
    # 1: only the old row passed a filter; 2 becomes 5; 3 stays and changes
    changes = [(1, "a"), (2, "b"), (5, "b"), (3, "c"), (3, "C")]
    database.write(group, 2, (table, changes, "--=-="))
    assert database.rows(name) == [(3, "C"), (4, "d"), (5, "b")]
    # a new row that is refused leaves the old one in its place
    group.writer(name).write(database.batch(table, [(4, "d"), (4, "bad")], "-="))
    assert [letter.code for letter in group.prepare(3)] == ["connector.row-refused"]
    group.commit(3, {})
    assert database.rows(name) == [(3, "C"), (4, "d"), (5, "b")]
    group.close()


def test_nothing_is_visible_before_the_commit_nor_after_an_abort(database, name, job):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY)")
    table = database.table(name, {"id": t.INT}, key=("id",))
    group = database.group(table, job=job)
    group.open()
    group.writer(name).write(database.batch(table, [(1,)]))
    group.prepare(1)
    assert database.rows(name) == []
    group.abort()
    database.write(group, 2, (table, [(2,)], None))
    assert database.rows(name) == [(2,)]
    group.close()


def test_append_without_a_key_and_reapplied_epochs(database, name, job):
    database.run(f"CREATE TABLE {name} (v text)")
    table = database.table(name, {"v": t.STRING})
    assert not CONNECTOR.sink_changelog(table, JobContext(job, {})).updates
    group = database.group(table, job=job)
    group.open()
    database.write(group, 1, (table, [("a",), ("a",), (None,), ("",)], None))
    group.close()
    again = database.group(table, job=job)
    assert again.open() == 1
    database.write(again, 1, (table, [("a",), ("a",), (None,), ("",)], None))
    database.write(again, 2, (table, [("b",)], None))
    assert sorted(database.rows(name), key=str) == [("",), ("a",), ("a",), ("b",), (None,)]
    with pytest.raises(ConnectorError, match="takes only new rows"):
        again.writer(name).write(database.batch(table, [("b",)], "d"))
        again.prepare(3)
    again.close()


def test_all_types_go_in_exactly(database, name, job):
    columns = {
        "id": t.INT, "bo": t.BOOLEAN, "i1": t.TINYINT, "i2": t.SMALLINT, "i8": t.BIGINT,
        "f4": t.FLOAT, "f8": t.DOUBLE, "n": t.decimal(38, 18),
        "c": DataType(TypeRoot.CHAR, length=3), "vc": DataType(TypeRoot.VARCHAR, length=5),
        "s": t.STRING, "by": t.BYTES, "da": t.DATE, "ti": DataType(TypeRoot.TIME, precision=3),
        "ts": t.timestamp(6), "tz": t.timestamp_ltz(6),
        "ai": DataType(TypeRoot.ARRAY, element=t.INT),
        "as": DataType(TypeRoot.ARRAY, element=t.STRING),
        "ab": DataType(TypeRoot.ARRAY, element=t.BYTES),
        "at": DataType(TypeRoot.ARRAY, element=t.timestamp_ltz(3)),
    }  # fmt: skip
    table = database.table(name, columns, key=("id",), sink__create_table="true")
    nothing = (2, *[None] * (len(columns) - 1))
    full = (
        1, True, -128, 32767, -(2**63), 1.5, float("nan"), Decimal("-123.000000000000000001"),
        "abc", "äöü\\N", 'tab\t"q", \n\\. {}', b"\x00\xff\\",
        dt.date(1, 1, 1), dt.time(23, 59, 59, 999000),
        dt.datetime(9999, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001
        dt.datetime(1969, 7, 20, 20, 17, tzinfo=dt.UTC),
        [1, None, -3], ["", None, 'a"\\b,{}', "NULL"], [b"\x00", None],
        [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)],
    )  # fmt: skip
    group = database.group(table, job=job)
    group.open()
    assert database.write(group, 1, (table, [full, nothing], None)) == []
    first, second = database.rows(name)
    assert repr(first) == repr(full)
    assert second == nothing
    group.close()


def test_json_uuid_and_enum_columns_take_text(database, name, job):
    database.run(f"CREATE TYPE mood_{name} AS ENUM ('ok', 'bad')")
    database.run(
        f"CREATE TABLE {name} (id int PRIMARY KEY, j jsonb, u uuid, m mood_{name}, n numeric(5,2))"
    )
    table = database.table(
        name, {"id": t.INT, "j": t.STRING, "u": t.STRING, "m": t.STRING, "n": t.INT}, key=("id",)
    )
    group = database.group(table, job=job)
    group.open()
    uid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    letters = database.write(
        group, 1,
        (table, [(1, '{"a": 1}', uid, "ok", 3), (2, "{", uid, "ok", 1), (3, "1", "x", "ok", 1),
                 (4, "1", uid, "sad", 1), (5, "1", uid, "bad", 1000)], None),
    )  # fmt: skip
    assert database.rows(name, "id, j, m, n") == [(1, {"a": 1}, "ok", Decimal("3.00"))]
    assert sorted(json.loads(x.value)["id"] for x in letters) == [2, 3, 4, 5]
    assert {x.code for x in letters} == {"connector.row-refused"}
    group.close()


def test_refused_rows_are_set_aside_and_the_others_go_in(database, name, job):
    database.run(
        f"CREATE TABLE {name} (id int PRIMARY KEY, n numeric(4,1), s varchar(3) NOT NULL, "
        "small smallint, c int CHECK (c <> 13), u int UNIQUE)"
    )
    columns = {
        "id": t.INT, "n": t.decimal(10, 4), "s": t.STRING, "small": t.INT, "c": t.INT, "u": t.INT,
    }  # fmt: skip
    table = database.table(name, columns, key=("id",))
    good = [(i, Decimal("1.25"), "abc", 1, 1, None) for i in range(1000)]
    bad = [
        (2000, Decimal("999.9500"), "a", 1, 1, None), (2001, None, None, 1, 1, None),
        (2002, None, "four", 1, 1, None), (2003, None, "a", 40000, 1, None),
        (2004, None, "a", 1, 13, None), (2005, None, "a\x00", 1, 1, None),
        (None, None, "a", 1, 1, None),
    ]  # fmt: skip
    twins = [(3000, None, "a", 1, 1, 7), (3001, None, "a", 1, 1, 7)]
    group = database.group(table, job=job)
    group.open()
    letters = database.write(group, 1, (table, good[:500] + bad + good[500:] + twins, None))
    assert len(database.rows(name)) == 1001
    assert database.rows(name, "n", "id")[0] == (Decimal("1.3"),)
    refused = sorted(json.loads(x.value)["id"] or 0 for x in letters)
    assert refused == [0, 2000, 2001, 2002, 2003, 2004, 2005, 3001]
    assert all(x.table == name and x.stage == "sink" for x in letters)
    reasons = " ".join(x.message for x in letters)
    for needle in ("numeric(4,1)", "takes no NULL", "too long", "smallint", "check constraint",
                   "U+0000", "(u)=(7) already exists"):  # fmt: skip
        assert needle in reasons
    assert database.rows(name, "count(*)") == [(1001,)]
    group.close()


def test_a_refused_last_row_leaves_the_one_before_it(database, name, job):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY, c int CHECK (c <> 13))")
    table = database.table(name, {"id": t.INT, "c": t.INT}, key=("id",))
    group = database.group(table, job=job)
    group.open()
    rows = [(1, 1), (1, 13), (2, 5), (2, 13), (2, 6), (3, 9), (3, 9), (3, 13), (3, 13)]
    letters = database.write(group, 1, (table, rows, "+++++d+++"[:5] + "+d++"))
    assert database.rows(name) == [(1, 1), (2, 6)]
    assert sorted(json.loads(x.value)["id"] for x in letters) == [1, 3, 3]
    group.close()


def test_foreign_keys_hold_within_an_epoch_in_the_order_of_writes(database, name, job):
    database.run(f"CREATE TABLE {name}_p (id int PRIMARY KEY)")
    database.run(
        f"CREATE TABLE {name}_c (id int PRIMARY KEY, p int REFERENCES {name}_p "
        "DEFERRABLE INITIALLY DEFERRED)"
    )
    child = database.table(f"{name}_c", {"id": t.INT, "p": t.INT}, key=("id",))
    parent = database.table(f"{name}_p", {"id": t.INT}, key=("id",))
    group = database.group(child, parent, job=job)
    group.open()
    letters = database.write(
        group, 1, (parent, [(1,), (2,)], None), (child, [(1, 1), (2, 9), (3, 2)], None)
    )
    assert database.rows(f"{name}_c") == [(1, 1), (3, 2)]
    assert [json.loads(x.value)["id"] for x in letters] == [2]
    group.close()


def test_a_large_epoch_flushes_early_and_is_still_atomic(database, name, job, monkeypatch):
    monkeypatch.setattr("tidemill.connectors.jdbc.writer.BUFFER_BYTES_MAX", 1000)
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY, v int)")
    table = database.table(name, {"id": t.INT, "v": t.INT}, key=("id",))
    group = database.group(table, job=job)
    group.open()
    for round_ in range(5):
        group.writer(name).write(database.batch(table, [(i, round_) for i in range(500)]))
    assert database.rows(name) == []
    group.prepare(1)
    group.commit(1, {})
    assert database.rows(name, "count(*), min(v)") == [(500, 4)]
    group.close()


def test_names_that_need_quotes(database, name, job):
    odd = f'{name} "x".Y'
    quoted = '"' + odd.replace('"', '""') + '"'
    database.run(f'CREATE TABLE {quoted} ("Id; --" int PRIMARY KEY, "select" text)')
    table = database.table(quoted, {"Id; --": t.INT, "select": t.STRING}, key=("Id; --",))
    group = database.group(table, job=job)
    group.open()
    database.write(group, 1, (table, [(1, "%s %(a)s {}")], None))
    assert database.rows(quoted) == [(1, "%s %(a)s {}")]
    group.close()


def test_qualified_names_and_the_default_schema(database, name, job):
    database.run(f"CREATE SCHEMA {name}; CREATE TABLE {name}.t (id int PRIMARY KEY)")
    table = database.table(f"{name}.t", {"id": t.INT}, key=("id",))
    group = database.group(table, job=job)
    group.open()
    database.write(group, 1, (table, [(1,)], None))
    group.close()
    here = database.table(
        "t", {"id": t.INT}, key=("id",), url=f"{database.url}?currentSchema={name}"
    )
    other = database.group(here, job=job)
    other.open()
    database.write(other, 1, (here, [(2,)], None))
    other.close()
    assert database.rows(f"{name}.t") == [(1,), (2,)]


@pytest.mark.parametrize(
    ("ddl", "needles"),
    [
        ("id int PRIMARY KEY", ["no column `v`", "id INT NOT NULL, v STRING", "id integer"]),
        ("id int PRIMARY KEY, v int", ["`v` as integer", "does not fit STRING"]),
        ("id int, v text", ["unique constraint on (id)", "ADD PRIMARY KEY"]),
        ("id int PRIMARY KEY, v text, w int NOT NULL", ["needs a value for `w`"]),
        ("id int PRIMARY KEY, v text GENERATED ALWAYS AS ('x') STORED", ["the values of `v`"]),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_is_refused_at_open(database, name, job, ddl, needles):
    database.run(f"CREATE TABLE {name} ({ddl})")
    group = database.group(database.table(name, {"id": t.INT, "v": t.STRING}, key=("id",)), job=job)
    with pytest.raises(ConnectorError) as caught:
        group.open()
    group.close()
    assert caught.value.code == "connector.schema-mismatch"
    assert all(needle in caught.value.render() for needle in needles), caught.value.render()


def test_a_missing_table_shows_how_to_create_it(database, name, job):
    table = database.table(name, {"id": t.INT, "v": t.decimal(5, 2)}, key=("id",))
    group = database.group(table, job=job)
    with pytest.raises(ConnectorError) as caught:
        group.open()
    group.close()
    assert caught.value.code == "connector.table-missing"
    statement = caught.value.hint.split("\n", 1)[1]
    database.run(statement)
    again = database.group(table, job=job)
    again.open()
    database.write(again, 1, (table, [(1, Decimal("1.00"))], None))
    assert database.rows(name) == [(1, Decimal("1.00"))]
    again.close()


def test_a_dropped_table_in_mid_run_is_a_clear_error(database, name, job):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY)")
    table = database.table(name, {"id": t.INT}, key=("id",))
    group = database.group(table, job=job)
    group.open()
    database.run(f"DROP TABLE {name}")
    group.writer(name).write(database.batch(table, [(1,)]))
    with pytest.raises(ConnectorError) as caught:
        group.prepare(1)
    assert not caught.value.retryable
    assert "does not exist" in caught.value.detail
    group.abort()
    group.close()
