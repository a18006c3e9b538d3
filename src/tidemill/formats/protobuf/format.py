"""Format `protobuf`; see `decoder` and `encoder` for its rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from tidemill.formats.protobuf.options import OPTIONS
from tidemill.interfaces.format import Decoded, Decoder, Encoder, FormatFactory
from tidemill.interfaces.options import OptionValues
from tidemill.model import Batch, Schema
from tidemill.model.types import Field


class _Later:
    """Stands where the descriptor file is not there yet: a path from the project's folder.

    When a table is only planned, its paths are as written; when it is opened they are whole.
    """

    def __init__(self, schema: Schema, options: OptionValues) -> None:
        self._schema, self._options = schema, options

    def decode(self, messages: Sequence[bytes | None]) -> Decoded:
        """As the decoder, which says that the file is missing if it still is."""
        _message(self._schema, self._options)
        return _decoder(self._schema, self._options, None).decode(messages)

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """As the encoder."""
        _message(self._schema, self._options)
        return _encoder(self._schema, self._options).encode(batch)


def _is_later(options: OptionValues) -> bool:
    file = Path(options["descriptor-file"])
    return not file.is_absolute() and not file.exists()


def _message(schema: Schema, options: OptionValues) -> Any:
    """The class of the table's message, its fields checked against the columns."""
    from tidemill.formats.protobuf.descriptor import message_class  # noqa: PLC0415 - the library
    from tidemill.formats.protobuf.fields import check_row  # noqa: PLC0415

    found = message_class(Path(options["descriptor-file"]), options["message-class-name"])
    check_row(found.DESCRIPTOR, tuple(Field(c.name, c.type) for c in schema.columns))
    return found


def _decoder(schema: Schema, options: OptionValues, needed: frozenset[str] | None) -> Decoder:
    from tidemill.formats.protobuf.decoder import ProtobufDecoder  # noqa: PLC0415 - the library

    if _is_later(options):
        return _Later(schema, options)
    return ProtobufDecoder(
        _message(schema, options), schema, needed,
        ignore_errors=options["ignore-parse-errors"], defaults=options["read-default-values"],
    )  # fmt: skip


def _encoder(schema: Schema, options: OptionValues) -> Encoder:
    from tidemill.formats.protobuf.encoder import ProtobufEncoder  # noqa: PLC0415 - the library

    if _is_later(options):
        return _Later(schema, options)
    return ProtobufEncoder(_message(schema, options), schema, options["write-null-string-literal"])


FORMAT = FormatFactory("protobuf", OPTIONS, changelog=False, decoder=_decoder, encoder=_encoder)
