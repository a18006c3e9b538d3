"""Columns of messages on their way to a topic."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from tidemill.records import dataclass

Header = tuple[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages to one topic: binary columns of values and, if any, of keys; and their headers.

    With a `prefix` each has a header `name` before the others: the prefix and the message's number,
    counted from `first` on.
    """

    values: pa.BinaryArray
    keys: pa.BinaryArray | None
    partition: int
    headers: Sequence[Header]
    name: str
    prefix: bytes | None
    first: int
