"""Arrow rows to lines, as Flink writes them.

Text is quoted as Jackson does without looking closely: where it is longer than 24 characters or has
a character below the largest of the special ones. NULL is the `null-literal`, by default nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tidemill.formats.common import temporal
from tidemill.formats.common.java_text import double_text, float_text
from tidemill.formats.csv.columns import csv_codec
from tidemill.formats.csv.options import CsvRules
from tidemill.formats.json.texts import plain
from tidemill.model import Batch, DataType, Schema, TypeRoot

_QUOTE_CHECK_LENGTH_MAX = 24
_TEXTS = (
    TypeRoot.CHAR,
    TypeRoot.VARCHAR,
    TypeRoot.DATE,
    TypeRoot.TIME,
    TypeRoot.TIMESTAMP,
    TypeRoot.TIMESTAMP_LTZ,
    TypeRoot.ARRAY,
    TypeRoot.ROW,
)


class CsvEncoder:
    """Encodes the rows of one table; row kinds are not written."""

    def __init__(self, schema: Schema, rules: CsvRules) -> None:
        self._schema = schema
        self._rules = rules
        for column in schema.columns:
            csv_codec(column.type, rules)
        special = [rules.delimiter, "\r", "\n", rules.quote or "\0"]
        self._safe_from = max(map(ord, special)) + 1
        self._always = rules.escape or "\\"

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One line per row, without its end; see `Encoder`."""
        columns = [
            self._fields(array, column.type)
            for array, column in zip(batch.rows.columns, self._schema.columns, strict=True)
        ]
        if not columns:
            return pa.array([b""] * len(batch), pa.binary())
        lines = map(self._rules.delimiter.join, zip(*columns, strict=True))
        return pa.array([line.encode("utf-8", "replace") for line in lines], pa.binary())

    def _fields(self, array: pa.Array, type_: DataType) -> list[str]:
        null = self._rules.null or ""
        quoted = type_.root in _TEXTS
        return [
            null if text is None else (self._quoted(text) if quoted else text)
            for text in self._texts(array, type_)
        ]

    def _texts(self, array: pa.Array, type_: DataType) -> list[str | None]:
        """The values as text, unquoted."""
        if type_.root is TypeRoot.ARRAY and type_.element is not None:
            items = self._texts(array.flatten(), type_.element)
            return self._joined(array.is_valid().to_pylist(), _lengths(array), items)
        if type_.root is TypeRoot.ROW:
            parts = [self._texts(array.field(i), f.type) for i, f in enumerate(type_.fields)]
            flat = [part[i] for i in range(len(array)) for part in parts]
            return self._joined(array.is_valid().to_pylist(), [len(parts)] * len(array), flat)
        write = self._writer(type_)
        return [None if value is None else write(value) for value in plain(array).to_pylist()]

    def _joined(
        self, valid: list[bool], lengths: list[int], items: list[str | None]
    ) -> list[str | None]:
        out: list[str | None] = []
        at = 0
        null = self._rules.null or ""
        for there, length in zip(valid, lengths, strict=True):
            parts = [null if item is None else item for item in items[at : at + length]]
            at += length
            out.append(self._rules.element_delimiter.join(parts) if there else None)
        return out

    def _writer(self, type_: DataType) -> Callable[[Any], str]:
        root = type_.root
        if type_.is_timestamp:
            rule = temporal.TimestampRule(iso=False, utc=root is TypeRoot.TIMESTAMP_LTZ)
            unit = str(type_.arrow().unit)
            return lambda value: temporal.timestamp_text(value, unit, rule)
        writers: dict[TypeRoot, Callable[[Any], str]] = {
            TypeRoot.BOOLEAN: lambda value: "true" if value else "false",
            TypeRoot.FLOAT: float_text,
            TypeRoot.DOUBLE: double_text,
            TypeRoot.DECIMAL: self._decimal,
            TypeRoot.BINARY: lambda value: base64.b64encode(value).decode(),
            TypeRoot.VARBINARY: lambda value: base64.b64encode(value).decode(),
            TypeRoot.DATE: temporal.date_text,
            TypeRoot.TIME: lambda value: temporal.time_text(value * 1_000_000),
        }
        return writers.get(root, str)

    def _decimal(self, value: Decimal) -> str:
        return str(value) if self._rules.scientific else f"{value:f}"

    def _quoted(self, text: str) -> str:
        quote, escape = self._rules.quote, self._rules.escape
        if quote is None or not text:
            return text
        if len(text) <= _QUOTE_CHECK_LENGTH_MAX and all(
            ord(c) >= self._safe_from and c != self._always for c in text
        ):
            return text
        if escape is not None and escape != quote:
            text = text.replace(escape, escape * 2)
        return f"{quote}{text.replace(quote, quote * 2)}{quote}"


def _lengths(array: pa.ListArray) -> list[int]:
    return [0 if n is None else n for n in array.value_lengths().to_pylist()]
