"""Outer interval joins on processing time: a row comes out alone when the clock says so."""

from __future__ import annotations

from pathlib import Path

import kit
import pyarrow as pa
import pytest

from tidemill.engine import GroupSpec, ManualClock, Stepper
from tidemill.engine.engine import Engine
from tidemill.interfaces.source import PartitionBatch

SQL = """
CREATE TABLE l (id INT, k INT, pt AS PROCTIME()) WITH ('connector' = 'memory', 'bounded' = 'false');
CREATE TABLE r (id INT, k INT, pt AS PROCTIME()) WITH ('connector' = 'memory', 'bounded' = 'false');
CREATE TABLE o (a INT, b INT) WITH ('connector' = 'memory');
INSERT INTO o SELECT l.id, r.id FROM l {kind} JOIN r ON l.k = r.k
  AND r.pt BETWEEN l.pt - INTERVAL '2' SECOND AND l.pt + INTERVAL '5' SECOND;
"""
LEFT, RIGHT = (1, None), (None, 9)


@pytest.mark.parametrize("crash", [False, True], ids=["straight", "killed and resumed"])
@pytest.mark.parametrize(
    ("kind", "alone"),
    [("INNER", set()), ("LEFT", {LEFT}), ("RIGHT", {RIGHT}), ("FULL", {LEFT, RIGHT})],
)
def test_a_row_without_a_partner_comes_out_when_its_time_is_over(
    kind: str, alone: set[tuple[int | None, int | None]], crash: bool, tmp_path: Path
) -> None:
    group, clock = kit.Group("main", ("o",)), ManualClock()
    world = kit.World({}, [group])
    engine = Engine(
        kit.plan_of(SQL.format(kind=kind)),
        job="test",
        sources={},
        groups=[GroupSpec("main", group.tables, lambda: kit.MemoryGroup(group))],
        checkpoint_dir=tmp_path,
        clock=clock,
        durable=False,
    )
    stepper = Stepper(engine, {"l": ("0",), "r": ("0",)})
    given = {"l": 0, "r": 0}

    def give(table: str, number: int, key: int) -> None:
        given[table] += 1
        rows = pa.RecordBatch.from_pydict(
            {"id": pa.array([number], pa.int32()), "k": pa.array([key], pa.int32())}
        )
        stepper.give(table, [PartitionBatch("0", rows, None, given[table], 1)])

    def seen() -> set[tuple[int | None, int | None]]:
        stepper.turn()
        stepper.commit()
        if crash:
            stepper.crash(None)
        return {(row["a"], row["b"]) for row in world.rows("o")}

    give("l", 1, 1)
    give("l", 2, 2)
    give("r", 9, 3)
    clock.advance(4_000)
    give("r", 8, 2)
    right = alone & {RIGHT}  # a row of the right may meet one of the left for two seconds
    assert seen() == {(2, 8)} | right
    clock.advance(1_000)
    assert seen() == {(2, 8)} | right
    clock.advance(2)
    assert seen() == {(2, 8)} | alone
    clock.advance(60_000)
    assert seen() == {(2, 8)} | alone
    assert len(world.rows("o")) == 1 + len(alone)
    stepper.close()
