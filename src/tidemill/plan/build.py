"""The logical plan becomes stages: shared scans, fused edges, stateful operators, outputs.

Guarantees: a table that several statements use is read once; a stateful node that several
statements share (by identity) is computed once; a scan is told which columns anybody needs; what
the engine cannot run exactly is refused here, with its place in the text.

How a node becomes an operator is in `plan/operators/`, one file each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tidemill.errors import SqlError
from tidemill.interfaces.connector import Connector, JobContext
from tidemill.interfaces.format import FormatFactory
from tidemill.plan import refusals
from tidemill.plan.changelog import Tables
from tidemill.plan.checks import Checks, row_checks
from tidemill.plan.current_watermark import place_watermarks
from tidemill.plan.distinct_over import place_first_values
from tidemill.plan.keys import sink_key
from tidemill.plan.operators import PLANNERS
from tidemill.plan.operators.aggregate import is_group
from tidemill.plan.physical import OperatorStage, OutputStage, PhysicalPlan
from tidemill.plan.planning import Planning
from tidemill.plan.python_aggregates import folded
from tidemill.plan.python_calls import split_script
from tidemill.plan.rowtimes import several_rowtimes
from tidemill.plan.tested_windows import lists_in_tested_windows
from tidemill.sql.logical import Insert, Script, Select


def build_plan(
    script: Script,
    connectors: Mapping[str, Connector],
    formats: Mapping[str, FormatFactory],
    checks: Checks | None = None,
) -> PhysicalPlan:
    """Plan a bound script for the embedded engine, with expectations on rows of its tables.

    Raises:
        SqlError: a statement cannot be run exactly; codes `plan.*`, of expectations `quality.*`.
    """
    if not script.inserts and not script.selects:
        raise SqlError(
            "there is nothing to run: the file has neither an INSERT nor a SELECT",
            code="plan.nothing-to-run",
            hint="Add an INSERT INTO statement that moves rows from one table to another.",
        )
    tables = Tables(connectors, JobContext("plan", formats))
    planning = Planning(script.settings, tables, PLANNERS, checks)
    script = split_script(script, lambda node: None if is_group(node, planning) else folded(node))
    script = place_first_values(place_watermarks(script), planning)
    for query in [*(i.query for i in script.inserts), *(s.query for s in script.selects)]:
        planning.find_watermarks(query, set())
    outputs: list[OutputStage] = []
    for insert in script.inserts:
        outputs.append(_insert(planning, f"w{len(outputs)}", insert))
    for index, select in enumerate(script.selects):
        outputs.append(_select(planning, f"w{len(outputs)}", index, select))
    queries = [*(i.query for i in script.inserts), *(s.query for s in script.selects)]
    sources = planning.sources()
    refusals.shared_sources(
        (source.table, source.where, tables.exclusive(source.table, source.where))
        for source in sources
        if source.values is None
    )
    return PhysicalPlan(
        sources=sources,
        operators=tuple(planning.operators),
        outputs=tuple(outputs),
        settings=script.settings,
        schemas=planning.schemas,
        fingerprint=_fingerprint(planning.operators),
        notes=script.notes,
        columns=planning.columns,
        meanings=planning.meanings(zip((o.id for o in outputs), queries, strict=True)),
    )


def _select(planning: Planning, name: str, index: int, select: Select) -> OutputStage:
    planning.where = select.where
    lists_in_tested_windows(select.query, select.where)
    edges, changelog = planning.row_edges(select.query)
    planning.columns[name] = planning.columns_of(select.query)
    return OutputStage(name, edges, select.schema.arrow(), changelog, None, index, select.where)


def _insert(planning: Planning, name: str, insert: Insert) -> OutputStage:
    planning.where = where = insert.where
    lists_in_tested_windows(insert.query, where)
    sink = insert.sink
    takes = planning.tables.write(sink, where)
    refusals.sink_schema(insert.query.fields, sink, where)
    if not (planning.batch or insert.collects):
        several_rowtimes(insert)
    edges, changelog = planning.row_edges(insert.query, keep_upserts=takes.upsert)
    refusals.changelog_into_append_only(changelog, takes, sink, where)
    if changelog.updates:
        sink_key(insert.query, sink, where)
    planning.columns[name] = tuple(
        replace(column, name=written.name)
        for column, written in zip(
            planning.columns_of(insert.query), sink.schema.columns, strict=True
        )
    )
    expected = planning.checks.get(sink.name, ())
    checks = row_checks(expected, sink, changelog, name, where)
    return OutputStage(name, edges, sink.schema.arrow(), changelog, sink, None, where, checks)


def _fingerprint(operators: Sequence[OperatorStage]) -> str:
    digest = hashlib.sha256()
    for operator in operators:
        for part in (operator.id, repr(operator.schema), *operator.fingerprint()):
            digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:32]
