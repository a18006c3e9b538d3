"""Aggregate functions as mergeable partials.

`aggregate_plan` gives, for one aggregate call, the partial columns that a batch is reduced to, how
partials of the same group merge, and the result over merged partials. With a weight column (+1 for
a row that comes, -1 for one that goes) partials of COUNT, SUM, AVG and the variances add up and so
undo what they counted. MIN, MAX, DISTINCT and the ordered ones cannot: their plan has
`needs_values`, and the engine keeps the values themselves as extra group keys with their weights.

Exactness: integers are summed exactly and wrap around at the end as Java's do on the way; decimals
are exact; FLOAT and DOUBLE are summed as DOUBLE (Flink sums FLOAT in FLOAT, in order of arrival).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from tidemill.errors import SqlError
from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import integers
from tidemill.plan.lowering.build import cast, duckdb_type, fn, template
from tidemill.plan.lowering.decimals import quotient, scaled, unscaled
from tidemill.plan.lowering.lower import lower
from tidemill.plan.lowering.python_rows import merged, row_list, rows_type
from tidemill.plan.lowering.row_aggregates import ROW_AGGREGATES, RowLists, check_distinct
from tidemill.records import dataclass
from tidemill.sql.expressions import AggregateCall


@dataclass(frozen=True, slots=True)
class PartialColumn:
    """One column of partial state.

    `partial` is an aggregate over input rows; `merge` an aggregate over rows of partials, which
    refers to the column by `name`; `type` the DuckDB type of both.
    """

    name: str
    partial: exp.Expression
    merge: exp.Expression
    type: str
    merge_behind: exp.Expression | None = None
    """The merge of a stored partial and a batch's behind it, where their order counts."""
    merge_panes: exp.Expression | None = None
    """The merge of the panes of one window, where their order counts."""


