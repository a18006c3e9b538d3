"""Windows on processing time: fired by the engine's clock, with and without input."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread
from typing import Any

import kit
import pyarrow as pa
import pytest

from tidemill.engine.batches import StageBatch
from tidemill.engine.clock import ManualClock
from tidemill.engine.counters import Counters
from tidemill.engine.graph import Graph
from tidemill.engine.kernel import Kernel
from tidemill.model import Batch
from tidemill.plan import PhysicalPlan, lint

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TABLE = """
CREATE TABLE t (k INT, v BIGINT, pt AS PROCTIME())
  WITH ('connector' = 'memory', 'bounded' = 'false');
CREATE TABLE w (s TIMESTAMP(3), e TIMESTAMP(3), k INT, n BIGINT, total BIGINT)
  WITH ('connector' = 'memory');
"""


def over(call: str, zone: str = "UTC") -> PhysicalPlan:
    return kit.plan_of(
        f"SET 'table.local-time-zone' = '{zone}';\n{TABLE}"
        "INSERT INTO w SELECT window_start, window_end, k, COUNT(*), SUM(v) "
        f"FROM TABLE({call}) GROUP BY window_start, window_end, k;"
    )


def grouped(name: str, arguments: str) -> PhysicalPlan:
    return kit.plan_of(
        TABLE
        + f"INSERT INTO w SELECT {name}_START({arguments}), {name}_END({arguments}), k, COUNT(*), "
        f"SUM(v) FROM t GROUP BY k, {name}({arguments});"
    )


class Running:
    """A graph under the test's hand; times of day in milliseconds."""

    def __init__(self, p: PhysicalPlan, start_ms: int = 0) -> None:
        self.plan = p
        self.clock = ManualClock(start_ms)
        self.rows: list[tuple[Any, ...]] = []
        self.graph = self._graph()
        self.deltas: dict[str, list[Any]] = {}

    def _graph(self) -> Graph:
        return Graph(
            self.plan, Kernel(), Counters(), self._write, lambda _: None, lambda *_: None, 64,
            self.clock,
        )  # fmt: skip

    def _write(self, _stage: Any, batch: Batch) -> None:
        for row in batch.rows.to_pylist():
            start, end = ((t - type(t)(1970, 1, 1)).total_seconds() for t in (row["s"], row["e"]))
            self.rows.append((start, end, row["k"], row["n"], row["total"]))

    def push(self, at_ms: int, *rows: tuple[int, int]) -> None:
        self.to(at_ms)
        (source,) = self.graph.plan.sources
        schema = self.graph.plan.schemas[source.id]
        arrays = [pa.array(c, f.type) for c, f in zip(zip(*rows, strict=True), schema, strict=True)]
        self.graph.push(source.id, StageBatch(pa.table(arrays, schema=schema)))

    def to(self, at_ms: int) -> list[tuple[Any, ...]]:
        """Let the time of day come; what has come out so far."""
        self.clock.advance(at_ms - self.clock.now_ms())
        self.graph.advance()
        return self.rows

    def restart(self) -> None:
        """A new graph from what the old one saved."""
        for name, delta in self.graph.deltas().items():
            self.deltas.setdefault(name, []).append(delta)
        self.graph = self._graph()
        self.graph.restore(self.deltas, {})


@pytest.mark.parametrize(
    "plan",
    [
        over("TUMBLE(TABLE t, DESCRIPTOR(pt), INTERVAL '10' SECOND)"),
        grouped("TUMBLE", "pt, INTERVAL '10' SECOND"),
    ],
)
def test_a_tumbling_window_comes_out_when_the_clock_passes_its_end(plan: PhysicalPlan) -> None:
    running = Running(plan)
    running.push(12_000, (1, 5), (2, 7))
    running.push(19_999, (1, 1))
    assert running.to(19_999) == []
    running.restart()
    assert sorted(running.to(20_000)) == [(10, 20, 1, 2, 6), (10, 20, 2, 1, 7)]
    running.push(20_000, (1, 3))
    assert running.to(60_000)[2:] == [(20, 30, 1, 1, 3)]
    assert running.to(90_000)[3:] == []


