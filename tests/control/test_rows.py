"""Rows of a SELECT as plain values."""

import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from tidemill.control.rows import RowReader
from tidemill.model import Batch, Column, DataType, Field, Schema, TypeRoot
from tidemill.model import types as t


def reader(type_: DataType, zone: str = "UTC") -> RowReader:
    return RowReader(Schema((Column("c", type_),)), zone)


def one(type_: DataType, value: object, zone: str = "UTC") -> object:
    rows = pa.RecordBatch.from_arrays([pa.array([value], type_.arrow())], names=["c"])
    ((op, values),) = reader(type_, zone).rows(Batch(rows))
    assert op == "+I"
    json.dumps(values)
    return values[0]


TIME3 = DataType(TypeRoot.TIME, precision=3)
MOMENT = dt.datetime.fromisoformat("2026-01-05 09:00:00.120")


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        (t.BIGINT, 2**62, 2**62),
        (t.BOOLEAN, False, False),
        (t.STRING, "ä\n", "ä\n"),
        (t.STRING, None, None),
        (t.decimal(10, 2), Decimal("1.50"), "1.50"),
        (t.decimal(38, 10), Decimal("0E-10"), "0.0000000000"),
        (t.DOUBLE, 1.5, 1.5),
        (t.DOUBLE, float("nan"), "NaN"),
        (t.DOUBLE, float("-inf"), "-Infinity"),
        (t.BYTES, b"\x00\xff", "AP8="),
        (t.DATE, dt.date(2024, 2, 29), "2024-02-29"),
        (t.DATE, dt.date(1, 1, 1), "0001-01-01"),
        (DataType(TypeRoot.TIME, precision=0), dt.time(9, 1, 2), "09:01:02"),
        (TIME3, dt.time(9, 1, 2, 30000), "09:01:02.030"),
        (t.timestamp(0), MOMENT, "2026-01-05 09:00:00"),
        (t.timestamp(3), MOMENT, "2026-01-05 09:00:00.120"),
        (t.timestamp(6), MOMENT, "2026-01-05 09:00:00.120000"),
        (t.timestamp(9), MOMENT, "2026-01-05 09:00:00.120000000"),
        (t.timestamp(3), dt.datetime.fromisoformat("1969-12-31 23:59:59"),
         "1969-12-31 23:59:59.000"),
        (t.timestamp_ltz(3), MOMENT.replace(tzinfo=dt.UTC), "2026-01-05 09:00:00.120"),
        (DataType(TypeRoot.ARRAY, element=t.decimal(3, 1)), [Decimal("1.0"), None],
         ["1.0", None]),
        (DataType(TypeRoot.MAP, key=t.STRING, value=t.DATE), [("a", dt.date(2024, 1, 1))],
         {"a": "2024-01-01"}),
        (DataType(TypeRoot.ROW, fields=(Field("x", t.INT), Field("y", t.timestamp(3)))),
         {"x": 1, "y": MOMENT}, {"x": 1, "y": "2026-01-05 09:00:00.120"}),
    ],
)  # fmt: skip
def test_values(type_: DataType, value: object, expected: object) -> None:
    assert one(type_, value) == expected


def test_local_time_follows_the_zone_and_its_summer_time() -> None:
    winter = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
    summer = dt.datetime(2026, 7, 5, 9, tzinfo=dt.UTC)
    assert one(t.timestamp_ltz(0), winter, "Europe/Berlin") == "2026-01-05 10:00:00"
    assert one(t.timestamp_ltz(0), summer, "Europe/Berlin") == "2026-07-05 11:00:00"


def test_kinds_and_names() -> None:
    schema = Schema((Column("a", t.INT), Column("a", t.INT), Column("a0", t.INT)))
    rows = pa.RecordBatch.from_arrays([pa.array([1, 2], pa.int32())] * 3, names=["a", "a", "a0"])
    view = RowReader(schema)
    assert len(set(view.names)) == 3
    found = list(view.rows(Batch(rows, pa.array([1, 2], pa.int8()))))
    assert [op for op, _ in found] == ["-U", "+U"]
    assert list(view.as_dict(*found[0])["row"].values()) == [1, 1, 1]
