"""Queries on the embedded engine, rows collected; also in small batches and through crashes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from tidemill.control.lookups import lookups_of
from tidemill.control.parity.memory import CONNECTOR, CONNECTOR_NAME, Collected, CollectGroup
from tidemill.control.parity.results import QueryResult, changes_of
from tidemill.engine import Engine, EngineSettings, GroupSpec
from tidemill.interfaces.connector import Connector, JobContext
from tidemill.interfaces.lookup import Lookup
from tidemill.interfaces.source import Source
from tidemill.model import TableDescriptor
from tidemill.plan import PhysicalPlan, build_plan
from tidemill.records import dataclass
from tidemill.sql.logical import Insert, Script

Settle = Callable[[TableDescriptor], TableDescriptor]
_CRASHES_MAX = 1000


class CrashError(BaseException):
    """An engine's death, where a crash point's handler wants it; only `run_script` catches it."""


@dataclass(frozen=True, slots=True)
class EmbeddedRun:
    """How to run: batch size (None: as always), and where each engine dies.

    `life` is called before each life of the engine, to set crash points; they raise CrashError.
    """

    batch_rows: int | None = None
    life: Callable[[int], None] | None = None

    def settings(self) -> EngineSettings:
        """The engine's settings."""
        if self.batch_rows is None:
            return EngineSettings()
        return EngineSettings(
            epoch_interval_ms=0,
            quiet_epoch_interval_ms=0,
            commit_share_max=1e9,
            rows_min=self.batch_rows,
            rows_max=self.batch_rows,
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """A script whose SELECTs are collected, and its plan; made once for many runs."""

    script: Script
    plan: PhysicalPlan


def planned(script: Script) -> Planned:
    """Plan a bound script without INSERTs; raises SqlError."""
    return with_plan(_collecting(script))


def with_plan(script: Script, connectors: Mapping[str, Connector] | None = None) -> Planned:
    """A script whose sinks all collect, and its plan; raises SqlError.

    `connectors` are what its tables are read through, by default as in a pipeline.
    """
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used
    from tidemill.formats import FORMATS  # noqa: PLC0415

    known = {**(connectors or CONNECTORS), CONNECTOR_NAME: CONNECTOR}
    return Planned(script, build_plan(script, known, FORMATS))


def run_script(
    script: Script | Planned, settle: Settle, folder: Path, how: EmbeddedRun | None = None
) -> list[QueryResult]:
    """Run all bare SELECTs of a script to their end; raises TidemillError.

    Args:
        script: a bound script without INSERTs, or its plan.
        settle: makes a table's options final, as it is opened.
        folder: for the engine's checkpoints; new for each run.
        how: batches and crashes.
    """
    made = script if isinstance(script, Planned) else planned(script)
    found = collect(made, settle, folder, how or EmbeddedRun())
    return [
        _result(insert.sink, found.collected, found.refused, found.late)
        for insert in made.script.inserts
    ]


@dataclass(frozen=True, slots=True)
class Collection:
    """What went into the tables that collect, and how many input rows were late or refused.

    `counters` is the whole row accounting, `last_rejected` why the last refused row was.
    """

    collected: Collected
    late: int
    refused: int
    counters: Mapping[str, int]
    last_rejected: str | None


def collect(
    script: Script | Planned,
    settle: Settle,
    folder: Path,
    how: EmbeddedRun,
    until: Literal["finished", "caught-up"] = "finished",
    connectors: Mapping[str, Connector] | None = None,
) -> Collection:
    """Run a script whose sinks all are of the connector that collects.

    `connectors` are those that it was planned with.
    """
    from tidemill.formats import FORMATS  # noqa: PLC0415 - loaded when used

    made = script if isinstance(script, Planned) else with_plan(script)
    plan = made.plan
    context = JobContext("parity", FORMATS)
    sources = {
        stage.table.name: _source(settle(stage.table), context, connectors)
        for stage in plan.sources
        if stage.values is None
    }
    collected = Collected()
    for life in range(_CRASHES_MAX):
        if how.life is not None:
            how.life(life)
        lookups = lookups_of(plan, settle, context)
        engine = _engine(made, sources, collected, folder, how, lookups)
        try:
            engine.run(until)
        except CrashError:
            continue
        progress = engine.progress()
        return Collection(
            collected, progress.late, progress.dead_letters, progress.counters,
            progress.last_rejected,
        )  # fmt: skip
    raise AssertionError("the engine never came to its end")


def _collecting(script: Script) -> Script:
    """The script with each SELECT as an INSERT into a table that collects."""
    inserts = tuple(
        Insert(
            select.query,
            TableDescriptor(f"result_{index}", select.schema, {"connector": CONNECTOR_NAME}),
            select.where,
            collects=True,
        )
        for index, select in enumerate(script.selects)
    )
    return replace(script, selects=(), inserts=inserts)


def _source(
    table: TableDescriptor, context: JobContext, connectors: Mapping[str, Connector] | None
) -> Callable[[], Source]:
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used

    make = (connectors or CONNECTORS)[table.options["connector"]].source
    assert make is not None, "the plan refuses tables that cannot be read"
    return lambda: make(table, context)


def _engine(
    made: Planned,
    sources: Mapping[str, Callable[[], Source]],
    collected: Collected,
    folder: Path,
    how: EmbeddedRun,
    lookups: Mapping[str, Callable[[], Lookup]],
) -> Engine:
    tables = tuple(insert.sink.name for insert in made.script.inserts)
    return Engine(
        made.plan,
        job="parity",
        sources=sources,
        groups=[GroupSpec(CONNECTOR_NAME, tables, lambda: CollectGroup(collected))],
        checkpoint_dir=folder,
        settings=how.settings(),
        durable=False,
        lookups=lookups,
    )


def _result(table: TableDescriptor, collected: Collected, refused: int, late: int) -> QueryResult:
    columns = table.schema.columns
    types = tuple(column.type for column in columns)
    changes = changes_of(collected.batches.get(table.name, ()), table.schema)
    return QueryResult(tuple(c.name for c in columns), types, changes, refused, late)
