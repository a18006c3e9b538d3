"""Run a pipeline: the one place where plan, connectors and engine meet.

Guarantees: a second run of the same pipeline goes on where the last one stopped, after a stop as
after `kill -9`; SIGINT and SIGTERM finish the batch, commit, and end in order. The state is under
`.tidemill/pipelines/<name>/`, the job's name is `<project>.<pipeline>`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tidemill.control.change.versions import keep_text
from tidemill.control.checks.stream import keep_results
from tidemill.control.live_state import RunOf, publishing
from tidemill.control.log_topic import log_topic
from tidemill.control.lookups import lookups_of
from tidemill.control.openlineage import lineage_events
from tidemill.control.pipeline import CompiledPipeline, compile_pipeline, opened
from tidemill.control.project_context import project_for
from tidemill.control.savepoints import appended_to, go_back, notes
from tidemill.control.side_tables import DEAD_LETTER_TABLE, dead_letter_table, late_table
from tidemill.control.stopping import calling_on_signals
from tidemill.control.switching import switching_soon
from tidemill.control.tracing import tracing
from tidemill.control.watermark_text import held_by, late_sentences, waiting_sentences
from tidemill.control.watermarks import Diagnosis, diagnose
from tidemill.errors import UserError, Where
from tidemill.observe import open_log
from tidemill.project import Project, ensure_state_dir, no_project
from tidemill.records import dataclass

if TYPE_CHECKING:
    from tidemill.engine import Engine, Progress
    from tidemill.engine.groups import GroupSpec
    from tidemill.engine.traces import EpochTrace
    from tidemill.interfaces.connector import JobContext
    from tidemill.interfaces.source import Source
    from tidemill.model import Batch, TableDescriptor
    from tidemill.plan import PhysicalPlan
    from tidemill.quality.result import SuiteResult

Until = Literal["forever", "finished", "caught-up"]
_log = logging.getLogger("tidemill.control.run")


@dataclass(frozen=True)
class RunResult:
    """How a run ended; counts since the pipeline first started."""

    pipeline: str
    state: str
    progress: Progress
    notes: tuple[str, ...]
    checks: tuple[SuiteResult, ...] = ()

    def advice(self) -> list[str]:
        """What is still open, and what more delay would have saved, in sentences."""
        found = diagnosis_of(self.progress)
        if found is None:
            return []
        opened = [
            sentence for w in found.waiting[:1] for sentence in waiting_sentences(w, holders_max=1)
        ]
        return opened + [sentence for late in found.late for sentence in late_sentences(late)]

    def as_dict(self) -> dict[str, Any]:
        """The result for `--json`."""
        checks = [check.as_dict() for check in self.checks]
        return {"pipeline": self.pipeline, **progress_as_dict(self.progress), "checks": checks}


def diagnosis_of(progress: Progress) -> Diagnosis | None:
    """What the watermark doctor says about a moment of a run; None before it has begun."""
    observed = progress.observed
    return None if observed is None else diagnose(observed, progress.counters, observed.at_ms)


def progress_as_dict(progress: Progress) -> dict[str, Any]:
    """A moment of a run for `--json`; times in milliseconds since 1970."""
    found = diagnosis_of(progress)
    return {
        "state": progress.state,
        "epoch": progress.epoch,
        "rows_in": progress.rows_in,
        "rows_out": progress.rows_out,
        "rows_late": progress.late,
        "rows_rejected": progress.dead_letters,
        "rows_filtered": progress.filtered,
        "rows_skipped": progress.skipped,
        "lag": progress.lag,
        "watermarks_ms": {
            table: None if mark is None else mark // 1000
            for table, mark in progress.watermarks_us.items()
        },
        "rows_in_per_s": round(progress.rows_in_per_s, 1),
        "rows_out_per_s": round(progress.rows_out_per_s, 1),
        "state_bytes": progress.state_bytes,
        "operator_state_bytes": dict(progress.operator_state_bytes),
        "restarts": progress.restarts,
        "last_error": progress.last_error,
        "last_rejected": progress.last_rejected,
        "held_by": None if found is None else held_by(found),
        "schema_changes": {t: found.as_dict() for t, found in progress.schema_changes.items()},
        "histories": {table: proof.as_dict() for table, proof in progress.histories.items()},
    }


def run(
    wanted: str | None,
    folder: Path | None = None,
    *,
    until: Until = "forever",
    variables: Mapping[str, str] | None = None,
    started: Callable[[Engine], None] | None = None,
    savepoint: str | None = None,
    said: Callable[[str], None] | None = None,
) -> RunResult:
    """Run one pipeline, given by name or path, on this thread, until it ends or is stopped.

    Args:
        wanted: the pipeline; None: the only one of the project.
        folder: the project's folder.
        until: when to end by itself; a pipeline over bounded input always ends.
        variables: values for `${var:...}`.
        started: is given the engine before it runs, to watch its `progress` or to `stop` it.
        savepoint: go on from this one, not from where the last run stopped.
        said: is told what a person must know before it runs.
    """
    project = project_for(wanted or "", folder)
    name = wanted if wanted is not None else only_pipeline(project, folder)
    pipeline = project.pipeline(name)
    compiled = compile_pipeline(project, pipeline, variables=variables)
    if savepoint is not None:
        went = go_back(project, pipeline.name, savepoint, compiled.plan)
        for note in notes(went, appended_to(compiled.plan)):
            _log.info("pipeline %s %s", pipeline.name, note)
            if said is not None:
                said(note)
    return run_compiled(project, pipeline.name, compiled, until=until, started=started)


def run_compiled(
    project: Project,
    name: str,
    compiled: CompiledPipeline,
    *,
    until: Until = "forever",
    started: Callable[[Engine], None] | None = None,
) -> RunResult:
    """Run what was compiled under a name, as `run` does; its state is kept under that name."""
    if compiled.script.selects:
        file = compiled.source.file
        raise UserError(
            f"{file} has a SELECT whose rows nobody takes",
            code="control.nothing-to-run",
            where=compiled.script.selects[0].where,
            hint=f"Write INSERT INTO ... SELECT; or look at the rows: tidemill sql -f {file}",
        )
    state = ensure_state_dir(project.state_dir) / "pipelines" / name
    running: list[Engine] = []

    def context() -> dict[str, Any]:
        epoch = running[0].epoch if running else None
        return {"project": project.name, "pipeline": name, "epoch": epoch}

    log = open_log(
        project.state_dir / "logs", f"pipeline-{name}", context=context,
        more=log_topic(project, f"pipeline-{name}"),
    )  # fmt: skip
    try:
        with ExitStack() as around:
            traced = None
            if project.settings.observe.opentelemetry is not None:
                traced = around.enter_context(tracing(project, name, f"{project.name}.{name}"))
            engine = build_engine(project, name, compiled, state, traced=traced)
            running.append(engine)
            keep_text(state, compiled)
            around.enter_context(lineage_events(project, name, compiled, engine))
            if started is not None:
                started(engine)
            _log.info("pipeline %s starts", name, extra={"until": until})
            live = RunOf(project.name, name, state)
            with calling_on_signals(engine.stop), publishing(engine, live), switching_soon():
                engine.run(until)
        progress = engine.progress()
        _log.info("pipeline %s ended", name, extra=progress_as_dict(progress))
        found = compiled.checks
        checks = [] if found is None else keep_results(project, found, progress.counters)
        return RunResult(name, progress.state, progress, compiled.notes, tuple(checks))
    except Exception:
        _log.exception("pipeline %s failed", name)
        raise
    finally:
        log.close()


def only_pipeline(project: Project, folder: Path | None = None) -> str:
    """The name of the project's only pipeline."""
    names = [pipeline.name for pipeline in project.pipelines()]
    if len(names) == 1:
        return names[0]
    if project.file is None:
        raise no_project(folder)
    raise UserError(
        f"the project {project.name} has {len(names)} pipelines",
        code="control.nothing-to-run",
        where=Where(file=str(project.file or project.root)),
        hint=f"Say which one: tidemill run NAME. There are: {', '.join(names)}."
        if names
        else "Give the path of a .sql file: tidemill run FILE",
    )


