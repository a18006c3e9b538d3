"""The engine by hand gives what the running engine gives, wherever it dies and is restored."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import kit
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.engine import GroupSpec, ManualClock, Stepper
from tidemill.engine.engine import Engine
from tidemill.engine.kernel import Kernel
from tidemill.interfaces.source import PartitionBatch
from tidemill.plan import PhysicalPlan

POINTS = (None, *(point for point in kit.crash_points.POINTS if point != "between-groups"))
TEXT = """
CREATE TABLE t (ts TIMESTAMP(3), k INT, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'memory', 'late-handling.mode' = 'table', 'bounded' = 'false');
CREATE TABLE w (k INT, we TIMESTAMP(3), n BIGINT) WITH ('connector' = 'memory');
CREATE TABLE g (k INT, n BIGINT) WITH ('connector' = 'memory', 'changelog' = 'true');
INSERT INTO w SELECT k, window_end, COUNT(*)
  FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '2' SECOND))
  GROUP BY k, window_start, window_end;
INSERT INTO g SELECT k, COUNT(*) FROM t GROUP BY k;
"""
Step = tuple[list[int], str, str | None]


@lru_cache
def plan() -> PhysicalPlan:
    return kit.plan_of(TEXT)


@lru_cache
def kernel() -> Kernel:
    return Kernel()


def result(steps: list[Step], *, crashes: bool, partitions: str = "ab") -> dict[str, list[str]]:
    """What the sinks hold in the end; each step gives rows to a partition, then maybe dies."""
    group = kit.Group("main", ("w", "g", "t$late"))
    world = kit.World({}, [group])
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(
            plan(),
            job="test",
            sources={},
            groups=[GroupSpec("main", group.tables, lambda: kit.MemoryGroup(group))],
            checkpoint_dir=Path(folder),
            late_tables={"t": "t$late"},
            clock=ManualClock(),
            durable=False,
            kernel=kernel(),
        )
        stepper = Stepper(engine, {"t": tuple(partitions)})
        given_rows = dict.fromkeys(partitions, 0)
        for times, partition, point in steps:
            if not crashes or point is None:
                stepper.commit()
            rows = pa.RecordBatch.from_pydict(
                {"ts": pa.array([t * 1000 for t in times], pa.timestamp("us")),
                 "k": pa.array([t % 2 for t in times], pa.int32())}
            )  # fmt: skip
            given_rows[partition] += len(times)
            piece = PartitionBatch(partition, rows, None, given_rows[partition], len(times))
            stepper.give("t", [piece])
            if crashes:
                stepper.crash(point)
        stepper.end("t")
        if crashes:
            stepper.crash("after-checkpoint-written")
        stepper.commit()
        counters = stepper.counters
        assert counters.get("source.t.rows", 0) == sum(given_rows.values())
        stepper.close()
    return {table: sorted(map(repr, _held(world.rows(table)))) for table in group.tables}


def _held(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """A changelog comes down to what is there in the end."""
    held: dict[tuple[object, ...], int] = {}
    for row in rows:
        sign = -1 if row.pop("$kind", "+I") in ("-U", "-D") else 1
        key = tuple(row.values())
        held[key] = held.get(key, 0) + sign
    return [key for key, count in held.items() for _ in range(count)]


STEPS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 8_000), min_size=1, max_size=5),
        st.sampled_from("ab"),
        st.sampled_from(POINTS),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_a_crash_after_each_step_changes_nothing(steps: list[Step]) -> None:
    assert result(steps, crashes=True) == result(steps, crashes=False)


@settings(max_examples=6, deadline=None)
@given(STEPS)
def test_it_gives_what_the_running_engine_gives(steps: list[Step]) -> None:
    flat = [time for times, _, _ in steps for time in times]
    group = kit.Group("main", ("w", "g", "t$late"))
    rows = pa.RecordBatch.from_pydict(
        {"ts": pa.array([t * 1000 for t in flat], pa.timestamp("us")),
         "k": pa.array([t % 2 for t in flat], pa.int32())}
    )  # fmt: skip
    world = kit.World({"t": {"a": kit.Partition(rows)}}, [group])
    with tempfile.TemporaryDirectory() as folder:
        world.engine(plan(), Path(folder), late_tables={"t": "t$late"}).run("finished")
    running = {table: sorted(map(repr, _held(world.rows(table)))) for table in group.tables}
    stepped: list[Step] = [(times, "a", None) for times, _, _ in steps]
    assert result(stepped, crashes=False, partitions="a") == running
