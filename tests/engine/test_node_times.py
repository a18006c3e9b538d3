"""A source that is silent holds back neither the others of a UNION ALL nor the other side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kit
import pyarrow as pa
import pytest

from tidemill.engine import GroupSpec, ManualClock, Stepper
from tidemill.engine.engine import Engine
from tidemill.interfaces.source import PartitionBatch

TABLES = """
CREATE TABLE a (ts TIMESTAMP(3), k INT, WATERMARK FOR ts AS ts)
WITH ('connector' = 'memory', 'late-handling.mode' = 'table', 'bounded' = 'false');
CREATE TABLE b (ts TIMESTAMP(3), k INT, WATERMARK FOR ts AS ts)
WITH ('connector' = 'memory', 'late-handling.mode' = 'table', 'bounded' = 'false');
CREATE TABLE w (we TIMESTAMP(3), n BIGINT) WITH ('connector' = 'memory');
"""
UNION = """INSERT INTO w SELECT window_end, COUNT(*)
FROM TABLE(
  TUMBLE((SELECT * FROM a UNION ALL SELECT * FROM b), DESCRIPTOR(ts), INTERVAL '10' SECOND)
)
GROUP BY window_start, window_end;"""
JOIN = """INSERT INTO w SELECT a.ts, COUNT(*) OVER (ORDER BY a.ts)
FROM a JOIN b ON a.k = b.k AND a.ts BETWEEN b.ts - INTERVAL '1' SECOND AND b.ts;"""


class Run:
    """Two tables of one partition each, by hand."""

    def __init__(self, stepper: Stepper, world: kit.World) -> None:
        self.stepper = stepper
        self._world = world
        self._given = {"a": 0, "b": 0}

    def give(self, table: str, *seconds: int) -> None:
        """Rows with these event times."""
        self._given[table] += len(seconds)
        times = pa.array([s * 1_000_000 for s in seconds], pa.timestamp("us"))
        rows = pa.RecordBatch.from_pydict(
            {"ts": times, "k": pa.array([1] * len(seconds), pa.int32())}
        )
        piece = PartitionBatch("0", rows, None, self._given[table], len(seconds))
        self.stepper.give(table, [piece])

    def out(self) -> list[tuple[int, int]]:
        """Seconds and counts that came out."""
        self.stepper.commit()
        return [
            (row["we"].second + 60 * row["we"].minute, row["n"]) for row in self._world.rows("w")
        ]

    def late(self) -> list[int]:
        """Seconds of the rows that came late, of both tables."""
        self.stepper.commit()
        return [row["ts"].second for t in "ab" for row in self._world.rows(f"{t}$late")]


@contextmanager
def running(query: str, folder: Path) -> Iterator[Run]:
    group = kit.Group("main", ("w", "a$late", "b$late"))
    engine = Engine(
        kit.plan_of(TABLES + query),
        job="test",
        sources={},
        groups=[GroupSpec("main", group.tables, lambda: kit.MemoryGroup(group))],
        checkpoint_dir=folder,
        late_tables={"a": "a$late", "b": "b$late"},
        clock=ManualClock(),
        durable=False,
    )
    stepper = Stepper(engine, {"a": ("0",), "b": ("0",)})
    try:
        yield Run(stepper, kit.World({}, [group]))
    finally:
        stepper.close()


def test_a_union_leaves_out_who_is_silent(tmp_path: Path) -> None:
    with running(UNION, tmp_path) as run:
        run.give("a", 1)
        run.give("b", 2, 25)
        assert run.out() == []
        run.stepper.rest("a", "0")
        assert run.out() == [(10, 2)]
        # It speaks again behind the others: late is what they have passed, and they go on alone.
        run.give("a", 9, 24)
        assert run.late() == [9]
        run.give("b", 41)
        assert run.out() == [(10, 2), (30, 2)]
        # Once it has caught up, it holds them back as before.
        run.give("a", 42)
        run.give("b", 60)
        assert run.out() == [(10, 2), (30, 2)]
        run.give("a", 50)
        assert run.out() == [(10, 2), (30, 2), (50, 2)]


def test_a_crash_does_not_open_what_a_union_has_closed(tmp_path: Path) -> None:
    with running(UNION, tmp_path) as run:
        run.give("a", 1)
        run.give("b", 2, 25)
        run.stepper.rest("a", "0")
        assert run.out() == [(10, 2)]
        run.stepper.crash(None)
        run.give("a", 5)
        assert run.late() == [5]
        assert run.out() == [(10, 2)]


def test_the_furthest_counts_where_all_of_a_union_are_silent(tmp_path: Path) -> None:
    with running(UNION, tmp_path) as run:
        run.give("a", 1)
        run.give("b", 2, 25)
        run.stepper.rest("b", "0")
        assert run.out() == []
        run.stepper.rest("a", "0")
        assert run.out() == [(10, 2)]


@pytest.mark.parametrize("silent", ["a", "b"])
def test_a_join_leaves_out_a_silent_side(silent: str, tmp_path: Path) -> None:
    other = "b" if silent == "a" else "a"
    with running(JOIN, tmp_path) as run:
        run.give("a", 1)
        run.give("b", 1)
        run.give(other, 30)
        assert run.out() == []
        run.stepper.rest(silent, "0")
        assert run.out() == [(1, 1)]
