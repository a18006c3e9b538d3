"""State carried over to another plan: kept whole, and what is staged reaches each sink once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kit
import pyarrow as pa
import pytest
from test_recovery import LAYOUTS, TEXT, go, make_world, result
from test_savepoint import SOME, complete, half, run_half

from tidemill.control.change.compare import again, match
from tidemill.engine import crash_points, savepoint
from tidemill.engine.carry import Part, carry_over
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.model import Batch
from tidemill.plan import PhysicalPlan

TABLES, COPY, WINDOWS = (
    part.strip() for part in TEXT.replace("INSERT", ";INSERT").split(";INSERT")
)
SWAPPED = f"{TABLES}\nINSERT {WINDOWS}\nINSERT {COPY}"
"""The same statements in another order: every id is another one."""
STAGED = pa.RecordBatch.from_pydict(
    {"k": pa.array([7, 8], pa.int32()), "v": pa.array([-1, -2], pa.int32())}
)


@pytest.fixture(autouse=True)
def _no_crash_left_behind() -> Any:
    yield
    crash_points.install(None)


def carried(folder: Path, saved: Path, plan: PhysicalPlan, staged: Any = None) -> int:
    kept = CheckpointStore(saved)
    epoch = savepoint.load(saved).epoch
    found = match(kept.manifest(epoch), plan)
    store = CheckpointStore(folder)
    store.lock()
    try:
        part = Part(kept, epoch, found.sources, found.operators, found.outputs)
        return carry_over(store, plan, "j", part, None, staged or {})
    finally:
        store.unlock()


@pytest.mark.parametrize("layout", SOME)
@pytest.mark.parametrize("point", [None, *crash_points.POINTS])
def test_windows_go_on_and_staged_rows_come_once(
    tmp_path: Path, layout: str, point: str | None
) -> None:
    whole = make_world(LAYOUTS["one-atomic"]())
    go(whole, kit.plan_of(TEXT), tmp_path / "undisturbed")
    world, folder = half(layout), tmp_path / "job"
    run_half(world, kit.plan_of(TEXT), folder)
    saved = savepoint.take(CheckpointStore(folder), tmp_path, "saved")
    owner = next(group.name for group in world.groups if "copy" in group.tables)
    swapped = kit.plan_of(SWAPPED)
    carried(folder, saved, swapped, {owner: [("copy", Batch(STAGED))]})
    complete(world, layout)
    if point is not None:
        kit.crash_at(point, 1)
    go(world, swapped, folder)
    copies, *others = result(world)
    expected, *as_expected = result(whole)
    assert len(copies) - len(expected) == 2, "the staged rows, once"
    assert [row for row in copies if row in expected] == expected
    assert others == as_expected


def test_nothing_matches_by_place(tmp_path: Path) -> None:
    """An operator in the same place that computes another thing takes nothing."""
    world, folder = half("one-atomic"), tmp_path / "job"
    run_half(world, kit.plan_of(TEXT), folder)
    store = CheckpointStore(folder)
    manifest = store.manifest(store.epochs()[-1])
    swapped, other = kit.plan_of(SWAPPED), kit.plan_of(TEXT.replace("'10' SECOND", "'20' SECOND"))
    assert match(manifest, kit.plan_of(TEXT)).unchanged
    assert len(match(manifest, swapped).operators) == len(swapped.operators) == 1
    found = match(manifest, other)
    assert not found.operators
    assert found.rebuilt == tuple(operator.id for operator in other.operators)
    assert again(other, found).withheld, "windows have no key: old rows stay"
