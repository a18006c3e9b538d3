"""State of GROUP BY over a stream: what is forgotten, what is saved, and figures as DuckDB's."""

from __future__ import annotations

from typing import Any

import duckdb
import kit
import numpy as np
import pyarrow as pa
import pytest
from test_group_laws import expected, materialised, plan, run, world

from tidemill.engine.batches import StageBatch
from tidemill.engine.clock import ManualClock
from tidemill.engine.counters import Counters
from tidemill.engine.graph import Graph
from tidemill.engine.kernel import Kernel
from tidemill.engine.state.keyed import KeyedState
from tidemill.interfaces.operator import StateDelta
from tidemill.model import Batch
from tidemill.plan import PhysicalPlan


class Running:
    """A graph under the test's hand."""

    def __init__(self, p: PhysicalPlan, deltas_max: int = 64) -> None:
        self.clock = ManualClock(1_000)
        self.rows: list[dict[str, Any]] = []
        self.graph = Graph(
            p, Kernel(), Counters(), self._write, lambda _: None, lambda *_: None, deltas_max,
            self.clock,
        )  # fmt: skip

    def _write(self, _stage: Any, batch: Batch) -> None:
        kinds = ["+I", "-U", "+U", "-D"]
        assert batch.kinds is not None
        self.rows += [
            {**row, "$kind": kinds[kind]}
            for row, kind in zip(batch.rows.to_pylist(), batch.kinds.to_pylist(), strict=True)
        ]

    def push(self, rows: list[tuple[Any, ...]], kinds: list[int] | None = None) -> None:
        (source,) = self.graph.plan.sources
        schema = self.graph.plan.schemas[source.id]
        columns = list(zip(*rows, strict=True)) + ([kinds] if kinds is not None else [])
        arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
        self.graph.push(source.id, StageBatch(pa.table(arrays, schema=schema)))

    def deltas(self) -> dict[str, StateDelta]:
        return self.graph.deltas()


def test_a_group_that_outlived_the_ttl_begins_anew() -> None:
    running = Running(plan.__wrapped__(ttl="10 s", changelog=True))
    running.push([(1, "a", 5), (1, "a", 9)], [0, 0])
    running.clock.advance(9_000)
    running.push([(1, "a", 6)], [0])
    running.clock.advance(9_000)
    running.push([(1, "a", 7)], [0])
    assert [r["n"] for r in running.rows] == [2, 2, 3, 3, 4]
    running.clock.advance(10_000)
    running.push([(1, "a", 1), (2, "b", 2)], [0, 0])
    assert [(r["$kind"], r["n"], r["hi"], r["d"]) for r in running.rows[5:]] == [
        ("+I", 1, 1, 1), ("+I", 1, 2, 1),
    ]  # fmt: skip


def test_forgotten_groups_give_their_memory_back() -> None:
    running = Running(plan.__wrapped__(ttl="10 s", changelog=True))
    for start in range(0, 50_000, 10_000):
        running.push([(i, "a", i) for i in range(start, start + 10_000)], [0] * 10_000)
    full = sum(running.graph.state_bytes().values())
    for _ in range(12):
        running.clock.advance(11_000)
        running.push([(i, "b", i) for i in range(10_000)], [0] * 10_000)
    (node,) = running.graph.nodes.values()
    group = node.operator
    assert group.rows() == 10_000 * 2  # the groups, and one value each, that four aggregates share
    assert sum(running.graph.state_bytes().values()) < full * 2


