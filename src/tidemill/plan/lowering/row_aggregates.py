"""Aggregates that depend on the order of their rows, or on every one of them.

Their partial is the list of a group's rows, each with its place `r`, its arguments `a0`... and,
over a changelog, its weight `w`. A row that goes takes the first equal one with it, as Flink's
lists do. The first and the last value need one row only, unless rows can go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from tidemill.errors import SqlError
from tidemill.plan.lowering.build import cast, duckdb_type, error, fn, template, text
from tidemill.plan.lowering.json_text import json_text, or_null
from tidemill.plan.physical import ROW
from tidemill.records import dataclass
from tidemill.sql.expressions import AggregateCall, Call, Cast, Expression, Literal

BEFORE = "b"
"""Hidden column: whether the partials are those stored before the batch."""


@dataclass(frozen=True, slots=True)
class RowLists:
    """The expressions of one aggregate over lists of rows; `column` is the partial's column."""

    call: AggregateCall
    column: exp.Expression
    weighed: bool
    time_zone: str

    # -- the partial

    @property
    def stored(self) -> list[int]:
        """The first argument, which is the value, and what else is no constant."""
        arguments = enumerate(self.call.arguments)
        return [i for i, a in arguments if i == 0 or not _is_constant(a)]

    @property
    def counts_nulls(self) -> bool:
        """Whether rows count whose first argument is NULL."""
        function = self.call.function
        return function in ("ARRAY_AGG", "JSON_OBJECTAGG") or self.word == "NULL"

    @property
    def word(self) -> object:
        """What a JSON aggregate does with NULLs."""
        return self.constant(-1) if self.call.function.startswith("JSON_") else None

    @property
    def type(self) -> str:
        """The DuckDB type of the partial."""
        fields = ['"r" BIGINT']
        fields += [f'"a{i}" {duckdb_type(self.call.arguments[i].type)}' for i in self.stored]
        fields += ['"w" TINYINT'] if self.weighed else []
        return f"STRUCT({', '.join(fields)})[]"

    def partial(
        self, arguments: tuple[exp.Expression, ...], weight: exp.Expression | None
    ) -> exp.Expression:
        """The rows of a batch in their order; those that the function overlooks are left out."""
        values: dict[str, exp.Expression] = {"r": exp.column(exp.to_identifier(ROW, quoted=True))}
        values |= {f"a{i}": arguments[i] for i in self.stored}
        if self.call.function == "JSON_OBJECTAGG":
            failure = error("engine.invalid-argument", "JSON_OBJECTAGG takes no NULL as a key")
            values["a0"] = fn("coalesce", values["a0"], cast(failure, "VARCHAR"))
        values |= {} if weight is None else {"w": cast(weight.copy(), "TINYINT")}
        pairs = [
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value.copy())
            for name, value in values.items()
        ]
        gathered: exp.Expression = fn("list", exp.Struct(expressions=pairs))
        dropped = arguments[0]
        if self.call.function == "JSON_OBJECTAGG" and self.word == "ABSENT":
            dropped = arguments[1]
        elif self.counts_nulls:
            return gathered
        present = exp.Where(this=template("NOT (:a IS NULL)", a=dropped))
        return exp.Filter(this=gathered, expression=present)

    def kept(self, rows: exp.Expression) -> exp.Expression:
        """Of rows in order, those that can still count."""
        if self.weighed:
            return _net(rows, self.stored)
        if self.call.distinct:
            rows = _distinct(rows)
        if self.call.function == "FIRST_VALUE":
            return template("list_slice(:rows, 1, 1)", rows=rows)
        if self.call.function == "LAST_VALUE":
            return template("list_slice(:rows, -1, -1)", rows=rows)
        return rows

    # -- merging

    def merge(self) -> exp.Expression:
        """Of partials whose rows have their place in the stream."""
        joined = template(
            "list_sort(flatten(list(:rows) FILTER (WHERE :rows IS NOT NULL)))", rows=self.column
        )
        return joined if self.weighed else self.kept(joined)

    def merge_panes(self) -> exp.Expression:
        """Of the panes of a window, in the order in which Flink joins them: by `o1`, then `o2`."""
        placed = template(
            "list_transform(:rows, lambda x: struct_pack(o1 := o1, o2 := o2, x := x))",
            rows=self.column,
        )
        joined = template(
            "list_transform(list_sort(flatten(list(:placed) FILTER (WHERE :rows IS NOT NULL))), "
            "lambda y: y.x)",
            placed=placed,
            rows=self.column,
        )
        return self.kept(joined)

    def merge_behind(self) -> exp.Expression:
        """Of the stored partial and a batch's behind it, whose rows are numbered anew."""
        joined = template(
            "flatten(list(:rows ORDER BY b DESC) FILTER (WHERE :rows IS NOT NULL))",
            rows=self.column,
        )
        names = [f"a{i}" for i in self.stored] + ["w"] * self.weighed
        fields = ", ".join(f"{name} := x.{name}" for name in names)
        numbered = template(
            f"list_transform(:rows, lambda x, i: struct_pack(r := i, {fields}))", rows=joined
        )
        return self.kept(numbered)

    # -- the result

    def result(self) -> exp.Expression:
        """The value over the merged partial."""
        rows = self.kept(self.column) if self.weighed else self.column
        values = template("list_transform(:rows, lambda x: x.a0)", rows=rows)
        made = _RESULTS[self.call.function](self, rows, values)
        return cast(made, duckdb_type(self.call.type))

    def constant(self, index: int) -> object:
        """The value of an argument that is a literal."""
        argument = self.call.arguments[index]
        return argument.value if isinstance(argument, Literal) else None


