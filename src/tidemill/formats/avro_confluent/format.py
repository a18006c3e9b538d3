"""Format `avro-confluent`; see `decoder` and `encoder` for its rules."""

from __future__ import annotations

from tidemill.errors import ProjectError
from tidemill.formats.avro.decoder import RecordReader
from tidemill.formats.avro.raw import AvroSchema, UnreadableSchemaError
from tidemill.formats.avro.schema import table_schema
from tidemill.formats.avro_confluent.decoder import RegistryDecoder
from tidemill.formats.avro_confluent.encoder import RegistryEncoder
from tidemill.formats.avro_confluent.options import OPTIONS, RegistryOptions, parse
from tidemill.formats.avro_confluent.schema_change import AVRO_BEHAVIOR, WriterCheck
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.options import OptionValues
from tidemill.model import Schema


def written_schema(options: RegistryOptions, schema: Schema) -> AvroSchema:
    """The schema that rows are written with: the option `schema`, or what the columns come to.

    Raises ProjectError where the option's schema is not the columns' own, names and docs aside.
    """
    own = table_schema(schema, legacy=options.legacy)
    if options.given is None:
        return own
    try:
        RecordReader(options.given, schema, None)
        fits = _shape(options.given) == _shape(own)
    except UnreadableSchemaError:
        fits = False
    if not fits:
        raise ProjectError(
            "the option `schema` has other fields or types than the table's columns",
            code="format.bad-option",
            hint='Fields stand in the order of the columns; a nullable one is ["null", type].',
        )
    return options.given


def _shape(schema: AvroSchema) -> object:
    """What decides how bytes look: no names of records, no docs, no defaults."""
    if isinstance(schema, list):
        return [_shape(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    if schema["type"] == "record":
        return [(f["name"], _shape(f["type"])) for f in schema["fields"]]
    kept = ("type", "logicalType", "precision", "scale", "items", "values", "size", "symbols")
    shape = {
        k: _shape(v) if k in ("items", "values") else v for k, v in schema.items() if k in kept
    }
    return shape["type"] if len(shape) == 1 else shape


def _decoder(
    schema: Schema, options: OptionValues, needed: frozenset[str] | None
) -> RegistryDecoder:
    parsed = parse(options)
    table_schema(schema, legacy=False)
    check = WriterCheck(options[AVRO_BEHAVIOR.key], schema.physical())
    return RegistryDecoder(parsed.registry, schema, needed, check=check)


def _encoder(schema: Schema, options: OptionValues) -> RegistryEncoder:
    parsed = parse(options)
    written = written_schema(parsed, schema)
    return RegistryEncoder(parsed.registry, parsed.subject, written, schema)


FORMAT = FormatFactory(
    "avro-confluent", OPTIONS, changelog=False, decoder=_decoder, encoder=_encoder
)
