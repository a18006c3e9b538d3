"""Fusion: a run of stateless operators becomes one DuckDB query over the batch it starts from.

A `Chain` is what lies between two stages: its base (a scan, an aggregate, ...) and the projections
and filters over it. Every level is a nested SELECT with columns `c0`, `c1`, ...; DuckDB flattens
them when the query is prepared, once. Besides the rows themselves a chain can tell which input
rows make it raise (`probe`), without raising: each level is computed inside one TRY, whose NULL
means that some expression of the level failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeGuard

from sqlglot import exp

from tidemill.plan.local_time import clock_micros, rowtime_of, window_zone
from tidemill.plan.lowering import lower
from tidemill.plan.lowering.build import fn
from tidemill.plan.physical import KIND, ROW
from tidemill.plan.unnest import LIST, collection_list, taken_apart, unrolled
from tidemill.plan.windows import MILLI_US, grid_of, minus, number, plus, timestamp_of
from tidemill.records import dataclass
from tidemill.sql.expressions import InputRef
from tidemill.sql.logical import (
    Correlate,
    Filter,
    LogicalNode,
    Project,
    RowField,
    TimeAttribute,
    Union,
    Watermark,
    WindowKind,
    WindowTableFunction,
)

Step: TypeAlias = "Project | Filter | WindowTableFunction | Correlate"


@dataclass(frozen=True, slots=True)
class Chain:
    """The stateless steps over a base, from the base outwards."""

    base: LogicalNode
    steps: tuple[Step, ...]
    zone: str = "UTC"

    @property
    def fields(self) -> tuple[RowField, ...]:
        """The columns that come out."""
        return self.steps[-1].fields if self.steps else self.base.fields

    @property
    def filters(self) -> bool:
        """Whether rows can be dropped."""
        return any(isinstance(step, Filter) for step in self.steps)

    @property
    def unnests(self) -> bool:
        """Whether a row becomes several, or none."""
        return any(isinstance(step, Correlate) for step in self.steps)


def chains(node: LogicalNode, zone: str = "UTC") -> list[Chain]:
    """The chains that end at a node: one, or one per input of the unions below it.

    `zone` is `table.local-time-zone`.
    """
    if isinstance(node, Watermark):
        return chains(node.input, zone)
    if isinstance(node, Union):
        return [chain for part in node.inputs for chain in chains(part, zone)]
    if isinstance(node, (Project, Filter, Correlate)) or _on_grid(node):
        return [Chain(c.base, (*c.steps, node), zone) for c in chains(node.input, zone)]
    return [Chain(node, (), zone)]


def _on_grid(node: LogicalNode) -> TypeGuard[WindowTableFunction]:
    """Sessions are an operator, as which one takes a row depends on the others."""
    return isinstance(node, WindowTableFunction) and node.window.kind is not WindowKind.SESSION


def names(count: int) -> list[str]:
    """The column names of a level."""
    return [f"c{i}" for i in range(count)]


def column(name: str) -> exp.Expression:
    """A quoted column."""
    return exp.column(exp.to_identifier(name, quoted=True))


def relation(name: str) -> exp.Table:
    """A quoted relation."""
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def alias(expression: exp.Expression, name: str) -> exp.Expression:
    """`expression AS name`, quoted."""
    return exp.Alias(this=expression, alias=exp.to_identifier(name, quoted=True))


def over(inner: exp.Select, outputs: Sequence[exp.Expression]) -> exp.Select:
    """`SELECT outputs FROM (inner)`; the inner query is taken as it is, not copied."""
    taken = inner.subquery("t", copy=False)
    return exp.Select(expressions=list(outputs)).from_(taken, copy=False)


def text(query: exp.Expr) -> str:
    """The query as DuckDB reads it."""
    return query.sql(dialect="duckdb", copy=False)


def rows_query(chain: Chain, source: str, hidden: Sequence[str]) -> exp.Select:
    """The rows of a chain over a relation, with the hidden columns carried along.

    Where rows are unnested, a change is no pair of -U and +U any more, but so many -D and +I.
    """
    carried = [column(name) for name in hidden]
    width = len(chain.base.fields)
    start = [column(name) for name in names(width)]
    first = [_single(c) if chain.unnests and c.name == KIND else c for c in carried]
    query = exp.Select(expressions=[*start, *first]).from_(relation(source), copy=False)
    for step in chain.steps:
        inputs = names(width)
        width = len(step.fields)
        query = _level(query, step, inputs, [c.copy() for c in carried], chain.zone)
    return query


def _level(
    query: exp.Select,
    step: Step,
    inputs: list[str],
    carried: list[exp.Expression],
    zone: str,
) -> exp.Select:
    same = [column(name) for name in inputs]
    if isinstance(step, Filter):
        return over(query, [*same, *carried]).where(lower(step.predicate, inputs, zone), copy=False)
    if isinstance(step, Project):
        made = [
            alias(lower(expression, inputs, zone), f"c{i}")
            for i, expression in enumerate(step.expressions)
        ]
        return over(query, [*made, *carried])
    if isinstance(step, Correlate):
        lists = alias(collection_list(step, inputs, zone), LIST)
        query = over(query, [*same, *carried, lists])
        return _unnested(query, step, same, carried)
    return _windows_level(query, step, inputs, carried, zone)


def _single(kind: exp.Expression) -> exp.Expression:
    """The kind of a change that stands for itself."""
    made = exp.case().when(kind.copy().eq(1), "3").when(kind.copy().eq(2), "0").else_(kind.copy())
    return alias(exp.cast(made, "TINYINT"), KIND)


def _unnested(
    query: exp.Select,
    step: Correlate,
    same: Sequence[exp.Expression],
    carried: Sequence[exp.Expression],
) -> exp.Select:
    """Each row once per element of its list."""
    kept = [*same, *carried]
    query = over(query, [*(c.copy() for c in kept), *unrolled(step)])
    return over(
        query, [*(c.copy() for c in same), *taken_apart(step), *(c.copy() for c in carried)]
    )


def _windows_level(
    query: exp.Select,
    step: WindowTableFunction,
    inputs: list[str],
    carried: list[exp.Expression],
    zone: str,
) -> exp.Select:
    """Each row once per window that holds it."""
    grid = grid_of(step.window)
    same = [column(name) for name in inputs]
    rowtime, time = step.fields[-1], column(inputs[step.window.time_column])
    clock = window_zone(rowtime.type, zone)
    time_us = clock_micros(time, clock)
    first, last = grid.first_end_sql(time_us), grid.last_end_sql(time_us)
    ends = (
        fn("UNNEST", fn("RANGE", first, plus(last, 1), number(grid.slide_us)))
        if grid.hops
        else first
    )
    query = over(query, [*same, *carried, alias(ends, "e")])
    end = column("e")
    arrival = rowtime.time_attribute is TimeAttribute.PROCTIME
    made = (
        timestamp_of(grid.start_sql(end), False),
        timestamp_of(end, False),
        time if arrival else rowtime_of(minus(end, MILLI_US), rowtime.type, clock),
    )
    added = [alias(value, f"c{len(inputs) + i}") for i, value in enumerate(made)]
    return over(query, [*[c.copy() for c in same], *added, *[c.copy() for c in carried]])


def probe_query(chain: Chain, source: str, last: Sequence[exp.Expression]) -> exp.Select:
    """The indexes of the rows that make the chain, or the expressions over it, raise."""
    width = len(chain.base.fields)
    start = [column(name) for name in names(width)]
    query = exp.Select(
        expressions=[*start, column(ROW), alias(exp.false(), "bad")],
    ).from_(relation(source), copy=False)
    for step in chain.steps:
        inputs = names(width)
        width = len(step.fields)
        if isinstance(step, Filter):
            query = _probe_filter(query, step, inputs, chain.zone)
        elif isinstance(step, Project):
            made = [lower(expression, inputs, chain.zone) for expression in step.expressions]
            query = _probe_project(query, made)
        elif isinstance(step, Correlate):
            query = _probe_unnest(query, step, inputs, chain.zone)
        else:
            query = _windows_level(query, step, inputs, [column(ROW), column("bad")], chain.zone)
    if last:
        query = _probe_project(query, last)
    return over(query, [column(ROW)]).where(column("bad"), copy=False).distinct(copy=False)


def attempt(made: Sequence[exp.Expression]) -> exp.Expression:
    """A struct `c0`... of the values, or NULL where one raises (or the row is already `bad`)."""
    packed = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(f"c{i}"), expression=_tried(value))
            for i, value in enumerate(made)
        ]
    )
    return exp.case().when(column("bad"), exp.null()).else_(fn("TRY", packed))


def _tried(value: exp.Expression) -> exp.Expression:
    """The value with DuckDB's ERROR replaced: it counts as volatile, which TRY refuses.

    In its place stands a cast that fails and, as it reads a column, cannot be folded away.
    """

    def fail(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Anonymous) and str(node.this).upper() == "ERROR":
            wrong = exp.cast(fn("CONCAT", exp.Literal.string("!"), column(ROW)), "INTEGER")
            return exp.case().when(wrong.eq(exp.Literal.number(0)), exp.null())
        return node

    tried: exp.Expression = value.transform(fail)
    return tried


def _probe_project(query: exp.Select, made: Sequence[exp.Expression]) -> exp.Select:
    query = over(query, [column(ROW), alias(attempt(made), "s")])
    fields = [alias(_part(f"c{i}"), f"c{i}") for i in range(len(made))]
    return over(query, [*fields, column(ROW), alias(column("s").is_(exp.null()), "bad")])


def _probe_filter(query: exp.Select, step: Filter, inputs: list[str], zone: str) -> exp.Select:
    same = [column(name) for name in inputs]
    tried = attempt([lower(step.predicate, inputs, zone)])
    query = over(query, [*same, column(ROW), alias(tried, "s")])
    failed = column("s").is_(exp.null())
    bad = alias(failed.copy(), "bad")
    outputs = [*[c.copy() for c in same], column(ROW), bad]
    return over(query, outputs).where(exp.or_(failed, _part("c0"), copy=False), copy=False)


def _probe_unnest(query: exp.Select, step: Correlate, inputs: list[str], zone: str) -> exp.Select:
    """A row whose collection cannot be computed stays, with one element that is NULL."""
    same = [column(name) for name in inputs]
    hidden = [column(ROW), column("bad")]
    tried = alias(attempt([collection_list(step, inputs, zone)]), "s")
    query = over(query, [*same, column(ROW), tried])
    failed = column("s").is_(exp.null())
    one_null = exp.Array(expressions=[exp.null()])
    lists = alias(exp.case().when(failed, one_null).else_(_part("c0")), LIST)
    bad = alias(failed.copy(), "bad")
    query = over(query, [*[c.copy() for c in same], column(ROW), bad, lists])
    return _unnested(query, step, same, hidden)


def _part(name: str) -> exp.Expression:
    return fn("STRUCT_EXTRACT", column("s"), exp.Literal.string(name))


def base_column(chain: Chain, index: int) -> int | None:
    """The base column that an output column is, untouched; None where it is computed."""
    for step in reversed(chain.steps):
        if isinstance(step, Project):
            expression = step.expressions[index]
            if not isinstance(expression, InputRef):
                return None
            index = expression.index
        elif not isinstance(step, Filter) and index >= len(step.input.fields):
            return None
    return index


def is_identity(chain: Chain) -> bool:
    """Whether the chain hands its base's rows on as they are."""
    width = len(chain.base.fields)
    return all(
        isinstance(step, Project)
        and len(step.expressions) == width
        and all(isinstance(e, InputRef) and e.index == i for i, e in enumerate(step.expressions))
        for step in chain.steps
    )
