"""Format `avro`; see `decoder` and `encoder` for its rules."""

from __future__ import annotations

from tidemill.formats.avro.decoder import AvroDecoder, RecordReader
from tidemill.formats.avro.encoder import AvroEncoder
from tidemill.formats.avro.options import OPTIONS
from tidemill.formats.avro.raw import read_schema
from tidemill.formats.avro.schema import table_schema
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.options import OptionValues
from tidemill.model import Schema


def _decoder(schema: Schema, options: OptionValues, needed: frozenset[str] | None) -> AvroDecoder:
    written = read_schema(table_schema(schema, legacy=options["timestamp_mapping.legacy"]))
    return AvroDecoder(RecordReader(written, schema, needed), schema)


def _encoder(schema: Schema, options: OptionValues) -> AvroEncoder:
    table_schema(schema, legacy=options["timestamp_mapping.legacy"])
    return AvroEncoder(schema)


FORMAT = FormatFactory("avro", OPTIONS, changelog=False, decoder=_decoder, encoder=_encoder)
