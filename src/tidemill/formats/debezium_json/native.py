"""Debezium's change events through the native crate; what it is not sure about, through Python.

The rows, kinds and places are those of `decoder`, always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tidemill.formats.common.native import merged, specs
from tidemill.formats.debezium_json.decoder import DebeziumDecoder
from tidemill.interfaces.format import ChangeColumns, Decoded, Decoder
from tidemill.interfaces.native import library, widened


class NativeDebeziumDecoder:
    """Decodes the messages of one table; see the module."""

    def __init__(self, native: Any, python: DebeziumDecoder) -> None:
        self._native = native
        self._python = python
        self._schema = python.schema.arrow()

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; see `Decoder`."""
        given = messages if isinstance(messages, list) else list(messages)
        sure, unsure = self._sure(*self._native.decode(given))
        if not unsure:
            return sure
        return merged(sure, self._python.decode([given[index] for index in unsure]), unsure)

    def decode_column(self, messages: pa.BinaryArray) -> Decoded:
        """As `decode`, of a column; see `ColumnDecoder`."""
        sure, unsure = self._sure(*self._native.decode_column(messages))
        if not unsure:
            return sure
        rest = messages.take(pa.array(unsure)).to_pylist()
        return merged(sure, self._python.decode(rest), unsure)

    def _sure(
        self, batch: Any, kinds: Any, origin: Any, unsure: list[int], skipped: int, places: Any
    ) -> tuple[Decoded, list[int]]:
        """What the crate decoded, and the messages that it left."""
        decoded = Decoded(
            rows=widened(pa.record_batch(batch), self._schema),
            kinds=pa.array(kinds),
            origin=pa.array(origin),
            skipped=skipped,
            changes=None if places is None else ChangeColumns(pa.record_batch(places)),
        )
        return decoded, unsure


def natively(python: DebeziumDecoder, needed: frozenset[str] | None) -> Decoder:
    """The decoder over the crate where it can do the table; else the decoder itself."""
    crate, rules = library(), python.rules
    if crate is None or python.metadata or rules.require_fields:
        return python
    fields = specs(python.physical, needed, "ISO-8601" if rules.iso else "SQL")
    if not fields:
        return python
    native = crate.DebeziumJsonDecoder(fields, python.schema_include, python.deduplicate)
    return NativeDebeziumDecoder(native, python)
