"""Types are written as Flink writes them and carried by the right Arrow type."""

import pyarrow as pa
import pytest

from tidemill.model import DataType, Field, TypeRoot, types


@pytest.mark.parametrize(
    ("type_", "sql", "arrow"),
    [
        (types.STRING, "STRING", pa.string()),
        (DataType(TypeRoot.CHAR, length=3), "CHAR(3)", pa.string()),
        (types.BYTES, "BYTES", pa.binary()),
        (types.decimal(10, 2), "DECIMAL(10, 2)", pa.decimal128(10, 2)),
        (types.timestamp(3), "TIMESTAMP(3)", pa.timestamp("us")),
        (types.timestamp(9), "TIMESTAMP(9)", pa.timestamp("ns")),
        (types.timestamp(0), "TIMESTAMP(0)", pa.timestamp("us")),
        (types.timestamp_ltz(3), "TIMESTAMP_LTZ(3)", pa.timestamp("us", tz="UTC")),
        (DataType(TypeRoot.TIME, precision=0), "TIME(0)", pa.time32("ms")),
        (
            DataType(TypeRoot.ARRAY, element=types.INT.with_nullable(False)),
            "ARRAY<INT NOT NULL>",
            pa.list_(pa.int32()),
        ),
        (
            DataType(TypeRoot.MAP, key=types.STRING, value=types.DOUBLE),
            "MAP<STRING, DOUBLE>",
            pa.map_(pa.string(), pa.float64()),
        ),
        (
            DataType(TypeRoot.ROW, fields=(Field("a", types.INT), Field("b", types.BOOLEAN))),
            "ROW<`a` INT, `b` BOOLEAN>",
            pa.struct([pa.field("a", pa.int32()), pa.field("b", pa.bool_())]),
        ),
    ],
)
def test_text_and_arrow(type_: DataType, sql: str, arrow: pa.DataType) -> None:
    assert type_.sql() == sql
    assert type_.arrow() == arrow


def test_not_null_shows_and_counts_for_equality() -> None:
    required = types.INT.with_nullable(False)
    assert str(required) == "INT NOT NULL"
    assert required != types.INT
    assert required.with_nullable(True) == types.INT
