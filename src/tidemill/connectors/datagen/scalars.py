"""Generators of values without parts: numbers, texts, bytes, times."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tidemill.connectors.datagen.fields import FieldOptions, bad_option
from tidemill.connectors.datagen.randomness import Stream, uniform_int64
from tidemill.interfaces.options import OptionType
from tidemill.model import DataType, TypeRoot
from tidemill.model.types import MAX_LENGTH
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of the rows: one instant for all, or one that goes on with the row's number."""

    now_us: int
    per_row_us: float = 0.0
    local: bool = True

    def instants_us(self, start: int, count: int) -> npt.NDArray[np.int64]:
        """UTC microseconds of the rows from `start` on."""
        rows = np.arange(start, start + count, dtype=np.float64)
        return self.now_us + (rows * self.per_row_us).astype(np.int64)

    def wall_us(self, start: int, count: int) -> npt.NDArray[np.int64]:
        """The same as this machine's wall clock shows it."""
        offset_s = time.localtime(self.now_us / 1e6).tm_gmtoff if self.local else 0
        return self.instants_us(start, count) + offset_s * 1_000_000


Generate = Callable[[int, int, Clock], pa.Array]
"""Makes the values from an index on, so many, at a clock."""

STRING_LENGTH_DEFAULT = 100
_INTEGER_BITS = {
    TypeRoot.TINYINT: 8, TypeRoot.SMALLINT: 16, TypeRoot.INTEGER: 32, TypeRoot.BIGINT: 64,
}  # fmt: skip


def integers(type_: DataType, path: str, options: FieldOptions, stream: Stream) -> Generate:
    """TINYINT to BIGINT, uniform between `min` and `max`."""
    bits = _INTEGER_BITS[type_.root]
    low, high = _int_range(path, options, -(1 << bits - 1), (1 << bits - 1) - 1)
    arrow = type_.arrow()
    return lambda start, count, clock: pa.array(
        uniform_int64(stream, start, count, low, high).astype(arrow.to_pandas_dtype()), arrow
    )


def _int_range(path: str, options: FieldOptions, least: int, most: int) -> tuple[int, int]:
    low = options.get(path, "min", OptionType.LONG, least)
    high = options.get(path, "max", OptionType.LONG, most)
    if low < least:
        raise bad_option(path, "min", low, f"a number from {least}")
    if high > most or high < low:
        raise bad_option(path, "max", high, f"a number from min ({low}) to {most}")
    return low, high


def floats(type_: DataType, path: str, options: FieldOptions, stream: Stream) -> Generate:
    """FLOAT and DOUBLE, uniform between `min` and `max`; by default from 0 up, as Flink does."""
    single = type_.root is TypeRoot.FLOAT
    most = float(np.finfo(np.float32 if single else np.float64).max)
    low = options.get(path, "min", OptionType.DOUBLE, 0.0)
    high = options.get(path, "max", OptionType.DOUBLE, most)
    if not -most <= low <= high <= most:
        raise bad_option(path, "max", high, f"a number from min ({low}) to {most}")

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        part = stream.fractions(start, count)
        values = low * (1.0 - part) + high * part
        return pa.array(values.astype(np.float32) if single else values)

    return generate


def decimals(type_: DataType, path: str, options: FieldOptions, stream: Stream) -> Generate:
    """DECIMAL, uniform between `min` (0 by default, as Flink does) and `max`, in its scale."""
    precision, scale = type_.precision or 10, type_.scale or 0
    most = 10**precision - 1
    low = _scaled(options.decimal(path, "min"), scale, 0)
    high = _scaled(options.decimal(path, "max"), scale, most)
    low, high = max(low, -most), min(high, most)
    if high < low:
        raise bad_option(path, "max", high, "a number of at least `min`")
    arrow = type_.arrow()

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        if high < 1 << 63 and low >= -(1 << 63):
            return decimal_array(uniform_int64(stream, start, count, low, high), arrow)
        span = high - low + 1
        words = stream.words(2 * start, 2 * count).tolist()
        wide = (
            low + ((a << 64 | b) * span >> 128) for a, b in zip(*[iter(words)] * 2, strict=True)
        )
        data = b"".join(value.to_bytes(16, "little", signed=True) for value in wide)
        return pa.Array.from_buffers(arrow, count, [None, pa.py_buffer(data)])

    return generate


