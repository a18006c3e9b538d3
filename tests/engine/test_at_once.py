"""Groups that are written at once: rows are seen before their epoch ends, and none is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from kit import Group, Partition, World

from tidemill.engine import crash_points
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.errors import ConnectorError
from tidemill.plan import PhysicalPlan

TEXT = """
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'memory');
CREATE TABLE copy (k INT, v INT) WITH ('connector' = 'memory');
CREATE TABLE other (k INT, v STRING) WITH ('connector' = 'memory');
INSERT INTO copy SELECT k, CAST(v AS INT) FROM t WHERE k <> 2;
INSERT INTO other SELECT k, v FROM t;
"""
ROWS = 60

LAYOUTS: dict[str, Any] = {
    "alone": lambda: [Group("a", ("copy", "other", "dead"), atomic=False, at_once=True)],
    "beside an atomic one": lambda: [
        Group("a", ("other", "dead")), Group("b", ("copy",), atomic=False, at_once=True),
    ],
    "with the dead letters of an atomic one": lambda: [
        Group("a", ("copy",)), Group("b", ("other", "dead"), atomic=False, at_once=True),
    ],
    "two, and one that is staged": lambda: [
        Group("a", ("copy",), atomic=False, at_once=True),
        Group("b", ("other",), atomic=False, at_once=True), Group("c", ("dead",), atomic=False),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def plan() -> PhysicalPlan:
    return kit.plan_of(TEXT)


def make_world(groups: list[Group]) -> World:
    batch = pa.RecordBatch.from_pydict(
        {
            "k": pa.array([i % 4 for i in range(ROWS)], pa.int32()),
            "v": ["bad" if i % 13 == 12 else str(i) for i in range(ROWS)],
        }
    )
    return World({"t": {"0": Partition(batch, cuts=range(0, ROWS, 7))}}, groups)


def go(world: World, plan: PhysicalPlan, folder: Path) -> int:
    settings = kit.one_batch_at_a_time()
    return kit.run_through_crashes(world, plan, folder, settings=settings, dead_letter_table="dead")


def bags(world: World) -> dict[str, Counter[Any]]:
    return {
        table: Counter(tuple(row.get(key) for key in keys) for row in world.rows(table))
        for table, keys in {
            "copy": ("k", "v"), "other": ("k", "v"), "dead": ("table", "stage", "value"),
        }.items()
    }  # fmt: skip


def wanted(plan: PhysicalPlan, folder: Path, refuse: bool = False) -> dict[str, Counter[Any]]:
    world = make_world([Group("a", ("copy", "other", "dead"))])
    if refuse:
        world.groups[0].refuse = refuses
    go(world, plan, folder)
    return bags(world)


def refuses(table: str, row: dict[str, Any]) -> bool:
    return table in ("copy", "other") and row["k"] == 3


def at_once(world: World) -> set[str]:
    return {table for group in world.groups if group.at_once for table in group.tables}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_without_a_crash_each_row_is_there_once(
    plan: PhysicalPlan, tmp_path: Path, layout: str
) -> None:
    world = make_world(LAYOUTS[layout]())
    assert go(world, plan, tmp_path / "here") == 0
    assert bags(world) == wanted(plan, tmp_path / "plain")


def test_rows_are_seen_before_their_epoch_is_prepared_and_are_in_no_checkpoint(
    plan: PhysicalPlan, tmp_path: Path
) -> None:
    world = make_world(LAYOUTS["alone"]())
    seen: list[int] = []

    def look(step: str, epoch: int) -> None:
        if step == "prepare":
            seen.append(len(world.rows("other")))
            manifests = [store.read(e).manifest for e in store.epochs()]
            assert not any(manifest["staged"] for manifest in manifests)

    store = CheckpointStore(tmp_path, durable=False)
    world.groups[0].fail = look
    go(world, plan, tmp_path)
    assert seen[0] > 0
    assert seen[-1] == ROWS


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("refuse", [False, True])
@pytest.mark.parametrize("point", crash_points.POINTS)
def test_after_a_crash_no_row_is_missing_and_the_accounts_add_up(
    plan: PhysicalPlan, tmp_path: Path, layout: str, refuse: bool, point: str
) -> None:
    world = make_world(LAYOUTS[layout]())
    for group in world.groups:
        group.refuse = refuses if refuse else None
    kit.crash_at(point, 2)
    go(world, plan, tmp_path / "here")
    expected, found = wanted(plan, tmp_path / "plain", refuse), bags(world)
    for table, bag in expected.items():
        assert not bag - found[table], f"rows of {table} are lost"
        if table not in at_once(world):
            assert found[table] == bag
        assert set(found[table]) == set(bag)
    again = world.engine(plan, tmp_path / "here", dead_letter_table="dead")
    again.run("finished")  # ends with an error where rows are not accounted for
    counts = again.progress().counters
    assert counts["sink.copy.out"] == expected["copy"].total()
    assert counts.get("sink.copy.dead", 0) == (14 if refuse else 0)


@pytest.mark.parametrize("step", ["open", "write", "prepare", "commit"])
def test_a_group_that_goes_away_and_returns(plan: PhysicalPlan, tmp_path: Path, step: str) -> None:
    world = make_world(LAYOUTS["beside an atomic one"]())
    failed: list[int] = []

    def fail(at: str, epoch: int) -> None:
        if at == step and len(failed) < 3:
            failed.append(epoch)
            raise ConnectorError("gone", code="connector.unreachable", retryable=True)

    world.group("b").fail = fail
    go(world, plan, tmp_path / "here")
    expected, found = wanted(plan, tmp_path / "plain"), bags(world)
    assert len(failed) == 3
    assert not expected["copy"] - found["copy"]
    assert found["other"] == expected["other"]
