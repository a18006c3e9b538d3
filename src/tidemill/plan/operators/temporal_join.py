"""A temporal join by event time: left rows wait, and are joined with the version of their time."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlglot import exp

from tidemill.errors import SqlError
from tidemill.plan import refusals
from tidemill.plan.fuse import (
    Chain,
    alias,
    column,
    names,
    over,
    probe_query,
    relation,
    rows_query,
    text,
)
from tidemill.plan.keys import state_bound, state_ttl_ms
from tidemill.plan.lowering import lower
from tidemill.plan.physical import KIND, ROW, FusedStage, OperatorStage, changelog_mode, wide
from tidemill.plan.planning import Columns, OperatorPlanner, Planning, stage_schema
from tidemill.plan.windows import micros
from tidemill.records import dataclass
from tidemill.sql.expressions import Expression
from tidemill.sql.logical import JoinKind, LogicalNode, TemporalJoin
from tidemill.sql.render import render_expression

TIME = "t"
"""Hidden column: event time, epoch microseconds."""
ORDER = "q"
"""Hidden column: the number of the row in the order of arrival."""
FRESH = "f"
"""Hidden column of versions: whether the row has just come."""
GONE = "d"
"""Hidden column of versions: whether the key is deleted from then on."""
HEAD = "h"
"""Hidden column of versions: the same for all rows of a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporalJoinStage(OperatorStage):
    """Port 0 is the left side, 1 the versions.

    The edges give each side's columns, its keys (`j0`...) and its event time; the left ones also
    `r`. `merge` brings the versions in the relation `<id>_versions` in order and drops those that
    the watermark (both its parameters) has made obsolete.
    """

    kind: JoinKind
    width: int
    keys: tuple[str, ...]
    shown: tuple[str, ...]
    versioned: tuple[str, ...]
    merge: str
    ttl_ms: int

    def facts(self) -> dict[str, Any]:
        """The keys, and what waits and is kept."""
        bound = state_bound("keys", self.ttl_ms)
        return {
            "kind": self.kind.value,
            "on": list(self.shown),
            "changelog": changelog_mode(self.changelog),
            "state": "left rows until event time passes them on both sides; for each key of the "
            f"right side its last version and those not passed yet; {bound}",
        }

    def fingerprint(self) -> tuple[str, ...]:
        """The keys as they are computed, and what is kept of a version."""
        return (self.merge, str(self.width), *self.shown)

    @property
    def waits_for_watermark(self) -> bool:
        """Rows come out when event time passes them on both sides."""
        return True

    @property
    def drops_late(self) -> bool:
        """A late row is joined too."""
        return False

    @property
    def growing_keys(self) -> tuple[str, ...]:
        """Every key keeps a version, unless a TTL forgets it."""
        return () if self.ttl_ms else self.versioned


def key_names(count: int) -> list[str]:
    """The columns of the keys."""
    return [f"j{i}" for i in range(count)]


def _plan(node: TemporalJoin, planning: Planning, _used: Columns) -> TemporalJoinStage:
    for side in (node.left, node.right):
        refusals.has_watermark(side, planning.watermarks, node.where)
    left = _edges(planning, node.left, [one for one, _ in node.keys], node.left_time, 0)
    right = _edges(planning, node.right, [other for _, other in node.keys], node.right_time, 1)
    for edge in right:
        changelog = planning.changelogs[edge.input]
        if changelog.updates and edge.filters:
            raise SqlError(
                "a filter over the changes of a versioned table is not supported yet",
                code="plan.filtered-versions",
                where=node.where,
                hint="Filter after the join, or in a WHERE below the deduplication.",
            )
    changelogs = [planning.changelogs[edge.input] for edge in left]
    updates = any(changelog.updates for changelog in changelogs)
    width = len(node.left.fields)
    return TemporalJoinStage(
        id=(name := planning.name("t")),
        edges=(*left, *right),
        schema=stage_schema(node.fields, updates),
        changelog=next((c for c in changelogs if c.updates), changelogs[0]),
        kind=node.kind,
        width=width,
        keys=tuple(key_names(len(node.keys))),
        shown=tuple(
            f"{render_expression(one)} = {render_expression(other)}" for one, other in node.keys
        ),
        versioned=tuple(render_expression(other).partition("#")[0] for _, other in node.keys),
        merge=_merge(
            name,
            key_names(len(node.keys)),
            newer_only=node.newer_only,
            deletes_last=any(planning.changelogs[edge.input].upsert for edge in right),
        ),
        ttl_ms=state_ttl_ms(planning.settings, planning.where),
        where=node.where,
    )