def decimal_array(unscaled: npt.NDArray[np.int64], arrow: pa.DataType) -> pa.Array:
    """Decimals from their unscaled values."""
    words = np.empty((len(unscaled), 2), dtype=np.int64)
    words[:, 0] = unscaled
    words[:, 1] = unscaled >> 63
    return pa.Array.from_buffers(arrow, len(unscaled), [None, pa.py_buffer(words.tobytes())])


def _scaled(value: Decimal | None, scale: int, default: int) -> int:
    if value is None:
        return default
    with localcontext(prec=80):
        return int(value.scaleb(scale).to_integral_value(ROUND_HALF_UP))


def booleans(type_: DataType, path: str, options: FieldOptions, stream: Stream) -> Generate:
    """BOOLEAN, either value as often."""
    return lambda start, count, clock: pa.array(
        (stream.words(start, count) >> np.uint64(63)).astype(bool)
    )


def texts(type_: DataType, path: str, options: FieldOptions, stream: Stream) -> Generate:
    """CHAR and VARCHAR of hexadecimal digits, BINARY and VARBINARY of any bytes."""
    fixed = type_.root in (TypeRoot.CHAR, TypeRoot.BINARY)
    bounded = type_.length not in (None, MAX_LENGTH)
    width = options.get(path, "length", OptionType.INT)
    if width is not None and (width < 0 or (fixed and width != type_.length)):
        raise bad_option(path, "length", width, f"the length of the type {type_.sql()}")
    if width is not None and bounded and width > (type_.length or 0):
        raise bad_option(path, "length", width, f"at most the length of the type {type_.sql()}")
    if width is None:
        width = type_.length if bounded else STRING_LENGTH_DEFAULT
    variable = options.get(path, "var-len", OptionType.BOOLEAN, False)
    if variable and fixed:
        raise bad_option(path, "var-len", "true", f"`false` for a {type_.sql()}")
    make = stream.hex if type_.is_string else stream.bytes
    lengths = Stream(stream.key ^ 1)

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        rows = make(start, count, width or 0)
        sizes = np.full(count, width, dtype=np.int64)
        if variable and width:
            sizes = uniform_int64(lengths, start, count, 1, width)
            rows = rows[np.arange(width) < sizes[:, None]]
        offsets = np.zeros(count + 1, dtype=np.int32)
        np.cumsum(sizes, out=offsets[1:])
        buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(rows.tobytes())]
        return pa.Array.from_buffers(type_.arrow(), count, buffers)

    return generate


def times(type_: DataType, path: str, options: FieldOptions, stream: Stream) -> Generate:
    """DATE and TIME of now; TIMESTAMP and TIMESTAMP_LTZ up to `max-past` before now."""
    if type_.root is TypeRoot.DATE:
        return lambda start, count, clock: pa.array(
            (clock.wall_us(start, count) // 86_400_000_000).astype(np.int32)
        ).cast(pa.date32())
    if type_.root is TypeRoot.TIME:
        return lambda start, count, clock: pa.array(
            (clock.wall_us(start, count) // 1000 % 86_400_000).astype(np.int32)
        ).cast(pa.time32("ms"))
    past_ms = options.get(path, "max-past", OptionType.DURATION, 0)
    arrow = type_.arrow()

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        millis = clock.instants_us(start, count) // 1000
        if past_ms:
            millis = millis - uniform_int64(stream, start, count, 0, past_ms - 1)
        return pa.array(millis * (10**6 if arrow.unit == "ns" else 10**3)).cast(arrow)

    return generate


def intervals(type_: DataType, path: str, options: FieldOptions, stream: Stream) -> Generate:
    """Intervals: months from 0 to 120,000, or milliseconds of the whole range Arrow can carry."""
    by_month = type_.root is TypeRoot.INTERVAL_YEAR_MONTH
    limit = (1 << 63) // 10**6 - 1
    low, high = _int_range(path, options, 0 if by_month else -limit, 120_000 if by_month else limit)

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        values = uniform_int64(stream, start, count, low, high)
        parts = np.zeros(count, dtype=[("months", "<i4"), ("days", "<i4"), ("nanos", "<i8")])
        parts["months" if by_month else "nanos"] = values if by_month else values * 10**6
        data: list[Any] = [None, pa.py_buffer(parts.tobytes())]
        return pa.Array.from_buffers(pa.month_day_nano_interval(), count, data)

    return generate
