"""Messages with a schema id before them to Arrow rows.

Each message is read by the schema that it names, and resolved to the table's columns. Rejected are:
a message without the magic byte, an id that the registry does not know, a schema that cannot be
resolved to the columns. A registry that does not answer is an error to be tried again, never a
reason to reject.
"""

from __future__ import annotations

from collections.abc import Sequence
from json import loads

import numpy as np

from tidemill.formats.avro.decoder import Read, RecordReader, settled
from tidemill.formats.avro.raw import UnreadableSchemaError, read_schema
from tidemill.formats.schema_registry.client import SchemaRegistry
from tidemill.interfaces.format import Decoded, Reject
from tidemill.model import Schema

HEADER_BYTES = 5
_UNKNOWN_KEPT_MAX = 1000


class RegistryDecoder:
    """Decodes the messages of one table; see the module."""

    def __init__(
        self,
        registry: SchemaRegistry,
        schema: Schema,
        needed: frozenset[str] | None,
        optional: frozenset[str] = frozenset(),
    ) -> None:
        self.schema = schema
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
            elif len(message) < HEADER_BYTES or message[0] != 0:
                rejects[index] = Reject(index, "format.bad-magic", _not_framed(message))
            else:
                by_id.setdefault(int.from_bytes(message[1:HEADER_BYTES]), []).append(index)
        parts: list[Read] = []
        for schema_id, places in by_id.items():
            reader = self._reader(schema_id)
            if isinstance(reader, tuple):
                rejects |= {index: Reject(index, *reader) for index in places}
                continue
            bodies = [(messages[index] or b"")[HEADER_BYTES:] for index in places]
            part = reader.read(bodies, np.array(places, np.int64))
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
            return RecordReader(written, self.schema, self._needed, self._optional)
        except (UnreadableSchemaError, ValueError) as error:
            return "format.incompatible-schema", f"schema {schema_id}: {error}"


def _not_framed(message: bytes) -> str:
    if len(message) < HEADER_BYTES:
        return f"the message has {len(message)} bytes, and magic byte and schema id are five"
    return f"the first byte is 0x{message[0]:02x}, not the magic byte 0x00 before a schema id"
