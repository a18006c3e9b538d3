"""Flink's types, as its REST interface writes them, to Tidemill's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidemill.model.types import DataType, Field, TypeRoot

_ROOTS = {
    "TIME_WITHOUT_TIME_ZONE": TypeRoot.TIME,
    "TIMESTAMP_WITHOUT_TIME_ZONE": TypeRoot.TIMESTAMP,
    "TIMESTAMP_WITH_LOCAL_TIME_ZONE": TypeRoot.TIMESTAMP_LTZ,
    "INTERVAL_YEAR_MONTH": TypeRoot.INTERVAL_YEAR_MONTH,
    "INTERVAL_DAY_TIME": TypeRoot.INTERVAL_DAY_TIME,
    "INTEGER": TypeRoot.INTEGER,
}
_WITH_PRECISION = (TypeRoot.DECIMAL, TypeRoot.TIME, TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ)


def flink_type(logical: Mapping[str, Any]) -> DataType:
    """A type from the JSON of a result's column; raises ValueError for one that we lack."""
    name = logical["type"]
    root = _ROOTS[name] if name in _ROOTS else TypeRoot(name)
    precision = logical.get("precision") if root in _WITH_PRECISION else None
    return DataType(
        root,
        nullable=bool(logical.get("nullable", True)),
        length=logical.get("length"),
        precision=precision,
        scale=logical.get("scale") if root is TypeRoot.DECIMAL else None,
        element=_part(logical, "elementType"),
        key=_part(logical, "keyType"),
        value=_part(logical, "valueType"),
        fields=tuple(
            Field(field["name"], flink_type(field["fieldType"]))
            for field in logical.get("fields", ())
        ),
    )


def _part(logical: Mapping[str, Any], key: str) -> DataType | None:
    return flink_type(logical[key]) if logical.get(key) else None
