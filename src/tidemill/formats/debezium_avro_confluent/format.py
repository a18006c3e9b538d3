"""Format `debezium-avro-confluent`; see `decoder` and `encoder` for its rules."""

from __future__ import annotations

from dataclasses import replace

from tidemill.formats.avro.raw import AvroSchema, nullable_of, union_index
from tidemill.formats.avro.schema import table_schema
from tidemill.formats.avro_confluent.encoder import RegistryEncoder
from tidemill.formats.avro_confluent.format import written_schema
from tidemill.formats.avro_confluent.options import LEGACY, REGISTRY, parse
from tidemill.formats.avro_confluent.schema_change import AVRO_BEHAVIOR, WriterCheck
from tidemill.formats.common.change_order import DEDUPLICATE
from tidemill.formats.debezium_avro_confluent.decoder import DebeziumAvroDecoder, envelope
from tidemill.formats.debezium_avro_confluent.encoder import DebeziumAvroEncoder
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.options import OptionSet, OptionValues
from tidemill.model import Schema

OPTIONS = OptionSet(
    "format `debezium-avro-confluent`", (*REGISTRY, LEGACY, DEDUPLICATE, AVRO_BEHAVIOR)
)


def _decoder(
    schema: Schema, options: OptionValues, needed: frozenset[str] | None
) -> DebeziumAvroDecoder:
    parsed = parse(options)
    table_schema(schema, legacy=False)
    check = WriterCheck(options[AVRO_BEHAVIOR.key], schema.physical(), "before")
    return DebeziumAvroDecoder(parsed.registry, schema, bool(options["deduplicate"]), check)


def _encoder(schema: Schema, options: OptionValues) -> DebeziumAvroEncoder:
    parsed = parse(options)
    events = envelope(schema)
    given = nullable_of(parsed.given) if isinstance(parsed.given, list) else parsed.given
    record = written_schema(replace(parsed, given=given), events)
    # Flink derives the envelope from a nullable row, so a union with null is what it registers.
    written: AvroSchema = ["null", record] if parsed.given is None else parsed.given
    framing = RegistryEncoder(parsed.registry, parsed.subject, written, events)
    return DebeziumAvroEncoder(framing, schema, union_index(written))


FORMAT = FormatFactory(
    "debezium-avro-confluent", OPTIONS, changelog=True, decoder=_decoder, encoder=_encoder
)
