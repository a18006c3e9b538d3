"""The use case: the messages behind a row of a sink.

The pipeline is computed anew in memory, up to the offsets of its last committed epoch, by a plan
that carries along where each row is from (`thread.py`). Nothing is written.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tidemill.control.account import committed_epoch
from tidemill.control.parity.embedded import EmbeddedRun, collect, with_plan
from tidemill.control.parity.memory import CONNECTOR_NAME
from tidemill.control.parity.results import changes_of
from tidemill.control.pipeline import CompiledPipeline, compile_pipeline, opened
from tidemill.control.project_context import project_for
from tidemill.control.why.answer import Reason, Why
from tidemill.control.why.key import parse_key
from tidemill.control.why.messages import Fetching
from tidemill.control.why.refusals import check_repeatable
from tidemill.control.why.sink_row import held_rows
from tidemill.control.why.sources import Bounded, tracing_connectors
from tidemill.control.why.thread import SEPARATOR, TABLE_MARK, WHY, Threaded, key_filter
from tidemill.errors import UserError, did_you_mean
from tidemill.interfaces.connector import JobContext
from tidemill.model import Column, RowKind, Schema, TableDescriptor
from tidemill.model.types import STRING
from tidemill.project import Project
from tidemill.sql.logical import Insert

_MINUS = (RowKind.UPDATE_BEFORE, RowKind.DELETE)
ROWS_MAX = 20


def why(
    folder: Path | None, wanted: str, key: str, *, sink: str | None = None, messages_max: int = 20
) -> Why:
    """Which messages a row is made of.

    Args:
        folder: the project's folder.
        wanted: the pipeline, by name or path.
        key: `COLUMN=VALUE,...`, or the values of the sink's PRIMARY KEY, separated by commas.
        sink: the table; None: the only one that the pipeline writes.
        messages_max: of how many messages the content is fetched, for each row.

    Raises:
        UserError: `control.no-such-row` where nothing has the key, `control.untraceable` where the
            plan has a step that hides where its rows are from, `control.no-account` where the
            pipeline has committed nothing.
    """
    project = project_for(wanted, folder)
    pipeline = project.pipeline(wanted)
    compiled = compile_pipeline(project, pipeline)
    table = _sink(compiled, sink)
    asked = parse_key(table, key)
    epoch, positions = committed_epoch(project, pipeline.name)
    threaded = Threaded([], [])
    bounded = Bounded(positions, threaded.notes)
    found = _recomputed(project, compiled, table, asked, threaded, bounded)
    held = held_rows(opened(table, compiled.source, project.root), asked, _context())
    if not found and not held:
        raise UserError(
            f"no row of `{table.name}` has {_shown(asked)}",
            code="control.no-such-row",
            hint="Up to its last commit the pipeline made none. For what a message became: "
            "tidemill why-not PIPELINE TOPIC:PARTITION:OFFSET",
        )
    fetch = Fetching(project, compiled, messages_max)
    reasons = tuple(
        _reason(values, places, table, threaded, fetch) for values, places in found[:ROWS_MAX]
    )
    said = [*threaded.notes, *_compared(table, held, [values for values, _ in found])]
    return Why(
        pipeline.name, table.name, asked, epoch,
        None if held is None else tuple(_named(table, row) for row in held[:ROWS_MAX]),
        reasons, tuple(said),
    )  # fmt: skip


def _sink(compiled: CompiledPipeline, name: str | None) -> TableDescriptor:
    written = {insert.sink.name: insert.sink for insert in compiled.script.inserts}
    if name is not None and name in written:
        return written[name]
    if name is None and len(written) == 1:
        return next(iter(written.values()))
    raise UserError(
        f"the pipeline writes no table `{name}`" if name else "the pipeline writes several tables",
        code="reconcile.no-such-table",
        hint=(did_you_mean(name, written) if name else None)
        or f"Name one with --sink: {', '.join(written)}.",
    )


def _recomputed(
    project: Project,
    compiled: CompiledPipeline,
    sink: TableDescriptor,
    asked: Mapping[str, str],
    threaded: Threaded,
    bounded: Bounded,
) -> list[tuple[tuple[Any, ...], str]]:
    """The rows of the key with their places."""
    columns = (*sink.schema.columns, Column(WHY, STRING.with_nullable(True)))
    collecting = TableDescriptor(sink.name, Schema(columns), {"connector": CONNECTOR_NAME})
    names = sink.schema.names
    inserts = []
    for insert in compiled.script.inserts:
        if insert.sink.name != sink.name:
            continue
        check_repeatable(insert.query)
        wanted = {names.index(name): text for name, text in asked.items()}
        query = key_filter(threaded.node(insert.query), wanted)
        inserts.append(Insert(query, collecting, insert.where))
    script = replace(compiled.script, inserts=tuple(inserts), selects=())
    connectors = tracing_connectors()
    made = with_plan(script, connectors)

    def settle(table: TableDescriptor) -> TableDescriptor:
        return bounded(opened(table, compiled.source, project.root))

    with tempfile.TemporaryDirectory(prefix="tidemill-why-") as folder:
        found = collect(made, settle, Path(folder), EmbeddedRun(), connectors=connectors)
    if found.late:
        threaded.notes.append(f"{found.late:,} rows came too late, and are in no window.")
    content: Counter[tuple[Any, ...]] = Counter()
    for change in changes_of(found.collected.batches.get(sink.name, ()), collecting.schema):
        content[change.values] += -1 if change.kind in _MINUS else 1
    return [(row[:-1], row[-1] or "") for row, count in content.items() if count > 0]


def _reason(
    values: Sequence[Any], places: str, sink: TableDescriptor, threaded: Threaded, fetch: Fetching
) -> Reason:
    marks = dict.fromkeys(places.split(SEPARATOR)) if places else {}
    tables = [threaded.tables[int(one[1:])] for one in marks if one.startswith(TABLE_MARK)]
    messages = [one for one in marks if not one.startswith(TABLE_MARK)]
    return Reason(_named(sink, values), fetch.origins(messages), tuple(tables))


def _compared(
    sink: TableDescriptor,
    held: Sequence[Sequence[Any]] | None,
    computed: Sequence[Sequence[Any]],
) -> list[str]:
    """Whether the sink holds what the messages make."""
    if held is None:
        return [f"{sink.name} cannot be read back; the row is the one that the messages make."]
    if Counter(map(_key, held)) == Counter(map(_key, computed)):
        return [f"{sink.name} holds exactly what these messages make."]
    if not held:
        return [f"{sink.name} does not hold the row: its window may be open still."]
    return [
        f"{sink.name} holds other values than these messages make. To look into it: tidemill "
        "reconcile"
    ]


def _key(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple("NULL" if value is None else str(value) for value in values)


def _named(sink: TableDescriptor, values: Sequence[Any]) -> dict[str, str]:
    return dict(zip(sink.schema.names, _key(values), strict=True))


def _shown(asked: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in asked.items())


def _context() -> JobContext:
    from tidemill.formats import FORMATS  # noqa: PLC0415 - loaded when used

    return JobContext("why", FORMATS)
