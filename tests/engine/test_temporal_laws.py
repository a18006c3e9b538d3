"""The temporal join against a naive model, whatever the batches, crashes and orders."""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.engine import crash_points
from tidemill.engine.clock import SystemClock
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.temporal_join import TemporalJoin
from tidemill.plan import PhysicalPlan
from tidemill.plan.operators.temporal_join import TemporalJoinStage

LAWS = kit.laws()
Left = tuple[str | None, int]
"""Key and event time in ms."""
Right = tuple[str, int, int]
"""Key, event time in ms, and row kind."""
SCHEMA = pa.schema([("k", pa.string()), ("ts", pa.timestamp("us")), ("id", pa.int64())])
DELAY_MS = 100


@lru_cache
def plan(kind: str) -> PhysicalPlan:
    options = "'connector' = 'memory'"
    return kit.plan_of(
        f"""CREATE TABLE l (k STRING, ts TIMESTAMP(3), id BIGINT,
          WATERMARK FOR ts AS ts - INTERVAL '0.1' SECOND(3)) WITH ({options});
        CREATE TABLE r (k STRING, ts TIMESTAMP(3), id BIGINT, PRIMARY KEY (k) NOT ENFORCED,
          WATERMARK FOR ts AS ts - INTERVAL '0.1' SECOND(3)) WITH ({options}, 'changelog' = 'true');
        CREATE TABLE w (id BIGINT, k STRING, version BIGINT) WITH ({options});
        INSERT INTO w SELECT l.id, l.k, r.id FROM l {kind} JOIN r FOR SYSTEM_TIME AS OF l.ts
          ON l.k = r.k;
        """
    )


def partition(rows: list[tuple[Any, ...]], cuts: list[int], kinds: bool) -> kit.Partition:
    batch = pa.RecordBatch.from_pydict(
        {
            "k": [row[0] for row in rows],
            "ts": [row[1] * 1000 for row in rows],
            "id": list(range(len(rows))),
        },
        schema=SCHEMA,
    )
    return kit.Partition(batch, [row[2] for row in rows] if kinds else None, cuts)


def expected(left: list[Left], right: list[Right], kind: str) -> Counter[tuple[Any, ...]]:
    """Of each left row the last version not after it; the one that came last of equal ones."""
    found: Counter[tuple[Any, ...]] = Counter()
    for number, (key, ts) in enumerate(left):
        versions = [
            (since, place, change)
            for place, (own, since, change) in enumerate(right)
            if own == key and since <= ts and change != 1
        ]
        last = max(versions, default=None)
        if last is not None and last[2] != 3:
            found[number, key, last[1]] += 1
        elif kind == "LEFT":
            found[number, key, None] += 1
    return found


TIME = st.integers(0, DELAY_MS - 1)
LEFT = st.lists(st.tuples(st.sampled_from([None, "a", "b"]), TIME), max_size=30)
RIGHT = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), TIME, st.sampled_from([0, 1, 2, 3])), max_size=30
)
CUTS = st.lists(st.integers(1, 30), max_size=8)


@pytest.mark.parametrize("kind", ["INNER", "LEFT"])
@LAWS
@given(left=LEFT, right=RIGHT, cuts=st.tuples(CUTS, CUTS), crash=st.integers(0, 12))
def test_each_row_meets_the_version_of_its_time(
    kind: str,
    left: list[Left],
    right: list[Right],
    cuts: tuple[list[int], list[int]],
    crash: int,
) -> None:
    world = kit.World(
        {
            "l": {"0": partition(left, cuts[0], kinds=False)},
            "r": {"0": partition(right, cuts[1], kinds=True)},
        },
        [kit.Group("main", ("w",))],
    )
    if crash:
        kit.crash_at("after-decider-commit" if crash % 2 else "after-checkpoint-written", crash)
    try:
        with tempfile.TemporaryDirectory() as folder:
            kit.run_through_crashes(
                world, plan(kind), Path(folder), settings=kit.one_batch_at_a_time()
            )
    finally:
        crash_points.install(None)
    got = Counter((row["id"], row["k"], row["version"]) for row in world.rows("w"))
    assert got == expected(left, right, kind)


def test_versions_that_nobody_can_meet_any_more_are_forgotten() -> None:
    """With event time far ahead, one version per key stays, and none of a deleted key."""
    stage = plan("INNER").operators[0]
    assert isinstance(stage, TemporalJoinStage)
    names = ["c0", "c1", "c2", "k", "j0", "t"]
    kinds = [pa.string(), pa.timestamp("us"), pa.int64(), pa.int8(), pa.string(), pa.int64()]
    right = pa.schema(list(zip(names, kinds, strict=True)))
    left = pa.schema([f for f in right if f.name != "k"]).append(pa.field("r", pa.int64()))
    operator = TemporalJoin(stage, Kernel(), left, right, SystemClock())

    def change(rows: list[Right], watermark_us: int) -> tuple[int, int]:
        made = [(k, ms * 1000, ms, kind, k, ms * 1000) for k, ms, kind in rows]
        columns = [pa.array([r[i] for r in made], type_) for i, type_ in enumerate(kinds)]
        operator.change(pa.table(columns, schema=right), watermark_us)
        return len(operator._versions), operator._versions.rows

    assert change([("a", ms, 2) for ms in range(50)] + [("b", 5, 0)], 0) == (2, 51)
    assert change([("a", 50, 2), ("b", 60, 3)], 40_000) == (2, 11 + 2)
    assert change([("a", 60, 2), ("b", 70, 3)], 80_000) == (1, 1)
    restored = TemporalJoin(stage, Kernel(), left, right, SystemClock())
    delta = operator.delta()
    assert delta is not None
    restored.restore([delta])
    assert restored._versions.rows == 1


def test_a_broken_join_would_be_noticed() -> None:
    assert expected([("a", 5)], [("a", 5, 0), ("a", 4, 0)], "INNER") == Counter({(0, "a", 0): 1})
    assert expected([("a", 5)], [("a", 4, 0), ("a", 5, 3)], "LEFT") == Counter({(0, "a", None): 1})
