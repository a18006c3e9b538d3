"""Arrow rows to Avro messages with their schema's id before them.

The schema is registered under the subject when the first row is written; a registry that refuses
it as incompatible stops the pipeline before anything is written.
"""

from __future__ import annotations

import json

import pyarrow as pa

from tidemill.errors import ProjectError
from tidemill.formats.avro.encoder import RecordWriter
from tidemill.formats.avro.raw import AvroSchema
from tidemill.formats.schema_registry.client import SchemaRegistry
from tidemill.model import Batch, Schema


class RegistryEncoder:
    """Encodes the rows of one table; row kinds are not written."""

    def __init__(
        self, registry: SchemaRegistry, subject: str | None, written: AvroSchema, schema: Schema
    ) -> None:
        if subject is None:
            raise ProjectError(
                "a sink of this format needs the option `subject`",
                code="project.missing-option",
                hint="Name the subject that the schema is registered under.",
            )
        self._registry, self._subject = registry, subject
        self._written = json.dumps(written, separators=(",", ":"))
        self._writer = RecordWriter(schema)

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One message per row; see `Encoder`."""
        if len(batch) == 0:
            return pa.array([], pa.binary())
        bounds = (self.header(), b"")
        return self._writer.write(batch, bounds, bounds)

    def header(self) -> bytes:
        """The magic byte and the id of the schema, which is registered now at the latest."""
        schema_id = self._registry.register(self._subject, self._written)
        return b"\x00" + schema_id.to_bytes(4)