@dataclass(frozen=True, slots=True)
class AggregatePlan:
    """How one aggregate call is computed.

    `final` is a scalar expression over the partial columns of one group. Where `needs_values` is
    set, partials do not merge across batches as they are: the engine groups by `values` as well
    (DuckDB expressions over input columns), keeps the weight of each value, and applies `partial`
    and `final` over the values that are left, each once (for DISTINCT) or by its weight.
    """

    partials: tuple[PartialColumn, ...]
    final: exp.Expression
    needs_values: bool = False
    values: tuple[exp.Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class _Input:
    """An aggregate call with its arguments lowered."""

    call: AggregateCall
    index: int
    args: tuple[exp.Expression, ...]
    condition: exp.Expression | None
    weight: exp.Expression | None

    def name(self, part: str) -> str:
        return f"a{self.index}_{part}"

    def column(self, part: str) -> exp.Expression:
        return exp.column(exp.to_identifier(self.name(part), quoted=True))

    @property
    def source(self) -> DataType:
        return self.call.arguments[0].type

    def filtered(self, aggregate: exp.Expression) -> exp.Expression:
        if self.condition is None:
            return aggregate
        return exp.Filter(this=aggregate, expression=exp.Where(this=self.condition.copy()))

    def part(self, part: str, partial: exp.Expression, merge: str, type_: str) -> PartialColumn:
        merged = cast(fn(merge, self.column(part)), type_)
        return PartialColumn(self.name(part), cast(self.filtered(partial), type_), merged, type_)


def aggregate_plan(
    call: AggregateCall,
    index: int,
    columns: Sequence[str],
    weight: str | None = None,
    time_zone: str = "UTC",
) -> AggregatePlan:
    """Partials, merge and result of one aggregate call.

    Args:
        call: the bound call.
        index: its place among the aggregates of the query; partial columns are named after it.
        columns: the DuckDB column names of the input.
        weight: name of the input column with +1 or -1, where the input is a changelog.
        time_zone: `table.local-time-zone`.

    Raises:
        SqlError: `plan.unsupported-aggregate` for one that has no partials yet.
    """
    args = tuple(lower(a, columns, time_zone) for a in call.arguments)
    condition = None if call.filter is None else lower(call.filter, columns, time_zone)
    weighed = None if weight is None else exp.column(exp.to_identifier(weight, quoted=True))
    given = _Input(call, index, args, condition, weighed)
    if call.user is not None:
        return _python(given)
    if call.function in ROW_AGGREGATES:
        return _rows(given, time_zone)
    if call.function not in PLANS:
        raise SqlError(
            f"{call.function} is not supported yet by the embedded engine",
            code="plan.unsupported-aggregate",
            hint=f"Use one of {', '.join((*PLANS, *sorted(ROW_AGGREGATES)))}.",
        )
    plan = PLANS[call.function](given)
    values_needed = call.distinct or (weight is not None and call.function not in _ADDITIVE)
    if call.function in ("MIN", "MAX") and weight is None:
        values_needed = False  # DISTINCT changes nothing for them
    if not values_needed:
        return plan
    return AggregatePlan(plan.partials, plan.final, True, args)


# --- Python --------------------------------------------------------------------------------------


def _python(given: _Input) -> AggregatePlan:
    """The rows themselves: the function folds them, behind the aggregate or in its state."""
    type_ = duckdb_type(rows_type(given.call))
    gathered = given.filtered(row_list(given.call, given.args, given.weight))
    lists = given.column("rows")
    part = PartialColumn(given.name("rows"), cast(gathered, type_), merged(lists), type_)
    return AggregatePlan((part,), given.column("rows"))


# --- lists of rows -------------------------------------------------------------------------------


def _rows(given: _Input, time_zone: str) -> AggregatePlan:
    weighed = given.weight is not None
    check_distinct(given.call, weighed)
    lists = RowLists(given.call, given.column("rows"), weighed, time_zone)
    rows = lists.partial(given.args, given.weight)
    if given.condition is not None:
        rows = _narrowed(rows, given.condition)
    ordered = fn("list_sort", rows)
    partial = cast(ordered if weighed else lists.kept(ordered), lists.type)
    merge, behind = cast(lists.merge(), lists.type), cast(lists.merge_behind(), lists.type)
    panes = cast(lists.merge_panes(), lists.type)
    part = PartialColumn(given.name("rows"), partial, merge, lists.type, behind, panes)
    return AggregatePlan((part,), lists.result())


def _narrowed(aggregate: exp.Expression, condition: exp.Expression) -> exp.Expression:
    """The aggregate with one more condition in its FILTER."""
    if not isinstance(aggregate, exp.Filter):
        return exp.Filter(this=aggregate, expression=exp.Where(this=condition.copy()))
    both = template(":a AND :b", a=aggregate.expression.this, b=condition)
    return exp.Filter(this=aggregate.this, expression=exp.Where(this=both))


# --- COUNT ---------------------------------------------------------------------------------------


def _counted(given: _Input, part: str, args: Sequence[exp.Expression]) -> PartialColumn:
    """Rows whose arguments are all there, by weight."""
    present: exp.Expression | None = None
    for arg in args:
        one = template("NOT (:a IS NULL)", a=arg)
        present = one if present is None else template(":p AND :o", p=present, o=one)
    if given.weight is None:
        if len(args) == 1:
            partial = fn("count", args[0])
        elif present is None:
            partial = exp.Count(this=exp.Star())
        else:
            partial = fn("count", template("CASE WHEN :p THEN 1 END", p=present))
    else:
        counted = given.weight
        if present is not None:
            counted = template("CASE WHEN :p THEN :w END", p=present, w=given.weight)
        partial = fn("sum", counted)
        partial = template("COALESCE(:s, 0)", s=given.filtered(partial))
        merged = cast(fn("sum", given.column(part)), "BIGINT")
        return PartialColumn(given.name(part), cast(partial, "BIGINT"), merged, "BIGINT")
    return given.part(part, partial, "sum", "BIGINT")


def _count(given: _Input) -> AggregatePlan:
    column = _counted(given, "count", given.args)
    if given.call.distinct:
        column = PartialColumn(column.name, _distinct_count(given), column.merge, column.type)
    return AggregatePlan((column,), template("COALESCE(:n, 0)", n=given.column("count")))


def _distinct_count(given: _Input) -> exp.Expression:
    """COUNT(DISTINCT a, b) leaves out rows in which any argument is NULL."""
    if len(given.args) == 1:
        counted: exp.Expression = given.args[0]
    else:
        present = " AND ".join(f"NOT (:a{i} IS NULL)" for i in range(len(given.args)))
        packed = ", ".join(f":a{i}" for i in range(len(given.args)))
        counted = template(
            f"CASE WHEN {present} THEN row({packed}) END",
            **{f"a{i}": a for i, a in enumerate(given.args)},
        )
    return given.filtered(exp.Count(this=exp.Distinct(expressions=[counted])))


# --- SUM and AVG ---------------------------------------------------------------------------------


def _distinct_or_plain(given: _Input, function: str, value: exp.Expression) -> exp.Expression:
    if given.call.distinct:
        return fn(function, exp.Distinct(expressions=[value]))
    return fn(function, value)


def _sum_part(given: _Input) -> PartialColumn:
    """The sum, exact for integers (modulo 2^64) and decimals; NULL where there was no value."""
    source, value = given.source, given.args[0]
    if source.is_integer:
        if given.weight is not None:
            carrier = "HUGEINT" if source.root is TypeRoot.BIGINT else "BIGINT"
            value = template(":v * :w", v=cast(value, carrier), w=given.weight)
        total = cast(given.filtered(_distinct_or_plain(given, "sum", value)), "HUGEINT")
        partial = integers.wrap(total, TypeRoot.BIGINT, "HUGEINT")
        merged = cast(fn("sum", given.column("sum")), "HUGEINT")
        merge = integers.wrap(merged, TypeRoot.BIGINT, "HUGEINT")
        return PartialColumn(given.name("sum"), partial, merge, "BIGINT")
    if source.root is TypeRoot.DECIMAL:
        type_ = f"DECIMAL(38, {source.scale or 0})"
        if given.weight is not None:
            signed = template("CASE WHEN :w < 0 THEN -:v ELSE :v END", w=given.weight, v=value)
            value = signed
        return given.part("sum", _distinct_or_plain(given, "sum", value), "sum", type_)
    value = cast(value, "DOUBLE")
    if given.weight is not None:
        value = template(":v * :w", v=value, w=given.weight)
    return given.part("sum", _distinct_or_plain(given, "sum", value), "sum", "DOUBLE")


def _sum(given: _Input) -> AggregatePlan:
    total = given.column("sum")
    sql = duckdb_type(given.call.type)
    if given.source.is_integer and given.source.root is not TypeRoot.BIGINT:
        final = _narrow(total, given.source.root)
    else:
        final = cast(total, sql)
    if given.weight is None:
        return AggregatePlan((_sum_part(given),), final)
    count = _counted(given, "count", given.args)
    final = template("CASE WHEN :n <> 0 THEN :sum END", n=given.column("count"), sum=final)
    return AggregatePlan((_sum_part(given), count), final)


def _narrow(total: exp.Expression, root: TypeRoot) -> exp.Expression:
    """The low bits of a BIGINT; formed in HUGEINT, as adding half the range may overflow."""
    return integers.wrap(cast(total, "HUGEINT"), root, "HUGEINT")


def _avg(given: _Input) -> AggregatePlan:
    total, n = given.column("sum"), given.column("count")
    result, source = given.call.type, given.source
    if source.is_integer:
        mean = cast(template(":sum // :n", sum=total, n=n), duckdb_type(result))
    elif source.root is TypeRoot.DECIMAL:
        wide = DataType(TypeRoot.DECIMAL, precision=38, scale=source.scale)
        shift = (result.scale or 0) - (source.scale or 0)
        digits = quotient(unscaled(total, wide), cast(n, "HUGEINT"), shift, 38)
        mean = scaled(digits, result)
    else:
        mean = cast(template(":sum / :n", sum=total, n=n), duckdb_type(result))
    count = _counted(given, "count", given.args)
    if given.call.distinct:
        count = PartialColumn(count.name, _distinct_count(given), count.merge, count.type)
    final = template("CASE WHEN :n <> 0 THEN :mean END", n=n, mean=mean)
    return AggregatePlan((_sum_part(given), count), final)


# --- variances -----------------------------------------------------------------------------------


def _variance(*, sample: bool, root: bool) -> Callable[[_Input], AggregatePlan]:
    """From sums of values and of squares, as Flink reduces them, computed in DOUBLE."""

    def plan(given: _Input) -> AggregatePlan:
        value = cast(given.args[0], "DOUBLE")
        square = template(":v * :v", v=value)
        weighed = square
        signed = value
        if given.weight is not None:
            weighed = template(":s * :w", s=square, w=given.weight)
            signed = template(":v * :w", v=value, w=given.weight)
        parts = (
            given.part("sum", _distinct_or_plain(given, "sum", signed), "sum", "DOUBLE"),
            given.part("squares", _distinct_or_plain(given, "sum", weighed), "sum", "DOUBLE"),
            _counted(given, "count", given.args),
        )
        n = given.column("count")
        variance = template(
            "greatest(:squares - :sum * :sum / :n, 0) / :d",
            squares=given.column("squares"),
            sum=given.column("sum"),
            n=n,
            d=template(":n - 1", n=n) if sample else n,
        )
        if root:
            variance = fn("sqrt", variance)
        if given.call.type.is_integer:  # Java's cast cuts off; DuckDB's rounds
            variance = fn("trunc", variance)
        final = template(
            "CASE WHEN :n > :least THEN :variance END",
            n=n,
            least=exp.Literal.number("1" if sample else "0"),
            variance=cast(variance, duckdb_type(given.call.type)),
        )
        return AggregatePlan(parts, final)

    return plan


# --- MIN and MAX ---------------------------------------------------------------------------------


def _extreme(function: str) -> Callable[[_Input], AggregatePlan]:
    def plan(given: _Input) -> AggregatePlan:
        type_ = duckdb_type(given.source)
        part = given.part(function, fn(function, given.args[0]), function, type_)
        return AggregatePlan((part,), given.column(function))

    return plan


_ADDITIVE = ("COUNT", "SUM", "AVG", "STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP")

PLANS: Mapping[str, Callable[[_Input], AggregatePlan]] = {
    "COUNT": _count,
    "SUM": _sum,
    "AVG": _avg,
    "STDDEV_POP": _variance(sample=False, root=True),
    "STDDEV_SAMP": _variance(sample=True, root=True),
    "VAR_POP": _variance(sample=False, root=False),
    "VAR_SAMP": _variance(sample=True, root=False),
    "MIN": _extreme("min"),
    "MAX": _extreme("max"),
}
