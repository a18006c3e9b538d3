"""Arrow rows to Avro messages with their schema's id before them.

The schema is registered under the subject when the first row is written; a registry that refuses
it as incompatible stops the pipeline before anything is written.
"""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.errors import ProjectError
from tidemill.formats.avro.encoder import records
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
        self._schema = schema

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One message per row; see `Encoder`."""
        return self.framed(records(batch.rows, self._schema))

    def framed(self, found: pa.BinaryArray) -> pa.BinaryArray:
        """Avro records with the magic byte and the schema's id before them."""
        if len(found) == 0:
            return found
        schema_id = self._registry.register(self._subject, self._written)
        return pc.binary_join_element_wise(b"\x00" + schema_id.to_bytes(4), found, b"")
