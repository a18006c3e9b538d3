"""Regular joins against DuckDB's join, whatever the batches, crashes, sides and retractions."""

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
from tidemill.plan import PhysicalPlan
from tidemill.plan.operators.regular_join import RegularJoinStage

LAWS = kit.laws()
Row = tuple[int | None, str | None, int | None]
SCHEMA = pa.schema([("k", pa.int64()), ("s", pa.string()), ("v", pa.int64())])
KINDS = ("INNER", "LEFT", "RIGHT", "FULL")
CONDITIONS = {
    "one key": "a.k = b.k",
    "two keys": "a.k = b.k AND a.s = b.s",
    "key and more": "a.k = b.k AND a.v < b.v",
    "expressions": "a.k + 1 = b.k AND UPPER(a.s) = b.s",
    "null-safe": "a.k IS NOT DISTINCT FROM b.k",
    "no key": "a.v < b.v",
    "one side": "a.k = b.k AND a.v > 0 AND b.s = 'A'",
}


@lru_cache
def plan(kind: str, on: str, left: bool = False, right: bool = False, more: str = "") -> Any:
    source = "'connector' = 'memory', 'bounded' = 'false'"
    tables = [
        f"CREATE TABLE {name} (k BIGINT, s STRING, v BIGINT) WITH ({source}"
        + (", 'changelog' = 'true');" if changes else ");")
        for name, changes in (("a", left), ("b", right))
    ]
    return kit.plan_of(
        f"""{more} {" ".join(tables)}
        CREATE TABLE w (k BIGINT, s STRING, v BIGINT, k2 BIGINT, s2 STRING, v2 BIGINT)
          WITH ('connector' = 'memory', 'changelog' = 'true');
        INSERT INTO w SELECT * FROM a {kind} JOIN b ON {CONDITIONS[on]};
        """
    )


Side = tuple[list[Row], list[int]]


def world(left: Side, right: Side, cuts: list[int], *changelogs: bool) -> kit.World:
    inputs = {}
    for name, (rows, kinds), changes in zip("ab", (left, right), changelogs, strict=True):
        batch = pa.RecordBatch.from_pydict(
            {field.name: [r[i] for r in rows] for i, field in enumerate(SCHEMA)}, schema=SCHEMA
        )
        inputs[name] = {"0": kit.Partition(batch, kinds if changes else None, cuts)}
    w = kit.World(inputs, [kit.Group("main", ("w",))])
    w.bounded = False
    return w


def run(w: kit.World, p: PhysicalPlan) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        engine = w.engine(p, Path(folder), settings=kit.one_batch_at_a_time())
        engine.run("caught-up")
        return engine.progress()


