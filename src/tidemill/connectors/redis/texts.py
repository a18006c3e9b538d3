"""Columns as the text that Redis keeps, and back.

Numbers as digits, BOOLEAN as `true` or `false`, dates and times as in ISO 8601 with a space and as
many digits of the second as the type has, TIMESTAMP_LTZ in UTC with a closing `Z`, BYTES as they
are. Nested types are refused.
"""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.errors import ProjectError
from tidemill.model import Column, DataType, TypeRoot

_NESTED = (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.MULTISET, TypeRoot.ROW, TypeRoot.NULL)
_UNITS = {0: "s", 3: "ms", 6: "us", 9: "ns"}


def check_column(column: Column, table: str) -> None:
    """Raise ProjectError where a type has no text form here."""
    if column.type.root in _NESTED or column.type.is_interval:
        raise ProjectError(
            f"the redis connector cannot carry the column `{column.name}` of type "
            f"{column.type.sql()}",
            code="connector.unsupported-type",
            detail=f"Table `{table}`.",
            hint="Use JSON_STRING(...) or CAST(... AS STRING), and a STRING column.",
        )


def texts(array: pa.Array, type_: DataType) -> pa.BinaryArray:
    """The text of each value; NULL stays NULL."""
    root = type_.root
    if type_.is_string or root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        return array.cast(pa.binary())
    if type_.is_timestamp:
        return _timestamps(array, type_)
    if root is TypeRoot.DECIMAL:
        return _decimals(array)
    return array.cast(pa.string()).cast(pa.binary())


def _timestamps(array: pa.Array, type_: DataType) -> pa.BinaryArray:
    digits = 6 if type_.precision is None else type_.precision
    unit = next(unit for most, unit in _UNITS.items() if digits <= most)
    found = array.cast(pa.timestamp(array.type.unit)).cast(pa.timestamp(unit), safe=False)
    shown = found.cast(pa.string())
    cut = digits - max(most for most in _UNITS if _UNITS[most] == unit)
    if cut:
        shown = pc.utf8_slice_codeunits(shown, 0, cut)
    if type_.root is TypeRoot.TIMESTAMP_LTZ:
        shown = pc.binary_join_element_wise(shown, "Z", "")
    return shown.cast(pa.binary())


def _decimals(array: pa.Array) -> pa.BinaryArray:
    shown = array.cast(pa.string())
    scientific = pc.match_substring(shown, "E")
    if pc.any(scientific).as_py():
        plain = [None if t is None else f"{Decimal(t):f}" for t in shown.to_pylist()]
        shown = pa.array(plain, pa.string())
    return shown.cast(pa.binary())


def values(found: pa.BinaryArray, type_: DataType) -> pa.Array:
    """The values of texts; pa.ArrowInvalid or ValueError where one does not fit."""
    arrow = type_.arrow()
    if type_.root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        return found
    read = found.cast(pa.string())
    if type_.is_string:
        return read
    if type_.is_timestamp:
        read = pc.replace_substring_regex(read, "Z$", "")
        return read.cast(pa.timestamp(arrow.unit)).cast(arrow)
    return read.cast(arrow)
