"""Every format keeps the laws of formats."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from tidemill.formats import FORMATS
from tidemill.model import Batch, RowKind, Schema
from tidemill.testing import FormatContract

COLUMNS = (
    "a INT, b STRING, c DOUBLE, d DECIMAL(12, 3), e TIMESTAMP(3), f TIMESTAMP_LTZ(6), g DATE, "
    "h BOOLEAN, i BYTES, j BIGINT NOT NULL, k TIME(3), l FLOAT"
)
NESTED = ", m ARRAY<STRING>, n ROW<x INT, y TIMESTAMP(3)>"
MAPS = ", o MAP<STRING, DOUBLE>, p ARRAY<ROW<q ARRAY<INT>>>"


def at(*parts: int) -> dt.datetime:
    return dt.datetime(*parts)  # noqa: DTZ001 - TIMESTAMP has no time zone


VALUES: list[dict[str, Any]] = [
    {
        "a": 1, "b": 'x "y" \\ \n é 😀', "c": 1.5e-9, "d": Decimal("300.000"),
        "e": at(2024, 2, 29, 23, 59, 59, 123000),
        "f": dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC),
        "g": dt.date(1, 1, 1), "h": True, "i": b"\x00\xff", "j": -(2**63),
        "k": dt.time(12, 34, 56, 789000), "l": 0.1, "m": ["p", "q r"],
        "n": {"x": 5, "y": at(2024, 1, 1)},
        "o": {"k": 2.5, "": None}.items(), "p": [{"q": [1, None]}, {"q": None}, None],
    },
    {
        "a": -(2**31), "b": "z", "c": 1e22, "d": Decimal("-0.001"),
        "e": at(9999, 12, 31), "f": dt.datetime(1, 1, 1, tzinfo=dt.UTC),
        "g": dt.date(9999, 12, 31), "h": False, "i": b"ab", "j": 2**63 - 1, "k": dt.time(0),
        "l": 16777216.0, "m": [], "n": None, "o": None, "p": [],
    },
    {"a": None, "b": None, "c": None, "d": None, "e": None, "f": None, "g": None, "h": None,
     "i": None, "j": 7, "k": None, "l": None, "m": None, "n": {"x": None, "y": None},
     "o": [], "p": None},
]  # fmt: skip


def rows_of(schema: Schema) -> pa.RecordBatch:
    values = [{name: row[name] for name in schema.names} for row in VALUES]
    for row in values:
        if row.get("o") is not None:
            row["o"] = list(row["o"])
    return pa.RecordBatch.from_pylist(values, schema=schema.arrow())


class Contract(FormatContract):
    columns = COLUMNS

    @pytest.fixture(autouse=True)
    def _schema(self, schema_of: Callable[[str], Schema]) -> None:
        self.schema = schema_of(self.columns)

    def batch(self) -> Batch:
        return Batch(rows_of(self.schema))


class TestJson(Contract):
    factory = FORMATS["json"]
    columns = COLUMNS + NESTED + MAPS
    samples = (
        b'{"a":1,"b":"x","c":2,"j":5,"m":["a"],"n":{"x":1},"o":{"k":1},"p":[{"q":[1]}]}',
        b'{"j":"6","d":1.25,"e":"2024-01-01 00:00:00","f":"2024-01-01 00:00:00.5Z"}',
        b'[{"j":1},{"j":2}]',
        b'{"j":1, "b":{"x":[1,2.50,"y"]}, "unknown":[{"z":null}]} trailing',
    )


class TestJsonIso(TestJson):
    options: ClassVar = {
        "timestamp-format.standard": "ISO-8601",
        "encode.ignore-null-fields": "true",
    }
    samples = (b'{"j":1,"e":"2024-01-01T00:00:00"}', b'{"j":2}')


class TestDebeziumJson(Contract):
    factory = FORMATS["debezium-json"]
    columns = COLUMNS + NESTED + MAPS
    samples = (
        b'{"before":null,"after":{"j":5,"b":"x"},"op":"c","ts_ms":1,"source":{"lsn":7,'
        b'"connector":"postgresql","sequence":"[null,\\"7\\"]","name":"n","db":"d"}}',
        b'{"before":{"j":1},"after":{"j":"2"},"op":"u"}',
        b'{"before":{"j":1,"d":"1.5"},"after":null,"op":"d","source":{"lsn":"x"}}',
    )

    def batch(self) -> Batch:
        kinds = [RowKind.INSERT, RowKind.DELETE, RowKind.UPDATE_AFTER]
        return Batch(rows_of(self.schema), pa.array(kinds, pa.int8()))


class TestDebeziumJsonWithSchema(TestDebeziumJson):
    options: ClassVar = {"schema-include": "true"}
    samples = (b'{"schema":{"type":"struct"},"payload":{"before":null,"after":{"j":5},"op":"r"}}',)

    def check_identity(self, batch: Batch) -> None:
        """Flink writes no schema, so what it writes cannot be read with `schema-include`."""


class TestCsv(Contract):
    factory = FORMATS["csv"]
    columns = COLUMNS + NESTED
    options: ClassVar = {"null-literal": "n/a"}
    samples = (
        b'1,"x, y",2.5,1.25,2024-01-01 00:00:00,2024-01-01 00:00:00Z,2024-01-01,true,YQ==,5,'
        b"12:00,1.5,a;b,1;2024-01-01 00:00:00",
        b"n/a,n/a,n/a,n/a,n/a,n/a,n/a,n/a,n/a,7,n/a,n/a,n/a,n/a",
    )


class TestRawText(Contract):
    factory = FORMATS["raw"]
    columns = "b STRING"
    samples = (b"x", "é".encode(), b"")


class TestRawNumber(Contract):
    factory = FORMATS["raw"]
    columns = "a INT"
    options: ClassVar = {"endianness": "little-endian"}
    samples = (b"\x01\x00\x00\x00",)


def avro_samples(schema: Schema, options: dict[str, str]) -> tuple[bytes, ...]:
    factory = FORMATS["avro"]
    encoder = factory.encoder(schema, factory.options.parse(options))
    return tuple(encoder.encode(Batch(rows_of(schema))).to_pylist())


class TestAvro(Contract):
    factory = FORMATS["avro"]
    options: ClassVar = {"timestamp_mapping.legacy": "false"}

    @pytest.fixture(autouse=True)
    def _samples(self, _schema: None) -> None:
        self.samples = avro_samples(self.schema, self.options)


class TestAvroNested(TestAvro):
    columns = COLUMNS + NESTED + MAPS


class TestAvroRow(TestAvro):
    """Rows in rows without lists: read by numpy, like a Debezium envelope."""

    columns = "j BIGINT NOT NULL, n ROW<x INT, y TIMESTAMP(3)>, d DECIMAL(12, 3), b STRING"
