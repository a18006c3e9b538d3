"""What each operator says it waits for, and that it lets it out exactly then."""

from __future__ import annotations

from pathlib import Path

import kit
import pyarrow as pa
import pytest

from tidemill.engine import GroupSpec, ManualClock, Stepper
from tidemill.engine.engine import Engine
from tidemill.engine.observe import observe
from tidemill.interfaces.source import PartitionBatch
from tidemill.plan.windows import MILLI_US

S = 1_000_000
TABLES = """
CREATE TABLE l (id INT, k INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'memory', 'bounded' = 'false');
CREATE TABLE r (id INT, k INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts,
  PRIMARY KEY (k) NOT ENFORCED)
WITH ('connector' = 'memory', 'bounded' = 'false');
CREATE TABLE o (id INT) WITH ('connector' = 'memory');
"""
QUERIES = {
    "tumble": "SELECT MAX(id) FROM TABLE(TUMBLE(TABLE l, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "
    "GROUP BY window_start, window_end",
    "hop": "SELECT MAX(id) FROM TABLE(HOP(TABLE l, DESCRIPTOR(ts), INTERVAL '5' SECOND, "
    "INTERVAL '10' SECOND)) GROUP BY window_start, window_end",
    "cumulate": "SELECT MAX(id) FROM TABLE(CUMULATE(TABLE l, DESCRIPTOR(ts), INTERVAL '5' SECOND, "
    "INTERVAL '10' SECOND)) GROUP BY window_start, window_end",
    "session": "SELECT MAX(id) FROM TABLE(SESSION(TABLE l, DESCRIPTOR(ts), INTERVAL '5' SECOND)) "
    "GROUP BY window_start, window_end",
    "first": "SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) AS n "
    "FROM l) WHERE n = 1",
    "over": "SELECT CAST(SUM(id) OVER (PARTITION BY k ORDER BY ts) AS INT) FROM l",
    "window top": "SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, "
    "window_end ORDER BY id) AS n FROM TABLE(TUMBLE(TABLE l, DESCRIPTOR(ts), "
    "INTERVAL '10' SECOND))) WHERE n <= 2",
    "temporal": "SELECT l.id FROM l LEFT JOIN r FOR SYSTEM_TIME AS OF l.ts ON l.k = r.k",
    "interval": "SELECT l.id FROM l LEFT JOIN r ON l.k = r.k "
    "AND r.ts BETWEEN l.ts AND l.ts + INTERVAL '3' SECOND",
    "window join": "SELECT a.id FROM (SELECT * FROM TABLE(TUMBLE(TABLE l, DESCRIPTOR(ts), "
    "INTERVAL '10' SECOND))) a LEFT JOIN (SELECT * FROM TABLE(TUMBLE(TABLE r, DESCRIPTOR(ts), "
    "INTERVAL '10' SECOND))) b ON a.k = b.k AND a.window_start = b.window_start "
    "AND a.window_end = b.window_end",
}


@pytest.mark.parametrize("name", QUERIES)
def test_it_comes_out_when_it_says(name: str, tmp_path: Path) -> None:
    plan = kit.plan_of(f"{TABLES} INSERT INTO o {QUERIES[name]};")
    tables = [source.table.name for source in plan.sources]
    group = kit.Group("main", ("o",))
    world = kit.World({}, [group])
    engine = Engine(
        plan,
        job="test",
        sources={},
        groups=[GroupSpec("main", group.tables, lambda: kit.MemoryGroup(group))],
        checkpoint_dir=tmp_path,
        clock=ManualClock(),
        durable=False,
    )
    stepper = Stepper(engine, dict.fromkeys(tables, ("0",)))
    assert observe(stepper.graph).waiting == ()
    rows = pa.RecordBatch.from_pydict(
        {"id": pa.array([1], pa.int32()), "k": pa.array([1], pa.int32()),
         "ts": pa.array([12 * S], pa.timestamp("us"))}
    )  # fmt: skip
    stepper.give("l", [PartitionBatch("0", rows, None, 1, 1)])
    seen = observe(stepper.graph)
    assert {one.table: one.newest_us for one in seen.sources}["l"] == 12 * S
    (waits,) = seen.waiting
    assert set(waits.sources) == set(tables)
    if waits.window_us is not None:
        assert waits.needs_us == waits.window_us[1] - MILLI_US
        assert waits.window_us[0] <= 12 * S < waits.window_us[1]
    for table, needs_us in waits.sources.items():
        if needs_us - MILLI_US > stepper.watermark_us(table):
            stepper.reach(table, "0", needs_us - MILLI_US)
    stepper.commit()
    assert world.rows("o") == []
    for table, needs_us in waits.sources.items():
        stepper.reach(table, "0", needs_us)
    stepper.commit()
    assert [row["id"] for row in world.rows("o")] == [1]
    stepper.close()
