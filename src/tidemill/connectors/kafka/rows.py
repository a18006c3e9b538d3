"""Messages of one partition to rows: key, value and metadata columns put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_LOG_APPEND_TIME,
    Message,
)

from tidemill.connectors.kafka import unfollowed
from tidemill.connectors.kafka.columns import MessageColumns
from tidemill.connectors.kafka.layout import Layout, key_columns_from_key
from tidemill.connectors.kafka.lsn_fence import LsnFence
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.connectors.kafka.repeats import Repeats
from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.format import Change, ChangeColumns, ColumnDecoder, Decoded, Reject
from tidemill.interfaces.source import RowOrigin
from tidemill.model import DeadLetter, RowKind
from tidemill.records import dataclass

Messages: TypeAlias = Sequence[Any] | MessageColumns
"""Messages as a client gives them, or in columns: then only what a dead letter needs is asked."""

_TIMESTAMP_TYPES = {
    TIMESTAMP_CREATE_TIME: "CreateTime",
    TIMESTAMP_LOG_APPEND_TIME: "LogAppendTime",
}


def headers_of(message: Message) -> list[tuple[str, bytes | None]]:
    """The headers of a message, in their order."""
    return list(message.headers() or ())  # type: ignore[arg-type]


_READERS: dict[str, Callable[[Message], Any]] = {
    "topic": lambda m: m.topic(),
    "partition": lambda m: m.partition(),
    "offset": lambda m: m.offset(),
    "headers": lambda m: list(dict(headers_of(m)).items()),
    "header-list": lambda m: [{"key": k, "value": v} for k, v in headers_of(m)],
    "leader-epoch": lambda m: m.leader_epoch(),
    "timestamp": lambda m: m.timestamp()[1],
    "timestamp-type": lambda m: _TIMESTAMP_TYPES.get(m.timestamp()[0], "NoTimestampType"),
}


@dataclass(frozen=True, slots=True)
class Assembled:
    """The rows of some messages and what became of the others.

    `message_of` is the index of each row's message; None: each message is the row of its index.
    """

    rows: pa.RecordBatch
    kinds: pa.Int8Array | None
    skipped: int
    duplicates: int
    dead_letters: tuple[DeadLetter, ...]
    message_of: np.ndarray[Any, Any] | None = None

    def origin_of(self, row: int, messages: Sequence[Any]) -> RowOrigin | None:
        """The message of a row; None where it is not among the messages."""
        index = row if self.message_of is None else int(self.message_of[row])
        if index >= len(messages):
            return None
        message = messages[index]
        return RowOrigin(
            partition=str(message.partition()),
            position=str(message.offset()),
            topic=message.topic(),
            timestamp_ms=message.timestamp()[1],
            key=message.key(),
            value=message.value(),
        )


class RowAssembler:
    """Decodes messages of one table."""

    def __init__(self, table: KafkaTable, layout: Layout) -> None:
        self._table = table
        self._layout = layout
        self._schema = table.descriptor.schema
        self._arrow_schema = self._schema.arrow()
        from_key = key_columns_from_key(table)
        needed = table.descriptor.columns_needed
        key_decoder, self._value_decoder = layout.decoders(needed)
        self._key_decoder = key_decoder if from_key else None
        self._key_names = table.key_fields if from_key else ()
        self._metadata = [
            column for column in layout.metadata if needed is None or column.name in needed
        ]
        # Metadata columns that nobody needs are still there, as NULLs.
        self._simple = not layout.metadata and self._key_decoder is None and not table.upsert

    def assemble(self, messages: Messages, repeats: Repeats | None) -> Assembled:
        """Rows of messages that stand one behind the other in one partition."""
        decoded = self._decoded(messages)
        if self._table.upsert:
            decoded = _with_deletes(decoded, messages)
        dropped = _repeats(decoded, messages, repeats, self._table.name)
        rejects = {reject.index: reject for reject in decoded.rejects}
        if self._simple and not dropped:
            return self._finish(decoded.rows, decoded, rejects, messages, decoded.skipped, 0)
        origin = (
            np.arange(len(messages))
            if decoded.origin is None
            else decoded.origin.to_numpy(zero_copy_only=False)
        )
        key_rows, key_of = self._keys(messages, rejects)
        bad = [*dropped, *rejects]
        keep = np.flatnonzero(~np.isin(origin, bad)) if bad else np.arange(len(origin))
        origin = origin[keep]
        values = decoded.rows.take(pa.array(keep))
        columns = dict(zip(values.schema.names, values.columns, strict=True))
        if key_rows is not None:
            taken = key_rows.take(pa.array(key_of[origin]))
            columns |= dict(zip(self._key_names, taken.columns, strict=True))
        for column in self._metadata:
            read = _READERS[column.metadata_key or column.name]
            found = [read(messages[index]) for index in origin.tolist()]
            columns[column.name] = _array(found, column.type.arrow())
        rows = pa.RecordBatch.from_arrays(
            [
                columns[c.name] if c.name in columns else pa.nulls(len(origin), c.type.arrow())
                for c in self._schema.columns
            ],
            schema=self._arrow_schema,
        )
        kinds = decoded.kinds.take(pa.array(keep)) if decoded.kinds is not None else None
        for index in dropped:
            rejects.pop(index, None)
        skipped = len(messages) - len(rejects) - len(set(origin.tolist()))
        return self._finish(rows, decoded, rejects, messages, skipped, len(dropped), kinds, origin)

    def _decoded(self, messages: Messages) -> Decoded:
        try:
            if not isinstance(messages, MessageColumns):
                return self._value_decoder.decode([m.value() for m in messages])
            if isinstance(self._value_decoder, ColumnDecoder):
                return self._value_decoder.decode_column(messages.values)
            return self._value_decoder.decode(messages.values.to_pylist())
        except ConnectorError as error:
            if error.code == "format.schema-changed" and len(messages):
                first = messages[0]
                error.where = Where(
                    table=self._table.name, topic=first.topic(), partition=first.partition(),
                    offset=f"{first.offset()} to {messages[-1].offset()}",
                )  # fmt: skip
            raise

    def _finish(
        self,
        rows: pa.RecordBatch,
        decoded: Decoded,
        rejects: dict[int, Reject],
        messages: Messages,
        skipped: int,
        duplicates: int,
        kinds: pa.Int8Array | None = None,
        message_of: np.ndarray[Any, Any] | None = None,
    ) -> Assembled:
        letters = tuple(
            dead_letter(self._table.name, messages[index], rejects[index])
            for index in sorted(rejects)
        )
        kinds = decoded.kinds if kinds is None else kinds
        if message_of is None and decoded.origin is not None:
            message_of = decoded.origin.to_numpy(zero_copy_only=False)
        return Assembled(rows, kinds, skipped, duplicates, letters, message_of)

    def _keys(
        self, messages: Messages, rejects: dict[int, Reject]
    ) -> tuple[pa.RecordBatch | None, np.ndarray[Any, Any]]:
        """Rows of the keys, and which of them belongs to each message."""
        if self._key_decoder is None:
            return None, np.empty(0)
        keys = [message.key() for message in messages]
        decoded = self._key_decoder.decode(keys)
        for reject in decoded.rejects:
            text = f"the key: {reject.message}"
            rejects.setdefault(reject.index, Reject(reject.index, reject.code, text))
        key_of = np.full(len(messages), -1)
        if decoded.origin is None:
            key_of = np.arange(len(messages))
        else:
            origin = decoded.origin.to_numpy(zero_copy_only=False)
            key_of[origin] = np.arange(len(origin))
        for index in np.flatnonzero(key_of < 0).tolist():
            rejects.setdefault(index, Reject(index, "connector.null-key", "the message has no key"))
        return decoded.rows, key_of


def _with_deletes(decoded: Decoded, messages: Sequence[Sender]) -> Decoded:
    """The rows of an upsert topic: +U, and -D with NULLs for each tombstone."""
    origin = (
        np.arange(len(messages))
        if decoded.origin is None
        else decoded.origin.to_numpy(zero_copy_only=False)
    )
    gone = np.array([i for i, m in enumerate(messages) if m.value() is None], dtype=np.int64)
    order = np.argsort(np.concatenate([origin, gone]), kind="stable")
    positions = np.concatenate([np.arange(len(origin)), np.full(len(gone), -1)])[order]
    rows = decoded.rows.take(pa.array(positions, mask=positions < 0))
    kinds = np.where(positions < 0, RowKind.DELETE, RowKind.UPDATE_AFTER).astype(np.int8)
    return Decoded(
        rows,
        pa.array(kinds),
        pa.array(np.concatenate([origin, gone])[order].astype(np.int32)),
        decoded.rejects,
        max(0, decoded.skipped - len(gone)),
    )


def _repeats(
    decoded: Decoded, messages: Messages, repeats: Repeats | None, table: str
) -> list[int]:
    """The indices of messages whose changes were delivered before."""
    if repeats is None or decoded.changes is None:
        return []
    changes = decoded.changes
    if isinstance(repeats, LsnFence):
        _check_placed(decoded, changes, messages, repeats)
    if isinstance(changes, ChangeColumns) and repeats.all_new(changes, lambda: _keys_of(messages)):
        return []
    dropped = []
    for index, change in enumerate(changes):
        if change is None:
            continue
        unfollowed.check_snapshot(change, repeats, table, messages[index])
        if repeats.is_repeat(change, messages[index].key()):
            dropped.append(index)
        else:
            unfollowed.check_truncate(change, table, messages[index])
    return dropped


def _keys_of(messages: Messages) -> Sequence[bytes | None] | pa.BinaryArray:
    if isinstance(messages, MessageColumns):
        return messages.keys
    return [message.key() for message in messages]


def _check_placed(
    decoded: Decoded,
    changes: Sequence[Change | None],
    messages: Messages,
    fence: LsnFence,
) -> None:
    """Raise where a row's change does not tell its place."""
    if isinstance(changes, ChangeColumns) and not changes.columns["history"].null_count:
        return
    rows = range(len(messages)) if decoded.origin is None else decoded.origin.to_pylist()
    for index in rows:
        if changes[index] is None:
            raise fence.unplaced(messages[index].offset() or 0)


def _array(values: list[Any], type_: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(type_):
        return pa.array(values, pa.timestamp("ms", tz=type_.tz)).cast(type_)
    return pa.array(values, type_) if pa.types.is_nested(type_) else pa.array(values).cast(type_)


class Sender(Protocol):
    """What a dead letter says of its message; a client's `Message` is one."""

    def topic(self) -> str | None:
        """Its topic."""
        ...

    def partition(self) -> int | None:
        """Its partition."""
        ...

    def offset(self) -> int | None:
        """Its offset."""
        ...

    def timestamp(self) -> tuple[int, int]:
        """Kind and milliseconds."""
        ...

    def key(self) -> bytes | None:
        """Its raw key."""
        ...

    def value(self) -> bytes | None:
        """Its raw value."""
        ...


def dead_letter(table: str, message: Sender, reject: Reject) -> DeadLetter:
    """The dead letter of a message that could not be read."""
    return DeadLetter(
        table=table,
        stage="type" if reject.code.endswith(("mismatch", "not-null")) else "parse",
        code=reject.code,
        message=reject.message,
        topic=message.topic(),
        partition=str(message.partition()),
        position=str(message.offset()),
        timestamp_ms=message.timestamp()[1],
        key=message.key(),
        value=message.value(),
    )
