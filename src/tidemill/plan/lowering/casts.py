"""CAST and TRY_CAST with Flink's results: Java's number texts, wrap-around, half-up decimals.

Facts followed: a text that does not fit fails the row (TRY_CAST: NULL); a number that has no room
in a DECIMAL is NULL in both; integers narrow by dropping high bits; DOUBLE to an integer truncates
and stops at the type's bounds.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import instants, integers
from tidemill.plan.lowering.approximate_text import shortest
from tidemill.plan.lowering.build import cast, duckdb_type, error, fn, number, template, text
from tidemill.plan.lowering.decimals import unscaled
from tidemill.plan.lowering.from_text import parse_text
from tidemill.plan.lowering.to_text import to_text

_APPROXIMATE = (TypeRoot.FLOAT, TypeRoot.DOUBLE)
_BINARY = (TypeRoot.BINARY, TypeRoot.VARBINARY)
_STAMPS = (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ)
_ZONE_FREE = (TypeRoot.DATE, TypeRoot.TIME, TypeRoot.TIMESTAMP)


def lower_cast(
    value: exp.Expression, source: DataType, target: DataType, safe: bool, time_zone: str
) -> exp.Expression:
    """`value` of type `source` as `target`."""
    if source.root is TypeRoot.NULL:
        return cast(exp.Null(), duckdb_type(target))
    if source.with_nullable(True) == target.with_nullable(True):
        return value
    if source.is_string and not target.is_string and target.root not in _BINARY:
        parsed = parse_text(value, target, time_zone)
        return parsed if safe else required(parsed, value, target)
    if target.is_string:
        return fit_length(to_text(value, source, time_zone), source, target)
    if target.root in _BINARY:
        return _to_binary(value, source, target)
    if source.root in _STAMPS or source.root in (TypeRoot.DATE, TypeRoot.TIME):
        return _temporal(value, source, target, time_zone)
    if source.root in (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.ROW, TypeRoot.MULTISET):
        return _constructed(value, source, target, safe, time_zone)
    return _numeric(value, source, target)


def required(parsed: exp.Expression, value: exp.Expression, target: DataType) -> exp.Expression:
    """`parsed`, or a failed row where it is NULL although the value is not."""
    failure = error("engine.bad-cast", f"cannot cast to {target.sql()} the value", value)
    return template(
        "COALESCE(:parsed, CASE WHEN :value IS NOT NULL THEN :failure END)",
        parsed=parsed,
        value=value,
        failure=cast(failure, duckdb_type(target)),
    )


# --- lengths -------------------------------------------------------------------------------------


def fit_length(value: exp.Expression, source: DataType, target: DataType) -> exp.Expression:
    """A string cut to the target's length, and padded with spaces for CHAR."""
    length = target.length or 1
    if target.root is TypeRoot.CHAR:
        if source.root is TypeRoot.CHAR and source.length == length:
            return value
        return fn("rpad", value, number(length), text(" "))
    if source.is_string and (source.length or 0) <= length:
        return value
    if length > 1_000_000:
        return value
    return fn("left", value, number(length))


def _to_binary(value: exp.Expression, source: DataType, target: DataType) -> exp.Expression:
    length = target.length or 1
    blob = fn("encode", value) if source.is_string else value
    if target.root is TypeRoot.VARBINARY:
        shorter = source.root in _BINARY and (source.length or 0) <= length
        return (
            blob if shorter or length > 1_000_000 else fn("array_slice", blob, *_from_one(length))
        )
    padding = fn("from_hex", text("00" * length))
    return fn(
        "array_slice", template(":blob || :padding", blob=blob, padding=padding), *_from_one(length)
    )


def _from_one(length: int) -> tuple[exp.Expression, exp.Expression]:
    return number(1), number(length)


# --- numbers and booleans ------------------------------------------------------------------------


def _numeric(value: exp.Expression, source: DataType, target: DataType) -> exp.Expression:
    if source.root is TypeRoot.BOOLEAN:
        return cast(
            template("CASE WHEN :v THEN 1 WHEN NOT :v THEN 0 END", v=value), duckdb_type(target)
        )
    if target.root is TypeRoot.BOOLEAN:
        return template(":v <> 0", v=value)
    if target.is_integer:
        return _to_integer(value, source, target)
    if target.root is TypeRoot.DECIMAL:
        return _to_decimal(value, source, target)
    return _to_approximate(value, source, target)


def _to_integer(value: exp.Expression, source: DataType, target: DataType) -> exp.Expression:
    root = target.root
    if source.is_integer:
        if integers.BITS[source.root] <= integers.BITS[root]:
            return cast(value, duckdb_type(target))
        carrier = "HUGEINT" if source.root is TypeRoot.BIGINT else "BIGINT"
        return integers.wrap(cast(value, carrier), root, carrier)
    if source.root is TypeRoot.DECIMAL:
        whole = cast(fn("trunc", value), "HUGEINT")
        if (source.precision or 0) - (source.scale or 0) <= _SAFE_DIGITS[root]:
            return cast(whole, duckdb_type(target))
        return integers.wrap(whole, root, "HUGEINT")
    return _saturated(value, root)


_SAFE_DIGITS = {
    TypeRoot.TINYINT: 2,
    TypeRoot.SMALLINT: 4,
    TypeRoot.INTEGER: 9,
    TypeRoot.BIGINT: 18,
}


