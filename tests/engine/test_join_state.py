"""State of joins: what is forgotten, what is saved, and rows of every type."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import kit
import numpy as np
import pyarrow as pa
import pytest
from test_join_laws import materialised, plan

from tidemill.engine.batches import StageBatch
from tidemill.engine.clock import ManualClock
from tidemill.engine.counters import Counters
from tidemill.engine.graph import Graph
from tidemill.engine.kernel import Kernel
from tidemill.engine.state import memory as state_memory
from tidemill.engine.state import row_bag, row_log
from tidemill.engine.state.memory import StateMemory
from tidemill.engine.state.row_bag import Codes, RowBag
from tidemill.errors import EngineError
from tidemill.interfaces.operator import StateDelta
from tidemill.model import Batch, RowKind
from tidemill.plan import PhysicalPlan

Rows = list[tuple[Any, ...]]


class Running:
    """A graph of two sources under the test's hand."""

    def __init__(self, p: PhysicalPlan, memory: StateMemory | None = None) -> None:
        self.clock = ManualClock(1_000)
        self.rows: list[dict[str, Any]] = []
        self.graph = Graph(
            p, Kernel(memory=memory), Counters(), self._write, lambda _: None, lambda *_: None,
            64, self.clock,
        )  # fmt: skip

    def _write(self, _stage: Any, batch: Batch) -> None:
        kinds = [0] * batch.rows.num_rows if batch.kinds is None else batch.kinds.to_pylist()
        for row, kind in zip(batch.rows.to_pylist(), kinds, strict=True):
            self.rows.append({**row, "$kind": RowKind(kind).short})

    def push(self, table: str, rows: Rows, kinds: list[int] | None = None) -> None:
        source = next(s for s in self.graph.plan.sources if s.table.name.split(".")[-1] == table)
        schema = self.graph.plan.schemas[source.id]
        columns = list(zip(*rows, strict=True)) + ([kinds] if kinds is not None else [])
        arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
        self.graph.push(source.id, StageBatch(pa.table(arrays, schema=schema)))

    def taken(self) -> list[tuple[Any, ...]]:
        """What has come out since the last call: kind, and a.k, a.v, b.v."""
        rows, self.rows = self.rows, []
        return sorted(((r["$kind"], r["k"], r["v"], r["v2"]) for r in rows), key=repr)


TTL = "SET 'table.exec.state.ttl' = '10 s';"


def test_rows_that_outlived_the_ttl_find_no_partner() -> None:
    running = Running(plan("LEFT", "one key", more=TTL))
    running.push("a", [(1, "x", 10), (2, "x", 20)])
    assert running.taken() == [("+I", 1, 10, None), ("+I", 2, 20, None)]
    running.clock.advance(9_000)
    running.push("b", [(1, "y", 11)])
    assert running.taken() == [("+I", 1, 10, 11), ("-D", 1, 10, None)]
    running.clock.advance(5_000)  # the match has kept row 1, nothing row 2
    running.push("b", [(1, "y", 12), (2, "y", 22)])
    assert running.taken() == [("+I", 1, 10, 12)]
    running.clock.advance(20_000)
    running.push("a", [(1, "x", 30)])
    assert running.taken() == [("+I", 1, 30, None)]
    (node,) = running.graph.nodes.values()
    assert len(node.operator.sides[1].bag) == 0  # type: ignore[attr-defined]


def test_a_row_that_is_not_there_is_not_withdrawn() -> None:
    running = Running(plan("FULL", "one key", True, True))
    running.push("a", [(1, "x", 10)], [3])
    running.push("b", [(1, "y", 11), (1, "y", 11), (1, "y", 11)], [0, 0, 3])
    running.push("a", [(1, "x", 10), (1, "x", 10)], [0, 3])
    assert running.taken() == [("+I", None, None, 11)]


def test_a_condition_that_cannot_be_computed_names_the_join() -> None:
    p = plan.__wrapped__("INNER", "one key")
    (stage,) = p.operators
    object.__setattr__(stage, "condition", 'SELECT "r" FROM "j0_pairs" WHERE ERROR(\'bad\') > 1')
    object.__setattr__(stage.sides[0], "compared", (("c0", "a0"),))
    running = Running(p)
    running.push("a", [(1, "x", 10)])
    with pytest.raises(EngineError) as caught:
        running.push("b", [(1, "y", 11)])
    assert caught.value.code == "engine.join-failed"


NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
EVERY_TYPE = """k BIGINT, a ARRAY<INT>, m MAP<STRING, INT>, w ROW<x INT, y ARRAY<STRING>>,
  d DECIMAL(38, 10), t TIMESTAMP(9), z TIMESTAMP_LTZ(3), c TIME, y DATE, b BYTES, f FLOAT"""


