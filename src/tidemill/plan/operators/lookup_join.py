"""A lookup join: each row asks a connector for the rows of its key; without state."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tidemill.interfaces.connector import Changelog
from tidemill.interfaces.lookup import LookupCaching
from tidemill.model import TableDescriptor
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
from tidemill.plan.lowering import lower
from tidemill.plan.physical import KIND, ROW, FusedStage, OperatorStage, changelog_mode, wide
from tidemill.plan.planning import Columns, OperatorPlanner, Planning, stage_schema
from tidemill.records import dataclass
from tidemill.sql.expressions import Expression
from tidemill.sql.logical import JoinKind, LookupJoin, LookupRetry
from tidemill.sql.render import render_expression

PAIR = "i"
"""Hidden column of pairs: the index of the pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupJoinStage(OperatorStage):
    """The edges give the left columns, the keys (`j0`...) and `r`.

    `condition` gives the indexes (`i`) of the pairs in the relation `<id>_pairs` that stay; None:
    all do.
    """

    table: TableDescriptor
    kind: JoinKind
    width: int
    keys: tuple[str, ...]
    key_columns: tuple[str, ...]
    condition: str | None
    shown: tuple[str, ...]
    caching: LookupCaching | None
    retry: LookupRetry | None

    def facts(self) -> dict[str, Any]:
        """The table, its keys, and what is cached."""
        cache = "none" if self.caching is None else self.caching.shown()
        return {
            "kind": self.kind.value,
            "table": self.table.name,
            "connector": self.table.options.get("connector", ""),
            "on": list(self.shown),
            "cache": cache,
            "changelog": changelog_mode(self.changelog),
            "state": "none",
        }


def _plan(node: LookupJoin, planning: Planning, _used: Columns) -> LookupJoinStage:
    connector = planning.tables.connector(node.table, node.where)
    values = [key.value for key in node.keys]
    everything = frozenset(range(len(node.input.fields)))
    edges, updates = [], False
    for chain, source in planning.parts(node.input, everything):
        refusals.window_functions(chain, planning.where)
        changelog = planning.changelogs[source]
        updates = updates or changelog.updates
        edges.append(_edge(chain, source, values, changelog.updates, planning.zone))
    columns = node.table.schema.columns
    name = planning.name("l")
    context = planning.tables.context
    caching = connector.lookup_caching
    return LookupJoinStage(
        id=name,
        edges=tuple(edges),
        schema=stage_schema(node.fields, updates),
        changelog=Changelog(updates),
        table=node.table,
        kind=node.kind,
        width=len(node.input.fields),
        keys=tuple(f"j{i}" for i in range(len(values))),
        key_columns=tuple(columns[key.column].name for key in node.keys),
        condition=_condition(node, name, planning.zone),
        shown=tuple(
            f"{columns[key.column].name} = {render_expression(key.value)}" for key in node.keys
        ),
        caching=None if caching is None else caching(node.table, context),
        retry=node.retry,
        where=node.where,
    )


def _edge(
    chain: Chain, source: str, values: list[Expression], updates: bool, zone: str
) -> FusedStage:
    inputs = names(len(chain.fields))
    lowered = [lower(value, inputs, zone) for value in values]
    made = [alias(value, f"j{i}") for i, value in enumerate(lowered)]
    hidden = [*([KIND] if updates else []), ROW]
    rows = over(rows_query(chain, wide(source), hidden), [*map(column, [*inputs, *hidden]), *made])
    return FusedStage(
        input=source,
        query=text(rows),
        probe=text(probe_query(chain, wide(source), [value.copy() for value in lowered])),
        passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
        filters=chain.filters,
        numbered=True,
    )


def _condition(node: LookupJoin, name: str, zone: str) -> str | None:
    if node.condition is None:
        return None
    predicate = lower(node.condition, names(len(node.fields)), zone)
    query = exp.Select(expressions=[column(PAIR)]).from_(relation(f"{name}_pairs"))
    return text(query.where(predicate))


PLANNER = OperatorPlanner(_plan)
