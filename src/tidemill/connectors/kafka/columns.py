"""Messages of one partition as the native reader hands them on: columns, not an object for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import pyarrow as pa

from tidemill.connectors.kafka.startup import Partition
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message, with what is asked of a client's `Message`; its time is of the first kind."""

    at: Partition
    at_offset: int
    at_ms: int
    raw_key: bytes | None
    raw_value: bytes | None

    def topic(self) -> str:
        """Its topic."""
        return self.at[0]

    def partition(self) -> int:
        """Its partition."""
        return self.at[1]

    def offset(self) -> int:
        """Its offset."""
        return self.at_offset

    def timestamp(self) -> tuple[int, int]:
        """Kind and milliseconds."""
        return (1, self.at_ms)

    def key(self) -> bytes | None:
        """Its raw key."""
        return self.raw_key

    def value(self) -> bytes | None:
        """Its raw value."""
        return self.raw_value


@dataclass(frozen=True, slots=True)
class MessageColumns(Sequence[MessageView]):
    """Messages of one partition, of the columns `value`, `key`, `offset` and `timestamp_ms`."""

    at: Partition
    columns: pa.RecordBatch

    @property
    def values(self) -> pa.BinaryArray:
        """Their values."""
        return self.columns["value"]

    @property
    def keys(self) -> pa.BinaryArray:
        """Their keys."""
        return self.columns["key"]

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    @overload
    def __getitem__(self, index: int) -> MessageView: ...
    @overload
    def __getitem__(self, index: slice) -> list[MessageView]: ...
    def __getitem__(self, index: int | slice) -> MessageView | list[MessageView]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        value, key, offset, timestamp_ms = (column[index].as_py() for column in self.columns)
        return MessageView(self.at, offset, timestamp_ms, key, value)

    def __iter__(self) -> Iterator[MessageView]:
        return (self[index] for index in range(len(self)))
