"""Lines to Arrow rows, by Flink's rules; see `parser` for what a line is.

Where Flink's job would fail the line is rejected; with `ignore-parse-errors` fields that cannot be
read are NULL and lines that cannot be read are skipped. Text that is not UTF-8 is rejected.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tidemill.formats.csv.columns import csv_codec
from tidemill.formats.csv.options import CsvRules
from tidemill.formats.csv.parser import split_line
from tidemill.formats.json.codec import MismatchError
from tidemill.formats.json.decoder import null_errors, settle
from tidemill.formats.json.gathered import Gathered
from tidemill.interfaces.format import Decoded
from tidemill.model import Schema


class CsvDecoder:
    """Decodes the messages of one table."""

    def __init__(self, schema: Schema, rules: CsvRules, needed: frozenset[str] | None) -> None:
        self.schema = schema
        self.rules = rules
        wanted = [needed is None or name in needed for name in schema.names]
        self.codecs = [
            csv_codec(column.type, rules) if wanted[i] else None
            for i, column in enumerate(schema.columns)
        ]
        self.required = [
            i for i, column in enumerate(schema.columns) if wanted[i] and not column.type.nullable
        ]

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; see `Decoder`."""
        gathered = Gathered()
        origin: list[int] = []
        columns: list[list[Any]] = [[] for _ in self.codecs]
        for index, message in enumerate(messages):
            if message is None:
                gathered.skip()
                continue
            code = "format.malformed"
            try:
                fields = self._fields(message)
                code = "format.type-mismatch"
                values = self._values(fields)
            except (ValueError, RecursionError) as error:
                if self.rules.ignore_errors:
                    gathered.skip()
                else:
                    gathered.reject(index, code, str(error))
                continue
            origin.append(index)
            for column, value in zip(columns, values, strict=True):
                column.append(value)
        return self._finish(gathered, columns, origin)

    def _finish(self, gathered: Gathered, columns: list[list[Any]], origin: list[int]) -> Decoded:
        arrays: list[pa.Array] = []
        wrong: dict[int, tuple[str, str]] = {}
        for column, codec, values in zip(self.schema.columns, self.codecs, columns, strict=True):
            if codec is None:
                arrays.append(pa.nulls(len(origin), column.type.arrow()))
                continue
            array, errors = codec.arrow(values)
            arrays.append(array)
            for row, text in errors.items():
                wrong.setdefault(row, ("format.type-mismatch", f"field `{column.name}`: {text}"))
        wrong |= null_errors(self.schema, self.required, arrays)
        batch = pa.RecordBatch.from_arrays(arrays, schema=self.schema.arrow())
        if gathered.plain and not wrong:
            return Decoded(batch)
        return settle(gathered.regrouped(np.array(origin, np.int32)), batch, wrong)

    def _fields(self, message: bytes) -> list[str]:
        try:
            text = message.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"invalid utf-8 at byte {error.start}") from None
        fields = split_line(text, self.rules)
        if fields is None:
            raise ValueError("there is no line")
        count = len(self.codecs)
        if len(fields) > count:
            trailing = len(fields) == count + 1 and not fields[-1]
            if not (self.rules.drop_extra or (trailing and self.rules.trailing_delimiter)):
                raise ValueError(f"{len(fields)} fields where {count} are expected")
            return fields[:count]
        if len(fields) < count:
            if self.rules.require_columns or not self.rules.ignore_errors:
                raise ValueError(f"{len(fields)} fields where {count} are expected")
            if fields == [""]:
                return []
        return fields

    def _values(self, fields: list[str]) -> list[Any]:
        values: list[Any] = []
        for i, codec in enumerate(self.codecs):
            text = fields[i] if i < len(fields) else None
            if text == self.rules.null or (self.rules.empty_is_null and text == ""):
                text = None
            try:
                values.append(None if codec is None else codec.take(text))
            except MismatchError as error:
                raise MismatchError(f"field `{self.schema.names[i]}`: {error}") from None
        return values
