"""The typed logical plan as Spark SQL queries.

Each node becomes a `Relation`; a node that several others read becomes a view of its own. Over
bounded input Spark computes once, so no row is late: as Flink does in its batch mode.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import field

from sqlglot import exp

from tidemill.records import dataclass
from tidemill.runners.spark.aggregates import lower_aggregate
from tidemill.runners.spark.lowering import lower
from tidemill.runners.spark.lowering.build import binary, fn, number
from tidemill.runners.spark.nodes import NODES
from tidemill.runners.spark.refusals import Refuser
from tidemill.runners.spark.relations import Relation, column, field_names, is_plain, table, uses
from tidemill.runners.spark.step import Step
from tidemill.runners.spark.streams import check_stream, never_ends
from tidemill.runners.spark.types import has_floats
from tidemill.runners.spark.windows import window_columns, windowed
from tidemill.sql.expressions import Expression, InputRef
from tidemill.sql.logical import (
    Aggregate,
    Correlate,
    Fields,
    LogicalNode,
    OverAggregate,
    Scan,
    TemporalJoin,
    Watermark,
)

Final = Callable[[int, exp.Expression], exp.Expression]


@dataclass(slots=True)
class Queries:
    """Makes the queries of one script; `steps` are the views that they read, in order."""

    time_zone: str
    refuse: Refuser
    shared: frozenset[int]
    """Ids of nodes that several others read."""
    steps: list[Step] = field(default_factory=list)
    scanned: dict[str, Scan] = field(default_factory=dict)
    unbounded: frozenset[str] = frozenset()
    """Names of the tables that never end."""
    _made: dict[int, str] = field(default_factory=dict)
    _aliases: int = 0

    def query(
        self, node: LogicalNode, names: Sequence[str], final: Final | None = None
    ) -> exp.Query:
        """The query of a node, its columns under these names.

        `final` may change each column, as a sink wants it.
        """
        if isinstance(node, Aggregate):
            if self.unbounded:
                check_stream(node, self.unbounded, self.refuse)
            return self._aggregate_query(node, names, final)
        relation = self.relation(node)
        if final is not None:
            relation = self._settled(relation, node.fields)
            relation = Relation(
                relation.source,
                tuple(final(i, c) for i, c in enumerate(relation.columns)),
                relation.where,
                relation.laterals,
            )
        return relation.select(names)

    def relation(self, node: LogicalNode) -> Relation:
        """The rows of a node; raises UserError for what Spark does not do."""
        if id(node) in self.shared and not isinstance(node, (Scan, Watermark)):
            return self._view(node)
        if self.unbounded:
            check_stream(node, self.unbounded, self.refuse)
        return self.made(node)

    def made(self, node: LogicalNode) -> Relation:
        """The rows of a node by its kind."""
        if isinstance(node, Aggregate):
            names = field_names(node.fields)
            return self.sealed(self.query_unshared(node, names), names)
        make = NODES.get(type(node))
        if make is None:
            return self.refuse.at(getattr(node, "where", None)).it(_spoken(type(node)))
        return make(self, node)

    def lower(self, expression: Expression, columns: Sequence[exp.Expression]) -> exp.Expression:
        """An expression over these columns."""
        return lower(expression, columns, self.time_zone, self.refuse)

    def alias(self) -> str:
        """A name that no other part of the queries has."""
        self._aliases += 1
        return f"q{self._aliases}"

    def sealed(self, query: exp.Query, names: Sequence[str]) -> Relation:
        """A query to be selected from."""
        alias = self.alias()
        return Relation(query.subquery(alias, copy=False), tuple(column(name) for name in names))

    def reopened(self, node: LogicalNode) -> Relation:
        """The node's rows as plain columns of a subquery, or of a table."""
        relation = self.relation(node)
        plain = all(isinstance(c, (exp.Column, exp.Null)) for c in relation.columns)
        if plain and relation.where is None and not relation.laterals:
            return relation
        names = field_names(node.fields)
        return self.sealed(relation.select(names), names)

    def _settled(self, relation: Relation, fields: Fields) -> Relation:
        if all(is_plain(c) for c in relation.columns):
            return relation
        names = field_names(fields)
        return self.sealed(relation.select(names), names)

    def _view(self, node: LogicalNode) -> Relation:
        names = field_names(node.fields)
        if id(node) not in self._made:
            query = self.query_unshared(node, names)
            self._made[id(node)] = f"shared_{len(self._made) + 1}"
            self.steps.append(Step(self._made[id(node)], query))
        return Relation(table(self._made[id(node)]), tuple(map(column, names)))

    def query_unshared(self, node: LogicalNode, names: Sequence[str]) -> exp.Query:
        """As `query`, for the node itself where it is a view."""
        if isinstance(node, Aggregate):
            return self._aggregate_query(node, names, None)
        return self.made(node).select(names)

    # --- aggregates --------------------------------------------------------------------------

    def _aggregate_query(
        self, node: Aggregate, names: Sequence[str], final: Final | None
    ) -> exp.Query:
        source = self.relation(node.input)
        if not all(map(is_plain, source.columns)):
            counted = uses([*node.keys, *(a for c in node.aggregates for a in c.arguments)])
            if any(n > 1 and not is_plain(source.columns[i]) for i, n in counted.items()):
                source = self._settled(source, node.input.fields)
        keys = [self.lower(key, source.columns) for key in node.keys]
        for key in node.keys:
            if has_floats(key.type) or (key.type.root.value == "MAP"):
                self.refuse.it(f"GROUP BY {key.type.sql()}", key.span)
        made = list(keys)
        grouped = list(keys)
        if node.window is not None:
            self._check_session(node)
            time = source.columns[node.window.time_column]
            stream = never_ends(node.input, self.unbounded)
            fields = node.input.fields
            call = windowed(
                node.window, time.copy(), fields, self.time_zone, self.refuse, stream=stream
            )
            rowtime = node.input.fields[node.window.time_column].type
            parts = window_columns(exp.column(call.name), rowtime, stream=stream)
            made += [parts[p] for p in node.window_properties]
            grouped.append(call)
        made += [
            lower_aggregate(call, source.columns, self.time_zone, self.refuse)
            for call in node.aggregates
        ]
        if final is not None:
            made = [final(i, c) for i, c in enumerate(made)]
        query = Relation(source.source, tuple(made), source.where, source.laterals).select(names)
        for made_key in grouped:
            query = query.group_by(made_key.copy(), copy=False)
        if not grouped and not node.row_over_nothing:
            query = query.having(binary(exp.GT, fn("count", exp.Star()), number(0)), copy=False)
        return query

    def _check_session(self, node: Aggregate) -> None:
        window = node.window
        if window is None or not window.partition_columns:
            return
        keys = {key.index for key in node.keys if isinstance(key, InputRef)}
        if keys != {*window.partition_columns} or len(keys) != len(node.keys):
            self.refuse.it("SESSION with other keys in PARTITION BY than in GROUP BY")


_SPOKEN: dict[type, str] = {
    Correlate: "UNNEST",
    OverAggregate: "OVER with an aggregate function",
    TemporalJoin: "a join with FOR SYSTEM_TIME AS OF an event time",
}


def _spoken(kind: type) -> str:
    """What a kind of node is called in SQL: MATCH_RECOGNIZE is that of MatchRecognize."""
    return _SPOKEN.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).upper()
