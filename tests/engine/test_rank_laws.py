"""Top-N and deduplication against a naive model, whatever the batches, crashes and retractions."""

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
from tidemill.plan.operators.rank import RankStage

LAWS = kit.laws()
Row = tuple[str | None, int, int | None, int]
"""Key, event time in ms, value, and a number that tells rows apart."""
SCHEMA = pa.schema(
    [("k", pa.string()), ("ts", pa.timestamp("us")), ("v", pa.int64()), ("id", pa.int64())]
)
OUT = "k STRING, v BIGINT, id BIGINT"
FIRST = "ORDER BY ts"
LAST = "ORDER BY ts DESC"
TOP = "ORDER BY v DESC"


@lru_cache
def plan(order: str, bound: str, number: bool = False, changelog: bool = False) -> PhysicalPlan:
    options = "'connector' = 'memory', 'bounded' = 'false'"
    source = options + (", 'changelog' = 'true'" if changelog else "")
    append = order in (FIRST, "ORDER BY pt")
    rn = ", rn BIGINT" if number else ""
    return kit.plan_of(
        f"""CREATE TABLE t (k STRING, ts TIMESTAMP(3), v BIGINT, id BIGINT, pt AS PROCTIME(),
          WATERMARK FOR ts AS ts - INTERVAL '0.02' SECOND(3)) WITH ({source});
        CREATE TABLE w ({OUT}{rn}) WITH ({options}{"" if append else ", 'changelog' = 'true'"});
        INSERT INTO w SELECT k, v, id{", rn" if number else ""} FROM (
          SELECT *, ROW_NUMBER() OVER (PARTITION BY k {order}) AS rn FROM t) WHERE {bound};
        """
    )


def world(
    rows: list[Row], cuts: list[int], kinds: list[int] | None = None, bounded: bool = False
) -> kit.World:
    batch = pa.RecordBatch.from_pydict(
        {
            "k": [r[0] for r in rows],
            "ts": [r[1] * 1000 for r in rows],
            "v": [r[2] for r in rows],
            "id": [r[3] for r in rows],
        },
        schema=SCHEMA,
    )
    w = kit.World({"t": {"0": kit.Partition(batch, kinds, cuts)}}, [kit.Group("main", ("w",))])
    w.bounded = bounded
    return w


def run(w: kit.World, p: PhysicalPlan) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        engine = w.engine(p, Path(folder), settings=kit.one_batch_at_a_time())
        engine.run("finished" if w.bounded else "caught-up")
        return engine.progress()