@pytest.mark.parametrize("budget_bytes", [1 << 30, 0])
def test_rows_of_every_type_come_and_go_in_memory_and_in_files(
    budget_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_memory, "SPILL_BYTES_MIN", 1)
    memory = StateMemory(budget_bytes, tmp_path)
    options = "WITH ('connector' = 'memory', 'bounded' = 'false', 'changelog' = 'true')"
    p = kit.plan_of(
        f"""CREATE TABLE a ({EVERY_TYPE}) {options}; CREATE TABLE b ({EVERY_TYPE}) {options};
        CREATE TABLE out_ ({EVERY_TYPE}, k2 BIGINT, m2 MAP<STRING, INT>, t2 TIMESTAMP(9)) {options};
        INSERT INTO out_ SELECT a.*, b.k, b.m, b.t FROM a FULL JOIN b
          ON a.t = b.t AND a.d = b.d AND a.w.x = b.w.x;"""
    )
    one = (1, [1, None], [("a", 1)], {"x": 1, "y": ["p"]}, Decimal("1.5"),
           NOW.replace(tzinfo=None), NOW, dt.time(1), NOW.date(), b"\0", 1.5)  # fmt: skip
    none = (2, *[None] * 10)
    running = Running(p, memory)
    running.push("a", [one, none, one], [0, 0, 0])
    running.push("b", [one, none], [0, 0])
    running.push("a", [none, one, one], [3, 3, 3])
    running.push("b", [one, none], [3, 3])
    rows = [{**row, "a": str(row["a"]), "m": str(row["m"]), "w": str(row["w"]),
             "m2": str(row["m2"])} for row in running.rows]  # fmt: skip
    assert len(rows) >= 12
    assert not materialised(rows)
    assert (memory.spilled_bytes > 0) == (budget_bytes == 0)


# -- the bag of rows


def _codes(rows: pa.Table) -> Codes:
    keys = rows.column("k").to_numpy()
    return Codes(keys, np.ones(len(keys), np.bool_), rows.column("v").to_numpy())


@pytest.mark.parametrize("budget_bytes", [1 << 30, 0])
@pytest.mark.parametrize("seed", range(4))
def test_a_bag_is_what_a_naive_one_is_and_survives_restores(
    seed: int, budget_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_bag, "_SWEEP_ROWS_MIN", 20)
    monkeypatch.setattr(row_log, "COPIED_AT_ONCE", 7)
    monkeypatch.setattr(state_memory, "SPILL_BYTES_MIN", 1)
    memory = StateMemory(budget_bytes, tmp_path)
    generator = random.Random(seed)
    schema = pa.schema([("k", pa.int64()), ("v", pa.int64())])
    bag, naive = RowBag(schema, _codes, memory, deltas_max=3), {}
    chain: list[StateDelta] = []
    number = 0
    for step in range(60):
        fresh = [(generator.randint(0, 5), number + i) for i in range(generator.randint(0, 12))]
        number += len(fresh)
        rows = pa.table([[k for k, _ in fresh], [v for _, v in fresh]], schema=schema)
        bag.add(rows, _codes(rows))
        naive |= {v: [k, 0] for k, v in fresh}
        gone = generator.sample(sorted(naive), min(len(naive), generator.randint(0, 10)))
        _, positions = bag.find_equal(np.array(gone, np.int64))
        bag.remove(positions)
        for v in gone:
            del naive[v]
        _, found = bag.find(np.array([3], np.int64))
        bag.set_numbers(found, bag.numbers(found) + 1)
        for entry in naive.values():
            entry[1] += entry[0] == 3
        bag.settle()
        delta = bag.delta()
        if delta is not None:
            chain = [delta] if delta.base else [*chain, delta]
        if step % 7 == 0:
            bag = RowBag(schema, _codes, memory, deltas_max=3)
            bag.restore(chain)
        live = bag.live()
        kept = bag.take(live).to_pydict()
        got = Counter(zip(kept["k"], kept["v"], bag.numbers(live).tolist(), strict=True))
        assert got == Counter((k, v, n) for v, (k, n) in naive.items())
        assert len(bag) == len(naive)
    assert (memory.spilled_bytes > 0) == (budget_bytes == 0)


def test_processing_time_bounds_a_join() -> None:
    options = "WITH ('connector' = 'memory', 'bounded' = 'false')"
    p = kit.plan_of(
        f"""CREATE TABLE a (k BIGINT, v BIGINT, pt AS PROCTIME()) {options};
        CREATE TABLE b (k BIGINT, v BIGINT, pt AS PROCTIME()) {options};
        CREATE TABLE w (k BIGINT, v BIGINT, v2 BIGINT) {options};
        INSERT INTO w SELECT a.k, a.v, b.v FROM a JOIN b
          ON a.k = b.k AND a.pt BETWEEN b.pt - INTERVAL '10' SECOND AND b.pt;"""
    )
    running = Running(p)
    running.push("a", [(1, 10)])
    running.clock.advance(9_000)
    running.push("b", [(1, 11)])
    assert running.taken() == [("+I", 1, 10, 11)]
    running.clock.advance(2_000)
    running.push("b", [(1, 12)])
    running.push("a", [(1, 20)])  # b's row could meet only what was there before it
    assert running.taken() == []
    running.clock.advance(1)
    running.push("b", [(1, 13)])
    assert running.taken() == [("+I", 1, 20, 13)]
