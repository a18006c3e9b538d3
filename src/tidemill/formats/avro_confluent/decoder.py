"""Messages with a schema id before them to Arrow rows.

Each message is read by the schema that it names, and resolved to the table's columns. Rejected are:
a message without the magic byte, an id that the registry does not know, a schema that cannot be
resolved to the columns. A registry that does not answer is an error to be tried again, never a
reason to reject; a schema with other fields than the columns may be one (`schema_change`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from json import loads

import numpy as np
import pyarrow as pa

from tidemill.formats.avro.decoder import Read, RecordReader, settled
from tidemill.formats.avro.raw import UnreadableSchemaError, read_schema
from tidemill.formats.avro.vectors import Numbers
from tidemill.formats.avro_confluent.schema_change import WriterCheck
from tidemill.formats.schema_registry.client import SchemaRegistry
from tidemill.interfaces.format import Decoded, Reject
from tidemill.model import Schema

HEADER_BYTES = 5
MAGIC = 0
_UNKNOWN_KEPT_MAX = 1000


class RegistryDecoder:
    """Decodes the messages of one table; see the module."""

    def __init__(
        self,
        registry: SchemaRegistry,
        schema: Schema,
        needed: frozenset[str] | None,
        optional: frozenset[str] = frozenset(),
        check: WriterCheck | None = None,
    ) -> None:
        self.schema = schema
        self._check = check
        self._optional = optional
        self._registry = registry
        self._needed = needed
        self._readers: dict[int, RecordReader | tuple[str, str]] = {}

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; see `Decoder`."""
        by_id: dict[int, list[int]] = {}
        rejects: dict[int, Reject] = {}
        skipped = 0
        for index, message in enumerate(messages):
            if message is None:
                skipped += 1
            elif len(message) < HEADER_BYTES or message[0] != MAGIC:
                rejects[index] = Reject(index, "format.bad-magic", _not_framed(message))
            else:
                by_id.setdefault(int.from_bytes(message[1:HEADER_BYTES]), []).append(index)

        def read(reader: RecordReader, places: Numbers) -> Read:
            bodies = [(messages[index] or b"")[HEADER_BYTES:] for index in places.tolist()]
            return reader.read(bodies, places)

        places_of = {id_: np.array(places, np.int64) for id_, places in by_id.items()}
        return self._decoded(places_of, read, rejects, skipped)

    def decode_column(self, messages: pa.BinaryArray) -> Decoded:
        """As `decode`, of a column; see `ColumnDecoder`."""
        ids, framed = _schema_ids(messages)
        strange = np.flatnonzero(messages.is_valid().to_numpy(zero_copy_only=False) & ~framed)
        rejects = {
            index: Reject(index, "format.bad-magic", _not_framed(messages[index].as_py()))
            for index in strange.tolist()
        }
        places_of = {int(id_): np.flatnonzero(framed & (ids == id_)) for id_ in set(ids[framed])}

        def read(reader: RecordReader, places: Numbers) -> Read:
            some = messages if len(places) == len(messages) else messages.take(pa.array(places))
            return reader.read_column(some, HEADER_BYTES, places)

        return self._decoded(places_of, read, rejects, messages.null_count)

    def _decoded(
        self,
        places_of: Mapping[int, Numbers],
        read: Callable[[RecordReader, Numbers], Read],
        rejects: dict[int, Reject],
        skipped: int,
    ) -> Decoded:
        """The rows of all messages, whose places stand by the ids of their schemas."""
        parts: list[Read] = []
        for schema_id, places in places_of.items():
            reader = self._reader(schema_id)
            if isinstance(reader, tuple):
                rejects |= {index: Reject(index, *reader) for index in places.tolist()}
                continue
            part = read(reader, places)
            rejects |= part.rejects
            parts.append(part)
        return settled(parts, self.schema, skipped, rejects)

    def _reader(self, schema_id: int) -> RecordReader | tuple[str, str]:
        """What reads messages of a schema, or why none can: a code and a text."""
        if schema_id not in self._readers:
            found = self._make(schema_id)
            if isinstance(found, tuple) and found[0] == "format.unknown-schema":
                return found  # it may be registered later, so it is asked for again
            self._readers[schema_id] = found
        return self._readers[schema_id]

    def _make(self, schema_id: int) -> RecordReader | tuple[str, str]:
        registered = self._registry.by_id(schema_id)
        if registered is None:
            return "format.unknown-schema", f"the {self._registry.shown} has no schema {schema_id}"
        if registered.kind != "AVRO":
            return "format.incompatible-schema", f"schema {schema_id} is {registered.kind}"
        try:
            written = read_schema(loads(registered.schema))
            if self._check is not None:
                self._check(written, schema_id, self._registry.shown)
            return RecordReader(written, self.schema, self._needed, self._optional)
        except (UnreadableSchemaError, ValueError) as error:
            if self._check is not None:
                self._check.unreadable(schema_id, self._registry.shown, str(error))
            return "format.incompatible-schema", f"schema {schema_id}: {error}"


def _schema_ids(messages: pa.BinaryArray) -> tuple[Numbers, Numbers]:
    """The id in each message's header, and whether there is one."""
    _, offsets, data = messages.buffers()
    ends = np.frombuffer(offsets, np.int32, len(messages) + 1, messages.offset * 4)
    source = np.frombuffer(data or b"", np.uint8)
    source = np.concatenate([source[: ends[-1]], np.zeros(HEADER_BYTES, np.uint8)])
    header = source[ends[:-1, None] + np.arange(HEADER_BYTES)]
    long_enough = np.diff(ends) >= HEADER_BYTES
    framed = long_enough & (header[:, 0] == MAGIC)
    framed &= messages.is_valid().to_numpy(zero_copy_only=False)
    ids = np.ascontiguousarray(header[:, 1:]).view(">u4")[:, 0].astype(np.int64)
    return ids, framed


def _not_framed(message: bytes) -> str:
    if len(message) < HEADER_BYTES:
        return f"the message has {len(message)} bytes, and magic byte and schema id are five"
    return f"the first byte is 0x{message[0]:02x}, not the magic byte 0x00 before a schema id"