def materialised(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """What a changelog comes to; fails where it is not legal."""
    table: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        values = tuple(v for n, v in row.items() if n != "$kind")
        if row.get("$kind", "+I") in ("+I", "+U"):
            table[values] += 1
        else:
            assert table[values] > 0, f"{row['$kind']} of a row that is not there: {values}"
            table[values] -= 1
    return +table


def there(side: Side) -> list[Row]:
    rows: list[Row] = []
    for row, kind in zip(*side, strict=True):
        if kind in (1, 3):
            rows.remove(row)
        else:
            rows.append(row)
    return rows


def expected(kind: str, on: str, left: Side, right: Side) -> Counter[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        for name, side in (("a", left), ("b", right)):
            rows = there(side)
            table = pa.table(
                {field.name: [r[i] for r in rows] for i, field in enumerate(SCHEMA)}, schema=SCHEMA
            )
            connection.register(name, table)
        query = f"SELECT a.*, b.* FROM a {kind} JOIN b ON {CONDITIONS[on]}"
        return Counter(connection.sql(query).fetchall())


ROW = st.tuples(
    st.sampled_from([None, -1, 0, 1]), st.sampled_from([None, "a", "A"]), st.integers(-1, 2)
)


@st.composite
def inserts(draw: st.DrawFn) -> Side:
    rows = draw(st.lists(ROW, max_size=12))
    return rows, [0] * len(rows)


@st.composite
def changes(draw: st.DrawFn) -> Side:
    rows: list[Row] = []
    kinds: list[int] = []
    present: list[Row] = []
    for _ in range(draw(st.integers(0, 14))):
        new = draw(ROW)
        if present and draw(st.booleans()):
            old = present.pop(draw(st.integers(0, len(present) - 1)))
            if draw(st.booleans()):
                rows.append(old)
                kinds.append(3)
                continue
            rows += [old, new]
            kinds += [1, 2]
        else:
            rows.append(new)
            kinds.append(0)
        present.append(new)
    return rows, kinds


CUTS = st.lists(st.integers(1, 20), max_size=8)


@LAWS
@given(st.sampled_from(list(CONDITIONS)), st.data(), st.sampled_from(KINDS), CUTS)
def test_any_batches_of_inserts_come_to_the_join(
    on: str, data: st.DataObject, kind: str, cuts: list[int]
) -> None:
    left, right = data.draw(inserts()), data.draw(inserts())
    w = world(left, right, cuts, False, False)
    run(w, plan(kind, on))
    assert materialised(w.rows("w")) == expected(kind, on, left, right)


@LAWS
@given(
    st.sampled_from(list(CONDITIONS)), st.data(), st.sampled_from(KINDS), CUTS,
    st.sampled_from([(True, True), (True, False), (False, True)]),
)  # fmt: skip
def test_any_batches_of_changes_come_to_the_join(
    on: str, data: st.DataObject, kind: str, cuts: list[int], sides: tuple[bool, bool]
) -> None:
    left, right = (data.draw(changes() if changed else inserts()) for changed in sides)
    w = world(left, right, cuts, *sides)
    run(w, plan(kind, on, *sides))
    assert materialised(w.rows("w")) == expected(kind, on, left, right)


@LAWS
@given(
    changes(), changes(), CUTS, st.sampled_from(KINDS), st.sampled_from(list(CONDITIONS)),
    st.sampled_from(crash_points.POINTS), st.integers(1, 5),
)  # fmt: skip
def test_a_crash_anywhere_changes_nothing(
    left: Side, right: Side, cuts: list[int], kind: str, on: str, point: str, nth: int
) -> None:
    w = world(left, right, cuts, True, True)
    kit.crash_at(point, nth)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(20):
                try:
                    engine = w.engine(
                        plan(kind, on, True, True), Path(folder),
                        settings=kit.one_batch_at_a_time(),
                    )  # fmt: skip
                    engine.run("caught-up")
                    break
                except kit.Crash:
                    continue
    finally:
        kit.no_crash()
    assert materialised(w.rows("w")) == expected(kind, on, left, right)


TESTS = {
    "in": "v IN (SELECT v FROM b WHERE s = 'a')",
    "not in": "v NOT IN (SELECT k FROM b)",
    "exists": "EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.v > a.v)",
    "not exists": "NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k)",
    "scalar": "v > (SELECT MAX(v) FROM b WHERE b.k = a.k)",
    "count": "v <= (SELECT COUNT(*) FROM b WHERE b.k = a.k)",
}


@lru_cache
def checked(test: str) -> Any:
    source = "'connector' = 'memory', 'bounded' = 'false', 'changelog' = 'true'"
    return kit.plan_of(
        f"""CREATE TABLE a (k BIGINT, s STRING, v BIGINT) WITH ({source});
        CREATE TABLE b (k BIGINT, s STRING, v BIGINT) WITH ({source});
        CREATE TABLE w (k BIGINT, s STRING, v BIGINT) WITH ({source});
        INSERT INTO w SELECT * FROM a WHERE {TESTS[test]};
        """
    )


@LAWS
@given(changes(), changes(), CUTS, st.sampled_from(list(TESTS)))
def test_subqueries_keep_the_rows_that_duckdb_keeps(
    left: Side, right: Side, cuts: list[int], test: str
) -> None:
    w = world(left, right, cuts, True, True)
    run(w, checked(test))
    with duckdb.connect() as connection:
        for name, side in (("a", left), ("b", right)):
            rows = there(side)
            columns = {field.name: [r[i] for r in rows] for i, field in enumerate(SCHEMA)}
            connection.register(name, pa.table(columns, schema=SCHEMA))
        want = connection.sql(f"SELECT * FROM a WHERE {TESTS[test]}").fetchall()
    assert materialised(w.rows("w")) == Counter(want)


def test_inner_join_of_inserts_is_append_only() -> None:
    (stage,) = plan("INNER", "one key").operators
    assert isinstance(stage, RegularJoinStage)
    assert not stage.changelog.updates
    (stage,) = plan("LEFT", "one key").operators
    assert stage.changelog.updates


def test_rows_and_those_without_a_partner_are_counted() -> None:
    left: Side = ([(0, "a", 1), (1, "a", 1), (None, "a", 1)], [0, 0, 0])
    right: Side = ([(0, "b", 1)], [0])
    w = world(left, right, [], False, False)
    progress = run(w, plan("LEFT", "one key"))
    counts = progress.counters
    assert counts["j0.in"] == counts["j0.out"] == 4
    assert counts["j0.unmatched"] in (2, 3, 4)


def test_a_lost_count_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The law must notice where a padded row is not withdrawn when its partner comes."""
    from tidemill.engine.operators import regular_join

    def lossy(self: Any, other: int, gone: Any, came: Any, now_ms: int) -> Any:
        nothing = gone[:0]
        return nothing, nothing

    monkeypatch.setattr(regular_join.RegularJoin, "_count", lossy)
    left: Side = ([(0, "a", 1), (1, "a", 1)], [0, 0])
    right: Side = ([(0, "b", 1)], [0])
    w = world(left, right, [1], False, False)
    run(w, plan("FULL", "one key"))
    assert materialised(w.rows("w")) != expected("FULL", "one key", left, right)
