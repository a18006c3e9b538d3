"""Avro messages of any schema to raw Arrow columns, one by one, by fastavro."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa

from tidemill.formats.avro.raw import AvroSchema, raw_type
from tidemill.formats.avro.vectors import Numbers


class GeneralReader:
    """Reads messages of one writer's schema."""

    def __init__(self, schema: AvroSchema) -> None:
        self._type = raw_type(schema)
        self._parsed = fastavro.parse_schema(_without_logical(schema), _force=True)

    def read(
        self, messages: Sequence[bytes], wanted: frozenset[str] | None
    ) -> tuple[dict[str, pa.Array], Numbers]:
        """The wanted fields as raw columns, and which messages are bad; as `read_flat`."""
        bad = np.zeros(len(messages), np.bool_)
        rows: list[Any] = []
        for index, message in enumerate(messages):
            try:
                row = fastavro.schemaless_reader(
                    io.BytesIO(message), self._parsed, None, handle_unicode_errors="surrogateescape"
                )
            except Exception:
                bad[index], row = True, {}
            rows.append(row)
        columns: dict[str, pa.Array] = {}
        for field in self._type:
            if wanted is None or field.name in wanted:
                columns[field.name] = self._column(rows, field, bad)
        return columns, bad

    @staticmethod
    def _column(rows: list[Any], field: pa.Field, bad: Numbers) -> pa.Array:
        values = [_plain(row.get(field.name), field.type) for row in rows]
        try:
            return pa.array(values, field.type)
        except (pa.ArrowException, OverflowError, UnicodeError, TypeError, ValueError):
            kept = []
            for index, value in enumerate(values):
                try:
                    pa.array([value], field.type)
                    kept.append(value)
                except (pa.ArrowException, OverflowError, UnicodeError, TypeError, ValueError):
                    bad[index] = True
                    kept.append(None)
            return pa.array(kept, field.type)


def _plain(value: Any, type_: pa.DataType) -> Any:
    """Texts as bytes, as in `vectors`; maps as pairs."""
    if value is None:
        return None
    if pa.types.is_binary(type_) and isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if pa.types.is_struct(type_):
        return {field.name: _plain(value.get(field.name), field.type) for field in type_}
    if pa.types.is_list(type_):
        return [_plain(item, type_.value_type) for item in value]
    if pa.types.is_map(type_):
        return [(key, _plain(item, type_.item_type)) for key, item in value.items()]
    return value


def _without_logical(schema: AvroSchema) -> AvroSchema:
    """The schema of the plain values: what logical types say is `resolve`'s work."""
    if isinstance(schema, list):
        return [_without_logical(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_logical(value) if key in ("type", "items", "values") else value
        if key != "fields"
        else [
            {**field, "type": _without_logical(field["type"])} for field in value
        ]
        for key, value in schema.items()
        if key not in ("logicalType", "__fastavro_parsed__", "__named_schemas", "default")
    }  # fmt: skip
