"""GROUP BY over a stream against a naive model, whatever the batches, restarts and retractions."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.engine import crash_points
from tidemill.plan import PhysicalPlan

LAWS = kit.laws()
Row = tuple[int | None, str | None, int | None]
SCHEMA = pa.schema([("k", pa.int32()), ("name", pa.string()), ("v", pa.int64())])
OUT = "k INT, name STRING, n BIGINT, s BIGINT, lo BIGINT, hi BIGINT, d BIGINT, sd BIGINT, f BIGINT"
QUERY = """SELECT k, name, COUNT(*), SUM(v), MIN(v), MAX(v), COUNT(DISTINCT v), SUM(DISTINCT v),
  COUNT(*) FILTER (WHERE v > 0) FROM t GROUP BY k, name"""


@lru_cache
def plan(
    query: str = QUERY, out: str = OUT, changelog: bool = False, ttl: str = ""
) -> PhysicalPlan:
    options = "'connector' = 'memory', 'bounded' = 'false'"
    source = options + (", 'changelog' = 'true'" if changelog else "")
    setting = f"SET 'table.exec.state.ttl' = '{ttl}';" if ttl else ""
    return kit.plan_of(
        f"""{setting}
        CREATE TABLE t (k INT, name STRING, v BIGINT) WITH ({source});
        CREATE TABLE w ({out}) WITH ({options}, 'changelog' = 'true');
        INSERT INTO w {query};
        """
    )


def world(rows: list[Row], cuts: list[int], kinds: list[int] | None = None) -> kit.World:
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    batch = pa.RecordBatch.from_arrays(
        [pa.array(list(c), f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )
    w = kit.World({"t": {"0": kit.Partition(batch, kinds, cuts)}}, [kit.Group("main", ("w",))])
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
    open_update = None
    for row in rows:
        kind = row["$kind"]
        values = tuple(v for n, v in row.items() if n != "$kind")
        assert (kind == "+U") == (open_update is not None), "-U and +U stand side by side"
        open_update = values if kind == "-U" else None
        if kind in ("+I", "+U"):
            table[values] += 1
        else:
            assert table[values] > 0, f"{kind} of a row that is not there: {values}"
            table[values] -= 1
    assert open_update is None
    return +table


def aggregates(group: Counter[int | None]) -> tuple[Any, ...]:
    values = [v for v in group.elements() if v is not None]
    alive = sorted(set(values))
    return (
        group.total(),
        sum(values) if values else None,
        min(alive, default=None),
        max(alive, default=None),
        len(alive),
        sum(alive) if alive else None,
        sum(v > 0 for v in values),
    )


def expected(rows: list[Row], kinds: list[int] | None = None) -> Counter[tuple[Any, ...]]:
    groups: dict[tuple[Any, Any], Counter[int | None]] = defaultdict(Counter)
    for i, (k, name, v) in enumerate(rows):
        groups[k, name][v] += -1 if kinds and kinds[i] in (1, 3) else 1
    return Counter(
        {(*key, *aggregates(group)): 1 for key, group in groups.items() if group.total()}
    )


ROW = st.tuples(
    st.one_of(st.none(), st.integers(0, 2)),
    st.sampled_from([None, "a", "b"]),
    st.one_of(st.none(), st.integers(-3, 3)),
)
ROWS = st.lists(ROW, max_size=40)
CUTS = st.lists(st.integers(1, 60), max_size=12)


@st.composite
def changelogs(draw: st.DrawFn) -> tuple[list[Row], list[int]]:
    """A legal changelog: only rows that are there are withdrawn or updated."""
    rows: list[Row] = []
    kinds: list[int] = []
    there: list[Row] = []
    for _ in range(draw(st.integers(0, 30))):
        if there and draw(st.booleans()):
            old = there.pop(draw(st.integers(0, len(there) - 1)))
            if draw(st.booleans()):
                rows.append(old)
                kinds.append(3)
                continue
            new = draw(ROW)
            rows += [old, new]
            kinds += [1, 2]
            there.append(new)
        else:
            new = draw(ROW)
            rows.append(new)
            kinds.append(0)
            there.append(new)
    return rows, kinds


@LAWS
@given(ROWS, CUTS)
def test_any_batches_of_inserts_come_to_the_groups(rows: list[Row], cuts: list[int]) -> None:
    w = world(rows, cuts)
    progress = run(w, plan())
    assert materialised(w.rows("w")) == expected(rows)
    assert progress.counters.get("g0.out", 0) == len(rows)


@LAWS
@given(changelogs(), CUTS)
def test_any_batches_of_changes_come_to_the_groups(
    changes: tuple[list[Row], list[int]], cuts: list[int]
) -> None:
    rows, kinds = changes
    w = world(rows, cuts, kinds)
    run(w, plan(changelog=True))
    assert materialised(w.rows("w")) == expected(rows, kinds)


@LAWS
@given(changelogs(), CUTS, st.sampled_from(crash_points.POINTS), st.integers(1, 5))
def test_a_crash_anywhere_changes_nothing(
    changes: tuple[list[Row], list[int]], cuts: list[int], point: str, nth: int
) -> None:
    rows, kinds = changes
    w = world(rows, cuts, kinds)
    kit.crash_at(point, nth)
    try:
        with tempfile.TemporaryDirectory() as folder:
            through_crashes(w, plan(changelog=True), Path(folder))
    finally:
        kit.no_crash()
    assert materialised(w.rows("w")) == expected(rows, kinds)


def through_crashes(w: kit.World, p: PhysicalPlan, folder: Path) -> None:
    for _ in range(20):
        try:
            w.engine(p, folder, settings=kit.one_batch_at_a_time()).run("caught-up")
        except kit.Crash:
            continue
        return
    raise AssertionError("it crashes again and again")


GLOBAL = "SELECT CAST(NULL AS INT), CAST(NULL AS STRING)," + QUERY.split("name,", 1)[1].replace(
    "GROUP BY k, name", ""
)


@LAWS
@given(changelogs(), CUTS)
def test_without_keys_there_is_one_group(
    changes: tuple[list[Row], list[int]], cuts: list[int]
) -> None:
    rows, kinds = changes
    w = world(rows, cuts, kinds)
    run(w, plan(GLOBAL, changelog=True))
    assert materialised(w.rows("w")) == expected([(None, None, v) for _, _, v in rows], kinds)


@LAWS
@given(changelogs(), CUTS)
def test_having_lets_go_of_what_stops_to_qualify(
    changes: tuple[list[Row], list[int]], cuts: list[int]
) -> None:
    rows, kinds = changes
    w = world(rows, cuts, kinds)
    run(w, plan(QUERY + " HAVING COUNT(*) > 1 AND MIN(v) < 2", changelog=True))
    kept = {r: 1 for r in expected(rows, kinds) if r[2] > 1 and r[4] is not None and r[4] < 2}
    assert materialised(w.rows("w")) == Counter(kept)


@LAWS
@given(changelogs(), CUTS)
def test_distinct_rows(changes: tuple[list[Row], list[int]], cuts: list[int]) -> None:
    rows, kinds = changes
    w = world(rows, cuts, kinds)
    run(w, plan("SELECT DISTINCT k, v FROM t", "k INT, v BIGINT", True))
    alive: Counter[tuple[Any, ...]] = Counter()
    for (k, _, v), kind in zip(rows, kinds, strict=True):
        alive[k, v] += -1 if kind in (1, 3) else 1
    assert materialised(w.rows("w")) == Counter(dict.fromkeys(+alive, 1))


@LAWS
@given(changelogs(), CUTS)
def test_an_aggregate_over_an_aggregate(
    changes: tuple[list[Row], list[int]], cuts: list[int]
) -> None:
    rows, kinds = changes
    w = world(rows, cuts, kinds)
    query = """SELECT n, COUNT(*), MAX(k) FROM (SELECT k, COUNT(*) AS n FROM t GROUP BY k)
      GROUP BY n"""
    run(w, plan(query, "n BIGINT, c BIGINT, hi INT", True))
    sizes: Counter[int | None] = Counter()
    for (k, _, _), kind in zip(rows, kinds, strict=True):
        sizes[k] += -1 if kind in (1, 3) else 1
    by_size: dict[int, list[int | None]] = defaultdict(list)
    for k, n in (+sizes).items():
        by_size[n].append(k)
    want = {
        (n, len(ks), max((k for k in ks if k is not None), default=None)): 1
        for n, ks in by_size.items()
    }
    assert materialised(w.rows("w")) == Counter(want)


def test_unchanged_groups_are_silent() -> None:
    w = world([(1, "a", 5), (1, "a", 4), (1, "a", 7)], [1, 2])
    run(w, plan("SELECT k, MAX(v) FROM t GROUP BY k", "k INT, m BIGINT"))
    assert [(r["$kind"], r["m"]) for r in w.rows("w")] == [("+I", 5), ("-U", 5), ("+U", 7)]


def test_no_row_before_the_first_one() -> None:
    w = world([], [])
    run(w, plan("SELECT COUNT(*) FROM t", "n BIGINT"))
    assert w.rows("w") == []


@pytest.mark.parametrize("value", ["0.0", "-0.0", "NaN", "Infinity"])
def test_odd_floats_are_one_key(value: str) -> None:
    p = plan("SELECT CAST(name AS DOUBLE), COUNT(*) FROM t GROUP BY CAST(name AS DOUBLE)",
             "x DOUBLE, n BIGINT")  # fmt: skip
    w = world([(1, value, 1)] * 6, [1, 2, 3, 4])
    run(w, p)
    assert [r["n"] for r in w.rows("w") if r["$kind"] != "-U"] == [1, 2, 3, 4, 6]


@LAWS
@given(changelogs(), CUTS, st.integers(0, 4))
def test_order_by_over_a_changelog_gives_the_rows_that_are_left(
    changes: tuple[list[Row], list[int]], cuts: list[int], limit: int
) -> None:
    rows, kinds = changes
    p = kit.plan_of(
        f"""CREATE TABLE t (k INT, name STRING, v BIGINT) WITH ('connector' = 'memory',
          'changelog' = 'true');
        SELECT v, k FROM t ORDER BY v DESC, k LIMIT {limit};"""
    )
    w = world(rows, cuts, kinds)
    w.groups, w.bounded = [], True
    with tempfile.TemporaryDirectory() as folder:
        w.engine(p, Path(folder), settings=kit.one_batch_at_a_time()).run("finished")
    there: Counter[tuple[int | None, int | None]] = Counter()
    for (k, _, v), kind in zip(rows, kinds, strict=True):
        there[v, k] += -1 if kind in (1, 3) else 1
    low = -(10**9)
    want = sorted(
        (+there).elements(), key=lambda r: (-(low if r[0] is None else r[0]),
                                            low if r[1] is None else r[1]),
    )  # fmt: skip
    got = [(r["v"], r["k"]) for _, batch in w.selected for r in batch.rows.to_pylist()]
    assert got == want[:limit]
    assert all(batch.kinds is None for _, batch in w.selected)


@LAWS
@given(changelogs(), CUTS)
def test_a_filter_over_a_changelog_stays_legal(
    changes: tuple[list[Row], list[int]], cuts: list[int]
) -> None:
    rows, kinds = changes
    w = world(rows, cuts, kinds)
    run(w, plan("SELECT k, v FROM t WHERE v > 0", "k INT, v BIGINT", True))
    there: Counter[tuple[Any, ...]] = Counter()
    for (k, _, v), kind in zip(rows, kinds, strict=True):
        if v is not None and v > 0:
            there[k, v] += -1 if kind in (1, 3) else 1
    assert materialised(w.rows("w")) == +there
