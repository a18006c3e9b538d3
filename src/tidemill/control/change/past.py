"""Read the past again: a run of a part of a plan over what its sources have passed already.

It begins where the tables begin and ends exactly at the stored positions, holds no window back that
was open there, and writes nowhere: its state lies in a folder of its own, its output in memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tidemill.control.account import offset_of
from tidemill.control.change.inputs import KAFKA
from tidemill.control.lookups import lookups_of
from tidemill.control.parity.memory import CONNECTOR_NAME, Collected, CollectGroup
from tidemill.control.side_tables import DEAD_LETTER_TABLE
from tidemill.engine import Engine, GroupSpec
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.errors import EngineError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.source import PartitionBatch, Source
from tidemill.model import Batch, Position, TableDescriptor
from tidemill.plan import PhysicalPlan
from tidemill.plan.physical import OutputStage
from tidemill.records import dataclass

Positions = Mapping[str, Mapping[str, Position]]
Settle = Callable[[TableDescriptor], TableDescriptor]


@dataclass(frozen=True, slots=True)
class Past:
    """What the run made: its checkpoints, the newest one's number, and the rows of each table."""

    store: CheckpointStore
    epoch: int
    rows: Mapping[str, Sequence[Batch]]
    records: int


def part_of(
    plan: PhysicalPlan,
    sources: frozenset[str],
    operators: frozenset[str],
    outputs: frozenset[str],
) -> PhysicalPlan:
    """The plan with some of its nodes only; late rows are counted, not written again."""
    return replace(
        plan,
        sources=tuple(
            replace(s, late_mode="drop" if s.late_mode == "table" else s.late_mode)
            for s in plan.sources
            if s.id in sources
        ),
        operators=tuple(o for o in plan.operators if o.id in operators),
        outputs=tuple(o for o in plan.outputs if o.id in outputs),
    )


def read_past(
    plan: PhysicalPlan, positions: Positions, settle: Settle, folder: Path, context: JobContext
) -> Past:
    """Run a plan over the past of its tables; tables without positions stay unread.

    Raises EngineError `engine.past-differs` where a table ends elsewhere than at its positions.
    """
    shutil.rmtree(folder, ignore_errors=True)
    sources = {
        stage.table.name: _source(settle(stage.table), positions.get(stage.table.name), context)
        for stage in plan.sources
        if stage.values is None
    }
    tables = tuple({o.sink.name: None for o in plan.outputs if o.sink is not None})
    collected = Collected()
    engine = Engine(
        plan,
        job=context.job,
        sources=sources,
        groups=[
            GroupSpec(CONNECTOR_NAME, (*tables, DEAD_LETTER_TABLE), lambda: CollectGroup(collected))
        ],
        checkpoint_dir=folder,
        dead_letter_table=DEAD_LETTER_TABLE,
        durable=False,
        lookups=lookups_of(plan, settle, context),
    )
    engine.run("caught-up")
    store = CheckpointStore(folder)
    epochs = store.epochs()
    reached = store.manifest(epochs[-1])["positions"] if epochs else {}
    for stage in plan.sources:
        if stage.values is None:
            name = stage.table.name
            _check_end(name, stage.table, positions.get(name, {}), reached.get(name, {}))
    progress = engine.progress()
    return Past(store, epochs[-1] if epochs else 0, collected.batches, progress.records)


def outputs_by_group(
    rows: Mapping[str, Sequence[Batch]], groups: Sequence[GroupSpec]
) -> dict[str, list[tuple[str, Batch]]]:
    """The rows of the past for each commit group; of dead letters those of functions.

    The old version has kept the letters of messages that could not be read.
    """
    owner = {table: spec.name for spec in groups for table in spec.tables}
    found: dict[str, list[tuple[str, Batch]]] = {}
    for table, batches in rows.items():
        for batch in batches:
            kept = _of_functions(batch) if table == DEAD_LETTER_TABLE else batch
            if len(kept) and table in owner:
                found.setdefault(owner[table], []).append((table, kept))
    return found


def written(outputs: Sequence[OutputStage], rows: Mapping[str, Sequence[Batch]]) -> int:
    """How many rows go to tables, dead letters left out."""
    tables = {o.sink.name for o in outputs if o.sink is not None}
    return sum(len(batch) for table in tables for batch in rows.get(table, ()))


def _of_functions(batch: Batch) -> Batch:
    import pyarrow.compute as pc  # noqa: PLC0415 - loaded when used

    stages = batch.rows.column(batch.rows.schema.get_field_index("stage"))
    return Batch(batch.rows.filter(pc.equal(stages, "function")), None)


def _check_end(
    name: str,
    table: TableDescriptor,
    wanted: Mapping[str, Position],
    reached: Mapping[str, Position],
) -> None:
    if table.options["connector"] in KAFKA:
        bad = [
            p for p, at in reached.items() if p in wanted and offset_of(at) > offset_of(wanted[p])
        ]
    else:
        bad = [p for p in {**wanted, **reached} if wanted.get(p) != reached.get(p)]
    if bad:
        raise EngineError(
            f"`{name}` does not end where the pipeline stands: partition {bad[0]}",
            code="engine.past-differs",
            where=Where(table=name, partition=bad[0]),
            detail="What came since then cannot be told from what was read. Nothing was changed.",
            hint="Run the old text until it has caught up (tidemill run --until-caught-up), then "
            "apply.",
        )


def _source(
    table: TableDescriptor, ends: Mapping[str, Position] | None, context: JobContext
) -> Callable[[], Source]:
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used

    if ends is None:
        return Unread
    options = dict(table.options)
    if options["connector"] in KAFKA and all(":" not in name for name in ends):
        options["scan.bounded.mode"] = "specific-offsets"
        options["scan.bounded.specific-offsets"] = ";".join(
            f"partition:{name},offset:{offset_of(at)}" for name, at in ends.items()
        )
    options.pop("source.monitor-interval", None)
    bounded = replace(table, options=options)
    make = CONNECTORS[options["connector"]].source
    assert make is not None, "the plan refuses tables that cannot be read"
    return lambda: Open(make(bounded, context))


class Open:
    """A source that has an end, but is not finished there: event time stands where the rows end."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.open, self.close = source.open, source.close
        self.partitions, self.read = source.partitions, source.read

    def finished(self) -> bool:
        """Never."""
        return False

    def caught_up(self) -> bool:
        """Whether it has given its last row."""
        return self._source.finished() or self._source.caught_up()


class Unread:
    """A table that has no past: nothing of it is read."""

    def open(self, start: Mapping[str, Position]) -> None:
        """Nothing to do."""

    def partitions(self) -> Sequence[str]:
        """None."""
        return ()

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        """No rows."""
        return ()

    def finished(self) -> bool:
        """Never."""
        return False

    def caught_up(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Nothing to do."""
