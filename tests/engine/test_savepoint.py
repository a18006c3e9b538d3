"""A run from a savepoint gives exactly what came after it: in another job, and in the same one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import kit
import pytest
from kit import World
from test_recovery import LAYOUTS, TEXT, go, make_world, result

from tidemill.engine import crash_points, savepoint
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.errors import EngineError
from tidemill.plan import PhysicalPlan

HALF = 35
SOME = ("one-atomic", "three", "none-atomic")


@pytest.fixture(scope="module")
def plan() -> PhysicalPlan:
    return kit.plan_of(TEXT)


@pytest.fixture(autouse=True)
def _no_crash_left_behind() -> Any:
    yield
    crash_points.install(None)


def half(layout: str) -> World:
    """A world whose second half of the rows has not come yet."""
    world = make_world(LAYOUTS[layout](), HALF)
    world.bounded = False
    return world


def run_half(world: World, plan: PhysicalPlan, folder: Path) -> None:
    engine = world.engine(
        plan, folder, settings=kit.one_batch_at_a_time(), dead_letter_table="dead"
    )
    engine.run("caught-up")


def complete(world: World, layout: str = "one-atomic") -> None:
    world.inputs = make_world(LAYOUTS[layout]()).inputs
    world.bounded = True


def install(folder: Path, saved: Path, job: str = "j") -> int:
    store = CheckpointStore(folder)
    store.lock()
    try:
        return savepoint.install(store, saved, job)
    finally:
        store.unlock()


def all_rows(*results: tuple[Any, ...]) -> list[list[str]]:
    """The rows of several runs together, as multisets."""
    together = zip(*results, strict=True)
    return [sorted(str(row) for rows in parts for row in rows) for parts in together]


def undisturbed(plan: PhysicalPlan, folder: Path) -> tuple[Any, ...]:
    world = make_world(LAYOUTS["one-atomic"]())
    go(world, plan, folder)
    return result(world)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_another_job_goes_on_where_the_savepoint_was_taken(
    plan: PhysicalPlan, tmp_path: Path, layout: str
) -> None:
    first = half(layout)
    run_half(first, plan, tmp_path / "first")
    savepoint.take(CheckpointStore(tmp_path / "first"), tmp_path, "saved")
    saved = savepoint.load(tmp_path / "saved")
    assert saved.positions == {"t": {"0": HALF}}
    second = make_world(LAYOUTS[layout]())
    install(tmp_path / "second", tmp_path / "saved")
    go(second, plan, tmp_path / "second")
    assert all_rows(result(first), result(second)) == all_rows(undisturbed(plan, tmp_path / "u"))


@pytest.mark.parametrize("layout", SOME)
@pytest.mark.parametrize("point", [None, *crash_points.POINTS])
def test_the_same_job_goes_back_and_gives_the_rows_after_it_again(
    plan: PhysicalPlan, tmp_path: Path, layout: str, point: str | None
) -> None:
    world, folder = half(layout), tmp_path / "job"
    run_half(world, plan, folder)
    savepoint.take(CheckpointStore(folder), tmp_path, "saved")
    before = result(world)
    complete(world)
    go(world, plan, folder)
    whole = result(world)
    for group in world.groups:
        group.committed.clear()
    install(folder, tmp_path / "saved")
    if point is not None:
        kit.crash_at(point, 2)
    go(world, plan, folder)
    assert all_rows(before, result(world)) == all_rows(whole)
    again = make_world(world.groups)
    go(again, plan, folder)
    assert all_rows(before, result(again)) == all_rows(whole)


@pytest.mark.parametrize("layout", SOME)
@pytest.mark.parametrize("point", crash_points.POINTS)
def test_taken_at_any_moment_it_is_of_an_epoch_that_every_sink_has(
    plan: PhysicalPlan, tmp_path: Path, layout: str, point: str
) -> None:
    world, folder = make_world(LAYOUTS[layout]()), tmp_path / "job"
    kit.crash_at(point, 4)
    try:
        engine = world.engine(
            plan, folder, settings=kit.one_batch_at_a_time(), dead_letter_table="dead"
        )
        engine.run("finished")
    except kit.Crash:
        pass
    crash_points.install(None)
    saved = savepoint.load(savepoint.take(CheckpointStore(folder), tmp_path))
    assert (tmp_path / f"epoch-{saved.epoch}").is_dir()
    for group in world.groups:
        group.committed = [one for one in group.committed if one[0] <= saved.epoch]
    second = make_world(LAYOUTS[layout]())
    install(tmp_path / "second", tmp_path / f"epoch-{saved.epoch}")
    go(second, plan, tmp_path / "second")
    assert all_rows(result(world), result(second)) == all_rows(undisturbed(plan, tmp_path / "u"))


def test_what_was_installed_in_part_counts_for_nothing(plan: PhysicalPlan, tmp_path: Path) -> None:
    world, folder = half("two-atomic"), tmp_path / "job"
    run_half(world, plan, folder)
    savepoint.take(CheckpointStore(folder), tmp_path, "saved")
    last = install(folder, tmp_path / "saved")
    CheckpointStore(folder).path(last).unlink()
    assert CheckpointStore(folder).epochs()[-1] == last - 1, "its state builds on one file or more"
    complete(world)
    go(world, plan, folder)
    assert all_rows(result(world)) == all_rows(undisturbed(plan, tmp_path / "u"))


def test_a_savepoint_outlives_what_it_was_taken_of(plan: PhysicalPlan, tmp_path: Path) -> None:
    world, folder = half("one-atomic"), tmp_path / "job"
    run_half(world, plan, folder)
    taken = savepoint.load(savepoint.take(CheckpointStore(folder), tmp_path, "saved"))
    assert savepoint.take(CheckpointStore(folder), tmp_path) == savepoint.take(
        CheckpointStore(folder), tmp_path
    ), "without a name, the same epoch is the same savepoint"
    shutil.rmtree(folder)
    assert savepoint.load(tmp_path / "saved") == taken
    second = make_world(LAYOUTS["one-atomic"]())
    install(tmp_path / "second", tmp_path / "saved")
    go(second, plan, tmp_path / "second")
    assert all_rows(result(world), result(second)) == all_rows(undisturbed(plan, tmp_path / "u"))


def test_nothing_yet_a_name_twice_a_folder_without_and_a_damaged_file(
    plan: PhysicalPlan, tmp_path: Path
) -> None:
    store, saved = CheckpointStore(tmp_path / "job"), tmp_path / "saved"
    with pytest.raises(EngineError, match="nothing yet") as nothing:
        savepoint.take(store, tmp_path, "saved")
    assert nothing.value.code == "engine.no-savepoint"
    run_half(half("one-atomic"), plan, store.folder)
    taken = savepoint.load(savepoint.take(store, tmp_path, "saved"))
    with pytest.raises(EngineError, match="already") as twice:
        savepoint.take(store, tmp_path, "saved")
    assert twice.value.code == "engine.savepoint-exists"
    with pytest.raises(EngineError, match="no savepoint") as without:
        savepoint.load(tmp_path)
    assert without.value.code == "engine.no-savepoint"
    file = CheckpointStore(saved).path(taken.epoch)
    content = file.read_bytes()
    file.unlink()  # a link: what it was taken of stays whole
    file.write_bytes(content[:-40] + b"\0" * 8 + content[-32:])
    before = store.epochs()
    with pytest.raises(EngineError, match="damaged") as damaged:
        install(store.folder, saved)
    assert damaged.value.code == "engine.checkpoint-damaged"
    assert store.epochs() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