@pytest.mark.parametrize("deltas_max", [2, 64])
def test_a_restored_state_goes_on_as_the_saved_one(deltas_max: int) -> None:
    generator = np.random.default_rng(7)
    p = plan.__wrapped__(changelog=True)
    running = Running(p, deltas_max)
    saved: list[dict[str, StateDelta]] = []
    rows: list[tuple[Any, ...]] = []
    kinds: list[int] = []
    for turn in range(12):
        keys, values = generator.integers(0, 40, 60), generator.integers(-5, 5, 60)
        fresh = [(int(k), "a", int(v)) for k, v in zip(keys, values, strict=True)]
        gone = [rows[i] for i in range(turn * 20, turn * 20 + 20)] if turn > 3 else []
        running.push([*fresh, *gone], [0] * 60 + [3] * len(gone))
        rows, kinds = rows + fresh + gone, kinds + [0] * 60 + [3] * len(gone)
        saved.append(running.deltas())
        if turn % 3 == 2:
            again = Running(p, deltas_max)
            bases = [i for i, d in enumerate(saved) if d and next(iter(d.values())).base]
            chain = saved[bases[-1] if bases else 0 :]
            again.graph.restore({"g0": [d["g0"] for d in chain]}, {})
            again.rows = running.rows
            running = again
    assert materialised(running.rows) == expected(rows, kinds)


def test_figures_of_a_large_stream_are_those_of_duckdb() -> None:
    query = """SELECT k, COUNT(*), AVG(x), STDDEV_SAMP(x), VAR_POP(x), SUM(x) FILTER (WHERE v > 0)
      FROM (SELECT k, v, CAST(v AS DOUBLE) / 7 AS x FROM t) GROUP BY k"""
    out = "k INT, n BIGINT, a DOUBLE, s DOUBLE, p DOUBLE, f DOUBLE"
    generator = np.random.default_rng(3)
    keys, values = generator.integers(0, 500, 20_000), generator.integers(-1000, 1000, 20_000)
    rows = [(int(k), "a", int(v)) for k, v in zip(keys, values, strict=True)]
    gone = rows[5_000:9_000]
    w = world(rows + gone, list(range(0, 24_000, 1_733)), [0] * 20_000 + [3] * 4_000)
    run(w, plan(query, out, True))
    left = rows[:5_000] + rows[9_000:]
    t = pa.table({"k": [r[0] for r in left], "v": [r[2] for r in left]})
    with duckdb.connect() as con:
        con.register("t", t)
        want = con.sql(
            """SELECT k, count(*), avg(v / 7), stddev_samp(v / 7), var_pop(v / 7),
              sum(v / 7) FILTER (WHERE v > 0) FROM t GROUP BY k"""
        ).fetchall()
    got = {r[0]: r[1:] for r in materialised(w.rows("w"))}
    assert got.keys() == {r[0] for r in want}
    for key, *figures in want:
        assert got[key] == pytest.approx(tuple(figures), rel=1e-9)


def test_equal_hashes_do_not_mix_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        KeyedState, "hashes", lambda _self, keys: np.full(keys.num_rows, 7, np.uint64)
    )
    rows = [(k % 9, "a" if k % 2 else None, k) for k in range(60)]
    w = world(rows, [7, 20, 41])
    run(w, plan())
    assert materialised(w.rows("w")) == expected(rows)


def test_a_dropped_retraction_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.plan.aggregates._weight", _one)
    w = world([(1, "a", 1), (1, "a", 2), (1, "a", 1)], [1, 2], [0, 0, 3])
    run(w, plan.__wrapped__(changelog=True))
    assert materialised(w.rows("w")) != expected([(1, "a", 1), (1, "a", 2), (1, "a", 1)], [0, 0, 3])


def _one() -> Any:
    from sqlglot import exp

    return exp.Literal.number(1)


def test_in_streaming_mode_bounded_input_gives_its_changes() -> None:
    sql = """{mode}
        CREATE TABLE t (k INT, name STRING, v BIGINT) WITH ('connector' = 'memory');
        CREATE TABLE w (k INT, n BIGINT) WITH ('connector' = 'memory', 'changelog' = 'true');
        INSERT INTO w SELECT k, COUNT(*) FROM t GROUP BY k;"""
    rows = [(1, None, 0), (1, None, 0), (2, None, 0)]
    kinds = []
    for mode in ("", "SET 'execution.runtime-mode' = 'streaming';"):
        w = world(rows, [1, 2])
        w.bounded = True
        run(w, kit.plan_of(sql.format(mode=mode)))
        kinds.append([r.get("$kind") for r in w.rows("w")])
    assert kinds == [[None, None], ["+I", "-U", "+U", "+I"]]
