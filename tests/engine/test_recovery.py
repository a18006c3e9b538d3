"""Crashes, doubtful commits and damaged state: nothing twice, nothing lost, or a clear error."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from kit import Group, Partition, World

from tidemill.engine import crash_points
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.errors import ConnectorError, DoubtfulCommitError, EngineError
from tidemill.model.dead_letter import DEAD_LETTER_SCHEMA
from tidemill.plan import PhysicalPlan

TEXT = """
CREATE TABLE t (ts TIMESTAMP(3), k INT, v STRING, WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
  WITH ('connector' = 'memory');
CREATE TABLE copy (k INT, v INT) WITH ('connector' = 'memory');
CREATE TABLE win (k INT, we TIMESTAMP(3), n BIGINT) WITH ('connector' = 'memory');
INSERT INTO copy SELECT k, CAST(v AS INT) FROM t WHERE k <> 2;
INSERT INTO win SELECT k, window_end, COUNT(*)
  FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND))
  GROUP BY k, window_start, window_end;
"""


@pytest.fixture(scope="module")
def plan() -> PhysicalPlan:
    return kit.plan_of(TEXT)


def make_world(groups: list[Group], rows: int = 60) -> World:
    batch = pa.RecordBatch.from_pydict(
        {
            "ts": pa.array([i * 1_000_000 for i in range(rows)], pa.timestamp("us")),
            "k": pa.array([i % 4 for i in range(rows)], pa.int32()),
            "v": ["bad" if i % 13 == 12 else str(i) for i in range(rows)],
        }
    )
    return World({"t": {"0": Partition(batch, cuts=range(0, rows, 7))}}, groups)


LAYOUTS: dict[str, Any] = {
    "one-atomic": lambda: [Group("a", ("copy", "win", "dead"))],
    "atomic-and-idempotent": lambda: [
        Group("a", ("copy",)), Group("b", ("win", "dead"), atomic=False),
    ],
    "two-atomic": lambda: [Group("a", ("win", "dead")), Group("b", ("copy",))],
    "three": lambda: [
        Group("a", ("win",)), Group("b", ("copy",), atomic=False), Group("c", ("dead",)),
    ],
    "none-atomic": lambda: [
        Group("a", ("win",), atomic=False), Group("b", ("copy", "dead"), atomic=False),
    ],
}  # fmt: skip


def result(world: World) -> tuple[Any, ...]:
    dead = sorted((r["stage"], r["code"], r["value"]) for r in world.rows("dead"))
    return world.rows("copy"), world.rows("win"), dead


def go(world: World, plan: PhysicalPlan, folder: Path, **more: Any) -> int:
    more.setdefault("settings", kit.one_batch_at_a_time())
    return kit.run_through_crashes(world, plan, folder, dead_letter_table="dead", **more)


@pytest.fixture(scope="module")
def undisturbed(plan: PhysicalPlan, tmp_path_factory: pytest.TempPathFactory) -> Any:
    world = make_world(LAYOUTS["one-atomic"]())
    go(world, plan, tmp_path_factory.mktemp("plain"))
    assert len(world.rows("copy")) == 42
    assert len(world.rows("win")) == 24
    assert len(world.rows("dead")) == 3
    return result(world)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("point", crash_points.POINTS)
@pytest.mark.parametrize("nth", [1, 3])
def test_crash_points(
    plan: PhysicalPlan, tmp_path: Path, undisturbed: Any, layout: str, point: str, nth: int
) -> None:
    world = make_world(LAYOUTS[layout]())
    kit.crash_at(point, nth)
    crashes = go(world, plan, tmp_path)
    if point != "between-groups":
        assert crashes == 1, "the crash point was never reached"
    assert result(world) == undisturbed


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("group", ["a", "b"])
@pytest.mark.parametrize("reached", [False, True])
def test_doubtful_commits_are_resolved_by_asking(
    plan: PhysicalPlan, tmp_path: Path, undisturbed: Any, layout: str, group: str, reached: bool
) -> None:
    world = make_world(LAYOUTS[layout]())
    if group not in [g.name for g in world.groups]:
        return
    seen: list[int] = []

    def fail(step: str, epoch: int) -> None:
        if step == ("committed" if reached else "commit"):
            seen.append(epoch)
            if len(seen) in (1, 4):
                raise DoubtfulCommitError("the line broke", code="connector.doubtful-commit")

    world.group(group).fail = fail
    engine = world.engine(
        plan, tmp_path, settings=kit.one_batch_at_a_time(), dead_letter_table="dead"
    )
    engine.run("finished")
    assert len(seen) > 3
    assert engine.progress().restarts == 2
    assert result(world) == undisturbed


@pytest.mark.parametrize("step", ["open", "write", "prepare", "commit"])
def test_a_group_that_goes_away_and_returns(
    plan: PhysicalPlan, tmp_path: Path, undisturbed: Any, step: str
) -> None:
    world = make_world(LAYOUTS["atomic-and-idempotent"]())
    left = {"a": [1, 1], "b": [1]} if step == "open" else {"a": [2, 5], "b": [3]}
    for group in world.groups:

        def fail(what: str, epoch: int, todo: list[int] = left[group.name]) -> None:
            if what == step and todo:
                todo[0] -= 1
                if todo[0] <= 0:
                    todo.pop(0)
                    raise kit.RepeatableError

        group.fail = fail
    engine = world.engine(
        plan, tmp_path, settings=kit.one_batch_at_a_time(), dead_letter_table="dead"
    )
    engine.run("finished")
    assert engine.progress().restarts > 0
    assert engine.progress().last_error is not None
    assert result(world) == undisturbed


def test_a_source_that_goes_away_and_returns(
    plan: PhysicalPlan, tmp_path: Path, undisturbed: Any
) -> None:
    world = make_world(LAYOUTS["one-atomic"]())
    reads = {"n": 0}

    def hook(source: Any) -> None:
        reads["n"] += 1
        if reads["n"] in (3, 4, 9):
            raise kit.RepeatableError

    world.read_hook = hook
    engine = world.engine(
        plan, tmp_path, settings=kit.one_batch_at_a_time(), dead_letter_table="dead"
    )
    engine.run("finished")
    assert engine.progress().restarts == 3
    assert result(world) == undisturbed


def test_a_failure_that_stays_ends_the_run(plan: PhysicalPlan, tmp_path: Path) -> None:
    world = make_world(LAYOUTS["one-atomic"]())

    def fail(what: str, epoch: int) -> None:
        if what == "prepare":
            raise ConnectorError("the disk is full", code="connector.unreachable")

    world.group("a").fail = fail
    engine = world.engine(plan, tmp_path, dead_letter_table="dead")
    with pytest.raises(ConnectorError, match="the disk is full"):
        engine.run("finished")
    assert engine.progress().state == "failed"
    assert world.rows("copy") == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("point", [None, *crash_points.POINTS])
def test_rows_a_sink_refuses_become_dead_letters_once(
    plan: PhysicalPlan, tmp_path: Path, layout: str, point: str | None
) -> None:
    world = make_world(LAYOUTS[layout]())
    for group in world.groups:
        group.refuse = lambda table, row: table in ("copy", "win") and row["k"] == 3
    if point is not None:
        kit.crash_at(point, 2)
    go(world, plan, tmp_path)
    assert [r["k"] for r in world.rows("copy")].count(3) == 0
    refused = [r for r in world.rows("dead") if r["stage"] == "sink"]
    assert len([r for r in refused if r["table"] == "copy"]) == 14
    assert len([r for r in refused if r["table"] == "win"]) == 6
    engine = world.engine(plan, tmp_path, dead_letter_table="dead")
    engine.run("finished")
    counts = engine.progress().counters
    assert (counts["sink.copy.dead"], counts["sink.win.dead"]) == (14, 6)
    assert counts["sink.copy.out"] == len(world.rows("copy"))
    assert counts["sink.win.out"] == len(world.rows("win"))


def test_counters_are_committed_with_the_epoch(plan: PhysicalPlan, tmp_path: Path) -> None:
    plain = make_world(LAYOUTS["one-atomic"]())
    folder = tmp_path / "plain"
    engine = plain.engine(plan, folder, dead_letter_table="dead")
    engine.run("finished")
    wanted = engine.progress().counters
    world = make_world(LAYOUTS["one-atomic"]())
    kit.crash_at("after-decider-commit", 3)
    go(world, plan, tmp_path / "crash")
    again = world.engine(plan, tmp_path / "crash", dead_letter_table="dead")
    again.run("finished")
    assert again.progress().counters == wanted
    assert wanted["source.t.records"] == 60
    assert wanted["w0.in"] == wanted["w0.out"] + wanted["w0.filtered"] + wanted["w0.dead"]


# -- damaged or missing state


def test_a_second_engine_on_the_same_state_is_refused(plan: PhysicalPlan, tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    store.lock()
    world = make_world(LAYOUTS["one-atomic"]())
    with pytest.raises(EngineError, match="another engine runs") as caught:
        world.engine(plan, tmp_path).run("finished")
    assert str(os.getpid()) in caught.value.message
    store.unlock()
    go(world, plan, tmp_path)


def test_a_lost_state_folder_is_noticed(plan: PhysicalPlan, tmp_path: Path) -> None:
    world = make_world(LAYOUTS["one-atomic"]())
    go(world, plan, tmp_path / "one")
    with pytest.raises(EngineError) as caught:
        go(world, plan, tmp_path / "other")
    assert caught.value.code == "engine.state-lost"


def test_a_sink_that_was_emptied_is_noticed(plan: PhysicalPlan, tmp_path: Path) -> None:
    world = make_world(LAYOUTS["two-atomic"]())
    go(world, plan, tmp_path)
    world.group("b").epoch = 1
    last = CheckpointStore(tmp_path).epochs()[-1]
    with pytest.raises(EngineError) as caught:
        go(world, plan, tmp_path)
    assert caught.value.code == "engine.sink-behind"
    world.group("b").epoch = last + 5
    with pytest.raises(EngineError) as caught:
        go(world, plan, tmp_path)
    assert caught.value.code == "engine.sink-ahead"


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def test_a_damaged_checkpoint_that_was_published_stops_the_engine(
    plan: PhysicalPlan, tmp_path: Path
) -> None:
    world = make_world(LAYOUTS["one-atomic"]())
    go(world, plan, tmp_path)
    store = CheckpointStore(tmp_path)
    damage(store.path(store.epochs()[-1]))
    with pytest.raises(EngineError) as caught:
        go(world, plan, tmp_path)
    assert caught.value.code == "engine.checkpoint-damaged"


def test_a_damaged_checkpoint_that_nobody_saw_is_set_aside(
    plan: PhysicalPlan, tmp_path: Path, undisturbed: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(LAYOUTS["one-atomic"]())
    kit.crash_at("after-checkpoint-written", 3)
    with pytest.raises(kit.Crash):
        world.engine(
            plan, tmp_path, settings=kit.one_batch_at_a_time(), dead_letter_table="dead"
        ).run("finished")
    kit.no_crash()
    store = CheckpointStore(tmp_path)
    damage(store.path(store.epochs()[-1]))
    go(world, plan, tmp_path)
    assert "is damaged" in caplog.text
    assert list(tmp_path.glob("*.damaged"))
    assert result(world) == undisturbed


def test_the_number_of_a_dropped_epoch_is_not_used_again(
    plan: PhysicalPlan, tmp_path: Path
) -> None:
    """Found by the simulation: two failures after a checkpoint that was never decided."""
    world = make_world(LAYOUTS["one-atomic"]())
    kit.crash_at("after-checkpoint-written", 3)
    with pytest.raises(kit.Crash):
        world.engine(
            plan, tmp_path, settings=kit.one_batch_at_a_time(), dead_letter_table="dead"
        ).run("finished")
    dropped = CheckpointStore(tmp_path).epochs()[-1]
    for _ in range(2):
        kit.crash_at("before-prepare")
        with pytest.raises(kit.Crash):
            world.engine(plan, tmp_path, dead_letter_table="dead").run("finished")
    go(world, plan, tmp_path)
    committed = [epoch for epoch, _, _ in world.group("a").committed]
    assert dropped not in committed
    assert max(committed) > dropped
    assert not list(tmp_path.glob("*.dropped"))


def test_another_plan_does_not_take_the_state(plan: PhysicalPlan, tmp_path: Path) -> None:
    world = make_world(LAYOUTS["one-atomic"]())
    go(world, plan, tmp_path)
    other = kit.plan_of(TEXT.replace("INTERVAL '10' SECOND", "INTERVAL '20' SECOND"))
    with pytest.raises(EngineError) as caught:
        go(world, other, tmp_path)
    assert caught.value.code == "engine.plan-changed"


def test_old_checkpoints_are_removed(plan: PhysicalPlan, tmp_path: Path) -> None:
    world = make_world(LAYOUTS["one-atomic"](), rows=2000)
    go(world, plan, tmp_path)
    assert len(CheckpointStore(tmp_path).epochs()) < 150
    assert list(tmp_path.glob("*.tmp")) == []


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import kit
from test_recovery import LAYOUTS, TEXT, make_world
world = make_world(LAYOUTS["one-atomic"]())
world.engine(kit.plan_of(TEXT), Path(sys.argv[2]), dead_letter_table="dead").run("finished")
print("survived")
"""


