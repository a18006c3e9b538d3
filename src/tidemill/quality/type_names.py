"""Names of column types: SQL's, and those that Great Expectations knows from pandas."""

from __future__ import annotations

import re

import pyarrow as pa

_NAMES: tuple[tuple[pa.DataType, str, tuple[str, ...]], ...] = (
    (pa.bool_(), "BOOLEAN", ("BOOL",)),
    (pa.int8(), "TINYINT", ("INT8",)),
    (pa.int16(), "SMALLINT", ("INT16",)),
    (pa.int32(), "INT", ("INTEGER", "INT32")),
    (pa.int64(), "BIGINT", ("INT64",)),
    (pa.float32(), "FLOAT", ("REAL", "FLOAT32")),
    (pa.float64(), "DOUBLE", ("FLOAT64", "DOUBLE PRECISION")),
    (pa.string(), "STRING", ("VARCHAR", "TEXT", "STR", "OBJECT", "CHAR")),
    (pa.date32(), "DATE", ()),
    (pa.binary(), "BYTES", ("BYTEA", "BLOB", "VARBINARY", "BINARY")),
)


def type_name(type_: pa.DataType) -> str:
    """The type as SQL names it."""
    for known, name, _ in _NAMES:
        if type_ == known:
            return name
    if pa.types.is_decimal(type_):
        return f"DECIMAL({type_.precision}, {type_.scale})"
    if pa.types.is_timestamp(type_):
        return "TIMESTAMP" if type_.tz is None else "TIMESTAMP_LTZ"
    if pa.types.is_time(type_):
        return "TIME"
    return str(type_).upper()


def is_named(type_: pa.DataType, name: str) -> bool:
    """Whether `name` is a name of the type; a DECIMAL or timestamp also goes without its digits."""
    wanted = re.sub(r"\s*,\s*", ", ", name.strip().upper())
    own = type_name(type_)
    also = next((others for known, _, others in _NAMES if type_ == known), ())
    if pa.types.is_decimal(type_):
        also = ("DECIMAL", "NUMERIC", own.replace("DECIMAL", "NUMERIC"))
    if pa.types.is_timestamp(type_):
        bare = re.sub(r"\(\d+\)", "", wanted)
        if type_.tz is None:
            return bare == own or bare.startswith("DATETIME64")
        return bare in (own, "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
    return re.sub(r"^(VAR)?CHAR\(\d+\)$", "VARCHAR", wanted) in (own, *also)