def materialised(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """What a changelog comes to; fails where it is not legal."""
    table: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        values = tuple(v for n, v in row.items() if n != "$kind")
        if row["$kind"] in ("+I", "+U"):
            table[values] += 1
        else:
            assert table[values] > 0, f"{row['$kind']} of a row that is not there: {values}"
            table[values] -= 1
    return +table


def partitions(rows: list[Row], kinds: list[int] | None = None) -> dict[str | None, list[Row]]:
    """The rows that are there, by key, in the order of arrival."""
    there: dict[str | None, list[Row]] = defaultdict(list)
    for i, row in enumerate(rows):
        if kinds and kinds[i] in (1, 3):
            there[row[0]].remove(row)
        else:
            there[row[0]].append(row)
    return there


def top(rows: list[Row], n: int, kinds: list[int] | None = None) -> list[tuple[Any, ...]]:
    found = []
    for group in partitions(rows, kinds).values():
        ordered = sorted(group, key=lambda r: (r[2] is None, -(r[2] or 0)))
        found += [(r[0], r[2], r[3], i) for i, r in enumerate(ordered[:n], 1)]
    return found


KEY = st.sampled_from([None, "a", "b"])
VALUE = st.one_of(st.none(), st.integers(-2, 2))


@st.composite
def inserts(draw: st.DrawFn) -> list[Row]:
    parts = st.tuples(KEY, st.integers(0, 60), VALUE)
    return [(k, ts, v, i) for i, (k, ts, v) in enumerate(draw(st.lists(parts, max_size=40)))]


@st.composite
def changelogs(draw: st.DrawFn) -> tuple[list[Row], list[int]]:
    rows: list[Row] = []
    kinds: list[int] = []
    there: list[Row] = []
    for _ in range(draw(st.integers(0, 30))):
        new = (draw(KEY), 0, draw(VALUE), draw(st.integers(0, 2)))
        if there and draw(st.booleans()):
            old = there.pop(draw(st.integers(0, len(there) - 1)))
            if draw(st.booleans()):
                rows.append(old)
                kinds.append(3)
                continue
            rows += [old, new]
            kinds += [1, 2]
        else:
            rows.append(new)
            kinds.append(0)
        there.append(new)
    return rows, kinds


CUTS = st.lists(st.integers(1, 60), max_size=12)


@LAWS
@given(inserts(), CUTS, st.integers(1, 3), st.booleans())
def test_any_batches_of_inserts_come_to_the_top(
    rows: list[Row], cuts: list[int], n: int, number: bool
) -> None:
    w = world(rows, cuts)
    run(w, plan(TOP, f"rn <= {n}", number))
    want = [r if number else r[:3] for r in top(rows, n)]
    assert materialised(w.rows("w")) == Counter(want)


@LAWS
@given(changelogs(), CUTS, st.integers(1, 3), st.booleans())
def test_any_batches_of_changes_come_to_the_top(
    changes: tuple[list[Row], list[int]], cuts: list[int], n: int, number: bool
) -> None:
    rows, kinds = changes
    w = world(rows, cuts, kinds)
    run(w, plan(TOP, f"rn <= {n}", number, True))
    # equal rows may change places among each other: only what can be seen is compared
    got = materialised(w.rows("w"))
    want = top(rows, n, kinds)
    assert Counter((r[0], r[1]) for r in got.elements()) == Counter((r[0], r[1]) for r in want)
    if number:
        assert Counter((r[0], r[3]) for r in got.elements()) == Counter((r[0], r[3]) for r in want)


@LAWS
@given(
    inserts(), CUTS, st.sampled_from([TOP, LAST, FIRST]), st.sampled_from(crash_points.POINTS),
    st.integers(1, 5),
)  # fmt: skip
def test_a_crash_anywhere_changes_nothing(
    rows: list[Row], cuts: list[int], order: str, point: str, nth: int
) -> None:
    bound = "rn <= 2" if order == TOP else "rn = 1"
    plain = world(rows, cuts)
    run(plain, plan(order, bound))
    w = world(rows, cuts)
    kit.crash_at(point, nth)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(20):
                try:
                    engine = w.engine(
                        plan(order, bound), Path(folder), settings=kit.one_batch_at_a_time()
                    )
                    engine.run("caught-up")
                    break
                except kit.Crash:
                    continue
    finally:
        kit.no_crash()
    assert contents(w) == contents(plain)


def contents(w: kit.World) -> Counter[tuple[Any, ...]]:
    return materialised([{**row, "$kind": row.get("$kind", "+I")} for row in w.rows("w")])


@LAWS
@given(inserts(), CUTS)
def test_the_last_row_by_time(rows: list[Row], cuts: list[int]) -> None:
    w = world(rows, cuts)
    run(w, plan(LAST, "rn = 1"))
    want = [max(group, key=lambda r: (r[1], r[3])) for group in partitions(rows).values()]
    assert materialised(w.rows("w")) == Counter((r[0], r[2], r[3]) for r in want)


@LAWS
@given(inserts(), CUTS, st.booleans())
def test_the_first_row_by_time_comes_with_the_watermark(
    rows: list[Row], cuts: list[int], bounded: bool
) -> None:
    w = world(rows, cuts, bounded=bounded)
    progress = run(w, plan(FIRST, "rn = 1"))
    mark, on_time, late = -(10**9), [], 0
    for row in rows:
        late += row[1] < mark
        on_time += [row] if row[1] >= mark else []
        mark = max(mark, row[1] - 20)
    want = [min(group, key=lambda r: (r[1], r[3])) for group in partitions(on_time).values()]
    out = [r for r in want if bounded or r[1] <= mark]
    assert contents(w) == Counter((r[0], r[2], r[3]) for r in out)
    assert progress.late == late


@LAWS
@given(inserts(), CUTS)
def test_the_first_row_to_arrive_is_never_taken_back(rows: list[Row], cuts: list[int]) -> None:
    w = world(rows, cuts)
    run(w, plan("ORDER BY pt", "rn = 1"))
    first = {group[0][3]: group[0] for group in partitions(rows).values()}
    assert contents(w) == Counter((r[0], r[2], r[3]) for r in first.values())


@LAWS
@given(inserts(), CUTS)
def test_the_last_row_to_arrive(rows: list[Row], cuts: list[int]) -> None:
    w = world(rows, cuts)
    run(w, plan("ORDER BY pt DESC", "rn = 1"))
    want = [group[-1] for group in partitions(rows).values()]
    assert contents(w) == Counter((r[0], r[2], r[3]) for r in want)


@LAWS
@given(inserts(), CUTS)
def test_ranks_between(rows: list[Row], cuts: list[int]) -> None:
    w = world(rows, cuts)
    run(w, plan(TOP, "rn BETWEEN 2 AND 3", True))
    assert materialised(w.rows("w")) == Counter(r for r in top(rows, 3) if r[3] >= 2)


@pytest.mark.parametrize(
    ("order", "bound", "kind"),
    [
        (FIRST, "rn = 1", "first-by-rowtime"),
        (LAST, "1 = rn", "last"),
        ("ORDER BY pt", "rn < 2", "first-by-arrival"),
        ("ORDER BY pt DESC", "rn <= 1", "last-by-arrival"),
        (LAST, "rn <= 2", "top"),
        ("ORDER BY ts DESC, v", "rn = 1", "top"),
    ],
)
def test_deduplication_is_seen(order: str, bound: str, kind: str) -> None:
    (stage,) = plan(order, bound).operators
    assert isinstance(stage, RankStage)
    assert stage.kind == kind
    assert not stage.edges[0].filters


def test_top_of_each_window_is_append_only() -> None:
    p = kit.plan_of(
        """CREATE TABLE t (k STRING, ts TIMESTAMP(3), v BIGINT, id BIGINT,
          WATERMARK FOR ts AS ts) WITH ('connector' = 'memory', 'bounded' = 'false');
        CREATE TABLE w (we TIMESTAMP(3), k STRING, n BIGINT, rn BIGINT)
          WITH ('connector' = 'memory');
        INSERT INTO w SELECT window_end, k, n, rn FROM (
          SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC, k)
            AS rn
          FROM (SELECT window_start, window_end, k, COUNT(*) AS n
            FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '0.01' SECOND(3)))
            GROUP BY window_start, window_end, k)) WHERE rn <= 2;
        """
    )
    rows = [("a", 1), ("b", 2), ("b", 3), ("c", 4), ("a", 12), ("c", 13), ("c", 14), ("z", 99)]
    w = world([(k, ts, 0, i) for i, (k, ts) in enumerate(rows)], [3, 5, 6])
    run(w, p)
    got = [(r["we"].microsecond // 1000, r["k"], r["n"], r["rn"]) for r in w.rows("w")]
    assert got == [
        (10, "b", 2, 1),
        (10, "a", 1, 2),
        (20, "c", 2, 1),
        (20, "a", 1, 2),
        (100, "z", 1, 1),
    ]


def test_a_wrong_tie_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model must notice where the last of equal rows is kept instead of the first."""
    wrong = plan.__wrapped__(TOP, "rn <= 1")
    (stage,) = wrong.operators
    assert isinstance(stage, RankStage)
    object.__setattr__(stage, "batch", stage.batch.replace('"q" ASC', '"q" DESC'))
    w = world([("a", 0, 1, 0), ("a", 0, 1, 1)], [])
    run(w, wrong)
    assert materialised(w.rows("w")) != Counter(
        r[:3] for r in top([("a", 0, 1, 0), ("a", 0, 1, 1)], 1)
    )
