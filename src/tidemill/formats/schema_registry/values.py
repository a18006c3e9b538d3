"""Single messages with a schema id before them, as plain values for people to read.

The engine never comes here: it decodes whole batches into Arrow (`avro_confluent`). Values are as
JSON has them; what JSON has no form for comes as text: moments and dates as ISO 8601, DECIMAL with
all its digits, bytes in hexadecimal. Protobuf comes in its own JSON mapping, under the fields'
names.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tidemill.formats.schema_registry.client import RegisteredSchema, SchemaRegistry

HEADER_BYTES = 5
Read = Callable[[bytes], Any]


class ValueReader:
    """Reads messages by the schemas of one registry; each schema is compiled once."""

    def __init__(self, registry: SchemaRegistry) -> None:
        self._registry = registry
        self._readers: dict[int, tuple[str, Read] | None] = {}

    def read(self, message: bytes) -> tuple[str, Any] | None:
        """`avro` or `protobuf` and the value; None where it is not such a message.

        Raises ConnectorError where the registry cannot be reached.
        """
        if len(message) < HEADER_BYTES or message[0] != 0:
            return None
        schema_id = int.from_bytes(message[1:HEADER_BYTES])
        if schema_id not in self._readers:
            self._readers[schema_id] = self._reader(schema_id)
        found = self._readers[schema_id]
        if found is None:
            return None
        kind, read = found
        try:
            return kind, read(message[HEADER_BYTES:])
        except Exception:
            # Any bytes may begin with a zero: what its schema does not fit is no such message.
            return None

    def _reader(self, schema_id: int) -> tuple[str, Read] | None:
        registered = self._registry.by_id(schema_id)
        if registered is None or registered.kind not in ("AVRO", "PROTOBUF"):
            return None
        try:
            if registered.kind == "AVRO":
                return "avro", _avro(registered)
            return "protobuf", _protobuf(registered)
        except (ValueError, TypeError, KeyError):
            return None  # a schema that refers to others, or that the library does not know


def _avro(registered: RegisteredSchema) -> Read:
    from fastavro import parse_schema, schemaless_reader  # noqa: PLC0415 - loaded when used

    schema = parse_schema(json.loads(registered.schema))

    def read(body: bytes) -> Any:
        stream = io.BytesIO(body)
        value = schemaless_reader(stream, schema, None)
        if stream.read(1):
            raise ValueError("bytes are left")
        return plain(value)

    return read


def _protobuf(registered: RegisteredSchema) -> Read:
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - loaded when used
    from google.protobuf.message_factory import GetMessageClass  # noqa: PLC0415

    from tidemill.formats.protobuf.descriptor import pool_of  # noqa: PLC0415
    from tidemill.formats.protobuf.source import file_descriptor  # noqa: PLC0415

    file = file_descriptor(registered.schema)
    pool = pool_of(file)
    known = pool.FindFileByName(file.name)

    def read(body: bytes) -> Any:
        indexes, at = _indexes(body)
        message = list(known.message_types_by_name.values())[indexes[0]]
        for index in indexes[1:]:
            message = message.nested_types[index]
        return MessageToDict(
            GetMessageClass(message).FromString(body[at:]), preserving_proto_field_name=True
        )

    return read


def _indexes(body: bytes) -> tuple[list[int], int]:
    """Which message of the file it is, as a path of places, and where its bytes begin."""
    count, at = _varint(body, 0)
    if count == 0:
        return [0], at
    if not 0 < count <= len(body):
        raise ValueError("no path of a message")
    indexes = []
    for _ in range(count):
        index, at = _varint(body, at)
        indexes.append(index)
    return indexes, at


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """A number in Protobuf's zigzag form, and the place behind it."""
    value, shift = 0, 0
    while True:
        byte = body[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at


def plain(value: Any) -> Any:
    """A value as JSON has it; see the module."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal | uuid.UUID | dt.timedelta):
        return str(value)
    return value
