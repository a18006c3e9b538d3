"""The logical plan becomes stages: shared scans, fused edges, stateful operators, outputs.

Guarantees: a table that several statements use is read once; a stateful node that several
statements share (by identity) is computed once; a scan is told which columns anybody needs; what
the engine cannot run exactly is refused here, with its place in the text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from tidemill.errors import SqlError, TextWhere
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.interfaces.format import FormatFactory
from tidemill.model import Schema, TableDescriptor
from tidemill.plan import refusals
from tidemill.plan.aggregates import AggregateSql
from tidemill.plan.changelog import APPEND_ONLY, Tables
from tidemill.plan.fuse import (
    Chain,
    chains,
    column,
    columns_read,
    is_identity,
    names,
    over,
    probe_query,
    rows_query,
    text,
)
from tidemill.plan.group_aggregates import GroupSql
from tidemill.plan.keys import sink_key, state_ttl_ms
from tidemill.plan.physical import (
    KIND,
    ROW,
    AggregateStage,
    FusedStage,
    GroupStage,
    OperatorStage,
    OutputStage,
    PhysicalPlan,
    RankStage,
    SortStage,
    SourceStage,
    wide,
)
from tidemill.plan.ranks import RankSql, rank_kind
from tidemill.plan.sort import sort_query
from tidemill.plan.sources import SourceDraft, event_time, idle_timeout_ms, values_table
from tidemill.plan.windows import WindowGrid
from tidemill.sql.expressions import input_indexes
from tidemill.sql.logical import (
    Aggregate,
    Fields,
    LogicalNode,
    Rank,
    Scan,
    Script,
    Sort,
    Values,
    Watermark,
    inputs,
)
from tidemill.sql.render import render_expression

RUNTIME_MODE = "execution.runtime-mode"
"""Set to `streaming`, bounded input is a stream too, and GROUP BY gives all changes."""


def build_plan(
    script: Script, connectors: Mapping[str, Connector], formats: Mapping[str, FormatFactory]
) -> PhysicalPlan:
    """Plan a bound script for the embedded engine.

    Raises:
        SqlError: a statement cannot be run exactly; codes `plan.*`.
    """
    return _Builder(script, Tables(connectors, JobContext("plan", formats))).build()


class _Builder:
    def __init__(self, script: Script, tables: Tables) -> None:
        self.script = script
        self.tables = tables
        self.drafts: dict[object, SourceDraft] = {}
        self.watermarks: dict[object, Watermark] = {}
        self.operators: list[OperatorStage] = []
        self.ids: dict[tuple[int, bool], str] = {}
        self.schemas: dict[str, pa.Schema] = {}
        self.changelogs: dict[str, Changelog] = {}
        self.where: TextWhere | None = None
        self.zone = script.settings.get("table.local-time-zone", "UTC")

    def build(self) -> PhysicalPlan:
        script = self.script
        if not script.inserts and not script.selects:
            raise SqlError(
                "there is nothing to run: the file has neither an INSERT nor a SELECT",
                code="plan.nothing-to-run",
                hint="Add an INSERT INTO statement that moves rows from one table to another.",
            )
        for query in [*(i.query for i in script.inserts), *(s.query for s in script.selects)]:
            self._find_watermarks(query, set())
        outputs: list[OutputStage] = []
        for insert in script.inserts:
            self.where = insert.where
            outputs.append(self._insert(f"w{len(outputs)}", insert.query, insert.sink))
        for index, select in enumerate(script.selects):
            self.where = select.where
            edges, changelog = self._edges(select.query)
            schema = select.schema.arrow()
            name = f"w{len(outputs)}"
            outputs.append(OutputStage(name, edges, schema, changelog, None, index, select.where))
        sources = tuple(self._source(draft) for draft in self.drafts.values())
        return PhysicalPlan(
            sources=sources,
            operators=tuple(self.operators),
            outputs=tuple(outputs),
            settings=script.settings,
            schemas=self.schemas,
            fingerprint=_fingerprint(self.operators),
            notes=script.notes,
        )

    # -- sources

    def _find_watermarks(self, node: LogicalNode, seen: set[int]) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, Watermark):
            (chain,) = chains(node.input)
            if isinstance(chain.base, Scan):
                refusals.same_watermark(self.watermarks.get(_key(chain.base)), node, chain.base)
                self.watermarks[_key(chain.base)] = node
        for part in inputs(node):
            self._find_watermarks(part, seen)

    def _draft(self, node: Scan | Values) -> SourceDraft:
        key = _key(node)
        draft = self.drafts.get(key)
        if draft is not None:
            return draft
        name = f"s{len(self.drafts)}"
        if isinstance(node, Values):
            draft = SourceDraft(name, _values_descriptor(name), APPEND_ONLY, True, node.fields)
            draft.values = values_table(node)
        else:
            changelog, bounded = self.tables.read(node), self.tables.bounded(node)
            draft = SourceDraft(name, node.table, changelog, bounded, node.fields, node.where)
            draft.watermark = self.watermarks.get(key)
        self.drafts[key] = draft
        self.changelogs[name] = draft.changelog
        self.schemas[name] = _schema(node.fields, draft.changelog.updates)
        if draft.watermark is not None:
            (chain,) = chains(draft.watermark.input)
            wanted = input_indexes(draft.watermark.expression) | {draft.watermark.column}
            draft.needed |= columns_read(chain, wanted)
        return draft

    def _source(self, draft: SourceDraft) -> SourceStage:
        modes = refusals.table_modes(draft.table, draft.where)
        table = draft.table
        if modes.late != "table" and draft.values is None:
            needed = frozenset(draft.fields[i].name for i in draft.needed)
            table = replace(table, columns_needed=needed)
        return SourceStage(
            id=draft.id,
            table=table,
            changelog=draft.changelog,
            bounded=draft.bounded,
            event_time=event_time(draft, self.zone),
            late_mode=modes.late,
            error_mode=modes.error,
            idle_timeout_ms=idle_timeout_ms(draft.table, self.script.settings, draft.where),
            values=draft.values,
            where=draft.where,
        )

    # -- nodes and edges

    def _base(self, chain: Chain, wanted: frozenset[int]) -> str:
        """The node id of a chain's base, built if need be; notes the columns it must give."""
        base = chain.base
        if isinstance(base, (Scan, Values)):
            draft = self._draft(base)
            draft.needed |= columns_read(chain, wanted)
            return draft.id
        number = isinstance(base, Rank) and len(base.fields) - 1 in columns_read(chain, wanted)
        key = (id(base), number)
        if key not in self.ids:
            stage = self._operator(base, number)
            self.operators.append(stage)
            self.ids[key] = stage.id
        return self.ids[key]

    def _operator(self, base: LogicalNode, number: bool) -> OperatorStage:
        """The stage of a stateful node; `number` says if a rank's number is used."""
        if isinstance(base, Aggregate):
            return self._aggregate(base)
        if isinstance(base, Rank):
            return self._rank(base, number)
        assert isinstance(base, Sort)
        return self._sort(base)

    def _edges(self, node: LogicalNode) -> tuple[tuple[FusedStage, ...], Changelog]:
        """The stateless edges into an output or a sort, and what flows over them."""
        edges: list[FusedStage] = []
        updates = upsert = False
        everything = frozenset(range(len(node.fields)))
        for chain in chains(node, self.zone):
            refusals.window_functions(chain, self.script.settings, self.where)
            name = self._base(chain, everything)
            changelog = self.changelogs[name]
            refusals.filtered_upserts(changelog, chain, self.where)
            updates, upsert = updates or changelog.updates, upsert or changelog.upsert
            edges.append(_row_edge(chain, name, changelog.updates))
        return tuple(edges), Changelog(updates, upsert)

    def _insert(self, name: str, query: LogicalNode, sink: TableDescriptor) -> OutputStage:
        takes = self.tables.write(sink, self.where)
        refusals.sink_schema(query.fields, sink, self.where)
        edges, changelog = self._edges(query)
        refusals.changelog_into_append_only(changelog, takes, sink, self.where)
        if changelog.updates:
            sink_key(query, sink, self.where)
        return OutputStage(name, edges, sink.schema.arrow(), changelog, sink, None, self.where)

    def _aggregate(self, node: Aggregate) -> AggregateStage | GroupStage:
        streaming = self.script.settings.get(RUNTIME_MODE, "").lower() == "streaming"
        if node.window is None and (streaming or not self.tables.bounded(node.input)):
            return self._group(node)
        grid: WindowGrid | None = None
        if node.window is not None:
            grid = refusals.grid(node.window, node.input, self.script.settings, self.where)
            refusals.has_watermark(node.input, self.watermarks, self.where)
        parts, retracts = self._parts(node)
        name = f"a{len(self.operators)}"
        sql = AggregateSql(node, grid, retracts, f"{name}_state", self.zone)
        stage = AggregateStage(
            id=name,
            edges=tuple(sql.edge(c, n, self.changelogs[n].updates) for c, n in parts),
            grid=grid,
            merge=sql.merge(),
            emit=sql.emit(),
            schema=_schema(node.fields, False),
            keys=tuple(f.name for f in node.fields[: len(node.keys)]),
            aggregates=tuple(call.function for call in node.aggregates),
            retracts=retracts,
            never_empty=not node.keys and grid is None,
        )
        self.changelogs[name], self.schemas[name] = APPEND_ONLY, stage.schema
        return stage

    def _parts(self, node: Aggregate) -> tuple[list[tuple[Chain, str]], bool]:
        """The inputs of an aggregate, and whether they can take rows back."""
        wanted = frozenset() if node.window is None else frozenset({node.window.time_column})
        for call in node.aggregates:
            wanted |= frozenset().union(*map(input_indexes, call.arguments))
            wanted |= frozenset() if call.filter is None else input_indexes(call.filter)
        wanted |= frozenset().union(*map(input_indexes, node.keys))
        parts = [(chain, self._base(chain, wanted)) for chain in chains(node.input, self.zone)]
        retracts = any(self.changelogs[name].updates for _, name in parts)
        if retracts:
            refusals.retractable(node, [self.changelogs[n] for _, n in parts], self.where)
        return parts, retracts

    def _group(self, node: Aggregate) -> GroupStage:
        """GROUP BY over a stream."""
        parts, retracts = self._parts(node)
        name = f"g{len(self.operators)}"
        sql = GroupSql(node, None, retracts, name, self.zone)
        stage = GroupStage(
            id=name,
            edges=tuple(sql.edge(c, n, self.changelogs[n].updates) for c, n in parts),
            merge=sql.merge(),
            moves=sql.moves(),
            changes=sql.changes(),
            schema=_schema(node.fields, True),
            keys=tuple(f.name for f in node.fields[: len(node.keys)]),
            aggregates=tuple(call.function for call in node.aggregates),
            partials=tuple(sql.partial_names()),
            values=tuple(sql.value_names()),
            value_weights=tuple(sql.value_weights()),
            extremes=tuple(sql.extremes()),
            retracts=retracts,
            ttl_ms=state_ttl_ms(self.script.settings, self.where),
            where=self.where,
        )
        self.changelogs[name], self.schemas[name] = Changelog(True), stage.schema
        return stage

    def _rank(self, node: Rank, number: bool) -> RankStage:
        """Top-N or deduplication."""
        limit = refusals.rank_limit(node)
        everything = frozenset(range(len(node.input.fields)))
        parts = [(c, self._base(c, everything)) for c in chains(node.input, self.zone)]
        changelogs = [self.changelogs[name] for _, name in parts]
        retracts = any(changelog.updates for changelog in changelogs)
        refusals.ranked_upserts(changelogs, node.where)
        kind = rank_kind(node, [chain for chain, _ in parts], retracts)
        name = f"r{len(self.operators)}"
        sql = RankSql(node, kind, retracts, name, self.zone)
        appends = kind.startswith("first") or kind == "window"
        stage = RankStage(
            id=name,
            edges=tuple(sql.edge(c, n, self.changelogs[n].updates) for c, n in parts),
            kind=kind,
            batch=sql.batch(),
            top=sql.top(),
            schema=_schema(node.fields, not appends),
            partition=tuple(sql.keys()),
            keys=tuple(render_expression(key) for key in node.keys),
            order=tuple(render_expression(key.expression) for key in node.order),
            limit=limit,
            number=number,
            retracts=retracts,
            ttl_ms=state_ttl_ms(self.script.settings, self.where),
            where=node.where,
        )
        self.changelogs[name] = APPEND_ONLY if appends else Changelog(True)
        self.schemas[name] = stage.schema
        return stage

    def _sort(self, node: Sort) -> SortStage:
        if node.keys and not self.tables.bounded(node.input):
            refusals.unbounded_sort(self.where)
        edges, changelog = self._edges(node.input)
        name = f"o{len(self.operators)}"
        if changelog.updates:
            refusals.sorted_changes(node, changelog, self.where)
        query = sort_query(node, name, changelog.updates, self.zone) if node.keys else None
        self.changelogs[name] = APPEND_ONLY
        self.schemas[name] = _schema(node.fields, False)
        return SortStage(name, edges, query, self.schemas[name], node.limit, node.offset)


