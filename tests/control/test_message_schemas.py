"""Avro and Protobuf messages as people read them: by a registry's id, and by a pipeline's table."""

import datetime as dt
import io
import json
from decimal import Decimal

import fastavro
import pytest
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st

from tidemill.control.message_schemas import MessageSchemas
from tidemill.control.message_view import decode
from tidemill.errors import ConnectorError
from tidemill.formats.protobuf.descriptor import pool_of
from tidemill.formats.protobuf.source import file_descriptor
from tidemill.formats.schema_registry.client import RegisteredSchema, RegistryLogin, SchemaRegistry
from tidemill.model import Column, Schema, TableDescriptor
from tidemill.model.types import BIGINT, STRING

AVRO = {
    "type": "record", "name": "Order", "fields": [
        {"name": "id", "type": "long"},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 8,
                                   "scale": 2}},
        {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
        {"name": "raw", "type": "bytes"},
    ],
}  # fmt: skip
PROTO = """
syntax = "proto3"; // the newest
package shop.v1;
import "google/protobuf/timestamp.proto";
option java_package = "com.shop";
/* two
   messages */
message Other { reserved 2, 5 to 9; int32 n = 1 [deprecated = true]; }
message Order {
  enum State { option allow_alias = true; NEW = 0; FRESH = 0; DONE = 0x2; }
  message Line { string name = 1; uint32 pieces = 2; }
  int64 id = 1;
  repeated Line lines = 2;
  map<string, Other> others_by_name = 3;
  oneof way { string mail = 4; bytes pigeon = 5; }
  google.protobuf.Timestamp at = 6;
  State state = 7;
  optional double weight = 8;
  shop.v1.Other one = 9;
}
service Orders { rpc Get (Order) returns (Other) { option deadline = 3; } }
"""


class Registry(SchemaRegistry):
    """A registry whose schemas are known already: nothing is asked."""

    def __init__(self) -> None:
        super().__init__(RegistryLogin("http://127.0.0.1:9"))
        self._by_id = {
            1: RegisteredSchema(1, json.dumps(AVRO)),
            2: RegisteredSchema(2, PROTO, "PROTOBUF"),
            3: RegisteredSchema(3, "group Z", "PROTOBUF"),
        }


def framed(schema_id: int, body: bytes) -> bytes:
    return b"\0" + schema_id.to_bytes(4) + body


def order(**values):
    pool = pool_of(file_descriptor(PROTO))
    return GetMessageClass(pool.FindMessageTypeByName("shop.v1.Order"))(**values)


def avro_order() -> bytes:
    stream = io.BytesIO()
    row = {"id": 7, "price": Decimal("12.50"), "raw": b"\xff",
           "at": dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)}  # fmt: skip
    fastavro.schemaless_writer(stream, AVRO, row)
    return stream.getvalue()


def test_messages_are_read_by_the_schema_that_they_name():
    schemas = MessageSchemas(Registry)
    read = decode(framed(1, avro_order()), "auto", schemas)
    assert read.encoding == "avro"
    assert read.value == {
        "id": 7, "price": "12.50", "raw": "ff", "at": "2026-01-05T12:00:00+00:00",
    }  # fmt: skip
    message = order(id=7, lines=[{"name": "tea", "pieces": 2}], state=2, mail="a@b", weight=0.0)
    message.others_by_name["x"].n = 4
    for path in (b"\x02\x02", b"\x02\x02"):
        read = decode(framed(2, path + message.SerializeToString()), "auto", schemas)
        assert read.encoding == "protobuf"
        assert read.value == {
            "id": "7", "lines": [{"name": "tea", "pieces": 2}], "state": "DONE", "mail": "a@b",
            "weight": 0.0, "others_by_name": {"x": {"n": 4}},
        }  # fmt: skip
    first = decode(framed(2, b"\x00\x08\x05"), "protobuf", schemas)
    assert first.value == {"n": 5}


def test_what_the_schema_does_not_fit_stays_bytes():
    schemas = MessageSchemas(Registry)
    for message in (framed(1, avro_order() + b"x"), framed(2, b"\x02\x7f"), framed(3, b"\xff"),
                    b"\0\0", framed(1, b"")):  # fmt: skip
        assert decode(message, "auto", schemas).encoding in ("hex", "text")
    assert decode(framed(1, avro_order()), "hex", schemas).encoding == "hex"
    assert decode(framed(1, avro_order()), "protobuf", schemas).encoding == "hex"


@given(st.binary(max_size=60))
def test_no_bytes_behind_an_id_are_an_error(body):
    schemas = MessageSchemas(Registry)
    for schema_id in (1, 2, 3):
        assert decode(framed(schema_id, body), "auto", schemas).bytes == len(body) + 5


def test_a_registry_that_is_away_is_asked_once():
    asked = []

    def away():
        asked.append(1)
        raise ConnectorError("it is away", code="format.registry-unreachable")

    schemas = MessageSchemas(away)
    for _ in range(3):
        assert decode(framed(1, b"\xff"), "auto", schemas).encoding == "hex"
    assert asked == [1]


@pytest.mark.parametrize("kind", ["avro", "protobuf"])
def test_a_pipelines_table_says_how_a_topic_is_read(kind, tmp_path):
    columns = (Column("id", BIGINT), Column("name", STRING))
    options = {
        "connector": "kafka", "topic": "t", "format": kind,
        "properties.bootstrap.servers": "127.0.0.1:9",
    }  # fmt: skip
    row = {"id": 1, "name": "tea"}
    if kind == "avro":
        nullable = [{"name": "id", "type": ["null", "long"]},
                    {"name": "name", "type": ["null", "string"]}]  # fmt: skip
        stream = io.BytesIO()
        fastavro.schemaless_writer(stream, {"type": "record", "name": "r", "fields": nullable}, row)
        given_ = stream.getvalue()
    else:
        from google.protobuf import descriptor_pb2

        file = file_descriptor('syntax = "proto3"; message R { int64 id = 1; string name = 2; }')
        (tmp_path / "r.desc").write_bytes(
            descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString()
        )
        options |= {"protobuf.message-class-name": "R",
                    "protobuf.descriptor-file": str(tmp_path / "r.desc")}  # fmt: skip
        message = GetMessageClass(pool_of(file).FindMessageTypeByName("R"))
        given_ = message(**row).SerializeToString()
    table = TableDescriptor("t", Schema(columns), options)
    read = decode(given_, "auto", MessageSchemas(None, (table,)))
    assert (read.encoding, read.value) == (kind, row)
    assert decode(b"\xff\xff\xff", "auto", MessageSchemas(None, (table,))).encoding == "hex"