def _is_constant(argument: Expression) -> bool:
    if isinstance(argument, Call) and argument.function == "ARRAY":
        return all(map(_is_constant, argument.arguments))
    return isinstance(argument.argument if isinstance(argument, Cast) else argument, Literal)


def _same(of: str, other: str, arguments: list[int]) -> str:
    return " AND ".join(f"{of}.a{i} IS NOT DISTINCT FROM {other}.a{i}" for i in arguments) or "TRUE"


def _net(rows: exp.Expression, arguments: list[int]) -> exp.Expression:
    """Rows that came, without the first equal one for each that went."""
    came = f"lambda y: y.w > 0 AND {_same('y', 'x', arguments)}"
    went = f"lambda z: z.w < 0 AND {_same('z', 'x', arguments)}"
    return template(
        "CASE WHEN len(list_filter(:rows, lambda x: x.w < 0)) = 0 THEN :rows ELSE "
        "list_filter(:rows, lambda x, i: x.w > 0 AND "
        f"len(list_filter(list_slice(:rows, 1, i), {came})) "
        f"> len(list_filter(:rows, {went}))) END",
        rows=rows,
    )


def _distinct(rows: exp.Expression) -> exp.Expression:
    """The first row of each value."""
    return template(
        "list_filter(:rows, lambda x, i: len(list_filter(list_slice(:rows, 1, i - 1), "
        f"lambda y: {_same('y', 'x', [0])})) = 0)",
        rows=rows,
    )


# --- results -------------------------------------------------------------------------------------


def _first(_: RowLists, __: exp.Expression, values: exp.Expression) -> exp.Expression:
    return fn("list_extract", values, exp.Literal.number(1))


def _last(_: RowLists, __: exp.Expression, values: exp.Expression) -> exp.Expression:
    return template("list_extract(:v, -1)", v=values)


def _listagg(lists: RowLists, __: exp.Expression, values: exp.Expression) -> exp.Expression:
    separator = "," if len(lists.call.arguments) == 1 else str(lists.constant(1))
    return template(
        "CASE WHEN len(:v) > 0 THEN array_to_string(:v, :sep) END",
        v=values,
        sep=text(separator),
    )


def _array(_: RowLists, __: exp.Expression, values: exp.Expression) -> exp.Expression:
    return template("CASE WHEN len(:v) > 0 THEN :v END", v=values)


def _collect(lists: RowLists, __: exp.Expression, values: exp.Expression) -> exp.Expression:
    return template(
        "CASE WHEN len(:v) > 0 THEN list_aggregate(:v, 'histogram') ELSE map() END",
        v=values,
    )


