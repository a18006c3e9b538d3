"""The native encoder of Avro writes the bytes of the Python encoder, or leaves the rows to it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.formats.avro.encoder import RecordWriter
from tidemill.formats.common.changes import NOTHING
from tidemill.interfaces.native import library
from tidemill.model import Batch, Column, DataType, RowKind, Schema, TypeRoot
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

NOT_NULL = INT.with_nullable(False)
ROW = DataType(TypeRoot.ROW, fields=(Field("x", NOT_NULL), Field("y", STRING)))


def whole(bits: int) -> Any:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) | st.integers(-65, 64)


def decimal_of(precision: int, scale: int) -> tuple[DataType, Any]:
    unscaled = st.integers(-(10**precision) + 1, 10**precision - 1) | st.integers(-300, 300)
    kind = DataType(TypeRoot.DECIMAL, precision=precision, scale=scale)
    return kind, unscaled.map(
        lambda n: Decimal((int(n < 0), Decimal(abs(n)).as_tuple()[1], -scale))
    )


texts = st.text(max_size=8)
COLUMNS: dict[str, tuple[DataType, Any]] = {
    "b": (BOOLEAN, st.booleans()),
    "t": (TINYINT, whole(8)),
    "s": (SMALLINT, whole(16)),
    "i": (INT, whole(32)),
    "l": (BIGINT, whole(64)),
    "f": (FLOAT, st.floats(width=32)),
    "d": (DOUBLE, st.floats()),
    "text": (STRING, texts),
    "bytes": (BYTES, st.binary(max_size=200)),
    "day": (DataType(TypeRoot.DATE), whole(32)),
    "time": (DataType(TypeRoot.TIME, precision=3), st.integers(0, 86_399_999)),
    "millis": (DataType(TypeRoot.TIMESTAMP, precision=3), whole(64)),
    "micros": (DataType(TypeRoot.TIMESTAMP_LTZ, precision=6), whole(64)),
    "c": decimal_of(6, 2),
    "wide": decimal_of(38, 10),
    "must": (NOT_NULL, whole(32)),
    "row": (ROW, st.fixed_dictionaries({"x": whole(32), "y": st.none() | texts})),
    "deep": (DataType(TypeRoot.ARRAY, element=DataType(TypeRoot.ARRAY, element=ROW)),
             st.lists(st.none() | st.lists(st.none() | st.just({"x": 1, "y": None}), max_size=2),
                      max_size=3)),
    "map": (DataType(TypeRoot.MAP, key=STRING, value=DOUBLE),
            st.lists(st.tuples(texts, st.none() | st.floats()), max_size=4)),
}  # fmt: skip
SCHEMA = Schema(tuple(Column(name, kind) for name, (kind, _) in COLUMNS.items()))


def with_native(test: Any) -> Any:
    """The laws hold of the crate; where no Rust built it there is nothing to hold to them."""
    return test if library() is not None else lambda: None


def column(kind: DataType, values: list[Any]) -> pa.Array:
    """The values as Arrow carries them; dates and times are given as their integers."""
    arrow = kind.arrow()
    if pa.types.is_temporal(arrow):
        return pa.array(values, pa.int32() if arrow.bit_width == 32 else pa.int64()).view(arrow)
    return pa.array(values, arrow)


def writers() -> tuple[RecordWriter, RecordWriter]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_NATIVE", "0")
        python = RecordWriter(SCHEMA)
        patch.delenv("TIDEMILL_NATIVE")
        return RecordWriter(SCHEMA), python


@st.composite
def batches(draw: Any) -> Batch:
    count = draw(st.integers(1, 6))
    arrays = []
    for kind, values in COLUMNS.values():
        some = st.none() | values if kind.nullable else values
        arrays.append(column(kind, draw(st.lists(some, min_size=count, max_size=count))))
    kinds = draw(st.none() | st.lists(st.sampled_from(RowKind), min_size=count, max_size=count))
    start = draw(st.integers(0, count - 1))
    rows = pa.RecordBatch.from_arrays(arrays, schema=SCHEMA.arrow()).slice(start)
    return Batch(rows, None if kinds is None else pa.array(kinds, pa.int8()).slice(start))


bounds = st.just(NOTHING) | st.tuples(st.binary(max_size=3), st.binary(max_size=3))


@with_native
@settings(max_examples=60)
@given(batches(), bounds, bounds)
def test_any_rows(batch: Batch, added: Any, withdrawn: Any) -> None:
    native, python = writers()
    assert python._native is None
    found, expected = (one.write(batch, added, withdrawn) for one in (native, python))
    assert found.type == expected.type == pa.binary()
    assert found.to_pylist() == expected.to_pylist()


@with_native
def test_the_native_encoder_is_asked() -> None:
    """So that the law above is about it: its answer is there for all types at once."""
    arrays = [column(kind, [None if kind.nullable else 1]) for kind, _ in COLUMNS.values()]
    rows = pa.RecordBatch.from_arrays(arrays, schema=SCHEMA.arrow())
    assert len(writers()[0]._native.encode(rows)) == 1


@with_native
def test_what_it_cannot_do_is_left_to_python() -> None:
    crate = library()
    rows = pa.record_batch({"x": pa.array([1, None])})
    assert crate.AvroEncoder([("plain", False, [])]).encode(rows) is None
    assert len(crate.AvroEncoder([("plain", True, [])]).encode(rows)) == 2
    assert crate.AvroEncoder([]).encode(rows) is None
    lengths = pa.record_batch({"x": pa.array([timedelta(1)])})
    assert crate.AvroEncoder([("plain", True, [])]).encode(lengths) is None
    kinds = pa.array([0], pa.int8())
    assert crate.AvroEncoder([("plain", True, [])]).encode(rows, kinds) is None
    with pytest.raises(TypeError, match="int8"):
        crate.AvroEncoder([("plain", True, [])]).encode(rows, pa.array(["+I"]))
