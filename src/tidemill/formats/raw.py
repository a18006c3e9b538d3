"""Format `raw`: the whole message is the value of the only column.

NULL is a null message. Text is in `raw.charset`; numbers are fixed-width in `raw.endianness`, and
BOOLEAN is one byte, as Java's ByteBuffer writes them. A message of another length than its type's,
or bytes that are not of the charset, are rejected (Flink replaces such bytes by U+FFFD).
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tidemill.errors import ProjectError
from tidemill.interfaces.format import Decoded, FormatFactory, Reject
from tidemill.interfaces.options import Option, OptionSet, OptionType, OptionValues
from tidemill.model import Batch, Schema, TypeRoot

OPTIONS = OptionSet(
    "format `raw`",
    (
        Option("charset", OptionType.STRING, "The charset of text.", default="UTF-8"),
        Option(
            "endianness",
            OptionType.ENUM,
            "The order of a number's bytes.",
            default="big-endian",
            choices=("big-endian", "little-endian"),
        ),
    ),
)

_WIDTHS = {
    TypeRoot.TINYINT: "i1",
    TypeRoot.SMALLINT: "i2",
    TypeRoot.INTEGER: "i4",
    TypeRoot.BIGINT: "i8",
    TypeRoot.FLOAT: "f4",
    TypeRoot.DOUBLE: "f8",
}
_TEXT = (TypeRoot.CHAR, TypeRoot.VARCHAR)
_BYTES = (TypeRoot.BINARY, TypeRoot.VARBINARY)


class _Rule:
    """How the one column's values and bytes belong together."""

    def __init__(self, schema: Schema, options: OptionValues) -> None:
        physical = schema.physical().columns
        if len(physical) != 1:
            raise ProjectError(
                f"format `raw` takes exactly one column, not {len(physical)}",
                code="format.unsupported-type",
                hint="Keep one column for the value, or use a format such as json.",
            )
        self.schema = schema
        self.type = physical[0].type
        self.charset = _charset(options["charset"] or "UTF-8")
        order = "<" if options["endianness"] == "little-endian" else ">"
        width = _WIDTHS.get(self.type.root)
        self.number = np.dtype(order + width) if width else None
        if self.number is None and self.type.root not in (*_TEXT, *_BYTES, TypeRoot.BOOLEAN):
            raise ProjectError(
                f"format `raw` cannot carry a column of type {self.type.sql()}",
                code="format.unsupported-type",
                hint="It carries text, bytes, BOOLEAN, and the numbers from TINYINT to DOUBLE.",
            )

    def reader(self) -> Callable[[bytes], Any]:
        """Bytes to the column's value; ValueError where they are none."""
        if self.type.root in _BYTES:
            return bytes
        if self.type.root in _TEXT:
            return lambda message: message.decode(self.charset)
        if self.type.root is TypeRoot.BOOLEAN:
            return lambda message: _sized(message, 1)[0] != 0
        number = self.number
        assert number is not None
        return lambda message: np.frombuffer(_sized(message, number.itemsize), number)[0].item()

    def writer(self) -> Callable[[Any], bytes]:
        """The column's value to bytes."""
        if self.type.root in _BYTES:
            return bytes
        if self.type.root in _TEXT:
            return lambda value: str(value).encode(self.charset, "replace")
        if self.type.root is TypeRoot.BOOLEAN:
            return lambda value: b"\x01" if value else b"\x00"
        number = self.number
        return lambda value: np.array(value, number).tobytes()


def _sized(message: bytes, size: int) -> bytes:
    if len(message) != size:
        raise ValueError(f"{len(message)} bytes where {size} are expected")
    return message


def _charset(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ProjectError(
            f"there is no charset `{name}`",
            code="format.bad-option",
            hint="Use a name such as UTF-8, UTF-16 or ISO-8859-1.",
        ) from None


class RawDecoder:
    """Decodes the messages of one table."""

    def __init__(self, schema: Schema, options: OptionValues) -> None:
        self._rule = _Rule(schema, options)
        self._read = self._rule.reader()

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """Decode the messages; see `Decoder`."""
        values: list[Any] = []
        origin: list[int] = []
        rejects: list[Reject] = []
        for index, message in enumerate(messages):
            try:
                value = None if message is None else self._read(message)
                if value is None and not self._rule.type.nullable:
                    raise ValueError("a null message, and the column is NOT NULL")
            except ValueError as error:
                text = f"not {self._rule.type.sql()}: {error}"
                rejects.append(Reject(index, "format.malformed", text))
                continue
            values.append(value)
            origin.append(index)
        column = pa.array(values, self._rule.type.arrow())
        rows = pa.RecordBatch.from_arrays([column], schema=self._rule.schema.arrow())
        if not rejects:
            return Decoded(rows)
        return Decoded(rows, origin=pa.array(origin, pa.int32()), rejects=tuple(rejects))


class RawEncoder:
    """Encodes the rows of one table."""

    def __init__(self, schema: Schema, options: OptionValues) -> None:
        self._rule = _Rule(schema, options)
        self._write = self._rule.writer()

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One message per row; see `Encoder`."""
        values = batch.rows.column(0).to_pylist()
        return pa.array([None if v is None else self._write(v) for v in values], pa.binary())


FORMAT = FormatFactory(
    "raw",
    OPTIONS,
    changelog=False,
    decoder=lambda schema, options, needed: RawDecoder(schema, options),
    encoder=RawEncoder,
)
