"""Format `debezium-avro-confluent`; see `decoder` and `encoder` for its rules."""

from __future__ import annotations

from tidemill.formats.avro.schema import table_schema
from tidemill.formats.avro_confluent.encoder import RegistryEncoder
from tidemill.formats.avro_confluent.format import written_schema
from tidemill.formats.avro_confluent.options import LEGACY, REGISTRY, parse
from tidemill.formats.common.change_order import DEDUPLICATE
from tidemill.formats.debezium_avro_confluent.decoder import DebeziumAvroDecoder, envelope
from tidemill.formats.debezium_avro_confluent.encoder import DebeziumAvroEncoder
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.options import OptionSet, OptionValues
from tidemill.model import Schema

OPTIONS = OptionSet("format `debezium-avro-confluent`", (*REGISTRY, LEGACY, DEDUPLICATE))


def _decoder(
    schema: Schema, options: OptionValues, needed: frozenset[str] | None
) -> DebeziumAvroDecoder:
    parsed = parse(options)
    table_schema(schema, legacy=False)
    return DebeziumAvroDecoder(parsed.registry, schema, bool(options["deduplicate"]))


def _encoder(schema: Schema, options: OptionValues) -> DebeziumAvroEncoder:
    parsed = parse(options)
    events = envelope(schema)
    written = written_schema(parsed, events)
    framing = RegistryEncoder(parsed.registry, parsed.subject, written, events)
    return DebeziumAvroEncoder(framing, schema)


FORMAT = FormatFactory(
    "debezium-avro-confluent", OPTIONS, changelog=True, decoder=_decoder, encoder=_encoder
)
