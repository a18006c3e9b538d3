"""The kind of a row in a changelog."""

from __future__ import annotations

from enum import IntEnum


class RowKind(IntEnum):
    """Flink's RowKind with its byte values; a batch carries them as an Arrow int8 column."""

    INSERT = 0
    UPDATE_BEFORE = 1
    UPDATE_AFTER = 2
    DELETE = 3

    @property
    def short(self) -> str:
        """The short form: +I, -U, +U or -D."""
        return ("+I", "-U", "+U", "-D")[self]

    @property
    def is_addition(self) -> bool:
        """Whether the row is added (+I, +U) rather than withdrawn (-U, -D)."""
        return self in (RowKind.INSERT, RowKind.UPDATE_AFTER)
