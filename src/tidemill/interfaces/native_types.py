"""The types that the native decoder reads, as it names them."""

from __future__ import annotations

from typing import TypeAlias

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import MAX_LENGTH

FieldSpec: TypeAlias = "tuple[str, str, bool, list[FieldSpec]]"
"""Name, the type's name, whether NULL is refused, and the types it is made of."""

_SIMPLE = {
    TypeRoot.BOOLEAN: "bool",
    TypeRoot.TINYINT: "int8",
    TypeRoot.SMALLINT: "int16",
    TypeRoot.INTEGER: "int32",
    TypeRoot.BIGINT: "int64",
    TypeRoot.FLOAT: "float",
    TypeRoot.DOUBLE: "double",
    TypeRoot.DATE: "date",
}


def field_spec(name: str, kind: DataType, timestamps: str) -> FieldSpec | None:
    """How the crate is told of a column; None where it has no such type.

    Args:
        name: the column's name, or that of a part.
        kind: its type.
        timestamps: how the format writes timestamps, `SQL` or `ISO-8601`.
    """
    parts = [field_spec(n, part, timestamps) for n, part in _parts(kind)]
    given = _name(kind, timestamps)
    if given is None or None in parts:
        return None
    return (name, given, not kind.nullable, [part for part in parts if part is not None])


def _name(kind: DataType, timestamps: str) -> str | None:
    root = kind.root
    if root in _SIMPLE:
        return _SIMPLE[root]
    if root is TypeRoot.VARCHAR:
        return "string" if kind.length == MAX_LENGTH else None
    if root is TypeRoot.DECIMAL:
        return f"decimal:{kind.precision}:{kind.scale}"
    if kind.is_timestamp:
        unit = "us" if (6 if kind.precision is None else kind.precision) <= 6 else "ns"
        form = "iso" if timestamps == "ISO-8601" else "sql"
        return f"timestamp:{unit}:{form}" + (":utc" if root is TypeRoot.TIMESTAMP_LTZ else "")
    if root is TypeRoot.MAP and kind.key is not None and kind.key.root is TypeRoot.VARCHAR:
        return "map"
    return {TypeRoot.ROW: "row", TypeRoot.ARRAY: "list"}.get(root)


def _parts(kind: DataType) -> list[tuple[str, DataType]]:
    if kind.root is TypeRoot.ROW:
        return [(field.name, field.type) for field in kind.fields]
    if kind.root is TypeRoot.ARRAY and kind.element is not None:
        return [("item", kind.element)]
    if kind.root is TypeRoot.MAP and kind.key is not None and kind.value is not None:
        return [("key", kind.key), ("value", kind.value)]
    return []
