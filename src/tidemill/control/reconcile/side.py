"""What a side of a comparison can be asked: a table in Postgres, or a local copy of a sink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tidemill.connectors.jdbc.keyed_sums import Key, KeyedRow, KeyRange, RangeSum


class Side(Protocol):
    """A table with a key. `begin` and `end` stand around what is asked of one state of it."""

    @property
    def costly(self) -> bool:
        """Whether a look at a few rows reads the whole table."""
        ...

    @property
    def lsn(self) -> int:
        """The end of the log behind the state, where it has one."""
        ...

    @property
    def unreadable(self) -> int:
        """What stands in the table and is no row of it, as of the last state."""
        ...

    def begin(self) -> None:
        """Take the state as it is now, or newer."""
        ...

    def end(self) -> None:
        """Let it go."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...

    def sums(self, within: KeyRange, cuts: Sequence[Key] = ()) -> list[RangeSum]:
        """The sums of the parts into which `cuts`, keys in order, divide a range."""
        ...

    def cuts(self, within: KeyRange, rows: int, parts: int) -> list[Key]:
        """Keys that divide a range of so many rows into at most `parts` of about equal size."""
        ...

    def within(self, part: KeyRange) -> dict[Key, KeyedRow]:
        """The rows of a range."""
        ...

    def of(self, keys: Sequence[Key]) -> dict[Key, KeyedRow]:
        """The rows with these keys, as far as there are any."""
        ...
