"""The inputs of a pipeline as they are read again: up to what it has committed, and repeatable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tidemill.control.account import next_offset
from tidemill.control.reconcile.recompute import from_begin
from tidemill.control.why.refusals import untraceable
from tidemill.control.why.thread import KAFKA
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.interfaces.source import PartitionBatch, Source
from tidemill.model import Position, RowKind, TableDescriptor
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Bounded:
    """Settles tables: `positions` are the committed ones, `notes` takes what is not exact."""

    positions: Mapping[str, Mapping[str, Any]]
    notes: list[str]

    def __call__(self, table: TableDescriptor) -> TableDescriptor:
        """The table, from where the pipeline began it to where it has committed."""
        found = from_begin(table)
        options = dict(found.options)
        if options["connector"] not in KAFKA:
            self._note(f"{table.name} is read as it is now.")
            return found
        if options.get("scan.startup.mode") != table.options.get("scan.startup.mode"):
            self._note(
                f"{table.name} is read from its begin; what came before the pipeline did is listed "
                "too."
            )
        topics = options.get("topic", "").split(";")
        committed = self.positions.get(table.name, {})
        if len(topics) > 1 or "topic-pattern" in options:
            options["scan.bounded.mode"] = "latest-offset"
            self._note(f"{table.name} has several topics; they are read to their ends.")
            return replace(found, options=options)
        ends = [
            f"partition:{part.rpartition(':')[2]},offset:{offset}"
            for part, position in committed.items()
            if (offset := next_offset(position)) is not None
        ]
        options["scan.bounded.mode"] = "specific-offsets"
        options["scan.bounded.specific-offsets"] = ";".join(ends) or "partition:0,offset:0"
        return replace(found, options=options)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def tracing_connectors() -> dict[str, Connector]:
    """The connectors; a change feed in a topic comes as upserts, so that each row has one place.

    The row before a change stands in the change's own message; that of an upsert is the last one
    of its key, with the place where it was written.
    """
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used

    kafka = CONNECTORS["kafka"]
    changelog_of, source_of = kafka.source_changelog, kafka.source
    assert changelog_of is not None and source_of is not None

    def changelog(table: TableDescriptor, job: JobContext) -> Changelog:
        found = changelog_of(table, job)
        if not found.updates or found.upsert:
            return found
        if not table.primary_key:
            raise untraceable(
                f"the table {table.name}: it is a change feed without a PRIMARY KEY, so a row's "
                "message is not known"
            )
        return Changelog(updates=True, upsert=True)

    def source(table: TableDescriptor, job: JobContext) -> Source:
        inner = source_of(table, job)
        return _Upserts(inner) if changelog_of(table, job).updates else inner

    return {
        **CONNECTORS,
        "kafka": replace(kafka, source_changelog=changelog, source=source),
    }


class _Upserts:
    """A source of changes without the rows before them."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner

    def open(self, start: Mapping[str, Position]) -> None:
        self._inner.open(start)

    def partitions(self) -> Sequence[str]:
        return self._inner.partitions()

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        return [_without_before(batch) for batch in self._inner.read(rows_max, timeout_ms)]

    def finished(self) -> bool:
        return self._inner.finished()

    def caught_up(self) -> bool:
        return self._inner.caught_up()

    def close(self) -> None:
        self._inner.close()


def _without_before(batch: PartitionBatch) -> PartitionBatch:
    if batch.kinds is None:
        return batch
    import pyarrow.compute as pc  # noqa: PLC0415 - with the batch

    keep = pc.not_equal(batch.kinds, int(RowKind.UPDATE_BEFORE))
    return replace(
        batch, rows=batch.rows.filter(keep), kinds=batch.kinds.filter(keep), origin_of=None
    )
