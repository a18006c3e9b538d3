"""Values as text, written as Flink (that is, Java) writes them."""

from __future__ import annotations

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import instants
from tidemill.plan.lowering.approximate_text import double_text, float_text
from tidemill.plan.lowering.build import cast, fn, number, template, text
from tidemill.plan.lowering.encodings import decode_utf8


def to_text(value: exp.Expression, source: DataType, time_zone: str) -> exp.Expression:
    """The text of a value, of any length."""
    root = source.root
    if source.is_string:
        return value
    if root is TypeRoot.BOOLEAN:
        return template("CASE WHEN :v THEN 'TRUE' WHEN NOT :v THEN 'FALSE' END", v=value)
    if root in (TypeRoot.FLOAT, TypeRoot.DOUBLE):
        return float_text(value) if root is TypeRoot.FLOAT else double_text(value)
    if source.is_timestamp:
        local = instants.to_local(value, source, time_zone)
        return timestamp_text(local, source.precision or 0)
    if root is TypeRoot.TIME:
        return time_text(value, source.precision or 0)
    if root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        return decode_utf8(value)
    if source.is_interval:
        return _interval_text(value, root)
    if root in (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.ROW):
        return _constructed_text(value, source, time_zone)
    return cast(value, "VARCHAR")


def _constructed_text(value: exp.Expression, source: DataType, time_zone: str) -> exp.Expression:
    """`[1, NULL]`, `{a=1, b=NULL}`, `(1, a)`."""
    if source.root is TypeRoot.ROW:
        parts = [
            _or_null(fn("struct_extract", value, text(f.name)), f.type, time_zone)
            for f in source.fields
        ]
        listed = fn("concat_ws", text(", "), *parts)
        around = "CASE WHEN :value IS NOT NULL THEN '(' || :listed || ')' END"
        return template(around, value=value, listed=listed)
    if source.element is not None:
        body = _or_null(exp.column("x"), source.element, time_zone)
        items = value
        around = "CASE WHEN :value IS NOT NULL THEN '[' || COALESCE(:listed, '') || ']' END"
    else:
        assert source.key is not None
        assert source.value is not None
        key = _or_null(exp.column("key", table="x"), source.key, time_zone)
        held = _or_null(exp.column("value", table="x"), source.value, time_zone)
        body = template(":key || '=' || :held", key=key, held=held)
        items = fn("map_entries", value)
        around = "CASE WHEN :value IS NOT NULL THEN '{' || COALESCE(:listed, '') || '}' END"
    each = exp.Lambda(this=body, expressions=[exp.to_identifier("x")])
    listed = fn("array_to_string", fn("list_transform", items, each), text(", "))
    return template(around, value=value, listed=listed)


def _or_null(value: exp.Expression, type_: DataType, time_zone: str) -> exp.Expression:
    return fn("coalesce", to_text(value, type_, time_zone), text("NULL"))


def _interval_text(value: exp.Expression, root: TypeRoot) -> exp.Expression:
    """`+1-02` or `+1 02:03:04.567`."""
    if root is TypeRoot.INTERVAL_YEAR_MONTH:
        months = template("date_part('year', :v) * 12 + date_part('month', :v)", v=value)
        return template(
            "CASE WHEN :m < 0 THEN '-' ELSE '+' END || CAST(abs(:m) // 12 AS VARCHAR) || '-' "
            "|| lpad(CAST(abs(:m) % 12 AS VARCHAR), 2, '0')",
            m=months,
        )
    millis = template("CAST(round(epoch(:v) * 1000) AS BIGINT)", v=value)
    return template(
        "CASE WHEN :m < 0 THEN '-' ELSE '+' END || CAST(abs(:m) // 86400000 AS VARCHAR) || ' ' "
        "|| strftime(make_timestamp(abs(:m) % 86400000 * 1000), '%H:%M:%S.%g')",
        m=millis,
    )


def timestamp_text(value: exp.Expression, digits: int) -> exp.Expression:
    """`2020-01-02 03:04:05` with exactly so many fractional digits."""
    plain = "%Y-%m-%d %H:%M:%S"
    if digits == 0:
        return fn("strftime", value, text(plain))
    if digits in (3, 6):
        return fn("strftime", value, text(plain + (".%g" if digits == 3 else ".%f")))
    full = fn("strftime", value, text(plain + (".%n" if digits > 6 else ".%f")))
    return fn("left", full, number(20 + digits))


def time_text(value: exp.Expression, digits: int) -> exp.Expression:
    """`03:04:05`, and for a TIME with fraction at least one digit of it."""
    whole = fn("left", cast(value, "VARCHAR"), number(8))
    if digits == 0:
        return whole
    return template(
        ":whole || '.' || CASE WHEN :cut = '' THEN '0' ELSE :cut END",
        whole=whole,
        cut=fn(
            "rtrim",
            fn("left", fn("lpad", _milliseconds(value), number(3), text("0")), number(digits)),
            text("0"),
        ),
    )


def _milliseconds(value: exp.Expression) -> exp.Expression:
    return cast(template("date_part('milliseconds', :v) % 1000", v=value), "VARCHAR")
