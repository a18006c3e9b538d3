"""SESSION against the plain model, whatever the batches, restarts and times are."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import kit
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_window_laws import CUTS, LAWS, ROWS, _ms, run, world

from model import Row, sessions
from tidemill.engine import crash_points
from tidemill.engine.operators import session_merge
from tidemill.engine.operators.session_merge import LATE, Spans, merge
from tidemill.plan import PhysicalPlan
from tidemill.plan.windows import MILLI_US

GAPS = st.sampled_from([1, 3, 10, 25])
DELAYS = st.sampled_from([0, 5, 25])


@lru_cache
def plan(gap_ms: int, delay_ms: int, changelog: bool = False, rows: bool = False) -> PhysicalPlan:
    options = "'connector' = 'memory'" + (", 'changelog' = 'true'" if changelog else "")
    sessions_of = (
        "TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), "
        f"INTERVAL '{gap_ms / 1000}' SECOND(3)))"
    )
    query = (
        f"SELECT k, window_start, window_end, 1, v, 0, v, v FROM {sessions_of}"
        if rows
        else "SELECT k, window_start, window_end, COUNT(*), SUM(v), COUNT(DISTINCT v), MIN(v), "
        f"MAX(v) FROM {sessions_of} GROUP BY k, window_start, window_end"
    )
    return kit.plan_of(
        f"""
        CREATE TABLE t (ts TIMESTAMP(3), k INT, v BIGINT,
          WATERMARK FOR ts AS ts - INTERVAL '{delay_ms / 1000}' SECOND(3)) WITH ({options});
        CREATE TABLE w (k INT, ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, s BIGINT, d BIGINT,
          lo BIGINT, hi BIGINT) WITH ('connector' = 'memory');
        INSERT INTO w {query};
        """
    )


def expected(rows: list[Row], gap_ms: int, delay_ms: int) -> list[tuple[Any, ...]]:
    found = []
    for start, end, key, values in sessions(rows, gap_ms, delay_ms)[0]:
        counted: dict[int, int] = {}
        for value, weight in values:
            if value is not None:
                counted[value] = counted.get(value, 0) + weight
        count = sum(weight for _, weight in values)
        if not count:
            continue
        alive = [value for value, weight in counted.items() if weight > 0]
        total = sum(value * weight for value, weight in counted.items())
        total_or_none = total if sum(counted.values()) else None
        low, high = min(alive, default=None), max(alive, default=None)
        found.append((end, start, key, count, total_or_none, len(alive), low, high))
    return sorted(found, key=repr)


def actual(w: kit.World) -> list[tuple[Any, ...]]:
    rows = [
        (_ms(r["we"]), _ms(r["ws"]), r["k"], r["n"], r["s"], r["d"], r["lo"], r["hi"])
        for r in w.rows("w")
    ]
    return sorted(rows, key=repr)


@LAWS
@given(ROWS, CUTS, GAPS, DELAYS)
def test_any_batches_give_what_flink_gives(
    rows: list[Row], cuts: list[int], gap_ms: int, delay_ms: int
) -> None:
    w = world(rows, cuts)
    progress = run(w, plan(gap_ms, delay_ms))
    assert actual(w) == expected(rows, gap_ms, delay_ms)
    assert progress.late == sessions(rows, gap_ms, delay_ms)[1]
    counts = progress.counters
    assert counts.get("n0.in", 0) == sum(counts.get(f"n0.{k}", 0) for k in ("out", "late", "dead"))


@LAWS
@given(ROWS, CUTS, GAPS, DELAYS)
def test_the_rows_of_sessions_come_out_when_they_end(
    rows: list[Row], cuts: list[int], gap_ms: int, delay_ms: int
) -> None:
    w = world(rows, cuts)
    run(w, plan(gap_ms, delay_ms, rows=True))
    found = [(_ms(r["we"]), _ms(r["ws"]), r["k"], r["s"]) for r in w.rows("w")]
    wanted = [
        (end, start, key, value)
        for start, end, key, values in sessions(rows, gap_ms, delay_ms)[0]
        for value, _ in values
    ]
    assert sorted(found, key=repr) == sorted(wanted, key=repr)


@LAWS
@given(ROWS, CUTS, GAPS, st.sampled_from(crash_points.POINTS), st.integers(1, 4), DELAYS)
def test_a_crash_anywhere_changes_nothing(
    rows: list[Row], cuts: list[int], gap_ms: int, point: str, nth: int, delay_ms: int
) -> None:
    w = world(rows, cuts)
    kit.crash_at(point, nth)
    try:
        with tempfile.TemporaryDirectory() as folder:
            kit.run_through_crashes(
                w, plan(gap_ms, delay_ms), Path(folder), settings=kit.one_batch_at_a_time()
            )
    finally:
        kit.no_crash()
    assert actual(w) == expected(rows, gap_ms, delay_ms)


@LAWS
@given(st.permutations(list(range(24))), GAPS, CUTS)
def test_order_within_the_allowed_lateness_does_not_matter(
    order: list[int], gap_ms: int, cuts: list[int]
) -> None:
    rows = [Row(i * 3 - 30, i % 2, i) for i in range(24)]
    w = world([rows[i] for i in order], cuts)
    run(w, plan(gap_ms, 200))
    assert actual(w) == expected(rows, gap_ms, 200)


@LAWS
@given(ROWS, CUTS, GAPS)
def test_withdrawn_rows_leave_their_session_but_not_its_values(
    rows: list[Row], cuts: list[int], gap_ms: int
) -> None:
    changes = [*rows, *(Row(r.time_ms, r.key, r.value, -1) for r in rows[::2])]
    w = world(changes, cuts, changelog=True)
    run(w, plan(gap_ms, 200, True))
    assert actual(w) == expected(changes, gap_ms, 200)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT k, window_start, window_end, COUNT(*) FROM TABLE(SESSION(TABLE t PARTITION BY k, "
        "DESCRIPTOR(ts), INTERVAL '0.010' SECOND(3))) GROUP BY k, window_start, window_end",
        "SELECT k, window_start, window_end, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY "
        "window_start, window_end, k ORDER BY v) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), "
        "INTERVAL '0.010' SECOND(3)))) WHERE rn = 1",
    ],
    ids=["session", "rank"],
)
def test_late_rows_are_kept_in_their_table(query: str, tmp_path: Path) -> None:
    rows = [Row(0, 1, 1), Row(50, 1, 2), Row(3, 1, 3), Row(7, 2, 4), Row(44, 1, 5)]
    w = world(rows, [2, 4])
    w.groups[0].tables = ("w", "t$late")
    plan_ = kit.plan_of(
        "CREATE TABLE t (ts TIMESTAMP(3), k INT, v BIGINT, "
        "WATERMARK FOR ts AS ts - INTERVAL '0.005' SECOND(3)) "
        "WITH ('connector' = 'memory', 'late-handling.mode' = 'table');"
        "CREATE TABLE w (k INT, ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT) "
        f"WITH ('connector' = 'memory'); INSERT INTO w {query};"
    )
    settings = kit.one_batch_at_a_time()
    engine = w.engine(plan_, tmp_path, settings=settings, late_tables={"t": "t$late"})
    engine.run("finished")
    assert [row["v"] for row in w.rows("t$late")] == [3, 4]
    assert engine.progress().late == 2


ITEMS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60), st.integers(0, 8)), max_size=40)


def _merged(items: list[tuple[int, int, int]], gap: int, delay: int) -> list[tuple[Any, ...]]:
    """Sessions as `merge` finds them: (key, start, end, how many rows), and None for late rows."""
    times = np.array([t for _, t, _ in items], np.int64) * MILLI_US
    marks = np.array([t - delay - late for _, t, late in items], np.int64) * MILLI_US
    standing = np.maximum.accumulate(np.concatenate([[-(10**15)], marks]))[:-1]
    groups = np.array([k for k, _, _ in items], np.int64)
    nothing = np.zeros(0, np.int64)
    rows = Spans(groups, times, times + gap * MILLI_US)
    found = merge(Spans(nothing, nothing, nothing), rows, standing)
    counts = np.bincount(found.of_rows[found.of_rows != LATE], minlength=len(found.sessions))
    parts = zip(found.sessions.group, found.sessions.start, found.sessions.end, counts, strict=True)
    made = [(int(k), int(s) // MILLI_US, int(e) // MILLI_US, int(n)) for k, s, e, n in parts]
    return sorted(made) + [(None,)] * int((found.of_rows == LATE).sum())


@given(ITEMS, st.integers(1, 12), st.integers(0, 12))
def test_one_batch_is_merged_as_row_by_row(
    items: list[tuple[int, int, int]], gap: int, delay: int
) -> None:
    rows, watermark, open_, out, late = items, -(10**9), [], [], 0
    for key, time, extra in rows:
        ended = [s for s in open_ if s[2] - 1 <= watermark]
        open_ = [s for s in open_ if s[2] - 1 > watermark]
        out += ended
        own = (key, time, time + gap, 1)
        near = [s for s in open_ if s[0] == key and s[1] <= own[2] and s[2] >= own[1]]
        for s in near:
            open_.remove(s)
            own = (key, min(own[1], s[1]), max(own[2], s[2]), own[3] + s[3])
        if own[2] - 1 <= watermark:
            late += 1
        else:
            open_.append(own)
        watermark = max(watermark, time - delay - extra)
    assert _merged(items, gap, delay) == sorted([*out, *open_]) + [(None,)] * late


def test_the_checker_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions that touch with an end and a start are one: an off-by-one there must be noticed."""
    rows = [Row(i * 10, 0, i) for i in range(10)]

    def apart(items: Spans) -> Any:
        shorter = Spans(items.group, items.start, items.end - 1)
        numbers, found = whole(shorter)
        return numbers, Spans(found.group, found.start, found.end + 1)

    whole = session_merge.touching
    monkeypatch.setattr(session_merge, "touching", apart)
    w = world(rows, [])
    run(w, plan(10, 25))
    assert actual(w) != expected(rows, 10, 25)
