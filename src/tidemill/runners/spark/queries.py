"""The typed logical plan as Spark SQL queries.

Each node becomes a `Relation`; a node that several others read becomes a view of its own. Over
bounded input Spark computes once, so no row is late: as Flink does in its batch mode.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.runners.spark.aggregates import lower_aggregate
from tidemill.runners.spark.lowering import lower
from tidemill.runners.spark.lowering.build import (
    binary,
    both,
    cast,
    failing,
    fn,
    is_null,
    number,
    wrapped,
)
from tidemill.runners.spark.lowering.casts import is_utc
from tidemill.runners.spark.lowering.literals import lower_literal
from tidemill.runners.spark.refusals import Refuser
from tidemill.runners.spark.relations import (
    Relation,
    column,
    field_names,
    is_plain,
    table,
    uses,
)
from tidemill.runners.spark.streams import check_stream, never_ends, watermark_delay_ms
from tidemill.runners.spark.types import has_floats, spark_type
from tidemill.runners.spark.windows import window_columns, windowed
from tidemill.sql.expressions import Expression, InputRef, Literal
from tidemill.sql.logical import (
    Aggregate,
    Correlate,
    Fields,
    Filter,
    Join,
    JoinKind,
    LogicalNode,
    LookupJoin,
    OverAggregate,
    Project,
    Rank,
    RowField,
    Scan,
    SetOperation,
    SetOperator,
    Sort,
    SortKey,
    TemporalJoin,
    Union,
    Values,
    Watermark,
    WindowTableFunction,
    inputs,
)

# --- steps ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """A view that later queries read: a query, and the delay of its watermark in a stream."""

    name: str
    query: exp.Query
    watermark: tuple[str, int] | None = None
    """The event time's column and the delay in milliseconds."""


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
        make = _NODES.get(type(node))
        if make is None:
            where = getattr(node, "where", None)
            return self.refuse.at(where).it(_spoken(type(node).__name__))
        return make(self, node)

    def lower(self, expression: Expression, columns: Sequence[exp.Expression]) -> exp.Expression:
        """An expression over these columns."""
        return lower(expression, columns, self.time_zone, self.refuse)

    def sealed(self, query: exp.Query, names: Sequence[str]) -> Relation:
        """A query to be selected from."""
        self._aliases += 1
        alias = f"q{self._aliases}"
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


Final = Callable[[int, exp.Expression], exp.Expression]


