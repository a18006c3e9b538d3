"""Arrow values as JSON text, value by value: the reference that the vectorised encoder agrees with.

Used for small batches, nested types, and the few values that SQL would write differently.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from tidemill.errors import ConnectorError, ProjectError
from tidemill.formats.common import temporal
from tidemill.formats.common.java_text import (
    decimal_text,
    double_text,
    float_text,
    json_string,
)
from tidemill.formats.json.options import EncodeRules
from tidemill.model import DataType, TypeRoot

Texts = list[str | None]


def texts(array: pa.Array, type_: DataType, rules: EncodeRules) -> Texts:
    """The JSON text of each value; None for NULL."""
    root = type_.root
    if root is TypeRoot.ROW:
        return _row_texts(array, type_, rules)
    if root is TypeRoot.ARRAY and type_.element is not None:
        return _array_texts(array, type_.element, rules)
    if root in (TypeRoot.MAP, TypeRoot.MULTISET):
        return _map_texts(array, type_, rules)
    write = scalar_writer(type_, rules)
    return [None if value is None else write(value) for value in plain(array).to_pylist()]


def plain(array: pa.Array) -> pa.Array:
    """The array with dates and times as their integers, which Python can always hold."""
    if pa.types.is_temporal(array.type) and not pa.types.is_interval(array.type):
        return array.view(pa.int32() if array.type.bit_width == 32 else pa.int64())
    return array


def scalar_writer(type_: DataType, rules: EncodeRules) -> Callable[[Any], str]:
    """How one value of a scalar type, as `plain` gives it, becomes JSON text."""
    root = type_.root
    if root in (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ):
        rule = temporal.TimestampRule(rules.iso, utc=root is TypeRoot.TIMESTAMP_LTZ)
        unit = str(type_.arrow().unit)
        return lambda value: f'"{temporal.timestamp_text(value, unit, rule)}"'
    if root is TypeRoot.DECIMAL:
        return lambda value: decimal_text(value, rules.plain_decimals)
    writers: dict[TypeRoot, Callable[[Any], str]] = {
        TypeRoot.BOOLEAN: lambda value: "true" if value else "false",
        TypeRoot.TINYINT: str,
        TypeRoot.SMALLINT: str,
        TypeRoot.INTEGER: str,
        TypeRoot.BIGINT: str,
        TypeRoot.FLOAT: lambda value: _quoted_unless_finite(float_text(value)),
        TypeRoot.DOUBLE: lambda value: _quoted_unless_finite(double_text(value)),
        TypeRoot.CHAR: json_string,
        TypeRoot.VARCHAR: json_string,
        TypeRoot.BINARY: lambda value: f'"{base64.b64encode(value).decode()}"',
        TypeRoot.VARBINARY: lambda value: f'"{base64.b64encode(value).decode()}"',
        TypeRoot.DATE: lambda value: f'"{temporal.date_text(value)}"',
        TypeRoot.TIME: lambda value: f'"{temporal.time_text(value * 1_000_000)}"',
        TypeRoot.NULL: lambda _: "null",
    }
    if root not in writers:
        raise ProjectError(
            f"the JSON formats cannot write a column of type {type_.sql()}",
            code="format.unsupported-type",
            hint="Convert the column to STRING or BIGINT in the query.",
        )
    return writers[root]


def check_writable(type_: DataType, rules: EncodeRules) -> None:
    """Raise ProjectError for a type that JSON cannot carry."""
    if type_.root is TypeRoot.MAP and (type_.key is None or not type_.key.is_string):
        raise ProjectError(
            f"the JSON formats need text as the key of a map, not {type_.sql()}",
            code="format.unsupported-type",
            hint="Convert the key to STRING in the query.",
        )
    parts = [type_.element, type_.value, *(field.type for field in type_.fields)]
    for part in parts:
        if part is not None:
            check_writable(part, rules)
    if not any(parts):
        scalar_writer(type_, rules)


def _quoted_unless_finite(text: str) -> str:
    return f'"{text}"' if text[-1] in "yN" else text


def _row_texts(array: pa.StructArray, type_: DataType, rules: EncodeRules) -> Texts:
    columns = [texts(array.field(i), f.type, rules) for i, f in enumerate(type_.fields)]
    names = [json_string(field.name) for field in type_.fields]
    objects = object_texts(names, columns, len(array), rules.ignore_nulls)
    valid = array.is_valid().to_pylist()
    return [text if there else None for text, there in zip(objects, valid, strict=True)]


def object_texts(
    names: list[str], columns: list[Texts], count: int, ignore_nulls: bool
) -> list[str]:
    """One JSON object per row from its members' texts; `names` are quoted already."""
    if not columns:
        return ["{}"] * count
    if ignore_nulls:
        return [
            "{"
            + ",".join(f"{n}:{t}" for n, t in zip(names, row, strict=True) if t is not None)
            + "}"
            for row in zip(*columns, strict=True)
        ]
    prefixes = [f"{',' if i else '{'}{name}:" for i, name in enumerate(names)]
    return [
        "".join([f"{p}{'null' if t is None else t}" for p, t in zip(prefixes, row, strict=True)])
        + "}"
        for row in zip(*columns, strict=True)
    ]


def _array_texts(array: pa.ListArray, element: DataType, rules: EncodeRules) -> Texts:
    offsets = array.offsets.to_pylist()
    first, last = offsets[0], offsets[-1]
    items = texts(array.values.slice(first, last - first), element, rules)
    parts = ["null" if item is None else item for item in items]
    valid = array.is_valid().to_pylist()
    return [
        "[" + ",".join(parts[begin - first : end - first]) + "]" if there else None
        for begin, end, there in zip(offsets, offsets[1:], valid, strict=False)
    ]


def _map_texts(array: pa.MapArray, type_: DataType, rules: EncodeRules) -> Texts:
    value_type = type_.value or DataType(TypeRoot.INTEGER)
    offsets = array.offsets.to_pylist()
    first, last = offsets[0], offsets[-1]
    keys = array.keys.slice(first, last - first).to_pylist()
    items = texts(array.items.slice(first, last - first), value_type, rules)
    valid = array.is_valid().to_pylist()
    out: Texts = []
    for begin, end, there in zip(offsets, offsets[1:], valid, strict=False):
        span = slice(begin - first, end - first)
        out.append(_map_text(keys[span], items[span], rules) if there else None)
    return out


def _map_text(keys: Texts, items: Texts, rules: EncodeRules) -> str:
    members: dict[str, str] = {}
    for key, item in zip(keys, items, strict=True):
        if key is None:
            if rules.null_key_mode == "DROP":
                continue
            if rules.null_key_mode == "FAIL":
                raise ConnectorError(
                    "a map has NULL as a key, which JSON cannot write",
                    code="format.not-encodable",
                    hint="Set 'map-null-key.mode' to DROP or LITERAL.",
                )
            key = rules.null_key_literal
        members[key] = "null" if item is None else item
    return "{" + ",".join(f"{json_string(k)}:{v}" for k, v in members.items()) + "}"
