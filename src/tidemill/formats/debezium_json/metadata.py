"""The metadata columns that debezium-json offers, under Flink's keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from tidemill.errors import ProjectError, did_you_mean
from tidemill.formats.json import nodes
from tidemill.model import Column

Reader = Callable[[Sequence[Any]], pa.Array]

_PROPERTY = {
    "source.timestamp": "ts_ms",
    "source.database": "db",
    "source.schema": "schema",
    "source.table": "table",
}
_KEYS = ("schema", "ingestion-timestamp", *_PROPERTY, "source.properties")


def reader(column: Column, schema_include: bool) -> Reader:
    """How the column's values are read from decoded events (the outermost objects)."""
    key = column.metadata_key or column.name
    if key not in _KEYS:
        raise ProjectError(
            f"format `debezium-json` offers no metadata `{key}`",
            code="format.bad-option",
            hint=did_you_mean(key, _KEYS) or f"It offers: {', '.join(_KEYS)}.",
        )
    type_ = column.type.arrow()

    def payload(outer: Any) -> Any:
        return outer.payload if schema_include else outer

    def read(events: Sequence[Any]) -> pa.Array:
        if key == "schema":
            return _array([_text(outer.schema) for outer in events], type_)
        if key == "ingestion-timestamp":
            return _array([payload(outer).ts_ms for outer in events], type_)
        sources = [_properties(payload(outer).source) for outer in events]
        if key == "source.properties":
            pairs = [None if s is None else list(s.items()) for s in sources]
            return pa.array(pairs, type_)
        name = _PROPERTY[key]
        found: list[Any] = [None if s is None else s.get(name) for s in sources]
        if key == "source.timestamp":
            found = [int(t) if t is not None and t.isdigit() else None for t in found]
        return _array(found, type_)

    return read


def _array(values: list[Any], type_: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(type_):
        return pa.array(values, pa.timestamp("ms", tz="UTC")).cast(type_)
    return pa.array(values).cast(type_) if values else pa.array([], type_)


def _text(raw: Any) -> str | None:
    """A member as Flink's STRING of it: text as it is, anything else as compact JSON."""
    node = _node(raw)
    if node is None or nodes.is_string(node):
        return None if node is None else str(node)
    return nodes.tree_text(node, decimals=False)


def _properties(raw: Any) -> dict[str, str | None] | None:
    node = _node(raw)
    if not isinstance(node, nodes.Fields):
        return None
    return {
        name: None
        if value is None
        else nodes.clean(
            nodes.tree_text(value, decimals=False)
            if nodes.is_container(value)
            else nodes.scalar_text(value)
        )
        for name, value in node
    }


def _node(raw: Any) -> Any:
    if isinstance(raw, msgspec.Raw):
        try:
            return nodes.parse(bytes(raw))
        except ValueError:
            return None
    return None
