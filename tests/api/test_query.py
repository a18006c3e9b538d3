"""Queries built in Python give the rows of the SQL that they print."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import tidemill as tm
from tidemill.errors import TidemillError, UserError

START = dt.datetime.fromisoformat("2024-01-01T00:00:00")
TRIPS = [
    {"id": i, "zone": "abc"[i % 3], "fare": float(i), "at": START + dt.timedelta(seconds=20 * i)}
    for i in range(12)
]
ZONES = [{"zone": "a", "name": "Alder"}, {"zone": "b", "name": "Birch"}]


@pytest.fixture
def trips() -> tm.Query:
    return tm.Session().table("trips", TRIPS, time="at")


def rows(query: tm.Query) -> list[dict[str, Any]]:
    """Its rows, which are those of its text in the same session."""
    found = query.collect().rows()
    again = query.session.query(query.sql).rows()
    assert sorted(map(str, found)) == sorted(map(str, again))
    return found


def test_select_where_and_order(trips: tm.Query) -> None:
    query = trips.where(tm.col("fare") > 8, "zone <> 'a'").select("id", twice="fare * 2")
    assert rows(query) == [{"id": 10, "twice": 20.0}, {"id": 11, "twice": 22.0}]
    assert query.sql == (
        "SELECT id, (fare * 2) AS `twice`\nFROM `trips`\nWHERE (`fare` > 8)\n  AND (zone <> 'a')"
    )
    assert [r["id"] for r in rows(trips.order_by("-fare").limit(2))] == [11, 10]


def test_windows_and_groups(trips: tm.Query) -> None:
    query = (
        trips.where("fare > 0")
        .window(tm.tumble("at", minutes=1))
        .group_by("zone")
        .agg(trips=tm.count(), fares=tm.sum_("fare"))
        .where("fares > 9")
    )
    found = {(r["zone"], r["window_start"]): (r["trips"], r["fares"]) for r in rows(query)}
    assert found == {
        (zone, START + dt.timedelta(minutes=3)): (1, fare)
        for zone, fare in (("b", 10.0), ("c", 11.0))
    }
    assert query.sql.startswith("WITH step_1 AS (")
    assert "TUMBLE(TABLE step_1, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)" in query.sql


@pytest.mark.parametrize(
    "window",
    [
        tm.hop("at", slide=dt.timedelta(seconds=30), minutes=1),
        tm.cumulate("at", step=dt.timedelta(seconds=30), minutes=2),
        tm.session("at", by="zone", seconds=30),
    ],
)
def test_every_window_counts_every_row(trips: tm.Query, window: tm.Window) -> None:
    found = rows(trips.window(window).group_by("zone").agg(n=tm.count()))
    assert sum(r["n"] for r in found) >= len(TRIPS)


def test_groups_without_a_window(trips: tm.Query) -> None:
    query = trips.group_by("zone").agg(n=tm.count(), top=tm.max_("fare")).where("top > 9.5")
    assert {r["zone"]: (r["n"], r["top"]) for r in rows(query)} == {"b": (4, 10.0), "c": (4, 11.0)}
    assert rows(trips.agg(n=tm.count())) == [{"n": 12}]
    assert len(rows(trips.select("zone").distinct())) == 3


def test_joins_and_unions(trips: tm.Query) -> None:
    zones = trips.session.table("zones", ZONES)
    named = trips.join(zones, "trips.zone = zones.zone").select("trips.id", "zones.name")
    assert len(rows(named)) == 8
    kept = trips.alias("t").join(zones.where("name = 'Birch'").alias("z"), "t.zone = z.zone")
    assert {r["name"] for r in rows(kept.select("z.name"))} == {"Birch"}
    left = trips.join(zones, "trips.zone = zones.zone", how="left").select("id", "name")
    assert len(rows(left)) == 12
    both = trips.where("id = 1").union_all(trips.where("id = 2"))
    assert sorted(r["id"] for r in rows(both)) == [1, 2]
    with pytest.raises(UserError, match="no join 'outer'"):
        trips.join(zones, "true", how="outer")


def test_a_query_is_never_changed(trips: tm.Query) -> None:
    before = trips.sql
    trips.where("id = 1").select("id").group_by("id")
    assert trips.sql == before == "SELECT *\nFROM `trips`"


def test_errors_point_into_the_printed_text(trips: tm.Query) -> None:
    with pytest.raises(TidemillError) as caught:
        trips.select("fares").collect()
    assert caught.value.code == "sql.unknown-column"
    assert "fares" in caught.value.render()
    with pytest.raises(UserError, match="group_by without agg"):
        _ = trips.group_by("zone").sql


def test_results(trips: tm.Query) -> None:
    result = trips.select("id", "zone").limit(3).collect()
    assert len(result) == 3
    assert result.columns == ["id", "zone"]
    assert result.arrow().schema.field("id").type == pa.int64()
    assert pa.table(result).num_rows == 3
    assert "3 rows, 2 columns" in repr(result)
    assert result.changes.column("op").to_pylist() == ["+I"] * 3
    shown = tm.Session().query("SELECT '<b>' AS x")._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


def test_a_changing_result_is_what_stands_at_the_end(trips: tm.Query) -> None:
    session = trips.session
    session.sql("SET 'execution.runtime-mode' = 'streaming'")
    result = session.query("SELECT zone, COUNT(*) AS n FROM trips GROUP BY zone")
    assert {r["zone"]: r["n"] for r in result} == {"a": 4, "b": 4, "c": 4}
    assert set(result.changes.column("op").to_pylist()) >= {"+I"}


def test_streams_can_be_left(trips: tm.Query) -> None:
    session = trips.session
    session.sql(
        "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000',"
        " 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '1000000')"
    )
    seen = 0
    for batch in session.table("ticks").stream():
        seen += len(batch)
        if seen > 100:
            break
    assert seen > 100
    with pytest.raises(TidemillError, match="nothing"):
        list(session.stream("SELECT * FROM nothing"))


def test_statements_that_give_no_rows(trips: tm.Query) -> None:
    session = trips.session
    assert len(session.sql("CREATE VIEW v AS SELECT id FROM trips")) == 0
    assert len(session.sql("SELECT * FROM v;")) == 12
    assert "trips" in str(session.sql("SHOW TABLES").rows())
    assert "trips" in session.explain("SELECT * FROM trips")
    with pytest.raises(UserError, match="no query"):
        session.query("CREATE VIEW w AS SELECT 1 AS x")


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        (pa.array([1], pa.uint32()), pa.int64()),
        (pa.array(["a"], pa.large_string()), pa.string()),
        (pa.array([{"x": 1, "y": ["b"]}]), None),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), None),
        (pa.array([START], pa.timestamp("ms", "UTC")), None),
        (pa.array([Decimal("1.5")], pa.decimal128(5, 2)), None),
    ],
)
def test_columns_keep_their_types(column: pa.Array, type_: pa.DataType | None) -> None:
    result = tm.Session().table("t", pa.table({"c": column})).collect().arrow()
    assert result.column("c").to_pylist() == column.to_pylist()
    if type_ is not None:
        assert result.schema.field("c").type == type_


def test_a_type_that_sql_lacks_is_refused() -> None:
    with pytest.raises(UserError, match="column c is of the Arrow type"):
        tm.Session().table("t", pa.table({"c": pa.array([dt.timedelta(1)])}))