def _saturated(value: exp.Expression, root: TypeRoot) -> exp.Expression:
    """A FLOAT or DOUBLE as Java's `(int)` and `(long)` have it; narrower types go through `int`."""
    carrier = TypeRoot.BIGINT if root is TypeRoot.BIGINT else TypeRoot.INTEGER
    bound = 1 << (integers.BITS[carrier] - 1)
    sql = integers.SQL[carrier]
    whole = template(
        "CASE WHEN :v >= :low AND :v < :high THEN :cast "
        "WHEN isnan(:v) THEN 0 WHEN :v > 0 THEN :most WHEN :v < 0 THEN :least END",
        v=value,
        low=cast(text(str(-bound)), "DOUBLE"),
        high=cast(text(str(bound)), "DOUBLE"),
        cast=cast(fn("trunc", value), sql),
        most=cast(text(str(bound - 1)), sql),
        least=cast(text(str(-bound)), sql),
    )
    if root is carrier:
        return whole
    return integers.wrap(cast(whole, "BIGINT"), root, "BIGINT")


def _to_decimal(value: exp.Expression, source: DataType, target: DataType) -> exp.Expression:
    sql = duckdb_type(target)
    if source.root in _APPROXIMATE:
        # Through the shortest text, as Java: 1.005 is 1.01 with two digits, not 1.00.
        return cast(shortest(cast(value, "DOUBLE")), sql, safe=True)
    return cast(value, sql, safe=True)


def _to_approximate(value: exp.Expression, source: DataType, target: DataType) -> exp.Expression:
    sql = duckdb_type(target)
    if source.root is TypeRoot.DOUBLE:  # to FLOAT: what is too large is infinite
        return template(
            "COALESCE(:narrow, CASE WHEN :v > 0 THEN :most WHEN :v < 0 THEN :least END)",
            narrow=cast(value, sql, safe=True),
            v=value,
            most=cast(text("Infinity"), sql),
            least=cast(text("-Infinity"), sql),
        )
    precision, scale = source.precision or 0, source.scale or 0
    if source.root is TypeRoot.DECIMAL and precision > 18:
        return cast(cast(cast(value, "VARCHAR"), "DOUBLE"), sql)
    if source.root is TypeRoot.DECIMAL and precision > 15 and scale:
        power = cast(text(str(10**scale)), "DOUBLE")
        digits = cast(unscaled(value, source), "DOUBLE")
        return cast(template(":digits / :power", digits=digits, power=power), sql)
    return cast(value, sql)


# --- time ----------------------------------------------------------------------------------------


def _temporal(
    value: exp.Expression, source: DataType, target: DataType, time_zone: str
) -> exp.Expression:
    if source.root is target.root:
        return instants.with_precision(value, source, target)
    instant = source.root is TypeRoot.TIMESTAMP_LTZ
    if instant:
        value = instants.to_local(value, source, time_zone)
        source = DataType(TypeRoot.TIMESTAMP, source.nullable, precision=source.precision)
    if source.root is TypeRoot.TIME:
        value = template("DATE '1970-01-01' + :v", v=value)
    if target.root is TypeRoot.DATE:
        return cast(value, "DATE") if instant else instants.day(cast(value, "TIMESTAMP"), source)
    if target.root is TypeRoot.TIME:
        if source.root is TypeRoot.TIMESTAMP and not instant and not target.precision:
            # Before 1970 Flink cuts the fraction toward 1970.
            value = template(
                "CASE WHEN epoch_ms(:v) < 0 THEN make_timestamp((epoch_ms(:v) // 1000) * 1000000) "
                "ELSE CAST(:v AS TIMESTAMP) END",
                v=value,
            )
        return instants.time_of_day(value, target.precision or 0)
    stamp = DataType(TypeRoot.TIMESTAMP, target.nullable, precision=target.precision)
    moved = cast(value, duckdb_type(stamp))
    if source.root is TypeRoot.TIMESTAMP:
        moved = instants.with_precision(value, source, stamp)
    if target.root is TypeRoot.TIMESTAMP_LTZ:
        return instants.from_local(moved, stamp, time_zone)
    return moved


# --- constructed types ---------------------------------------------------------------------------


def _constructed(
    value: exp.Expression, source: DataType, target: DataType, safe: bool, time_zone: str
) -> exp.Expression:
    """Element by element; a NULL stays a NULL."""
    inner: Callable[[exp.Expression, DataType, DataType], exp.Expression]
    inner = lambda v, s, t: lower_cast(v, s, t, safe, time_zone)  # noqa: E731
    if source.root is TypeRoot.ARRAY and source.element and target.element:
        element = exp.column("x")
        body = inner(element, source.element, target.element)
        made = fn("list_transform", value, _lambda("x", body))
        if safe and source.element.is_string and not target.element.is_string:
            # One text that cannot be read makes the whole NULL.
            return template(
                "CASE WHEN len(list_filter(:made, lambda x: x IS NULL)) "
                "= len(list_filter(:value, lambda x: x IS NULL)) THEN :made END",
                made=made,
                value=value,
            )
        return made
    if source.root is TypeRoot.ROW:
        parts = [
            exp.PropertyEQ(
                this=exp.to_identifier(to.name, quoted=True),
                expression=inner(
                    fn("struct_extract", value.copy(), text(of.name)), of.type, to.type
                ),
            )
            for of, to in zip(source.fields, target.fields, strict=True)
        ]
        built = exp.Struct(expressions=parts)
        return template("CASE WHEN :v IS NOT NULL THEN :built END", v=value, built=built)
    if source.root is TypeRoot.MAP and source.key and target.key:
        keys = DataType(TypeRoot.ARRAY, element=source.key)
        values = DataType(TypeRoot.ARRAY, element=source.value)
        return fn(
            "map",
            inner(fn("map_keys", value), keys, DataType(TypeRoot.ARRAY, element=target.key)),
            inner(
                fn("map_values", value.copy()),
                values,
                DataType(TypeRoot.ARRAY, element=target.value),
            ),
        )
    return cast(value, duckdb_type(target))


def _lambda(name: str, body: exp.Expression) -> exp.Expression:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(name)])
