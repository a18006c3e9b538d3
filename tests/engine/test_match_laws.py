"""MATCH_RECOGNIZE against a naive model, whatever the batches and crashes."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidemill.engine import crash_points
from tidemill.engine.operators import match_rows
from tidemill.engine.operators.match_queue import Queue, drop, pop, push
from tidemill.engine.operators.match_recognize import Matches
from tidemill.errors import EngineError
from tidemill.plan import PhysicalPlan, explain, lint
from tidemill.plan.operators.match_recognize import MatchStage

LAWS = kit.laws()
Row = tuple[str | None, int, int | None, int]
"""Key, event time in ms, value, and a number that tells rows apart."""
SCHEMA = pa.schema(
    [("k", pa.string()), ("ts", pa.timestamp("us")), ("v", pa.int64()), ("id", pa.int64())]
)
TABLES = """CREATE TABLE t (k STRING, ts TIMESTAMP(3), v BIGINT, id BIGINT,
  WATERMARK FOR ts AS ts - INTERVAL '0.02' SECOND(3))
  WITH ('connector' = 'memory', 'bounded' = 'false');
CREATE TABLE w (k STRING, s BIGINT, n BIGINT, total BIGINT, l BIGINT) WITH ('connector' = 'memory');
"""
VALLEY = """PATTERN (S D+ U){within} DEFINE
  D AS (LAST(D.v, 1) IS NULL AND D.v < S.v) OR D.v < LAST(D.v, 1), U AS U.v > LAST(D.v)"""
SUMS = """PATTERN (S D*? U){within} DEFINE
  S AS S.v > 0, D AS SUM(D.v) < 4 AND D.id - FIRST(id) < 30, U AS U.v > 2 AND COUNT(id) > 2"""


@lru_cache
def plan(pattern: str = VALLEY, within: int | None = None, skip: str = "PAST LAST ROW") -> Any:
    bound = "" if within is None else f" WITHIN INTERVAL '0.{within:03}' SECOND(3)"
    return kit.plan_of(
        f"""{TABLES} INSERT INTO w SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
        MEASURES FIRST(id) AS s, COUNT(D.id) AS n, SUM(D.v) AS total, LAST(id) AS l
        AFTER MATCH SKIP {skip} {pattern.format(within=bound)});"""
    )


def world(rows: list[Row], cuts: list[int]) -> kit.World:
    columns = {
        "k": [r[0] for r in rows],
        "ts": [r[1] * 1000 for r in rows],
        "v": [r[2] for r in rows],
        "id": [r[3] for r in rows],
    }
    batch = pa.RecordBatch.from_pydict(columns, schema=SCHEMA)
    w = kit.World({"t": {"0": kit.Partition(batch, None, cuts)}}, [kit.Group("main", ("w",))])
    w.bounded = False
    return w


def run(w: kit.World, p: PhysicalPlan, folder: str) -> Any:
    engine = w.engine(p, Path(folder), settings=kit.one_batch_at_a_time())
    engine.run("caught-up")
    return engine.progress()


def one_run(w: kit.World, p: PhysicalPlan) -> Counter[tuple[Any, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        run(w, p, folder)
    return found(w)


def found(w: kit.World) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row.values()) for row in w.rows("w"))


def valleys(rows: list[Row], within: int | None) -> Counter[tuple[Any, ...]]:
    """What falls and then rises, found by looking from each row on; late rows do not count."""
    mark, parts = -(10**9), defaultdict(list)
    for row in rows:
        if row[1] > mark:
            parts[row[0]].append(row)
        mark = max(mark, row[1] - 20)
    out: Counter[tuple[Any, ...]] = Counter()
    for key, part in parts.items():
        ordered = [row for row in sorted(part, key=lambda r: r[1]) if row[1] <= mark]
        first = 0
        while first < len(ordered):
            end = _valley(ordered, first, within, mark)
            if end is None:
                break
            if end > first:
                down = [row[2] for row in ordered[first + 1 : end]]
                out[key, ordered[first][3], len(down), sum(down), ordered[end][3]] += 1
            first = max(end, first) + 1
    return out


def _valley(rows: list[Row], first: int, within: int | None, mark: int) -> int | None:
    """Where the valley from a row on ends; the row itself: there is none; None: not known yet."""
    last, before = first + 1, rows[first][2]
    until = 10**9 if within is None else rows[first][1] + within
    while last < len(rows):
        value = rows[last][2]
        if rows[last][1] >= until or value is None or before is None:
            return first
        if value >= before:
            return last if last > first + 1 and value > before else first
        before, last = value, last + 1
    return first if mark >= until else None


@st.composite
def streams(draw: st.DrawFn) -> list[Row]:
    key = st.sampled_from([None, "a", "b"])
    value = st.one_of(st.none(), st.integers(0, 6), st.integers(0, 6))
    parts = st.tuples(key, st.integers(0, 60), value)
    return [(k, ts, v, i) for i, (k, ts, v) in enumerate(draw(st.lists(parts, max_size=40)))]


CUTS = st.lists(st.integers(1, 40), max_size=8)
CLOSE: Row = ("z", 1000, 0, 99)


@LAWS
@given(streams(), CUTS, st.sampled_from([None, 5, 30]))
def test_any_batches_give_the_matches_of_the_model(
    rows: list[Row], cuts: list[int], within: int | None
) -> None:
    rows = [*rows, CLOSE]
    assert one_run(world(rows, cuts), plan(VALLEY, within)) == valleys(rows, within)


@LAWS
@given(
    streams(), CUTS, st.sampled_from([None, 9]), st.sampled_from(["PAST LAST ROW", "TO NEXT ROW"])
)
def test_batches_do_not_matter_where_conditions_look_back(
    rows: list[Row], cuts: list[int], within: int | None, skip: str
) -> None:
    rows = [*rows, CLOSE]
    p = plan(SUMS, within, skip)
    assert one_run(world(rows, cuts), p) == one_run(world(rows, []), p)


@LAWS
@given(
    streams(), CUTS, st.sampled_from([None, 30]), st.sampled_from(crash_points.POINTS),
    st.integers(1, 5),
)  # fmt: skip
def test_a_crash_anywhere_changes_nothing(
    rows: list[Row], cuts: list[int], within: int | None, point: str, nth: int
) -> None:
    rows = [*rows, CLOSE]
    w = world(rows, cuts)
    kit.crash_at(point, nth)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(20):
                try:
                    run(w, plan(VALLEY, within), folder)
                    break
                except kit.Crash:
                    continue
    finally:
        kit.no_crash()
    assert found(w) == valleys(rows, within)


@LAWS
@given(streams(), CUTS)
def test_rows_far_away_are_found_as_those_nearby(rows: list[Row], cuts: list[int]) -> None:
    rows = [*rows, CLOSE]
    near = one_run(world(rows, cuts), plan(SUMS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(match_rows, "NEAR_MAX", -1)
        assert one_run(world(rows, cuts), plan(SUMS)) == near


@given(st.lists(st.integers(0, 5), max_size=12), st.integers(0, 5))
@example([0, 0, 0], 0)
def test_the_queue_gives_the_earliest_first(starts: list[int], least: int) -> None:
    queue: Queue = []
    for place, start in enumerate(starts):
        push(queue, (start, place, ()))
    drop(queue, lambda one: one[0] < least)
    given_out = [pop(queue)[0] for _ in range(len(queue))]
    assert given_out == sorted(start for start in starts if start >= least)


def test_equal_ones_come_in_the_order_of_javas_queue() -> None:
    """As java.util.PriorityQueue gives them out: the last of the equals moves to the front."""
    queue: Queue = []
    for place in range(5):
        push(queue, (1, place, ()))
    assert [pop(queue)[1] for _ in range(5)] == [0, 4, 3, 2, 1]


def test_what_has_begun_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """With WITHIN, partitions in which nothing can end any more go."""
    made: list[Matches] = []

    def keep(*given: Any) -> Matches:
        made.append(Matches(*given))
        return made[-1]

    monkeypatch.setattr("tidemill.engine.nodes.match_recognize.Matches", keep)
    rows: list[Row] = [(f"k{i}", i * 1000, 1, i) for i in range(60)]
    one_run(world(rows, list(range(1, 60))), plan(VALLEY, 30))
    assert len(made[-1]._state.runs) <= 1
    one_run(world(rows, list(range(1, 60))), plan(VALLEY, None))
    assert len(made[-1]._state.runs) == 59


def test_a_row_whose_condition_cannot_be_computed_is_set_aside() -> None:
    text = """PATTERN (S D U) DEFINE D AS D.v < S.v AND 10 / (D.v - S.v + 5) <> 7, U AS U.v > D.v"""
    rows: list[Row] = [("a", 1, 9, 1), ("a", 2, 4, 2), ("a", 3, 3, 3), ("a", 4, 8, 4), CLOSE]
    w = world(rows, [])
    with tempfile.TemporaryDirectory() as folder:
        progress = run(w, plan(text), folder)
    assert found(w) == Counter({("a", 1, 1, 3, 4): 1})
    assert progress.counters["m0.lost"] == 1
    assert progress.last_rejected == "engine.match-failed: the condition of D cannot be computed"


def test_a_skip_that_cannot_go_on_stops_the_job() -> None:
    text = "PATTERN (S D? U) DEFINE D AS D.v < S.v, U AS U.v > S.v"
    rows: list[Row] = [("a", 1, 3, 1), ("a", 2, 4, 2), CLOSE]
    with pytest.raises(EngineError, match="took no row of it") as caught:
        one_run(world(rows, []), plan(text, None, "TO LAST D"))
    assert caught.value.code == "engine.match-stuck"


def test_a_greedy_variable_that_lets_rows_pass_is_noticed() -> None:
    wrong = plan.__wrapped__("PATTERN (S D* U) DEFINE D AS D.v < 5")
    (stage,) = wrong.operators
    assert isinstance(stage, MatchStage)
    rows: list[Row] = [("a", i, v, i) for i, v in enumerate([1, 2, 3, 9])] + [CLOSE]
    right = one_run(world(rows, []), wrong)
    for ways in stage.automaton.ways:
        for way in ways:
            object.__setattr__(way, "tests", tuple(t for t in way.tests if t[1]))
    assert one_run(world(rows, []), wrong) != right


def test_what_explain_and_lint_say() -> None:
    bounded, unbounded = plan(VALLEY, 30), plan(VALLEY)
    assert "rows of less than 30 ms" in str(explain(bounded))
    assert "pattern=S D+ U" in str(explain(bounded))
    assert "unbounded: no WITHIN" in str(explain(unbounded))
    assert "unbounded-match" not in [warning.name for warning in lint(bounded)]
    assert "unbounded-match" in [warning.name for warning in lint(unbounded)]
