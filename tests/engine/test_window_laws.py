"""TUMBLE, HOP and CUMULATE against the plain model, whatever batches, restarts and times are."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import Row, Window, windows
from tidemill.engine import crash_points
from tidemill.plan import PhysicalPlan
from tidemill.plan.windows import WindowGrid

LAWS = kit.laws()


def call_of(window: Window) -> str:
    """The table function, up to its last argument."""
    if window.size_ms == window.slide_ms:
        call = f"TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '{window.size_ms / 1000}' SECOND(3)"
    else:
        kind = "CUMULATE" if window.cumulates else "HOP"
        call = (
            f"{kind}(TABLE t, DESCRIPTOR(ts), INTERVAL '{window.slide_ms / 1000}' SECOND(3), "
            f"INTERVAL '{window.size_ms / 1000}' SECOND(3)"
        )
    if window.offset_ms:
        call += f", INTERVAL '{window.offset_ms / 1000}' SECOND(3)"
    return call


@lru_cache
def plan(window: Window, delay_ms: int, changelog: bool = False) -> PhysicalPlan:
    call = call_of(window)
    options = "'connector' = 'memory'" + (", 'changelog' = 'true'" if changelog else "")
    return kit.plan_of(
        f"""
        CREATE TABLE t (ts TIMESTAMP(3), k INT, v BIGINT,
          WATERMARK FOR ts AS ts - INTERVAL '{delay_ms / 1000}' SECOND(3)) WITH ({options});
        CREATE TABLE w (k INT, we TIMESTAMP(3), n BIGINT, s BIGINT, d BIGINT, lo BIGINT, hi BIGINT)
          WITH ('connector' = 'memory');
        INSERT INTO w SELECT k, window_end, COUNT(*), SUM(v), COUNT(DISTINCT v), MIN(v), MAX(v)
          FROM TABLE({call})) GROUP BY k, window_start, window_end;
        """
    )


def world(rows: list[Row], cuts: list[int], changelog: bool = False) -> kit.World:
    schema = pa.schema([("ts", pa.timestamp("us")), ("k", pa.int32()), ("v", pa.int64())])
    batch = pa.RecordBatch.from_pydict(
        {
            "ts": [r.time_ms * 1000 for r in rows],
            "k": [r.key for r in rows],
            "v": [r.value for r in rows],
        },
        schema=schema,
    )
    kinds = [0 if r.weight > 0 else 3 for r in rows] if changelog else None
    part = kit.Partition(batch, kinds, cuts)
    return kit.World({"t": {"0": part}}, [kit.Group("main", ("w",))])


def expected(rows: list[Row], window: Window, delay_ms: int) -> list[tuple[Any, ...]]:
    found = []
    for end, key, values in windows(rows, window, delay_ms)[0]:
        if sum(weight for _, weight in values) == 0:
            continue
        counted: dict[int, int] = {}
        for value, weight in values:
            if value is not None:
                counted[value] = counted.get(value, 0) + weight
        alive = [value for value, weight in counted.items() if weight > 0]
        present = sum(counted.values())
        total = sum(value * weight for value, weight in counted.items())
        found.append(
            (
                end,
                key,
                sum(weight for _, weight in values),
                total if present else None,
                len(alive),
                min(alive, default=None),
                max(alive, default=None),
            )
        )
    return found


def actual(w: kit.World) -> list[tuple[Any, ...]]:
    rows = w.rows("w")
    return [(_ms(r["we"]), r["k"], r["n"], r["s"], r["d"], r["lo"], r["hi"]) for r in rows]


def _ms(value: Any) -> int:
    return round((value - type(value)(1970, 1, 1)).total_seconds() * 1000)


WINDOWS = st.sampled_from(
    [
        Window(10, 10),
        Window(10, 10, 3),
        Window(10, 10, -4),
        Window(20, 10),
        Window(30, 10, 7),
        Window(15, 5, -2),
        Window(12, 6),
        Window(20, 5, 0, True),
        Window(30, 10, 7, True),
        Window(12, 4, -3, True),
    ]
)
ROWS = st.lists(
    st.builds(
        Row,
        st.integers(-60, 60),
        st.one_of(st.none(), st.integers(0, 2)),
        st.one_of(st.none(), st.integers(-3, 3)),
    ),
    max_size=40,
)
CUTS = st.lists(st.integers(1, 40), max_size=8)


def run(w: kit.World, p: PhysicalPlan, **more: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        engine = w.engine(p, Path(folder), settings=kit.one_batch_at_a_time(), **more)
        engine.run("finished")
        return engine.progress()


@LAWS
@given(ROWS, CUTS, WINDOWS, st.sampled_from([0, 5, 25]))
def test_any_batches_give_what_flink_gives(
    rows: list[Row], cuts: list[int], window: Window, delay_ms: int
) -> None:
    w = world(rows, cuts)
    progress = run(w, plan(window, delay_ms))
    assert actual(w) == expected(rows, window, delay_ms)
    assert progress.late == windows(rows, window, delay_ms)[1]
    counts = progress.counters
    assert counts.get("a0.in", 0) == sum(counts.get(f"a0.{k}", 0) for k in ("out", "late", "dead"))


@LAWS
@given(
    ROWS, CUTS, WINDOWS, st.sampled_from(crash_points.POINTS), st.integers(1, 4),
    st.sampled_from([0, 25]),
)  # fmt: skip
def test_a_crash_anywhere_changes_nothing(
    rows: list[Row], cuts: list[int], window: Window, point: str, nth: int, delay_ms: int
) -> None:
    w = world(rows, cuts)
    kit.crash_at(point, nth)
    try:
        with tempfile.TemporaryDirectory() as folder:
            kit.run_through_crashes(
                w, plan(window, delay_ms), Path(folder), settings=kit.one_batch_at_a_time()
            )
    finally:
        kit.no_crash()
    assert actual(w) == expected(rows, window, delay_ms)


@LAWS
@given(ROWS, ROWS, WINDOWS)
def test_withdrawn_rows_leave_no_trace(kept: list[Row], gone: list[Row], window: Window) -> None:
    delay_ms = 1000
    rows = [*gone, *kept, *(Row(r.time_ms, r.key, r.value, -1) for r in gone)]
    w = world(rows, [len(gone), len(gone) + len(kept)], changelog=True)
    run(w, plan(window, delay_ms, True))
    assert actual(w) == expected(kept, window, delay_ms)


@LAWS
@given(st.permutations(list(range(24))), WINDOWS, CUTS)
def test_order_within_the_allowed_lateness_does_not_matter(
    order: list[int], window: Window, cuts: list[int]
) -> None:
    rows = [Row(i * 3 - 30, i % 2, i) for i in range(24)]
    shuffled = [rows[i] for i in order]
    w = world(shuffled, cuts)
    run(w, plan(window, 200))
    assert actual(w) == expected(rows, window, 200)


@given(
    st.integers(-(10**14), 10**14), st.integers(1, 50), st.integers(1, 6), st.integers(-99, 99),
    st.booleans(),
)  # fmt: skip
def test_the_grid_agrees_with_the_definition(
    time_us: int, slide_ms: int, times: int, offset_ms: int, cumulates: bool
) -> None:
    size_us, slide_us, offset_us = slide_ms * times * 1000, slide_ms * 1000, offset_ms * 1000
    grid = WindowGrid(size_us, slide_us, offset_us, cumulates)
    ends = Window(size_us, slide_us, offset_us, cumulates).ends(time_us)
    assert (grid.first_end(time_us), grid.last_end(time_us)) == (ends[0], ends[-1])
    assert grid.pane(time_us) <= time_us < grid.pane(time_us) + grid.pane_us


def test_the_checker_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that closes a millisecond early must be noticed."""
    rows = [Row(i, 0, i) for i in range(50)]
    window = Window(10, 10)
    monkeypatch.setattr("tidemill.plan.windows.MILLI_US", 2_000)
    monkeypatch.setattr("tidemill.engine.graph.MILLI_US", 2_000)
    monkeypatch.setattr("tidemill.engine.intake.MILLI_US", 2_000)
    w = world(rows, list(range(50)))
    run(w, plan(window, 0))
    assert actual(w) != expected(rows, window, 0)