def _spoken(kind: str) -> str:
    """The name of a kind of node as SQL has it: MATCH_RECOGNIZE of MatchRecognize."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).upper()


# --- nodes ---------------------------------------------------------------------------------------


def _scan(queries: Queries, node: Scan) -> Relation:
    queries.scanned.setdefault(node.table.name, node)
    # A column that Spark cannot hold is not read; whoever refers to it is refused.
    columns = (column(f.name) if spark_type(f.type) else exp.Null() for f in node.fields)
    return Relation(table(node.table.name), tuple(columns))


def _watermark(queries: Queries, node: Watermark) -> Relation:
    """In a stream a view of its own: Spark knows event time by the column that has it."""
    relation = queries.relation(node.input)
    rowtime = node.fields[node.column]
    if rowtime.type.nullable and spark_type(rowtime.type) is not None:
        relation = relation.filtered(_no_null(relation.columns[node.column], rowtime))
    if not never_ends(node, queries.unbounded):
        return relation
    names = field_names(node.fields)
    name = f"{_table_of(node)}_with_watermark"
    if name not in {step.name for step in queries.steps}:
        delay = (names[node.column], watermark_delay_ms(node, queries.refuse))
        columns = list(relation.columns)
        if rowtime.type.root is TypeRoot.TIMESTAMP:
            # Spark takes event time as TIMESTAMP only; in UTC that is the same clock.
            if not is_utc(queries.time_zone):
                queries.refuse.it(f"a stream over TIMESTAMP in the time zone {queries.time_zone}")
            columns[node.column] = cast(columns[node.column], "TIMESTAMP")
        timed = replace(relation, columns=tuple(columns))
        queries.steps.append(Step(name, timed.select(names), delay))
    return Relation(table(name), tuple(map(column, names)))


def _no_null(time: exp.Expression, rowtime: RowField) -> exp.Expression:
    """Flink fails at a rowtime that is NULL; Spark would leave the row out of its windows."""
    there = exp.Not(this=is_null(time.copy()))
    wrong = cast(failing(f"the rowtime {rowtime.name} must not be NULL"), "BOOLEAN")
    return fn("if", there, exp.Boolean(this=True), wrong)


def _table_of(node: LogicalNode) -> str:
    while not isinstance(node, Scan):
        node = inputs(node)[0]
    return node.table.name


def _project(queries: Queries, node: Project) -> Relation:
    relation = queries.relation(node.input)
    counted = uses(node.expressions)
    if any(n > 1 and not is_plain(relation.columns[i]) for i, n in counted.items()):
        names = field_names(node.input.fields)
        relation = queries.sealed(relation.select(names), names)
    made = tuple(queries.lower(e, relation.columns) for e in node.expressions)
    return Relation(relation.source, made, relation.where, relation.laterals)


def _filter(queries: Queries, node: Filter) -> Relation:
    relation = queries.relation(node.input)
    counted = uses([node.predicate])
    if any(not is_plain(relation.columns[i]) for i in counted):
        names = field_names(node.input.fields)
        relation = queries.sealed(relation.select(names), names)
    return relation.filtered(queries.lower(node.predicate, relation.columns))


def _aggregate(queries: Queries, node: Aggregate) -> Relation:
    names = field_names(node.fields)
    return queries.sealed(queries.query_unshared(node, names), names)


def _window_rows(queries: Queries, node: WindowTableFunction) -> Relation:
    if node.window.kind.value == "SESSION":
        queries.refuse.it("SESSION without an aggregation")
    source = queries.reopened(node.input)
    time = source.columns[node.window.time_column]
    stream = never_ends(node.input, queries.unbounded)
    fields = node.input.fields
    call = windowed(node.window, time, fields, queries.time_zone, queries.refuse, stream=stream)
    names = [*field_names(node.input.fields), "window"]
    inner = Relation(source.source, (*source.columns, call)).select(names)
    sealed = queries.sealed(inner, names)
    rowtime = node.fields[-1].type
    parts = window_columns(column("window"), rowtime, stream=stream)
    return Relation(sealed.source, (*sealed.columns[:-1], *parts.values()))


def _union(queries: Queries, node: Union) -> Relation:
    names = field_names(node.fields)
    parts = [queries.query(part, names) for part in node.inputs]
    made: exp.Query = parts[0]
    for part in parts[1:]:
        made = exp.Union(this=made, expression=part, distinct=False)
    return queries.sealed(made, names)


def _set_operation(queries: Queries, node: SetOperation) -> Relation:
    for f in node.fields:
        if has_floats(f.type) or f.type.root.value == "MAP":
            queries.refuse.it(f"{node.operator.value} over {f.type.sql()}")
    names = field_names(node.fields)
    left, right = (queries.query(part, names) for part in node.inputs)
    kind = exp.Intersect if node.operator is SetOperator.INTERSECT else exp.Except
    return queries.sealed(kind(this=left, expression=right, distinct=not node.all), names)


def _values(queries: Queries, node: Values) -> Relation:
    names = field_names(node.fields)
    rows = []
    for row in node.rows:
        cells = []
        for value, f in zip(row, node.fields, strict=True):
            made = lower_literal(Literal(value, f.type))
            cells.append(made if made is not None else queries.refuse.type(f.type))
        rows.append(exp.Tuple(expressions=cells))
    queries._aliases += 1
    alias = exp.TableAlias(
        this=exp.to_identifier(f"q{queries._aliases}"),
        columns=[exp.to_identifier(name, quoted=True) for name in names],
    )
    source = exp.Values(expressions=rows, alias=alias)
    typed = tuple(
        cast(column(name), spark_type(f.type) or "")
        for name, f in zip(names, node.fields, strict=True)
    )
    return Relation(source, typed)


def _ordering(
    queries: Queries, keys: Sequence[SortKey], columns: Sequence[exp.Expression]
) -> list[exp.Expression]:
    made: list[exp.Expression] = []
    for key in keys:
        if has_floats(key.expression.type):
            queries.refuse.it(f"ORDER BY {key.expression.type.sql()}", key.expression.span)
        made.append(
            exp.Ordered(
                this=queries.lower(key.expression, columns),
                desc=key.descending,
                nulls_first=key.nulls_first,
            )
        )
    return made


def _sort(queries: Queries, node: Sort) -> Relation:
    source = queries.reopened(node.input)
    names = field_names(node.fields)
    query = source.select(names)
    ordering = _ordering(queries, node.keys, source.columns)
    if ordering:
        query = query.order_by(*ordering, copy=False)
    if node.limit is not None:
        query = query.limit(node.limit, copy=False)
    if node.offset:
        query = query.offset(node.offset, copy=False)
    return queries.sealed(query, names)


def _rank(queries: Queries, node: Rank) -> Relation:
    source = queries.reopened(node.input)
    number_ = exp.Window(
        this=fn("row_number"),
        partition_by=[queries.lower(key, source.columns) for key in node.keys],
        order=exp.Order(expressions=_ordering(queries, node.order, source.columns)),
    )
    names = field_names(node.fields)
    query = Relation(source.source, (*source.columns, number_)).select(names)
    sealed = queries.sealed(query, names)
    if node.limit is None:
        return sealed
    return sealed.filtered(binary(exp.LTE, column(names[-1]), number(node.limit)))


def _join(queries: Queries, node: Join) -> Relation:
    sides = []
    for side in (node.left, node.right):
        relation = queries.reopened(side)
        sides.append(_named_side(queries, relation, side.fields))
    left, right = sides
    columns = (*left.columns, *right.columns)
    on = None if node.condition is None else queries.lower(node.condition, columns)
    join = exp.Join(this=right.source, on=on)
    if node.kind in (JoinKind.SEMI, JoinKind.ANTI):
        join.set("side", "LEFT")
        join.set("kind", node.kind.value)
        columns = left.columns
    elif node.kind is JoinKind.INNER:
        if on is None:
            join.set("kind", "CROSS")
    else:
        join.set("side", node.kind.value)
    if on is None and node.kind is not JoinKind.INNER:
        join.set("on", exp.Boolean(this=True))
    return _joined(queries, left, join, columns, node.fields)


def _named_side(queries: Queries, relation: Relation, fields: Fields) -> Relation:
    """One side of a join under an alias of its own, so that its columns can be told apart."""
    queries._aliases += 1
    alias = f"q{queries._aliases}"
    source = relation.source.copy()
    if isinstance(source, exp.Subquery):
        alias = source.alias
    elif isinstance(source, exp.Table) and relation.where is None:
        source = exp.alias_(source, alias, table=True)  # type: ignore[assignment]
    named = (c if isinstance(c, exp.Null) else column(c.name, alias) for c in relation.columns)
    return Relation(source, tuple(named))


def _joined(
    queries: Queries,
    left: Relation,
    join: exp.Join,
    columns: Sequence[exp.Expression],
    fields: Fields,
) -> Relation:
    names = field_names(fields)
    query = Relation(left.source, tuple(columns)).select(names)
    query.append("joins", join)
    return queries.sealed(query, names)


def _lookup(queries: Queries, node: LookupJoin) -> Relation:
    """The table as it is: in a stream it is read anew for each batch of rows."""
    left = _named_side(queries, queries.reopened(node.input), node.input.fields)
    width = len(node.input.fields)
    scan = Scan(node.table, node.fields[width:], node.where)
    right = _named_side(queries, _scan(queries, scan), scan.fields)
    columns = (*left.columns, *right.columns)
    parts = []
    for key in node.keys:
        parts.append(
            binary(exp.EQ, right.columns[key.column], queries.lower(key.value, left.columns))
        )
    if node.condition is not None:
        parts.append(wrapped(queries.lower(node.condition, columns)))
    join = exp.Join(this=right.source, on=both(*parts))
    if node.kind is JoinKind.LEFT:
        join.set("side", "LEFT")
    return _joined(queries, left, join, columns, node.fields)


def _correlate(queries: Queries, node: Correlate) -> Relation:
    queries.refuse.it("UNNEST")


def _over(queries: Queries, node: OverAggregate) -> Relation:
    queries.refuse.at(node.where).it("OVER with an aggregate function")


def _temporal(queries: Queries, node: TemporalJoin) -> Relation:
    queries.refuse.at(node.where).it("a join with FOR SYSTEM_TIME AS OF an event time")


_NODES: dict[type, Callable[[Queries, object], Relation]] = {
    Scan: _scan,  # type: ignore[dict-item]
    Watermark: _watermark,  # type: ignore[dict-item]
    Project: _project,  # type: ignore[dict-item]
    Filter: _filter,  # type: ignore[dict-item]
    Aggregate: _aggregate,  # type: ignore[dict-item]
    WindowTableFunction: _window_rows,  # type: ignore[dict-item]
    Union: _union,  # type: ignore[dict-item]
    SetOperation: _set_operation,  # type: ignore[dict-item]
    Values: _values,  # type: ignore[dict-item]
    Sort: _sort,  # type: ignore[dict-item]
    Rank: _rank,  # type: ignore[dict-item]
    Join: _join,  # type: ignore[dict-item]
    LookupJoin: _lookup,  # type: ignore[dict-item]
    Correlate: _correlate,  # type: ignore[dict-item]
    OverAggregate: _over,  # type: ignore[dict-item]
    TemporalJoin: _temporal,  # type: ignore[dict-item]
}
