"""OVER against naive models, whatever the batches, crashes and retractions."""

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
from tidemill.engine.operators.over import OverRows
from tidemill.plan import PhysicalPlan, explain, lint
from tidemill.plan.operators.over import OverStage

LAWS = kit.laws()
Row = tuple[str | None, int, int | None, int]
"""Key, event time in ms, value, and a number that tells rows apart."""
SCHEMA = pa.schema(
    [("k", pa.string()), ("ts", pa.timestamp("us")), ("v", pa.int64()), ("id", pa.int64())]
)
FRAMES = {
    "all": "",
    "all rows": "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
    "rows": "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
    "range": "RANGE BETWEEN INTERVAL '0.01' SECOND(3) PRECEDING AND CURRENT ROW",
}


@lru_cache
def plan(frame: str, bounded: bool = False) -> PhysicalPlan:
    return kit.plan_of(
        f"""CREATE TABLE t (k STRING, ts TIMESTAMP(3), v BIGINT, id BIGINT,
          WATERMARK FOR ts AS ts - INTERVAL '0.02' SECOND(3))
          WITH ('connector' = 'memory', 'bounded' = '{str(bounded).lower()}');
        CREATE TABLE w (id BIGINT, n BIGINT, s BIGINT, hi BIGINT, f BIGINT)
          WITH ('connector' = 'memory');
        INSERT INTO w
          SELECT id, COUNT(*) OVER o, SUM(v) OVER o, MAX(v) OVER o, FIRST_VALUE(v) OVER o
          FROM t WINDOW o AS (PARTITION BY k ORDER BY ts {FRAMES[frame]});
        """
    )


@lru_cache
def changes_plan() -> PhysicalPlan:
    own = "'connector' = 'memory', 'bounded' = 'false', 'changelog' = 'true'"
    return kit.plan_of(
        f"""CREATE TABLE t (k STRING, ts TIMESTAMP(3), v BIGINT, id BIGINT) WITH ({own});
        CREATE TABLE w (id BIGINT, v BIGINT, n BIGINT, s BIGINT, hi BIGINT) WITH ({own});
        INSERT INTO w SELECT id, v, COUNT(*) OVER o, SUM(v) OVER o, MAX(id) OVER o
          FROM t WINDOW o AS (PARTITION BY k ORDER BY v);
        """
    )


def world(
    rows: list[Row], cuts: list[int], kinds: list[int] | None = None, bounded: bool = False
) -> kit.World:
    columns = {
        "k": [r[0] for r in rows],
        "ts": [r[1] * 1000 for r in rows],
        "v": [r[2] for r in rows],
        "id": [r[3] for r in rows],
    }
    batch = pa.RecordBatch.from_pydict(columns, schema=SCHEMA)
    w = kit.World({"t": {"0": kit.Partition(batch, kinds, cuts)}}, [kit.Group("main", ("w",))])
    w.bounded = bounded
    return w


def run(w: kit.World, p: PhysicalPlan, folder: str) -> Any:
    engine = w.engine(p, Path(folder), settings=kit.one_batch_at_a_time())
    engine.run("finished" if w.bounded else "caught-up")
    return engine.progress()


def one_run(w: kit.World, p: PhysicalPlan) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return run(w, p, folder)


def contents(w: kit.World) -> Counter[tuple[Any, ...]]:
    """What a changelog comes to; fails where it is not legal."""
    table: Counter[tuple[Any, ...]] = Counter()
    for row in w.rows("w"):
        values = tuple(v for n, v in row.items() if n != "$kind")
        if row.get("$kind", "+I") in ("+I", "+U"):
            table[values] += 1
        else:
            assert table[values] > 0, f"{row['$kind']} of a row that is not there: {values}"
            table[values] -= 1
    return +table


def seen(frame: str, ordered: list[Row], at: int) -> list[Row]:
    """The rows of a frame, in order of time and arrival."""
    now = ordered[at][1]
    if frame == "all rows":
        return ordered[: at + 1]
    if frame == "rows":
        return ordered[max(0, at - 2) : at + 1]
    back = 10 if frame == "range" else 10**9
    return [row for row in ordered if now - back <= row[1] <= now]


def result(rows: list[Row]) -> tuple[Any, ...]:
    values = [row[2] for row in rows if row[2] is not None]
    if not values:
        return (len(rows), None, None, None)
    return (len(rows), sum(values), max(values), values[0])


def on_time(rows: list[Row]) -> tuple[list[Row], int]:
    """The rows that are not behind the watermark, and the watermark at the end."""
    mark, kept = -(10**9), []
    for row in rows:
        if row[1] > mark:
            kept.append(row)
        mark = max(mark, row[1] - 20)
    return kept, mark


def wanted(frame: str, rows: list[Row], bounded: bool) -> Counter[tuple[Any, ...]]:
    kept, mark = (rows, 10**9) if bounded else on_time(rows)
    parts: dict[str | None, list[Row]] = defaultdict(list)
    for row in kept:
        parts[row[0]].append(row)
    out: Counter[tuple[Any, ...]] = Counter()
    for part in parts.values():
        ordered = sorted(part, key=lambda r: r[1])
        out.update(
            (row[3], *result(seen(frame, ordered, i)))
            for i, row in enumerate(ordered)
            if row[1] <= mark
        )
    return out


