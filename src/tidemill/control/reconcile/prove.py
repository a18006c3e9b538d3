"""The use case: the content of a pipeline's sinks beside what it should be."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from tidemill.control.pipeline import CompiledPipeline, compile_pipeline, opened
from tidemill.control.project_context import project_for
from tidemill.control.reconcile.compare import Differences, Sums, differences, sums
from tidemill.control.reconcile.content import read_table
from tidemill.control.reconcile.live import (
    WAIT_S,
    as_differences,
    as_sums,
    compare_live,
    compared_columns,
    notes_of,
)
from tidemill.control.reconcile.passed import passed_by
from tidemill.control.reconcile.recompute import materialised, recompute
from tidemill.control.reconcile.sides import POSTGRES, keyed, sink_side
from tidemill.control.run import only_pipeline
from tidemill.errors import UserError, did_you_mean
from tidemill.interfaces.connector import JobContext
from tidemill.model import Schema, TableDescriptor
from tidemill.model.lsn import lsn_text
from tidemill.project import Project
from tidemill.records import dataclass

RECOMPUTED = "recomputed"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One sink: what it should hold and what it holds; `against` names where the former is from."""

    sink: str
    against: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    expected: Sums
    found: Sums
    unreadable: int
    differences: Differences
    lsn: str | None = None
    """The place in the source's log that both were compared at; None: as each was read."""
    ranges: int = 0
    """Sums of ranges that were computed on each side to find the differences."""
    unsettled: int = 0
    """Rows that changed all the time, so that nobody can say whether they agree."""

    @property
    def agrees(self) -> bool:
        """Whether the sink holds what it should; what nobody can say is no agreement."""
        return self.verdict == "equal"

    @property
    def verdict(self) -> str:
        """`equal`, `different`, or `unsettled`: no row differs, and some nobody can judge."""
        if self.differences or self.unreadable:
            return "different"
        return "unsettled" if self.unsettled else "equal"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All sinks of a pipeline that were looked at."""

    pipeline: str
    sinks: tuple[Reconciled, ...]
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether all sinks hold what they should."""
        return all(sink.agrees for sink in self.sinks)

    @property
    def verdict(self) -> str:
        """The worst of the sinks'."""
        found = {sink.verdict for sink in self.sinks}
        return next((one for one in ("different", "unsettled") if one in found), "equal")

    def as_dict(self) -> dict[str, Any]:
        """The result for `--json`."""
        return {
            "pipeline": self.pipeline,
            "verdict": self.verdict,
            "sinks": [{**asdict(sink), "agrees": sink.agrees} for sink in self.sinks],
            "notes": list(self.notes),
        }


def reconcile(
    wanted: str | None,
    folder: Path | None = None,
    *,
    sinks: Sequence[str] = (),
    against: str | None = None,
    live: bool = False,
    wait_s: float = WAIT_S,
    variables: Mapping[str, str] | None = None,
) -> Reconciliation:
    """Compare what sinks hold with the pipeline's rows computed anew, or with another table.

    Args:
        wanted: the pipeline, by name or path; None: the only one of the project.
        folder: the project's folder.
        sinks: the tables to look at; none: all that the pipeline writes.
        against: a table of the file that holds what the sink should; None: compute it.
        live: compare at one place in the log of `against`, while both are written.
        wait_s: with `live`, how long the pipeline may take to get there.
        variables: values for `${var:...}`.
    """
    project = project_for(wanted or "", folder)
    pipeline = project.pipeline(wanted if wanted is not None else only_pipeline(project, folder))
    compiled = compile_pipeline(project, pipeline, variables=variables)
    written = {insert.sink.name: insert.sink for insert in compiled.script.inserts}
    chosen = [_known(name, written, "writes") for name in sinks] or list(written.values())
    if not chosen:
        raise UserError("the pipeline writes no table", code="control.nothing-to-run")
    tables = {**compiled.script.tables, **written}
    if live:
        if against is None:
            raise UserError(
                "with --live a sink is compared with a table",
                code="reconcile.not-live",
                hint="Name the table that it is a copy of: --against TABLE",
            )
        other = _opened(_known(against, tables, "has"), compiled, project)
        return _reconciled_live(pipeline.name, compiled, project, chosen, other, wait_s)
    context = _context()
    notes: tuple[str, ...] = ()
    if against is not None:
        other = _opened(_known(against, tables, "has"), compiled, project)
        expected = {sink.name: read_table(_narrowed(other, sink), context).rows for sink in chosen}
    else:
        expected, notes = _recomputed(compiled, project, chosen)
    found = [
        _one(sink, expected[sink.name], against, compiled, project, context) for sink in chosen
    ]
    return Reconciliation(pipeline.name, tuple(found), notes)


