"""Values as JSON texts: keys in order, numbers as `BigDecimal` writes them."""

from __future__ import annotations

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import instants
from tidemill.plan.lowering.approximate_text import double_text
from tidemill.plan.lowering.build import cast, fn, template, text

_PLAIN_SCALE = 6
"""A DECIMAL of this scale at most is never written with an exponent."""


def json_text(value: exp.Expression, type_: DataType, time_zone: str) -> exp.Expression:
    """The JSON text of a value; NULL for NULL."""
    root = type_.root
    if type_.is_string:
        return cast(fn("to_json", value), "VARCHAR")
    if root is TypeRoot.BOOLEAN:
        return cast(value, "VARCHAR")
    if root in (TypeRoot.FLOAT, TypeRoot.DOUBLE):
        return fn("flink_big_decimal", double_text(cast(value, "DOUBLE")))
    if root is TypeRoot.DECIMAL and (type_.scale or 0) > _PLAIN_SCALE:
        return fn("flink_big_decimal", cast(value, "VARCHAR"))
    if type_.is_timestamp:
        return _timestamp(value, type_)
    if root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        return template("'\"' || base64(:v) || '\"'", v=value)
    if root in (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.ROW):
        return _constructed(value, type_, time_zone)
    return cast(value, "VARCHAR")


def key_text(key: str) -> str:
    """A constant key with its quotes, as Jackson writes it."""
    escaped = "".join(_ESCAPES.get(c, f"\\u{ord(c):04X}" if c < " " else c) for c in key)
    return f'"{escaped}":'


_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def or_null(value: exp.Expression) -> exp.Expression:
    """The text, or `null`."""
    return fn("coalesce", value, text("null"))


def _timestamp(value: exp.Expression, type_: DataType) -> exp.Expression:
    """ISO, without zeros behind the last digit of the fraction; an instant ends in Z."""
    local = instants.to_local(value, type_, "UTC")
    digits = "%n" if instants.is_nanos(type_) else "%f"
    return template(
        "'\"' || rtrim(rtrim(strftime(:v, :p), '0'), '.') || :end",
        v=local,
        p=text(f"%Y-%m-%dT%H:%M:%S.{digits}"),
        end=text('Z"' if type_.root is TypeRoot.TIMESTAMP_LTZ else '"'),
    )


def _constructed(value: exp.Expression, type_: DataType, time_zone: str) -> exp.Expression:
    if type_.root is TypeRoot.ROW:
        parts: list[exp.Expression] = []
        for field in sorted(type_.fields, key=lambda f: f.name.encode("utf-16-be")):
            inner = json_text(fn("struct_extract", value, text(field.name)), field.type, time_zone)
            parts.append(
                template(":key || :value", key=text(key_text(field.name)), value=or_null(inner))
            )
        listed = fn("concat_ws", text(","), *parts)
        around = "CASE WHEN :v IS NOT NULL THEN '{' || :listed || '}' END"
        return template(around, v=value, listed=listed)
    if type_.element is not None:
        body = or_null(json_text(exp.column("x"), type_.element, time_zone))
        items = value
        around = "CASE WHEN :v IS NOT NULL THEN '[' || COALESCE(:listed, '') || ']' END"
    else:
        assert type_.key is not None
        assert type_.value is not None
        key = json_text(exp.column("key", table="x"), type_.key, time_zone)
        held = or_null(json_text(exp.column("value", table="x"), type_.value, time_zone))
        body = template(":key || ':' || :held", key=key, held=held)
        items = fn("list_sort", fn("map_entries", value))
        around = "CASE WHEN :v IS NOT NULL THEN '{' || COALESCE(:listed, '') || '}' END"
    each = exp.Lambda(this=body, expressions=[exp.to_identifier("x")])
    listed = fn("array_to_string", fn("list_transform", items, each), text(","))
    return template(around, v=value, listed=listed)