def test_a_hop_shares_panes() -> None:
    running = Running(
        over("HOP(TABLE t, DESCRIPTOR(pt), INTERVAL '5' SECOND, INTERVAL '10' SECOND)")
    )
    running.push(12_000, (1, 5))
    running.push(16_000, (1, 6))
    assert running.to(15_000 + 60_000) == [(5, 15, 1, 1, 5), (10, 20, 1, 2, 11), (15, 25, 1, 1, 6)]


def test_a_cumulating_window_grows() -> None:
    call = "CUMULATE(TABLE t, DESCRIPTOR(pt), INTERVAL '5' SECOND, INTERVAL '10' SECOND)"
    running = Running(over(call))
    running.push(12_000, (1, 5))
    running.restart()
    running.push(16_000, (1, 6))
    assert running.to(20_000) == [(10, 15, 1, 1, 5), (10, 20, 1, 2, 11)]


@pytest.mark.parametrize(
    "plan",
    [
        over("SESSION(TABLE t PARTITION BY k, DESCRIPTOR(pt), INTERVAL '10' SECOND)"),
        grouped("SESSION", "pt, INTERVAL '10' SECOND"),
    ],
)
def test_a_session_ends_when_nothing_comes_for_the_gap(plan: PhysicalPlan) -> None:
    running = Running(plan)
    running.push(1_000, (1, 5), (2, 6))
    running.push(9_000, (1, 7))
    running.restart()
    assert running.to(11_000) == [(1, 11, 2, 1, 6)]
    assert running.to(18_999)[1:] == []
    assert running.to(19_000)[1:] == [(1, 19, 1, 2, 12)]


def test_windows_lie_on_the_zones_clock() -> None:
    call = "TUMBLE(TABLE t, DESCRIPTOR(pt), INTERVAL '1' DAY)"
    running = Running(over(call, "America/New_York"), 0)
    running.push(4 * HOUR_MS, (1, 5))  # 23:00 of the day before
    running.push(6 * HOUR_MS, (1, 6))
    assert running.to(DAY_MS + 5 * HOUR_MS) == [(-86400, 0, 1, 1, 5), (0, 86400, 1, 1, 6)]


def test_open_windows_give_nothing_when_the_input_ends(tmp_path: Path) -> None:
    """As in Flink, whose timers of processing time do not fire at the end."""
    text = TABLE.replace("'bounded' = 'false'", "'bounded' = 'true'")
    plan = kit.plan_of(
        text
        + "INSERT INTO w SELECT window_start, window_end, k, COUNT(*), SUM(v) FROM TABLE(TUMBLE("
        "TABLE t, DESCRIPTOR(pt), INTERVAL '1' DAY)) GROUP BY window_start, window_end, k;"
    )
    assert [warning.name for warning in lint(plan)] == ["open-at-the-end"]
    w = _world([(1, 5)])
    w.engine(plan, tmp_path, clock=ManualClock()).run("finished")
    assert w.rows("w") == []


def test_timers_fire_without_input_and_after_a_restart(tmp_path: Path) -> None:
    plan = over("TUMBLE(TABLE t, DESCRIPTOR(pt), INTERVAL '10' SECOND)")
    clock = ManualClock(12_000)
    w = _world([(1, 5)])
    w.bounded = False
    engine = w.engine(plan, tmp_path, clock=clock)
    engine.run("caught-up")
    assert w.rows("w") == []
    clock.advance(60_000)
    again = w.engine(plan, tmp_path, clock=clock)
    thread = Thread(target=lambda: again.run("forever"))
    thread.start()
    for _ in range(400):
        if w.rows("w"):
            break
        Event().wait(0.02)
        clock.advance(1)
    again.stop()
    thread.join()
    (row,) = w.rows("w")
    assert (row["k"], row["n"], row["total"]) == (1, 1, 5)


def _world(rows: list[tuple[int, int]]) -> kit.World:
    schema = pa.schema([("k", pa.int32()), ("v", pa.int64())])
    columns = {"k": [k for k, _ in rows], "v": [v for _, v in rows]}
    batch = pa.RecordBatch.from_pydict(columns, schema=schema)
    return kit.World({"t": {"0": kit.Partition(batch)}}, [kit.Group("main", ("w",))])