def _percentile(lists: RowLists, __: exp.Expression, values: exp.Expression) -> exp.Expression:
    """Between the two nearest values in proportion; NULL of none."""
    ordered = template("list_sort(list_transform(:v, lambda x: CAST(x AS DOUBLE)))", v=values)
    shares = percentages(lists.call.arguments[1])
    made = [
        template(
            "CASE WHEN len(:o) > 0 THEN "
            "list_extract(:o, CAST(floor((len(:o) - 1) * :p) AS BIGINT) + 1) "
            "+ (list_extract(:o, CAST(ceil((len(:o) - 1) * :p) AS BIGINT) + 1) "
            "- list_extract(:o, CAST(floor((len(:o) - 1) * :p) AS BIGINT) + 1)) "
            "* ((len(:o) - 1) * :p - floor((len(:o) - 1) * :p)) END",
            o=ordered,
            p=cast(text(repr(share)), "DOUBLE"),
        )
        for share in shares
    ]
    if lists.call.type.element is None:
        return made[0]
    some = template("len(:o) > 0", o=ordered)
    return template("CASE WHEN :some THEN :made END", some=some, made=fn("list_value", *made))


def percentages(argument: Expression) -> list[float]:
    """The percentages of PERCENTILE: literals, as its declaration has seen to."""
    found = []
    for item in argument.arguments if isinstance(argument, Call) else (argument,):
        literal = item.argument if isinstance(item, Cast) else item
        assert isinstance(literal, Literal)
        found.append(float(str(literal.value)))
    return found


def _json_array(lists: RowLists, rows: exp.Expression, _: exp.Expression) -> exp.Expression:
    body = json_text(
        exp.Dot.build([exp.to_identifier("x"), exp.to_identifier("a0")]),
        lists.call.arguments[0].type,
        lists.time_zone,
    )
    each = exp.Lambda(this=or_null(body), expressions=[exp.to_identifier("x")])
    return template(
        "'[' || COALESCE(array_to_string(:items, ','), '') || ']'",
        items=fn("list_transform", rows, each),
    )


def _json_object(lists: RowLists, rows: exp.Expression, _: exp.Expression) -> exp.Expression:
    """Keys in order; as in Flink, a key that is there twice is an error."""
    key, value = (
        exp.Dot.build([exp.to_identifier("x"), exp.to_identifier(name)]) for name in ("a0", "a1")
    )
    written = or_null(json_text(value, lists.call.arguments[1].type, lists.time_zone))
    pair = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier("k"), expression=key),
            exp.PropertyEQ(
                this=exp.to_identifier("t"),
                expression=template(
                    ":key || ':' || :value",
                    key=json_text(key.copy(), lists.call.arguments[0].type, lists.time_zone),
                    value=written,
                ),
            ),
        ]
    )
    pairs = fn("list_transform", rows, exp.Lambda(this=pair, expressions=[exp.to_identifier("x")]))
    twice = error("engine.invalid-argument", "JSON_OBJECTAGG has a key twice")
    return template(
        "CASE WHEN len(list_distinct(list_transform(:rows, lambda x: x.a0))) < len(:rows) "
        "THEN CAST(:twice AS VARCHAR) ELSE '{' || COALESCE(array_to_string("
        "list_transform(list_sort(:pairs), lambda p: p.t), ','), '') || '}' END",
        rows=rows,
        twice=twice,
        pairs=pairs,
    )


_Result = Callable[[RowLists, exp.Expression, exp.Expression], exp.Expression]
_RESULTS: Mapping[str, _Result] = {
    "FIRST_VALUE": _first,
    "LAST_VALUE": _last,
    "LISTAGG": _listagg,
    "ARRAY_AGG": _array,
    "COLLECT": _collect,
    "PERCENTILE": _percentile,
    "JSON_ARRAYAGG": _json_array,
    "JSON_OBJECTAGG": _json_object,
}

ROW_AGGREGATES = frozenset(_RESULTS)
"""The aggregates over lists of rows."""

OF_PANES = frozenset(("COLLECT", "PERCENTILE"))
"""Those whose value does not depend on the order in which Flink joins the panes of a window."""
IN_PANES = frozenset(("LISTAGG", "ARRAY_AGG"))
"""Those that Flink joins from panes on a grid, in an order that is known."""


def check_distinct(call: AggregateCall, weighed: bool) -> None:
    """Refuse DISTINCT where the order of first arrivals is not kept."""
    if call.distinct and weighed:
        raise SqlError(
            f"{call.function}(DISTINCT ...) cannot take rows back, and its input is a changelog",
            code="plan.unsupported-aggregate",
            hint="Leave out DISTINCT, or aggregate rows that are only added.",
        )
