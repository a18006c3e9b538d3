"""Arrow values as Python values for a user's function, and its results back to Arrow.

In: TINYINT to BIGINT int, FLOAT and DOUBLE float, DECIMAL Decimal, strings str, bytes bytes, DATE
date, TIME time, TIMESTAMP naive datetime, TIMESTAMP_LTZ datetime in UTC (both cut to microseconds),
ARRAY list, MAP dict, ROW Row. Out: what PyFlink's coders take, coerced as they do: a number for an
integer type is cut towards zero, a Decimal is rounded half-even to its scale, times are cut to
their precision. What they refuse is refused here, as `ResultError`.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.functions import Row
from tidemill.model import DataType, TypeRoot

Coerce: TypeAlias = Callable[[Any], Any]


class ResultError(Exception):
    """A function's result does not fit its declared type."""


# --- into Python ---------------------------------------------------------------------------------


def to_python(column: pa.Array | pa.ChunkedArray, type_: DataType) -> list[Any]:
    """The values of a column as a function gets them."""
    if column.type != type_.arrow():
        column = column.cast(type_.arrow())
    if _is_plain(type_):
        if type_.is_timestamp and (type_.precision or 0) > 6:
            unit = pa.timestamp("us", tz=column.type.tz)
            column = pc.floor_temporal(column, unit="microsecond").cast(unit)
        values: list[Any] = column.to_pylist()
        return values
    convert = _converter(type_)
    return [None if value is None else convert(value) for value in column.to_pylist()]


def _is_plain(type_: DataType) -> bool:
    if type_.root is TypeRoot.ARRAY and type_.element is not None:
        inner = type_.element
        return _is_plain(inner) and not (inner.is_timestamp and (inner.precision or 0) > 6)
    return type_.root not in (TypeRoot.MAP, TypeRoot.ROW, TypeRoot.ARRAY)


def _converter(type_: DataType) -> Coerce:
    """From pyarrow's own Python value."""
    if type_.root is TypeRoot.ARRAY and type_.element is not None:
        element = _nullable(_converter(type_.element))
        return lambda values: [element(value) for value in values]
    if type_.root is TypeRoot.MAP and type_.key is not None and type_.value is not None:
        key, value_of = _nullable(_converter(type_.key)), _nullable(_converter(type_.value))
        return lambda pairs: {key(k): value_of(v) for k, v in pairs}
    if type_.root is TypeRoot.ROW:
        names = [field.name for field in type_.fields]
        parts = [_nullable(_converter(field.type)) for field in type_.fields]

        def row(value: Mapping[str, Any]) -> Row:
            made = Row(*(part(value[name]) for name, part in zip(names, parts, strict=True)))
            made.set_field_names(names)
            return made

        return row
    return lambda value: value


def _nullable(convert: Coerce) -> Coerce:
    return lambda value: None if value is None else convert(value)


# --- back to Arrow -------------------------------------------------------------------------------


def from_python(values: Sequence[Any], type_: DataType) -> pa.Array:
    """A column of values that `coercion` has made."""
    return pa.array(values, type=type_.arrow())


def fits(values: Sequence[Any], type_: DataType) -> bool:
    """Whether all values are of exactly the Python type that needs no coercion."""
    exact = _EXACT.get(type_.root)
    if exact is None:
        return False
    if type_.root is TypeRoot.TIMESTAMP and type_.precision != 6:
        return False
    seen = set(map(type, values))
    return seen <= {exact, type(None)} if type_.nullable else seen <= {exact}


_EXACT: Mapping[TypeRoot, type] = {
    TypeRoot.BOOLEAN: bool,
    TypeRoot.TINYINT: int,
    TypeRoot.SMALLINT: int,
    TypeRoot.INTEGER: int,
    TypeRoot.BIGINT: int,
    TypeRoot.DOUBLE: float,
    TypeRoot.CHAR: str,
    TypeRoot.VARCHAR: str,
    TypeRoot.VARBINARY: bytes,
    TypeRoot.BINARY: bytes,
    TypeRoot.DATE: dt.date,
}
_RANGES: Mapping[TypeRoot, int] = {
    TypeRoot.TINYINT: 7,
    TypeRoot.SMALLINT: 15,
    TypeRoot.INTEGER: 31,
    TypeRoot.BIGINT: 63,
}


