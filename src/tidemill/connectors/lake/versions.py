"""What a table of versions can be asked; each format answers in its own words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """What is read of one version: the whole table as of it, or the rows that it added."""

    version: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Behind:
    """A version after which reading goes on; None: before the very first.

    `order` is a number that rises by one with each version, where the format has such: it tells
    that a version is the next one when those between are not there to be asked.
    """

    version: int | None
    order: int | None = None


class Versions(Protocol):
    """The versions of one table. Failure: ConnectorError."""

    @property
    def partition(self) -> str:
        """The table, as the name of the source's one partition."""
        ...

    def open(self) -> None:
        """Connect; the table must be there, with the declared columns."""
        ...

    def start(self) -> Step | Behind:
        """Where the options say that reading starts."""
        ...

    def behind(self, version: int) -> Behind:
        """The place after a version that is there."""
        ...

    def next(self, behind: Behind) -> int | None:
        """The version behind one, None where there is none yet.

        Raises where that is not known any more: versions were expired, or the table was set back.
        """
        ...

    def files(self, step: Step) -> Sequence[str]:
        """The names of the step's files, in a fixed order.

        A version that changed or removed rows is an error, one that only moved them has no files.
        """
        ...

    def read(self, step: Step, file: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of one file, in a fixed order; the named columns, missing ones as NULL."""
        ...

    def close(self) -> None:
        """Give everything back. Must not raise."""
        ...
