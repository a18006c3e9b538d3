"""Which Spark type carries each Flink type; those that none carries exactly are refused.

CHAR and VARCHAR become STRING: casts cut and pad as Flink's do, and a STRING column of Spark keeps
what it is given. TIMESTAMP is TIMESTAMP_NTZ, TIMESTAMP_LTZ is Spark's TIMESTAMP; both hold
microseconds, so precisions above 6 are refused, and so is TIME.
"""

from __future__ import annotations

from tidemill.model import DataType, TypeRoot

_SIMPLE: dict[TypeRoot, str] = {
    TypeRoot.BOOLEAN: "BOOLEAN",
    TypeRoot.TINYINT: "TINYINT",
    TypeRoot.SMALLINT: "SMALLINT",
    TypeRoot.INTEGER: "INT",
    TypeRoot.BIGINT: "BIGINT",
    TypeRoot.FLOAT: "FLOAT",
    TypeRoot.DOUBLE: "DOUBLE",
    TypeRoot.CHAR: "STRING",
    TypeRoot.VARCHAR: "STRING",
    TypeRoot.BINARY: "BINARY",
    TypeRoot.VARBINARY: "BINARY",
    TypeRoot.DATE: "DATE",
    TypeRoot.NULL: "STRING",
}


def spark_type(kind: DataType) -> str | None:
    """The Spark type as SQL text; None where Spark has none that holds every value."""
    root = kind.root
    if root in _SIMPLE:
        return _SIMPLE[root]
    if root is TypeRoot.DECIMAL:
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if kind.is_timestamp and (6 if kind.precision is None else kind.precision) <= 6:
        return "TIMESTAMP_NTZ" if root is TypeRoot.TIMESTAMP else "TIMESTAMP"
    parts: list[str | None] = []
    if root is TypeRoot.ARRAY and kind.element is not None:
        parts = [spark_type(kind.element)]
    elif root is TypeRoot.MAP and kind.key is not None and kind.value is not None:
        parts = [spark_type(kind.key), spark_type(kind.value)]
    elif root is TypeRoot.ROW:
        parts = [spark_type(field.type) for field in kind.fields]
    if not parts or None in parts:
        return None
    if root is TypeRoot.ROW:
        named = zip(kind.fields, parts, strict=True)
        return "STRUCT<" + ", ".join(f"{quoted(f.name)}: {part}" for f, part in named) + ">"
    return f"{root.value}<{', '.join(part for part in parts if part)}>"


def quoted(name: str) -> str:
    """A name as Spark's SQL and schemas take it whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def has_floats(kind: DataType) -> bool:
    """Whether a value is, or holds, a FLOAT or DOUBLE."""
    inner = [part for part in (kind.element, kind.key, kind.value) if part is not None]
    inner += [field.type for field in kind.fields]
    return kind.root in (TypeRoot.FLOAT, TypeRoot.DOUBLE) or any(map(has_floats, inner))
