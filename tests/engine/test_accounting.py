"""Row accounting: it adds up over rows of every fate, and a row that goes astray is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from kit import Group, Partition, World

from tidemill.engine.accounting import account_nodes, accounts, unaccounted
from tidemill.engine.counters import Counters
from tidemill.engine.graph import Graph
from tidemill.engine.routing import Router
from tidemill.errors import EngineError

SQL = """
CREATE TABLE t (ts TIMESTAMP(3), k INT, v STRING, WATERMARK FOR ts AS ts)
  WITH ('connector' = 'memory', 'late-handling.mode' = 'table');
CREATE TABLE win (k INT, we TIMESTAMP(3), n BIGINT) WITH ('connector' = 'memory');
CREATE TABLE copy (k INT, v INT) WITH ('connector' = 'memory');
INSERT INTO win SELECT k, window_end, COUNT(*)
  FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
  WHERE k <> 3 GROUP BY k, window_start, window_end;
INSERT INTO copy SELECT k, CAST(v AS INT) FROM t WHERE k < 3;
INSERT INTO copy SELECT a.k, 1 FROM t AS a JOIN t AS b ON a.k = b.k AND b.k = 0
  AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '1' SECOND;
"""
PLAN = kit.plan_of(SQL)


def world() -> World:
    seconds = [1, 2, 3, 14, 15, 40, 3, 41, 60]  # the seventh comes too late
    rows = pa.RecordBatch.from_pydict(
        {
            "ts": pa.array([s * 1_000_000 for s in seconds], pa.timestamp("us")),
            "k": pa.array([0, 1, 3, 0, 1, 2, 1, 4, 0], pa.int32()),
            "v": ["1", "x", "3", "4", "5", "6", "7", "8", "9"],  # one cannot be cast
        }
    )
    group = Group("main", ("win", "copy", "dead", "t$late"))
    return World({"t": {"a": Partition(rows)}}, [group])


def run(folder: Path, made: World) -> dict[str, int]:
    engine = made.engine(
        PLAN, folder, dead_letter_table="dead", late_tables={"t": "t$late"},
        settings=kit.one_batch_at_a_time(),
    )  # fmt: skip
    engine.run("finished")
    return dict(engine.progress().counters)


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    made = world()
    lines = accounts(account_nodes(PLAN), run(tmp_path, made))
    assert not unaccounted(lines)
    source = next(line for line in lines if line.kind == "source")
    assert (source.came, source.also["late"]) == (9, 1)
    sinks = {line.title: line for line in lines if line.kind == "sink"}
    assert sinks["copy"].went["out"] == len(made.rows("copy"))
    assert sinks["win"].went["out"] == len(made.rows("win"))
    assert next(line for line in lines if line.kind == "letters").came == len(made.rows("dead")) > 0
    assert next(line for line in lines if line.kind == "late").came == len(made.rows("t$late")) == 1


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(
            lambda patch: patch.setattr(
                Counters, "passed", lambda self, node, _rows, out: self.add(f"{node}.out", out)
            ),
            id="a filter that drops rows without a word",
        ),
        pytest.param(
            lambda patch: patch.setattr(Router, "report", lambda _self, _letters: None),
            id="dead letters that nobody writes",
        ),
        pytest.param(
            lambda patch: patch.setattr(Graph, "note_late", lambda *_: None),
            id="late rows that nobody counts",
        ),
        pytest.param(
            lambda patch: patch.setattr(Router, "write", lambda *_: None),
            id="results that are not written",
        ),
    ],
)
def test_a_row_that_goes_astray_stops_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: Any
) -> None:
    """The check can fail; and then the epoch is not committed."""
    break_it(monkeypatch)
    made = world()
    with pytest.raises(EngineError) as raised:
        run(tmp_path, made)
    assert raised.value.code == "engine.rows-unaccounted"
    assert "not committed" in (raised.value.hint or "")