def test_the_environment_kills_the_process(tmp_path: Path) -> None:
    env = {**os.environ, "TIDEMILL_CRASH_AT": "after-checkpoint-written"}
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, here, str(tmp_path)], env=env, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL
    assert "survived" not in done.stdout
    assert len(list(tmp_path.glob("*.checkpoint"))) == 1


def test_dead_letters_have_the_agreed_columns(plan: PhysicalPlan, tmp_path: Path) -> None:
    world = make_world(LAYOUTS["one-atomic"]())
    go(world, plan, tmp_path)
    first = world.rows("dead")[0]
    assert list(first) == DEAD_LETTER_SCHEMA.names
    assert first["pipeline"] == "test"
    assert first["table"] == "t"
    assert (first["stage"], first["code"]) == ("function", "engine.bad-cast")
    assert first["partition"] == "0"
    assert b'"v": "bad"' in first["value"]


def test_the_note_of_an_orderly_end_goes_with_its_checkpoint(
    plan: PhysicalPlan, tmp_path: Path
) -> None:
    CheckpointStore(tmp_path, durable=False).mark_applied(1)  # all that is left of a folder
    world = make_world([Group("a", ("copy", "win", "dead"), atomic=False, knows=False)])
    failed: list[int] = []

    def fail(step: str, epoch: int) -> None:
        if step == "prepare" and not failed:
            failed.append(epoch)
            raise ConnectorError("gone", code="connector.unreachable", retryable=True)

    world.groups[0].fail = fail
    go(world, plan, tmp_path)
    assert failed == [1]
    assert len(world.rows("copy")) == 42