def _edges(
    planning: Planning, node: LogicalNode, keys: list[Expression], time: int, port: int
) -> tuple[FusedStage, ...]:
    everything = frozenset(range(len(node.fields)))
    edges = []
    for chain, source in planning.parts(node, everything, keep_upserts=port == 1):
        refusals.window_functions(chain, planning.where)
        updates = planning.changelogs[source].updates
        edges.append(_edge(chain, source, keys, time, updates, port, planning.zone))
    return tuple(edges)


def _edge(
    chain: Chain,
    source: str,
    keys: list[Expression],
    time: int,
    updates: bool,
    port: int,
    zone: str,
) -> FusedStage:
    inputs = names(len(chain.fields))
    lowered = [lower(key, inputs, zone) for key in keys]
    made = [alias(key, name) for key, name in zip(lowered, key_names(len(keys)), strict=True)]
    made.append(alias(micros(column(inputs[time])), TIME))
    hidden = [*([KIND] if updates else []), *([ROW] if port == 0 else [])]
    start = wide(source) if port == 0 else source
    rows = over(rows_query(chain, start, hidden), [*map(column, [*inputs, *hidden]), *made])
    return FusedStage(
        input=source,
        query=text(rows),
        probe=text(probe_query(chain, wide(source), [key.copy() for key in lowered])),
        passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
        filters=chain.filters,
        numbered=port == 0,
        port=port,
    )


def _merge(name: str, keys: list[str], *, newer_only: bool, deletes_last: bool) -> str:
    """Versions key by key in order of time: of one time the last to come, none that is obsolete.

    With `newer_only` those are left out that come behind a newer one. With `deletes_last` a
    deletion takes away the version that came last before it, from that one's time on, as Flink has
    it for an upsert source, whose deletions it fills with the row before.

    A version is obsolete where the next one of its key is not after the watermark; a deletion
    already where it is not after the watermark itself.
    """
    own = [column(key) for key in keys]
    head = exp.Window(this=exp.Min(this=column(ORDER)), partition_by=own)
    latest = exp.Window(
        this=exp.RowNumber(),
        partition_by=[*(c.copy() for c in own), column(TIME)],
        order=exp.Order(expressions=[exp.Ordered(this=column(ORDER), desc=True)]),
    )
    rows = exp.Select(expressions=[exp.Star()]).from_(relation(f"{name}_versions"))
    if deletes_last:
        rows = _deleting_last(rows, own)
    if newer_only:
        newest = exp.Window(
            this=exp.Max(this=column(TIME)),
            partition_by=[c.copy() for c in own],
            order=exp.Order(expressions=[exp.Ordered(this=column(ORDER))]),
        )
        rows = over(rows, [exp.Star(), alias(newest, "m")])
        rows = over(rows, [exp.Star()]).where(column(TIME).eq(column("m")))
    query = over(rows, [exp.Star(), alias(head, HEAD), alias(latest, "o")])
    query = over(query, [exp.Star()]).where(column("o").eq(1))
    following = exp.Window(
        this=exp.Anonymous(this="lead", expressions=[column(TIME)]),
        partition_by=[c.copy() for c in own],
        order=exp.Order(expressions=[exp.Ordered(this=column(TIME))]),
    )
    query = over(query, [exp.Star(), alias(following, "u")])
    after = exp.or_(column("u").is_(exp.null()), column("u") > exp.Placeholder())
    there = exp.or_(exp.not_(column(GONE)), column(TIME) > exp.Placeholder())
    query = over(query, [exp.Star()]).where(exp.and_(after, there))
    return text(query.order_by(column(HEAD), column(TIME)))


def _deleting_last(rows: exp.Select, keys: list[exp.Expression]) -> exp.Select:
    """Each fresh deletion at the time of the row before it; without one it says nothing."""

    def before(name: str) -> exp.Expression:
        return exp.Window(
            this=exp.Anonymous(this="lag", expressions=[column(name)]),
            partition_by=[key.copy() for key in keys],
            order=exp.Order(expressions=[exp.Ordered(this=column(ORDER))]),
        )

    rows = over(rows, [exp.Star(), alias(before(TIME), "pt"), alias(before(GONE), "pd")])
    deletes = exp.and_(column(GONE), column(FRESH))
    time = exp.case().when(deletes, column("pt")).else_(column(TIME))
    there = exp.or_(exp.not_(deletes.copy()), exp.not_(column("pd")))
    return over(rows, [exp.Star(replace=[alias(time, TIME)])]).where(there)


def version_schema(rows: pa.Schema) -> pa.Schema:
    """What is kept of a version: its columns, keys and time, whether it is gone, its number."""
    kept = [field for field in rows if field.name != KIND]
    return pa.schema([*kept, pa.field(GONE, pa.bool_()), pa.field(ORDER, pa.int64())])


PLANNER = OperatorPlanner(_plan)
