"""Rows of a SELECT as plain values, the same for people and for `--json`.

Integers, booleans and text as they are; DECIMAL as text (nothing is rounded); FLOAT and DOUBLE as
numbers, `NaN` and infinities as text; DATE, TIME and timestamps as the text that Flink's CAST to
STRING gives, with as many digits of the second as the type has; TIMESTAMP_LTZ in the session's
time zone; BYTES in base64; ARRAY as list, MAP and ROW as object.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.model import Batch, DataType, RowKind, Schema, TypeRoot

PlainValue = Any
_OPS = tuple(kind.short for kind in RowKind)
_EPOCH = dt.date(1970, 1, 1).toordinal()
_DAY_NS = 86_400 * 10**9
_FRACTION_DEFAULT = 6


class RowReader:
    """Turns the batches of one result into plain rows.

    Args:
        schema: the result's columns.
        time_zone: the session's zone, in which TIMESTAMP_LTZ is written.
    """

    def __init__(self, schema: Schema, time_zone: str = "UTC") -> None:
        self.names = _unique(schema.names)
        zone = ZoneInfo(time_zone)
        self._writers = [_writer(column.type, zone) for column in schema.columns]

    def rows(self, batch: Batch) -> Iterator[tuple[str, list[PlainValue]]]:
        """Each row's kind (`+I`, `-U`, `+U`, `-D`) and values, in order."""
        count = len(batch)
        kinds = [0] * count if batch.kinds is None else batch.kinds.to_pylist()
        columns: list[Sequence[Any]] = []
        for array, writer in zip(batch.rows.columns, self._writers, strict=True):
            values = pc.cast(array, _timeless(array.type)).to_pylist()
            columns.append([None if v is None else writer(v) for v in values])
        rows = zip(*columns, strict=True) if columns else iter([()] * count)
        for kind, row in zip(kinds, rows, strict=True):
            yield _OPS[kind], list(row)

    def as_dict(self, op: str, values: Sequence[PlainValue]) -> dict[str, Any]:
        """One row for `--json`."""
        return {"op": op, "row": dict(zip(self.names, values, strict=True))}


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Column names, a repeated one with a number, so that no value of an object is lost."""
    seen: set[str] = set()
    result = []
    for name in names:
        fresh, number = name, 0
        while fresh in seen:
            fresh, number = f"{name}{number}", number + 1
        seen.add(fresh)
        result.append(fresh)
    return tuple(result)


def _timeless(type_: pa.DataType) -> pa.DataType:
    """The type with times as integers, so that no range or precision is lost in Python."""
    if pa.types.is_timestamp(type_) or pa.types.is_time64(type_):
        return pa.int64()
    if pa.types.is_time32(type_) or pa.types.is_date32(type_):
        return pa.int32()
    if pa.types.is_list(type_):
        return pa.list_(_timeless(type_.value_type))
    if pa.types.is_map(type_):
        return pa.map_(_timeless(type_.key_type), _timeless(type_.item_type))
    if pa.types.is_struct(type_):
        return pa.struct([f.with_type(_timeless(f.type)) for f in type_])
    return type_


def _writer(type_: DataType, zone: ZoneInfo) -> Callable[[Any], PlainValue]:
    root = type_.root
    if root is TypeRoot.DECIMAL:
        return lambda v: format(v, "f")
    if root in (TypeRoot.FLOAT, TypeRoot.DOUBLE):
        return _float
    if root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        return lambda v: base64.b64encode(v).decode("ascii")
    if root is TypeRoot.DATE:
        return _date
    if root is TypeRoot.TIME:
        digits = type_.precision or 0
        return lambda v: _clock(v * 10**6, min(digits, 3))
    if type_.is_timestamp:
        return _timestamp(type_, zone if root is TypeRoot.TIMESTAMP_LTZ else None)
    if type_.is_interval:
        return _interval
    return _nested(type_, zone)


def _nested(type_: DataType, zone: ZoneInfo) -> Callable[[Any], PlainValue]:
    def part(inner: DataType | None) -> Callable[[Any], PlainValue]:
        write = _writer(inner, zone) if inner is not None else _same
        return lambda v: None if v is None else write(v)

    if type_.root is TypeRoot.ARRAY:
        element = part(type_.element)
        return lambda v: [element(x) for x in v]
    if type_.root in (TypeRoot.MAP, TypeRoot.MULTISET):
        key, value = part(type_.key or type_.element), part(type_.value)
        return lambda v: {"null" if k is None else str(key(k)): value(x) for k, x in v}
    if type_.root is TypeRoot.ROW:
        parts = [(f.name, part(f.type)) for f in type_.fields]
        return lambda v: {name: write(v[name]) for name, write in parts}
    return _same


def _same(value: Any) -> PlainValue:
    return value


def _float(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _timestamp(type_: DataType, zone: ZoneInfo | None) -> Callable[[int], str]:
    precision = _FRACTION_DEFAULT if type_.precision is None else type_.precision
    to_nanos = 1000 if precision <= _FRACTION_DEFAULT else 1

    def write(value: int) -> str:
        nanos = value * to_nanos
        if zone is not None:
            nanos += _offset_ns(nanos, zone)
        days, rest = divmod(nanos, _DAY_NS)
        return f"{_date(days)} {_clock(rest, precision)}"

    return write


def _offset_ns(nanos: int, zone: ZoneInfo) -> int:
    try:
        moment = dt.datetime.fromtimestamp(nanos // 10**9, tz=zone)
    except (OverflowError, ValueError, OSError):
        return 0  # beyond the years that time zones are defined for
    offset = moment.utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 10**9


def _date(days: int) -> str:
    # 400 years have the same number of days always, so any year fits into Python's range.
    cycles, rest = divmod(days + _EPOCH - 1, 146_097)
    inner = dt.date.fromordinal(rest + 1)
    year = inner.year + cycles * 400
    return f"{'-' if year < 0 else ''}{abs(year):04d}-{inner.month:02d}-{inner.day:02d}"


def _clock(nanos: int, digits: int) -> str:
    seconds, fraction = divmod(nanos, 10**9)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{fraction:09d}"[: len(text) + 1 + digits] if digits else text


def _interval(value: Any) -> str:
    """As Flink: `+1-02` for years and months, `+1 02:03:04.567` for days and time."""
    months, days, nanos = value.months, value.days, value.nanoseconds
    if months or not (days or nanos):
        sign, months = ("-" if months < 0 else "+"), abs(months)
        return f"{sign}{months // 12}-{months % 12:02d}"
    total = days * _DAY_NS + nanos
    sign, total = ("-" if total < 0 else "+"), abs(total)
    return f"{sign}{total // _DAY_NS} {_clock(total % _DAY_NS, 3)}"
