"""JSON messages to Arrow rows through the native crate; what it is not sure about, through Python.

The rows are those of `decoder`, always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tidemill.formats.common.native import merged, specs
from tidemill.formats.json.decoder import JsonDecoder
from tidemill.interfaces.format import Decoded, Decoder
from tidemill.interfaces.native import library, widened


class NativeJsonDecoder:
    """Decodes the messages of one table; see the module."""

    def __init__(self, native: Any, python: JsonDecoder) -> None:
        self._native = native
        self._python = python

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; see `Decoder`."""
        given = messages if isinstance(messages, list) else list(messages)
        batch, unsure = self._native.decode(given)
        rows = widened(pa.record_batch(batch), self._python.arrow_schema)
        if not unsure:
            return Decoded(rows)
        rest = self._python.decode([given[index] for index in unsure])
        sure = pa.array(np.setdiff1d(np.arange(len(given), dtype=np.int32), unsure))
        return merged(Decoded(rows.take(sure), origin=sure.cast(pa.int32())), rest, unsure)


def natively(python: JsonDecoder, needed: frozenset[str] | None) -> Decoder:
    """The decoder over the crate where it is there and has all types; else the decoder itself."""
    crate, rules = library(), python.rules
    fields = specs(python.schema, needed, "ISO-8601" if rules.iso else "SQL")
    if crate is None or not fields or rules.require_fields:
        return python
    return NativeJsonDecoder(crate.JsonDecoder(fields), python)