def _reconciled_live(
    name: str,
    compiled: CompiledPipeline,
    project: Project,
    sinks: Sequence[TableDescriptor],
    other: TableDescriptor,
    wait_s: float,
) -> Reconciliation:
    results, notes = [], []
    for sink in sinks:
        key, columns = sink.primary_key, compared_columns(sink, other)
        opened_sink = _opened(sink, compiled, project)
        portable = opened_sink.options["connector"] not in POSTGRES
        source = keyed(other, columns, key, portable=portable)
        with (
            contextlib.closing(source),
            contextlib.closing(sink_side(opened_sink, columns, key, wait_s)) as target,
        ):
            passed = passed_by(project, name, compiled, source)
            lsn, found, settled = compare_live(source, target, passed, wait_s)
        differ = as_differences(settled, columns, key, portable=portable)
        expected, holds = as_sums(found)
        names = tuple(column.name for column in columns)
        results.append(
            Reconciled(
                sink.name, other.name, key, names, expected, holds, target.unreadable, differ,
                lsn_text(lsn), found.ranges, len(settled.unsettled),
            )
        )  # fmt: skip
        notes += notes_of(sink.name, lsn, found, settled)
    return Reconciliation(name, tuple(results), tuple(notes))


def _context() -> JobContext:
    from tidemill.formats import FORMATS  # noqa: PLC0415 - loaded when used

    return JobContext("reconcile", FORMATS)


def _known(name: str, tables: Mapping[str, TableDescriptor], does: str) -> TableDescriptor:
    if name not in tables:
        raise UserError(
            f"the pipeline {does} no table `{name}`",
            code="reconcile.no-such-table",
            hint=did_you_mean(name, tables) or f"There are: {', '.join(tables)}.",
        )
    return tables[name]


def _opened(
    table: TableDescriptor, compiled: CompiledPipeline, project: Project
) -> TableDescriptor:
    return opened(table, compiled.source, project.root)


def _narrowed(table: TableDescriptor, sink: TableDescriptor) -> TableDescriptor:
    """The table with the sink's columns only, as far as it has them; the key among them."""
    wanted = sink.schema.names
    columns = tuple(column for column in table.schema.columns if column.name in wanted)
    missing = [key for key in sink.primary_key if key not in [c.name for c in columns]]
    if missing or not columns:
        raise UserError(
            f"`{table.name}` lacks the column `{(missing or list(wanted))[0]}` of `{sink.name}`",
            code="reconcile.no-such-table",
            hint="Compare with a table that has the sink's key under the same names.",
        )
    return replace(table, schema=Schema(columns)) if table.options["connector"] == "jdbc" else table


def _recomputed(
    compiled: CompiledPipeline, project: Project, chosen: Sequence[TableDescriptor]
) -> tuple[dict[str, pa.Table], tuple[str, ...]]:
    names = [sink.name for sink in chosen]
    with tempfile.TemporaryDirectory(prefix="tidemill-reconcile-") as folder:
        found = recompute(
            compiled.script, names, lambda table: _opened(table, compiled, project), Path(folder)
        )
    notes = []
    if found.late:
        notes.append(f"{found.late:,} rows were late in the recomputation, in its order of rows")
    if found.refused:
        notes.append(f"{found.refused:,} rows could not be processed")
    rows = {sink.name: materialised(found.changes.get(sink.name, []), sink) for sink in chosen}
    return rows, tuple(notes)


def _one(
    sink: TableDescriptor,
    expected: pa.Table,
    against: str | None,
    compiled: CompiledPipeline,
    project: Project,
    context: JobContext,
) -> Reconciled:
    content = read_table(_opened(sink, compiled, project), context)
    columns = [name for name in sink.schema.names if name in expected.column_names]
    types = pa.schema([content.rows.schema.field(name) for name in columns])
    expected, found = expected.select(columns).cast(types), content.rows.select(columns)
    return Reconciled(
        sink.name,
        against or RECOMPUTED,
        sink.primary_key,
        tuple(columns),
        sums(expected),
        sums(found),
        content.unreadable,
        differences(expected, found, sink.primary_key),
    )
