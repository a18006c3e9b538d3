"""Options of `avro-confluent`, under Flink 2.3's names, and one of Tidemill's own."""

from __future__ import annotations

from dataclasses import replace

from tidemill.errors import ProjectError
from tidemill.formats.avro.options import LEGACY as AVRO_LEGACY
from tidemill.formats.avro.raw import AvroSchema, UnreadableSchemaError, read_schema
from tidemill.formats.avro_confluent.schema_change import AVRO_BEHAVIOR
from tidemill.formats.schema_registry.client import RegistryLogin, SchemaRegistry
from tidemill.interfaces.options import Option, OptionSet, OptionType, OptionValues
from tidemill.records import dataclass

_S = OptionType.STRING
REGISTRY = (
    Option("url", _S, "The registry, as http://host:port (Confluent's API).", required=True),
    Option(
        "subject", _S,
        "The subject that a sink registers its schema under; in Kafka by default `<topic>-value` "
        "or `<topic>-key`.",
    ),
    Option("schema", _S, "An Avro schema to read or write with, in place of the columns' own."),
    Option(
        "basic-auth.credentials-source", OptionType.ENUM, "Where user and password stand.",
        choices=("USER_INFO",),
    ),
    Option("basic-auth.user-info", _S, "`user:password`.", secret=True),
    Option(
        "bearer-auth.credentials-source", OptionType.ENUM, "Where the token stands.",
        choices=("STATIC_TOKEN",),
    ),
    Option("bearer-auth.token", _S, "The token.", secret=True),
)  # fmt: skip
LEGACY = replace(
    AVRO_LEGACY,
    description=f"{AVRO_LEGACY.description} (Tidemill's own: Flink 2.3 has it for `avro` only.)",
)
OPTIONS = OptionSet("format `avro-confluent`", (*REGISTRY, LEGACY, AVRO_BEHAVIOR))


@dataclass(frozen=True, slots=True)
class RegistryOptions:
    """What a table's options come to; no request is made for it."""

    registry: SchemaRegistry
    subject: str | None
    given: AvroSchema | None
    """The schema in the option `schema`."""
    legacy: bool


def parse(options: OptionValues) -> RegistryOptions:
    """The options, checked."""
    given = options["schema"]
    if given is not None:
        import json  # noqa: PLC0415 - rarely

        try:
            given = read_schema(json.loads(given))
        except (ValueError, UnreadableSchemaError) as error:
            raise ProjectError(
                f"the option `schema` is no Avro schema: {error}", code="format.bad-option"
            ) from None
    login = RegistryLogin(
        options["url"], options["basic-auth.user-info"], options["bearer-auth.token"]
    )
    return RegistryOptions(
        SchemaRegistry(login), options["subject"], given, options["timestamp_mapping.legacy"]
    )
