"""Interval and window joins against DuckDB, whatever the batches and crashes."""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import kit
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.engine import crash_points
from tidemill.engine.state import row_bag

LAWS = kit.laws()
KINDS = ("INNER", "LEFT", "RIGHT", "FULL")
Row = tuple[str | None, int, int]
"""Key, event time in ms, and a number."""
SCHEMA = pa.schema([("k", pa.string()), ("ts", pa.timestamp("us")), ("id", pa.int64())])
BOUNDS = {
    "around": "a.ts BETWEEN b.ts - INTERVAL '0.01' SECOND(3) AND b.ts + INTERVAL '0.02' SECOND(3)",
    "after": "a.ts > b.ts AND a.ts <= b.ts + INTERVAL '0.015' SECOND(3)",
    "equal": "a.ts = b.ts",
    "apart": "a.ts >= b.ts + INTERVAL '0.01' SECOND(3) AND a.ts < b.ts + INTERVAL '0.03' SECOND(3)",
}
WINDOW = (
    "TABLE(HOP(TABLE {}, DESCRIPTOR(ts), INTERVAL '0.01' SECOND(3), INTERVAL '0.02' SECOND(3)))"
)


@lru_cache
def plan(kind: str, bounds: str, delay: str = "1") -> Any:
    tables = [
        f"""CREATE TABLE {name} (k STRING, ts TIMESTAMP(3), id BIGINT,
          WATERMARK FOR ts AS ts - INTERVAL '{delay}' SECOND(3))
          WITH ('connector' = 'memory');"""
        for name in "ab"
    ]
    left, right = "a", "b"
    on = BOUNDS.get(bounds, "a.window_start = b.window_start AND a.window_end = b.window_end")
    if bounds not in BOUNDS:
        left, right = WINDOW.format("a") + " a", WINDOW.format("b") + " b"
    return kit.plan_of(
        f"""{" ".join(tables)}
        CREATE TABLE w (k STRING, id BIGINT, k2 STRING, id2 BIGINT) WITH ('connector' = 'memory');
        INSERT INTO w SELECT a.k, a.id, b.k, b.id FROM {left} {kind} JOIN {right}
          ON a.k = b.k AND {on} AND a.id <> b.id + 3;
        """
    )


def world(left: list[Row], right: list[Row], cuts: list[int]) -> kit.World:
    inputs = {
        name: {
            "0": kit.Partition(
                pa.RecordBatch.from_pydict(
                    {"k": [r[0] for r in rows], "ts": [r[1] * 1000 for r in rows],
                     "id": [r[2] for r in rows]}, schema=SCHEMA,
                ), None, cuts,
            )
        }
        for name, rows in (("a", left), ("b", right))
    }  # fmt: skip
    return kit.World(inputs, [kit.Group("main", ("w",))])


def run(w: kit.World, p: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        w.engine(p, Path(folder), settings=kit.one_batch_at_a_time()).run("finished")


def expected(kind: str, bounds: str, left: list[Row], right: list[Row]) -> Counter[Any]:
    with duckdb.connect() as connection:
        for name, rows in (("a", left), ("b", right)):
            values = {"k": [r[0] for r in rows], "ts": [r[1] * 1000 for r in rows],
                      "id": [r[2] for r in rows]}  # fmt: skip
            connection.register(f"{name}0", pa.table(values, schema=SCHEMA))
            windows = (
                f"SELECT *, UNNEST(RANGE((EPOCH_MS(ts) // 10 - 1) * 10, EPOCH_MS(ts) + 1, 10)) "
                f"AS ws FROM {name}0"
            )
            connection.execute(
                f"CREATE VIEW {name} AS "
                + (f"SELECT * FROM {name}0" if bounds in BOUNDS else windows)
            )
        on = BOUNDS.get(bounds, "a.ws = b.ws").replace("SECOND(3)", "SECOND")
        query = (
            f"SELECT a.k, a.id, b.k, b.id FROM a {kind} JOIN b ON a.k = b.k AND {on} "
            "AND a.id <> b.id + 3"
        )
        return Counter(connection.sql(query).fetchall())


def got(w: kit.World) -> Counter[Any]:
    return Counter(tuple(row.values()) for row in w.rows("w"))


ROWS = st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.integers(0, 90)), max_size=14).map(
    lambda rows: [(k, ts, i) for i, (k, ts) in enumerate(rows)]
)
CUTS = st.lists(st.integers(1, 14), max_size=6)
FORMS = st.sampled_from([*BOUNDS, "windows"])


@LAWS
@given(ROWS, ROWS, CUTS, st.sampled_from(KINDS), FORMS)
def test_any_batches_come_to_the_join(
    left: list[Row], right: list[Row], cuts: list[int], kind: str, form: str
) -> None:
    w = world(left, right, cuts)
    run(w, plan(kind, form))
    assert got(w) == expected(kind, form, left, right)


@LAWS
@given(
    ROWS, ROWS, CUTS, st.sampled_from(KINDS), FORMS, st.sampled_from(crash_points.POINTS),
    st.integers(1, 5),
)  # fmt: skip
def test_state_goes_with_the_watermark_and_a_crash_changes_nothing(
    left: list[Row], right: list[Row], cuts: list[int], kind: str, form: str, point: str, nth: int
) -> None:
    """Rows in order are not late where the watermark lies a millisecond behind."""
    left = sorted(left, key=lambda row: row[1])
    right = sorted(right, key=lambda row: row[1])
    w = world(left, right, cuts)
    kit.crash_at(point, nth)
    try:
        with tempfile.TemporaryDirectory() as folder:
            kit.run_through_crashes(
                w, plan(kind, form, "0.001"), Path(folder), settings=kit.one_batch_at_a_time()
            )
    finally:
        kit.no_crash()
    assert got(w) == expected(kind, form, left, right)


@pytest.mark.parametrize("form", ["around", "windows"])
def test_state_is_bounded_and_late_rows_are_seen(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_bag, "_SWEEP_ROWS_MIN", 500)
    rows: list[Row] = [("a", ts, ts) for ts in range(0, 90_000, 10)]
    late: list[Row] = [*rows, ("a", 5, -1)]
    w = world(late, rows, list(range(0, 9_000, 300)))
    with tempfile.TemporaryDirectory() as folder:
        engine = w.engine(plan("FULL", form, "0"), Path(folder), settings=kit.one_batch_at_a_time())
        engine.run("finished")
        progress = engine.progress()
    assert progress.state_bytes < 200_000
    row = ("a", -1, None, None)
    assert got(w)[row] == (1 if form == "around" else 0)
    assert progress.late == (0 if form == "around" else 1)


def test_a_wrong_bound_is_noticed() -> None:
    wrong = plan.__wrapped__("INNER", "around")
    (stage,) = wrong.operators
    object.__setattr__(stage, "upper_us", stage.upper_us - 1000)
    left: list[Row] = [("a", 20, 0)]
    right: list[Row] = [("a", 0, 1)]
    w = world(left, right, [])
    run(w, wrong)
    assert got(w) != expected("INNER", "around", left, right)
