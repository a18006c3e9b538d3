"""The native encoder writes the bytes of the Python encoder, or leaves the rows to it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.errors import ConnectorError
from tidemill.formats.common.changes import NOTHING
from tidemill.formats.json.encoder import JsonEncoder
from tidemill.formats.json.options import EncodeRules
from tidemill.interfaces.native import library
from tidemill.model import Batch, Column, DataType, Schema, TypeRoot
from tidemill.model.types import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DOUBLE,
    FLOAT,
    INT,
    SMALLINT,
    STRING,
    TINYINT,
    Field,
)  # fmt: skip

texts = st.text(max_size=8) | st.text('\x00\x1f\x7f"\\/\n\r\t\b\f\u2028é😀', max_size=6)
int64s = st.integers(-(2**63), 2**63 - 1)


def whole(bits: int) -> Any:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def decimal_of(precision: int, scale: int) -> tuple[DataType, Any]:
    values = st.integers(-(10**precision) + 1, 10**precision - 1) | st.integers(-99, 99)
    round_ones = st.builds(lambda n, zeros: n * 10**zeros, st.integers(-9, 9), st.integers(0, 2))
    unscaled = values | round_ones
    kind = DataType(TypeRoot.DECIMAL, precision=precision, scale=scale)
    return kind, unscaled.map(
        lambda n: Decimal((int(n < 0), Decimal(abs(n)).as_tuple()[1], -scale))
    )


ROW = DataType(TypeRoot.ROW, fields=(Field("x", INT), Field('y"\n', STRING)))
COLUMNS: dict[str, tuple[DataType, Any]] = {
    "b": (BOOLEAN, st.booleans()),
    "t": (TINYINT, whole(8)),
    "s": (SMALLINT, whole(16)),
    "i": (INT, whole(32)),
    "l": (BIGINT, whole(64)),
    "f": (FLOAT, st.floats(width=32)),
    "d": (DOUBLE, st.floats() | st.floats(1e-4, 1e8) | st.integers(-(2**60), 2**60).map(float)),
    "text é\"": (STRING, texts),
    "char": (DataType(TypeRoot.CHAR, length=3), texts),
    "bytes": (BYTES, st.binary(max_size=7)),
    "day": (DataType(TypeRoot.DATE), st.integers(-(2**31), 2**31 - 1) | st.integers(-9, 20_000)),
    "time": (DataType(TypeRoot.TIME, precision=3), st.integers(0, 86_399_999)),
    "ts": (DataType(TypeRoot.TIMESTAMP, precision=6), int64s | st.integers(-(2**50), 2**50)),
    "tn": (DataType(TypeRoot.TIMESTAMP, precision=9), int64s | st.integers(-(2**60), 2**60)),
    "tz": (DataType(TypeRoot.TIMESTAMP_LTZ, precision=3),
           st.integers(0, 10**10).map(lambda s: s * 1000)),
    "c": decimal_of(6, 2),
    "whole": decimal_of(38, 0),
    "small": decimal_of(38, 38),
    "money": decimal_of(20, 9),
    "row": (ROW, st.fixed_dictionaries({"x": st.none() | whole(32), 'y"\n': st.none() | texts})),
    "list": (DataType(TypeRoot.ARRAY, element=INT), st.lists(st.none() | whole(32), max_size=4)),
    "rows": (DataType(TypeRoot.ARRAY, element=ROW),
             st.lists(st.none() | st.just({"x": 1, 'y"\n': None}), max_size=2)),
    "map": (DataType(TypeRoot.MAP, key=STRING, value=DOUBLE),
            st.lists(st.tuples(texts, st.none() | st.floats()), max_size=12)),
    "bag": (DataType(TypeRoot.MULTISET, element=STRING),
            st.lists(st.tuples(st.sampled_from("abcdefghijkl"), st.integers(1, 9)), max_size=14)),
}  # fmt: skip
SCHEMA = Schema(tuple(Column(name, kind) for name, (kind, _) in COLUMNS.items()))
rules = st.builds(
    EncodeRules,
    st.booleans(),
    st.sampled_from(["FAIL", "DROP", "LITERAL"]),
    texts,
    st.booleans(),
    st.booleans(),
)


def with_native(test: Any) -> Any:
    """The laws hold of the crate; where no Rust built it there is nothing to hold to them."""
    return test if library() is not None else lambda: None


def column(kind: DataType, values: list[Any]) -> pa.Array:
    """The values as Arrow carries them; dates and times are given as their integers."""
    arrow = kind.arrow()
    if pa.types.is_temporal(arrow):
        return pa.array(values, pa.int32() if arrow.bit_width == 32 else pa.int64()).view(arrow)
    return pa.array(values, arrow)


def encoders(schema: Schema, chosen: EncodeRules) -> tuple[JsonEncoder, JsonEncoder]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_NATIVE", "0")
        python = JsonEncoder(schema, chosen)
        patch.delenv("TIDEMILL_NATIVE")
        return JsonEncoder(schema, chosen), python


def agree(schema: Schema, arrays: list[pa.Array], chosen: EncodeRules) -> list[bytes] | None:
    """Assert that both write the same; None where both refuse."""
    native, python = encoders(schema, chosen)
    rows = pa.RecordBatch.from_arrays(arrays, schema=schema.arrow())
    try:
        expected = python.encode(Batch(rows))
    except ConnectorError as error:
        with pytest.raises(ConnectorError, match=error.message):
            native.encode(Batch(rows))
        return None
    found = native.encode(Batch(rows))
    assert found.type == expected.type == pa.binary()
    assert found.to_pylist() == expected.to_pylist()
    return list(found.to_pylist())


@st.composite
def tables(draw: Any) -> tuple[list[pa.Array], int, int]:
    count = draw(st.integers(1, 6))
    arrays = []
    for kind, values in COLUMNS.values():
        drawn = draw(st.lists(st.none() | values, min_size=count, max_size=count))
        arrays.append(column(kind, drawn))
    start = draw(st.integers(0, count - 1))
    return arrays, start, draw(st.integers(0, count - start))


@with_native
@settings(max_examples=40)
@given(tables(), rules)
def test_any_rows(table: tuple[list[pa.Array], int, int], chosen: EncodeRules) -> None:
    arrays, start, length = table
    agree(SCHEMA, arrays, chosen)
    agree(SCHEMA, [array.slice(start, length) for array in arrays], chosen)


@with_native
@given(st.lists(st.floats(allow_nan=False), min_size=20, max_size=20))
def test_any_double(values: list[float]) -> None:
    near = [8.0000152587890625, 5e-324, 2e-323, 1e7, 9999999.999999998, 1e-3, 2.0**-1022, 1e23]
    near += [70368744177664.625, 1.8339363220358602e15, 2.0**81, 1e22]
    arrays = [
        column(DOUBLE, values + near),
        column(FLOAT, [1e-3, 1e7, 1.5e-45, 3.4e38, 2.8e-45, 475204.625, 1e10, 9.8e-45] * 4),
    ]
    schema = Schema((Column("d", DOUBLE), Column("f", FLOAT)))
    agree(schema, arrays, EncodeRules())


@with_native
def test_the_native_encoder_is_asked() -> None:
    """So that the laws above are about it: its answer is there for all types at once."""
    arrays = [column(kind, [None, None]) for kind, _ in COLUMNS.values()]
    native, python = encoders(SCHEMA, EncodeRules())
    rows = pa.RecordBatch.from_arrays(arrays, schema=SCHEMA.arrow())
    nothing = (None, NOTHING, NOTHING)
    assert native._natively(rows, *nothing) is not None
    assert python._natively(rows, *nothing) is None


@with_native
def test_what_it_cannot_do_is_left_to_python() -> None:
    crate = library()
    encoder = crate.JsonEncoder(False, False, False)
    before_midnight = pa.array([-1], pa.int32()).view(pa.time32("ms"))
    for values in ([timedelta(1)], pa.array([date(2024, 1, 1)], pa.date64()), before_midnight):
        assert encoder.encode(pa.record_batch({"x": pa.array(values)})) is None
    assert encoder.encode(pa.array([1])) is None
    with pytest.raises(AttributeError):
        encoder.encode("no Arrow")
