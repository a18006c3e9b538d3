"""Values of Flink's JSON results as plain Python values, the same as those of Arrow columns.

The plain form is made for comparing and for reading: integers, floats, Decimals, strings, bytes;
dates and times as ISO text without trailing zeros of the fraction; arrays and rows as lists; maps
as lists of pairs, ordered by their text. Intervals are months, or milliseconds.
"""

from __future__ import annotations

import base64
import datetime
import decimal
from typing import Any

import numpy as np
import pyarrow as pa

from tidemill.model.types import DataType, TypeRoot

_INTEGERS = (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT)
_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - a local timestamp has no zone
_WIDE = decimal.Context(prec=80)
_DAY_NS = 86_400 * 10**9


def plain_from_json(value: Any, kind: DataType) -> Any:
    """The plain form of a value in a result of the SQL Gateway (`rowFormat=JSON`)."""
    root = kind.root
    if value is None:
        return None
    if root is TypeRoot.FLOAT:
        return float(np.float32(str(value)))
    if root is TypeRoot.DOUBLE:
        return float(value)
    if root is TypeRoot.DECIMAL:
        unit = decimal.Decimal(1).scaleb(-(kind.scale or 0))
        return decimal.Decimal(str(value)).quantize(unit, context=_WIDE)
    if root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        return base64.b64decode(value)
    if root in (TypeRoot.TIME, TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ):
        return _trimmed(str(value).replace(" ", "T").removesuffix("Z"))
    if root is TypeRoot.ARRAY and kind.element is not None:
        return [plain_from_json(item, kind.element) for item in value]
    if root is TypeRoot.MULTISET and kind.element is not None:
        return _pairs([(plain_from_json(k, kind.element), int(n)) for k, n in value.items()])
    if root is TypeRoot.MAP and kind.key is not None and kind.value is not None:
        key, item = kind.key, kind.value
        return _pairs(
            [(plain_from_json(k, key), plain_from_json(v, item)) for k, v in value.items()]
        )
    if root is TypeRoot.ROW:
        parts = list(value.values()) if isinstance(value, dict) else value
        return [plain_from_json(p, f.type) for p, f in zip(parts, kind.fields, strict=True)]
    return int(value) if root in _INTEGERS else value


def plain_from_arrow(column: pa.Array, kind: DataType) -> list[Any]:
    """The plain forms of a column."""
    return [_plain(scalar, kind) for scalar in column]


def _plain(scalar: Any, kind: DataType) -> Any:
    root = kind.root
    if not scalar.is_valid:
        return None
    if root in (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ):
        return _timestamp(scalar.value * (1000 if scalar.type.unit == "us" else 1))
    if root is TypeRoot.TIME:
        return _trimmed(_clock(scalar.value * 10**6))
    if root is TypeRoot.DATE:
        return _date(scalar.value)
    if root is TypeRoot.INTERVAL_YEAR_MONTH:
        return scalar.as_py().months
    if root is TypeRoot.INTERVAL_DAY_TIME:
        parts = scalar.as_py()
        return parts.days * 86_400_000 + parts.nanoseconds // 10**6
    if root is TypeRoot.ARRAY and kind.element is not None:
        return [_plain(item, kind.element) for item in scalar.values]
    if root in (TypeRoot.MAP, TypeRoot.MULTISET):
        key = kind.key or kind.element
        item = kind.value or DataType(TypeRoot.INTEGER)
        assert key is not None
        entries = scalar.values
        keys = [_plain(k, key) for k in entries.field(0)]
        return _pairs(list(zip(keys, [_plain(v, item) for v in entries.field(1)], strict=True)))
    if root is TypeRoot.ROW:
        return [_plain(scalar[i], field.type) for i, field in enumerate(kind.fields)]
    return scalar.as_py()


def _pairs(pairs: list[tuple[Any, Any]]) -> list[list[Any]]:
    return [list(pair) for pair in sorted(pairs, key=lambda pair: str(pair[0]))]


def _timestamp(since_epoch_ns: int) -> str:
    days, rest = divmod(since_epoch_ns, _DAY_NS)
    return _trimmed(f"{_date(days)}T{_clock(rest)}")


def _date(days: int) -> str:
    """ISO text; beyond the years that Python knows, as Java writes it."""
    try:
        return (_EPOCH + datetime.timedelta(days=days)).date().isoformat()
    except OverflowError:
        stamp = np.datetime64(days, "D")
        return ("+" if days > 0 else "") + str(stamp)


def _clock(of_day_ns: int) -> str:
    seconds, nanos = divmod(of_day_ns, 10**9)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}.{nanos:09d}"


def _trimmed(text: str) -> str:
    """Without trailing zeros of the fraction, and with seconds where Flink leaves them out."""
    clock = text.rpartition("T")[2]
    if clock.count(":") == 1:
        text += ":00"
    return text.rstrip("0").rstrip(".") if "." in text else text
