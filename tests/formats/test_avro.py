"""Avro beside fastavro: what one writes the other reads; resolution; and what is refused."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import fastavro
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.errors import ConnectorError, ProjectError
from tidemill.formats import FORMATS
from tidemill.formats.avro.decoder import RecordReader
from tidemill.formats.avro.encode import encoded, varints
from tidemill.formats.avro.general import GeneralReader
from tidemill.formats.avro.raw import UnreadableSchemaError, read_schema
from tidemill.formats.avro.schema import table_schema
from tidemill.formats.avro.vectors import read_flat
from tidemill.model import Batch
from tidemill.model import types as t

LONGS = st.integers(-(2**63), 2**63 - 1)
BYTES = st.binary(max_size=3)
VALUES = st.fixed_dictionaries(
    {
        "a": st.none() | st.integers(-(2**31), 2**31 - 1),
        "b": LONGS,
        "c": st.none() | st.text(max_size=5),
        "d": st.none() | st.floats(allow_nan=False),
        "e": st.none() | st.booleans(),
        "f": st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=3,
                                     min_value=-(10**12), max_value=10**12),
        "g": st.none() | st.fixed_dictionaries({"x": st.none() | LONGS, "y": BYTES}),
        "h": st.none() | st.lists(st.none() | st.text(max_size=3), max_size=3),
        "i": st.none() | st.dictionaries(st.text(max_size=3), LONGS, max_size=3),
    }
)  # fmt: skip
TEXT = (
    "a INT, b BIGINT NOT NULL, c STRING, d DOUBLE, e BOOLEAN, f DECIMAL(30, 3), "
    "g ROW<x BIGINT, y BYTES NOT NULL>, h ARRAY<STRING>, i MAP<STRING, BIGINT NOT NULL>"
)


def written(rows, schema):
    parsed = fastavro.parse_schema(json.loads(json.dumps(schema)))
    found = []
    for row in rows:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed, row)
        found.append(buffer.getvalue())
    return found


@given(rows=st.lists(VALUES, max_size=6))
def test_bytes_are_those_of_fastavro(schema_of, rows):
    schema = schema_of(TEXT)
    avro = table_schema(schema, legacy=True)
    plain = [{**row, "i": None if row["i"] is None else list(row["i"].items())} for row in rows]
    batch = pa.RecordBatch.from_pylist(plain, schema=schema.arrow())
    factory = FORMATS["avro"]
    messages = factory.encoder(schema, factory.options.parse({})).encode(Batch(batch)).to_pylist()
    assert messages == written(rows, avro)
    decoded = factory.decoder(schema, factory.options.parse({}), None).decode(messages)
    assert not decoded.rejects
    assert decoded.rows.to_pylist() == batch.to_pylist()


@given(st.lists(st.binary(max_size=12), max_size=8))
def test_both_readers_agree_about_any_bytes(messages):
    schema = read_schema(
        {"type": "record", "name": "r", "fields": [
            {"name": "a", "type": ["null", "long"]}, {"name": "b", "type": "bytes"},
            {"name": "c", "type": ["null", {"type": "record", "name": "n", "fields": [
                {"name": "x", "type": "int"}]}]},
            {"name": "d", "type": {"type": "enum", "name": "e", "symbols": ["A", "B"]}},
        ]}
    )  # fmt: skip
    fast, bad = read_flat(messages, schema, None)
    slow, bad_slow = GeneralReader(schema).read(messages, None)
    assert (bad | ~bad_slow).all()  # fastavro lets an overlong int pass
    for name, column in fast.items():
        both = np.flatnonzero(~bad)
        assert column.take(both).to_pylist() == slow[name].take(both).to_pylist()


@given(st.lists(LONGS, max_size=5))
def test_numbers_are_as_short_as_can_be(numbers):
    schema = {"type": "record", "name": "r", "fields": [{"name": "v", "type": "long"}]}
    found = varints(np.array(numbers, np.int64)).to_pylist()
    assert found == written([{"v": n} for n in numbers], schema)


def test_decimals_are_as_short_as_can_be():
    values = [Decimal(n) for n in (0, 1, -1, 127, 128, -128, -129, 2**63, -(2**64), 10**37)]
    found = encoded(pa.array(values, pa.decimal128(38, 0)), t.decimal(38, 0, nullable=False))
    for value, message in zip(values, found.to_pylist(), strict=True):
        number = int(value)
        size = (number if number >= 0 else ~number).bit_length() // 8 + 1
        assert message[1:] == number.to_bytes(size, signed=True)


def read(writer, schema, rows):
    reader = RecordReader(read_schema(writer), schema, None)
    found = reader.read(written(rows, writer), np.arange(len(rows)))
    assert not found.rejects, found.rejects
    return pa.RecordBatch.from_arrays(found.columns, schema=schema.arrow()).to_pylist()


def record(*fields):
    return {"type": "record", "name": "w", "fields": [{"name": n, "type": ty} for n, ty in fields]}


def test_a_writer_may_have_more_fields_fewer_and_narrower_ones(schema_of):
    writer = record(
        ("gone", {"type": "array", "items": "string"}), ("n", "int"), ("f", "float"),
        ("e", {"type": "enum", "name": "e", "symbols": ["X", "Y"]}), ("s", "bytes"),
        ("at", {"type": "long", "logicalType": "timestamp-micros"}), ("plain", "long"),
        ("only", "null"), ("m", [{"type": "int", "logicalType": "time-millis"}, "null"]),
        ("d", {"type": "fixed", "name": "d", "size": 2, "logicalType": "decimal",
               "precision": 4, "scale": 1}),
    )  # fmt: skip
    schema = schema_of(
        "n BIGINT, f DOUBLE, e STRING, s STRING, at TIMESTAMP(3), plain TIMESTAMP(3), "
        "only INT, added STRING, m TIME(3), d DECIMAL(10, 2)"
    )
    row = {"gone": ["x"], "n": 7, "f": 0.5, "e": "Y", "s": b"text", "at": -1, "plain": 1500,
           "only": None, "m": None, "d": Decimal("-12.3")}  # fmt: skip
    (found,) = read(writer, schema, [row])
    assert str(found.pop("at")) == "1969-12-31 23:59:59.999999"
    assert str(found.pop("plain")) == "1970-01-01 00:00:01.500000"
    assert found == {"n": 7, "f": 0.5, "e": "Y", "s": "text", "only": None, "added": None,
                     "m": None, "d": Decimal("-12.30")}  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "column"),
    [("long", "INT"), ("double", "FLOAT"), ("string", "INT"), (["int", "string"], "INT"),
     ({"type": "array", "items": "int"}, "INT"), ("int", "STRING"),
     ({"type": "record", "name": "x", "fields": []}, "ARRAY<INT>")],
)  # fmt: skip
def test_what_cannot_be_resolved_is_said(schema_of, type_, column):
    with pytest.raises(UnreadableSchemaError):
        RecordReader(read_schema(record(("a", type_))), schema_of(f"a {column}"), None)
    with pytest.raises(UnreadableSchemaError, match="NOT NULL"):
        RecordReader(read_schema(record(("b", "int"))), schema_of(f"a {column} NOT NULL"), None)


@pytest.mark.parametrize("column", ["TIMESTAMP_LTZ(3)", "TIMESTAMP(6)", "MAP<INT, INT>"])
def test_types_that_avro_lacks_are_refused_when_planned(schema_of, column):
    factory = FORMATS["avro"]
    with pytest.raises(ProjectError) as caught:
        factory.encoder(schema_of(f"a {column}"), factory.options.parse({}))
    assert caught.value.code == "format.unsupported-type"


def test_a_registry_that_is_down_is_an_error_to_be_tried_again(schema_of):
    factory = FORMATS["avro-confluent"]
    options = factory.options.parse({"url": "http://127.0.0.1:1", "subject": "s"})
    decoder = factory.decoder(schema_of("a INT"), options, None)
    encoder = factory.encoder(schema_of("a INT"), options)
    for call in (
        lambda: decoder.decode([b"\x00\x00\x00\x00\x01\x00"]),
        lambda: encoder.encode(Batch(pa.record_batch({"a": pa.array([1], pa.int32())}))),
    ):
        with pytest.raises(ConnectorError) as caught:
            call()
        assert caught.value.retryable and caught.value.code == "format.registry-unreachable"