def coercion(type_: DataType) -> Coerce:
    """A function from a result to the value that Arrow takes; raises ResultError."""
    convert = _coercion(type_)
    shown = type_.sql()

    def coerce(value: Any) -> Any:
        if value is None:
            if not type_.nullable:
                raise ResultError(f"it returned None for the type {shown} NOT NULL")
            return None
        try:
            return convert(value)
        except ResultError:
            raise
        except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise ResultError(
                f"it returned {_shown(value)} for the type {shown}"
                + (f": {error}" if str(error) and isinstance(error, ValueError) else "")
            ) from None

    return coerce


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text[:80]}{'...' if len(text) > 80 else ''}"


def _coercion(type_: DataType) -> Coerce:
    root = type_.root
    if root in _RANGES:
        return _integer(_RANGES[root])
    if root is TypeRoot.DECIMAL:
        return _decimal(type_)
    if root in (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ):
        return _stamp(type_)
    if root is TypeRoot.ARRAY and type_.element is not None:
        return _list(coercion(type_.element))
    if root is TypeRoot.MAP and type_.key is not None and type_.value is not None:
        return _map(coercion(type_.key), coercion(type_.value))
    if root is TypeRoot.ROW:
        return row_coercion(type_, needs_row=True)
    return _SIMPLE[root]


def _integer(bits: int) -> Coerce:
    low, high = -(1 << bits), (1 << bits) - 1

    def convert(value: Any) -> int:
        if isinstance(value, str | bytes):
            raise TypeError
        number = int(value)
        if not low <= number <= high:
            raise ValueError("out of range")
        return number

    return convert


def _boolean(value: Any) -> bool:
    if isinstance(value, str | bytes):
        raise TypeError
    return bool(int(value))


def _number(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return str(value)


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray):
        raise TypeError
    return bytes(value)


def _date(value: Any) -> dt.date:
    if not isinstance(value, dt.date):
        raise TypeError
    return value.date() if isinstance(value, dt.datetime) else value


def _time(value: Any) -> dt.time:
    if not isinstance(value, dt.time | dt.datetime):
        raise TypeError
    return dt.time(value.hour, value.minute, value.second, value.microsecond // 1000 * 1000)


_SIMPLE: Mapping[TypeRoot, Coerce] = {
    TypeRoot.BOOLEAN: _boolean,
    TypeRoot.FLOAT: _number,
    TypeRoot.DOUBLE: _number,
    TypeRoot.CHAR: _text,
    TypeRoot.VARCHAR: _text,
    TypeRoot.BINARY: _bytes,
    TypeRoot.VARBINARY: _bytes,
    TypeRoot.DATE: _date,
    TypeRoot.TIME: _time,
}


def _decimal(type_: DataType) -> Coerce:
    context = decimal.Context(prec=type_.precision or 10)
    step = decimal.Decimal(10) ** -(type_.scale or 0)

    def convert(value: Any) -> decimal.Decimal:
        if not isinstance(value, decimal.Decimal):
            raise TypeError
        if not value.is_finite():
            raise ValueError("not finite")
        return value.quantize(step, context=context)

    return convert


def _stamp(type_: DataType) -> Coerce:
    unit = 10 ** max(0, 6 - (6 if type_.precision is None else type_.precision))
    local = type_.root is TypeRoot.TIMESTAMP_LTZ

    def convert(value: Any) -> dt.datetime:
        if not isinstance(value, dt.datetime):
            raise TypeError
        if local and value.tzinfo is not None and value.utcoffset() != dt.timedelta(0):
            raise ValueError("an instant must be given in UTC")
        cut = value.replace(microsecond=value.microsecond // unit * unit)
        return cut.replace(tzinfo=dt.UTC if local else None)

    return convert


def _list(element: Coerce) -> Coerce:
    def convert(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise TypeError
        return [element(item) for item in value]

    return convert


def _map(key: Coerce, item: Coerce) -> Coerce:
    def convert(value: Any) -> list[tuple[Any, Any]]:
        if not isinstance(value, dict):
            raise TypeError
        if None in value:
            raise ValueError("a key is None")
        return [(key(k), item(v)) for k, v in value.items()]

    return convert


def row_coercion(type_: DataType, *, needs_row: bool = False) -> Coerce:
    """From a Row (or, unless `needs_row`, a tuple) to a dict of the fields."""
    names = [field.name for field in type_.fields]
    parts = [coercion(field.type) for field in type_.fields]

    def convert(value: Any) -> dict[str, Any]:
        if isinstance(value, Row):
            values = value.get_fields_by_names(names)
        elif needs_row:
            raise TypeError
        else:
            values = list(value)
        if len(values) != len(parts):
            raise ResultError(
                f"it returned {len(values)} fields instead of {len(parts)} ({', '.join(names)})"
            )
        return {n: part(v) for n, part, v in zip(names, parts, values, strict=True)}

    return convert
