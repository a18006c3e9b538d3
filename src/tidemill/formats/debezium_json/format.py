"""Format `debezium-json`; see `decoder` and `encoder` for its rules."""

from __future__ import annotations

from tidemill.formats.debezium_json.decoder import DebeziumDecoder
from tidemill.formats.debezium_json.encoder import DebeziumEncoder
from tidemill.formats.debezium_json.native import natively
from tidemill.formats.debezium_json.options import OPTIONS
from tidemill.formats.json.decoder import row_type
from tidemill.formats.json.options import decode_rules, encode_rules
from tidemill.interfaces.format import Decoder, FormatFactory
from tidemill.interfaces.options import OptionValues
from tidemill.model import Schema, TypeRoot

METADATA = {
    "schema": "STRING",
    "ingestion-timestamp": "TIMESTAMP_LTZ(3)",
    "source.timestamp": "TIMESTAMP_LTZ(3)",
    "source.database": "STRING",
    "source.schema": "STRING",
    "source.table": "STRING",
    "source.properties": "MAP<STRING, STRING>",
}
"""Metadata keys with their types; a Kafka table reads them as `value.<key>`."""


def _decoder(schema: Schema, options: OptionValues, needed: frozenset[str] | None) -> Decoder:
    rules = decode_rules(
        options, tree=True, decimals=row_type(schema.physical()).holds(TypeRoot.DECIMAL)
    )
    include, deduplicate = bool(options["schema-include"]), bool(options["deduplicate"])
    return natively(DebeziumDecoder(schema, rules, needed, include, deduplicate), needed)


def _encoder(schema: Schema, options: OptionValues) -> DebeziumEncoder:
    return DebeziumEncoder(schema, encode_rules(options))


FORMAT = FormatFactory(
    "debezium-json",
    OPTIONS,
    changelog=True,
    decoder=_decoder,
    encoder=_encoder,
    metadata=METADATA,
    by_name=lambda _options: True,
)
