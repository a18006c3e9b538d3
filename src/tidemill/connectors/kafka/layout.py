"""Which columns of a table are in the key, in the value, or metadata; and their formats."""

from __future__ import annotations

from dataclasses import replace

from tidemill.connectors.kafka.options import KafkaTable, wrong
from tidemill.errors import did_you_mean
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.format import Decoder, Encoder, FormatFactory
from tidemill.interfaces.options import OptionValues
from tidemill.model import Column, DataType, Schema, TypeRoot
from tidemill.model.types import BYTES, INT, STRING, Field, timestamp_ltz
from tidemill.records import dataclass

VALUE_PREFIX = "value."
_HEADERS = DataType(TypeRoot.MAP, False, key=STRING, value=BYTES)
_HEADER = DataType(
    TypeRoot.ROW,
    False,
    fields=(Field("key", STRING.with_nullable(False)), Field("value", BYTES)),
)
METADATA: dict[str, DataType] = {
    "topic": STRING.with_nullable(False),
    "partition": INT.with_nullable(False),
    "headers": _HEADERS,
    "header-list": DataType(TypeRoot.ARRAY, False, element=_HEADER),
    "leader-epoch": INT,
    "offset": DataType(TypeRoot.BIGINT, False),
    "timestamp": timestamp_ltz(3, False),
    "timestamp-type": STRING.with_nullable(False),
}
"""The metadata keys of a Kafka table; those of its value format come with `value.` before them."""

WRITABLE = ("topic", "headers", "header-list", "timestamp")


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of a table; `value` holds physical columns and the format's metadata."""

    key: Schema
    value: Schema
    metadata: tuple[Column, ...]
    key_factory: FormatFactory | None
    key_options: OptionValues | None
    value_factory: FormatFactory
    value_options: OptionValues

    def decoders(self, needed: frozenset[str] | None) -> tuple[Decoder | None, Decoder]:
        """Decoders of key (None where no column comes from it) and value."""
        assert self.value_factory.decoder is not None
        value = self.value_factory.decoder(self.value, self.value_options, needed)
        if self.key_factory is None or not self.key.columns:
            return None, value
        assert self.key_factory.decoder is not None and self.key_options is not None
        return self.key_factory.decoder(self.key, self.key_options, None), value

    def encoders(self) -> tuple[Encoder | None, Encoder]:
        """Encoders of key and value."""
        assert self.value_factory.encoder is not None
        value = self.value_factory.encoder(self.value.physical(), self.value_options)
        if self.key_factory is None:
            return None, value
        assert self.key_factory.encoder is not None and self.key_options is not None
        return self.key_factory.encoder(self.key, self.key_options), value


def layout(table: KafkaTable, job: JobContext) -> Layout:
    """Work out the parts of a table; ProjectError for unknown formats and metadata keys."""
    value_factory = _factory(table, job, table.value_format)
    dotted = "value." if table.values["value.format"] else ""
    value_options = _options(table, value_factory, dotted)
    key_factory, key_options = None, None
    if table.key_format is not None:
        key_factory = _factory(table, job, table.key_format)
        key_options = _options(table, key_factory, "key.")
        if key_factory.changelog:
            raise wrong(
                table.descriptor,
                f"`key.format` cannot be `{table.key_format}`",
                "A key has no changes; use a format such as json or raw.",
            )
    schema = table.descriptor.schema
    by_name = {column.name: column for column in schema.columns}
    physical = schema.physical().columns
    only_key = set(table.key_fields) if _except_key(table) else set()
    of_format, metadata = _metadata(table, value_factory)
    prefix = len(table.values["key.fields-prefix"] or "")
    key = tuple(replace(by_name[n], name=n[prefix:]) for n in table.key_fields)
    value = tuple(c for c in physical if c.name not in only_key)
    return Layout(
        Schema(key),
        Schema((*value, *of_format)),
        metadata,
        key_factory,
        key_options,
        value_factory,
        value_options,
    )


def _except_key(table: KafkaTable) -> bool:
    return bool(table.values["value.fields-include"] == "EXCEPT_KEY")


def key_columns_from_key(table: KafkaTable) -> bool:
    """Whether the key columns are read from the key (else the value has them too)."""
    return bool(table.key_fields) and (_except_key(table) or table.upsert)


def _factory(table: KafkaTable, job: JobContext, name: str) -> FormatFactory:
    if name not in job.formats:
        raise wrong(
            table.descriptor,
            f"there is no format `{name}`",
            did_you_mean(name, job.formats) or f"Formats: {', '.join(job.formats)}.",
        )
    return job.formats[name]


def _options(table: KafkaTable, factory: FormatFactory, side: str) -> OptionValues:
    prefix = f"{side}{factory.name}."
    given = {
        key[len(prefix) :]: value
        for key, value in table.descriptor.options.items()
        if key.startswith(prefix)
    }
    has_subject = any(option.key == "subject" for option in factory.options.options)
    if has_subject and len(table.topics) == 1:
        # As in Flink: the subject of a topic's keys or values.
        given.setdefault("subject", f"{table.topics[0]}-{'key' if side == 'key.' else 'value'}")
    return factory.options.parse(given)


def _metadata(
    table: KafkaTable, value_factory: FormatFactory
) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    of_format: list[Column] = []
    own: list[Column] = []
    for column in table.descriptor.schema.metadata().columns:
        key = column.metadata_key or column.name
        inner = key.removeprefix(VALUE_PREFIX)
        if key.startswith(VALUE_PREFIX) and inner in (value_factory.metadata or {}):
            of_format.append(replace(column, metadata_key=inner))
        elif key in METADATA:
            own.append(column)
        else:
            known = [*METADATA, *(VALUE_PREFIX + k for k in value_factory.metadata or {})]
            raise wrong(
                table.descriptor,
                f"kafka has no metadata `{key}`",
                did_you_mean(key, known) or f"Metadata keys: {', '.join(known)}.",
            )
    return tuple(of_format), tuple(own)
