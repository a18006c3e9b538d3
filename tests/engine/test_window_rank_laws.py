"""Top-N over the rows of windows against the plain model; GROUPING SETS against DuckDB."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import duckdb
import kit
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from test_window_laws import CUTS, LAWS, ROWS, WINDOWS, _ms, call_of, run, world

from model import Row, Window, windows
from tidemill.plan import PhysicalPlan

KEYS = 2


@lru_cache
def plan(window: Window, delay_ms: int) -> PhysicalPlan:
    call = call_of(window)
    return kit.plan_of(
        f"""
        CREATE TABLE t (ts TIMESTAMP(3), k INT, v BIGINT,
          WATERMARK FOR ts AS ts - INTERVAL '{delay_ms / 1000}' SECOND(3))
          WITH ('connector' = 'memory');
        CREATE TABLE w (we TIMESTAMP(3), k INT, v BIGINT, rn BIGINT) WITH ('connector' = 'memory');
        INSERT INTO w SELECT window_end, k, v, rn FROM (SELECT *, ROW_NUMBER() OVER (
          PARTITION BY window_start, window_end, k ORDER BY v DESC) AS rn FROM TABLE({call})))
          WHERE rn <= {KEYS};
        """
    )


def expected(rows: list[Row], window: Window, delay_ms: int) -> list[tuple[Any, ...]]:
    found = []
    for end, key, values in windows(rows, window, delay_ms)[0]:
        ordered = sorted(values, key=lambda v: (v[0] is None, -(v[0] or 0)))[:KEYS]
        found += [(end, key, value, n) for n, (value, _) in enumerate(ordered, 1)]
    return sorted(found, key=repr)


@LAWS
@given(ROWS, CUTS, WINDOWS, st.sampled_from([0, 5, 25]))
def test_any_batches_give_what_flink_gives(
    rows: list[Row], cuts: list[int], window: Window, delay_ms: int
) -> None:
    w = world(rows, cuts)
    progress = run(w, plan(window, delay_ms))
    found = [(_ms(r["we"]), r["k"], r["v"], r["rn"]) for r in w.rows("w")]
    assert sorted(found, key=repr) == expected(rows, window, delay_ms)
    assert progress.late == windows(rows, window, delay_ms)[1]


SETS = st.sampled_from(
    ["ROLLUP (k, v)", "CUBE (k, v)", "GROUPING SETS ((k), (v), ())", "k, ROLLUP (v)"]
)


@LAWS
@given(ROWS, CUTS, SETS)
def test_grouping_sets_over_bounded_input_are_duckdbs(
    rows: list[Row], cuts: list[int], sets: str
) -> None:
    query = "SELECT k, v, COUNT(*) AS n, SUM(v) AS total, GROUPING({}) AS g FROM t GROUP BY " + sets
    plan_ = kit.plan_of(
        "CREATE TABLE t (ts TIMESTAMP(3), k INT, v BIGINT) WITH ('connector' = 'memory');"
        "CREATE TABLE w (k INT, v BIGINT, n BIGINT, total BIGINT, g BIGINT) "
        "WITH ('connector' = 'memory');INSERT INTO w " + query.format("k, v") + ";"
    )
    w = world(rows, cuts)
    run(w, plan_)
    found = [tuple(row.values()) for row in w.rows("w")]
    schema = pa.schema([("k", pa.int32()), ("v", pa.int64())])
    table = pa.table({"k": [r.key for r in rows], "v": [r.value for r in rows]}, schema=schema)
    wanted = duckdb.from_arrow(table).query("t", query.format("k, v")).fetchall()
    if not rows:
        wanted = []
    assert sorted(found, key=repr) == sorted(
        [tuple(None if x is None else int(x) for x in row) for row in wanted], key=repr
    )