def _row_edge(chain: Chain, source: str, updates: bool) -> FusedStage:
    pairs = updates and chain.filters
    hidden = [*([KIND] if updates else []), *([ROW] if pairs else [])]
    return FusedStage(
        input=source,
        query=text(rows_query(chain, wide(source) if pairs else source, hidden)),
        pairs=pairs,
        probe=text(probe_query(chain, wide(source), [])),
        passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
        identity=is_identity(chain),
        filters=chain.filters,
    )


def _key(node: Scan | Values) -> object:
    """Two scans with one key read the same rows."""
    if isinstance(node, Values):
        return id(node)
    return (node.table.name, tuple(sorted(node.table.options.items())))


def _schema(fields: Fields, updates: bool) -> pa.Schema:
    parts = [pa.field(n, f.type.arrow()) for n, f in zip(names(len(fields)), fields, strict=True)]
    return pa.schema([*parts, pa.field(KIND, pa.int8())] if updates else parts)


def _values_descriptor(name: str) -> TableDescriptor:
    return TableDescriptor(name=f"VALUES {name}", schema=Schema(()), options={})


def _fingerprint(operators: list[OperatorStage]) -> str:
    digest = hashlib.sha256()
    for operator in operators:
        parts = [operator.id, repr(operator.schema)]
        if isinstance(operator, AggregateStage):
            parts += [operator.merge, operator.emit]
        elif isinstance(operator, GroupStage):
            parts += [operator.merge, operator.moves or "", operator.changes]
        elif isinstance(operator, RankStage):
            parts += [operator.kind, operator.batch, operator.top]
        for part in parts:
            digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:32]
