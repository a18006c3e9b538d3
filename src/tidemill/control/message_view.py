"""Messages of topics as people read them: Avro, Protobuf, JSON, Debezium's envelope, text or hex.

Nothing is guessed wrong silently: each view says how its bytes were read (`encoding`).
"""

from __future__ import annotations

import json
from typing import Any, Literal

from tidemill.connectors.kafka.records import Record
from tidemill.control.message_schemas import NO_SCHEMAS, MessageSchemas, Side
from tidemill.records import dataclass

Decoding = Literal["auto", "json", "avro", "protobuf", "text", "hex"]
HEX_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Decoded:
    """Bytes as a value, and how many; `encoding` is null, a `Decoding` or debezium."""

    value: Any
    encoding: str
    bytes: int

    @property
    def text(self) -> str:
        """On one line."""
        if self.encoding == "null":
            return ""
        if isinstance(self.value, str):
            return self.value
        return json.dumps(self.value, ensure_ascii=False, separators=(", ", ": "))

    @property
    def pretty(self) -> str:
        """On as many lines as it takes."""
        if self.encoding == "null" or isinstance(self.value, str):
            return self.text
        return json.dumps(self.value, ensure_ascii=False, indent=2)


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message, decoded."""

    record: Record
    key: Decoded
    value: Decoded
    headers: tuple[tuple[str, Decoded], ...]

    def as_dict(self) -> dict[str, Any]:
        """For the API; `op` and `row` are there where the value is a Debezium envelope."""
        return {
            "topic": self.record.topic,
            "partition": self.record.partition,
            "offset": self.record.offset,
            "timestamp_ms": self.record.timestamp_ms,
            "key": self.key.value,
            "key_encoding": self.key.encoding,
            "value": self.value.value,
            "value_encoding": self.value.encoding,
            "value_bytes": self.value.bytes,
            "headers": {name: value.value for name, value in self.headers},
        }

    def shown(self) -> dict[str, Any]:
        """Key, value and headers as they are shown, in the form that `topic write` takes."""
        headers = {name: value.text for name, value in self.headers}
        return {"key": self.key.value, "value": self.value.value, "headers": headers}

    def names(self) -> dict[str, Any]:
        """What a filter expression can speak of."""
        return {**self.as_dict(), "key_text": self.key.text, "value_text": self.value.text}


def view(
    record: Record, decoding: Decoding = "auto", schemas: MessageSchemas = NO_SCHEMAS
) -> MessageView:
    """Decode a message."""
    headers = tuple((name, decode(value, "auto")) for name, value in record.headers)
    key = decode(record.key, decoding, schemas, "key")
    value = decode(record.value, decoding, schemas, "value")
    return MessageView(record, key, value, headers)


def decode(
    given: bytes | None,
    how: Decoding,
    schemas: MessageSchemas = NO_SCHEMAS,
    side: Side = "value",
) -> Decoded:
    """Decode bytes as asked; what is not of that kind falls back to JSON, to text, then to hex."""
    if given is None:
        return Decoded(None, "null", 0)
    size = len(given)
    if how == "hex":
        return _hex(given)
    if how in ("auto", "avro", "protobuf"):
        found = schemas.read(side, given)
        if found is not None and how in ("auto", found[0]):
            envelope_ = found[0] == "avro" and is_envelope(found[1])
            return Decoded(found[1], "debezium" if envelope_ else found[0], size)
        how = "auto"
    try:
        text = given.decode("utf-8")
    except UnicodeDecodeError:
        return _hex(given)
    if how == "text" or (how == "auto" and not text[:1].strip()):
        return Decoded(text, "text", size)
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return Decoded(text, "text", size)
    if how == "auto" and not isinstance(value, (dict, list)):
        # Numbers and quoted texts as keys read best as they stand.
        return Decoded(value, "json", size)
    return Decoded(value, "debezium" if is_envelope(value) else "json", size)


def is_envelope(value: Any) -> bool:
    """Whether a value is a Debezium change, with or without its schema."""
    body = value.get("payload", value) if isinstance(value, dict) else None
    return isinstance(body, dict) and "op" in body and "after" in body and "source" in body


def envelope(value: Any) -> dict[str, Any]:
    """The change inside a Debezium value."""
    body = value.get("payload", value)
    return {key: body.get(key) for key in ("op", "before", "after", "source", "ts_ms")}


def _hex(given: bytes) -> Decoded:
    shown = given[:HEX_BYTES_MAX].hex(" ")
    more = len(given) - HEX_BYTES_MAX
    return Decoded(shown + (f" ... {more} bytes more" if more > 0 else ""), "hex", len(given))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
