"""Upsert sources as whole changelogs, against a table by key, whatever the batches and crashes."""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.engine import crash_points
from tidemill.plan import PhysicalPlan, explain, lint

LAWS = kit.laws()
Row = tuple[int, int | None, int]
"""Key, value, kind."""
SCHEMA = pa.schema([("id", pa.int64()), ("v", pa.int64())])
QUERIES = {
    "rows": "SELECT id, v FROM t",
    "filter": "SELECT id, v FROM t WHERE v > 0",
    "sum": "SELECT MOD(id, 2), SUM(v) FROM t GROUP BY MOD(id, 2)",
    "top": "SELECT id, v FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY v DESC, id) AS rn FROM t) "
    "WHERE rn <= 2",
    "except": "SELECT id, v FROM t EXCEPT SELECT id, 1 FROM t",
    "over": "SELECT id, SUM(v) OVER (ORDER BY id) FROM t",
}


@lru_cache
def plan(query: str) -> PhysicalPlan:
    memory = "'connector' = 'memory', 'bounded' = 'false'"
    return kit.plan_of(
        f"""CREATE TABLE t (id BIGINT, v BIGINT, PRIMARY KEY (id) NOT ENFORCED)
          WITH ({memory}, 'upsert' = 'true');
        CREATE TABLE w (a BIGINT, b BIGINT) WITH ({memory}, 'changelog' = 'true');
        INSERT INTO w {QUERIES[query]};
        """
    )


def world(rows: list[Row], cuts: list[int]) -> kit.World:
    columns = {
        "id": [row[0] for row in rows],
        "v": [None if row[2] == 3 else row[1] for row in rows],
    }
    batch = pa.RecordBatch.from_pydict(columns, schema=SCHEMA)
    part = kit.Partition(batch, [row[2] for row in rows], cuts)
    w = kit.World({"t": {"0": part}}, [kit.Group("main", ("w",))])
    w.bounded = False
    return w


def run(w: kit.World, p: PhysicalPlan, folder: str) -> None:
    w.engine(p, Path(folder), settings=kit.one_batch_at_a_time()).run("caught-up")


def contents(w: kit.World) -> Counter[tuple[Any, ...]]:
    """What a changelog comes to; fails where it is not legal."""
    table: Counter[tuple[Any, ...]] = Counter()
    for row in w.rows("w"):
        values = (row["a"], row["b"])
        if row["$kind"] in ("+I", "+U"):
            table[values] += 1
        else:
            assert table[values] > 0, f"{row['$kind']} of a row that is not there: {values}"
            table[values] -= 1
    return +table


def wanted(query: str, rows: list[Row]) -> Counter[tuple[Any, ...]]:
    table: dict[int, int | None] = {}
    for key, value, kind in rows:
        if kind == 3:
            table.pop(key, None)
        else:
            table[key] = value
    there = list(table.items())
    if query == "filter":
        there = [(k, v) for k, v in there if v is not None and v > 0]
    if query == "sum":
        groups: dict[int, list[int | None]] = {}
        for k, v in there:
            groups.setdefault(k % 2, []).append(v)
        there = [(k, total(values)) for k, values in groups.items()]
    if query == "top":
        there = sorted(there, key=lambda r: (r[1] is None, -(r[1] or 0), r[0]))[:2]
    if query == "except":
        there = [(k, v) for k, v in there if v != 1]
    if query == "over":
        there = [(k, total([v for o, v in there if o <= k])) for k, _ in there]
    return Counter(there)


def total(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


ROWS = st.lists(
    st.tuples(
        st.integers(0, 4), st.one_of(st.none(), st.integers(-1, 3)), st.sampled_from([0, 2, 2, 3])
    ),
    max_size=30,
)
CUTS = st.lists(st.integers(1, 30), max_size=8)


@LAWS
@given(ROWS, CUTS, st.sampled_from(list(QUERIES)))
def test_any_batches_come_to_the_table(rows: list[Row], cuts: list[int], query: str) -> None:
    w = world(rows, cuts)
    with tempfile.TemporaryDirectory() as folder:
        run(w, plan(query), folder)
    assert contents(w) == wanted(query, rows)


@LAWS
@given(
    ROWS, CUTS, st.sampled_from(list(QUERIES)), st.sampled_from(crash_points.POINTS),
    st.integers(1, 5),
)  # fmt: skip
def test_a_crash_anywhere_changes_nothing(
    rows: list[Row], cuts: list[int], query: str, point: str, nth: int
) -> None:
    w = world(rows, cuts)
    kit.crash_at(point, nth)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(20):
                try:
                    run(w, plan(query), folder)
                    break
                except kit.Crash:
                    continue
    finally:
        kit.no_crash()
    assert contents(w) == wanted(query, rows)


def test_upserts_into_an_upsert_sink_need_no_state() -> None:
    p = kit.plan_of(
        """CREATE TABLE t (id BIGINT, v BIGINT, PRIMARY KEY (id) NOT ENFORCED)
          WITH ('connector' = 'memory', 'upsert' = 'true');
        CREATE TABLE w (id BIGINT, v BIGINT, PRIMARY KEY (id) NOT ENFORCED)
          WITH ('connector' = 'memory', 'upsert' = 'true');
        INSERT INTO w SELECT id, v + 1 FROM t;
        """
    )
    assert not p.operators


def test_a_source_is_normalised_once() -> None:
    p = kit.plan_of(
        """CREATE TABLE t (id BIGINT, v BIGINT, PRIMARY KEY (id) NOT ENFORCED)
          WITH ('connector' = 'memory', 'upsert' = 'true', 'bounded' = 'false');
        CREATE TABLE w (id BIGINT, v BIGINT) WITH ('connector' = 'memory', 'changelog' = 'true');
        INSERT INTO w SELECT id, v FROM t WHERE v > 1;
        INSERT INTO w SELECT id, v FROM t WHERE v < 1;
        """
    )
    assert [stage.title for stage in p.operators] == ["ChangelogNormalize"]
    assert "the last row of each key; unbounded: no TTL" in str(explain(p))
    assert "unbounded-state" in [warning.name for warning in lint(p)]


def test_an_update_without_its_old_row_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model must notice where the old row is not taken back."""
    from tidemill.engine.operators.normalize import Normalize

    monkeypatch.setattr(Normalize, "_differ", lambda self, old, new: [False] * old.num_rows)
    rows: list[Row] = [(1, 1, 0), (1, 2, 2)]
    w = world(rows, [1])
    with tempfile.TemporaryDirectory() as folder:
        run(w, plan("rows"), folder)
    assert contents(w) != wanted("rows", rows)
