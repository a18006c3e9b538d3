"""A pipeline computed anew in memory, once with a message and once without it.

What differs is what the message does: rows that steps drop, rows that sinks get. The other tables
are read from their begin; other messages of the same topic are not, so what depends on them (an
aggregate, the first of several) shows the message's own part.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from tidemill.control.account import PipelineAccount, committed_account
from tidemill.control.parity.embedded import Collection, EmbeddedRun, collect, with_plan
from tidemill.control.parity.results import changes_of
from tidemill.control.pipeline import CompiledPipeline, opened
from tidemill.control.reconcile.recompute import collecting, from_begin
from tidemill.control.why_not.fate import Effect, Fate
from tidemill.control.why_not.place import Place
from tidemill.control.why_not.sentences import sentences
from tidemill.engine.accounting import account_nodes, accounts
from tidemill.model import RowKind, TableDescriptor
from tidemill.project import PipelineFile, Project

ROWS_MAX = 20
_MINUS = (RowKind.UPDATE_BEFORE, RowKind.DELETE)


def replayed(
    project: Project,
    pipeline: PipelineFile,
    compiled: CompiledPipeline,
    table: TableDescriptor,
    place: Place,
) -> Fate:
    """What the message does, by computing the pipeline with it and without it."""
    sinks = {insert.sink.name: insert.sink for insert in compiled.script.inserts}
    made = with_plan(collecting(compiled.script, [*sinks]))

    def run(messages: int) -> Collection:
        def settle(one: TableDescriptor) -> TableDescriptor:
            final = opened(one, compiled.source, project.root)
            return _only(final, place, messages) if one.name == table.name else _whole(final)

        with tempfile.TemporaryDirectory(prefix="tidemill-why-not-") as folder:
            return collect(made, settle, Path(folder), EmbeddedRun())

    with_it, without = run(1), run(0)
    counts = {
        key: value - without.counters.get(key, 0)
        for key, value in with_it.counters.items()
        if value != without.counters.get(key, 0)
    }
    steps = tuple(
        line for line in accounts(account_nodes(made.plan), counts)
        if line.came or any(line.went.values())
    )  # fmt: skip
    effects = tuple(_effect(name, sink, with_it, without) for name, sink in sinks.items())
    reached = [e for e in effects if e.adds or e.takes]
    said, ended = sentences(steps, effects, with_it.last_rejected)
    account = committed_account(project, pipeline.name)
    late = 0 if account is None else _late_rows(account, table)
    if late:
        said.append(
            f"{late:,} rows of {table.name} came too late so far. If it is one of them, windows do "
            "not have it; 'late-handling.mode' = 'table' keeps them."
        )
    return Fate(
        pipeline.name, place, table.name, None if reached else ended, tuple(said), steps, effects
    )


def _late_rows(account: PipelineAccount, table: TableDescriptor) -> int:
    lines = [one for one in account.lines if one.kind == "source" and one.title == table.name]
    return sum(line.also.get("late", 0) for line in lines)


def _only(table: TableDescriptor, place: Place, messages: int) -> TableDescriptor:
    """The table with this message alone, or (0) with none."""
    options = {k: v for k, v in table.options.items() if k != "topic-pattern"}
    options |= {
        "topic": place.topic,
        "scan.startup.mode": "specific-offsets",
        "scan.startup.specific-offsets": f"partition:{place.partition},offset:{place.offset}",
        "scan.bounded.mode": "specific-offsets",
        "scan.bounded.specific-offsets": f"partition:{place.partition},"
        f"offset:{place.offset + messages}",
    }
    options = {k: v for k, v in options.items() if not k.startswith("scan.history.")}
    return replace(table, options=options, history=None)


def _whole(table: TableDescriptor) -> TableDescriptor:
    """Another table, from its begin to where it ends now."""
    found = from_begin(table)
    if found.options["connector"] in ("kafka", "upsert-kafka"):
        return replace(found, options={**found.options, "scan.bounded.mode": "latest-offset"})
    return found


def _effect(name: str, sink: TableDescriptor, with_it: Collection, without: Collection) -> Effect:
    content = _content(sink, with_it)
    content.subtract(_content(sink, without))
    names = sink.schema.names

    def rows(sign: int) -> tuple[dict[str, Any], ...]:
        found = [row for row, n in content.items() for _ in range(max(0, n * sign))]
        return tuple(dict(zip(names, row, strict=True)) for row in found[:ROWS_MAX])

    return Effect(name, rows(1), rows(-1))


def _content(sink: TableDescriptor, found: Collection) -> Counter[tuple[str, ...]]:
    """How often each row is there in the end, its values as text."""
    content: Counter[tuple[str, ...]] = Counter()
    for change in changes_of(found.collected.batches.get(sink.name, ()), sink.schema):
        row = tuple("NULL" if value is None else str(value) for value in change.values)
        content[row] += -1 if change.kind in _MINUS else 1
    return content