def build_engine(
    project: Project,
    name: str,
    compiled: CompiledPipeline,
    state: Path,
    *,
    job: str | None = None,
    collect: Callable[[int, Batch], None] | None = None,
    durable: bool = True,
    keep_dead_letters: bool = True,
    traced: Callable[[EpochTrace], None] | None = None,
) -> Engine:
    """The engine of a compiled pipeline, with its sources, sinks, dead letters and late rows."""
    from tidemill.engine import Engine  # noqa: PLC0415 - loaded when used
    from tidemill.formats import FORMATS  # noqa: PLC0415
    from tidemill.interfaces.connector import JobContext  # noqa: PLC0415

    plan = compiled.plan if keep_dead_letters else _dropping_late(compiled.plan)
    context = JobContext(job or f"{project.name}.{name}", FORMATS, traced=traced is not None)

    def settle(table: TableDescriptor) -> TableDescriptor:
        return opened(table, compiled.source, project.root)

    sources = [settle(stage.table) for stage in plan.sources if stage.values is None]
    sinks = [settle(stage.sink) for stage in plan.outputs if stage.sink is not None]
    late = {
        stage.table.name: late_table(name, state, settle(stage.table), sinks, sources)
        for stage in plan.sources
        if stage.late_mode == "table" and stage.values is None
    }
    written = [*_unique(sinks), *late.values()]
    if keep_dead_letters:
        written.append(dead_letter_table(name, state, sinks, sources))
    return Engine(
        plan,
        job=context.job,
        sources={table.name: _source(table, context) for table in sources},
        lookups=lookups_of(plan, settle, context),
        groups=_groups(written, context),
        checkpoint_dir=state / "checkpoints",
        dead_letter_table=DEAD_LETTER_TABLE if keep_dead_letters else None,
        late_tables={source: table.name for source, table in late.items()},
        collect=collect,
        durable=durable,
        traced=traced,
    )


