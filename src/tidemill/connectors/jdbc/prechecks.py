"""Rows that Postgres is sure to refuse, found before they are sent, column by column.

It only saves time: what is not found here Postgres refuses itself, and then the row is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.jdbc.target import TargetColumn
from tidemill.model import Column

Check = tuple[Callable[[pa.ChunkedArray], pa.ChunkedArray], str]
"""A function that is true where a value is refused, and why."""

_INT_BITS = {"int2": 16, "int4": 32, "int8": 64}
_DATE_MIN, _DATE_MAX = -719_162, 2_932_896


def checks(column: Column, found: TargetColumn, *, in_key: bool) -> Iterator[Check]:
    """The checks of one column."""
    arrow, name = column.type.arrow(), column.name
    if in_key or found.not_null:
        yield pc.is_null, f"`{name}` is NULL, and the column takes no NULL"
    if pa.types.is_string(arrow):
        yield _has_nul, f"`{name}` has the character U+0000, which Postgres cannot store"
        if found.type.length is not None and found.type.name in ("varchar", "bpchar"):
            limit = found.type.length
            yield (
                lambda values: pc.greater(pc.utf8_length(pc.utf8_rtrim(values, " ")), limit),
                f"`{name}` is too long for {found.shown_type}",
            )
    if pa.types.is_integer(arrow) and _INT_BITS.get(found.type.name, 64) < arrow.bit_width:
        most = (1 << (_INT_BITS[found.type.name] - 1)) - 1
        yield (
            _outside(-most - 1, most, arrow),
            f"`{name}` is out of the range of {found.shown_type}",
        )
    if pa.types.is_decimal(arrow) and found.type.precision is not None:
        check = _too_precise(arrow, found.type.precision, found.type.scale or 0)
        if check is not None:
            yield check, f"`{name}` is out of the range of {found.shown_type}"
    if pa.types.is_date32(arrow):
        far = _outside(_DATE_MIN, _DATE_MAX, pa.int32())
        yield lambda v: far(pc.cast(v, pa.int32())), f"`{name}` is outside the years 1 to 9999"
    if pa.types.is_timestamp(arrow):
        day_us = 86_400_000_000
        distant = _outside(_DATE_MIN * day_us, (_DATE_MAX + 1) * day_us - 1, pa.int64())
        yield lambda v: distant(pc.cast(v, pa.int64())), f"`{name}` is outside the years 1 to 9999"


def _has_nul(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.match_substring(values, "\x00")


def _outside(
    low: int, high: int, type_: pa.DataType
) -> Callable[[pa.ChunkedArray], pa.ChunkedArray]:
    least, most = pa.scalar(low, type_), pa.scalar(high, type_)
    return lambda values: pc.or_(pc.less(values, least), pc.greater(values, most))


def _too_precise(
    arrow: pa.DataType, precision: int, scale: int
) -> Callable[[pa.ChunkedArray], pa.ChunkedArray] | None:
    """For numeric(precision, scale): values that overflow it after rounding to its scale."""
    if arrow.precision - arrow.scale <= precision - scale and arrow.scale <= scale:
        return None
    limit = Decimal(10) ** (precision - scale)
    if arrow.scale > scale:
        limit -= Decimal(5).scaleb(-scale - 1)
    if limit >= Decimal(10) ** (arrow.precision - arrow.scale):
        return None
    bound = pa.scalar(limit, pa.decimal256(76, 38))
    return lambda values: pc.greater_equal(pc.abs(pc.cast(values, pa.decimal256(76, 38))), bound)
