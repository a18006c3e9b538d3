"""GROUP BY over a stream: a changelog aggregate over keyed state; its queries: `GroupSql`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidemill.interfaces.connector import Changelog
from tidemill.plan.fuse import Chain
from tidemill.plan.group_aggregates import GroupSql, PythonAggregate
from tidemill.plan.keys import state_bound, state_ttl_ms
from tidemill.plan.physical import OperatorStage, changelog_mode
from tidemill.plan.planning import Planning, stage_schema
from tidemill.records import dataclass
from tidemill.sql.logical import Aggregate


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupStage(OperatorStage):
    """The edges' queries give partials as for an `AggregateStage` without a window.

    `partials` are the stored columns behind the keys `g0`...; `values` identify a counted value
    behind its keys (none where no aggregate needs values), and `value_weights` are its weights in
    a batch's partials: for each slot of a set of values the columns of all sets.
    """

    merge: str
    moves: str | None
    changes: str
    keys: tuple[str, ...]
    aggregates: tuple[str, ...]
    partials: tuple[str, ...]
    values: tuple[str, ...]
    value_weights: tuple[tuple[str, ...], ...]
    extremes: tuple[str, ...]
    python: tuple[PythonAggregate, ...]
    retracts: bool
    ttl_ms: int

    @property
    def title(self) -> str:
        """Without aggregates it is SELECT DISTINCT."""
        return "GroupAggregate" if self.aggregates else "Distinct"

    def facts(self) -> dict[str, Any]:
        """Keys and how long their partials live."""
        kept = "partials, one row per key"
        if self.python:
            kept = kept.replace("partials", "partials and accumulators")
        if self.values:
            kept += ", and one row per key and counted value"
        return {
            "keys": list(self.keys),
            "aggregates": list(self.aggregates),
            "changelog": changelog_mode(self.changelog),
            "retracts": self.retracts,
            "state": f"{kept}; {state_bound('keys', self.ttl_ms)}",
            "merge_sql": self.merge,
            "sql": self.changes,
        }

    def fingerprint(self) -> tuple[str, ...]:
        """The queries name every stored column."""
        stored = [
            f"{part.accumulator} {part.function.accumulator_type}, {part.function.result_type}"
            for part in self.python
        ]
        return (self.merge, self.moves or "", self.changes, *stored)

    @property
    def growing_keys(self) -> tuple[str, ...]:
        """All keys, unless a TTL forgets them."""
        return () if self.ttl_ms else self.keys


def plan_group(
    node: Aggregate,
    planning: Planning,
    parts_of: Callable[[Aggregate, Planning], tuple[list[tuple[Chain, str]], bool]],
) -> GroupStage:
    """Plan GROUP BY over a stream."""
    parts, retracts = parts_of(node, planning)
    name = planning.name("g")
    sql = GroupSql(node, None, retracts, name, planning.zone)
    return GroupStage(
        id=name,
        edges=tuple(sql.edge(c, n, planning.changelogs[n].updates) for c, n in parts),
        merge=sql.merge(),
        moves=sql.moves(),
        changes=sql.changes(),
        schema=stage_schema(node.fields, True),
        changelog=Changelog(True),
        keys=tuple(f.name for f in node.fields[: len(node.keys)]),
        aggregates=tuple(call.function for call in node.aggregates),
        partials=tuple(sql.partial_names()),
        values=tuple(sql.value_names()),
        value_weights=tuple(sql.value_weights()),
        extremes=tuple(sql.extremes()),
        python=tuple(sql.python()),
        retracts=retracts,
        ttl_ms=state_ttl_ms(planning.settings, planning.where),
        where=planning.where,
    )
