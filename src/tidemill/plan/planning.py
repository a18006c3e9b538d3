"""A plan while it is being built: what the planners of the operators ask and tell.

A planner gets the logical node, this, and the columns that anybody reads of the node. It plans
its inputs first (`parts`, `row_edges`), names itself (`name`), and returns its stage.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import pyarrow as pa

from tidemill.errors import TextWhere
from tidemill.interfaces.connector import Changelog
from tidemill.model import Schema, TableDescriptor
from tidemill.plan import refusals
from tidemill.plan.changelog import APPEND_ONLY, Tables
from tidemill.plan.checks import Checks, row_checks
from tidemill.plan.fuse import (
    Chain,
    chains,
    column,
    is_identity,
    names,
    over,
    probe_query,
    rows_query,
    text,
)
from tidemill.plan.keys import state_ttl_ms
from tidemill.plan.meaning import Meanings, source_meaning
from tidemill.plan.normalize import key_places, normalize_stage
from tidemill.plan.parts import Path, columns_of, paths_read, read_as, whole
from tidemill.plan.physical import (
    KIND,
    ROW,
    FusedStage,
    OperatorStage,
    PlanColumn,
    SourceStage,
    wide,
)
from tidemill.plan.sources import SourceDraft, event_time, idle_timeout_ms, values_table
from tidemill.records import dataclass
from tidemill.sql.column_lineage import ColumnLineage
from tidemill.sql.expressions import input_indexes
from tidemill.sql.logical import Fields, LogicalNode, Scan, Values, Watermark, inputs

RUNTIME_MODE = "execution.runtime-mode"
"""Set to `streaming`, bounded input is a stream too, and GROUP BY gives all changes."""

Columns: TypeAlias = frozenset[int]


@dataclass(frozen=True, slots=True)
class OperatorPlanner:
    """How one kind of logical node becomes a stage.

    `variant` tells uses of one node apart that cannot share a stage, by the columns that are read.
    """

    plan: Callable[[Any, Planning, Columns], OperatorStage]
    variant: Callable[[Any, Columns], Hashable] = lambda _node, _used: None


class Planning:
    """Sources, operators and what flows between them, as far as they are planned."""

    def __init__(
        self,
        settings: Mapping[str, str],
        tables: Tables,
        planners: Mapping[type, OperatorPlanner],
        checks: Checks | None = None,
    ) -> None:
        self.checks = checks or {}
        self.settings = settings
        self.tables = tables
        self.zone = settings.get("table.local-time-zone", "UTC")
        self.where: TextWhere | None = None
        """The statement that is being planned."""
        self.watermarks: dict[object, Watermark] = {}
        self.operators: list[OperatorStage] = []
        self.schemas: dict[str, pa.Schema] = {}
        self.changelogs: dict[str, Changelog] = {}
        self.columns: dict[str, tuple[PlanColumn, ...]] = {}
        self.lineage = ColumnLineage()
        self._planners = planners
        self._drafts: dict[object, SourceDraft] = {}
        self._ids: dict[tuple[int, Hashable], str] = {}
        self._meant: list[tuple[OperatorStage, LogicalNode, Columns | SourceDraft]] = []

    @property
    def batch(self) -> bool:
        """Whether the text says that it is a batch."""
        return self.settings.get(RUNTIME_MODE, "").lower() == "batch"

    @property
    def streaming(self) -> bool:
        """Whether bounded input is treated as a stream."""
        return self.settings.get(RUNTIME_MODE, "").lower() == "streaming"

    def bounded(self, node: LogicalNode) -> bool:
        """Whether a node's rows end and are not treated as a stream."""
        return not self.streaming and self.tables.bounded(node)

    def name(self, prefix: str) -> str:
        """The id of the next operator."""
        return f"{prefix}{len(self.operators)}"

    # -- sources

    def find_watermarks(self, node: LogicalNode, seen: set[int]) -> None:
        """Learn the watermarks of all tables below a node, before any is planned."""
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, Watermark):
            (chain,) = chains(node.input)
            if isinstance(chain.base, Scan):
                key = table_key(chain.base)
                refusals.same_watermark(self.watermarks.get(key), node, chain.base)
                self.watermarks[key] = node
        for part in inputs(node):
            self.find_watermarks(part, seen)

    def _draft(self, node: Scan | Values) -> SourceDraft:
        key = table_key(node)
        draft = self._drafts.get(key)
        if draft is not None:
            return draft
        name = f"s{len(self._drafts)}"
        if isinstance(node, Values):
            descriptor = TableDescriptor(name=f"VALUES {name}", schema=Schema(()), options={})
            draft = SourceDraft(name, descriptor, APPEND_ONLY, True, node.fields)
            draft.values = values_table(node)
        else:
            changelog, bounded = self.tables.read(node), self.tables.bounded(node)
            draft = SourceDraft(name, node.table, changelog, bounded, node.fields, node.where)
            draft.watermark = self.watermarks.get(key)
            checked = self.checks.get(node.table.name, ())
            draft.checks = row_checks(checked, node.table, changelog, name, node.where)
            read = {column for one in checked for column in one.columns}
            draft.paths |= whole(i for i, f in enumerate(node.fields) if f.name in read)
        self._drafts[key] = draft
        self.changelogs[name] = draft.changelog
        self.schemas[name] = stage_schema(node.fields, draft.changelog.updates)
        self.columns[name] = self.columns_of(node)
        if draft.watermark is not None:
            (chain,) = chains(draft.watermark.input)
            wanted = input_indexes(draft.watermark.expression) | {draft.watermark.column}
            draft.paths |= paths_read(chain, whole(wanted))
        return draft

    def sources(self) -> tuple[SourceStage, ...]:
        """The stages of all tables read so far; each knows which columns anybody needs."""
        return tuple(self._source(draft) for draft in self._drafts.values())

    def _source(self, draft: SourceDraft) -> SourceStage:
        modes = refusals.table_modes(draft.table, draft.where)
        table = draft.table
        if modes.late != "table" and draft.values is None:
            needed = frozenset(draft.fields[i].name for i in draft.needed)
            fields = draft.fields if draft.changelog.upsert else read_as(draft.fields, draft.paths)
            narrow = {f.name: f.type for f in fields if f not in draft.fields}
            table = replace(table, columns_needed=needed, read_as=narrow)
        return SourceStage(
            id=draft.id,
            table=table,
            changelog=draft.changelog,
            bounded=draft.bounded,
            event_time=event_time(draft, self.zone),
            late_mode=modes.late,
            error_mode=modes.error,
            idle_timeout_ms=idle_timeout_ms(draft.table, self.settings, draft.where),
            values=draft.values,
            where=draft.where,
            checks=draft.checks,
            keeps_standing=draft.keeps_standing,
        )

    def meanings(self, outputs: Iterable[tuple[str, LogicalNode]]) -> dict[str, str]:
        """What each node computes, by id; asked when all is planned.

        What an upsert source's rows are kept with is known only then: the columns of all readers.
        """
        digests = Meanings(self.zone)
        found = {draft.id: source_meaning(draft.table) for draft in self._drafts.values()}
        for stage, node, used in self._meant:
            read = used.needed if isinstance(used, SourceDraft) else used
            found[stage.id] = digests.operator(node, read, stage)
        return found | {name: digests.whole(node) for name, node in outputs}

    def keep_standing(self, scan: Scan) -> None:
        """The batches of a table tell the watermark before each row."""
        self._draft(scan).keeps_standing = True

    # -- nodes and edges

    def base(
        self,
        chain: Chain,
        wanted: Columns,
        *,
        keep_upserts: bool = False,
        paths: frozenset[Path] | None = None,
    ) -> str:
        """The node id of a chain's base, planned if need be; notes the columns it must give.

        An upsert source is made a whole changelog first, unless it may stay as it is. `paths` are
        the wanted columns again, by the fields of ROWs that are wanted of them; None: all fields.
        """
        base = chain.base
        read = paths_read(chain, whole(wanted) if paths is None else paths)
        if isinstance(base, (Scan, Values)):
            draft = self._draft(base)
            draft.paths |= read
            if draft.changelog.upsert and isinstance(base, Scan) and not keep_upserts:
                return self._normalized(base, draft)
            return draft.id
        used = columns_of(read)
        planner = self._planners[type(base)]
        key = (id(base), planner.variant(base, used))
        if key not in self._ids:
            stage = planner.plan(base, self, used)
            self.operators.append(stage)
            self.changelogs[stage.id], self.schemas[stage.id] = stage.changelog, stage.schema
            self.columns[stage.id] = self.columns_of(base)
            self._ids[key] = stage.id
            self._meant.append((stage, base, used))
        return self._ids[key]

    def _normalized(self, scan: Scan, draft: SourceDraft) -> str:
        """The stage that gives each update of an upsert source the row before it."""
        draft.paths |= whole(key_places(scan))
        key = (hash(draft.id), "normalized")
        if key not in self._ids:
            name = self.name("u")
            edge = _row_edge(Chain(scan, (), self.zone), draft.id, True, 0)
            ttl_ms = state_ttl_ms(self.settings, self.where)
            stage = normalize_stage(name, edge, scan, self.schemas[draft.id], ttl_ms)
            self.operators.append(stage)
            self.changelogs[name], self.schemas[name] = stage.changelog, stage.schema
            self.columns[name] = self.columns_of(scan)
            self._ids[key] = name
            self._meant.append((stage, scan, draft))
        return self._ids[key]

    def columns_of(self, node: LogicalNode) -> tuple[PlanColumn, ...]:
        """The names of a node's fields, with the columns that each is made of."""
        origins = self.lineage.fields(node)
        return tuple(
            PlanColumn(field.name, tuple(sorted(one)))
            for field, one in zip(node.fields, origins, strict=True)
        )

    def given(self, chain: Chain, name: str) -> Changelog:
        """What a chain's base gives; of an upsert source, before it is made a whole changelog."""
        if isinstance(chain.base, Scan):
            return self._draft(chain.base).changelog
        return self.changelogs[name]

    def parts(
        self,
        node: LogicalNode,
        wanted: Columns,
        *,
        keep_upserts: bool = False,
        paths: frozenset[Path] | None = None,
    ) -> list[tuple[Chain, str]]:
        """The stateless chains that end at an operator's input, each with its base's id.

        With `keep_upserts` an upsert source stays one, for an operator that needs no old rows;
        `paths` as for `base`.
        """
        return [
            (chain, self.base(chain, wanted, keep_upserts=keep_upserts, paths=paths))
            for chain in chains(node, self.zone)
        ]

    def row_edges(
        self,
        node: LogicalNode,
        port: int = 0,
        *,
        numbered: bool = False,
        keep_upserts: bool = False,
    ) -> tuple[tuple[FusedStage, ...], Changelog]:
        """Edges that hand on a node's rows as they are (with `k`), and what flows over them.

        `numbered` edges give the hidden column `r` as well. With `keep_upserts` an upsert source
        stays one where the edge neither filters nor unnests.
        """
        edges: list[FusedStage] = []
        updates = upsert = False
        everything = frozenset(range(len(node.fields)))
        for chain in chains(node, self.zone):
            refusals.window_functions(chain, self.where)
            keeps = keep_upserts and not chain.filters and not chain.unnests
            name = self.base(chain, everything, keep_upserts=keeps)
            changelog = self.changelogs[name]
            updates, upsert = updates or changelog.updates, upsert or changelog.upsert
            edges.append(_row_edge(chain, name, changelog.updates, port, numbered))
        return tuple(edges), Changelog(updates, upsert)


def _row_edge(
    chain: Chain, source: str, updates: bool, port: int, numbered: bool = False
) -> FusedStage:
    pairs = updates and chain.filters and not chain.unnests
    hidden = [*([KIND] if updates else []), *([ROW] if pairs or numbered else [])]
    return FusedStage(
        input=source,
        query=text(rows_query(chain, wide(source) if pairs or numbered else source, hidden)),
        pairs=pairs,
        probe=text(probe_query(chain, wide(source), [])),
        passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
        identity=is_identity(chain) and not numbered,
        filters=chain.filters,
        port=port,
        numbered=numbered,
    )


def table_key(node: Scan | Values) -> object:
    """Two scans with one key read the same rows."""
    if isinstance(node, Values):
        return id(node)
    return (node.table.name, tuple(sorted(node.table.options.items())))


def stage_schema(fields: Fields, updates: bool) -> pa.Schema:
    """The Arrow schema of a node's batches: `c0`..., and the kind where there are updates."""
    parts = [pa.field(n, f.type.arrow()) for n, f in zip(names(len(fields)), fields, strict=True)]
    return pa.schema([*parts, pa.field(KIND, pa.int8())] if updates else parts)