@st.composite
def inserts(draw: st.DrawFn) -> list[Row]:
    key = st.sampled_from([None, "a", "b"])
    parts = st.tuples(key, st.integers(0, 60), st.one_of(st.none(), st.integers(-3, 3)))
    return [(k, ts, v, i) for i, (k, ts, v) in enumerate(draw(st.lists(parts, max_size=40)))]


@st.composite
def changelogs(draw: st.DrawFn) -> tuple[list[Row], list[int]]:
    rows: list[Row] = []
    kinds: list[int] = []
    there: list[Row] = []
    for i in range(draw(st.integers(0, 25))):
        if there and draw(st.integers(0, 2)) == 0:
            rows.append(there.pop(draw(st.integers(0, len(there) - 1))))
            kinds.append(3)
        else:
            v = draw(st.one_of(st.none(), st.integers(0, 3)))
            rows.append((draw(st.sampled_from(["a", "b"])), 0, v, i))
            kinds.append(0)
            there.append(rows[-1])
    return rows, kinds


CUTS = st.lists(st.integers(1, 40), max_size=8)


@LAWS
@given(inserts(), CUTS, st.sampled_from(list(FRAMES)), st.booleans())
def test_any_batches_see_the_same_frames(
    rows: list[Row], cuts: list[int], frame: str, bounded: bool
) -> None:
    bounded = bounded and frame != "range"  # Flink has no distance in time over bounded input
    w = world(rows, cuts, bounded=bounded)
    progress = one_run(w, plan(frame, bounded))
    assert contents(w) == wanted(frame, rows, bounded)
    if not bounded:
        assert progress.late == len(rows) - len(on_time(rows)[0])


@LAWS
@given(
    inserts(), CUTS, st.sampled_from(list(FRAMES)), st.sampled_from(crash_points.POINTS),
    st.integers(1, 5),
)  # fmt: skip
def test_a_crash_anywhere_changes_nothing(
    rows: list[Row], cuts: list[int], frame: str, point: str, nth: int
) -> None:
    w = world(rows, cuts)
    kit.crash_at(point, nth)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(20):
                try:
                    run(w, plan(frame), folder)
                    break
                except kit.Crash:
                    continue
    finally:
        kit.no_crash()
    assert contents(w) == wanted(frame, rows, False)


@LAWS
@given(changelogs(), CUTS)
def test_any_batches_of_changes_come_to_the_same(
    changes: tuple[list[Row], list[int]], cuts: list[int]
) -> None:
    rows, kinds = changes
    w = world(rows, cuts, kinds)
    one_run(w, changes_plan())
    there: dict[str | None, list[Row]] = defaultdict(list)
    for row, kind in zip(rows, kinds, strict=True):
        there[row[0]].remove(row) if kind == 3 else there[row[0]].append(row)
    want: Counter[tuple[Any, ...]] = Counter()
    for part in there.values():
        for row in part:
            low = [o for o in part if o[2] is None or (row[2] is not None and o[2] <= row[2])]
            values = [o[2] for o in low if o[2] is not None]
            total = sum(values) if values else None
            want[(row[3], row[2], len(low), total, max(o[3] for o in low))] += 1
    assert contents(w) == want


def test_the_state_of_a_range_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions that no frame reaches any more go, so that state is bounded by the frame."""
    made: list[OverRows] = []

    def keep(*given: Any) -> OverRows:
        made.append(OverRows(*given))
        return made[-1]

    monkeypatch.setattr("tidemill.engine.nodes.over.OverRows", keep)
    w = world([(f"k{i}", i * 1000, 1, i) for i in range(60)], list(range(1, 60)))
    one_run(w, plan("range"))
    assert len(w.rows("w")) == 59
    assert len(made[-1]._kept) <= 2


def test_a_frame_that_is_one_too_short_is_noticed() -> None:
    wrong = plan.__wrapped__("rows")
    (stage,) = wrong.operators
    assert isinstance(stage, OverStage)
    object.__setattr__(stage, "compute", stage.compute.replace("2 PRECEDING", "1 PRECEDING"))
    rows: list[Row] = [("a", i, i, i) for i in range(4)] + [("a", 100, 0, 9)]
    w = world(rows, [])
    one_run(w, wrong)
    assert contents(w) != wanted("rows", rows, False)


def test_what_explain_and_lint_say() -> None:
    assert "bounded by the frame" in str(explain(plan("range")))
    assert "the last 2 rows of each partition" in str(explain(plan("rows")))
    assert "partials, one row per partition" in str(explain(plan("all")))
    assert "all rows of each partition" in str(explain(changes_plan()))
    assert "unbounded-state" not in [warning.name for warning in lint(plan("range"))]
    assert "unbounded-state" in [warning.name for warning in lint(plan("all"))]
