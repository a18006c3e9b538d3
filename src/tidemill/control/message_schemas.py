"""Reads Avro and Protobuf messages of topics: by the registry, or as a pipeline reads them.

A message with the magic byte and a schema id before it is read by the registry's schema. Others are
read as the table of a pipeline has them, where that names `avro` or `protobuf` as the format of the
topic's keys or values. What fits neither stays bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any, Literal

from tidemill.errors import TidemillError
from tidemill.formats.schema_registry.client import SchemaRegistry
from tidemill.formats.schema_registry.values import ValueReader
from tidemill.model import TableDescriptor
from tidemill.records import dataclass

Side = Literal["key", "value"]
Found = tuple[str, Any]
_BINARY = ("avro", "protobuf")


@dataclass
class MessageSchemas:
    """What is known of the schemas of one topic's messages; for one search, in one thread."""

    registry: Callable[[], SchemaRegistry] | None = None
    tables: tuple[TableDescriptor, ...] = ()
    _values: ValueReader | None = field(default=None, init=False)
    _away: bool = field(default=False, init=False)
    _by_side: Mapping[Side, list[Callable[[bytes], Found | None]]] | None = field(
        default=None, init=False
    )

    def read(self, side: Side, given: bytes) -> Found | None:
        """`avro` or `protobuf` and the value; None where these bytes are neither."""
        found = self._registered(given) if given[:1] == b"\0" else None
        if found is not None:
            return found
        if self._by_side is None:
            self._by_side = _readers(self.tables)
        for read in self._by_side[side]:
            found = read(given)
            if found is not None:
                return found
        return None

    def _registered(self, given: bytes) -> Found | None:
        if self.registry is None or self._away:
            return None
        try:
            if self._values is None:
                self._values = ValueReader(self.registry())
            return self._values.read(given)
        except TidemillError:
            # There is none, or it does not answer: it is not asked again for every message.
            self._away = True
            return None


NO_SCHEMAS = MessageSchemas()


def _readers(
    tables: tuple[TableDescriptor, ...],
) -> dict[Side, list[Callable[[bytes], Found | None]]]:
    found: dict[Side, list[Callable[[bytes], Found | None]]] = {"key": [], "value": []}
    for table in tables:
        try:
            for side, read in _of_table(table):
                found[side].append(read)
        except TidemillError:
            continue  # `check` tells what is wrong with the table
    return found


def _of_table(table: TableDescriptor) -> Iterator[tuple[Side, Callable[[bytes], Found | None]]]:
    from tidemill.connectors.kafka.layout import layout  # noqa: PLC0415 - loaded when used
    from tidemill.connectors.kafka.options import parse  # noqa: PLC0415
    from tidemill.connectors.upsert_kafka.options import parse as parse_upsert  # noqa: PLC0415
    from tidemill.formats import FORMATS  # noqa: PLC0415
    from tidemill.interfaces.connector import JobContext  # noqa: PLC0415

    job = JobContext("console", FORMATS)
    upsert = table.options["connector"] == "upsert-kafka"
    parts = layout((parse_upsert if upsert else parse)(table, job), job)
    key, value = parts.decoders(None)
    if value is not None and parts.value_factory.name in _BINARY:
        yield "value", _reading(parts.value_factory.name, value, parts.value)
    if key is not None and parts.key_factory is not None and parts.key_factory.name in _BINARY:
        yield "key", _reading(parts.key_factory.name, key, parts.key)


def _reading(name: str, decoder: Any, schema: Any) -> Callable[[bytes], Found | None]:
    from tidemill.control.rows import RowReader  # noqa: PLC0415 - loaded when used
    from tidemill.model import Batch  # noqa: PLC0415

    rows = RowReader(schema)

    def read(given: bytes) -> Found | None:
        try:
            decoded = decoder.decode([given])
        except TidemillError:
            return None  # a descriptor file that is not there: `check` tells
        if decoded.rejects or decoded.rows.num_rows != 1:
            return None
        (_, values), *_ = rows.rows(Batch(decoded.rows))
        return name, dict(zip(rows.names, values, strict=True))

    return read
