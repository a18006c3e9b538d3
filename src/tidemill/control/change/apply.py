"""The use case `apply`: take over a pipeline's state into its changed text, as `plan` says.

In this order: the pipeline is stopped where it runs; what stands is kept as a savepoint; the past
is read again for what must be rebuilt; one file is written, which is the switch. Whatever fails
before that leaves the old version as it was: its text goes on from its newest checkpoint.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tidemill.control.change.compare import Again
from tidemill.control.change.past import Past, outputs_by_group, part_of, read_past, written
from tidemill.control.change.planned import LOST, UNCHANGED, ChangePlan, plan_for
from tidemill.control.pipeline import opened
from tidemill.control.pipeline_processes import stop_pipeline_of
from tidemill.control.pipeline_states import pipeline_state
from tidemill.control.run import build_engine
from tidemill.control.savepoints import find_savepoint, keep_what_is_there
from tidemill.engine.carry import Part, carry_over
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.engine.groups import GroupSpec
from tidemill.errors import EngineError, UserError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.model import TableDescriptor
from tidemill.project import Project, ensure_state_dir
from tidemill.records import dataclass

_log = logging.getLogger("tidemill.control.apply")


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. `savepoint` holds what stood there before; `records` were read again."""

    pipeline: str
    verdict: str
    savepoint: str | None
    epoch: int
    records: int
    rows: int
    stopped: bool

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "pipeline": self.pipeline, "verdict": self.verdict, "savepoint": self.savepoint,
            "epoch": self.epoch, "records": self.records, "rows": self.rows,
            "stopped": self.stopped,
        }  # fmt: skip


def apply_change(
    project: Project,
    plan: ChangePlan,
    *,
    allow_lost: bool = False,
    said: Callable[[str], None] | None = None,
) -> Applied:
    """Do what a plan says; the next run goes on with the new text.

    Args:
        project: the project of the pipeline.
        plan: what was shown, and confirmed.
        allow_lost: go on where state is lost too.
        said: is told what is being done.

    Raises:
        UserError: `control.state-lost` where state would be lost and that was not allowed.
        EngineError: the old version could not be stopped, or the past not be read; nothing changed.
    """
    say = said or (lambda _: None)
    name = plan.pipeline
    _check_lost(plan, allow_lost)
    if plan.verdict == UNCHANGED:
        return Applied(name, UNCHANGED, None, plan.epoch, 0, 0, stopped=False)
    stopped = pipeline_state(project, name).runs
    if stopped:
        say(f"stops {name}")
        stop_pipeline_of(project, name)
    state = ensure_state_dir(project.state_dir) / "pipelines" / name
    store = CheckpointStore(state / "checkpoints")
    store.lock()
    folder = state / "apply"
    try:
        return _locked(project, plan, allow_lost, store, folder, stopped, say)
    finally:
        store.unlock()
        shutil.rmtree(folder, ignore_errors=True)


def _locked(
    project: Project,
    plan: ChangePlan,
    allow_lost: bool,
    store: CheckpointStore,
    folder: Path,
    stopped: bool,
    say: Callable[[str], None],
) -> Applied:
    name = plan.pipeline
    before = keep_what_is_there(project, name, store)
    if before is None or before.savepoint.epoch != _newest(store):
        raise EngineError(
            f"the last run of {name} did not end in order, so its last epoch may be missing in a "
            "sink",
            code="engine.not-settled",
            where=Where(file=str(store.folder)),
            hint="Run the text that it ran with once more (tidemill run --until-caught-up), then "
            "apply.",
        )
    say(f"what stands is kept: {before.name}")
    # It may have gone on since the plan was shown, and its input may have gone on disappearing.
    base = plan.savepoint or before.name
    now = plan_for(project, name, plan.compiled, base)
    _check_lost(now, allow_lost)
    found = find_savepoint(project, name, base)
    kept = Part(
        CheckpointStore(found.folder), found.savepoint.epoch,
        now.matching.sources, now.matching.operators, now.matching.outputs,
    )  # fmt: skip
    context = _context(f"{project.name}.{name}")
    past = None
    if now.again:
        count = "records" if now.records is None else f"up to {now.records:,} records"
        say(f"reads {count} again")
        past = _past(project, now, folder, context)
    groups = _groups(project, now, folder.parent)
    staged = {} if past is None else outputs_by_group(past.rows, groups)
    rebuilt = None if past is None or not past.epoch else _rebuilt(now, past)
    epoch = carry_over(store, now.compiled.plan, context.job, kept, rebuilt, staged)
    _log.info("pipeline %s was changed", name, extra={"epoch": epoch, "verdict": now.verdict})
    rows = 0 if past is None else written(now.compiled.plan.outputs, past.rows)
    records = 0 if past is None else past.records
    return Applied(name, now.verdict, before.name, epoch, records, rows, stopped)


def _newest(store: CheckpointStore) -> int:
    for epoch in reversed(store.epochs()):
        if "part_of" not in store.manifest(epoch):
            return epoch
    return 0


def _check_lost(plan: ChangePlan, allowed: bool) -> None:
    lost = [one for one in plan.fates if one.fate == LOST]
    if lost and not allowed:
        raise UserError(
            f"state of {plan.pipeline} would be lost: {lost[0].title} ({lost[0].id})",
            code="control.state-lost",
            where=Where(pipeline=plan.pipeline),
            detail=lost[0].why,
            hint="Go on without it: --allow-lost. What is left of its input is read again.",
        )


def _past(project: Project, plan: ChangePlan, folder: Path, context: JobContext) -> Past:
    needed: Again = plan.again

    def settle(table: TableDescriptor) -> TableDescriptor:
        return opened(table, plan.compiled.source, project.root)

    part = part_of(plan.compiled.plan, needed.sources, needed.operators, needed.outputs)
    positions = {
        stage.table.name: plan.manifest["positions"].get(stage.table.name, {})
        for stage in part.sources
        if stage.id in plan.matching.sources and _readable(plan, stage.table.name)
    }
    return read_past(part, positions, settle, folder, context)


def _readable(plan: ChangePlan, table: str) -> bool:
    """Whether any of a table's past is read; of one that gives nothing again, none is."""
    return any(read.table == table for read in plan.reads)


def _rebuilt(plan: ChangePlan, past: Past) -> Part:
    ids = [*plan.matching.rebuilt]
    operators = {i: i for i in ids if i in plan.again.operators}
    outputs = {i: i for i in plan.again.outputs}
    return Part(past.store, past.epoch, {}, operators, outputs)


def _groups(project: Project, plan: ChangePlan, state: Path) -> list[GroupSpec]:
    engine = build_engine(project, plan.pipeline, plan.compiled, state)
    return list(engine.job.groups)


def _context(job: str) -> JobContext:
    from tidemill.formats import FORMATS  # noqa: PLC0415 - loaded when used

    return JobContext(job, FORMATS)