def _dropping_late(plan: PhysicalPlan) -> PhysicalPlan:
    """The plan of a query that writes nowhere: late rows are counted only."""
    sources = (
        replace(stage, late_mode="drop") if stage.late_mode == "table" else stage
        for stage in plan.sources
    )
    return replace(plan, sources=tuple(sources))


def _unique(tables: Sequence[TableDescriptor]) -> list[TableDescriptor]:
    """Each sink table once, also where several INSERTs write it."""
    return list({table.name: table for table in tables}.values())


def _source(table: TableDescriptor, context: JobContext) -> Callable[[], Source]:
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used

    make = CONNECTORS[table.options["connector"]].source
    assert make is not None, "the plan refuses tables that cannot be read"
    return lambda: make(table, context)


def _groups(tables: Sequence[TableDescriptor], context: JobContext) -> list[GroupSpec]:
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used
    from tidemill.engine.groups import GroupSpec  # noqa: PLC0415

    members: dict[tuple[str, str], list[TableDescriptor]] = {}
    for table in tables:
        connector = CONNECTORS[table.options["connector"]]
        assert connector.group_key is not None, "the plan refuses tables that cannot be written"
        key = connector.group_key(table, context)
        members.setdefault((_family(connector.name), key), []).append(table)
    specs = []
    for (_, key), group in members.items():
        make = CONNECTORS[group[0].options["connector"]].commit_group
        assert make is not None
        specs.append(
            GroupSpec(
                key,
                tuple(table.name for table in group),
                lambda make=make, group=group: make(group, context),  # type: ignore[misc]
            )
        )
    return specs


def _family(connector: str) -> str:
    """Kafka and upsert-kafka tables share a transaction."""
    return "kafka" if connector == "upsert-kafka" else connector
