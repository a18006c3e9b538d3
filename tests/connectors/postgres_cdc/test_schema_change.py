"""A table that changes while it is read: what goes on, what stops, and that both are told."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.connectors.postgres_cdc.conftest import Cdc, changes

from tidemill.connectors.jdbc.types import PgType
from tidemill.connectors.postgres_cdc.description import Description, differences
from tidemill.connectors.postgres_cdc.schema_changes import holds
from tidemill.errors import ConnectorError
from tidemill.interfaces.schema_change import SchemaChanges
from tidemill.model import types as t

TABLE = "id int PRIMARY KEY, n int, v varchar(5), d numeric(6,2)"
CHANGES = {
    "added": "ADD w text",
    "dropped": "DROP v",
    "renamed": "RENAME v TO u",
    "wider": "ALTER n TYPE bigint",
    "longer": "ALTER v TYPE varchar(9)",
    "numeric": "ALTER d TYPE numeric(9,2)",
    "other": "ALTER n TYPE text",
    "key": "DROP CONSTRAINT {t}_pkey, ADD PRIMARY KEY (id, n)",
}
NARROW = {"id": t.INT, "n": t.INT, "v": t.string(), "d": t.decimal(6, 2)}
WIDE = {"id": t.INT, "n": t.BIGINT, "v": t.string(), "d": t.decimal(9, 2)}
GOES_ON = {
    ("added", "evolve"), ("added", "ignore"), ("dropped", "ignore"), ("wider", "evolve"),
    ("wider", "ignore"), ("longer", "evolve"), ("longer", "ignore"), ("numeric", "evolve"),
    ("numeric", "ignore"), ("key", "ignore"),
}  # fmt: skip


def rows(source: Any) -> tuple[list[tuple], Any]:
    """What is there, and the newest position."""
    found, position = [], None
    while True:
        batches = source.read(1000, 50)
        for batch in batches:
            found += [tuple(row.values()) for row in batch.rows.to_pylist()]
            position = batch.position
        if not batches and source.caught_up():
            return found, position


def let_go(cdc: Cdc) -> None:
    """Drop slot and publication, so that the next table begins anew."""
    limit = time.monotonic() + 30
    while (cdc.slot() or {}).get("active") and time.monotonic() < limit:
        time.sleep(0.02)
    cdc.run("SELECT pg_drop_replication_slot('{t}')")
    cdc.run("DROP PUBLICATION {t}")


@pytest.mark.servers
@pytest.mark.parametrize("behavior", ["fail", "ignore", "evolve"])
def test_each_change_goes_on_or_stops_as_is_said(cdc: Cdc, behavior: str) -> None:
    """All kinds one after the other, over one table made anew, each with its slot."""
    for kind, ddl in CHANGES.items():
        cdc.run("DROP TABLE IF EXISTS {t}")
        cdc.create(TABLE)
        cdc.run("INSERT INTO {t} VALUES (1, 2, 'a', 1)")
        source = cdc.source(cdc.table(WIDE, schema__change__behavior=behavior))
        source.open({})
        assert [row[0] for row in rows(source)[0]] == [1], kind
        cdc.run("ALTER TABLE {t} " + ddl.format(t=cdc.name))
        cdc.run("INSERT INTO {t} (id, n) VALUES (2, 3)")
        if (kind, behavior) in GOES_ON:
            found, position = rows(source)
            assert found == [(2, 3, None, None)], kind
            told = SchemaChanges.of(position)
            assert told.count == 1 and told.newest[0][0].count("/") == 1, kind
        else:
            with pytest.raises(ConnectorError) as caught:
                rows(source)
            error = caught.value
            assert error.code == "connector.schema-changed", kind
            assert cdc.name in error.message and error.where.offset and error.hint, kind
        source.close()
        let_go(cdc)


@pytest.mark.servers
def test_a_change_that_was_let_through_is_not_met_again(cdc: Cdc) -> None:
    """Stopped by `fail`; nothing behind it was given; let through once; `fail` goes on behind."""
    cdc.create(TABLE)
    source = cdc.source(schema__change__behavior="fail")
    source.open({})
    cdc.run("INSERT INTO {t} VALUES (1, 2, 'a', 1)")
    _, before = rows(source)
    cdc.run("INSERT INTO {t} VALUES (2, 2, 'b', 1)")
    cdc.run("ALTER TABLE {t} ADD w text; INSERT INTO {t} VALUES (3, 2, 'c', 1, 'w')")
    given: list[tuple] = []
    with pytest.raises(ConnectorError, match="`w` text was added"):
        while True:
            for batch in source.read(1000, 50):
                given += [row["id"] for row in batch.rows.to_pylist()]
                before = batch.position
    source.close()
    assert given == [2]
    once = cdc.source(schema__change__behavior="ignore")
    once.open({"0": before})
    found, position = rows(once)
    once.close()
    assert [row[0] for row in found] == [3]
    again = cdc.source(schema__change__behavior="fail")
    again.open({"0": position})
    cdc.run("INSERT INTO {t} VALUES (4, 2, 'd', 1, 'w')")
    found, position = rows(again)
    assert [row[0] for row in found] == [4]
    assert SchemaChanges.of(position).count == 1


@pytest.mark.servers
def test_a_column_that_is_gone_is_null_and_one_that_is_renamed_stops(cdc: Cdc) -> None:
    cdc.create("id int PRIMARY KEY, v text")
    source = cdc.source(schema__change__behavior="ignore")
    source.open({})
    assert changes(source) == []
    cdc.run("ALTER TABLE {t} DROP v; INSERT INTO {t} VALUES (2)")
    assert changes(source) == [("+I", 2, None)]
    cdc.run("UPDATE {t} SET id = 3")
    assert changes(source) == [("-D", 2, None), ("+I", 3, None)]
    cdc.run("ALTER TABLE {t} RENAME id TO key; INSERT INTO {t} VALUES (4)")
    with pytest.raises(ConnectorError, match="is called `key` now"):
        changes(source)


@pytest.mark.servers
def test_a_type_that_the_declared_one_does_not_hold_stops_evolve(cdc: Cdc) -> None:
    for ddl in (CHANGES["wider"], CHANGES["numeric"]):
        cdc.run("DROP TABLE IF EXISTS {t}")
        cdc.create(TABLE)
        source = cdc.source(cdc.table(NARROW, scan__startup__mode="latest-offset"))
        source.open({})
        rows(source)
        cdc.run("ALTER TABLE {t} " + ddl + "; INSERT INTO {t} VALUES (2, 3)")
        with pytest.raises(ConnectorError, match="has changed") as caught:
            rows(source)
        assert "does not hold all of it" in str(caught.value.detail)
        source.close()
        let_go(cdc)


def test_what_holds_what() -> None:
    int4, int8 = PgType("", "int4"), PgType("", "int8")
    numeric = PgType("", "numeric", precision=8, scale=2)
    for type_, pg, shown, expected in (
        (t.INT, int4, "", True), (t.INT, int8, "", False), (t.BIGINT, int4, "", True),
        (t.decimal(10, 0), int4, "", True), (t.decimal(10, 1), int4, "", False),
        (t.decimal(9, 2), numeric, "", True), (t.decimal(9, 4), numeric, "", False),
        (t.decimal(9, 1), numeric, "", False), (t.decimal(38, 9), PgType("", "numeric"), "", False),
        (t.FLOAT, PgType("", "float8"), "", False), (t.DOUBLE, PgType("", "float4"), "", True),
        (t.STRING, PgType("", "text"), "", True),
        (t.timestamp(3), PgType("", "timestamp"), "timestamp without time zone", False),
        (t.timestamp(3), PgType("", "timestamp"), "timestamp(3) without time zone", True),
        (t.DATE, PgType("", "date"), "date", True),
    ):  # fmt: skip
        assert holds(type_, pg, shown) is expected, (type_, pg)


def described(*columns: str, key: tuple[str, ...] = ("a",)) -> Description:
    return Description(tuple((c[0], "text" if c[1:] == "" else c[1:]) for c in columns), key)


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        (described("a", "b"), described("a", "b"), []),
        (described("a", "b"), described("a", "b", "c"), ["added"]),
        (described("a", "b", "c"), described("a", "c"), ["dropped"]),
        (described("a", "b", "c"), described("a", "d", "c"), ["renamed"]),
        (described("a", "b"), described("a", "cint"), ["dropped", "added"]),
        (described("a", "b", "c"), described("a", "c", "d"), ["dropped", "added"]),
        (described("a", "b"), described("a", "bint"), ["retyped"]),
        (described("a", "b"), described("a", "b", key=("b",)), ["key"]),
        (described("a", "b"), described("k", "b", key=("k",)), ["renamed"]),
        (described("a", "b", "c"), described("a", "x", "y"), ["renamed", "renamed"]),
    ],
)
def test_what_is_different(old: Description, new: Description, kinds: list[str]) -> None:
    assert [one.kind for one in differences(old, new)] == kinds
